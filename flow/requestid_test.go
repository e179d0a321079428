package flow_test

import (
	"context"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/oidcflow/oidcflow/flow"
	"github.com/oidcflow/oidcflow/mockidp"
)

// lastRequest returns how the mock's log names the latest request to an endpoint.
func lastRequest(t *testing.T, s *mockidp.Server, endpoint string) string {
	t.Helper()
	id := ""
	for _, r := range s.Requests() {
		if r.Endpoint == endpoint {
			id = r.RequestID
		}
	}
	require.NotEmpty(t, id)
	return id
}

// Whichever request is refused, in whatever shape: the error names the request as the provider's logs do.
func TestEachErrorNamesTheRequest(t *testing.T) {
	t.Parallel()
	refusals := map[string]mockidp.ServerError{
		"a refusal":    {Code: 400, Error: "invalid_request", Description: "no"},
		"an outage":    {Code: 500, Error: "server_error", Description: "down"},
		"unauthorized": {Code: 401, Error: "invalid_token", Description: "no"},
	}
	for endpoint, step := range map[string]func(context.Context, *flow.Client, *flow.Result) error{
		"discovery": func(ctx context.Context, c *flow.Client, _ *flow.Result) error { _, err := c.Discover(ctx); return err },
		"par":       func(ctx context.Context, c *flow.Client, _ *flow.Result) error { _, err := c.Run(ctx); return err },
		"token":     func(ctx context.Context, c *flow.Client, _ *flow.Result) error { _, err := c.Run(ctx); return err },
		"keys":      func(ctx context.Context, c *flow.Client, _ *flow.Result) error { _, err := c.Run(ctx); return err },
		"userinfo": func(ctx context.Context, c *flow.Client, r *flow.Result) error {
			_, err := c.UserInfo(ctx, &r.Tokens, "")
			return err
		},
		"introspect": func(ctx context.Context, c *flow.Client, r *flow.Result) error {
			_, err := c.Introspect(ctx, r.Tokens.AccessToken, "")
			return err
		},
		"revoke": func(ctx context.Context, c *flow.Client, r *flow.Result) error {
			return c.Revoke(ctx, r.Tokens.AccessToken, "")
		},
		"refresh": func(ctx context.Context, c *flow.Client, r *flow.Result) error {
			_, err := c.Refresh(ctx, r)
			return err
		},
		"logout": func(ctx context.Context, c *flow.Client, r *flow.Result) error { return c.Logout(ctx, r, "") },
	} {
		for name, refusal := range refusals {
			if endpoint == "discovery" && refusal.Code < 500 {
				continue // the document is looked for elsewhere then
			}
			t.Run(endpoint+", "+name, func(t *testing.T) {
				t.Parallel()
				s, cfg := startMock(t, nil)
				r, err := newClient(t, cfg).Run(t.Context())
				require.NoError(t, err)
				cfg.PAR = endpoint == "par"
				at := endpoint
				if at == "refresh" {
					at = "token"
				}
				require.NoError(t, s.QueueError(at, refusal))
				err = step(t.Context(), newClient(t, cfg), r)
				var e *flow.Error
				require.ErrorAs(t, err, &e)
				id := lastRequest(t, s, at)
				require.Equal(t, id, e.RequestID)
				require.Contains(t, err.Error(), "(request "+id+")")
			})
		}
	}
}

// What is wrong with an answer that is no refusal is told with the request, too.
func TestAnErrorInAnAnswerNamesTheRequest(t *testing.T) {
	t.Parallel()
	for fault, endpoint := range map[string]string{
		"userinfo-invalid-sub": "userinfo",
	} {
		s, cfg := startMock(t, func(c *mockidp.Config) { c.Faults = []string{fault} })
		c := newClient(t, cfg)
		r, err := c.Run(t.Context())
		if err == nil {
			_, err = c.UserInfo(t.Context(), &r.Tokens, r.IDTokenClaims["sub"].(string))
		}
		var e *flow.Error
		require.ErrorAs(t, err, &e, fault)
		require.Equal(t, lastRequest(t, s, endpoint), e.RequestID, fault)
	}
}

func TestRequestID(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		header http.Header
		want   string
	}{
		"none":                     {http.Header{"Date": {"x"}}, ""},
		"Okta's":                   {http.Header{"X-Okta-Request-Id": {"a"}}, "a"},
		"the provider's own first": {http.Header{"X-Request-Id": {"proxy"}, "X-Okta-Request-Id": {"a"}}, "a"},
		"Entra's":                  {http.Header{"X-Ms-Request-Id": {"b"}}, "b"},
		"a proxy's":                {http.Header{"X-Request-Id": {"c"}}, "c"},
		"unfit for a terminal":     {http.Header{"X-Request-Id": {"a\x1b[31m\tb\u202e"}}, "a[31m b"},
	} {
		require.Equal(t, test.want, flow.RequestID(test.header), name)
	}
	require.Less(t, len(flow.RequestID(http.Header{"X-Request-Id": {string(make([]byte, 1<<16)) + "x"}})), 1<<12)
}

// A callback is the answer to a request that the driver has seen.
func TestARefusedAuthorizationNamesTheRequest(t *testing.T) {
	t.Parallel()
	s, cfg := startMock(t, nil)
	cfg.SignIn = named{cfg.SignIn}
	require.NoError(t, s.QueueError("authorize", mockidp.ServerError{Error: "access_denied", Description: "no"}))
	_, err := newClient(t, cfg).Run(t.Context())
	var e *flow.Error
	require.ErrorAs(t, err, &e)
	require.Equal(t, "authorize.access_denied", e.Code)
	require.Equal(t, "seen by the driver", e.RequestID)
}

// named is a driver that has seen the request's name.
type named struct{ inner flow.SignIn }

func (n named) SignIn(ctx context.Context, r flow.Request) (*flow.Callback, error) {
	cb, err := n.inner.SignIn(ctx, r)
	if cb != nil {
		cb.RequestID = "seen by the driver"
	}
	return cb, err
}
