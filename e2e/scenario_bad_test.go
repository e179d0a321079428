package e2e

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// mistaken is the folder of files that are wrong in one way each, and of what the program says of them.
const mistaken = "../testdata/scenario-bad"

// TestMistakes holds what the program says of files that are wrong: the file, the line, what is wrong and what to write.
func TestMistakes(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob(filepath.Join(mistaken, "*.oidctest.*"))
	require.NoError(t, err)
	require.GreaterOrEqual(t, len(files), 60)
	var mu sync.Mutex
	said := map[string]string{}
	t.Run("files", func(t *testing.T) {
		for _, file := range files {
			name := filepath.Base(file)
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				out := mistakesOf(t, name)
				mu.Lock()
				defer mu.Unlock()
				said[name] = out
			})
		}
	})
	var all strings.Builder
	for _, file := range files {
		name := filepath.Base(file)
		all.WriteString("-- " + name + " --\n" + said[name])
	}
	golden := filepath.Join(mistaken, "messages.txt")
	if *update {
		require.NoError(t, os.WriteFile(golden, []byte(all.String()), 0o600))
	}
	require.Equal(t, read(t, golden), all.String(), "make golden rewrites it")
}

// changing is what differs from call to call, or between machines.
var changing = regexp.MustCompile(`(?m)^  seed \d+\n| +[0-9.]+(?:µs|ms|s)$`)

// noLine are the files that are wrong as a whole: one has no run, the other leads nowhere.
var noLine = []string{"no-run.oidctest.hcl", "unreadable.oidctest.hcl"}

// mistakesOf is what oidcflow test says of a file. It names the file, and where it is a file that can be read, the line.
func mistakesOf(t *testing.T, name string) string {
	t.Helper()
	program, err := exec.LookPath("oidcflow")
	require.NoError(t, err)
	c := exec.CommandContext(t.Context(), program, "test", "--allow-issuer", "https://login.example.com", name)
	c.Dir, c.Env = mistaken, []string{"HOME=" + t.TempDir()}
	out, err := c.CombinedOutput()
	var exit *exec.ExitError
	require.ErrorAs(t, err, &exit, "%s", out)
	require.True(t, slices.Contains([]int{1, 2}, exit.ExitCode()), "%s", out)
	said := changing.ReplaceAllString(string(out), "")
	place := `at ` + regexp.QuoteMeta(name) + `:\d+\n  │   \d+: .`
	if slices.Contains(noLine, name) {
		place = regexp.QuoteMeta(name)
	}
	require.Regexp(t, place, said)
	return said
}
