package interop

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestScenarioWidget runs the scenario files of Okta's policies in Chrome, on Okta's own widget.
func TestScenarioWidget(t *testing.T) {
	t.Parallel()
	files, err := filepath.Abs(filepath.Join("..", "..", "testdata", "scenario-widget"))
	require.NoError(t, err)
	folder, err := filepath.Abs(widget(t))
	require.NoError(t, err)
	for _, generation := range []string{"2", "3"} {
		t.Run("generation "+generation, func(t *testing.T) {
			t.Parallel()
			got := run(t, nil, "test", files, "--widget", folder, "--browser", browser(t), "--var", "generation="+generation)
			require.Zero(t, got.Code, "%s%s", got.Stdout, got.Stderr)
			require.Regexp(t, `(?m)^4 passed, 0 failed, 0 skipped\.$`, got.Stdout)
		})
	}
}
