package mockidp

import (
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/oauth2-proxy/mockoidc"
	"github.com/stretchr/testify/require"
)

// What a user of mockoidc would meet, and does not meet here. Each check finds the unmodified mockoidc wrong, so that a
// repair there is noticed, and this provider right.
var unlikeMockoidc = []struct {
	name  string
	ref   string
	check func(*rp) error
}{
	{"expires_in is in seconds", "RFC 6749 §5.1", func(p *rp) error {
		v, _ := p.whole()["expires_in"].(float64)
		return wrongIf(v < 1 || v > 86400, "expires_in is %v", v)
	}},
	{"the secret may come by Basic", "RFC 6749 §2.3.1", func(p *rp) error {
		a := p.redeem(p.auto(), "client_id", "-", "client_secret", "-", "basic", "yes")
		return wrongIf(a.status != 200, "answered %d %s", a.status, a.body)
	}},
	{"a public client needs no secret", "RFC 6749 §2.1", func(p *rp) error {
		if p.s != nil {
			p.clientID, p.secret = "oidcflow", ""
		}
		a := p.redeem(p.auto("code_challenge", testChallenge, "code_challenge_method", "S256"), "client_secret", "-", "code_verifier", testVerifier)
		return wrongIf(a.status != 200, "answered %d %s", a.status, a.body)
	}},
	{"offline_access is a scope", "OpenID Connect Core 1.0 §11", func(p *rp) error {
		return wrongIf(p.auto("scope", "openid offline_access") == "", "refused")
	}},
	{"openid may come last", "RFC 6749 §3.3", func(p *rp) error {
		return wrongIf(p.whole("scope", "email openid")["id_token"] == nil, "no id_token")
	}},
	{"two blanks are one", "RFC 6749 §3.3", func(p *rp) error {
		return wrongIf(p.auto("scope", "openid  email") == "", "refused")
	}},
	{"a redirect URI is registered or refused", "OpenID Connect Core 1.0 §3.1.2.1", func(p *rp) error {
		to := p.ask("redirect_uri", "javascript:alert(1)").header.Get("Location")
		return wrongIf(to != "", "redirected to %s", to)
	}},
	{"a code is for its redirect URI", "RFC 6749 §4.1.3", func(p *rp) error {
		a := p.redeem(p.auto(), "redirect_uri", "http://localhost/other")
		return wrongIf(a.status == 200, "another redirect_uri got tokens")
	}},
	{"a code expires", "RFC 6749 §4.1.2", func(p *rp) error {
		code := p.auto()
		p.later(time.Hour)
		return wrongIf(p.redeem(code).status == 200, "an hour later it got tokens")
	}},
	{"a second use of a code revokes its tokens", "RFC 6749 §4.1.2", func(p *rp) error {
		code := p.auto()
		access := p.redeem(code).json(p.t)["access_token"]
		p.redeem(code)
		return wrongIf(p.userinfo(access).status == 200, "the access token is still good")
	}},
	{"a challenge without a method is not ignored", "RFC 7636 §4.3", func(p *rp) error {
		code := p.auto("code_challenge", testChallenge)
		return wrongIf(code != "" && p.redeem(code).status == 200, "no verifier got tokens")
	}},
	{"a refused request goes to the redirect URI", "OpenID Connect Core 1.0 §3.1.2.6", func(p *rp) error {
		to := p.ask("scope", "openid pizza").header.Get("Location")
		return wrongIf(!strings.Contains(to, "error=invalid_scope"), "Location is %q", to)
	}},
	{"a bad code is 400", "RFC 6749 §5.2", func(p *rp) error {
		status := p.redeem("none").status
		return wrongIf(status != 400, "answered %d", status)
	}},
	{"an unknown grant is unsupported_grant_type", "RFC 6749 §5.2", func(p *rp) error {
		code := p.redeem("none", "grant_type", "magic").json(p.t)["error"]
		return wrongIf(code != "unsupported_grant_type", "error is %v", code)
	}},
	{"a bad refresh token is invalid_grant", "RFC 6749 §5.2", func(p *rp) error {
		code := p.redeem("none", "grant_type", "refresh_token", "refresh_token", "none").json(p.t)["error"]
		return wrongIf(code != "invalid_grant", "error is %v", code)
	}},
	{"a wrong secret is not echoed", "RFC 6749 §5.2", func(p *rp) error {
		a := p.redeem("none", "client_secret", "my-other-secret")
		return wrongIf(strings.Contains(a.body, "my-other-secret"), "%s", a.body)
	}},
	{"an access token does not refresh", "RFC 6749 §6", func(p *rp) error {
		a := p.redeem("none", "grant_type", "refresh_token", "refresh_token", p.whole()["access_token"].(string))
		return wrongIf(a.status == 200, "it got tokens")
	}},
	{"an ID token opens nothing", "RFC 6750 §1.2", func(p *rp) error {
		return wrongIf(p.userinfo(p.whole()["id_token"]).status == 200, "it got userinfo")
	}},
	{"jti tells tokens apart", "RFC 7519 §4.1.7", func(p *rp) error {
		got := p.whole()
		a, b := p.claims(got["id_token"])["jti"], p.claims(got["access_token"])["jti"]
		return wrongIf(a == b, "both are %v", a)
	}},
	{"no refresh token unasked", "OpenID Connect Core 1.0 §11", func(p *rp) error {
		return wrongIf(p.whole()["refresh_token"] != nil, "there is one")
	}},
	{"the ID token has at_hash", "OpenID Connect Core 1.0 §3.1.3.6", func(p *rp) error {
		return wrongIf(p.claims(p.whole()["id_token"])["at_hash"] == nil, "it has none")
	}},
	{"userinfo has sub", "OpenID Connect Core 1.0 §5.3.2", func(p *rp) error {
		info := p.userinfo(p.whole()["access_token"]).json(p.t)
		return wrongIf(info["sub"] == nil, "userinfo is %v", info)
	}},
	{"userinfo takes POST", "OpenID Connect Core 1.0 §5.3.1", func(p *rp) error {
		a := p.request("POST", p.endpoint("userinfo_endpoint"), url.Values{"access_token": {p.whole()["access_token"].(string)}})
		return wrongIf(a.status != 200, "answered %d", a.status)
	}},
	{"the token endpoint takes POST alone", "RFC 6749 §3.2", func(p *rp) error {
		v := url.Values{"grant_type": {"authorization_code"}, "code": {p.auto()}, "redirect_uri": {testRedirect}, "client_id": {p.clientID}, "client_secret": {p.secret}}
		a := p.request("GET", p.endpoint("token_endpoint")+"?"+v.Encode(), nil)
		return wrongIf(a.status == 200, "GET got tokens")
	}},
	{"a parameter that came twice is refused", "RFC 6749 §3.1", func(p *rp) error {
		a := p.request("GET", p.endpoint("authorization_endpoint")+"?"+p.plain().Encode()+"&scope=email", nil)
		return wrongIf(strings.Contains(a.header.Get("Location"), "code="), "there is a code")
	}},
	{"request is not ignored", "OpenID Connect Core 1.0 §6.1", func(p *rp) error {
		return wrongIf(p.auto("request", "a.b.") != "", "there is a code")
	}},
	{"prompt=none and login are not both right", "OpenID Connect Core 1.0 §3.1.2.1", func(p *rp) error {
		return wrongIf(p.auto("prompt", "none login") != "", "there is a code")
	}},
}

func TestUnlikeMockoidc(t *testing.T) {
	t.Parallel()
	for _, tt := range unlikeMockoidc {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			ours := startRP(t, Config{Login: "auto"})
			ours.clientID = "oidcflow-web"
			for _, c := range ours.s.Ready().Clients {
				if c.ID == ours.clientID {
					ours.secret = c.Secret
				}
			}
			require.NoError(t, tt.check(ours), tt.ref)
			require.Error(t, tt.check(newMockoidc(t)), "mockoidc keeps %s now", tt.ref)
		})
	}
}

// newMockoidc is a client of the unmodified mockoidc.
func newMockoidc(t *testing.T) *rp {
	t.Helper()
	key, err := mockoidc.DefaultKeypair()
	require.NoError(t, err)
	m, err := mockoidc.NewServer(key.PrivateKey)
	require.NoError(t, err)
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, m.Start(ln, nil))
	t.Cleanup(func() { require.NoError(t, m.Shutdown()) })
	p := &rp{t: t, issuer: m.Issuer(), clientID: m.Config().ClientID, secret: m.Config().ClientSecret}
	p.http = &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	t.Cleanup(p.http.CloseIdleConnections)
	p.metadata = p.getJSON(p.issuer + "/.well-known/openid-configuration")
	p.advance = func(d time.Duration) { m.FastForward(d) }
	return p
}

func wrongIf(wrong bool, format string, args ...any) error {
	if !wrong {
		return nil
	}
	return fmt.Errorf(format, args...)
}

// plain is an authorization request without PKCE, for a client with a secret.
func (p *rp) plain(change ...string) url.Values {
	return changed(p.params("code_challenge", "-", "code_challenge_method", "-", "nonce", "-"), change)
}

func (p *rp) ask(change ...string) answer {
	p.t.Helper()
	return p.request("GET", p.endpoint("authorization_endpoint")+"?"+p.plain(change...).Encode(), nil)
}

// auto is the code of a sign-in without pages, or "".
func (p *rp) auto(change ...string) string {
	p.t.Helper()
	u, err := url.Parse(p.ask(change...).header.Get("Location"))
	require.NoError(p.t, err)
	return u.Query().Get("code")
}

func (p *rp) redeem(code string, change ...string) answer {
	p.t.Helper()
	form := changed(url.Values{
		"grant_type": {"authorization_code"}, "code": {code}, "redirect_uri": {testRedirect}, "client_id": {p.clientID}, "client_secret": {p.secret},
	}, change)
	var headers []string
	if form.Has("basic") {
		form.Del("basic")
		headers = []string{"Authorization", basicAuth(p.clientID, p.secret)}
	}
	return p.request("POST", p.endpoint("token_endpoint"), form, headers...)
}

func (p *rp) whole(change ...string) map[string]any {
	p.t.Helper()
	return p.redeem(p.auto(change...)).json(p.t)
}

func (p *rp) later(d time.Duration) {
	if p.s != nil {
		p.s.Clock().Advance(d)
		return
	}
	p.advance(d)
}

// mockoidc's session store is written without a lock, its TLS is plain HTTP, its key is the same in every process: none
// of that can be shown without harm to this process. TestUsersAtOnce, TestTLSIsTLS and this hold it here.
func TestKeysAreNewAtEachStart(t *testing.T) {
	t.Parallel()
	kids := map[string]bool{}
	for range 3 {
		p := startRP(t, Config{})
		for _, k := range keySet(t, p).Keys {
			require.False(t, kids[k.KeyID])
			kids[k.KeyID] = true
		}
	}
}
