package mockidp

import (
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/stretchr/testify/require"
)

// conformance holds what the OpenID Foundation's suite asks of a provider (plans oidcc-basic-certification-test-plan,
// config, rpinitiated-logout, and what fits of FAPI), by the names of its modules. Each runs in both profiles.
var conformance = []struct {
	module string
	ref    string
	run    func(*testing.T, *rp)
}{
	{"oidcc-server", "OpenID Connect Core 1.0 §3.1", func(t *testing.T, p *rp) {
		code := p.form()
		require.GreaterOrEqual(t, len(code), 22) // RFC 6749 §10.10: 128 bits
		a := p.exchange(code)
		require.Equal(t, "application/json", a.header.Get("Content-Type"))
		require.Contains(t, a.header.Get("Cache-Control"), "no-store")
		require.Equal(t, "no-cache", a.header.Get("Pragma"))
		claims := p.claims(a.json(t)["id_token"])
		for _, name := range []string{"iss", "sub", "aud", "exp", "iat", "nonce"} {
			require.Contains(t, claims, name)
		}
		require.Greater(t, claims["exp"], claims["iat"])
	}},
	{"oidcc-response-type-missing", "RFC 6749 §3.1.1", refused("invalid_request", "response_type", "-")},
	{"oidcc-idtoken-signature", "OpenID Connect Core 1.0 §10.1", func(t *testing.T, p *rp) {
		raw := p.flow()["id_token"].(string)
		require.NotEmpty(t, p.part(raw, 0)["kid"])
		require.NoError(t, verifySignature(t, p, raw))
	}},
	{"oidcc-idtoken-unsigned", "OpenID Connect Core 1.0 §3.1.3.7", func(t *testing.T, p *rp) {
		require.NotContains(t, p.metadata["id_token_signing_alg_values_supported"], "none")
	}},
	{"oidcc-userinfo-get", "OpenID Connect Core 1.0 §5.3", userinfoBy("GET", "header")},
	{"oidcc-userinfo-post-header", "OpenID Connect Core 1.0 §5.3.1", userinfoBy("POST", "header")},
	{"oidcc-userinfo-post-body", "RFC 6750 §2.2", userinfoBy("POST", "body")},
	{"oidcc-ensure-request-without-nonce-succeeds-for-code-flow", "OpenID Connect Core 1.0 §3.1.2.1", func(t *testing.T, p *rp) {
		require.NotContains(t, p.claims(p.flow("nonce", "-")["id_token"]), "nonce")
	}},
	{"oidcc-scope-profile", "OpenID Connect Core 1.0 §5.4", scopeClaims("profile", "name", "preferred_username", "family_name", "updated_at")},
	{"oidcc-scope-email", "OpenID Connect Core 1.0 §5.4", scopeClaims("email", "email", "email_verified")},
	{"oidcc-scope-address", "OpenID Connect Core 1.0 §5.4", scopeClaims("address", "address")},
	{"oidcc-scope-phone", "OpenID Connect Core 1.0 §5.4", scopeClaims("phone", "phone_number")},
	{"oidcc-scope-all", "OpenID Connect Core 1.0 §5.4", scopeClaims("profile email address phone", "name", "email", "address", "phone_number")},
	{"oidcc-alternate-happy-flow", "RFC 6749 §3.3", func(t *testing.T, p *rp) {
		got := p.flow("scope", "email  profile openid") // another order, and a blank too many
		require.NotEmpty(t, got["id_token"])
	}},
	{"oidcc-display-page", "OpenID Connect Core 1.0 §15.1", accepted("display", "page")},
	{"oidcc-display-popup", "OpenID Connect Core 1.0 §15.1", accepted("display", "popup")},
	{"oidcc-prompt-login", "OpenID Connect Core 1.0 §3.1.2.1", func(t *testing.T, p *rp) {
		first := p.claims(p.flow()["id_token"])
		p.s.Clock().Advance(2 * time.Second)
		second := p.claims(p.flow("prompt", "login")["id_token"])
		require.Greater(t, second["auth_time"], first["auth_time"])
		require.Equal(t, first["sub"], second["sub"])
	}},
	{"oidcc-prompt-none-not-logged-in", "OpenID Connect Core 1.0 §3.1.2.6", refused("login_required", "prompt", "none")},
	{"oidcc-prompt-none-logged-in", "OpenID Connect Core 1.0 §3.1.2.1", func(t *testing.T, p *rp) { silently(t, p, "prompt", "none") }},
	{"oidcc-max-age-1", "OpenID Connect Core 1.0 §3.1.2.1", func(t *testing.T, p *rp) {
		first := p.claims(p.flow()["id_token"])
		p.s.Clock().Advance(2 * time.Second)
		second := p.claims(p.flow("max_age", "1")["id_token"]) // asks again
		require.Greater(t, second["auth_time"], first["auth_time"])
	}},
	{"oidcc-max-age-10000", "OpenID Connect Core 1.0 §3.1.2.1", func(t *testing.T, p *rp) { silently(t, p, "max_age", "10000") }},
	{"oidcc-ensure-request-with-unknown-parameter-succeeds", "RFC 6749 §3.1", accepted("extra", "foobar")},
	{"oidcc-id-token-hint", "OpenID Connect Core 1.0 §3.1.2.1", func(t *testing.T, p *rp) {
		hint := p.flow()["id_token"].(string)
		require.NotEmpty(t, p.callback(p.authorize("prompt", "none", "id_token_hint", hint)).Get("code"))
	}},
	{"oidcc-login-hint", "OpenID Connect Core 1.0 §3.1.2.1", accepted("login_hint", "buffy@example.com")},
	{"oidcc-ui-locales", "OpenID Connect Core 1.0 §3.1.2.1", accepted("ui_locales", "se")},
	{"oidcc-claims-locales", "OpenID Connect Core 1.0 §5.2", accepted("claims_locales", "se")},
	{"oidcc-ensure-request-with-acr-values-succeeds", "OpenID Connect Core 1.0 §3.1.2.1", func(t *testing.T, p *rp) {
		acr := p.metadata["acr_values_supported"].([]any)[0].(string)
		require.Equal(t, acr, p.claims(p.flow("acr_values", acr)["id_token"])["acr"])
	}},
	{"oidcc-codereuse", "RFC 6749 §4.1.2", codeReuse(0)},
	{"oidcc-codereuse-30seconds", "RFC 6749 §4.1.2", codeReuse(30 * time.Second)},
	{"oidcc-ensure-registered-redirect-uri", "OpenID Connect Core 1.0 §3.1.2.1", notRedirected("redirect_uri", "https://unregistered.example/")},
	{"oidcc-ensure-redirect-uri-in-authorization-request", "OpenID Connect Core 1.0 §3.1.2.1", notRedirected("redirect_uri", "-")},
	{"oidcc-redirect-uri-query-added", "OpenID Connect Core 1.0 §3.1.2.1", notRedirected("client_id", "exact", "redirect_uri", testRedirect+"?foo=bar")},
	{"oidcc-redirect-uri-query-OK", "OpenID Connect Core 1.0 §3.1.2.1", func(t *testing.T, p *rp) {
		p.clientID = "query"
		v := p.callback(p.signIn(p.authorize("redirect_uri", testRedirect+"?foo=bar"), "bob"))
		require.Equal(t, "bar", v.Get("foo"))
		require.NotEmpty(t, v.Get("code"))
	}},
	{"oidcc-redirect-uri-query-mismatch", "OpenID Connect Core 1.0 §3.1.2.1", notRedirected("client_id", "query", "redirect_uri", testRedirect+"?foo=baz")},
	{"oidcc-ensure-post-request-succeeds", "OpenID Connect Core 1.0 §3.1.2.1", func(t *testing.T, p *rp) {
		a := p.request("POST", p.endpoint("authorization_endpoint"), p.params())
		require.NotEmpty(t, p.callback(p.signIn(a, "bob")).Get("code"))
	}},
	{"oidcc-server-client-secret-post", "RFC 6749 §2.3.1", func(t *testing.T, p *rp) {
		p.clientID, p.secret = "web", "s3cret"
		require.NotEmpty(t, p.flow()["id_token"])
	}},
	{"oidcc-unsigned-request-object-supported-correctly-or-rejected-as-unsupported", "OpenID Connect Core 1.0 §6.1",
		refused("request_not_supported", "request", b64.EncodeToString([]byte(`{"alg":"none"}`))+"."+b64.EncodeToString([]byte(`{}`))+".")},
	{"oidcc-request-uri-unsigned-supported-correctly-or-rejected-as-unsupported", "OpenID Connect Core 1.0 §6.2",
		refused("request_uri_not_supported", "request_uri", "https://rp.example/request")},
	{"oidcc-claims-essential", "OpenID Connect Core 1.0 §5.5.1", func(t *testing.T, p *rp) {
		got := p.flow("claims", `{"userinfo":{"name":{"essential":true}}}`)
		require.NotEmpty(t, p.userinfo(got["access_token"]).json(t)["name"])
	}},
	{"oidcc-ensure-request-object-with-redirect-uri", "OpenID Connect Core 1.0 §6.1", func(t *testing.T, p *rp) {
		body := b64.EncodeToString([]byte(`{"redirect_uri":"https://unregistered.example/"}`))
		v := p.callback(p.authorize("request", b64.EncodeToString([]byte(`{"alg":"none"}`))+"."+body+"."))
		require.Equal(t, "request_not_supported", v.Get("error"))
	}},
	{"oidcc-refresh-token", "OpenID Connect Core 1.0 §12", func(t *testing.T, p *rp) {
		first := p.flow("scope", "openid offline_access")
		requireError(t, p.refresh(first["refresh_token"], "client_id", "exact"), 400, "invalid_grant")
		a := p.refresh(first["refresh_token"])
		require.Contains(t, a.header.Get("Cache-Control"), "no-store")
		second := a.json(t)
		require.Regexp(t, `^[\x20-\x7e]+$`, second["refresh_token"])
		for _, name := range []string{"iss", "sub", "aud", "auth_time"} {
			require.Equal(t, p.claims(first["id_token"])[name], p.claims(second["id_token"])[name], name)
		}
	}},
	{"oidcc-ensure-request-with-valid-pkce-succeeds", "RFC 7636 §4.5", func(t *testing.T, p *rp) { require.NotEmpty(t, p.flow()["id_token"]) }},

	{"oidcc-discovery-endpoint-verification", "OpenID Connect Discovery 1.0 §4", func(t *testing.T, p *rp) {
		a := p.request("GET", p.issuer+"/.well-known/openid-configuration", nil)
		require.Equal(t, "application/json", a.header.Get("Content-Type"))
		require.Equal(t, p.issuer, p.metadata["issuer"])
		for name, v := range p.metadata {
			if strings.HasSuffix(name, "_endpoint") || name == "jwks_uri" {
				require.True(t, strings.HasPrefix(v.(string), p.issuer), "%s: %s", name, v)
			}
		}
		for _, name := range []string{"response_types_supported", "subject_types_supported", "id_token_signing_alg_values_supported",
			"grant_types_supported", "scopes_supported", "code_challenge_methods_supported", "claims_supported"} {
			require.NotEmpty(t, p.metadata[name], name)
		}
		require.Equal(t, false, p.metadata["request_parameter_supported"])
		require.Equal(t, false, p.metadata["request_uri_parameter_supported"])
		kids := map[string]bool{}
		for _, k := range keySet(t, p).Keys {
			require.True(t, k.Valid() && k.IsPublic() && k.Use == "sig")
			require.False(t, kids[k.KeyID])
			kids[k.KeyID] = true
		}
	}},
	{"oidcc-server-rotate-keys", "OpenID Connect Core 1.0 §10.1.1", func(t *testing.T, p *rp) {
		before := keySet(t, p).Keys
		require.NoError(t, p.s.RotateKeys(""))
		after := keySet(t, p).Keys
		for _, k := range before {
			require.True(t, slices.ContainsFunc(after, func(l jose.JSONWebKey) bool { return l.KeyID == k.KeyID }))
		}
		require.Len(t, after, len(before)+1)
	}},

	{"fapi2-ensure-authorization-code-is-bound-to-client", "RFC 6749 §4.1.3", func(t *testing.T, p *rp) {
		requireError(t, p.exchange(p.form(), "client_id", "exact"), 400, "invalid_grant")
	}},
	{"fapi2-ensure-token-endpoint-fails-with-expired-auth-code", "RFC 6749 §4.1.2", func(t *testing.T, p *rp) {
		code := p.form()
		p.s.Clock().Advance(codeTTL)
		requireError(t, p.exchange(code), 400, "invalid_grant")
	}},
	{"fapi2-incorrect-pkce-code-verifier-rejected", "RFC 7636 §4.6", func(t *testing.T, p *rp) {
		requireError(t, p.exchange(p.form(), "code_verifier", strings.Repeat("a", 64)), 400, "invalid_grant")
	}},
	{"fapi2-pkce-code-verifier-missing-rejected", "RFC 7636 §4.6", func(t *testing.T, p *rp) {
		requireError(t, p.exchange(p.form(), "code_verifier", "-"), 400, "invalid_request")
	}},
	{"fapi2-par-plain-pkce-rejected", "RFC 9700 §2.1.1", func(t *testing.T, p *rp) {
		a := p.request("POST", p.endpoint("pushed_authorization_request_endpoint"), p.params("code_challenge_method", "plain"))
		requireError(t, a, 400, "invalid_request")
	}},
	{"fapi2-par-attempt-invalid-http-method", "RFC 9126 §2.3", func(t *testing.T, p *rp) {
		a := p.request("GET", p.endpoint("pushed_authorization_request_endpoint")+"?"+p.params().Encode(), nil)
		require.Equal(t, 405, a.status)
	}},
	{"fapi2-ensure-request-without-pkce-fails", "RFC 9700 §2.1.1", refused("invalid_request", "code_challenge", "-", "code_challenge_method", "-")},
	{"fapi2-plain-pkce-rejected", "RFC 9700 §2.1.1", refused("invalid_request", "code_challenge_method", "plain")},
	{"fapi2-par-attempt-reuse-request_uri", "RFC 9126 §4", func(t *testing.T, p *rp) {
		uri := p.push()
		require.Equal(t, 302, p.pushed("oidcflow", uri).status)
		require.Equal(t, 400, p.pushed("oidcflow", uri).status)
	}},
	{"fapi2-par-attempt-to-use-expired-request_uri", "RFC 9126 §4", func(t *testing.T, p *rp) {
		uri := p.push()
		p.s.Clock().Advance(pushedTTL)
		require.Equal(t, 400, p.pushed("oidcflow", uri).status)
	}},
	{"fapi2-par-attempt-to-use-request_uri-for-different-client", "RFC 9126 §4", func(t *testing.T, p *rp) {
		require.Equal(t, 400, p.pushed("exact", p.push()).status)
	}},
	{"fapi2-par-authorization-request-containing-request_uri", "RFC 9126 §2.1", func(t *testing.T, p *rp) {
		a := p.request("POST", p.endpoint("pushed_authorization_request_endpoint"), p.params("request_uri", "urn:okta:x"))
		requireError(t, a, 400, "invalid_request")
	}},
	{"fapi2-user-rejects-authentication", "RFC 6749 §4.1.2.1", func(t *testing.T, p *rp) {
		v := p.callback(p.submit(p.open(p.authorize()), "action", "cancel"))
		require.Equal(t, "access_denied", v.Get("error"))
		require.Equal(t, "state-1", v.Get("state"))
	}},
	{"fapi2-ensure-request-object-with-long-state", "RFC 6749 §4.1.1", func(t *testing.T, p *rp) {
		state := strings.Repeat("s", 1000)
		require.Equal(t, state, p.callback(p.signIn(p.authorize("state", state), "bob")).Get("state"))
	}},
	{"fapi2-ensure-request-object-with-long-nonce", "OpenID Connect Core 1.0 §3.1.2.1", func(t *testing.T, p *rp) {
		nonce := strings.Repeat("n", 1000)
		require.Equal(t, nonce, p.claims(p.flow("nonce", nonce)["id_token"])["nonce"])
	}},

	{"oidcc-rp-initiated-logout", "OpenID Connect RP-Initiated Logout 1.0 §2", func(t *testing.T, p *rp) {
		a := p.logout("id_token_hint", p.flow()["id_token"].(string), "post_logout_redirect_uri", testRedirect, "state", "bye")
		require.Equal(t, testRedirect+"?state=bye", a.header.Get("Location"))
		require.Equal(t, "login_required", p.callback(p.authorize("prompt", "none")).Get("error"))
	}},
	{"oidcc-rp-initiated-logout-no-state", "OpenID Connect RP-Initiated Logout 1.0 §2", func(t *testing.T, p *rp) {
		a := p.logout("id_token_hint", p.flow()["id_token"].(string), "post_logout_redirect_uri", testRedirect)
		require.Equal(t, testRedirect, a.header.Get("Location"))
	}},
	{"oidcc-rp-initiated-logout-no-post-logout-redirect-uri", "OpenID Connect RP-Initiated Logout 1.0 §2", func(t *testing.T, p *rp) {
		require.Equal(t, 200, p.logout("id_token_hint", p.flow()["id_token"].(string)).status)
	}},
	{"oidcc-rp-initiated-logout-bad-post-logout-redirect-uri", "OpenID Connect RP-Initiated Logout 1.0 §3", func(t *testing.T, p *rp) {
		a := p.logout("id_token_hint", p.flow()["id_token"].(string), "post_logout_redirect_uri", "https://unregistered.example/")
		require.Equal(t, 400, a.status)
	}},
	{"oidcc-rp-initiated-logout-query-added-to-post-logout-redirect-uri", "OpenID Connect RP-Initiated Logout 1.0 §3", func(t *testing.T, p *rp) {
		p.clientID = "exact"
		a := p.logout("id_token_hint", p.flow()["id_token"].(string), "post_logout_redirect_uri", testRedirect+"?foo=bar")
		require.Equal(t, 400, a.status)
	}},
	{"oidcc-rp-initiated-logout-modified-id-token-hint", "OpenID Connect RP-Initiated Logout 1.0 §4", func(t *testing.T, p *rp) {
		hint := p.flow()["id_token"].(string)
		a := p.logout("id_token_hint", hint[:len(hint)-8]+"AAAAAAAA", "post_logout_redirect_uri", testRedirect)
		require.Equal(t, 400, a.status)
	}},
	{"oidcc-rp-initiated-logout-bad-id-token-hint", "OpenID Connect RP-Initiated Logout 1.0 §4", func(t *testing.T, p *rp) {
		require.Equal(t, 400, p.logout("id_token_hint", "no-token", "post_logout_redirect_uri", testRedirect).status)
	}},
	{"oidcc-rp-initiated-logout-discovery", "OpenID Connect RP-Initiated Logout 1.0 §2.1", func(t *testing.T, p *rp) {
		require.NotEmpty(t, p.endpoint("end_session_endpoint"))
	}},
	{"oidcc-rp-initiated-logout-no-id-token-hint", "OpenID Connect RP-Initiated Logout 1.0 §3", func(t *testing.T, p *rp) {
		require.Equal(t, 400, p.logout("post_logout_redirect_uri", testRedirect).status)
	}},
}

func TestConformance(t *testing.T) {
	t.Parallel()
	for _, profile := range []string{"okta", "strict"} {
		for _, m := range conformance {
			t.Run(profile+"/"+m.module, func(t *testing.T) {
				t.Parallel()
				p := startRP(t, Config{Profile: profile, Users: []User{Person{Login: "bob"}}, Clients: []Client{
					{ID: "oidcflow"}, {ID: "web", Secret: "s3cret"},
					{ID: "exact", RedirectURIs: []string{testRedirect}, PostLogoutRedirectURIs: []string{testRedirect}},
					{ID: "query", RedirectURIs: []string{testRedirect + "?foo=bar"}},
				}})
				p.s.Clock().Freeze()
				m.run(t, p)
			})
		}
	}
}

// form signs bob in by the pages.
func (p *rp) form(change ...string) string {
	p.t.Helper()
	return p.callback(p.signIn(p.authorize(change...), "bob")).Get("code")
}

// flow is a whole flow by the pages.
func (p *rp) flow(change ...string) map[string]any {
	p.t.Helper()
	a := p.exchange(p.form(change...))
	require.Equal(p.t, 200, a.status, a.body)
	return a.json(p.t)
}

func (p *rp) push() string {
	p.t.Helper()
	a := p.request("POST", p.endpoint("pushed_authorization_request_endpoint"), p.params())
	return a.json(p.t)["request_uri"].(string)
}

func (p *rp) pushed(client, uri string) answer {
	v := url.Values{"client_id": {client}, "request_uri": {uri}}
	return p.request("GET", p.endpoint("authorization_endpoint")+"?"+v.Encode(), nil)
}

func (p *rp) logout(change ...string) answer {
	return p.request("GET", p.endpoint("end_session_endpoint")+"?"+changed(url.Values{}, change).Encode(), nil)
}

// refused wants an error at the redirect URI.
func refused(code string, change ...string) func(*testing.T, *rp) {
	return func(t *testing.T, p *rp) {
		v := p.callback(p.authorize(change...))
		require.Equal(t, code, v.Get("error"))
		require.Equal(t, "state-1", v.Get("state"))
	}
}

// notRedirected wants a page.
func notRedirected(change ...string) func(*testing.T, *rp) {
	return func(t *testing.T, p *rp) {
		a := p.authorize(change...)
		require.Equal(t, 400, a.status)
		require.Empty(t, a.header.Get("Location"))
	}
}

// accepted wants a flow to end well in spite of a parameter.
func accepted(change ...string) func(*testing.T, *rp) {
	return func(t *testing.T, p *rp) { require.NotEmpty(t, p.flow(change...)["id_token"]) }
}

// silently wants the second request to be answered without a page, for the same sign-in.
func silently(t *testing.T, p *rp, change ...string) {
	t.Helper()
	first := p.claims(p.flow()["id_token"])
	p.s.Clock().Advance(time.Minute)
	a := p.exchange(p.callback(p.authorize(change...)).Get("code"))
	second := p.claims(a.json(t)["id_token"])
	require.Equal(t, first["sub"], second["sub"])
	require.Equal(t, first["auth_time"], second["auth_time"])
}

func userinfoBy(method, where string) func(*testing.T, *rp) {
	return func(t *testing.T, p *rp) {
		got := p.flow()
		access := got["access_token"].(string)
		a := answer{}
		if where == "body" {
			a = p.request(method, p.endpoint("userinfo_endpoint"), url.Values{"access_token": {access}})
		} else {
			a = p.request(method, p.endpoint("userinfo_endpoint"), nil, "Authorization", "Bearer "+access)
		}
		require.Equal(t, 200, a.status)
		require.Equal(t, p.claims(got["id_token"])["sub"], a.json(t)["sub"])
	}
}

// scopeClaims wants the claims of a scope in userinfo, and those of no other.
func scopeClaims(scope string, names ...string) func(*testing.T, *rp) {
	return func(t *testing.T, p *rp) {
		info := p.userinfo(p.flow("scope", "openid "+scope)["access_token"]).json(t)
		for _, name := range names {
			require.Contains(t, info, name)
		}
		for other, name := range map[string]string{"profile": "name", "email": "email", "address": "address", "phone": "phone_number"} {
			if !strings.Contains(scope, other) {
				require.NotContains(t, info, name)
			}
		}
	}
}

func codeReuse(after time.Duration) func(*testing.T, *rp) {
	return func(t *testing.T, p *rp) {
		code := p.form()
		got := p.exchange(code).json(t)
		p.s.Clock().Advance(after)
		requireError(t, p.exchange(code), 400, "invalid_grant")
		require.Equal(t, 401, p.userinfo(got["access_token"]).status)
	}
}
