package cmd

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/oidcflow/oidcflow/flow"
)

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

// A provider that cannot be reached is a page with a hint, and the next click tries again.
func TestServeSaysWhatStopsASignIn(t *testing.T) {
	t.Parallel()
	s := serveApp(t, func(c *flow.Config) { c.Issuer = "http://127.0.0.1:1" })
	a := s.person().get(s.url + "/login")
	require.Equal(t, http.StatusBadGateway, a.StatusCode)
	require.Contains(t, a.body, "env.unreachable")
	require.Contains(t, a.body, "What to do")
	require.Contains(t, a.body, `href="/login"`)
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
