package mockidp

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// TestClassicPage reads each style of the page, which has no state token before anybody is known.
func TestClassicPage(t *testing.T) {
	t.Parallel()
	for _, style := range []string{"default", "custom", "databag"} {
		t.Run(style, func(t *testing.T) {
			t.Parallel()
			p := startClassic(t, Config{Org: OktaOrg{Page: style}}, "password")
			a := p.authorize()
			require.Equal(t, 200, a.status)
			require.Empty(t, stateToken(t, a.body))
			require.Equal(t, []any{"pwd"}, onClassicPage(t, p, a).signIn("alice", oktaPassword).amr())
		})
	}
}

func TestClassicSignIn(t *testing.T) {
	t.Parallel()
	p := startClassic(t, Config{}, "password", "google_otp")
	w := walkClassic(t, p).signIn("alice", oktaPassword)
	require.Equal(t, "MFA_REQUIRED", w.at())
	require.Regexp(t, `^00.{40}$`, w.token())
	w.verify("token:software:totp", "GOOGLE", object{"passCode": p.totp(oktaTOTP)})
	require.Regexp(t, `^20111.{37}$`, w.state["sessionToken"])
	require.Equal(t, []any{"mfa", "otp", "pwd"}, w.amr())
	require.NotEmpty(t, p.callback(p.authorize("prompt", "none")).Get("code"), "single sign-on")
}
