package interop

import (
	"bytes"
	"context"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/oidcflow/oidcflow/mockidp"
)

// widget is the folder that npm's @okta/okta-signin-widget is served from.
func widget(t *testing.T) string {
	t.Helper()
	dir := filepath.Join("node_modules", "@okta", "okta-signin-widget", "dist")
	require.DirExists(t, dir, "the npm packages are missing: make deps")
	return dir
}

// browser is the path of a Chrome.
func browser(t *testing.T) string {
	t.Helper()
	for _, name := range []string{os.Getenv("OIDCFLOW_BROWSER"), os.Getenv("CHROME_PATH"),
		"chromium-headless-shell", "chromium", "chromium-browser", "google-chrome", "google-chrome-stable",
		"/Applications/Google Chrome.app/Contents/MacOS/Google Chrome", `C:\Program Files\Google\Chrome\Application\chrome.exe`} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	require.FailNow(t, "there is no browser: make deps")
	return ""
}

// draw returns the DOM of the page at u, once its scripts have nothing left to do.
func draw(t *testing.T, u string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	c := exec.CommandContext(ctx, browser(t), "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
		"--disable-background-networking", "--disable-component-update", "--disable-sync",
		"--user-data-dir="+t.TempDir(), "--virtual-time-budget=20000", "--dump-dom", u)
	var stderr bytes.Buffer
	c.Stderr = &stderr
	out, err := c.Output()
	require.NoError(t, err, "%s", stderr.String())
	return string(out)
}

// TestOktaWidget has Okta's own widget draw the first screen on the hosted page: both generations of it, on each style
// of the page.
func TestOktaWidget(t *testing.T) {
	t.Parallel()
	for generation, sign := range map[int]string{2: `class="siw-main-view identify`, 3: `data-version="7.`} {
		for _, page := range []string{"default", "custom", "databag"} {
			t.Run(fmt.Sprintf("generation %d, %s page", generation, page), func(t *testing.T) {
				t.Parallel()
				idp := mockidp.StartT(t, mockidp.Config{
					Login: "okta", Widget: widget(t), Org: mockidp.OktaOrg{Page: page, Generation: generation, DeviceFingerprints: true},
				})
				dom := draw(t, idp.Issuer("")+"/oauth2/v1/authorize?"+url.Values{
					"client_id": {"oidcflow"}, "redirect_uri": {redirectURI}, "response_type": {"code"}, "scope": {"openid"}, "state": {"s"},
					"code_challenge": {"E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"}, "code_challenge_method": {"S256"},
				}.Encode())
				require.Contains(t, dom, sign)
				require.Regexp(t, `<input[^>]* name="identifier"`, dom)
				require.Regexp(t, `<(input|button)[^>]* type="submit"`, dom)
				require.NotRegexp(t, `data-se="infobox-error"`, dom)
			})
		}
	}
}
