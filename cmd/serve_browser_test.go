package cmd

import (
	"bytes"
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/oidcflow/oidcflow/flow"
	"github.com/oidcflow/oidcflow/flow/signin/chrome"
	"github.com/oidcflow/oidcflow/flow/trace"
	"github.com/oidcflow/oidcflow/mockidp"
)

// dumpPage opens target in a browser and returns the page that it ends on, and what the browser has to say about the
// pages on the way.
func dumpPage(t *testing.T, target string) (dom, console string) {
	t.Helper()
	path, err := chrome.Find("")
	require.NoError(t, err, "run `make deps`")
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, path, "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
		"--disable-background-networking", "--disable-component-update", "--disable-sync", "--user-data-dir="+t.TempDir(),
		"--enable-logging=stderr", "--virtual-time-budget=10000", "--dump-dom", target)
	var out, log bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &log
	cmd.WaitDelay = 5 * time.Second
	require.NoError(t, cmd.Run(), log.String())
	for line := range strings.Lines(log.String()) {
		if strings.Contains(line, "CONSOLE") {
			console += line
		}
	}
	return out.String(), console
}

// serveLocalhost starts a web app on localhost. Its provider is on 127.0.0.1, which is another site to a browser.
func serveLocalhost(t *testing.T, change func(*flow.Config)) (url string) {
	t.Helper()
	idp := mockidp.StartT(t, mockidp.Config{Login: "auto"})
	server := httptest.NewUnstartedServer(nil)
	_, port, err := net.SplitHostPort(server.Listener.Addr().String())
	require.NoError(t, err)
	url = "http://localhost:" + port
	cfg := flow.Config{Issuer: idp.Issuer("org"), ClientID: "oidcflow", RedirectURI: url + "/callback", Scopes: []string{"openid", "profile"}}
	change(&cfg)
	app, err := newWebApp(cfg, 20*time.Second, trace.NewRedactor())
	require.NoError(t, err)
	server.Config.Handler = app
	server.Start()
	t.Cleanup(server.Close)
	return url
}

// A browser follows its own rules about cookies, scripts and forms: each response mode must come through them.
func TestServeInABrowser(t *testing.T) {
	t.Parallel()
	for _, mode := range []string{"query", "form_post", "fragment"} {
		t.Run(mode, func(t *testing.T) {
			t.Parallel()
			dom, console := dumpPage(t, serveLocalhost(t, func(c *flow.Config) { c.ResponseMode = mode })+"/login")
			require.Contains(t, dom, "Signed in", console)
			require.Contains(t, dom, "signature")
			require.Empty(t, console, "the pages keep to their own Content-Security-Policy")
		})
	}
}

// The style is let through by its hash, so its hash must be that of what the template writes.
func TestServeStyleAppliesInABrowser(t *testing.T) {
	t.Parallel()
	for _, path := range []string{"/", "/nowhere", "/callback?code=x&state=y"} {
		dom, console := dumpPage(t, serveLocalhost(t, func(*flow.Config) {})+path)
		require.Contains(t, dom, "<h1>")
		require.NotContains(t, console, "Content Security Policy")
	}
}

func TestServePoliciesNameWhatIsOnThePages(t *testing.T) {
	t.Parallel()
	w := httptest.NewRecorder()
	require.NoError(t, writePage(w, http.StatusOK, "relay", relayPage{page: page{Style: serveCSS}, Script: serveRelayScript}))
	for _, tag := range []string{"style", "script"} {
		_, source, found := strings.Cut(w.Body.String(), "<"+tag+">")
		require.True(t, found)
		source, _, found = strings.Cut(source, "</"+tag+">")
		require.True(t, found)
		require.Contains(t, relayPolicy, cspHash(source), tag)
	}
}
