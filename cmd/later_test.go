package cmd

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/oidcflow/oidcflow/flow/report"
	"github.com/oidcflow/oidcflow/flow/signin"
)

// A new password is read when the old one has expired, and not before: what cannot be read then is no error now.
func TestNewPasswordIsReadLate(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name       string
		env        map[string]string
		args       []string
		want, code string
	}{
		{name: "a file", args: []string{"--new-password-file", file(t, "from the file\n")}, want: "from the file"},
		{name: "a program", args: []string{"--new-password-command", "echo from the program"}, want: "from the program"},
		{name: "standard input", args: []string{"--new-password-file", "-"}, want: "from standard input"},
		{name: "the variable", env: map[string]string{"OIDCFLOW_NEW_PASSWORD": "from the variable"}, want: "from the variable"},
		{name: "the file that a variable names", env: map[string]string{"OIDCFLOW_NEW_PASSWORD_FILE": file(t, "from its file")}, want: "from its file"},
		{name: "the profile", args: []string{"--config", file(t, `user "a" { new_password = env("LATE") }`)}, env: map[string]string{"LATE": "from the profile"}, want: "from the profile"},
		{name: "a flag before the profile", args: []string{"--config", file(t, `user "a" { new_password = env("UNSET") }`), "--new-password-command", "echo from the flag"}, want: "from the flag"},

		{name: "a file that is not there", args: []string{"--new-password-file", "no-such-file"}, code: "usage.unreadable_file"},
		{name: "an empty file", args: []string{"--new-password-file", file(t, "\n")}, code: "usage.empty_new_password"},
		{name: "a program that fails", args: []string{"--new-password-command", "false"}, code: "env.command"},
		{name: "a profile's variable that is not set", args: []string{"--config", file(t, `user "a" { new_password = env("UNSET") }`)}, code: "config.syntax"},
		{name: "a profile's program, which is not allowed", args: []string{"--config", file(t, `user "a" { new_password = command("x") }`)}, code: "config.syntax"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			o, err := read(t, test.env, "from standard input\n", append(test.args, targetFlags...)...)
			require.NoError(t, err)
			require.NotNil(t, o.user.NewPassword)
			got, err := o.user.NewPassword(t.Context())
			if test.code != "" {
				require.Error(t, err)
				require.Equal(t, test.code, report.ErrorCode(err))
				return
			}
			require.NoError(t, err)
			require.Equal(t, test.want, got.Reveal())
		})
	}
}

func TestNewPasswordIsNotThere(t *testing.T) {
	t.Parallel()
	for name, args := range map[string][]string{
		"nothing says so":         targetFlags,
		"the profile has none":    append([]string{"--config", file(t, `user "a" {}`)}, targetFlags...),
		"the profile's is null":   append([]string{"--config", file(t, `user "a" { new_password = null }`)}, targetFlags...),
		"another user's is taken": append([]string{"--config", file(t, `user "a" { new_password = "x" }`), "--username", "b"}, targetFlags...),
	} {
		o, err := read(t, nil, "", args...)
		require.NoError(t, err, name)
		require.Nil(t, o.user.NewPassword, name)
	}
	o, err := read(t, map[string]string{"OIDCFLOW_NEW_PASSWORD": "of another provider's user"}, "", "--mock")
	require.NoError(t, err)
	require.Nil(t, o.user.NewPassword)
}

func TestFactorOrder(t *testing.T) {
	t.Parallel()
	profile := file(t, "factor_order = [\"question\"]\nallow_push = true\n")
	for _, test := range []struct {
		name string
		env  map[string]string
		args []string
		want []signin.ChallengeKind
		push bool
	}{
		{name: "the default is the drivers'"},
		{name: "a flag, with commas", args: []string{"--factor-order", "code,totp", "--allow-push"},
			want: []signin.ChallengeKind{signin.ChallengeCode, signin.ChallengeTOTP}, push: true},
		{name: "a variable", env: map[string]string{"OIDCFLOW_FACTOR_ORDER": "passkey question"},
			want: []signin.ChallengeKind{signin.ChallengePasskey, signin.ChallengeQuestion}},
		{name: "a file", args: []string{"--config", profile}, want: []signin.ChallengeKind{signin.ChallengeQuestion}, push: true},
		{name: "a flag takes a file's leave away", args: []string{"--config", profile, "--allow-push=false"}, want: []signin.ChallengeKind{signin.ChallengeQuestion}},
	} {
		o, err := read(t, test.env, "", append(test.args, targetFlags...)...)
		require.NoError(t, err, test.name)
		s, err := o.newSigner()
		require.NoError(t, err, test.name)
		require.Equal(t, test.want, s.config.Order, test.name)
		require.Equal(t, test.push, s.config.AllowPush, test.name)
	}
}
