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
