package flow

import (
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/oauth2"
)

func TestAuthorizationRequest(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	age := 90 * time.Second
	a, err := f.client(func(c *Config) {
		c.RedirectURI, c.Scopes, c.ResponseMode = "https://app.example.com/cb?x=1", []string{"openid", "email"}, "form_post"
		c.Prompt, c.MaxAge, c.ACRValues = "login consent", &age, []string{"phr", "phrh"}
		c.LoginHint, c.IDTokenHint = "alice@example.com", "h.i.nt"
		c.Params = url.Values{"idp": {"0oa1"}, "resource": {"https://a", "https://b"}}
	}).Authorize(t.Context())
	require.NoError(t, err)
	require.Equal(t, url.Values{
		"response_type": {"code"}, "client_id": {"tool"}, "redirect_uri": {"https://app.example.com/cb?x=1"},
		"scope": {"openid email"}, "response_mode": {"form_post"}, "prompt": {"login consent"}, "max_age": {"90"},
		"acr_values": {"phr phrh"}, "login_hint": {"alice@example.com"}, "id_token_hint": {"h.i.nt"},
		"idp": {"0oa1"}, "resource": {"https://a", "https://b"}, "state": {a.State}, "nonce": {a.Nonce},
		"code_challenge": {oauth2.S256ChallengeFromVerifier(a.Verifier)}, "code_challenge_method": {"S256"},
	}, a.URL.Query())
	require.Equal(t, f.URL+"/authorize", withoutQuery(a.URL.String()))
}

func TestAuthorizationRequestOfTheLeast(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	f.metadata = func(m map[string]any) { m["authorization_endpoint"] = f.URL + "/authorize?tenant=7" }
	a, err := f.client(nil).Authorize(t.Context())
	require.NoError(t, err)
	require.Equal(t, url.Values{
		"tenant": {"7"}, "response_type": {"code"}, "client_id": {"tool"}, "scope": {"openid"},
		"redirect_uri": {"http://localhost:8080/callback"}, "state": {a.State}, "nonce": {a.Nonce},
		"code_challenge": {oauth2.S256ChallengeFromVerifier(a.Verifier)}, "code_challenge_method": {"S256"},
	}, a.URL.Query())
}

func TestEachRequestHasItsOwnSecrets(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	c := f.client(nil)
	seen := map[string]bool{}
	for range 20 {
		a, err := c.Authorize(t.Context())
		require.NoError(t, err)
		for _, s := range []string{a.State, a.Nonce, a.Verifier} {
			require.Len(t, s, 43) // 256 bits
			require.False(t, seen[s])
			seen[s] = true
		}
	}
}

func TestPushedRequest(t *testing.T) {
	t.Parallel()
	pushed := func(status int) http.HandlerFunc {
		return answerWith(status, "application/json", `{"request_uri":"urn:okta:abc","expires_in":3600}`)
	}
	for name, c := range map[string]struct {
		handler  http.HandlerFunc
		required bool
		code     string
	}{
		"201 as RFC 9126 §2.2 says":  {handler: pushed(201)},
		"200 as Okta answers":        {handler: pushed(200)},
		"the provider requires it":   {handler: pushed(201), required: true},
		"202":                        {handler: pushed(202), code: "authorize.malformed"},
		"no request_uri":             {handler: answerWith(201, "application/json", `{"expires_in":1}`), code: "authorize.malformed"},
		"a request_uri as a number":  {handler: answerWith(201, "application/json", `{"request_uri":1}`), code: "authorize.malformed"},
		"an error":                   {handler: answerWith(400, "application/json", `{"error":"invalid_scope"}`), code: "authorize.invalid_scope"},
		"HTML":                       {handler: answerWith(200, "text/html", `<p>`), code: "authorize.not_json"},
		"a redirect":                 {handler: answerWith(307, "", "", "Location", "/authorize"), code: "authorize.redirect"},
		"unavailable, and not again": {handler: answerWith(503, "", "", "Retry-After", "1"), code: "authorize.server_error"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFake(t)
			f.handlers["/par"] = c.handler
			f.metadata = set(map[string]any{"pushed_authorization_request_endpoint": f.URL + "/par", "require_pushed_authorization_requests": c.required})
			a, err := f.client(func(cfg *Config) { cfg.PAR = !c.required }).Authorize(t.Context())
			require.Equal(t, 1, f.count("/par"))
			if c.code != "" {
				requireCode(t, err, c.code)
				return
			}
			require.NoError(t, err)
			require.Equal(t, url.Values{"client_id": {"tool"}, "request_uri": {"urn:okta:abc"}}, a.URL.Query())
			form, _ := f.form("/par")
			require.Equal(t, a.State, form.Get("state"))
			require.Equal(t, "S256", form.Get("code_challenge_method"))
			require.False(t, form.Has("code_verifier"))
		})
	}
}

func TestPARThatTheProviderDoesNotHave(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	_, err := f.client(func(c *Config) { c.PAR = true }).Authorize(t.Context())
	requireCode(t, err, "authorize.unsupported")
}
