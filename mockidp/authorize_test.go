package mockidp

import (
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// What is wrong with the request, and how the redirect URI is told.
func TestAuthorizeRefusals(t *testing.T) {
	t.Parallel()
	p := startRP(t, Config{Login: "auto"})
	for _, tt := range []struct {
		name   string
		change []string
		want   string
		reason string
	}{
		{"response_type is missing: RFC 6749 §3.1.1", []string{"response_type", "-"}, "invalid_request", "missing_response_type"},
		{"response_type token is not configured", []string{"response_type", "token"}, "unsupported_response_type", "unsupported_response_type"},
		{"response_mode is unknown", []string{"response_mode", "smoke"}, "unsupported_response_mode", "unsupported_response_mode"},
		{"no scope", []string{"scope", " "}, "invalid_scope", "missing_scopes"},
		{"a scope that the server does not have", []string{"scope", "openid pizza"}, "invalid_scope", "no_matching_scope"},
		{"claims of a scope without openid", []string{"scope", "profile"}, "access_denied", "openid_scope_required_access_token"},
		{"state is Okta's demand", []string{"state", "-"}, "invalid_request", "invalid_state"},
		{"a public client without a challenge", []string{"code_challenge", "-", "code_challenge_method", "-"}, "invalid_request", "pkce_missing_challenge"},
		{"a method without a challenge", []string{"code_challenge", "-"}, "invalid_request", "pkce_missing_challenge"},
		{"no method means plain: RFC 7636 §4.3", []string{"code_challenge_method", "-"}, "invalid_request", "pkce_unsupported_code_challenge_method"},
		{"plain is not supported", []string{"code_challenge_method", "plain"}, "invalid_request", "pkce_unsupported_code_challenge_method"},
		{"a challenge that is no SHA-256", []string{"code_challenge", "short"}, "invalid_request", "pkce_invalid_challenge"},
		{"an unknown prompt", []string{"prompt", "maybe"}, "invalid_request", "invalid_prompt"},
		{"prompt none with another: OpenID Connect Core 1.0 §3.1.2.1", []string{"prompt", "none login"}, "invalid_request", "invalid_prompt"},
		{"max_age is no number", []string{"max_age", "old"}, "invalid_request", "invalid_max_age"},
		{"max_age is negative", []string{"max_age", "-1"}, "invalid_request", "invalid_max_age"},
		{"max_age beyond 2^31-1", []string{"max_age", "2147483648"}, "invalid_request", "invalid_max_age"},
		{"max_age zero without a prompt", []string{"max_age", "0", "prompt", "none"}, "invalid_request", "invalid_prompt_for_zero_max_age"},
		{"acr_values that nobody knows", []string{"acr_values", "gold"}, "unmet_authentication_requirements", "unmet_authentication_requirements"},
		{"two factors of a user with one", []string{"acr_values", "urn:okta:loa:2fa:any", "login_hint", "bob"}, "unmet_authentication_requirements", "unmet_authentication_requirements"},
		{"claims is no JSON", []string{"claims", "{"}, "invalid_request", "invalid_claims"},
		{"id_token_hint is no ID token", []string{"id_token_hint", "a.b.c"}, "invalid_request", "invalid_id_token_hint"},
		{"request objects are not supported: OpenID Connect Core 1.0 §6.1", []string{"request", "a.b."}, "request_not_supported", "request_not_supported"},
		{"request_uri elsewhere", []string{"request_uri", "https://rp.example/r"}, "request_uri_not_supported", "request_uri_not_supported"},
		{"request_uri that was not pushed", []string{"request_uri", "urn:okta:none"}, "invalid_request_uri", "invalid_request_uri"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p := *p
			p.t = t
			v := p.callback(p.authorize(tt.change...))
			require.Equal(t, tt.want, v.Get("error"), "%v", v)
			require.NotEmpty(t, v.Get("error_description"))
			require.Empty(t, v.Get("code"))
			if !strings.HasPrefix(tt.name, "state") {
				require.Equal(t, "state-1", v.Get("state"))
			}
			log := p.s.Requests()
			require.Equal(t, tt.reason, log[len(log)-1].Reason)
		})
	}
}

// OpenID Connect Core 1.0 §3.1.2.6: nothing is sent to a redirect URI that is not the client's.
func TestAuthorizeNeverRedirectsElsewhere(t *testing.T) {
	t.Parallel()
	exact := Client{ID: "exact", RedirectURIs: []string{"https://rp.example/cb", "com.example.app:/cb", "https://rp.example/q?a=1"}}
	p := startRP(t, Config{Login: "auto", Clients: []Client{{ID: "oidcflow"}, exact, {ID: "machine", Secret: "s", GrantTypes: []string{"client_credentials"}}}})
	for _, tt := range []struct{ name, client, uri string }{
		{"unknown client", "nobody", testRedirect},
		{"no client", "-", testRedirect},
		{"a client without the grant", "machine", testRedirect},
		{"no redirect URI", "exact", "-"},
		{"another path", "exact", "https://rp.example/cb2"},
		{"a slash more", "exact", "https://rp.example/cb/"},
		{"another case", "exact", "https://RP.example/cb"},
		{"a query more", "exact", "https://rp.example/cb?x=1"},
		{"a fragment more", "exact", "https://rp.example/cb#x"},
		{"loopback, which this client has not registered", "exact", testRedirect},
		{"a script", "oidcflow", "javascript:alert(1)"},
		{"a relative URI", "oidcflow", "/callback"},
		{"another host", "oidcflow", "https://evil.example/callback"},
		{"loopback as the user part", "oidcflow", "http://localhost@evil.example/"},
		{"loopback as the beginning of a name", "oidcflow", "http://localhost.evil.example/"},
		{"a backslash", "oidcflow", `http://localhost\@evil.example/`},
		{"a fragment", "oidcflow", "http://localhost/#x"},
		{"app.example.com with another path", "oidcflow", "https://app.example.com/elsewhere"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p := *p
			p.t = t
			a := p.authorize("client_id", tt.client, "redirect_uri", tt.uri)
			require.Equal(t, 400, a.status)
			require.Empty(t, a.header.Get("Location"))
			require.Contains(t, a.header.Get("Content-Type"), "text/html")
			require.Contains(t, a.body, `role="alert"`)
		})
	}
	for _, uri := range exact.RedirectURIs {
		a := p.authorize("client_id", "exact", "redirect_uri", uri)
		require.True(t, strings.HasPrefix(a.header.Get("Location"), uri), a.header.Get("Location"))
	}
	// RFC 6749 §3.1.2: the query of the redirect URI stays
	a := p.authorize("client_id", "exact", "redirect_uri", "https://rp.example/q?a=1")
	require.Contains(t, a.header.Get("Location"), "https://rp.example/q?a=1&code=")
}

func TestAuthorizeRefusesWhatIsSentTwice(t *testing.T) {
	t.Parallel()
	p := startRP(t, Config{Login: "auto"})
	for _, name := range []string{"scope", "state", "nonce", "code_challenge", "response_type", "x_unknown"} {
		v := p.params()
		v[name] = []string{"a", "b"}
		u := p.endpoint("authorization_endpoint") + "?" + v.Encode()
		require.Equal(t, "invalid_request", p.callback(p.request("GET", u, nil)).Get("error"), name)
	}
	for _, name := range []string{"client_id", "redirect_uri"} {
		v := p.params()
		v[name] = []string{v.Get(name), v.Get(name)}
		a := p.request("GET", p.endpoint("authorization_endpoint")+"?"+v.Encode(), nil)
		require.Equal(t, 400, a.status, name)
		require.Empty(t, a.header.Get("Location"))
	}
}

func TestResponseModes(t *testing.T) {
	t.Parallel()
	p := startRP(t, Config{Login: "auto"})
	t.Run("fragment", func(t *testing.T) {
		a := p.authorize("response_mode", "fragment")
		_, fragment, ok := strings.Cut(a.header.Get("Location"), "#")
		require.True(t, ok)
		v, err := url.ParseQuery(fragment)
		require.NoError(t, err)
		require.NotEmpty(t, v.Get("code"))
		require.Equal(t, "no-referrer", a.header.Get("Referrer-Policy"))
	})
	t.Run("form_post", func(t *testing.T) {
		a := p.authorize("response_mode", "form_post", "state", `"><script>alert(1)</script>`)
		require.Equal(t, 200, a.status)
		f := parseForm(t, a.body)
		require.Equal(t, testRedirect, f.action)
		require.NotEmpty(t, f.values.Get("code"))
		require.Equal(t, `"><script>alert(1)</script>`, f.values.Get("state"))
		// the page's script is the one that its policy allows
		require.Contains(t, a.body, "<script>"+submitScript+"</script>")
		require.Contains(t, a.header.Get("Content-Security-Policy"), "script-src '"+cspHash(submitScript)+"'")
	})
	t.Run("form_post to an app", func(t *testing.T) {
		require.NoError(t, p.s.AddClient(Client{ID: "app", RedirectURIs: []string{"com.example.app:/cb"}}))
		f := parseForm(t, p.authorize("client_id", "app", "redirect_uri", "com.example.app:/cb", "response_mode", "form_post").body)
		require.Equal(t, "com.example.app:/cb", f.action)
	})
	t.Run("an error by form_post", func(t *testing.T) {
		f := parseForm(t, p.authorize("response_mode", "form_post", "scope", "openid pizza").body)
		require.Equal(t, "invalid_scope", f.values.Get("error"))
	})
	t.Run("the request by POST", func(t *testing.T) {
		a := p.request("POST", p.endpoint("authorization_endpoint"), p.params())
		require.Equal(t, 303, a.status) // a 302 might be followed by POST
		require.NotEmpty(t, p.callback(a).Get("code"))
	})
	t.Run("iss is profile strict's: RFC 9207", func(t *testing.T) {
		require.Empty(t, p.callback(p.authorize()).Get("iss"))
		q := startRP(t, Config{Login: "auto", Profile: "strict"})
		require.Equal(t, q.issuer, q.callback(q.authorize()).Get("iss"))
		require.Equal(t, q.issuer, q.callback(q.authorize("prompt", "maybe")).Get("iss"))
	})
}

// Who signs in with login auto: the hint's user, else the queue's, else the first.
func TestAutoChoosesTheUser(t *testing.T) {
	t.Parallel()
	p := startRP(t, Config{Login: "auto", Users: []User{Person{Login: "first"}, Person{Login: "second"}, Person{Login: "out", Locked: true}}})
	who := func(change ...string) any {
		got := p.tokens(append([]string{"scope", "openid profile"}, change...)...)
		return p.claims(got["id_token"])["preferred_username"]
	}
	require.Equal(t, "first", who())
	require.Equal(t, "second", who("login_hint", "second"))
	require.Equal(t, "second", who("login_hint", "second@example.com"))
	require.Equal(t, "first", who("login_hint", "nobody")) // it is only a hint
	p.s.QueueUser(Person{Login: "queued"}, Person{Login: "later"})
	require.Equal(t, "queued", who())
	require.Equal(t, "second", who("login_hint", "second"))
	require.Equal(t, "later", who())
	require.Equal(t, "first", who())
	require.Equal(t, "access_denied", p.callback(p.authorize("login_hint", "out")).Get("error"))
}

func TestQueues(t *testing.T) {
	t.Parallel()
	p := startRP(t, Config{Login: "auto"})
	p.s.QueueCode("the-code")
	require.Equal(t, "the-code", p.code())
	require.Len(t, p.code(), 43)

	// Only the endpoint that is named takes the error.
	require.NoError(t, p.s.QueueError("token", ServerError{Code: 418, Error: "teapot", Description: "short and stout"}))
	require.NoError(t, p.s.QueueError("authorize", ServerError{Error: "temporarily_unavailable"}))
	p.getJSON(p.issuer + "/.well-known/openid-configuration")
	require.Equal(t, "temporarily_unavailable", p.callback(p.authorize()).Get("error"))
	code := p.code()
	requireError(t, p.exchange(code), 418, "teapot")
	require.Equal(t, 200, p.exchange(code).status)
	require.ErrorContains(t, p.s.QueueError("kitchen", ServerError{}), `"kitchen"`)
}

// OpenID Connect Core 1.0 §5.5
func TestClaimsParameter(t *testing.T) {
	t.Parallel()
	p := startRP(t, Config{Login: "auto", Profile: "strict"})
	got := p.tokens("claims", `{"id_token":{"email":{"essential":true}},"userinfo":{"phone_number":null}}`)
	require.Equal(t, "alice@example.com", p.claims(got["id_token"])["email"])
	info := p.userinfo(got["access_token"]).json(t)
	require.Equal(t, "+1 (425) 555-1212", info["phone_number"])
	require.NotContains(t, info, "email")
}
