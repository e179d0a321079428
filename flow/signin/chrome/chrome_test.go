package chrome

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/oidcflow/oidcflow/flow"
	"github.com/oidcflow/oidcflow/flow/signin"
	"github.com/oidcflow/oidcflow/flow/trace"
)

const testRedirect = "https://app.unresolvable.invalid/callback"

// browsers are the browsers of this machine that the tests run in.
var browsers = []string{"chromium-headless-shell", "chromium"}

// startBrowser starts a browser for a test.
func startBrowser(t testing.TB, cfg Config) *Browser {
	t.Helper()
	if _, err := Find(cfg.Path); err != nil {
		require.NoError(t, err, "the tests need a browser: run `make deps`")
	}
	if cfg.TempDir == "" {
		cfg.TempDir = tempDir(t)
	}
	b, err := Start(t.Context(), cfg)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, b.Close()) })
	return b
}

// tempDir is a folder that other users can reach: as root, Chrome runs as one of them.
func tempDir(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "oidcflow-test-")
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, os.RemoveAll(dir)) })
	require.NoError(t, os.Chmod(dir, 0o755))
	return dir
}

// provider is a web site whose pages are given as HTML by path. Its /done redirects to the redirect URI.
func provider(t testing.TB, pages map[string]string) *httptest.Server {
	t.Helper()
	mux := http.NewServeMux()
	for path, html := range pages {
		mux.HandleFunc(path, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
			fmt.Fprint(w, html)
		})
	}
	mux.HandleFunc("/done", func(w http.ResponseWriter, r *http.Request) {
		_ = r.ParseForm()
		q := url.Values{"code": {"c"}, "state": {"s"}, "form": {r.Form.Encode()}}
		http.Redirect(w, r, testRedirect+"?"+q.Encode(), http.StatusFound)
	})
	s := httptest.NewServer(mux)
	t.Cleanup(s.Close)
	return s
}

func request(t testing.TB, rawURL, redirect string) flow.Request {
	t.Helper()
	u, err := url.Parse(rawURL)
	require.NoError(t, err)
	return flow.Request{URL: u, RedirectURI: redirect}
}

func alice() signin.User {
	return signin.User{Name: "alice", Password: trace.NewSecret("password", "correct horse")}
}

func timeout(t testing.TB, d time.Duration) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), d)
	t.Cleanup(cancel)
	return ctx
}

func TestTry(t *testing.T) {
	b := startBrowser(t, Config{Path: os.Getenv("TRY")})
	t.Log(b.Version(), b.sandbox)
	p := provider(t, map[string]string{"/{$}": `<title>Sign in</title><h1>Sign in</h1><form method=post action=/done>
<label>Username <input name=username></label><label>Password <input type=password name=password></label><button>Sign in</button></form>`})
	for range 3 {
		begin := time.Now()
		cb, err := b.Driver(signin.Config{User: alice()}).SignIn(timeout(t, 20*time.Second), request(t, p.URL+"/?state=s", testRedirect))
		require.NoError(t, err)
		t.Log(time.Since(begin), cb.Params)
	}
	files, _ := filepath.Glob(filepath.Join(b.cfg.TempDir, "*"))
	t.Log(strings.Join(files, " "))
}
