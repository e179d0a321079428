package mockidp

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestSignInPages(t *testing.T) {
	t.Parallel()
	p := startRP(t, Config{})
	alice := p.user("alice")

	page := p.authorize()
	require.Equal(t, 302, page.status)
	a := p.request("GET", p.s.URL+page.header.Get("Location"), nil)
	for _, want := range []string{`<label for="identifier">`, `autocomplete="username"`, `name="remember"`, `lang="en"`} {
		require.Contains(t, a.body, want)
	}
	require.Equal(t, "no-cache, no-store", a.header.Get("Cache-Control"))
	require.NotContains(t, a.body, "<script")

	f := p.open(page)
	require.Equal(t, "Sign In", f.title)
	again := p.submit(f, "identifier", "", "action", "next")
	require.Equal(t, msgNoLogin, parseForm(t, again.body).alert)

	a = p.submit(f, "identifier", " ALICE@example.com ", "action", "next") // the email will do, in any case
	f = p.open(a)
	page = p.request("GET", p.s.URL+f.action, nil)
	require.Contains(t, page.body, `type="password"`)
	require.Contains(t, page.body, `autocomplete="current-password"`)
	require.Equal(t, msgNoSecret, parseForm(t, p.submit(f, "password", "").body).alert)
	refused := p.submit(f, "password", alice.Password+"x", "action", "verify")
	require.Equal(t, 200, refused.status)
	require.Equal(t, msgRefused, parseForm(t, refused.body).alert)
	require.Contains(t, refused.body, `role="alert"`)
	require.NotContains(t, refused.body, alice.Password)

	f = p.open(p.submit(f, "password", alice.Password, "action", "verify"))
	require.Contains(t, p.request("GET", p.s.URL+f.action, nil).body, `autocomplete="one-time-code"`)
	require.Equal(t, msgNoCode, parseForm(t, p.submit(f, "code", " ").body).alert)
	require.Equal(t, msgBadCode, parseForm(t, p.submit(f, "code", "000000x").body).alert)
	done := p.submit(f, "code", p.totp(alice.TOTP), "action", "verify")
	require.Equal(t, 303, done.status)
	require.NotEmpty(t, p.callback(done).Get("code"))
	// The page is over.
	require.Equal(t, 400, p.submit(f, "code", p.totp(alice.TOTP)).status)
}

// RFC 6238 §5.2: a code is good for one sign-in.
func TestTOTPStepIsUsedOnce(t *testing.T) {
	t.Parallel()
	p := startRP(t, Config{})
	p.s.Clock().Freeze()
	alice := p.user("alice")
	require.NotEmpty(t, p.callback(p.signIn(p.authorize(), "alice")).Get("code"))

	a := p.signIn(p.authorize("prompt", "login"), "alice")
	require.Equal(t, msgUsedCode, parseForm(t, a.body).alert)
	p.s.Clock().Advance(totpPeriod)
	done := p.submit(parseForm(t, a.body), "code", p.totp(alice.TOTP), "action", "verify")
	require.NotEmpty(t, p.callback(done).Get("code"))
}

// RFC 6238 appendix B, cut to six digits.
func TestTOTPVectors(t *testing.T) {
	t.Parallel()
	for at, want := range map[int64]string{59: "287082", 1111111109: "081804", 1234567890: "005924", 20000000000: "353130"} {
		require.Equal(t, want, totpCode([]byte("12345678901234567890"), at/30))
	}
	key, err := decodeTOTP("gezd gnbv GY3TQOJQGEZDGNBVGY3TQOJQ")
	require.NoError(t, err)
	now := time.Unix(1111111109, 0)
	for _, at := range []int64{-1, 0, 1} {
		step, ok := totpStep(key, totpCode(key, now.Unix()/30+at), now)
		require.True(t, ok)
		require.Equal(t, now.Unix()/30+at, step)
	}
	_, ok := totpStep(key, totpCode(key, now.Unix()/30+2), now)
	require.False(t, ok)
}

func TestAccountLocks(t *testing.T) {
	t.Parallel()
	p := startRP(t, Config{Users: []User{Person{Login: "bob", Password: "right"}, Person{Login: "eve", Password: "right", Locked: true}}})
	password := func(login string) form {
		return p.open(p.submit(p.open(p.authorize()), "identifier", login, "action", "next"))
	}
	// tells no more than that it is wrong, whoever is not there
	require.Equal(t, msgRefused, parseForm(t, p.submit(password("nobody"), "password", "x").body).alert)

	f := password("bob")
	for range maxWrong - 1 {
		require.Equal(t, msgRefused, parseForm(t, p.submit(f, "password", "wrong").body).alert)
	}
	tenth := p.submit(f, "password", "wrong")
	require.Equal(t, msgLocked, parseForm(t, tenth.body).alert)
	require.NotContains(t, tenth.body, `type="password"`)
	require.Equal(t, msgLocked, parseForm(t, p.submit(password("bob"), "password", "right").body).alert)
	require.Equal(t, msgLocked, parseForm(t, p.submit(password("eve"), "password", "right").body).alert)

	back := p.submit(parseForm(t, tenth.body), "action", "back")
	require.Equal(t, "Sign In", p.open(back).title)
}

func TestCancelAndConsent(t *testing.T) {
	t.Parallel()
	p := startRP(t, Config{
		Clients: []Client{{ID: "oidcflow"}, {ID: "asks", RequireConsent: true}},
		Users:   []User{Person{Login: "bob"}},
	})
	canceled := p.callback(p.submit(p.open(p.authorize()), "action", "cancel"))
	require.Equal(t, "access_denied", canceled.Get("error"))
	require.Equal(t, "state-1", canceled.Get("state"))
	log := p.s.Requests()
	require.Equal(t, "user_canceled", log[len(log)-1].Reason)

	asks := []string{"client_id", "asks", "scope", "openid email"}
	signIn := func(a answer) answer {
		a = p.submit(p.open(a), "identifier", "bob", "action", "next")
		return p.submit(p.open(a), "password", "any", "action", "verify")
	}
	consent := p.open(signIn(p.authorize(asks...)))
	require.Equal(t, "Allow access", consent.title)
	require.Contains(t, p.request("GET", p.s.URL+consent.action, nil).body, "Your email address")
	require.Equal(t, "access_denied", p.callback(p.submit(consent, "action", "deny")).Get("error"))

	require.Equal(t, "consent_required", p.callback(p.authorize(append(asks, "prompt", "none")...)).Get("error"))
	consent = p.open(p.authorize(asks...))
	require.NotEmpty(t, p.callback(p.submit(consent, "action", "allow")).Get("code"))
	require.NotEmpty(t, p.callback(p.authorize(append(asks, "prompt", "none")...)).Get("code")) // remembered
	more := p.open(p.authorize("client_id", "asks", "scope", "openid email phone"))
	require.Equal(t, "Allow access", more.title)
	again := p.open(p.authorize(append(asks, "prompt", "consent")...))
	require.Equal(t, "Allow access", again.title)
}

func TestSessions(t *testing.T) {
	t.Parallel()
	p := startRP(t, Config{Users: []User{Person{Login: "bob"}, Person{Login: "carol"}}})
	clock := p.s.Clock()
	clock.Freeze()
	require.Equal(t, "login_required", p.callback(p.authorize("prompt", "none")).Get("error"))
	signIn := func(a answer, name string) string {
		return p.callback(p.signIn(a, name)).Get("code")
	}
	idToken := func(code string) string { return p.exchange(code).json(t)["id_token"].(string) }
	bob := idToken(signIn(p.authorize(), "bob"))
	authTime := p.claims(bob)["auth_time"]

	clock.Advance(time.Minute)
	silent := idToken(p.callback(p.authorize("prompt", "none", "id_token_hint", bob)).Get("code"))
	require.Equal(t, authTime, p.claims(silent)["auth_time"])
	require.Equal(t, p.claims(bob)["sub"], p.claims(silent)["sub"])
	require.NotEmpty(t, p.callback(p.authorize("max_age", "60")).Get("code"))
	require.Equal(t, "login_required", p.callback(p.authorize("max_age", "59", "prompt", "none")).Get("error"))
	require.Equal(t, "login_required", p.callback(p.authorize("acr_values", "urn:okta:loa:2fa:any", "prompt", "none")).Get("error"))

	f := p.open(p.authorize("prompt", "login"))
	require.Equal(t, "bob", f.values.Get("identifier"))
	require.Equal(t, "carol", p.open(p.authorize("prompt", "login", "login_hint", "carol")).values.Get("identifier"))
	carol := idToken(signIn(p.authorize("prompt", "login"), "carol"))
	require.Greater(t, p.claims(carol)["auth_time"], authTime)
	require.Equal(t, "login_required", p.callback(p.authorize("prompt", "none", "id_token_hint", bob)).Get("error"))
	// bob is wanted, and carol signs in again
	require.Equal(t, "login_required", p.callback(p.signIn(p.authorize("id_token_hint", bob), "carol")).Get("error"))

	clock.Advance(sessionTTL)
	require.Equal(t, "login_required", p.callback(p.authorize("prompt", "none")).Get("error"))
}

func TestKeepMeSignedIn(t *testing.T) {
	t.Parallel()
	p := startRP(t, Config{Users: []User{Person{Login: "bob"}}})
	p.s.Clock().Freeze()
	a := p.submit(p.open(p.authorize()), "identifier", "bob", "action", "next", "remember", "true")
	a = p.submit(p.open(a), "password", "any", "action", "verify")
	var sid string
	for _, c := range a.header.Values("Set-Cookie") {
		if strings.HasPrefix(c, "sid_") {
			sid = c
		}
	}
	for _, want := range []string{"HttpOnly", "SameSite=Lax", "Max-Age=2592000", "Path=/"} {
		require.Contains(t, sid, want)
	}
	p.s.Clock().Advance(29 * 24 * time.Hour)
	require.NotEmpty(t, p.callback(p.authorize("prompt", "none")).Get("code"))
}

// A sign-in belongs to the browser that began it, and to its form.
func TestSignInIsBoundToTheBrowser(t *testing.T) {
	t.Parallel()
	p := startRP(t, Config{})
	f := p.open(p.authorize())
	require.Equal(t, 400, p.submit(f, "csrf_token", "guessed", "identifier", "alice").status)

	other := newRP(t, p.s, "")
	require.Equal(t, 400, other.request("GET", p.s.URL+f.action, nil).status)
	a := p.request("GET", p.s.URL+"/signin?tx=unknown", nil)
	require.Equal(t, 400, a.status)
	require.NotEmpty(t, parseForm(t, a.body).alert)

	p.s.Clock().Advance(transactionTTL)
	require.Equal(t, 400, p.request("GET", p.s.URL+f.action, nil).status)
}

func TestLogout(t *testing.T) {
	t.Parallel()
	p := startRP(t, Config{
		Clients: []Client{{ID: "oidcflow", RedirectURIs: []string{testRedirect}, PostLogoutRedirectURIs: []string{"http://localhost:8080/bye"}}},
		Users:   []User{Person{Login: "bob"}},
	})
	logout := func(change ...string) answer {
		return p.request("GET", p.endpoint("end_session_endpoint")+"?"+changed(url.Values{}, change).Encode(), nil)
	}
	signIn := func() string {
		code := p.callback(p.signIn(p.authorize("prompt", "login"), "bob")).Get("code")
		return p.exchange(code).json(t)["id_token"].(string)
	}
	token := signIn()
	for name, change := range map[string][]string{
		"no hint":                {"post_logout_redirect_uri", "http://localhost:8080/bye"},
		"a hint that is altered": {"id_token_hint", token[:len(token)-8] + "AAAAAAAA"},
		"a URI not registered":   {"id_token_hint", token, "post_logout_redirect_uri", "http://localhost:8080/bye/"},
		"another client_id":      {"id_token_hint", token, "client_id", "someone"},
	} {
		a := logout(change...)
		require.Equal(t, 400, a.status, name)
		require.Empty(t, a.header.Get("Location"), name)
	}
	require.NotEmpty(t, p.callback(p.authorize("prompt", "none")).Get("code")) // still signed in

	a := logout("id_token_hint", token, "post_logout_redirect_uri", "http://localhost:8080/bye", "state", "s 1")
	require.Equal(t, "http://localhost:8080/bye?state=s+1", a.header.Get("Location"))
	require.Equal(t, "login_required", p.callback(p.authorize("prompt", "none")).Get("error"))

	token = signIn()
	p.s.Clock().Advance(idTokenTTL + time.Minute) // an expired hint will do
	a = logout("id_token_hint", token)
	require.Equal(t, 200, a.status)
	require.Contains(t, a.body, "Signed out")
	a = p.request("POST", p.endpoint("end_session_endpoint"), url.Values{"id_token_hint": {token}, "post_logout_redirect_uri": {"http://localhost:8080/bye"}})
	require.Equal(t, "http://localhost:8080/bye", a.header.Get("Location"))
}
