package cmd

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/oidcflow/oidcflow/flow"
	"github.com/oidcflow/oidcflow/flow/report"
	"github.com/oidcflow/oidcflow/flow/trace"
)

// Exit codes. Scripts branch on them, so they never change their meaning.
const (
	exitOK          = 0
	exitFailed      = 1   // a check, an assertion or the verification of the exchange failed
	exitUsage       = 2   // the call or a file is wrong, nothing ran
	exitSignIn      = 3   // the user could not be signed in
	exitProvider    = 4   // the provider refused or misbehaved
	exitMachine     = 5   // this machine or the network
	exitTimeout     = 6   // out of time
	exitNoExec      = 126 // exec: the command cannot be run
	exitNotFound    = 127 // exec: there is no such command
	exitInterrupted = 130 // SIGINT
	exitTerminated  = 143 // SIGTERM
)

// exitCodes are the exit codes by the prefix of an error's code. It is also what `oidcflow help exit-codes` prints.
var exitCodes = []struct {
	code     int
	prefixes []string
	doc      string
}{
	{exitOK, nil, "done; mock and serve after Ctrl-C"},
	{exitFailed, []string{"verify", "callback", "check"}, "a check, an assertion or the verification of the exchange failed"},
	{exitUsage, []string{"usage", "config"}, "the call or a file is wrong, nothing ran"},
	{exitSignIn, []string{"signin"}, "the user could not be signed in"},
	{exitProvider, []string{"discover", "authorize", "exchange", "userinfo", "introspect", "refresh", "revoke", "logout"},
		"the provider refused or misbehaved"},
	{exitMachine, []string{"env"}, "this machine or the network"},
	{exitTimeout, nil, "out of time (*.timeout)"},
	{exitNoExec, nil, "exec: CMD cannot be run"},
	{exitNotFound, nil, "exec: CMD is not found"},
	{exitInterrupted, nil, "interrupted (SIGINT)"},
	{exitTerminated, nil, "terminated (SIGTERM)"},
}

// exitCode returns the exit code for an error with this code.
func exitCode(code string) int {
	prefix, name, _ := strings.Cut(code, ".")
	switch name {
	case "timeout":
		return exitTimeout
	case "rate_limited", "server_error": // in whatever step
		return exitProvider
	}
	for _, e := range exitCodes {
		for _, p := range e.prefixes {
			if p == prefix {
				return e.code
			}
		}
	}
	return exitFailed
}

// exit is the error of a command that chose its exit code itself and has said all that is to be said.
type exit int

func (e exit) Error() string { return fmt.Sprintf("exit code %d", int(e)) }

// stopped is the cause of a context that a signal cancelled.
type stopped struct{ signal os.Signal }

func (s stopped) Error() string {
	if s.signal == os.Interrupt {
		return "interrupted"
	}
	return "terminated"
}

// ErrorCode is the code that is told with it.
func (s stopped) ErrorCode() string { return "env." + s.Error() }

func (s stopped) exitCode() int {
	if s.signal == os.Interrupt {
		return exitInterrupted
	}
	return exitTerminated
}

// program is one call of oidcflow: its streams, its environment, and what the commands share.
type program struct {
	stdin     io.Reader
	stdout    io.Writer
	stderr    *redacting
	lookupEnv func(string) (string, bool)
	redactor  *trace.Redactor
	log       logOptions

	artifacts      string // the folder of this call's artefacts, once there is one
	releaseSignals func() // ends the program's own handling of signals
}

// Main runs the program with the arguments of the process and returns its exit code.
func Main() int {
	disableCoreDumps()
	p := &program{stdin: os.Stdin, stdout: os.Stdout, lookupEnv: os.LookupEnv, redactor: trace.NewRedactor()}
	p.stderr = newRedacting(os.Stderr, p.redactor, &p.log.showSecrets)
	return p.main(os.Args[1:])
}

func (p *program) main(args []string) (code int) {
	defer p.stderr.Close()
	defer func() {
		if v := recover(); v != nil {
			code = p.panicked(v)
		}
	}()
	ctx, stop := p.handleSignals(context.Background())
	defer stop()
	root := p.rootCommand()
	root.SetArgs(args)
	return p.finish(ctx, root.ExecuteContext(ctx))
}

// handleSignals returns a context that the first SIGINT or SIGTERM cancels; the second ends the process at once.
func (p *program) handleSignals(parent context.Context) (_ context.Context, stop func()) {
	ctx, cancel := context.WithCancelCause(parent)
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	p.releaseSignals = func() { signal.Stop(signals) }
	done := make(chan struct{})
	go func() {
		var first *stopped
		for {
			select {
			case <-done:
				return
			case s := <-signals:
				if first != nil {
					os.Exit(first.exitCode())
				}
				first = &stopped{s}
				cancel(*first)
			}
		}
	}()
	return ctx, func() {
		p.releaseSignals()
		close(done)
		cancel(nil)
	}
}

// finish prints err and returns the exit code that goes with it.
func (p *program) finish(ctx context.Context, err error) int {
	var chosen exit
	var signal stopped
	switch {
	case err == nil:
		return exitOK
	case errors.As(err, &chosen):
		return int(chosen)
	case errors.As(context.Cause(ctx), &signal):
		p.printError(signal)
		return signal.exitCode()
	}
	code := exitOK
	for _, e := range all(err) {
		p.printError(e)
		if code == exitOK {
			code = exitCode(report.ErrorCode(e))
		}
	}
	return code
}

// mistakes are several errors of one file, each worth a line of its own.
type mistakes []error

func (m mistakes) Error() string { return errors.Join(m...).Error() }

func all(err error) []error {
	var m mistakes
	if errors.As(err, &m) {
		return m
	}
	return []error{err}
}

// panicked reports a bug of ours. The value of the panic and the arguments of the functions could be secrets, so only
// the functions are named.
func (p *program) panicked(v any) int {
	fmt.Fprintf(p.stderr, "oidcflow: a bug: panic with a %T at\n", v)
	callers := make([]uintptr, 32)
	frames := runtime.CallersFrames(callers[:runtime.Callers(3, callers)])
	for {
		f, more := frames.Next()
		fmt.Fprintf(p.stderr, "  %s (%s:%d)\n", f.Function, f.File, f.Line)
		if !more {
			break
		}
	}
	fmt.Fprintf(p.stderr, "Please report these lines, with the output of `oidcflow version`, at %s\n", issuesURL)
	return exitFailed
}

const issuesURL = "https://github.com/oidcflow/oidcflow/issues"

// usageError is an error in the call.
func usageError(code, hint, format string, args ...any) error {
	return &flow.Error{Code: "usage." + code, Err: fmt.Errorf(format, args...), Hint: hint}
}

// rootCommand returns the tree of commands.
func (p *program) rootCommand() *cobra.Command {
	root := &cobra.Command{
		Use:   "oidcflow",
		Short: "Tokens of a user, through the authorization code flow",
		Long: `oidcflow signs a user in at an OpenID provider as the user's browser would, and gives you the tokens that the
application would get: verified, on stdout. It has a provider of its own to try it with.`,
		Example: `  oidcflow token --mock
  oidcflow token --issuer https://login.example.com --client-id tool --username alice --password-file alice.txt
  oidcflow exec --mock -- sh -c 'curl -H "Authorization: Bearer $OIDCFLOW_ACCESS_TOKEN" https://api.example.com'`,
		Args:          p.noSuchCommand,
		RunE:          func(c *cobra.Command, _ []string) error { return c.Help() },
		SilenceErrors: true,
		SilenceUsage:  true,
	}
	root.SetOut(p.stdout)
	root.SetErr(p.stderr)
	root.CompletionOptions.DisableDefaultCmd = true
	root.SetFlagErrorFunc(flagError)
	root.SetUsageFunc(usage)
	p.addLogFlags(root.PersistentFlags())
	root.AddCommand(
		p.tokenCommand(),
		p.execCommand(),
		p.mockCommand(),
		p.serveCommand(),
		p.passkeyCommand(),
		p.totpCommand(),
		p.checkCommand(),
		p.testCommand(),
		p.fmtCommand(),
		p.doctorCommand(),
		p.listCommand(),
		p.versionCommand(),
		p.completionCommand(),
	)
	root.SetHelpCommand(p.helpCommand())
	root.AddCommand(helpTopics()...)
	completeValues(root)
	return root
}

// noSuchCommand refuses arguments of the root command: they were meant to be a command.
func (p *program) noSuchCommand(c *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	var names []string
	for _, sub := range c.Commands() {
		if sub.IsAvailableCommand() {
			names = append(names, sub.Name())
		}
	}
	return usageError("unknown_command", nearest(args[0], names, "`oidcflow help` lists the commands"), "no command %q", args[0])
}
