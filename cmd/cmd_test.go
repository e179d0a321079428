package cmd

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"syscall"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"github.com/stretchr/testify/require"

	"github.com/oidcflow/oidcflow/flow"
	"github.com/oidcflow/oidcflow/flow/trace"
)

// call is one call of the program in a test, with an environment of its own.
type call struct {
	*program
	out, err bytes.Buffer
}

func newCall(env map[string]string, stdin string) *call {
	c := &call{program: &program{
		stdin:          strings.NewReader(stdin),
		lookupEnv:      func(name string) (string, bool) { v, ok := env[name]; return v, ok },
		redactor:       trace.NewRedactor(),
		releaseSignals: func() {},
	}}
	c.stdout = &c.out
	c.stderr = newRedacting(&c.err, c.redactor, &c.log.showSecrets)
	return c
}

func TestExitCodes(t *testing.T) {
	t.Parallel()
	for code, want := range map[string]int{
		"verify.nonce":                 1,
		"callback.state":               1,
		"check.failed":                 1,
		"usage.missing_client_id":      2,
		"config.syntax":                2,
		"signin.invalid_credentials":   3,
		"signin.locked_out":            3,
		"authorize.access_denied":      4,
		"exchange.invalid_grant":       4,
		"discover.issuer_mismatch":     4,
		"userinfo.sub":                 4,
		"introspect.invalid_client":    4,
		"refresh.invalid_grant":        4,
		"revoke.unsupported":           4,
		"logout.unsupported":           4,
		"signin.rate_limited":          4,
		"verify.server_error":          4,
		"env.no_browser":               5,
		"env.unreachable":              5,
		"env.timeout":                  6,
		"signin.timeout":               6,
		"exchange.timeout":             6,
		"a code of no known beginning": 1,
		"":                             1,
	} {
		require.Equal(t, want, exitCode(code), code)
	}
}

func TestExitCodesKnowEveryStep(t *testing.T) {
	t.Parallel()
	known := map[string]bool{}
	for _, e := range exitCodes {
		for _, p := range e.prefixes {
			require.False(t, known[p], "%s twice", p)
			known[p] = true
		}
	}
	for _, step := range []trace.Step{trace.Discover, trace.Authorize, trace.SignIn, trace.Callback, trace.Exchange,
		trace.Verify, trace.UserInfo, trace.Introspect, trace.Refresh, trace.Revoke, trace.Logout} {
		require.True(t, known[string(step)], step)
	}
}

func TestFinish(t *testing.T) {
	t.Parallel()
	interrupted, cancel := context.WithCancelCause(t.Context())
	cancel(stopped{os.Interrupt})
	terminated, cancel := context.WithCancelCause(t.Context())
	cancel(stopped{syscall.SIGTERM})
	for _, test := range []struct {
		name string
		ctx  context.Context
		err  error
		want int
	}{
		{"no error", t.Context(), nil, 0},
		{"no error after a signal", interrupted, nil, 0},
		{"a code", t.Context(), fmt.Errorf("x: %w", &flow.Error{Code: "signin.captcha"}), 3},
		{"the first of several", t.Context(), mistakes{&flow.Error{Code: "config.syntax"}, errors.New("y")}, 2},
		{"an error without a code", t.Context(), errors.New("x"), 5},
		{"out of time, without a code", t.Context(), fmt.Errorf("x: %w", context.DeadlineExceeded), 6},
		{"SIGINT", interrupted, context.Canceled, 130},
		{"SIGTERM", terminated, &flow.Error{Code: "signin.timeout", Err: context.Canceled}, 143},
		{"a command's own exit code", interrupted, exit(77), 77},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, test.want, newCall(nil, "").finish(test.ctx, test.err))
		})
	}
}

func TestPanicTellsNoValue(t *testing.T) {
	t.Parallel()
	c := newCall(nil, "")
	func() {
		defer func() { require.Equal(t, exitFailed, c.panicked(recover())) }()
		panic("correct horse")
	}()
	require.NoError(t, c.stderr.Close())
	require.Contains(t, c.err.String(), "panic with a string")
	require.Contains(t, c.err.String(), "TestPanicTellsNoValue")
	require.Contains(t, c.err.String(), issuesURL)
	require.NotContains(t, c.err.String(), "horse")
}

// Every command and every flag says what it does, and each command shows how it is called.
func TestHelpIsComplete(t *testing.T) {
	t.Parallel()
	var walk func(c *cobra.Command)
	walk = func(c *cobra.Command) {
		if c.IsAdditionalHelpTopicCommand() {
			require.NotEmpty(t, c.Long, c.Name())
			return
		}
		require.NotEmpty(t, c.Short, c.Name())
		require.NotEmpty(t, c.Example, c.Name())
		c.Flags().VisitAll(func(f *pflag.Flag) {
			require.NotEmpty(t, f.Usage, "%s --%s", c.Name(), f.Name)
			name, _ := pflag.UnquoteUsage(f)
			require.NotContains(t, name, " ", "%s --%s: pflag takes what is quoted for the value's name", c.Name(), f.Name)
		})
		for _, sub := range c.Commands() {
			walk(sub)
		}
	}
	walk(newCall(nil, "").rootCommand())
}

// No flag takes a secret as its value: other users of the machine could read it.
func TestNoFlagTakesASecret(t *testing.T) {
	t.Parallel()
	for _, g := range groups {
		for _, s := range g.settings {
			if s.secret == "" {
				continue
			}
			require.Nil(t, s.set, s.flag)
			for _, name := range s.flags() {
				require.Regexp(t, `-(file|command)$`, name)
			}
		}
	}
}

func TestTablesAgree(t *testing.T) {
	t.Parallel()
	var names []string
	for _, d := range drivers {
		names = append(names, d.name)
	}
	require.Equal(t, names, driverNames())
	seen := map[string]bool{}
	for _, g := range groups {
		for _, s := range g.settings {
			require.False(t, seen[s.flag], s.flag)
			seen[s.flag] = true
			ways := 0
			for _, is := range []bool{s.set != nil, s.setSecret != nil, s.setLater != nil} {
				if is {
					ways++
				}
			}
			require.Equal(t, 1, ways, "%s has one way to be set", s.flag)
		}
	}
}

func TestStderrIsRedacted(t *testing.T) {
	t.Parallel()
	c := newCall(nil, "")
	c.redactor.Learn(trace.NewSecret("password", "correct horse"))
	for _, part := range []string{"the password is cor", "rect ho", "rse\n"} {
		_, err := io.WriteString(c.stderr, part)
		require.NoError(t, err)
	}
	require.NoError(t, c.stderr.Close())
	require.NotContains(t, c.err.String(), "horse")
	require.Contains(t, c.err.String(), "«password")

	c.log.showSecrets = true
	c.say("the password is %s", "correct horse")
	require.Contains(t, c.err.String(), "correct horse")
}
