package cmd

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/oidcflow/oidcflow/flow"
)

func TestServeCookie(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, prefix string
		secure       bool
	}{{"http", "oidcflow-", false}, {"https", "__Host-oidcflow-", true}} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			cookie := newPendingSignIns(c.secure, time.Now).begin(&flow.Authorization{State: "s"})
			require.True(t, strings.HasPrefix(cookie.Name, c.prefix), cookie.Name)
			require.True(t, cookie.HttpOnly)
			require.Equal(t, c.secure, cookie.Secure)
			require.Equal(t, http.SameSiteLaxMode, cookie.SameSite)
			require.Equal(t, "/", cookie.Path)
			require.NoError(t, cookie.Valid())
		})
	}
}

func TestServeForgetsOldSignIns(t *testing.T) {
	t.Parallel()
	now := time.Unix(1_800_000_000, 0)
	p := newPendingSignIns(false, func() time.Time { return now })
	request := func(c *http.Cookie) *http.Request {
		r := httptest.NewRequest(http.MethodGet, "/callback", nil)
		r.AddCookie(c)
		return r
	}
	old := p.begin(&flow.Authorization{State: "old"})
	now = now.Add(pendingAge)
	_, _, err := p.take(request(old), "old")
	require.ErrorContains(t, err, "no sign-in with this state waits here")

	first := p.begin(&flow.Authorization{State: "first"})
	for range maxPending {
		p.begin(&flow.Authorization{State: "s" + now.String()})
		now = now.Add(time.Nanosecond)
	}
	_, _, err = p.take(request(first), "first")
	require.ErrorContains(t, err, "no sign-in with this state waits here")
	require.Len(t, p.byState, maxPending)
	require.Len(t, p.order, maxPending)
}
