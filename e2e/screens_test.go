package e2e

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/oidcflow/oidcflow/e2e/screens"
	"github.com/oidcflow/oidcflow/flow/signin/chrome"
)

// TestScreens plays the table of Okta's screens on the newest widget.
func TestScreens(t *testing.T) {
	t.Parallel()
	dir := filepath.Join("interop", "node_modules", "@okta", "okta-signin-widget", "dist")
	require.DirExists(t, dir, "the npm packages are missing: make deps")
	b, err := chrome.Start(t.Context(), chrome.Config{Path: os.Getenv("OIDCFLOW_BROWSER"), Env: os.Environ(), TempDir: t.TempDir()})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, b.Close()) })
	stage := &screens.Stage{Widget: dir, Browser: b}
	stage.Test(t, screens.Cells(screens.Rows()), &screens.Table{})
}
