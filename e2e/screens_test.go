package e2e

import (
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/oidcflow/oidcflow/e2e/screens"
)

// TestScreens plays the table of Okta's screens on the newest widget.
func TestScreens(t *testing.T) {
	t.Parallel()
	dir := filepath.Join("interop", "node_modules", "@okta", "okta-signin-widget", "dist")
	require.DirExists(t, dir, "the npm packages are missing: make deps")
	stage := &screens.Stage{Widget: dir}
	cells := slices.DeleteFunc(screens.Cells(screens.Rows()), func(c screens.Cell) bool { return c.Driver != "idx" })
	screens.Each(cells, 4, func(c screens.Cell) {
		t.Run(c.Name(), func(t *testing.T) {
			o, err := stage.Play(t.Context(), c)
			require.NoError(t, err)
			require.NoError(t, c.Check(o))
		})
	})
}
