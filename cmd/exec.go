package cmd

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"os/signal"
	"slices"
	"strings"
	"syscall"

	"github.com/spf13/cobra"
	"golang.org/x/term"
)

func (p *program) execCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "exec [flags] -- CMD [ARG...]",
		Short: "Run a command with a user's tokens in its environment",
		Long: `exec signs a user in as token does, and runs CMD with OIDCFLOW_ACCESS_TOKEN and the other variables of
--output env in its environment. The secrets that oidcflow itself was given are not in it. No shell is used. Signals are
passed on, and the exit code is CMD's: 127 if it is not found, 126 if it cannot be run.`,
		Example: `  oidcflow exec --mock -- sh -c 'curl -H "Authorization: Bearer $OIDCFLOW_ACCESS_TOKEN" https://api.example.com'
  oidcflow exec --issuer https://login.example.com --client-id tool --username alice -- npm test`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return usageError("missing_command", "write it after --, as in `oidcflow exec --mock -- env`", "no command to run")
			}
			return nil
		},
		RunE: func(c *cobra.Command, args []string) error {
			o, err := p.options(c)
			if err != nil {
				return err
			}
			path, err := p.lookPath(args[0]) // before anybody is signed in
			if err != nil {
				return err
			}
			return p.withClient(c.Context(), o, func(ctx context.Context, s *session) error {
				a, err := s.token(ctx)
				if err != nil {
					return err
				}
				if err := s.signer.Close(); err != nil { // CMD may run for long; the embedded provider stays for it
					return err
				}
				child := &exec.Cmd{Path: path, Args: args, Env: o.childEnv(os.Environ(), a.variables()),
					Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr}
				return p.run(child)
			})
		},
	}
	fs := c.Flags()
	fs.SetInterspersed(false) // the flags of CMD are not ours, with or without --
	addTargetFlags(fs)
	addUserFlags(fs)
	addCommonFlags(fs)
	return c
}

// lookPath finds the command to run.
func (p *program) lookPath(name string) (string, error) {
	path, err := exec.LookPath(name)
	switch {
	case err == nil:
		return path, nil
	case errors.Is(err, exec.ErrNotFound), errors.Is(err, fs.ErrNotExist):
		p.say("oidcflow: exec: no command %q", name)
		return "", exit(exitNotFound)
	default:
		p.say("oidcflow: exec: %v", err)
		return "", exit(exitNoExec)
	}
}

// childEnv is the parent's environment without the secrets of this program, and with the tokens. Of our own variables
// only those stay that the table knows to be no secrets; of the others go those that hold one of the user's or
// client's secrets, such as one that a file reads with env().
func (o *options) childEnv(parent []string, tokens []variable) []string {
	open := map[string]bool{}
	for _, g := range groups {
		for _, s := range g.settings {
			for _, name := range s.env {
				open[name] = s.secret == ""
			}
		}
	}
	secrets := o.secrets
	env := slices.DeleteFunc(slices.Clone(parent), func(entry string) bool {
		name, value, _ := strings.Cut(entry, "=")
		ours := strings.HasPrefix(name, "OIDCFLOW_") || strings.HasPrefix(name, "OKTA_OIDC_")
		return ours && !open[name] || slices.ContainsFunc(secrets, func(s string) bool { return value == s })
	})
	for _, v := range tokens {
		env = append(env, v.name+"="+v.value)
	}
	return env
}

// run runs c to its end, passes signals on to it, and returns its exit code as an error, unless that is 0.
func (p *program) run(c *exec.Cmd) error {
	signals := make(chan os.Signal, 8)
	signal.Notify(signals, passedOn...)
	defer signal.Stop(signals)
	p.releaseSignals() // from here on they are the child's
	if err := c.Start(); err != nil {
		p.say("oidcflow: exec: %v", err)
		return exit(exitNoExec)
	}
	ended := make(chan error, 1)
	go func() { ended <- c.Wait() }()
	// Ctrl-C on a terminal reaches the whole process group: passing it on would send it twice.
	terminal := term.IsTerminal(int(os.Stdin.Fd()))
	for {
		select {
		case s := <-signals:
			if !terminal || s != os.Interrupt {
				_ = c.Process.Signal(s) // an error means that it has ended
			}
		case err := <-ended:
			return exitOf(c.ProcessState, err)
		}
	}
}

// exitOf returns the exit code of an ended process, 128 and the signal's number if one ended it.
func exitOf(s *os.ProcessState, err error) error {
	if s == nil {
		return err
	}
	if w, ok := s.Sys().(syscall.WaitStatus); ok && w.Signaled() {
		return exit(128 + int(w.Signal()))
	}
	if s.ExitCode() == 0 {
		return nil
	}
	return exit(s.ExitCode())
}
