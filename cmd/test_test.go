package cmd

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// inFolder writes scenario files into a new folder and returns it.
func inFolder(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600))
	}
	return dir
}

// every kind of event, problem and status.
const allKinds = `
idp {}
run "passes" {
  description = "it passes"
  user        = "bob"
}
run "expected" {
  user = "bob"
  send {
    code = "guessed, and wrong"
  }
  expect_error {
    code = "exchange.invalid_grant"
  }
}
run "fails" {
  user = "bob"
  assert "issuer" {
    condition     = result.issuer == "x"
    error_message = "the issuer is ${result.issuer}"
  }
}
run "errors" {
  user   = "bob"
  scopes = ["openid", "no-such-scope"]
}
run "left_out" {
  user = "bob"
  skip = "not today"
}
`

func TestTestJSONIsAsItsSchemaSays(t *testing.T) {
	t.Parallel()
	dir := inFolder(t, map[string]string{"a.oidctest.hcl": allKinds, "b.oidctest.hcl": "idp {}\nrun \"a\" {\n  user = \"bob\"\n}\n"})
	p := newCall(nil, "")
	require.Equal(t, exitFailed, p.main([]string{"test", dir, "--json"}))
	require.Empty(t, p.err.String())
	described, kinds, runs := readSchema(t, "test.json"), map[string]int{}, map[string]string{}
	for _, line := range strings.Split(strings.TrimSpace(p.out.String()), "\n") {
		var v map[string]any
		require.NoError(t, json.Unmarshal([]byte(line), &v), line)
		require.Empty(t, described.check("$", v))
		kinds[v["type"].(string)]++
		if run, is := v["run"].(map[string]any); is {
			runs[run["name"].(string)] = run["status"].(string)
		}
	}
	require.Equal(t, map[string]int{"file_began": 2, "run": 6, "file_ended": 2, "summary": 1}, kinds)
	require.Equal(t, map[string]string{"passes": "pass", "expected": "pass", "fails": "fail", "errors": "error", "left_out": "skip", "a": "pass"}, runs)
}

// A terminal that cannot be written to ends the program with an error of the machine.
func TestTestTellsThatStdoutIsGone(t *testing.T) {
	t.Parallel()
	dir := inFolder(t, map[string]string{"a.oidctest.hcl": "idp {}\nrun \"a\" {\n  user = \"bob\"\n}\n"})
	p := newCall(nil, "")
	p.stdout = gone{}
	require.Equal(t, exitMachine, p.main([]string{"test", dir}))
	require.Contains(t, p.err.String(), "standard output: nobody reads")
}

type gone struct{}

func (gone) Write([]byte) (int, error) { return 0, errors.New("nobody reads") }

func TestScenarioFiles(t *testing.T) {
	t.Parallel()
	dir := inFolder(t, map[string]string{"a.oidctest.hcl": "", "b.oidctest.json": "", "c.hcl": "", "d.oidctest.hcl.bak": ""})
	for _, below := range []string{"deep/er", ".git", "node_modules"} {
		require.NoError(t, os.MkdirAll(filepath.Join(dir, below), 0o700))
		require.NoError(t, os.WriteFile(filepath.Join(dir, below, "x.oidctest.hcl"), nil, 0o600))
	}
	found, err := scenarioFiles([]string{dir, filepath.Join(dir, "a.oidctest.hcl"), filepath.Join(dir, "c.hcl")})
	require.NoError(t, err)
	want := []string{"a.oidctest.hcl", "b.oidctest.json", "c.hcl", "deep/er/x.oidctest.hcl"}
	for i, name := range want {
		want[i] = filepath.Join(dir, filepath.FromSlash(name))
	}
	require.Equal(t, want, found)
}
