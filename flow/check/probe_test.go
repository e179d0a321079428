package check_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/oidcflow/oidcflow/flow/check"
)

func TestRightProviderPassesProbes(t *testing.T) {
	t.Parallel()
	s, cfg := provider(t)
	other := cfg
	other.ClientID = "other"
	age := time.Hour
	cfg.MaxAge = &age
	found, _, err := check.Run(t.Context(), cfg, check.Options{
		Probes: true, Other: &other,
		Clock: func(d time.Duration) error { s.Clock().Advance(d); return nil },
	})
	require.NoError(t, err)
	probes := 0
	for _, f := range found {
		require.LessOrEqual(t, f.Status, check.Warn, "%s: %s", f.Name, f.Message)
		if f.Status == check.Warn {
			require.Equal(t, "refresh-race", f.Name, f.Message)
		}
		if f.Probe && f.Status == check.Pass {
			probes++
		}
	}
	require.Equal(t, 28, probes, "the public client has no secret, and the refresh tokens a grace period")
}

func TestProbesWaitForTheirTurn(t *testing.T) {
	t.Parallel()
	s, cfg := provider(t)
	before := s.Clock().Now()
	_, _, err := check.Run(t.Context(), cfg, check.Options{Probes: true, Only: []string{"code-repeated", "code-replay"}, Pause: 20 * time.Second})
	require.NoError(t, err)
	require.Equal(t, 40*time.Second, s.Clock().Now().Sub(before))
}

func TestProbesAreLeftOutUnlessAskedFor(t *testing.T) {
	t.Parallel()
	_, cfg := provider(t)
	found, _, err := check.Run(t.Context(), cfg, check.Options{Only: []string{"RFC 9700"}})
	require.NoError(t, err)
	for _, f := range found {
		require.False(t, f.Probe, f.Name)
	}
}
