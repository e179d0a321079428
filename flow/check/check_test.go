package check_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/oidcflow/oidcflow/flow"
	"github.com/oidcflow/oidcflow/flow/check"
	"github.com/oidcflow/oidcflow/flow/trace"
	"github.com/oidcflow/oidcflow/mockidp"
)

// straight is a driver for a provider that lets everybody in at once: it takes the first redirect.
type straight struct{ client *http.Client }

func (d straight) SignIn(ctx context.Context, r flow.Request) (*flow.Callback, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, r.URL.String(), nil)
	if err != nil {
		return nil, err
	}
	client := &http.Client{Transport: d.client.Transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	resp, err := client.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	cb, ok := flow.CallbackAt(r.RedirectURI, resp.Header.Get("Location"))
	if resp.StatusCode >= 400 {
		return nil, &flow.Error{Step: trace.SignIn, Code: "authorize.error_page", Err: errors.New(resp.Status)}
	}
	if !ok {
		return nil, fmt.Errorf("want a redirect to %s, got %s to %q", r.RedirectURI, resp.Status, resp.Header.Get("Location"))
	}
	return cb, nil
}

// provider starts a provider that does what names say, and returns it with a client's configuration.
func provider(t testing.TB, faults ...string) (*mockidp.Server, flow.Config) {
	t.Helper()
	s := mockidp.StartT(t, mockidp.Config{
		Login:   "auto",
		Servers: []mockidp.AuthServer{{Name: "default", Alg: "ES256"}}, // RSA keys take long to make
		Clients: []mockidp.Client{{ID: "tool"}, {ID: "other"}},
		Users:   []mockidp.User{mockidp.Person{Login: "alice", Name: "Alice Example"}},
		Faults:  faults,
	})
	s.Clock().Freeze()
	return s, flow.Config{
		Issuer: s.Issuer("default"), ClientID: "tool", Transport: s.Client().Transport, SignIn: straight{s.Client()},
		Scopes: []string{"openid", "email", "offline_access"},
		Now:    s.Clock().Now,
		Wait: func(ctx context.Context, d time.Duration) error {
			s.Clock().Advance(d)
			return ctx.Err()
		},
	}
}

func TestRightProviderPasses(t *testing.T) {
	t.Parallel()
	_, cfg := provider(t)
	found, _, err := check.Run(t.Context(), cfg, check.Options{})
	require.NoError(t, err)
	require.NotEmpty(t, found)
	for _, f := range found {
		require.Contains(t, []check.Status{check.Pass, check.Skip}, f.Status, "%s: %s", f.Name, f.Message)
	}
}

func TestFaultIsFound(t *testing.T) {
	t.Parallel()
	_, cfg := provider(t, "invalid-iss")
	found, _, err := check.Run(t.Context(), cfg, check.Options{Only: []string{"invalid-iss"}})
	require.NoError(t, err)
	require.Len(t, found, 1)
	require.Equal(t, check.Fail, found[0].Status)
	require.Equal(t, fmt.Sprintf("%q", cfg.Issuer), found[0].Want)
}

func TestUnknownCheckIsRefused(t *testing.T) {
	t.Parallel()
	_, cfg := provider(t)
	_, _, err := check.Run(t.Context(), cfg, check.Options{Skip: []string{"no-such-check"}})
	require.ErrorContains(t, err, `"no-such-check"`)
}
