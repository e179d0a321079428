package interop

import (
	"bytes"
	"context"
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
	return npmFolder(t, "@okta", "okta-signin-widget", "dist")
}

// olderWidget is that of a version more than a year older.
func olderWidget(t *testing.T) string {
	t.Helper()
	return npmFolder(t, "okta-signin-widget-older", "dist")
}

func npmFolder(t *testing.T, path ...string) string {
	t.Helper()
	dir := filepath.Join(append([]string{"node_modules"}, path...)...)
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
		"--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1", // offline
		"--user-data-dir="+t.TempDir(), "--virtual-time-budget=20000", "--dump-dom", u)
	var stderr bytes.Buffer
	c.Stderr = &stderr
	out, err := c.Output()
	require.NoError(t, err, "%s", stderr.String())
	return string(out)
}

// TestOktaWidget has Okta's own widget draw the first screen on the hosted page: each generation of it and the Classic
// engine, in two versions that are more than a year apart, on each style of the page. The browser is offline, and the
// provider has all that the page asks for.
func TestOktaWidget(t *testing.T) {
	t.Parallel()
	first, all := []string{"identify"}, []string{"default", "custom", "databag"}
	for name, w := range map[string]struct {
		org   mockidp.OktaOrg
		pages []string
		sign  string // what tells the generation
		field string
	}{
		"generation 2":              {mockidp.OktaOrg{}, all, `class="siw-main-view identify`, "identifier"},
		"generation 3":              {mockidp.OktaOrg{Generation: 3}, all, `data-version="7.`, "identifier"},
		"classic":                   {mockidp.OktaOrg{Engine: "classic"}, all, `class="primary-auth"`, "password"},
		"classic, identifier first": {mockidp.OktaOrg{Engine: "classic", First: first}, all[:1], `class="idp-discovery"`, "username"},
	} {
		for version, dir := range map[string]string{"newest": widget(t), "older": olderWidget(t)} {
			for _, page := range w.pages {
				t.Run(name+", "+version+", "+page+" page", func(t *testing.T) {
					t.Parallel()
					org := w.org
					org.Page, org.DeviceFingerprints = page, true
					idp := mockidp.StartT(t, mockidp.Config{Login: "okta", Widget: dir, Org: org})
					dom := draw(t, idp.Issuer("")+"/oauth2/v1/authorize?"+url.Values{
						"client_id": {"oidcflow"}, "redirect_uri": {redirectURI}, "response_type": {"code"}, "scope": {"openid"}, "state": {"s"},
						"code_challenge": {"E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"}, "code_challenge_method": {"S256"},
					}.Encode())
					require.Contains(t, dom, w.sign)
					require.Regexp(t, `<input[^>]* name="`+w.field+`"`, dom)
					require.Regexp(t, `<(input|button)[^>]* type="submit"`, dom)
					require.NotRegexp(t, `data-se="infobox-error"`, dom)
					for _, r := range idp.Requests() {
						require.Less(t, r.Status, 400, "%s %s", r.Method, r.Path)
					}
				})
			}
		}
	}
}
