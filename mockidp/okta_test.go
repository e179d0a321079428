package mockidp

import (
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestOktaPage reads the state token off each style of the page, in which no character of it stands as it is if it is
// neither letter, digit, comma, dot nor underscore.
func TestOktaPage(t *testing.T) {
	t.Parallel()
	for _, style := range []string{"default", "custom", "databag"} {
		t.Run(style, func(t *testing.T) {
			t.Parallel()
			p := startOkta(t, Config{Org: OktaOrg{Page: style}}, "password")
			a := p.authorize()
			require.Equal(t, 200, a.status)
			require.NotContains(t, a.body, "OktaSignIn(", "no widget was given")
			require.Contains(t, a.header.Get("Content-Security-Policy"), "frame-ancestors 'self'")
			token := stateToken(t, a.body)
			require.True(t, strings.HasPrefix(token, "eyJ"), token)
			require.Greater(t, len(token), 900)
			require.NotContains(t, a.body, token, "the token has dashes, which are escaped")
			var names []string
			for _, k := range (&http.Response{Header: a.header}).Cookies() {
				names = append(names, k.Name)
			}
			require.ElementsMatch(t, []string{"DT", "JSESSIONID"}, names)
			require.NotContains(t, p.authorize().header.Values("Set-Cookie"), "DT", "the browser has its device token already")
			require.Equal(t, []any{"pwd"}, walk(t, p).identify().password().amr())
		})
	}
}

// TestOktaWidgetFiles serves what is in the widget's folder, and nothing beside it.
func TestOktaWidgetFiles(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write := func(name, content string) {
		path := filepath.Join(dir, name)
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
		require.NoError(t, os.WriteFile(path, []byte(content), 0o644))
	}
	write("package.json", `{"version": "7.0.0-test"}`)
	write("secret.txt", "secret")
	write("dist/js/okta-sign-in.next.js", "script")
	write("dist/css/okta-sign-in.next.css", "style")
	p := startOkta(t, Config{Widget: filepath.Join(dir, "dist"), Org: OktaOrg{Generation: 3}}, "password")
	require.Contains(t, p.authorize().body, `src="/assets/js/sdk/okta-signin-widget/7.0.0-test/js/okta-sign-in.next.js"`)
	at := p.s.URL + "/assets/js/sdk/okta-signin-widget/7.0.0-test/"
	a := p.request("GET", at+"js/okta-sign-in.next.js", nil)
	require.Equal(t, "script", a.body)
	require.Contains(t, a.header.Get("Cache-Control"), "max-age")
	for _, path := range []string{"js", "", "js/other.js", "../secret.txt", "%2e%2e/secret.txt", "..%2fsecret.txt"} {
		require.Equal(t, 404, p.request("GET", at+path, nil).status, path)
	}
	require.Contains(t, p.request("GET", p.s.URL+"/assets/js/mvc/loginpage/initLoginPage.pack.js", nil).body, "OktaSignIn")
	require.Contains(t, p.request("GET", p.s.URL+"/auth/services/devicefingerprint", nil).body, "FingerprintAvailable")
}

// TestOktaHandles renews the handle with each screen, and takes the newest alone.
func TestOktaHandles(t *testing.T) {
	t.Parallel()
	p := startOkta(t, Config{}, "magic_link")
	page := stateToken(t, p.authorize().body)
	w := &walker{rp: p}
	introspect, answer, poll := p.s.URL+"/idp/idx/introspect", p.s.URL+"/idp/idx/challenge/answer", p.s.URL+"/idp/idx/challenge/poll"
	w.post(introspect, object{"stateToken": page})
	require.Equal(t, page, w.state["stateHandle"])
	first := w.identify().state["stateHandle"]
	require.Contains(t, first, "02.id.")
	second := w.send("authenticator-verification-data", choose("okta_email", "email")(w)).state["stateHandle"]
	require.NotEqual(t, first, second)

	w.post(poll, object{"stateHandle": first})
	require.Equal(t, 200, w.status, "a poll that was under way")
	require.Equal(t, second, w.state["stateHandle"])
	for name, body := range map[string]object{
		"the one before": {"stateHandle": first, "credentials": object{"passcode": p.s.Messages()[0].Code}},
		"the page's":     {"stateHandle": page}, "none": {}, "anything": {"stateHandle": "02.id.x"},
	} {
		w.post(answer, body)
		require.Equal(t, 401, w.status, name)
		require.Equal(t, []string{"idx.session.expired"}, w.keys(), name)
		require.NotContains(t, w.state, "remediation", name)
		require.NotContains(t, w.state, "stateHandle", name)
	}
	for _, token := range []any{page, second} { // a page that is loaded again
		w.post(introspect, object{"stateToken": token})
		require.Equal(t, second, w.state["stateHandle"])
		require.Equal(t, "challenge-authenticator", w.screen())
	}
	stranger := newRP(t, p.s, "")
	require.Equal(t, 200, stranger.authorize().status)
	other := &walker{rp: stranger}
	other.post(answer, object{"stateHandle": second, "credentials": object{"passcode": p.s.Messages()[0].Code}})
	require.Equal(t, []string{"idx.session.expired"}, other.keys(), "another browser's")

	w.post(introspect, object{"stateToken": page})
	w.send("challenge-authenticator", sent(w))
	w.post(poll, object{"stateHandle": second})
	require.NotEmpty(t, w.finish().Get("code"), "a poll that was under way when the sign-in ended")

	page = stateToken(t, p.authorize("prompt", "login").body)
	p.s.Clock().Advance(transactionTTL)
	w.post(introspect, object{"stateToken": page})
	require.Equal(t, []string{"idx.session.expired"}, w.keys())
}

func TestOktaMalformed(t *testing.T) {
	t.Parallel()
	p := startOkta(t, Config{}, "password")
	for _, c := range []struct{ kind, body string }{
		{"application/json", ""}, {"application/json", "{"}, {"application/json", "[]"}, {"application/json", `"x"`},
		{"application/json", `{"stateHandle": 1}`}, {"application/json", `{"credentials": "x"}`}, {"text/plain", "{}"}, {"", "{}"},
		{"application/json", `{"a":"` + strings.Repeat("x", maxBody) + `"}`},
	} {
		r, err := http.NewRequestWithContext(t.Context(), "POST", p.s.URL+"/idp/idx/identify", strings.NewReader(c.body))
		require.NoError(t, err)
		r.Header.Set("Content-Type", c.kind)
		a := p.do(r)
		require.Equal(t, 400, a.status, c.body[:min(40, len(c.body))])
		require.Equal(t, "E0000003", a.json(t)["errorCode"])
	}
	w := walk(t, p).identify()
	w.post(p.s.URL+"/idp/idx/skip", object{"stateHandle": w.state["stateHandle"]})
	require.Equal(t, []string{"E0000020"}, w.keys(), "the screen does not offer it")
}

// TestOktaRateLimits counts ten requests in five seconds per state token, and twenty per user.
func TestOktaRateLimits(t *testing.T) {
	t.Parallel()
	p := startOkta(t, Config{Org: OktaOrg{RateLimits: true}}, "email")
	p.s.Clock().Freeze()
	requireLimited := func(w *walker, limit string) {
		t.Helper()
		require.Equal(t, 429, w.status, w.state)
		require.Equal(t, "E0000047", w.state["errorCode"])
		require.Equal(t, limit, w.header.Get("X-Rate-Limit-Limit"))
		require.Equal(t, "0", w.header.Get("X-Rate-Limit-Remaining"))
		require.NotEmpty(t, w.header.Get("X-Rate-Limit-Reset"))
	}
	introspect := func(w *walker) {
		t.Helper()
		w.post(p.s.URL+"/idp/idx/introspect", object{"stateToken": w.state["stateHandle"]})
	}
	w := walk(t, p).identify()
	handle := w.state["stateHandle"]
	for range limitPerToken - 2 {
		introspect(w)
		require.Equal(t, 200, w.status)
	}
	introspect(w)
	requireLimited(w, "10")
	p.s.Clock().Advance(limitSpan)
	w.post(p.s.URL+"/idp/idx/introspect", object{"stateToken": handle})
	require.Equal(t, 200, w.status, "after five seconds")

	p.s.Clock().Advance(limitSpan)
	for range limitPerUser / 5 { // the requests up to the user's name count for the token alone
		w = walk(t, p).identify()
		for range 5 {
			introspect(w)
			require.Equal(t, 200, w.status)
		}
	}
	introspect(w)
	requireLimited(w, "20")
	p.s.Clock().Advance(limitSpan)
	w = walk(t, p).identify().send("authenticator-verification-data", choose("okta_email", "email")(w)).send("resend", nil)
	require.Equal(t, 429, w.status)
	require.Equal(t, []string{"tooManyRequests"}, w.keys(), "a code was sent just now")
	require.Equal(t, "challenge-authenticator", w.screen())
}

// TestOktaRedirect ends a sign-in: once, in the browser that began it.
func TestOktaRedirect(t *testing.T) {
	t.Parallel()
	p := startOkta(t, Config{}, "password")
	w := walk(t, p).identify().password()
	href := w.state["success"].(map[string]any)["href"].(string)
	stranger := newRP(t, p.s, "")
	require.Equal(t, 403, stranger.request("GET", href, nil).status, "without the cookie DT")
	require.Equal(t, 200, stranger.authorize().status)
	require.Equal(t, 403, stranger.request("GET", href, nil).status, "with another's")
	require.NotEmpty(t, w.finish().Get("code"))
	require.Equal(t, 400, p.request("GET", href, nil).status, "a second time")
	w.post(p.s.URL+"/idp/idx/identify", object{"stateHandle": w.state["stateHandle"], "identifier": "alice"})
	require.Equal(t, []string{"idx.session.expired"}, w.keys(), "what is over")

	require.NotEmpty(t, p.callback(p.authorize("prompt", "none")).Get("code"), "single sign-on")
	require.Equal(t, 200, p.authorize("prompt", "login").status)
	u, err := url.Parse(p.s.URL)
	require.NoError(t, err)
	names := map[string]bool{}
	for _, k := range p.http.Jar.(*cookiejar.Jar).Cookies(u) {
		names[strings.Split(k.Name, "_")[0]] = true
	}
	require.Equal(t, map[string]bool{"DT": true, "JSESSIONID": true, "idx": true}, names)
	require.Equal(t, "login_required", stranger.callback(stranger.authorize("prompt", "none")).Get("error"))
	require.Equal(t, 400, p.authorize("redirect_uri", "https://evil.example.com/").status)
}

func TestOktaFormPost(t *testing.T) {
	t.Parallel()
	w := walk(t, startOkta(t, Config{}, "password"), "response_mode", "form_post").identify().password()
	a := w.request("GET", w.state["success"].(map[string]any)["href"].(string), nil)
	require.Equal(t, 200, a.status)
	require.Contains(t, a.body, `<form id="appForm" method="post"`)
	require.NotEmpty(t, parseForm(t, a.body).values.Get("code"))
}

func TestOktaConsent(t *testing.T) {
	t.Parallel()
	p := startOkta(t, Config{Org: OktaOrg{GranularConsent: true}, Clients: []Client{{ID: "oidcflow", RequireConsent: true}}}, "password")
	scope := []string{"scope", "openid email profile"}
	w := walk(t, p, scope...).identify().password()
	require.Equal(t, "granular-consent", w.screen())
	w.send("granular-consent", object{"consent": false})
	require.Equal(t, "access_denied", w.finish().Get("error"))

	w = walk(t, p, append(scope, "prompt", "login")...).identify().password()
	w.send("granular-consent", object{"consent": true, "optedScopes.email": true, "optedScopes.profile": false})
	a := w.exchange(w.finish().Get("code"))
	require.Equal(t, "email openid", a.json(t)["scope"])

	require.NotEmpty(t, p.callback(p.authorize("scope", "openid email", "prompt", "none")).Get("code"), "what was allowed")
	require.Equal(t, "consent_required", p.callback(p.authorize("scope", "openid profile", "prompt", "none")).Get("error"))
	w = walk(t, p, "scope", "openid profile")
	require.Equal(t, "granular-consent", w.screen(), "nobody has to sign in again")
	w.send("granular-consent", object{"consent": true, "optedScopes.profile": true})
	require.NotEmpty(t, w.finish().Get("code"))
}

func TestOktaNewPassword(t *testing.T) {
	t.Parallel()
	p := startOkta(t, Config{}, "password", "password-expired")
	w := walk(t, p).identify().password().send("reenroll-authenticator", object{"credentials.passcode": "another one"})
	require.NotEmpty(t, w.finish().Get("code"))
	w = walk(t, p, "prompt", "login").identify().send("challenge-authenticator", object{"credentials.passcode": "another one"})
	require.NotEmpty(t, w.finish().Get("code"), "it is not asked for twice")
}

// TestOktaControl reads a code and answers a push as a tester does, over HTTP; and lets a request fail.
func TestOktaControl(t *testing.T) {
	t.Parallel()
	p := startOkta(t, Config{}, "sms", "push")
	control := func(method, path, body string) answer {
		r, err := http.NewRequestWithContext(t.Context(), method, p.s.URL+"/_mock/"+path, strings.NewReader(body))
		require.NoError(t, err)
		r.Header.Set("Authorization", "Bearer "+p.s.AdminToken())
		return p.do(r)
	}
	w := walk(t, p).identify().send("authenticator-verification-data", choose("phone_number", "sms")(nil))
	require.Contains(t, control("GET", "messages", "").body, `"channel":"sms","to":"+15551234567","code":"`+w.lastCode()+`"`)
	w.send("challenge-authenticator", sent(w)).send("authenticator-verification-data", choose("okta_verify", "push")(w))
	number := w.state["currentAuthenticator"].(map[string]any)["value"].(map[string]any)["contextualData"].(map[string]any)["correctAnswer"].(string)
	require.JSONEq(t, `[{"user":"alice","number":"`+number+`"}]`, control("GET", "pushes", "").body)
	require.Equal(t, 400, control("POST", "pushes", `{"user":"nobody"}`).status)
	require.Equal(t, 200, control("POST", "pushes", `{"user":"alice","number":"`+number+`"}`).status)
	require.Equal(t, 400, control("POST", "pushes", `{"user":"alice"}`).status, "nothing waits any more")
	require.Equal(t, []any{"mfa", "sms", "swk"}, w.send("challenge-poll", nil).amr())

	require.NoError(t, p.s.QueueError("idx/identify", ServerError{Code: 500, Error: "E0000009", Description: "Internal Server Error"}))
	w = walk(t, p, "prompt", "login").identify()
	require.Equal(t, 500, w.status)
	require.Equal(t, "E0000009", w.state["errorCode"])
	require.Equal(t, "authenticator-verification-data", walk(t, p, "prompt", "login").identify().screen(), "once")
}

// TestOktaKeepsSession stays signed in for as long as keep-me-signed-in says.
func TestOktaKeepsSession(t *testing.T) {
	t.Parallel()
	for _, keep := range []bool{false, true} {
		p := startOkta(t, Config{}, "password", "keep-me-signed-in")
		require.NotEmpty(t, walk(t, p).identify().password().send("keep-me-signed-in", object{"keepMeSignedIn": keep}).finish().Get("code"))
		p.s.Clock().Advance(24 * time.Hour)
		require.Equal(t, keep, p.callback(p.authorize("prompt", "none")).Get("code") != "")
	}
}
