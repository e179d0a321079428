package e2e

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/oidcflow/oidcflow/flow"
	"github.com/oidcflow/oidcflow/flow/check"
	"github.com/oidcflow/oidcflow/flow/trace"
	"github.com/oidcflow/oidcflow/mockidp"
)

// besides are the checks that a fault breaks besides that of its name, and why it cannot be otherwise.
var besides = map[string][]string{
	"discovery-plain-http-endpoint": {"endpoint-mix-up"},   // the loopback host itself may be plain http
	"code-replay":                   {"code-race"},         // a code that always works, works in a race
	"code-race":                     {"code-replay"},       // two that come close after each other are a race to the provider
	"pkce-downgrade":                {"pkce-not-required"}, // no verifier comes without a challenge unless that is let pass
	"code-repeated":                 {"code-replay", "code-race"},
	"weak-code":                     {},
}

// unpaired are the checks that no fault of their name breaks.
var unpaired = map[string]string{
	"exchange-completes": "it says why an exchange broke where no other check does",
	"refresh-race":       "it warns only: providers such as Okta have a grace period",
}

// unseen are the faults that are for clients alone: nothing of a provider is wrong by a clause that one exchange shows.
var unseen = map[string]string{
	"slow-login-page": "the driver runs into its deadline; see the scripts",
}

// straight signs in at a provider that lets everybody in: it takes the first redirect.
type straight struct{ transport http.RoundTripper }

func (d straight) SignIn(ctx context.Context, r flow.Request) (*flow.Callback, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, r.URL.String(), nil)
	if err != nil {
		return nil, err
	}
	resp, err := d.transport.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	if cb, ok := flow.CallbackAt(r.RedirectURI, resp.Header.Get("Location")); ok {
		return cb, nil
	}
	return nil, &flow.Error{Step: trace.SignIn, Code: "authorize.error_page", Err: errors.New(resp.Status)}
}

const (
	matrixSecret = "a-secret-of-more-than-thirty-two-bytes"
	logoutURI    = "http://localhost:8080"
)

// startSubject starts a provider on which names are on, and returns how all its checks are run.
func startSubject(t *testing.T, client string, names ...string) (*mockidp.Server, flow.Config, check.Options) {
	t.Helper()
	s := mockidp.StartT(t, mockidp.Config{
		Login:   "auto",
		Servers: []mockidp.AuthServer{{Name: "default", Alg: "ES256"}},
		Clients: []mockidp.Client{{ID: "public"}, {ID: "web", Secret: matrixSecret}, {ID: "other"}},
		Users:   []mockidp.User{mockidp.Person{Login: "alice", Email: "alice@example.com", Name: "Alice Example", Groups: []string{"admins"}}},
	})
	s.Clock().Freeze()
	require.NoError(t, s.SetFault(names...))
	age := time.Hour
	cfg := flow.Config{
		Issuer: s.Issuer("default"), ClientID: client, Transport: s.Client().Transport, SignIn: straight{s.Client().Transport},
		Scopes: []string{"openid", "email", "groups", "offline_access"}, MaxAge: &age, RequestTimeout: time.Second, Now: s.Clock().Now,
		Wait: func(ctx context.Context, d time.Duration) error {
			s.Clock().Advance(d)
			return ctx.Err()
		},
	}
	if client == "web" {
		cfg.ClientSecret = trace.NewSecret("client_secret", matrixSecret)
	}
	other := cfg
	other.ClientID, other.ClientSecret = "other", trace.Secret{}
	return s, cfg, check.Options{
		Probes: true, Other: &other,
		Expect: check.Expect{Claims: map[string][]string{"groups": {"admins"}}, MaxLifetime: 2 * time.Hour, RequireRotation: true, LogoutURI: logoutURI},
		Clock:  func(d time.Duration) error { s.Clock().Advance(d); return nil },
	}
}

// wrong runs all checks and returns the names of those that failed or could not be tried.
func wrong(t *testing.T, client string, names ...string) (failed []string) {
	t.Helper()
	_, cfg, o := startSubject(t, client, names...)
	found, _, err := check.Run(t.Context(), cfg, o)
	require.NoError(t, err)
	for _, f := range found {
		if f.Status >= check.Fail {
			failed = append(failed, f.Name)
			t.Logf("%s: %s: %s", f.Status, f.Name, f.Message)
		}
	}
	return failed
}

// clientFor is the client that a fault is tried with.
func clientFor(name string) string {
	if name == "client-wrong-secret" {
		return "web"
	}
	return "public"
}

// TestMatrix holds that faults and checks prove each other: without a fault no check fails, and with one those fail that
// its row names, and no other.
func TestMatrix(t *testing.T) {
	t.Parallel()
	for _, client := range []string{"public", "web"} {
		t.Run("no fault, client "+client, func(t *testing.T) {
			t.Parallel()
			require.Empty(t, wrong(t, client))
		})
	}
	for _, f := range mockidp.Faults {
		if unseen[f.Name] != "" {
			continue
		}
		t.Run(f.Name, func(t *testing.T) {
			t.Parallel()
			got := wrong(t, clientFor(f.Name), f.Name)
			require.Contains(t, got, f.Name)
			for _, name := range got {
				require.Contains(t, append([]string{f.Name}, besides[f.Name]...), name)
			}
		})
	}
	for _, v := range mockidp.Variations {
		t.Run(v.Name, func(t *testing.T) {
			t.Parallel()
			require.Empty(t, wrong(t, "public", v.Name))
		})
	}
}

// TestMatrixHasNoOrphans holds that each fault has its check, and each check its fault.
func TestMatrixHasNoOrphans(t *testing.T) {
	t.Parallel()
	var checks, faults []string
	for _, c := range check.Checks {
		checks = append(checks, c.Name)
		require.NotEmpty(t, c.Ref, c.Name)
		require.NotEmpty(t, c.Title, c.Name)
		require.Equal(t, c.Probe, c.Sends != "", "%s: a probe says what it sends, and only a probe", c.Name)
	}
	for _, f := range mockidp.Faults {
		faults = append(faults, f.Name)
		if unseen[f.Name] == "" {
			require.Contains(t, checks, f.Name, "a fault that no check finds")
		}
	}
	for _, name := range checks {
		if unpaired[name] == "" {
			require.Contains(t, faults, name, "a check that no fault breaks")
		}
	}
	for _, names := range [][]string{checks, faults} {
		require.Len(t, slices.Compact(slices.Sorted(slices.Values(names))), len(names), "a name is there twice")
	}
}
