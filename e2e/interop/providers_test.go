package interop

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/oauth2-proxy/mockoidc"
	"github.com/stretchr/testify/require"
)

// tokens are the members of the program's JSON answer that these tests look at.
type tokens struct {
	AccessToken   string         `json:"access_token"`
	TokenType     string         `json:"token_type"`
	ExpiresIn     int            `json:"expires_in"`
	RefreshToken  string         `json:"refresh_token"`
	IDToken       string         `json:"id_token"`
	Issuer        string         `json:"issuer"`
	IDTokenClaims map[string]any `json:"id_token_claims"`
	Verified      []string       `json:"verified"`
}

// TestOIDCProvider signs in to npm oidc-provider through its own sign-in and consent pages.
func TestOIDCProvider(t *testing.T) {
	t.Parallel()
	issuer := serveNode(t, "oidc-provider.mjs", nil)
	for name, args := range map[string][]string{
		"form, public client":              {"--sign-in", "form", "--client-id", "public"},
		"form, client_secret_basic":        {"--sign-in", "form", "--client-id", "basic", "--client-auth", "client_secret_basic"},
		"form, client_secret_post":         {"--sign-in", "form", "--client-id", "post", "--client-auth", "client_secret_post"},
		"form, pushed request":             {"--sign-in", "form", "--client-id", "public", "--par"},
		"form, DPoP":                       {"--sign-in", "form", "--client-id", "public", "--dpop"},
		"form, response as a form_post":    {"--sign-in", "form", "--client-id", "public", "--response-mode", "form_post"},
		"form, response in the fragment":   {"--sign-in", "form", "--client-id", "public", "--response-mode", "fragment"},
		"chrome, public client":            {"--sign-in", "chrome", "--client-id", "public"},
		"chrome, response as a form_post":  {"--sign-in", "chrome", "--client-id", "public", "--response-mode", "form_post"},
		"chrome, response in the fragment": {"--sign-in", "chrome", "--client-id", "public", "--response-mode", "fragment"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			env := []string{
				"OIDCFLOW_ISSUER=" + issuer,
				"OIDCFLOW_REDIRECT_URI=https://app.example.com/callback",
				"OIDCFLOW_USERNAME=alice",
				"OIDCFLOW_PASSWORD=any password does",
			}
			switch args[3] {
			case "basic":
				env = append(env, "OIDCFLOW_CLIENT_SECRET=a secret: with %, + and /")
			case "post":
				env = append(env, "OIDCFLOW_CLIENT_SECRET=another-secret")
			}
			got := decode[tokens](t, run(t, env, append([]string{"token", "--scope", "openid email"}, args...)...))
			require.Equal(t, issuer, got.Issuer)
			require.Equal(t, "alice", got.IDTokenClaims["sub"])
			require.NotEmpty(t, got.AccessToken)
			require.NotEmpty(t, got.IDToken)
			require.Subset(t, got.Verified, []string{"signature", "iss", "aud", "nonce"})
		})
	}
}

// TestOIDCProviderOffline asks for a refresh token, which oidc-provider gives only after a consent that was asked for.
func TestOIDCProviderOffline(t *testing.T) {
	t.Parallel()
	issuer := serveNode(t, "oidc-provider.mjs", nil)
	got := decode[tokens](t, run(t, []string{"OIDCFLOW_PASSWORD=any"}, "token",
		"--issuer", issuer, "--client-id", "public", "--username", "alice",
		"--scope", "openid offline_access", "--prompt", "consent"))
	require.NotEmpty(t, got.RefreshToken)
}

// TestOIDCProviderRefuses asks for what there is not: the response is an error, in the provider's own words.
func TestOIDCProviderRefuses(t *testing.T) {
	t.Parallel()
	issuer := serveNode(t, "oidc-provider.mjs", nil)
	for name, c := range map[string]struct {
		args []string
		want string
		code int
	}{
		"nobody is signed in, and no page allowed": {[]string{"--client-id", "public", "--prompt", "none"}, "login_required", 4},
		"a wrong client secret":                    {[]string{"--client-id", "post", "--client-auth", "client_secret_post"}, "invalid_client", 4},
		"a user who refuses consent":               {[]string{"--client-id", "public", "--consent", "deny"}, "access_denied", 4},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := run(t, []string{"OIDCFLOW_PASSWORD=any password does", "OIDCFLOW_CLIENT_SECRET=a wrong one"},
				append([]string{"token", "--issuer", issuer, "--username", "alice"}, c.args...)...)
			require.Equal(t, c.code, o.Code, o.Stderr)
			require.Contains(t, o.Stderr, c.want)
			require.Empty(t, o.Stdout)
		})
	}
}

// TestOIDCProviderDoctor has doctor look at oidc-provider: what is right is not found fault with, and of what is wrong
// the setting is named.
func TestOIDCProviderDoctor(t *testing.T) {
	t.Parallel()
	issuer := serveNode(t, "oidc-provider.mjs", nil)
	for name, c := range map[string]struct {
		args   []string
		secret string
		fails  string // the row that fails; "": none
	}{
		"a public client":                {args: []string{"--client-id", "public"}},
		"a public client that pushes":    {args: []string{"--client-id", "public", "--par"}},
		"a client with a secret":         {args: []string{"--client-id", "basic", "--client-auth", "client_secret_basic"}, secret: "a secret: with %, + and /"},
		"DPoP":                           {args: []string{"--client-id", "public", "--dpop"}},
		"a response as a form_post":      {args: []string{"--client-id", "public", "--response-mode", "form_post"}},
		"an unknown client":              {args: []string{"--client-id", "stranger"}, fails: "client"},
		"an unregistered redirect URI":   {args: []string{"--client-id", "public", "--redirect-uri", "https://app.example.com/"}, fails: "redirect_uri"},
		"a pushed, unknown redirect URI": {args: []string{"--client-id", "public", "--par", "--redirect-uri", "https://app.example.com/"}, fails: "redirect_uri"},
		"a wrong secret":                 {args: []string{"--client-id", "post", "--client-auth", "client_secret_post"}, secret: "a wrong one", fails: "client_auth"},
		"no refresh token grant":         {args: []string{"--client-id", "post", "--client-auth", "client_secret_post", "--scope", "openid,offline_access"}, secret: "another-secret", fails: "grants"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			env := []string{"OIDCFLOW_ISSUER=" + issuer, "OIDCFLOW_REDIRECT_URI=https://app.example.com/callback", "OIDCFLOW_CLIENT_SECRET=" + c.secret}
			// Without a browser, which is another row and costs a second.
			o := run(t, env, append([]string{"doctor", "--json", "--browser", "none"}, c.args...)...)
			var rows []struct{ Name, Status, Message, Hint string }
			require.NoError(t, json.Unmarshal([]byte(o.Stdout), &rows), o.Stderr)
			failed := ""
			for _, r := range rows {
				if r.Status == "fail" && r.Name != "browser" {
					failed += r.Name
					require.NotContains(t, r.Hint, "Applications >", "these are not Okta's words")
				}
			}
			require.Equal(t, c.fails, failed, o.Stdout)
			if c.secret != "" {
				require.NotContains(t, o.Stdout+o.Stderr, c.secret)
			}
		})
	}
}

// TestMockOIDC signs in to the unmodified server of mockoidc. It has no pages, knows no public clients, and ignores
// client_secret_basic, which it advertises: the auth method has to be said.
func TestMockOIDC(t *testing.T) {
	t.Parallel()
	server, err := mockoidc.Run()
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, server.Shutdown()) })
	server.QueueUser(&mockoidc.MockUser{Subject: "alice", Email: "alice@example.com", EmailVerified: true})

	secret := filepath.Join(t.TempDir(), "secret")
	require.NoError(t, os.WriteFile(secret, []byte(server.ClientSecret+"\n"), 0o600))
	got := decode[tokens](t, run(t, nil, "token",
		"--issuer", server.Issuer(), "--client-id", server.ClientID, "--client-secret-file", secret,
		"--client-auth", "client_secret_post", "--scope", "openid,email"))
	require.Equal(t, server.Issuer(), got.Issuer)
	require.Equal(t, "alice", got.IDTokenClaims["sub"])
	require.Equal(t, "alice@example.com", got.IDTokenClaims["email"])
	require.Contains(t, got.Verified, "signature")
}
