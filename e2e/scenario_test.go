package e2e

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// tour is the folder of files that show the language of scenario files.
const tour = "../testdata/scenario"

// testRuns runs oidcflow test without an environment, and returns how many runs passed: all of them.
func testRuns(t testing.TB, limit time.Duration, args ...string) int {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	program, err := exec.LookPath("oidcflow")
	require.NoError(t, err)
	c := exec.CommandContext(ctx, program, append([]string{"test"}, args...)...)
	c.Env = []string{"HOME=" + t.TempDir(), "TMPDIR=" + t.TempDir()}
	out, err := c.CombinedOutput()
	require.NoError(t, err, "%s", out)
	m := regexp.MustCompile(`(?m)^(\d+) passed, 0 failed, 0 skipped\.$`).FindSubmatch(out)
	require.NotNil(t, m, "%s", out)
	passed, err := strconv.Atoi(string(m[1]))
	require.NoError(t, err)
	return passed
}

// TestTour runs the tour as somebody does who has just cloned the repository. Each of its files begins with what it shows.
func TestTour(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob(filepath.Join(tour, "*.oidctest.hcl"))
	require.NoError(t, err)
	require.GreaterOrEqual(t, len(files), 10)
	for _, file := range files {
		require.Regexp(t, `^# \w.*`, read(t, file), file)
	}
	require.GreaterOrEqual(t, testRuns(t, time.Minute, tour), 25)
	out, err := exec.CommandContext(t.Context(), "oidcflow", "fmt", "--check", tour).CombinedOutput()
	require.NoError(t, err, "not in form: %s", out)
}

// BenchmarkTestRuns runs two hundred sign-ins on the embedded provider's pages, from the start of the program to its end.
func BenchmarkTestRuns(b *testing.B) {
	file := filepath.Join(b.TempDir(), "many.oidctest.hcl")
	require.NoError(b, os.WriteFile(file, []byte(`
idp {
  user "alice" {
    password = "correct horse battery staple"
  }
}
client "web" {}
run "signs_in" {
  sign_in  = "form"
  for_each = toset([for n in range(200) : tostring(n)])
  assert "user" {
    condition = result.id_token.sub != ""
  }
}
`), 0o600))
	for b.Loop() {
		require.Equal(b, 200, testRuns(b, time.Minute, file))
	}
}

// TestReadmeScenario runs the file that the README shows, and compares what comes of it.
func TestReadmeScenario(t *testing.T) {
	t.Parallel()
	const cat, call = "$ cat pkce.oidctest.hcl\n", "$ oidcflow test\n"
	_, shown, found := strings.Cut(read(t, "../README.md"), cat)
	require.True(t, found)
	file, shown, found := strings.Cut(shown, call)
	require.True(t, found)
	want, _, _ := strings.Cut(shown, "```")
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "pkce.oidctest.hcl"), []byte(file), 0o600))
	program, err := exec.LookPath("oidcflow")
	require.NoError(t, err)
	c := exec.CommandContext(t.Context(), program, "test")
	c.Dir = dir
	got, err := c.CombinedOutput()
	require.NoError(t, err, "%s", got)
	require.Equal(t, changing.ReplaceAllString(want, ""), changing.ReplaceAllString(string(got), ""))
}
