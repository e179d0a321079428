package chrome

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/oidcflow/oidcflow/flow"
	"github.com/oidcflow/oidcflow/flow/signin"
	"github.com/oidcflow/oidcflow/flow/trace"
)

// testRedirect leads nowhere: no name service knows it.
const testRedirect = "https://app.unresolvable.invalid/callback"

// patience is how long a test waits for what takes a moment.
const patience = 30 * time.Second

// binaries are the browsers that the tests run in: those of these two that are there, else the one that [Find] finds.
var binaries = installed("chromium-headless-shell", "chromium")

func installed(names ...string) []string {
	var list []string
	for _, name := range names {
		if _, err := Find(name); err == nil {
			list = append(list, name)
		}
	}
	if list == nil {
		return []string{""}
	}
	return list
}

// shared are browsers that tests use together, by binary.
var shared = struct {
	sync.Mutex
	dir      string
	browsers map[string]*Browser
}{browsers: map[string]*Browser{}}

func TestMain(m *testing.M) {
	if dir := os.Getenv(helperDir); dir != "" {
		helper(dir)
		return
	}
	code := m.Run()
	for _, b := range shared.browsers {
		if err := b.Close(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			code = 1
		}
	}
	if shared.dir != "" {
		if err := os.RemoveAll(shared.dir); err != nil {
			fmt.Fprintln(os.Stderr, err)
			code = 1
		}
	}
	os.Exit(code)
}

// helperDir is the variable that makes the test binary a program that starts a browser and waits to be killed.
const helperDir = "OIDCFLOW_TEST_HELPER_DIR"

// helper starts a browser in dir, says so, and stays until it is killed.
func helper(dir string) {
	b, err := Start(context.Background(), Config{Path: os.Getenv("OIDCFLOW_TEST_HELPER_BROWSER"), TempDir: dir})
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	fmt.Println(b.process.Process.Pid, b.profile)
	select {}
}

// sharedBrowser is a running browser that no test may close or kill.
func sharedBrowser(t testing.TB, binary string) *Browser {
	t.Helper()
	shared.Lock()
	defer shared.Unlock()
	if b := shared.browsers[binary]; b != nil {
		return b
	}
	needBrowser(t, binary)
	if shared.dir == "" {
		shared.dir = openDir(t)
	}
	b, err := Start(context.Background(), Config{Path: binary, TempDir: shared.dir, Screenshots: true})
	require.NoError(t, err)
	shared.browsers[binary] = b
	return b
}

// startBrowser starts a browser for one test.
func startBrowser(t testing.TB, cfg Config) *Browser {
	t.Helper()
	needBrowser(t, cfg.Path)
	if cfg.TempDir == "" {
		cfg.TempDir = testDir(t)
	}
	b, err := Start(t.Context(), cfg)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, b.Close()) })
	return b
}

func needBrowser(t testing.TB, path string) {
	t.Helper()
	_, err := Find(path)
	require.NoError(t, err, "the tests need a browser: run `make deps`")
}

// inEach runs f in each of the browsers, in a subtest of its name.
func inEach(t *testing.T, f func(t *testing.T, b *Browser)) {
	for _, binary := range binaries {
		t.Run(binary, func(t *testing.T) {
			t.Parallel()
			f(t, sharedBrowser(t, binary))
		})
	}
}

// openDir is a folder that other users can reach: as root, Chrome runs as one of them.
func openDir(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "oidcflow-test-")
	require.NoError(t, err)
	require.NoError(t, os.Chmod(dir, 0o755))
	return dir
}

// testDir is an openDir that is gone with the test.
func testDir(t testing.TB) string {
	t.Helper()
	dir := openDir(t)
	t.Cleanup(func() { require.NoError(t, os.RemoveAll(dir)) })
	return dir
}

// provider is a web site of pages, given as HTML by path. Its /done takes one form and redirects to the redirect URI; the
// form comes back in the parameter form.
func provider(t testing.TB, pages map[string]string) *httptest.Server {
	t.Helper()
	mux := http.NewServeMux()
	for path, html := range pages {
		mux.HandleFunc(path, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
			fmt.Fprint(w, "<!doctype html>"+html)
		})
	}
	var sent atomic.Bool
	mux.HandleFunc("/done", func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost && sent.Swap(true) {
			t.Errorf("a form was sent a second time")
		}
		if err := r.ParseForm(); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		http.Redirect(w, r, testRedirect+"?"+url.Values{"code": {"c"}, "form": {r.Form.Encode()}}.Encode(), http.StatusFound)
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

// alice is the user of the tests.
func alice() signin.User {
	return signin.User{Name: "alice", Password: trace.NewSecret("password", "correct horse")}
}

// within is a context that ends with the test, or before.
func within(t testing.TB, d time.Duration) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), d)
	t.Cleanup(cancel)
	return ctx
}

// signInAt signs alice in at a provider whose first page is /.
func signInAt(t testing.TB, b *Browser, p *httptest.Server) (*flow.Callback, error) {
	t.Helper()
	return b.Driver(signin.Config{User: alice()}).SignIn(within(t, patience), request(t, p.URL+"/?client_id=web", testRedirect))
}

// requireCode demands that err is an error of the program with that code.
func requireCode(t testing.TB, want string, err error) *flow.Error {
	t.Helper()
	var e *flow.Error
	require.ErrorAs(t, err, &e)
	require.Equal(t, want, e.Code, "%v", err)
	return e
}

// requireEmpty demands that nothing is in dir.
func requireEmpty(t *testing.T, dir string) {
	t.Helper()
	left, err := filepath.Glob(filepath.Join(dir, "*"))
	require.NoError(t, err)
	require.Empty(t, left)
}

// login is the form that most pages of the tests have.
const login = `<title>Sign in</title><h1>Sign in</h1><form method="post" action="/done">
<label>Username <input name="username" autocomplete="username"></label>
<label>Password <input type="password" name="password" autocomplete="current-password"></label>
<button>Sign in</button></form>`

// loggedIn is what login sends.
const loggedIn = "password=correct+horse&username=alice"
