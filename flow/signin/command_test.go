package signin_test

import (
	"context"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/oidcflow/oidcflow/flow/signin"
	"github.com/stretchr/testify/require"
)

// TestMain lets the test binary be the programs that the tests run, so that they are the same on every system.
func TestMain(m *testing.M) {
	if len(os.Args) > 2 && os.Args[1] == "program" {
		program(os.Args[2])
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func program(name string) {
	switch name {
	case "code":
		fmt.Print("  123456\r\nmore\n")
	case "env":
		fmt.Println(strings.Join(os.Environ(), " "))
	case "fails":
		fmt.Println("not-for-errors")
		fmt.Fprintln(os.Stderr, strings.Repeat("noise ", 100)+"the mailbox\x1b[31m is closed")
		os.Exit(3)
	case "silent":
	case "endless":
		for {
			fmt.Println(strings.Repeat("x", 1<<16))
		}
	case "waits":
		<-make(chan struct{})
	}
}

func args(name string) []string { return []string{os.Args[0], "program", name} }

func TestRunCommandReturnsTheFirstLine(t *testing.T) {
	t.Parallel()
	got, err := signin.RunCommand(t.Context(), args("code"), "alice")
	require.NoError(t, err)
	require.Equal(t, "123456", got.Reveal())

	answer, err := (&signin.Code{Args: args("code")}).Answer(t.Context(), signin.Challenge{Kind: signin.ChallengeCode})
	require.NoError(t, err)
	require.Equal(t, "123456", answer.Reveal())
	_, err = (&signin.Code{Args: args("code")}).Answer(t.Context(), signin.Challenge{Kind: signin.ChallengeTOTP})
	require.ErrorIs(t, err, signin.ErrNotMine)
}

func TestACommandSeesNoSecretInItsEnvironment(t *testing.T) {
	t.Setenv("OIDCFLOW_PASSWORD", "canary-1")
	t.Setenv("OKTA_OIDC_CLIENT_SECRET", "canary-2")
	t.Setenv("GITHUB_TOKEN", "canary-3")
	t.Setenv("OIDCFLOW_USERNAME", "somebody-else")
	t.Setenv("LC_TIME", "C")
	got, err := signin.RunCommand(t.Context(), args("env"), "alice")
	require.NoError(t, err)
	require.NotContains(t, got.Reveal(), "canary")
	require.Contains(t, got.Reveal(), "OIDCFLOW_USERNAME=alice")
	require.NotContains(t, got.Reveal(), "somebody-else")
	require.Contains(t, got.Reveal(), "LC_TIME=C")
	require.Contains(t, got.Reveal(), "PATH=")
}

func TestRunCommandSaysWhyThereIsNoAnswer(t *testing.T) {
	t.Parallel()
	for name, says := range map[string]string{"fails": "the mailbox[31m is closed", "silent": "first line"} {
		_, err := signin.RunCommand(t.Context(), args(name), "alice")
		requireCode(t, err, "env.command")
		require.ErrorContains(t, err, says)
		require.NotContains(t, err.Error(), "not-for-errors")
		require.Less(t, len(err.Error()), 600)
	}
	_, err := signin.RunCommand(t.Context(), []string{"/no/such/program"}, "alice")
	requireCode(t, err, "env.command")
	_, err = signin.RunCommand(t.Context(), nil, "alice")
	requireCode(t, err, "usage.command")
}

func TestACommandIsKilledAtTheDeadline(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"waits", "endless"} {
		ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
		_, err := signin.RunCommand(ctx, args(name), "alice")
		cancel()
		requireCode(t, err, "env.timeout")
		require.ErrorIs(t, err, context.DeadlineExceeded)
	}
}
