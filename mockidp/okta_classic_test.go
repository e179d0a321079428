package mockidp

import (
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestClassicPage reads each style of the page, which has no state token before anybody is known.
func TestClassicPage(t *testing.T) {
	t.Parallel()
	for _, style := range []string{"default", "custom", "databag"} {
		t.Run(style, func(t *testing.T) {
			t.Parallel()
			p := startClassic(t, Config{Org: OktaOrg{Page: style}}, "password", "consent")
			a := p.authorize()
			require.Empty(t, stateToken(t, a.body))
			w := onClassicPage(t, p, a).signIn("alice", oktaPassword)
			consent := w.end()
			require.Regexp(t, `^00.{40}$`, stateToken(t, consent.body), "the page that asks for consent")
			require.Contains(t, pageNext(t, consent.body), stepUpPath)
			require.Contains(t, a.header.Get("Content-Security-Policy"), "default-src 'self'")
		})
	}
}

// TestClassicSession makes a session of a session token: once, for this server's own pages, and for the browser that has
// the cookie sid.
func TestClassicSession(t *testing.T) {
	t.Parallel()
	p := startClassic(t, Config{}, "password")
	w := walkClassic(t, p).signIn("alice", oktaPassword)
	token := w.state["sessionToken"].(string)
	require.Regexp(t, `^20111.{37}$`, token)
	redirect := func(p *rp, token, to string) answer {
		return p.request("GET", p.s.URL+sessionPath+"?"+url.Values{"token": {token}, "redirectUrl": {to}}.Encode(), nil)
	}
	for _, to := range []string{"https://evil.example.com/", "//evil.example.com/", "javascript:alert(1)", "", "%"} {
		require.Equal(t, 400, redirect(p, token, to).status, to)
	}
	stranger := newRP(t, p.s, "")
	require.Contains(t, stranger.request("GET", w.from, nil).body, "loginPageConfig", "without a session the page asks again")
	w = walkClassic(t, p).signIn("alice", oktaPassword)
	token = w.state["sessionToken"].(string)
	a := redirect(p, token, w.from)
	require.Equal(t, w.from, a.header.Get("Location"))
	require.Contains(t, stranger.request("GET", w.from, nil).body, "loginPageConfig", "another browser has no session")

	w = walkClassic(t, p, "prompt", "login").signIn("alice", oktaPassword)
	require.NotEmpty(t, w.callback(w.end()).Get("code"))
	require.Equal(t, 400, w.request("GET", w.from, nil).status, "a request is answered once")
	sso := p.callback(p.authorize("prompt", "none"))
	require.NotEmpty(t, sso.Get("code"), "single sign-on")
	u, err := url.Parse(p.s.URL)
	require.NoError(t, err)
	names := map[string]bool{}
	for _, k := range p.http.Jar.(*cookiejar.Jar).Cookies(u) {
		names[strings.Split(k.Name, "_")[0]] = true
	}
	require.Equal(t, map[string]bool{"DT": true, "JSESSIONID": true, "sid": true}, names)

	other := newRP(t, p.s, "")
	require.NotContains(t, redirect(other, token, "/").header.Values("Set-Cookie"), "sid", "a session token is good once")
	require.Equal(t, "login_required", other.callback(other.authorize("prompt", "none")).Get("error"))
	w = walkClassic(t, other).signIn("alice", oktaPassword)
	require.NotEmpty(t, other.callback(other.authorize("prompt", "none", "sessionToken", w.state["sessionToken"].(string))).Get("code"),
		"a session token may come with the request")
	require.Equal(t, 200, p.logout("id_token_hint", p.exchange(sso.Get("code")).json(t)["id_token"].(string)).status)
	require.Equal(t, "login_required", p.callback(p.authorize("prompt", "none")).Get("error"))
}

// TestClassicConsent agrees to what the client wants, or does not.
func TestClassicConsent(t *testing.T) {
	t.Parallel()
	for _, answer := range []string{"consent", "cancel"} {
		p := startClassic(t, Config{}, "password", "consent")
		w := onClassicPage(t, p, walkClassic(t, p, "scope", "openid profile").signIn("alice", oktaPassword).end())
		require.Equal(t, "CONSENT_REQUIRED", w.at())
		require.Equal(t, "oidcflow", w.member("_embedded.target.label"))
		var names []any
		for _, s := range w.member("_embedded.scopes").([]any) {
			require.NotEmpty(t, s.(map[string]any)["displayName"])
			names = append(names, s.(map[string]any)["name"])
		}
		require.Contains(t, names, "openid")
		before := w.state
		w.follow("consent", object{"consent": object{"expiresAt": w.state["expiresAt"], "scopes": names[:1]}})
		require.Equal(t, "E0000001", w.state["errorCode"], "one scope of several")
		w.state = before
		if answer == "cancel" {
			w.follow("cancel", nil)
			require.Equal(t, 200, w.status)
			require.Equal(t, "access_denied", w.callback(w.request("GET", w.from, nil)).Get("error"))
			continue
		}
		w.follow("consent", object{"consent": object{"expiresAt": w.state["expiresAt"], "scopes": names}})
		require.Equal(t, 400, newRP(t, p.s, "").request("GET", w.from, nil).status, "another browser")
		require.NotEmpty(t, w.callback(w.end()).Get("code"))
		require.Equal(t, 400, w.request("GET", w.from, nil).status, "a second time")
	}
}

// TestClassicIdentifierFirst asks where the user signs in before it asks for the password.
func TestClassicIdentifierFirst(t *testing.T) {
	t.Parallel()
	for policy, kind := range map[string]string{"password": "OKTA", "redirect-idp": "OIDC"} {
		p := startClassic(t, Config{Org: OktaOrg{First: []string{"identify"}}}, policy)
		finger := p.getJSON(p.s.URL + webfingerPath + "?resource=" + url.QueryEscape("okta:acct:alice"))
		link := finger["links"].([]any)[0].(map[string]any)
		require.Equal(t, kind, link["properties"].(map[string]any)["okta:idp:type"])
		require.Equal(t, "https://idp.example.com/", p.request("GET", link["href"].(string), nil).header.Get("Location"))
		require.Equal(t, 400, p.request("GET", p.s.URL+webfingerPath+"?resource=acct:alice", nil).status)
		w := walkClassic(t, p).signIn("alice", oktaPassword)
		require.Equal(t, policy == "password", w.status == 200, w.state)
	}
}

// TestClassicRememberedDevice asks for no factor on a device that is remembered, while it is.
func TestClassicRememberedDevice(t *testing.T) {
	t.Parallel()
	p := startClassic(t, Config{}, "password", "question")
	sign := func(p *rp) *authnWalker { return walkClassic(t, p, "prompt", "login").signIn("alice", oktaPassword) }
	w := sign(p)
	require.Equal(t, true, w.member("_embedded.policy.allowRememberDevice"))
	href := w.factor("question", "OKTA")["_links"].(map[string]any)["verify"].(map[string]any)["href"].(string)
	require.Equal(t, "SUCCESS", w.to(href+"?rememberDevice=true", object{"answer": "rex"}).at())
	require.Equal(t, "SUCCESS", sign(p).at())
	require.Equal(t, "MFA_REQUIRED", sign(newRP(t, p.s, "")).at(), "another device")
	p.s.Clock().Advance(rememberFor)
	require.Equal(t, "MFA_REQUIRED", sign(p).at(), "too late")
}

// TestClassicRelayState is handed on to the end.
func TestClassicRelayState(t *testing.T) {
	t.Parallel()
	p := startClassic(t, Config{}, "password", "question")
	w := walkClassic(t, p)
	w.post(p.s.URL+authnPath, object{"username": "alice", "password": oktaPassword, "relayState": "/deep"})
	require.Equal(t, "/deep", w.state["relayState"])
	require.Equal(t, "/deep", w.verify("question", "OKTA", object{"answer": "rex"}).state["relayState"])
}

// TestClassicRateLimits counts four requests in a second per user.
func TestClassicRateLimits(t *testing.T) {
	t.Parallel()
	p := startClassic(t, Config{Org: OktaOrg{RateLimits: true}}, "password", "sms|email")
	p.s.Clock().Freeze()
	w := walkClassic(t, p)
	for range limitPerSecond {
		require.Equal(t, "MFA_REQUIRED", w.signIn("alice", oktaPassword).at())
	}
	w.signIn("alice", oktaPassword)
	require.Equal(t, 429, w.status)
	require.Equal(t, "E0000047", w.state["errorCode"])
	require.Equal(t, "4", w.header.Get("X-Rate-Limit-Limit"))
	require.Equal(t, "0", w.header.Get("X-Rate-Limit-Remaining"))
	require.NotEmpty(t, w.header.Get("X-Rate-Limit-Reset"))
	for _, c := range []struct {
		kind, code string
		wait       time.Duration
	}{{"sms", "E0000109", smsAgainAfter}, {"email", "E0000118", emailAgainAfter}} {
		p.s.Clock().Advance(time.Second)
		w.signIn("alice", oktaPassword).verify(c.kind, "OKTA", nil)
		sent := w.state
		require.Equal(t, c.code, w.follow("resend", nil).state["errorCode"], "sent just now")
		p.s.Clock().Advance(c.wait)
		w.state = sent
		require.Equal(t, "MFA_CHALLENGE", w.follow("resend", nil).at())
		require.NotEqual(t, "SUCCESS", w.follow("verify", object{"passCode": p.s.Messages()[0].Code}).at(), "the first code")
		w.state = sent
		require.Equal(t, "SUCCESS", w.follow("verify", object{"passCode": w.lastCode()}).at())
		p.s.mu.Lock()
		p.s.outbox = nil
		p.s.mu.Unlock()
	}
}

// TestClassicMalformed refuses what no page would send.
func TestClassicMalformed(t *testing.T) {
	t.Parallel()
	p := startClassic(t, Config{}, "password", "google_otp")
	post := func(path, kind, body string) answer {
		r, err := http.NewRequestWithContext(t.Context(), "POST", p.s.URL+path, strings.NewReader(body))
		require.NoError(t, err)
		r.Header.Set("Content-Type", kind)
		return p.do(r)
	}
	const json = "application/json"
	for name, c := range map[string]struct {
		path, kind, body string
		status           int
		code             string
	}{
		"a form":                      {"", "application/x-www-form-urlencoded", "username=alice", 415, "E0000021"},
		"no type":                     {"", "", "{}", 415, "E0000021"},
		"no JSON":                     {"", json, "{", 400, "E0000003"},
		"a list":                      {"", json, "[]", 400, "E0000003"},
		"a number for a name":         {"", json, `{"username":1}`, 400, "E0000003"},
		"a member that nobody knows":  {"", json, `{"username":"alice","password":"x","surprise":1}`, 400, "E0000003"},
		"another operation's member":  {"/skip", json, `{"passCode":"1"}`, 400, "E0000003"},
		"too much":                    {"", json, `{"username":"` + strings.Repeat("x", maxBody) + `"}`, 400, "E0000003"},
		"nothing":                     {"", json, "", 400, "E0000001"},
		"no password":                 {"", json, `{"username":"alice"}`, 400, "E0000001"},
		"no state token":              {"/skip", json, "{}", 401, "E0000011"},
		"a state token of nobody":     {"", json, `{"stateToken":"00x"}`, 401, "E0000011"},
		"a path that is not there":    {"/nothing", json, "{}", 404, "E0000007"},
		"an operation of no factor":   {"/factors/x/y", json, "{}", 404, "E0000007"},
		"the unlocking of an account": {"/recovery/unlock", json, `{"username":"alice","factorType":"EMAIL"}`, 403, "E0000006"},
	} {
		a := post(authnPath+c.path, c.kind, c.body)
		require.Equal(t, c.status, a.status, name)
		require.Equal(t, c.code, a.json(t)["errorCode"], name)
		require.NotEmpty(t, a.header.Get("X-Okta-Request-Id"), name)
	}
	for _, status := range []int{401, 500} {
		require.NoError(t, p.s.QueueError("authn", ServerError{Code: status, Error: "E0000009", Description: "Internal Server Error"}))
		a := post(authnPath, json, "{}")
		require.Equal(t, status, a.status)
		require.Equal(t, "E0000009", a.json(t)["errorCode"])
		require.Empty(t, a.header.Get("WWW-Authenticate"), "a browser would ask for a password of its own")
	}
}
