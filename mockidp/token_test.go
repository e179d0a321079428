package mockidp

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestTokenRefusals(t *testing.T) {
	t.Parallel()
	p := startRP(t, Config{Login: "auto", Clients: []Client{
		{ID: "oidcflow"}, {ID: "other"}, {ID: "web", Secret: "s3cret"}, {ID: "basic", Secret: "s3cret", AuthMethod: "client_secret_basic"},
		{ID: "codes", GrantTypes: []string{"authorization_code"}},
	}})
	for _, tt := range []struct {
		name   string
		change []string
		status int
		want   string
	}{
		{"no grant_type", []string{"grant_type", "-"}, 400, "invalid_request"},
		{"an unknown grant_type: RFC 6749 §5.2", []string{"grant_type", "magic"}, 400, "unsupported_grant_type"},
		{"a grant the client may not use", []string{"grant_type", "refresh_token", "client_id", "codes"}, 400, "unauthorized_client"},
		{"an unknown code", []string{"code", "none"}, 400, "invalid_grant"},
		{"another redirect URI", []string{"redirect_uri", testRedirect + "2"}, 400, "invalid_grant"},
		{"no redirect URI", []string{"redirect_uri", "-"}, 400, "invalid_grant"},
		{"another client", []string{"client_id", "other"}, 400, "invalid_grant"},
		{"another verifier", []string{"code_verifier", strings.Repeat("x", 43)}, 400, "invalid_grant"},
		{"a malformed verifier: RFC 7636 §4.1", []string{"code_verifier", "short"}, 400, "invalid_grant"},
		{"no verifier", []string{"code_verifier", "-"}, 400, "invalid_request"},
		{"no client", []string{"client_id", ""}, 401, "invalid_client"},
		{"a confidential client without its secret", []string{"client_id", "web"}, 401, "invalid_client"},
		{"a wrong secret", []string{"client_id", "web", "client_secret", "wrong"}, 401, "invalid_client"},
		{"a secret in the body where the header is registered", []string{"client_id", "basic", "client_secret", "s3cret"}, 401, "invalid_client"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p := *p
			p.t = t
			code := p.code()
			a := p.exchange(code, tt.change...)
			requireError(t, a, tt.status, tt.want)
			require.Equal(t, "no-cache, no-store", a.header.Get("Cache-Control")) // RFC 6749 §5.1
			require.NotContains(t, a.body, "s3cret")
			// What was refused has not used the code up.
			require.Equal(t, 200, p.exchange(code).status)
		})
	}
	t.Run("Okta's envelope for an unknown client", func(t *testing.T) {
		a := p.exchange(p.code(), "client_id", "nobody")
		require.Equal(t, 401, a.status)
		require.Equal(t, "invalid_client", a.json(t)["errorCode"])
	})
	t.Run("GET", func(t *testing.T) {
		a := p.request("GET", p.endpoint("token_endpoint")+"?grant_type=authorization_code", nil)
		require.Equal(t, http.StatusMethodNotAllowed, a.status)
		require.Equal(t, "POST", a.header.Get("Allow"))
	})
	t.Run("credentials in the query", func(t *testing.T) {
		a := p.request("POST", p.endpoint("token_endpoint")+"?client_id=web&client_secret=s3cret", url.Values{"grant_type": {"authorization_code"}})
		requireError(t, a, 400, "invalid_request")
	})
	t.Run("credentials twice: RFC 6749 §2.3", func(t *testing.T) {
		a := p.token(url.Values{"grant_type": {"authorization_code"}, "client_id": {"web"}, "client_secret": {"s3cret"}}, "Authorization", basicAuth("web", "s3cret"))
		requireError(t, a, 401, "invalid_request")
	})
	t.Run("a parameter twice: RFC 6749 §3.2", func(t *testing.T) {
		requireError(t, p.token(url.Values{"grant_type": {"authorization_code", "authorization_code"}}), 400, "invalid_request")
	})
	t.Run("JSON", func(t *testing.T) {
		r, err := http.NewRequestWithContext(t.Context(), "POST", p.endpoint("token_endpoint"), strings.NewReader(`{}`))
		require.NoError(t, err)
		r.Header.Set("Content-Type", "application/json")
		requireError(t, p.do(r), 400, "invalid_request")
	})
	t.Run("a body beyond 1 MiB", func(t *testing.T) {
		requireError(t, p.token(url.Values{"x": {strings.Repeat("x", maxBody)}}), 413, "invalid_request")
	})
}

func basicAuth(id, secret string) string {
	r := http.Request{Header: http.Header{}}
	r.SetBasicAuth(url.QueryEscape(id), url.QueryEscape(secret))
	return r.Header.Get("Authorization")
}

func TestSecrets(t *testing.T) {
	t.Parallel()
	secret := "a:b c+d%é" // RFC 6749 §2.3.1: form-encoded inside the header
	p := startRP(t, Config{Login: "auto", Clients: []Client{{ID: "we:b", Secret: secret}, {ID: "post", Secret: secret, AuthMethod: "client_secret_post"}}})
	exchange := func(id string, headers ...string) answer {
		code := p.code("client_id", id)
		return p.token(url.Values{
			"grant_type": {"authorization_code"}, "code": {code}, "redirect_uri": {testRedirect}, "code_verifier": {testVerifier}, "client_id": {id},
		}, headers...)
	}
	require.Equal(t, 200, exchange("we:b", "Authorization", basicAuth("we:b", secret)).status)
	a := exchange("we:b", "Authorization", basicAuth("we:b", "wrong"))
	requireError(t, a, 401, "invalid_client")
	require.Contains(t, a.header.Get("WWW-Authenticate"), "Basic ") // RFC 6749 §5.2
	requireError(t, exchange("post", "Authorization", basicAuth("post", secret)), 401, "invalid_client")
	requireError(t, exchange("we:b", "Authorization", "Basic !"), 401, "invalid_client")
	p.clientID, p.secret = "post", secret
	require.Equal(t, 200, p.exchange(p.code()).status)
	// PKCE is a public client's duty; a challenge that was sent is checked for all
	require.Equal(t, 200, p.exchange(p.code("code_challenge", "-", "code_challenge_method", "-"), "code_verifier", "-").status)
	requireError(t, p.exchange(p.code("code_challenge", "-", "code_challenge_method", "-")), 400, "invalid_request")
}

func TestCodesExpireAndAreGoodOnce(t *testing.T) {
	t.Parallel()
	p := startRP(t, Config{Login: "auto"})
	p.s.Clock().Freeze()
	code := p.code()
	p.s.Clock().Advance(codeTTL - time.Second)
	first := p.exchange(code)
	require.Equal(t, 200, first.status)
	got := first.json(t)
	require.Equal(t, 200, p.userinfo(got["access_token"]).status)

	requireError(t, p.exchange(code), 400, "invalid_grant")
	// RFC 6749 §4.1.2: with the second use the tokens of the first are revoked
	require.Equal(t, 401, p.userinfo(got["access_token"]).status)

	late := p.code()
	p.s.Clock().Advance(codeTTL)
	requireError(t, p.exchange(late), 400, "invalid_grant")
}

func (p *rp) refresh(token any, change ...string) answer {
	p.t.Helper()
	return p.token(changed(url.Values{"grant_type": {"refresh_token"}, "refresh_token": {token.(string)}}, change))
}

func TestRefreshRotation(t *testing.T) {
	t.Parallel()
	p := startRP(t, Config{Login: "auto", Clients: []Client{{ID: "oidcflow"}, {ID: "other"}}})
	clock := p.s.Clock()
	clock.Freeze()
	first := p.tokens("scope", "openid offline_access email")
	clock.Advance(time.Minute)

	a := p.refresh(first["refresh_token"])
	require.Equal(t, 200, a.status, a.body)
	second := a.json(t)
	require.NotEqual(t, first["refresh_token"], second["refresh_token"])
	before, after := p.claims(first["id_token"]), p.claims(second["id_token"])
	for _, name := range []string{"iss", "sub", "aud", "auth_time"} { // OpenID Connect Core 1.0 §12.2
		require.Equal(t, before[name], after[name], name)
	}
	require.NotEqual(t, before["iat"], after["iat"])

	requireError(t, p.refresh(second["refresh_token"], "client_id", "other"), 400, "invalid_grant")
	requireError(t, p.refresh(second["refresh_token"], "scope", "openid phone"), 400, "invalid_scope")
	less := p.refresh(second["refresh_token"], "scope", "openid")
	require.Equal(t, "openid", less.json(t)["scope"])

	// The leeway: an answer may get lost.
	clock.Advance(rotationLeeway)
	require.Equal(t, 200, p.refresh(second["refresh_token"]).status)
	// After it, reuse is a theft: the family ends.
	clock.Advance(time.Second)
	requireError(t, p.refresh(second["refresh_token"]), 400, "invalid_grant")
	requireError(t, p.refresh(less.json(t)["refresh_token"]), 400, "invalid_grant")
	require.Equal(t, 401, p.userinfo(second["access_token"]).status)
}

func TestRefreshTokenNeedsOfflineAccess(t *testing.T) {
	t.Parallel()
	p := startRP(t, Config{Login: "auto", Clients: []Client{{ID: "oidcflow"}, {ID: "codes", GrantTypes: []string{"authorization_code"}}}})
	require.NotContains(t, p.tokens(), "refresh_token")
	p.clientID = "codes"
	got := p.tokens("scope", "openid offline_access")
	require.NotContains(t, got, "refresh_token")
	require.Equal(t, "openid", got["scope"])
}

// A refresh token's family expires with its first (Okta).
func TestRefreshTokensExpireTogether(t *testing.T) {
	t.Parallel()
	p := startRP(t, Config{Login: "auto", Servers: nil})
	p.s.Clock().Freeze()
	token := p.tokens("scope", "openid offline_access")["refresh_token"]
	for range 6 {
		p.s.Clock().Advance(24 * time.Hour)
		token = p.refresh(token).json(t)["refresh_token"]
	}
	p.s.Clock().Advance(24 * time.Hour)
	requireError(t, p.refresh(token), 400, "invalid_grant")
}

// No token passes for one of another kind.
func TestTokenConfusion(t *testing.T) {
	t.Parallel()
	p := startRP(t, Config{Login: "auto"})
	got := p.tokens("scope", "openid offline_access")
	for _, name := range []string{"access_token", "id_token"} {
		requireError(t, p.refresh(got[name]), 400, "invalid_grant")
	}
	for _, name := range []string{"refresh_token", "id_token"} {
		require.Equal(t, 401, p.userinfo(got[name]).status, name)
	}
	requireError(t, p.exchange(got["refresh_token"].(string)), 400, "invalid_grant")
	v := p.callback(p.authorize("id_token_hint", got["access_token"].(string)))
	require.Equal(t, "invalid_request", v.Get("error"))
	jtis := map[any]bool{p.claims(got["id_token"])["jti"]: true, p.claims(got["access_token"])["jti"]: true}
	require.Len(t, jtis, 2)
}

func TestClientCredentials(t *testing.T) {
	t.Parallel()
	p := startRP(t, Config{Clients: []Client{{ID: "machine", Secret: "s3cret", Server: "default"}, {ID: "public"}}})
	p = newRP(t, p.s, "default")
	p.clientID, p.secret = "machine", "s3cret"
	form := func(scope string) url.Values {
		return url.Values{"grant_type": {"client_credentials"}, "scope": {scope}}
	}
	a := p.token(form("api:read"))
	require.Equal(t, 200, a.status, a.body)
	got := a.json(t)
	require.NotContains(t, got, "id_token")
	require.NotContains(t, got, "refresh_token")
	claims := p.claims(got["access_token"])
	require.Equal(t, "api://default", claims["aud"])
	require.Equal(t, "machine", claims["sub"])
	require.Equal(t, []any{"api:read"}, claims["scp"])
	require.NotContains(t, claims, "uid")
	require.Equal(t, 403, p.userinfo(got["access_token"]).status)

	requireError(t, p.token(form("openid")), 400, "invalid_scope")
	requireError(t, p.token(form("pizza")), 400, "invalid_scope")
	p.secret = ""
	p.clientID = "public"
	requireError(t, p.token(form("api:read")), 400, "unauthorized_client")
	org := newRP(t, p.s, "")
	org.clientID, org.secret = "machine", "s3cret"
	requireError(t, org.token(form("api:read")), 401, "invalid_client")
}

// A code is of the server that made it.
func TestCodesBelongToAServer(t *testing.T) {
	t.Parallel()
	org := startRP(t, Config{Login: "auto"})
	custom := newRP(t, org.s, "default")
	requireError(t, custom.exchange(org.code()), 400, "invalid_request")
	got := custom.tokens()
	require.Equal(t, custom.issuer, custom.claims(got["id_token"])["iss"])
	require.Equal(t, 401, org.userinfo(got["access_token"]).status)
	require.Equal(t, 200, custom.userinfo(got["access_token"]).status)
}
