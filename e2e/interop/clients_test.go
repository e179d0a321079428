package interop

import (
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	gooidc "github.com/coreos/go-oidc/v3/oidc"
	cap "github.com/hashicorp/cap/oidc"
	"github.com/stretchr/testify/require"
	"golang.org/x/oauth2"

	"github.com/oidcflow/oidcflow/mockidp"
)

const (
	redirectURI = "https://app.example.com/callback"
	secret      = "a secret: with %, + and /"
)

// startIDP starts the provider under test, over TLS, with one server for each algorithm that sends its user straight
// back.
func startIDP(t *testing.T, profile string) *mockidp.Server {
	t.Helper()
	return mockidp.StartT(t, mockidp.Config{
		Profile: profile,
		Login:   "auto",
		TLS:     true,
		Servers: []mockidp.AuthServer{
			{Name: "es256", Alg: "ES256"},
			{Name: "ps256", Alg: "PS256"},
			{Name: "eddsa", Alg: "EdDSA"},
		},
		Clients: []mockidp.Client{
			{ID: "public", RedirectURIs: []string{redirectURI}},
			{ID: "web", Secret: secret, RedirectURIs: []string{redirectURI}},
			{ID: "jwt", Secret: secret, AuthMethod: "client_secret_jwt", RedirectURIs: []string{redirectURI}},
			{ID: "par", RequirePAR: true, RedirectURIs: []string{redirectURI}},
			{ID: "dpop", RequireDPoP: true, RedirectURIs: []string{redirectURI}},
		},
		Users: []mockidp.User{mockidp.Person{Login: "alice", Email: "alice@example.com", Name: "Alice"}},
	})
}

// clientCases are the flows that each client goes through.
var clientCases = []struct {
	name, server, alg, client, auth string
	par, dpop                       bool
}{
	{name: "public client", server: "org", alg: "RS256", client: "public", auth: "none"},
	{name: "custom server", server: "default", alg: "RS256", client: "public", auth: "none"},
	{name: "server with ES256", server: "es256", alg: "ES256", client: "public", auth: "none"},
	{name: "server with PS256", server: "ps256", alg: "PS256", client: "public", auth: "none"},
	{name: "server with EdDSA", server: "eddsa", alg: "EdDSA", client: "public", auth: "none"},
	{name: "client_secret_basic", server: "org", alg: "RS256", client: "web", auth: "client_secret_basic"},
	{name: "client_secret_post", server: "org", alg: "RS256", client: "web", auth: "client_secret_post"},
	{name: "client_secret_jwt", server: "default", alg: "RS256", client: "jwt", auth: "client_secret_jwt"},
	{name: "pushed request", server: "default", alg: "RS256", client: "par", auth: "none", par: true},
	{name: "DPoP", server: "default", alg: "RS256", client: "dpop", auth: "none", dpop: true},
}

// TestNodeClients lets the npm packages openid-client and oauth4webapi sign in, verify, read userinfo, refresh,
// introspect and revoke.
func TestNodeClients(t *testing.T) {
	t.Parallel()
	for _, profile := range []string{"okta", "strict"} {
		idp := startIDP(t, profile)
		ca := filepath.Join(t.TempDir(), "ca.pem")
		require.NoError(t, os.WriteFile(ca, idp.CAPEM(), 0o600))
		for _, script := range []string{"openid-client.mjs", "oauth4webapi.mjs"} {
			for _, c := range clientCases {
				if script == "oauth4webapi.mjs" && (c.par || c.dpop) {
					continue // the same code as openid-client's, which is built on it
				}
				if profile == "okta" && c.par {
					continue // Okta answers 200 where RFC 9126 §2.2 has 201, which openid-client refuses
				}
				t.Run(profile+"/"+script+"/"+c.name, func(t *testing.T) {
					t.Parallel()
					command := node(t, script, map[string]any{
						"issuer": idp.Issuer(c.server), "client_id": c.client, "client_secret": secret,
						"auth_method": c.auth, "redirect_uri": redirectURI, "scope": "openid email profile offline_access",
						"alg": c.alg, "par": c.par, "dpop": c.dpop,
					})
					command.Env = append(os.Environ(), "NODE_EXTRA_CA_CERTS="+ca)
					got := decode[struct {
						Claims, UserInfo map[string]any
						TokenType        string `json:"token_type"`
						Active           bool
						Revoked          string
					}](t, finish(t, command))
					require.Equal(t, idp.Issuer(c.server), got.Claims["iss"])
					require.Equal(t, got.Claims["sub"], got.UserInfo["sub"])
					require.Equal(t, "alice@example.com", got.UserInfo["email"])
					require.True(t, got.Active)
					require.Equal(t, "invalid_grant", got.Revoked, "a revoked refresh token")
					require.Equal(t, c.dpop, strings.EqualFold(got.TokenType, "DPoP"), got.TokenType)
				})
			}
		}
	}
}

// TestGoOIDC lets golang.org/x/oauth2 and coreos/go-oidc sign in, as most programs in Go do.
func TestGoOIDC(t *testing.T) {
	t.Parallel()
	for _, profile := range []string{"okta", "strict"} {
		idp := startIDP(t, profile)
		for _, c := range clientCases {
			if c.par || c.dpop || c.auth == "client_secret_jwt" {
				continue // these have no such thing
			}
			t.Run(profile+"/"+c.name, func(t *testing.T) {
				t.Parallel()
				ctx := gooidc.ClientContext(t.Context(), idp.Client())
				provider, err := gooidc.NewProvider(ctx, idp.Issuer(c.server))
				require.NoError(t, err)
				cfg := oauth2.Config{
					ClientID: c.client, Endpoint: provider.Endpoint(), RedirectURL: redirectURI,
					Scopes: []string{"openid", "email", "offline_access"},
				}
				cfg.Endpoint.AuthStyle = oauth2.AuthStyleInParams
				switch c.auth {
				case "client_secret_basic":
					cfg.ClientSecret, cfg.Endpoint.AuthStyle = secret, oauth2.AuthStyleInHeader
				case "client_secret_post":
					cfg.ClientSecret = secret
				}
				verifier := oauth2.GenerateVerifier()
				back := browse(t, idp.Client(), cfg.AuthCodeURL("a state", oauth2.S256ChallengeOption(verifier), gooidc.Nonce("a nonce")))
				require.Equal(t, "a state", back.Get("state"))
				token, err := cfg.Exchange(ctx, back.Get("code"), oauth2.VerifierOption(verifier))
				require.NoError(t, err)

				raw, _ := token.Extra("id_token").(string)
				idToken, err := provider.Verifier(&gooidc.Config{ClientID: c.client}).Verify(ctx, raw)
				require.NoError(t, err)
				require.Equal(t, "a nonce", idToken.Nonce)
				require.NoError(t, idToken.VerifyAccessToken(token.AccessToken))

				userinfo, err := provider.UserInfo(ctx, oauth2.StaticTokenSource(token))
				require.NoError(t, err)
				require.Equal(t, idToken.Subject, userinfo.Subject)
				require.Equal(t, "alice@example.com", userinfo.Email)

				token.Expiry = token.Expiry.AddDate(-1, 0, 0)
				refreshed, err := cfg.TokenSource(ctx, token).Token()
				require.NoError(t, err)
				require.NotEqual(t, token.AccessToken, refreshed.AccessToken)
			})
		}
	}
}

// TestCap lets hashicorp/cap sign in, which is what Vault, Boundary and Nomad do.
func TestCap(t *testing.T) {
	t.Parallel()
	for _, profile := range []string{"okta", "strict"} {
		idp := startIDP(t, profile)
		for _, c := range clientCases {
			if c.par || c.dpop || c.auth == "client_secret_jwt" {
				continue // cap has no such thing
			}
			t.Run(profile+"/"+c.name, func(t *testing.T) {
				t.Parallel()
				clientSecret := cap.ClientSecret("")
				if c.auth != "none" {
					clientSecret = secret
				}
				cfg, err := cap.NewConfig(idp.Issuer(c.server), c.client, clientSecret, []cap.Alg{cap.Alg(c.alg)},
					[]string{redirectURI}, cap.WithProviderCA(string(idp.CAPEM())))
				require.NoError(t, err)
				provider, err := cap.NewProvider(cfg)
				require.NoError(t, err)
				t.Cleanup(provider.Done)
				verifier, err := cap.NewCodeVerifier()
				require.NoError(t, err)
				request, err := cap.NewRequest(30*time.Second, redirectURI, cap.WithPKCE(verifier), cap.WithScopes("email"))
				require.NoError(t, err)
				address, err := provider.AuthURL(t.Context(), request)
				require.NoError(t, err)
				back := browse(t, idp.Client(), address)

				token, err := provider.Exchange(t.Context(), request, back.Get("state"), back.Get("code"))
				require.NoError(t, err)
				var claims map[string]any
				require.NoError(t, token.IDToken().Claims(&claims))
				var userinfo map[string]any
				require.NoError(t, provider.UserInfo(t.Context(), token.StaticTokenSource(), claims["sub"].(string), &userinfo))
				require.Equal(t, "alice@example.com", userinfo["email"])
			})
		}
	}
}

// browse opens the authorization request and returns the parameters of the response.
func browse(t *testing.T, client *http.Client, address string) url.Values {
	t.Helper()
	c := *client
	c.CheckRedirect = func(r *http.Request, _ []*http.Request) error {
		if strings.HasPrefix(r.URL.String(), redirectURI) {
			return http.ErrUseLastResponse
		}
		return nil
	}
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
	require.NoError(t, err)
	response, err := c.Do(request)
	require.NoError(t, err)
	defer response.Body.Close()
	location, err := response.Location()
	require.NoError(t, err)
	require.Empty(t, location.Query().Get("error"), location.Query().Get("error_description"))
	return location.Query()
}
