package signin

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"time"

	"github.com/oidcflow/oidcflow/flow"
	"github.com/oidcflow/oidcflow/flow/trace"
)

// Bounds of a command that yields a secret.
const (
	commandTime   = 30 * time.Second
	commandGrace  = time.Second // for the pipes of a killed command's children
	commandOutput = 64 << 10
)

// commandEnv are the variables that a command gets besides OIDCFLOW_USERNAME: what programs need to start, to find their
// configuration and to reach the network. OIDCFLOW_* and OKTA_* are never among them.
var commandEnv = []string{"PATH", "HOME", "USER", "LOGNAME", "LANG", "TZ", "TMPDIR", "XDG_CONFIG_HOME", "XDG_CACHE_HOME",
	"XDG_RUNTIME_DIR",
	"SSL_CERT_FILE", "SSL_CERT_DIR", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy",
	"SystemRoot", "SystemDrive", "windir", "ComSpec", "PATHEXT", "TEMP", "TMP", "USERPROFILE", "APPDATA", "LOCALAPPDATA",
	"ProgramData", "ProgramFiles"}

// Code answers with the first line that a program prints: a code that was mailed or texted.
type Code struct {
	Args     []string // the program and its arguments; no shell reads them
	Username string   // the program finds it in OIDCFLOW_USERNAME
}

// CanAnswer implements [CanAnswer].
func (c *Code) CanAnswer(k ChallengeKind) bool { return k == ChallengeCode }

// Answer implements [Factor].
func (c *Code) Answer(ctx context.Context, challenge Challenge) (trace.Secret, error) {
	if challenge.Kind != ChallengeCode {
		return trace.Secret{}, ErrNotMine
	}
	line, err := RunCommand(ctx, c.Args, c.Username)
	if err != nil {
		return trace.Secret{}, err
	}
	return trace.NewSecret("code", line.Reveal()), nil
}

// RunCommand runs the program args[0] with the other args, without a shell, and returns the first line it prints. The
// program gets an allow-listed environment and OIDCFLOW_USERNAME, no input, and 30 seconds; then it is killed with its
// process group. The errors are of type *flow.Error with the codes env.command and env.timeout; they repeat the end of
// what the program wrote to stderr, never what it printed.
func RunCommand(ctx context.Context, args []string, username string) (trace.Secret, error) {
	if len(args) == 0 || args[0] == "" {
		return trace.Secret{}, &flow.Error{Code: "usage.command", Err: errors.New("command: want a program and its arguments, got nothing")}
	}
	limited, cancel := context.WithTimeout(ctx, commandTime)
	defer cancel()
	var stdout, stderr tail
	stdout.keepHead = true
	cmd := exec.CommandContext(limited, args[0], args[1:]...)
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	cmd.Env = append(inherited(commandEnv), "OIDCFLOW_USERNAME="+username)
	cmd.WaitDelay = commandGrace
	killGroup(cmd)
	err := cmd.Run()
	name := clean(args[0], maxShown)
	if cause := limited.Err(); cause != nil && err != nil {
		return trace.Secret{}, commandError("env.timeout", fmt.Errorf("command %q did not end in time: %w", name, cause), &stderr)
	}
	if err != nil {
		return trace.Secret{}, commandError("env.command", fmt.Errorf("running command %q: %w", name, err), &stderr)
	}
	line, _, _ := strings.Cut(stdout.String(), "\n")
	if line = strings.TrimSpace(line); line == "" {
		return trace.Secret{}, commandError("env.command", fmt.Errorf("command %q: want the answer in the first line, got nothing", name), &stderr)
	}
	return trace.NewSecret("command", line), nil
}

// commandError returns err with the last words of the program.
func commandError(code string, err error, stderr *tail) error {
	if words := clean(stderr.String(), maxShown); words != "" {
		err = fmt.Errorf("%w: %s", err, words)
	}
	return &flow.Error{Code: code, Err: err, Hint: "run the command by itself to see what it needs"}
}

// inherited returns the variables of this process with those names, and the locale's. The environment is read here, not
// in cmd, because the rule must hold for every program that is started, whoever calls.
func inherited(names []string) []string {
	var env []string
	for _, pair := range os.Environ() {
		name, _, _ := strings.Cut(pair, "=")
		if slices.Contains(names, name) || strings.HasPrefix(name, "LC_") {
			env = append(env, pair)
		}
	}
	return env
}

// tail is a writer that keeps the end of what it is given, or its head, and drops the rest.
type tail struct {
	buf      bytes.Buffer
	keepHead bool
}

// Write implements io.Writer. It never fails, so that the program does not die of a closed pipe.
func (t *tail) Write(p []byte) (int, error) {
	if t.keepHead {
		t.buf.Write(p[:min(len(p), commandOutput-t.buf.Len())])
		return len(p), nil
	}
	t.buf.Write(p)
	if extra := t.buf.Len() - maxShown; extra > 0 {
		t.buf.Next(extra)
	}
	return len(p), nil
}

func (t *tail) String() string { return t.buf.String() }
