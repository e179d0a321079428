package cmd

import (
	"os"
	"testing"

	"github.com/stretchr/testify/require"
)

// A window needs DISPLAY or WAYLAND_DISPLAY; package chrome takes what may pass from the whole.
func TestTheBrowserIsGivenTheEnvironment(t *testing.T) {
	t.Parallel()
	s, err := new(options).newSigner()
	require.NoError(t, err)
	require.Equal(t, os.Environ(), s.browser.Env)
}
