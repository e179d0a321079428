package signin_test

import (
	"net/http"
	"testing"

	"github.com/oidcflow/oidcflow/flow/signin"
	"github.com/oidcflow/oidcflow/mockidp"
	"github.com/stretchr/testify/require"
)

// A refused sign-in is told with the name that the provider's logs have for the page that refused it.
func TestARefusedSignInNamesTheRequest(t *testing.T) {
	t.Parallel()
	p := startProvider(t)
	_, err := signin.NewForm(signin.Config{User: user("alice", "not her password"), Transport: p.Client().Transport}).
		SignIn(t.Context(), p.request(t, "web", nil))
	coded := requireCode(t, err, "signin.invalid_credentials")
	require.Equal(t, p.last().RequestID, coded.RequestID)
	require.ErrorContains(t, err, "(request "+coded.RequestID+")")
}

// So is what comes back to the client, whichever way.
func TestTheResponseNamesTheRequest(t *testing.T) {
	t.Parallel()
	for _, mode := range []string{"query", "fragment", "form_post"} {
		p := startProvider(t)
		cb, err := signin.NewForm(signin.Config{User: user("alice", "correct horse"), Transport: p.Client().Transport}).
			SignIn(t.Context(), p.request(t, "web", map[string][]string{"response_mode": {mode}}))
		require.NoError(t, err)
		require.Equal(t, mode, cb.Mode)
		require.NotEmpty(t, cb.RequestID)
		require.Equal(t, p.last().RequestID, cb.RequestID, mode)
	}
}

// last is the latest request that the provider had.
func (p *provider) last() mockidp.LoggedRequest {
	all := p.Requests()
	return all[len(all)-1]
}

// An ID that repeats a credential is no way out for it.
func TestARequestIDHidesCredentials(t *testing.T) {
	t.Parallel()
	s := startSite(t, map[string]string{"/authorize": loginForm}, map[string]http.HandlerFunc{
		"/login": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("X-Request-Id", "it was "+secretPassword)
			w.Header().Set("Content-Type", "text/html")
			_, _ = w.Write([]byte(`<h1>Your account is locked</h1>`))
		},
	})
	_, err := s.signIn(t.Context(), signin.Config{})
	coded := requireCode(t, err, "signin.locked_out")
	require.Contains(t, coded.RequestID, "it was ")
	require.NotContains(t, err.Error(), secretPassword)
}
