package cmd

import (
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/oidcflow/oidcflow/flow"
)

func TestListenForRefuses(t *testing.T) {
	t.Parallel()
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, taken.Close()) })
	_, port, err := net.SplitHostPort(taken.Addr().String())
	require.NoError(t, err)
	for _, c := range []struct {
		name, redirectURI, listen, code string
		exit                            int
	}{
		{"a port that is taken", "http://127.0.0.1:" + port + "/callback", "", "env.port_in_use", exitMachine},
		{"a port of localhost that is taken", "http://localhost:" + port + "/callback", "", "env.port_in_use", exitMachine},
		{"a host elsewhere, without --listen", "http://app.example.com/callback", "", "usage.redirect_uri", exitUsage},
		{"an address that is none", "http://localhost/callback", "8080", "usage.listen", exitUsage},
		{"an address of another machine", "http://localhost/callback", "192.0.2.1:0", "env.listen", exitMachine},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			u, err := url.Parse(c.redirectURI)
			require.NoError(t, err)
			_, err = listenFor(t.Context(), u, c.listen)
			var e *flow.Error
			require.ErrorAs(t, err, &e)
			require.Equal(t, c.code, e.Code)
			require.NotEmpty(t, e.Hint)
			require.Equal(t, c.exit, exitCode(e.Code))
		})
	}
}

// localhost is two addresses, and who listens on one must not leave the other to a stranger.
func TestListenForLocalhostTakesBothAddresses(t *testing.T) {
	t.Parallel()
	for _, host := range []string{"localhost", "app.localhost"} {
		t.Run(host, func(t *testing.T) {
			t.Parallel()
			requireBothAddresses(t, host)
		})
	}
}

func requireBothAddresses(t *testing.T, host string) {
	t.Helper()
	listeners, err := listenFor(t.Context(), &url.URL{Scheme: "http", Host: host + ":0"}, "")
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, closeAll(listeners)) })
	_, port, err := net.SplitHostPort(listeners[0].Addr().String())
	require.NoError(t, err)
	for _, host := range []string{"127.0.0.1", "::1"} {
		l, err := net.Listen("tcp", net.JoinHostPort(host, port))
		if err == nil {
			require.NoError(t, l.Close())
		}
		require.Error(t, err, host)
	}
}

func TestServeRedirect(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		redirectURI, mode string
		origin            string // empty: refused
	}{
		{"http://localhost:8080/callback", "", "http://localhost:8080"},
		{"http://LOCALHOST:80/callback", "", "http://localhost"},
		{"https://app.example.com:443/callback", "", "https://app.example.com"},
		{"http://localhost:8080", "", "http://localhost:8080"},
		{"http://localhost:8080/", "fragment", ""},
		{"http://localhost:8080/login", "", ""},
		{"com.example.app:/callback", "", ""},
		{"http:///callback", "", ""},
	} {
		t.Run(c.redirectURI, func(t *testing.T) {
			t.Parallel()
			u, err := serveRedirect(flow.Config{RedirectURI: c.redirectURI, ResponseMode: c.mode})
			if c.origin == "" {
				require.ErrorContains(t, err, "redirect URI")
				return
			}
			require.NoError(t, err)
			require.Equal(t, c.origin, u.Scheme+"://"+u.Host)
		})
	}
}

// A redirect URI without a path is the start page's address too: an answer is told from a visit by what it brings.
func TestServeAtTheRoot(t *testing.T) {
	t.Parallel()
	s := serveApp(t, func(c *flow.Config) { c.RedirectURI = c.RedirectURI[:len(c.RedirectURI)-len("callback")] })
	p := s.person()
	require.Contains(t, p.get(s.url+"/").body, `href="/login"`)
	a := p.get(s.url + "/login")
	require.Equal(t, http.StatusOK, a.StatusCode, a.body)
	require.Contains(t, a.body, "Signed in")
}

func TestWantsJSON(t *testing.T) {
	t.Parallel()
	for accept, want := range map[string]bool{
		"":                 false,
		"*/*":              false,
		"application/json": true,
		"text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8": false,
		"text/html;q=0.5, application/json":                               true,
		"application/json;q=0.5, text/html":                               false,
		"application/json;q=none":                                         false,
		"application/json;;, text/html":                                   false,
	} {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.Header.Set("Accept", accept)
		require.Equal(t, want, wantsJSON(r), accept)
	}
}

func TestClaimRows(t *testing.T) {
	t.Parallel()
	now := time.Unix(1_800_000_000, 0)
	require.Equal(t, []pair{
		{Name: "sub", Value: "00u1", Note: "who: the user's identifier at the issuer"},
		{Name: "aud", Value: `["a","b"]`, Note: "who it is for"},
		{Name: "exp", Value: "1800003599", Note: "expires: 2027-01-15 08:59:59 UTC, in 59 min 59 s"},
		{Name: "auth_time", Value: "soon", Note: "when the user signed in"},
		{Name: "address", Value: "{\n  \"country\": \"NL & <b>\"\n}"},
		{Name: "updated_at", Value: "1799913600", Note: "2027-01-14 08:00:00 UTC, 1 d ago"},
		{Name: "ver", Value: "1"},
	}, claimRows(map[string]any{
		"ver": float64(1), "exp": float64(now.Unix() + 3599), "sub": "00u1", "aud": []any{"a", "b"}, "auth_time": "soon",
		"address": map[string]any{"country": "NL & <b>"}, "updated_at": float64(now.Unix() - 86400),
	}, now))
}

// A token can be anything: what is no JWT is shown as it is.
func FuzzDecodeJWT(f *testing.F) {
	for _, seed := range []string{"", "..", "opaque", "eyJhbGciOiJub25lIn0.e30.", "eyJhbGciOiJub25lIn0.bnVsbA.x", "e30.W10.x"} {
		f.Add(seed)
	}
	f.Fuzz(func(_ *testing.T, token string) {
		viewToken("token", "", token, time.Unix(0, 0))
	})
}
