package e2e

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/oidcflow/oidcflow/cmd"
)

// start is how long a server has to come up before a test gives up on it.
const start = 30 * time.Second

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"oidcflow": func() { os.Exit(cmd.Main()) },
		"environ":  func() { os.Exit(environ()) },
	})
}

func TestScripts(t *testing.T) {
	t.Parallel()
	testscript.Run(t, testscript.Params{
		Dir:                 "../testdata/script",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		ContinueOnError:     true,
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits":   scriptExits,
			"mock":    scriptMock,
			"hostile": scriptHostile,
		},
	})
}

// scriptExits runs a program that must end with the exit code that is its first argument.
func scriptExits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE program [ARG...]")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	got := 0
	var exit *exec.ExitError
	if err := ts.Exec(args[1], args[2:]...); errors.As(err, &exit) {
		got = exit.ExitCode()
	} else {
		ts.Check(err)
	}
	if got != want {
		ts.Fatalf("exit code: want %d, got %d", want, got)
	}
}

// scriptMock starts the program's own provider and puts what it prints into the script's environment.
func scriptMock(ts *testscript.TestScript, neg bool, args []string) {
	if neg {
		ts.Fatalf("usage: mock [FLAG...]")
	}
	r, stop, err := startMock(ts.Getenv("WORK"), args...)
	ts.Check(err)
	ts.Defer(func() { ts.Check(stop()) })
	for name, value := range r.env() {
		ts.Setenv(name, value)
	}
}

// ready is what "oidcflow mock" prints once it listens.
type ready struct {
	Issuer  string
	Servers map[string]string
	Clients []struct{ ID, Secret string }
	Users   []struct{ Username, Password, TOTP string }
	Admin   struct{ URL, Token string }
}

// env returns r as environment variables for scripts.
func (r *ready) env() map[string]string {
	_, address, _ := strings.Cut(r.Issuer, "://")
	env := map[string]string{"ISSUER": r.Issuer, "ADDRESS": address, "ADMIN": r.Admin.URL, "ADMIN_TOKEN": r.Admin.Token}
	set := func(kind, name, value string) {
		env[kind+"_"+strings.NewReplacer("-", "_", ".", "_", "@", "_").Replace(strings.ToUpper(name))] = value
	}
	for name, issuer := range r.Servers {
		set("ISSUER", name, issuer)
	}
	for _, c := range r.Clients {
		set("SECRET", c.ID, c.Secret)
	}
	for _, u := range r.Users {
		set("PASSWORD", u.Username, u.Password)
		set("TOTP", u.Username, u.TOTP)
	}
	return env
}

// startMock runs "oidcflow mock" as a process of its own in dir. stop interrupts it and returns an error unless it then
// ends by itself with exit code 0.
func startMock(dir string, args ...string) (r *ready, stop func() error, err error) {
	ctx, cancel := context.WithCancel(context.Background())
	c := exec.CommandContext(ctx, "oidcflow", append([]string{"mock"}, args...)...)
	c.Dir = dir
	c.Cancel = func() error { return interrupt(c.Process) }
	c.WaitDelay = 10 * time.Second
	talk := &strings.Builder{}
	c.Stderr = talk
	stdout, err := c.StdoutPipe()
	if err != nil {
		cancel()
		return nil, nil, err
	}
	if err := c.Start(); err != nil {
		cancel()
		return nil, nil, err
	}
	stop = func() error {
		cancel()
		err := c.Wait()
		if c.ProcessState.ExitCode() != 0 && runtime.GOOS != "windows" {
			return fmt.Errorf("oidcflow mock after an interrupt: exit code %d, %w\n%s", c.ProcessState.ExitCode(), err, talk)
		}
		return nil
	}
	giveUp := time.AfterFunc(start, cancel)
	defer giveUp.Stop()
	r = &ready{}
	if err := json.NewDecoder(stdout).Decode(r); err != nil {
		return nil, nil, fmt.Errorf("reading what oidcflow mock prints: %w", errors.Join(err, stop()))
	}
	return r, stop, nil
}

// interrupt does what Ctrl-C does, where the system can send that to another process.
func interrupt(p *os.Process) error {
	if runtime.GOOS == "windows" {
		return p.Kill()
	}
	return p.Signal(os.Interrupt)
}
