package signin_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/oidcflow/oidcflow/flow"
	"github.com/oidcflow/oidcflow/flow/signin"
	"github.com/stretchr/testify/require"
)

// clientURI is the redirect URI of these tests. What the driver listens on is a port that is free.
const clientURI = "http://127.0.0.1:8080/callback"

// browser is what a test does in the place of the person's browser: its requests are sent after the driver listens.
type browser func(v visitor)

// visitor sends requests to the driver.
type visitor struct {
	t       *testing.T
	address string
}

// signInBySystem runs the driver with a browser, and returns its answer.
func signInBySystem(t *testing.T, mode string, visits browser) (*flow.Callback, error) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	s := &signin.System{Open: func(context.Context, string) error { go visits(visitor{t, l.Addr().String()}); return nil }}
	s.ListenOn(l)
	r := flow.Request{URL: &url.URL{Scheme: "https", Host: "idp.example.com", RawQuery: "state=the-state"}, RedirectURI: clientURI, ResponseMode: mode}
	return s.SignIn(t.Context(), r)
}

// visit makes a request and returns status and body. It runs beside the test, so it does not end it.
func (v visitor) visit(method, pathAndQuery, host, body string) (int, string) {
	r, err := http.NewRequest(method, "http://"+v.address+pathAndQuery, strings.NewReader(body))
	if err != nil {
		v.t.Error(err)
		return 0, ""
	}
	r.Host = host
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		v.t.Error(err)
		return 0, ""
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		v.t.Error(err)
	}
	if !strings.Contains(resp.Header.Get("Content-Security-Policy"), "default-src 'none'") {
		v.t.Errorf("%s: no content security policy", pathAndQuery)
	}
	return resp.StatusCode, string(text)
}

func TestSystemTakesTheResponse(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, mode, method, query, body string
	}{
		{"in the query", "query", "GET", "?code=c&state=the-state", ""},
		{"in a form", "form_post", "POST", "", "code=c&state=the-state"},
		{"in a fragment that the page relays", "fragment", "POST", "", "code=c&state=the-state"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			page := make(chan string, 1)
			got, err := signInBySystem(t, test.mode, func(v visitor) {
				_, text := v.visit(test.method, "/callback"+test.query, "127.0.0.1:8080", test.body)
				page <- text
			})
			require.NoError(t, err)
			require.Equal(t, test.mode, got.Mode)
			require.Equal(t, url.Values{"code": {"c"}, "state": {"the-state"}}, got.Params)
			require.Contains(t, <-page, "Signed in")
		})
	}
}

func TestSystemIsBoundToItsStateHostAndPath(t *testing.T) {
	t.Parallel()
	got, err := signInBySystem(t, "query", func(v visitor) {
		const here = "127.0.0.1:8080"
		for _, attempt := range []struct {
			method, path, host string
			want               int
		}{
			{"GET", "/callback?code=evil&state=another", here, http.StatusBadRequest},
			{"GET", "/callback?code=evil", here, http.StatusBadRequest},
			{"GET", "/callback", here, http.StatusBadRequest},
			{"PUT", "/callback?code=evil&state=the-state", here, http.StatusBadRequest},
			{"GET", "/other?code=evil&state=the-state", here, http.StatusNotFound},
			{"GET", "/callback/?code=evil&state=the-state", here, http.StatusNotFound},
			{"GET", "/callback?code=evil&state=the-state", "attacker.example", http.StatusNotFound},
			{"GET", "/callback?code=evil&state=the-state", "127.0.0.1:1", http.StatusNotFound},
		} {
			status, text := v.visit(attempt.method, attempt.path, attempt.host, "")
			if status != attempt.want || strings.Contains(text, "evil") {
				v.t.Errorf("%s %s (%s): want %d, got %d %q", attempt.method, attempt.path, attempt.host, attempt.want, status, text)
			}
		}
		v.visit("GET", "/callback?error=access_denied&state=the-state", here, "")
	})
	require.NoError(t, err)
	require.Equal(t, "access_denied", got.Params.Get("error"))
}

func TestSystemAsksThePageForItsFragment(t *testing.T) {
	t.Parallel()
	_, err := signInBySystem(t, "fragment", func(v visitor) {
		_, text := v.visit("GET", "/callback", "127.0.0.1:8080", "")
		if !strings.Contains(text, "location.hash") {
			v.t.Errorf("want the page that relays, got %q", text)
		}
		v.visit("POST", "/callback", "127.0.0.1:8080", "code=c&state=the-state")
	})
	require.NoError(t, err)
}

func TestSystemPrintsTheAddressWhereThereIsNoBrowser(t *testing.T) {
	t.Parallel()
	driver := func(out io.Writer) *signin.System {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		require.NoError(t, err)
		s := &signin.System{Open: func(context.Context, string) error { return errors.New("no display") }, Out: out}
		s.ListenOn(l)
		return s
	}
	r := flow.Request{URL: &url.URL{Scheme: "https", Host: "idp.example.com", RawQuery: "state=s"}, RedirectURI: clientURI}

	_, err := driver(nil).SignIn(t.Context(), r)
	requireCode(t, err, "env.no_browser")

	ctx, cancel := context.WithCancel(t.Context())
	out := writerFunc(func(p []byte) (int, error) {
		if !bytes.Contains(p, []byte("https://idp.example.com?state=s")) {
			t.Errorf("want the address, got %q", p)
		}
		cancel()
		return len(p), nil
	})
	_, err = driver(out).SignIn(ctx, r)
	requireCode(t, err, "signin.canceled")
	require.ErrorContains(t, err, clientURI)
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }

func TestSystemListensOnThisMachineOnly(t *testing.T) {
	t.Parallel()
	for _, uri := range []string{"https://app.example.com/callback", "http://app.example.com/callback", "https://127.0.0.1/callback", "com.example.app:/cb", "http://0.0.0.0:8080/cb"} {
		_, err := (&signin.System{}).SignIn(t.Context(), flow.Request{URL: &url.URL{}, RedirectURI: uri})
		requireCode(t, err, "usage.redirect_uri")
	}
}

func TestSystemSaysThatThePortIsInUse(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	for _, host := range []string{"127.0.0.1", "localhost"} {
		_, port, err := net.SplitHostPort(l.Addr().String())
		require.NoError(t, err)
		_, err = (&signin.System{}).SignIn(t.Context(), flow.Request{URL: &url.URL{}, RedirectURI: "http://" + host + ":" + port + "/cb"})
		require.Contains(t, requireCode(t, err, "env.port_in_use").Hint, "another port")
	}
}
