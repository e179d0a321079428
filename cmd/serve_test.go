package cmd

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/oidcflow/oidcflow/flow"
	"github.com/oidcflow/oidcflow/flow/report"
	"github.com/oidcflow/oidcflow/flow/trace"
	"github.com/oidcflow/oidcflow/mockidp"
)

const canarySecret = "canary-client-secret-5d1f"

// served is a web app under test and the provider it uses.
type served struct {
	t   *testing.T
	url string
	idp *mockidp.Server
	app *webApp
	log *bytes.Buffer // of events; to be read when no request is under way
}

// serveApp starts a web app with a confidential client of a provider of its own, which sends the browser straight back.
func serveApp(t *testing.T, change ...func(*flow.Config)) *served {
	t.Helper()
	idp := mockidp.StartT(t, mockidp.Config{Login: "auto", Clients: []mockidp.Client{{ID: "web", Secret: canarySecret}}})
	server := httptest.NewUnstartedServer(nil)
	cfg := flow.Config{
		Issuer: idp.Issuer("default"), ClientID: "web", ClientSecret: trace.NewSecret("client_secret", canarySecret),
		RedirectURI: "http://" + server.Listener.Addr().String() + "/callback", Scopes: []string{"openid", "email", "offline_access"},
	}
	for _, c := range change {
		c(&cfg)
	}
	r := trace.NewRedactor()
	app, err := newWebApp(cfg, 20*time.Second, r)
	require.NoError(t, err)
	s := &served{t: t, idp: idp, app: app, url: "http://" + server.Listener.Addr().String(), log: &bytes.Buffer{}}
	server.Config.Handler = app
	ctx := trace.WithRecorder(t.Context(), r.Recorder(report.JSON(s.log)))
	server.Config.BaseContext = func(net.Listener) context.Context { return ctx }
	server.Start()
	t.Cleanup(server.Close)
	return s
}

// person is somebody's browser: it keeps cookies and, unless told to stop, follows redirects.
type person struct {
	*http.Client
	t      *testing.T
	accept string
}

func (s *served) person() *person {
	jar, err := cookiejar.New(nil)
	require.NoError(s.t, err)
	return &person{t: s.t, Client: &http.Client{Jar: jar, Timeout: 20 * time.Second}, accept: "text/html"}
}

// stopAt makes p return redirects to URLs that begin with prefix.
func (p *person) stopAt(prefix string) *person {
	p.CheckRedirect = func(r *http.Request, _ []*http.Request) error {
		if strings.HasPrefix(r.URL.String(), prefix) {
			return http.ErrUseLastResponse
		}
		return nil
	}
	return p
}

// answer is a response that was read.
type webAnswer struct {
	*http.Response
	body string
}

func (p *person) do(method, target, body string) webAnswer {
	p.t.Helper()
	r, err := http.NewRequestWithContext(p.t.Context(), method, target, strings.NewReader(body))
	require.NoError(p.t, err)
	r.Header.Set("Accept", p.accept)
	if body != "" {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	response, err := p.Do(r)
	require.NoError(p.t, err)
	defer func() { require.NoError(p.t, response.Body.Close()) }()
	b, err := io.ReadAll(response.Body)
	require.NoError(p.t, err)
	return webAnswer{response, string(b)}
}

func (p *person) get(target string) webAnswer { p.t.Helper(); return p.do(http.MethodGet, target, "") }

// callback starts a sign-in and returns where the provider sends the browser, without going there.
func (s *served) callback(p *person) string {
	s.t.Helper()
	a := p.stopAt(s.url + "/callback").get(s.url + "/login")
	location := a.Header.Get("Location")
	require.Contains(s.t, location, s.url+"/callback?", a.body)
	p.CheckRedirect = nil
	return location
}

func TestServeSignsInAndShowsVerifiedTokens(t *testing.T) {
	t.Parallel()
	s := serveApp(t)
	p := s.person()
	location := s.callback(p)
	a := p.get(location)
	require.Equal(t, http.StatusOK, a.StatusCode, a.body)
	for _, want := range []string{"Signed in", "alice", "signature", "nonce", "at_hash", "<details>", "Refresh token", "<td><code>web</code>"} {
		require.Contains(t, a.body, want)
	}
	u, err := url.Parse(location)
	require.NoError(t, err)
	require.NotContains(t, a.body, u.Query().Get("code"))
	require.NotContains(t, a.body, canarySecret)
	require.Empty(t, p.Jar.Cookies(u), "the cookie of a finished sign-in is gone")
}

// Secrets that go through serve are in no page but the one that shows the tokens, and in no log.
func TestServeKeepsSecretsToItself(t *testing.T) {
	t.Parallel()
	s := serveApp(t)
	p := s.person()
	location := s.callback(p)
	u, err := url.Parse(location)
	require.NoError(t, err)
	shown := p.get(location)
	replay, forged := p.get(location), s.person().get(location+"x")
	id := regexp.MustCompile(`eyJ[\w-]+\.[\w-]+\.[\w-]+`).FindString(shown.body)
	require.NotEmpty(t, id)
	log := s.log.String()
	require.Contains(t, log, `"step":"exchange"`)
	for name, secret := range map[string]string{"code": u.Query().Get("code"), "client secret": canarySecret, "token": id} {
		require.NotContains(t, log, secret, name)
		require.NotContains(t, replay.body+forged.body, secret, name)
	}
}

func TestServeAnswersInJSON(t *testing.T) {
	t.Parallel()
	s := serveApp(t)
	p := s.person()
	p.accept = "application/json"
	start := p.get(s.url + "/")
	var about map[string]string
	require.NoError(t, json.Unmarshal([]byte(start.body), &about))
	require.Equal(t, map[string]string{
		"login": s.url + "/login", "issuer": s.idp.Issuer("default"), "client_id": "web",
		"redirect_uri": s.url + "/callback", "scope": "openid email offline_access",
	}, about)

	var tokens map[string]any
	a := p.get(s.url + "/login")
	require.NoError(t, json.Unmarshal([]byte(a.body), &tokens), a.body)
	require.Equal(t, "application/json", a.Header.Get("Content-Type"))
	require.NotEmpty(t, tokens["access_token"])
	require.Contains(t, tokens["verified"], "signature")

	again := p.get(a.Request.URL.String())
	var failure map[string]string
	require.NoError(t, json.Unmarshal([]byte(again.body), &failure))
	require.Equal(t, "error", failure["level"])
	require.Equal(t, "callback.replayed", failure["code"])
	require.Equal(t, "callback", failure["step"])
	require.NotEmpty(t, failure["hint"])
}

// Nobody gets tokens with an answer that is not to a sign-in of this browser, or that was used.
func TestServeRefusesAnswersThatAreNotForThisBrowser(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, code string
		status     int
		answer     func(s *served) webAnswer
	}{
		{"a state that was never sent", "callback.state", http.StatusBadRequest, func(s *served) webAnswer {
			p := s.person()
			s.callback(p)
			return p.get(s.url + "/callback?code=x&state=forged")
		}},
		{"no state", "callback.state", http.StatusBadRequest, func(s *served) webAnswer {
			p := s.person()
			s.callback(p)
			return p.get(s.url + "/callback?code=x")
		}},
		{"another browser's sign-in", "callback.other_browser", http.StatusForbidden, func(s *served) webAnswer {
			return s.person().get(s.callback(s.person()))
		}},
		{"another browser's cookie", "callback.other_browser", http.StatusForbidden, func(s *served) webAnswer {
			attacker, victim := s.person(), s.person()
			answer := s.callback(attacker)
			s.callback(victim)
			return victim.get(answer)
		}},
		{"a cookie that was not signed here", "callback.other_browser", http.StatusForbidden, func(s *served) webAnswer {
			p := s.person()
			answer, err := url.Parse(s.callback(s.person()))
			require.NoError(s.t, err)
			state := answer.Query().Get("state")
			p.Jar.SetCookies(answer, []*http.Cookie{{Name: s.app.pending.cookieName(state), Value: state + ".forged"}})
			return p.get(answer.String())
		}},
		{"a replay", "callback.replayed", http.StatusGone, func(s *served) webAnswer {
			p := s.person()
			answer := s.callback(p)
			require.Equal(s.t, http.StatusOK, p.get(answer).StatusCode)
			return p.get(answer)
		}},
		{"nothing at all", "callback.empty", http.StatusBadRequest, func(s *served) webAnswer {
			return s.person().get(s.url + "/callback")
		}},
		{"a posted answer fetched by another browser", "callback.other_browser", http.StatusForbidden, func(s *served) webAnswer {
			answer, err := url.Parse(s.callback(s.person()))
			require.NoError(s.t, err)
			return s.person().do(http.MethodPost, s.url+"/callback", answer.RawQuery)
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			a := c.answer(serveApp(t))
			require.Equal(t, c.status, a.StatusCode, a.body)
			require.Contains(t, a.body, c.code)
			require.Contains(t, a.body, "What to do")
			require.NotContains(t, a.body, "access_token")
		})
	}
}

// Who only knows the state can neither finish a sign-in nor spoil it.
func TestServeSignInSurvivesAForgedAnswer(t *testing.T) {
	t.Parallel()
	s := serveApp(t)
	p := s.person()
	answer := s.callback(p)
	require.Equal(t, http.StatusForbidden, s.person().get(answer).StatusCode)
	require.Equal(t, http.StatusOK, p.get(answer).StatusCode)
}

func TestServeTwoSignInsInOneBrowser(t *testing.T) {
	t.Parallel()
	s := serveApp(t)
	p := s.person()
	first, second := s.callback(p), s.callback(p)
	require.NotEqual(t, first, second)
	statuses := make(chan int, 2)
	for _, answer := range []string{second, first} {
		go func() {
			r, err := p.Get(answer)
			if err != nil {
				t.Error(err)
				statuses <- 0
				return
			}
			statuses <- r.StatusCode
			_ = r.Body.Close()
		}()
	}
	require.Equal(t, []int{http.StatusOK, http.StatusOK}, []int{<-statuses, <-statuses})
}

// One answer sent twice at once is exchanged once.
func TestServeOneOfTwoEqualAnswersCounts(t *testing.T) {
	t.Parallel()
	s := serveApp(t)
	p := s.person()
	answer, err := url.Parse(s.callback(p))
	require.NoError(t, err)
	cookies := p.Jar.Cookies(answer)
	const tries = 8
	statuses := make(chan int, tries)
	for range tries {
		go func() {
			r := httptest.NewRequest(http.MethodGet, answer.String(), nil)
			for _, c := range cookies {
				r.AddCookie(c)
			}
			w := httptest.NewRecorder()
			s.app.ServeHTTP(w, r)
			statuses <- w.Code
		}()
	}
	count := map[int]int{}
	for range tries {
		count[<-statuses]++
	}
	require.Equal(t, map[int]int{http.StatusOK: 1, http.StatusGone: tries - 1}, count)
}

func TestServeProviderErrors(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		params, code string
		status       int
	}{
		{"error=access_denied&error_description=not+assigned", "authorize.access_denied", http.StatusForbidden},
		{"error=invalid_scope", "authorize.invalid_scope", http.StatusBadGateway},
		{"error=temporarily_unavailable", "authorize.temporarily_unavailable", http.StatusServiceUnavailable},
		{"code=never-issued", "exchange.invalid_grant", http.StatusBadGateway},
	} {
		t.Run(c.code, func(t *testing.T) {
			t.Parallel()
			s := serveApp(t)
			p := s.person()
			answer, err := url.Parse(s.callback(p))
			require.NoError(t, err)
			a := p.get(s.url + "/callback?" + c.params + "&state=" + answer.Query().Get("state"))
			require.Equal(t, c.status, a.StatusCode, a.body)
			require.Contains(t, a.body, c.code)
			require.NotContains(t, a.body, "never-issued")
			require.NotContains(t, a.body, canarySecret)
		})
	}
}

// What the provider says is text on the page, and before the state has proved good it is not on the page at all.
func TestServeShowsProviderTextAsText(t *testing.T) {
	t.Parallel()
	s := serveApp(t)
	p := s.person()
	answer, err := url.Parse(s.callback(p))
	require.NoError(t, err)
	const script = "error=access_denied&error_description=%3Cscript%3Ealert(1)%3C/script%3E"
	require.NotContains(t, p.get(s.url+"/callback?"+script+"&state=forged").body, "alert(1)")
	a := p.get(s.url + "/callback?" + script + "&state=" + answer.Query().Get("state"))
	require.Contains(t, a.body, "alert(1)")
	require.NotContains(t, a.body, "<script>")
}

var hiddenInput = regexp.MustCompile(`<input[^>]*name="([a-z_]+)"[^>]*value="([^"]*)"`)

func TestServeFormPost(t *testing.T) {
	t.Parallel()
	s := serveApp(t, func(c *flow.Config) { c.ResponseMode = "form_post" })
	p := s.person()
	form := url.Values{}
	for _, m := range hiddenInput.FindAllStringSubmatch(p.get(s.url+"/login").body, -1) {
		form.Set(m[1], m[2])
	}
	require.NotEmpty(t, form.Get("code"))

	// The provider's page is another site: no cookie comes with the form.
	stranger := s.person().stopAt(s.url)
	parked := stranger.do(http.MethodPost, s.url+"/callback", form.Encode())
	require.Equal(t, http.StatusSeeOther, parked.StatusCode, parked.body)
	require.NotContains(t, parked.Header.Get("Location"), form.Get("code"))

	a := p.get(s.url + parked.Header.Get("Location"))
	require.Equal(t, http.StatusOK, a.StatusCode, a.body)
	require.Contains(t, a.body, "Signed in")
	require.Equal(t, http.StatusGone, p.do(http.MethodPost, s.url+"/callback", form.Encode()).StatusCode)
}

func TestServeFragment(t *testing.T) {
	t.Parallel()
	s := serveApp(t, func(c *flow.Config) { c.ResponseMode = "fragment" })
	p := s.person()
	a := p.stopAt(s.url + "/callback").get(s.url + "/login")
	p.CheckRedirect = nil
	location, fragment, found := strings.Cut(a.Header.Get("Location"), "#")
	require.True(t, found, location)
	relay := p.get(location) // a browser keeps the fragment to itself
	require.Contains(t, relay.body, "location.hash")
	require.Contains(t, relay.Header.Get("Content-Security-Policy"), "script-src 'sha256-")
	a = p.do(http.MethodPost, s.url+"/callback", url.Values{"fragment": {fragment}}.Encode())
	require.Equal(t, http.StatusOK, a.StatusCode, a.body)
	require.Contains(t, a.body, "Signed in")
}

func TestServeRefusesWhatIsNotAsked(t *testing.T) {
	t.Parallel()
	s := serveApp(t)
	for _, c := range []struct {
		name, method, path string
		header             http.Header
		host               string
		status             int
	}{
		{name: "another host", path: "/", host: "evil.example", status: http.StatusMisdirectedRequest},
		{name: "another host at the callback", path: "/callback?code=x&state=y", host: "evil.example", status: http.StatusMisdirectedRequest},
		{name: "another name of this machine is sent to the right one", path: "/", host: "localhost:1", status: http.StatusTemporaryRedirect},
		{name: "no such page", path: "/admin", status: http.StatusNotFound},
		{name: "start page by HEAD", method: http.MethodHead, path: "/", status: http.StatusOK},
		{name: "start page by POST", method: http.MethodPost, path: "/", status: http.StatusMethodNotAllowed},
		{name: "login by HEAD", method: http.MethodHead, path: "/login", status: http.StatusMethodNotAllowed},
		{name: "login by POST", method: http.MethodPost, path: "/login", status: http.StatusMethodNotAllowed},
		{name: "callback by HEAD", method: http.MethodHead, path: "/callback?code=x", status: http.StatusMethodNotAllowed},
		{name: "login by a script of another site", path: "/login", header: http.Header{"Sec-Fetch-Mode": {"no-cors"}}, status: http.StatusForbidden},
		{name: "login in a frame", path: "/login", header: http.Header{"Sec-Fetch-Mode": {"navigate"}, "Sec-Fetch-Dest": {"iframe"}}, status: http.StatusForbidden},
		{name: "a body without end", method: http.MethodPost, path: "/callback", status: http.StatusRequestEntityTooLarge},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			method := c.method
			if method == "" {
				method = http.MethodGet
			}
			var body io.Reader
			if method == http.MethodPost {
				body = strings.NewReader("state=" + strings.Repeat("x", maxCallbackBody))
			}
			r := httptest.NewRequest(method, s.url+c.path, body)
			if c.host != "" {
				r.Host = c.host
			}
			for name, values := range c.header {
				r.Header[name] = values
			}
			w := httptest.NewRecorder()
			s.app.ServeHTTP(w, r)
			require.Equal(t, c.status, w.Code, w.Body.String())
			require.Equal(t, "no-store", w.Header().Get("Cache-Control"))
			require.Equal(t, "DENY", w.Header().Get("X-Frame-Options"))
			require.Equal(t, "no-referrer", w.Header().Get("Referrer-Policy"))
			require.Contains(t, w.Header().Get("Content-Security-Policy"), "default-src 'none'")
			require.NotContains(t, w.Body.String(), canarySecret)
		})
	}
}

func TestServeCookie(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, prefix string
		secure       bool
	}{{"http", "oidcflow-", false}, {"https", "__Host-oidcflow-", true}} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			cookie := newPendingSignIns(c.secure, time.Now).begin(&flow.Authorization{State: "s"})
			require.True(t, strings.HasPrefix(cookie.Name, c.prefix), cookie.Name)
			require.True(t, cookie.HttpOnly)
			require.Equal(t, c.secure, cookie.Secure)
			require.Equal(t, http.SameSiteLaxMode, cookie.SameSite)
			require.Equal(t, "/", cookie.Path)
			require.NoError(t, cookie.Valid())
		})
	}
}

func TestServeForgetsOldSignIns(t *testing.T) {
	t.Parallel()
	now := time.Unix(1_800_000_000, 0)
	p := newPendingSignIns(false, func() time.Time { return now })
	request := func(c *http.Cookie) *http.Request {
		r := httptest.NewRequest(http.MethodGet, "/callback", nil)
		r.AddCookie(c)
		return r
	}
	old := p.begin(&flow.Authorization{State: "old"})
	now = now.Add(pendingAge)
	_, _, err := p.take(request(old), "old")
	require.ErrorContains(t, err, "no sign-in with this state waits here")

	first := p.begin(&flow.Authorization{State: "first"})
	for range maxPending {
		p.begin(&flow.Authorization{State: "s" + now.String()})
		now = now.Add(time.Nanosecond)
	}
	_, _, err = p.take(request(first), "first")
	require.ErrorContains(t, err, "no sign-in with this state waits here")
	require.Len(t, p.byState, maxPending)
	require.Len(t, p.order, maxPending)
}
