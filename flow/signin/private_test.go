package signin

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/oidcflow/oidcflow/flow/trace"
)

func TestPrivateViews(t *testing.T) {
	t.Parallel()
	d := NewDialog(Config{}, "https://login.example.com")
	for _, test := range []struct {
		name string
		view View
		want bool
	}{
		{"a factor to set up", View{Headings: []string{"Set up your authenticator"}, Text: "Enter the key in your app."}, true},
		{"the same, where it can be skipped", View{Text: "Scan the QR code with your app.", Buttons: []Button{{Text: "Skip"}}}, true},
		{"recovery codes", View{Headings: []string{"Almost done"}, Text: "Write your recovery codes down."}, true},
		{"a new password", View{Fields: []Field{{Tag: "input", Type: "password", Name: "new_password", Autocomplete: "new-password"}}}, true},
		{"a code that has to be entered", View{Headings: []string{"Verify"}, Text: "Enter the code from your app."}, false},
		{"a page that nobody knows", View{Title: "Weather", Text: "It rains."}, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, test.want, d.Private(&test.view))
		})
	}
}

func TestPrivateAnswersOfOktasEngines(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]bool{
		"enroll-authenticator": true, "select-authenticator-enroll": true, "enroll-poll": true, "reenroll-authenticator": true,
		"reset-authenticator": true, "identify": false, "challenge-authenticator": false, "of-another-day": false,
	} {
		a := IDXAnswer{Remediations: []IDXRemediation{{Name: name}}}
		require.Equal(t, want, a.Private(), name)
	}
	shown := IDXAnswer{Current: IDXAuthenticator{Secret: trace.NewSecret("totp", "JBSWY3DPEHPK3PXP")}}
	require.True(t, shown.Private(), "a secret, whatever the step is called")
	for state, want := range map[string]bool{
		"MFA_ENROLL": true, "MFA_ENROLL_ACTIVATE": true, "FACTOR_ENROLL": true, "PASSWORD_EXPIRED": true, "RECOVERY": true, "RECOVERY_CHALLENGE": true,
		"MFA_REQUIRED": false, "MFA_CHALLENGE": false, "": false, "OF_ANOTHER_DAY": false,
	} {
		a := AuthnAnswer{State: state}
		require.Equal(t, want, a.Private(), state)
	}
}
