package check_test

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"regexp"
	"strings"
	"sync/atomic"
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

// elsewhere is a way to a provider whose discovery document names a userinfo endpoint on somebody else's host.
type elsewhere struct {
	http.RoundTripper
	asked atomic.Bool
}

func (e *elsewhere) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.URL.Hostname() == "elsewhere.example" {
		e.asked.Store(true)
		return nil, errors.New("nobody is there")
	}
	resp, err := e.RoundTripper.RoundTrip(r)
	if err != nil || !strings.Contains(r.URL.Path, ".well-known") {
		return resp, err
	}
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, errors.Join(err, resp.Body.Close())
	}
	body = regexp.MustCompile(`"userinfo_endpoint": *"[^"]*"`).ReplaceAll(body, []byte(`"userinfo_endpoint":"https://elsewhere.example/userinfo"`))
	resp.Body, resp.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	resp.Header.Del("Content-Length")
	return resp, nil
}

func TestProbesSendNoTokenWhereTheEngineSendsNone(t *testing.T) {
	t.Parallel()
	_, cfg := provider(t)
	to := &elsewhere{RoundTripper: http.DefaultTransport}
	cfg.Transport = to
	found, _, err := check.Run(t.Context(), cfg, check.Options{Probes: true, Only: []string{"userinfo-no-token", "userinfo-token-in-query", "userinfo-other-audience"}})
	require.NoError(t, err)
	require.Len(t, found, 3)
	for _, f := range found {
		require.Equal(t, check.Skip, f.Status, "%s: %s", f.Name, f.Message)
		require.Contains(t, f.Message, "no userinfo endpoint")
	}
	require.False(t, to.asked.Load())
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
