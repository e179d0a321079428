package interop

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/oidcflow/oidcflow/e2e/screens"
	"github.com/oidcflow/oidcflow/flow/signin/chrome"
)

// screenTable is what came of the cells, over all tests of them.
var screenTable screens.Table

// printScreens prints the table of Okta's screens, if it was played.
func printScreens() error {
	if !screenTable.Played() {
		return nil
	}
	fmt.Printf("\nOkta's screens on a widget that is older than the newest by more than a year:\n\n")
	return screenTable.Write(os.Stdout, screens.Rows())
}

// TestScreens plays the table of Okta's screens on a widget that is more than a year older than the newest; and some of
// it on the other styles of the page, and where the network is slow.
func TestScreens(t *testing.T) {
	dir := filepath.Join("node_modules", "okta-signin-widget-older", "dist")
	require.DirExists(t, dir, "the npm packages are missing: make deps")
	b, err := chrome.Start(t.Context(), chrome.Config{Path: browser(t), Env: os.Environ(), TempDir: t.TempDir()})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, b.Close()) })
	all := screens.Cells(screens.Rows())
	some := slices.DeleteFunc(slices.Clone(all), func(c screens.Cell) bool { return !slices.Contains(telling, c.Row.Name) })
	for _, test := range []struct {
		name  string
		stage screens.Stage
		cells []screens.Cell
	}{
		{"default page", screens.Stage{}, all},
		{"customised page", screens.Stage{Page: "custom"}, some},
		{"databag page", screens.Stage{Page: "databag"}, some},
		{"slow", screens.Stage{Net: slow}, some},
	} {
		t.Run(test.name, func(t *testing.T) {
			test.stage.Widget, test.stage.Browser = dir, b
			test.stage.Test(t, test.cells, &screenTable)
		})
	}
}

// telling are the rows that meet what differs between styles of the page, and what a slow network disturbs: a form that
// is drawn twice, a choice, a terminal screen, and the way back to the application.
var telling = []string{"identifier and password on one page", "choice of authenticators", "granular consent", "wrong password"}

// slow is a network on which each answer of Okta's engines takes its time, and the widget's script even longer.
func slow(okta http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case strings.HasSuffix(r.URL.Path, ".js"), strings.HasSuffix(r.URL.Path, "/introspect"):
			hold(r, time.Second)
		case r.Method == http.MethodPost:
			hold(r, 300*time.Millisecond)
		}
		okta.ServeHTTP(w, r)
	})
}

// hold keeps a request back for d, or until nobody waits for its answer.
func hold(r *http.Request, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-r.Context().Done():
	}
}
