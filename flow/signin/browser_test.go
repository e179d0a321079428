package signin

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestTheBrowserGetsWebAddressesOnly(t *testing.T) {
	t.Parallel()
	for _, address := range []string{"file:///etc/passwd", "javascript:alert(1)", "--help", ""} {
		require.ErrorContains(t, openWith(t.Context(), []string{"/bin/true"}, address), "web address")
	}
}

func TestAnOpenerThatFailsIsAnError(t *testing.T) {
	t.Parallel()
	require.Error(t, openWith(t.Context(), []string{"/no/such/opener"}, "https://idp.example.com"))
}

func TestAnOpenerThatStaysIsLeftAlone(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorIs(t, waitFor(ctx, make(chan error)), context.Canceled)
}
