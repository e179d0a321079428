package interop

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// bin is the folder that the program is built in.
var bin string

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "oidcflow-interop")
	if err != nil {
		panic(err)
	}
	bin = dir
	code := m.Run()
	if err := errors.Join(os.RemoveAll(dir), printScreens()); err != nil {
		panic(err)
	}
	os.Exit(code)
}

// build builds the program as a user would, once.
var build = sync.OnceValues(func() (string, error) {
	name := filepath.Join(bin, "oidcflow")
	if runtime.GOOS == "windows" {
		name += ".exe"
	}
	c := exec.Command("go", "build", "-o", name, "./cmd/oidcflow")
	c.Dir = filepath.Join("..", "..")
	if out, err := c.CombinedOutput(); err != nil {
		return "", fmt.Errorf("building the program: %w\n%s", err, out)
	}
	return name, nil
})

// program returns the path of the program under test.
func program(t *testing.T) string {
	t.Helper()
	name, err := build()
	require.NoError(t, err)
	return name
}

// outcome is how a process ended.
type outcome struct {
	Code           int
	Stdout, Stderr string
}

// run runs the program with env added to an environment that has no settings of its own.
func run(t *testing.T, env []string, args ...string) outcome {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	c := exec.CommandContext(ctx, program(t), args...)
	c.Dir = t.TempDir()
	c.Env = append(cleanEnv(t), env...)
	return finish(t, c)
}

// cleanEnv is an environment in which nothing stands in for a flag.
func cleanEnv(t *testing.T) []string {
	t.Helper()
	var env []string
	for _, name := range []string{"PATH", "TMPDIR", "SYSTEMROOT", "TEMP", "LOCALAPPDATA", "ProgramFiles", "OIDCFLOW_BROWSER", "CHROME_PATH"} {
		if v, ok := os.LookupEnv(name); ok {
			env = append(env, name+"="+v)
		}
	}
	return append(env, "HOME="+t.TempDir())
}

func finish(t *testing.T, c *exec.Cmd) outcome {
	t.Helper()
	var stdout, stderr bytes.Buffer
	c.Stdout, c.Stderr = &stdout, &stderr
	err := c.Run()
	if exit := (*exec.ExitError)(nil); !errors.As(err, &exit) {
		require.NoError(t, err)
	}
	return outcome{c.ProcessState.ExitCode(), stdout.String(), stderr.String()}
}

// decode returns the JSON object that o printed on stdout, after it ended well.
func decode[T any](t *testing.T, o outcome) (v T) {
	t.Helper()
	require.Equal(t, 0, o.Code, "exit code; stderr:\n%s", o.Stderr)
	require.NoError(t, json.Unmarshal([]byte(o.Stdout), &v), "stdout: %s", o.Stdout)
	return v
}

// node returns the command that runs a script of this folder with settings as its argument.
func node(t *testing.T, script string, settings any) *exec.Cmd {
	t.Helper()
	_, err := exec.LookPath("node")
	require.NoError(t, err, "Node.js is missing: make deps")
	require.DirExists(t, "node_modules", "the npm packages are missing: make deps")
	argument, err := json.Marshal(settings)
	require.NoError(t, err)
	return exec.CommandContext(t.Context(), "node", script, string(argument))
}

// serveNode starts a script that serves, until the test ends, and returns its origin.
func serveNode(t *testing.T, script string, settings any) string {
	t.Helper()
	c := node(t, script, settings)
	stdin, err := c.StdinPipe()
	require.NoError(t, err)
	stdout, err := c.StdoutPipe()
	require.NoError(t, err)
	var stderr strings.Builder
	c.Stderr = &stderr
	require.NoError(t, c.Start())
	giveUp := time.AfterFunc(30*time.Second, func() { _ = c.Process.Kill() })
	var hello struct{ Origin string }
	err = json.NewDecoder(stdout).Decode(&hello)
	giveUp.Stop()
	t.Cleanup(func() {
		_ = stdin.Close() // the script ends by itself; the context ends it otherwise
		_ = c.Wait()
		if t.Failed() {
			t.Logf("%s: %s", script, stderr.String())
		}
	})
	require.NoError(t, err, "%s", script)
	return hello.Origin
}
