package interop

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const action = "../../.github/actions/token"

// TestAction runs the composite action's script as a runner does, and reads its outputs as a runner does.
func TestAction(t *testing.T) {
	t.Parallel()
	binary := program(t)
	for name, inputs := range map[string][]string{
		"built from the checkout": nil,
		"by digest":               {"INPUT_BINARY=" + binary, "INPUT_BINARY_SHA256=" + digest(t, binary)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRunner(t)
			o := r.run(t, append(inputs, "INPUT_SCOPE=openid email offline_access", "INPUT_ARGS=--mock\n--timeout\n50s")...)
			require.Equal(t, 0, o.Code, "%s%s", o.Stdout, o.Stderr)

			outputs := readCommandFile(t, r.output)
			for _, secret := range []string{"access_token", "id_token", "refresh_token"} {
				require.NotEmpty(t, outputs[secret], secret)
				require.Contains(t, o.Stdout, "::add-mask::"+outputs[secret]+"\n", "%s is not masked", secret)
			}
			require.Equal(t, "Bearer", outputs["token_type"])
			require.Equal(t, outputs["access_token"], readCommandFile(t, r.env)["OIDCFLOW_ACCESS_TOKEN"])
			for line := range strings.Lines(o.Stdout + o.Stderr) {
				if !strings.HasPrefix(line, "::add-mask::") {
					require.NotContains(t, line, outputs["access_token"])
				}
			}
			for _, name := range actionOutputs(t) {
				require.Contains(t, outputs, name, "action.yml promises an output that the program does not write")
			}
			require.Empty(t, r.left(t), "files are left in RUNNER_TEMP")
		})
	}
}

// TestActionRefuses holds what the script must not do.
func TestActionRefuses(t *testing.T) {
	t.Parallel()
	binary := program(t)
	for name, c := range map[string]struct {
		inputs []string
		want   string
	}{
		"a program of another digest":   {[]string{"INPUT_BINARY=" + binary, "INPUT_BINARY_SHA256=00"}, "want 00, got " + digest(t, binary)},
		"a program without a digest":    {[]string{"INPUT_BINARY=" + binary}, "binary needs binary-sha256"},
		"a program from a plain URL":    {[]string{"INPUT_BINARY=http://127.0.0.1/oidcflow"}, "only https URLs"},
		"a call that names no provider": {[]string{"INPUT_BINARY=" + binary, "INPUT_BINARY_SHA256=" + digest(t, binary)}, "--mock"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRunner(t)
			o := r.run(t, c.inputs...)
			require.Equal(t, 2, o.Code, "%s%s", o.Stdout, o.Stderr)
			require.Contains(t, o.Stdout+o.Stderr, c.want)
			require.Empty(t, readCommandFile(t, r.output))
			require.Empty(t, r.left(t))
		})
	}
}

// TestActionInputsAreData gives inputs that would be commands if they were put into the script's text.
func TestActionInputsAreData(t *testing.T) {
	t.Parallel()
	r, binary := newRunner(t), program(t)
	pwned := filepath.Join(t.TempDir(), "pwned")
	hostile := fmt.Sprintf("$(touch %[1]s)`touch %[1]s`\"; touch %[1]s; '", pwned)
	o := r.run(t, "INPUT_BINARY="+binary, "INPUT_BINARY_SHA256="+digest(t, binary),
		"INPUT_CLIENT_ID="+hostile, "INPUT_SCOPE="+hostile, "INPUT_ARGS="+hostile)
	require.NotEqual(t, 0, o.Code)
	require.NoFileExists(t, pwned)

	for _, file := range []string{"token.sh", "action.yml"} {
		for line := range strings.Lines(read(t, filepath.Join(action, file))) {
			if file == "token.sh" || strings.Contains(line, "run:") {
				require.NotContains(t, line, "${{", "%s", file)
			}
		}
	}
}

// TestReadCommandFile tests the reader that TestAction believes.
func TestReadCommandFile(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "output")
	require.NoError(t, os.WriteFile(file, []byte("a=1=2\nb<<END\none\n\ntwo=<<\nEND\nc=\n"), 0o600))
	require.Equal(t, map[string]string{"a": "1=2", "b": "one\n\ntwo=<<", "c": ""}, readCommandFile(t, file))
}

// runner is what a runner of GitHub Actions gives to a step.
type runner struct{ temp, output, env string }

func newRunner(t *testing.T) runner {
	t.Helper()
	dir := t.TempDir()
	r := runner{filepath.Join(dir, "temp"), filepath.Join(dir, "output"), filepath.Join(dir, "env")}
	require.NoError(t, os.Mkdir(r.temp, 0o700))
	for _, file := range []string{r.output, r.env} {
		require.NoError(t, os.WriteFile(file, nil, 0o600))
	}
	return r
}

func (r runner) run(t *testing.T, inputs ...string) outcome {
	t.Helper()
	path, err := filepath.Abs(action)
	require.NoError(t, err)
	c := exec.CommandContext(t.Context(), "bash", filepath.Join(path, "token.sh"))
	c.Dir = t.TempDir()
	c.Env = append(cleanEnv(t), inputs...)
	c.Env = append(c.Env, "CI=true", "GITHUB_ACTIONS=true", "GITHUB_ACTION_PATH="+path, "RUNNER_TEMP="+r.temp,
		"GITHUB_OUTPUT="+r.output, "GITHUB_ENV="+r.env)
	for _, name := range []string{"GOCACHE", "GOMODCACHE", "GOPROXY", "GOFLAGS"} { // HOME is another here
		value, err := exec.CommandContext(t.Context(), "go", "env", name).Output()
		require.NoError(t, err)
		c.Env = append(c.Env, name+"="+strings.TrimSpace(string(value)))
	}
	return finish(t, c)
}

// left lists what a step left behind in RUNNER_TEMP.
func (r runner) left(t *testing.T) []os.DirEntry {
	t.Helper()
	entries, err := os.ReadDir(r.temp)
	require.NoError(t, err)
	return entries
}

// readCommandFile reads $GITHUB_OUTPUT or $GITHUB_ENV by the runner's rules: NAME=VALUE, or NAME<<DELIMITER with the
// value on the lines up to one that is the delimiter. Whichever of = and << comes first decides.
func readCommandFile(t *testing.T, file string) map[string]string {
	t.Helper()
	values := map[string]string{}
	lines := strings.Split(strings.TrimSuffix(read(t, file), "\n"), "\n")
	for len(lines) > 0 {
		line := lines[0]
		lines = lines[1:]
		if line == "" {
			continue
		}
		equals, heredoc := strings.Index(line, "="), strings.Index(line, "<<")
		if heredoc < 0 || equals >= 0 && equals < heredoc {
			require.GreaterOrEqual(t, equals, 0, "neither = nor << in %q", line)
			values[line[:equals]] = line[equals+1:]
			continue
		}
		end := slices.Index(lines, line[heredoc+2:])
		require.GreaterOrEqual(t, end, 0, "no end of the value of %q", line)
		values[line[:heredoc]] = strings.Join(lines[:end], "\n")
		lines = lines[end+1:]
	}
	return values
}

// actionOutputs lists the outputs of the step that action.yml passes on.
func actionOutputs(t *testing.T) (names []string) {
	t.Helper()
	for _, m := range regexp.MustCompile(`steps\.token\.outputs\.(\w+)`).FindAllStringSubmatch(read(t, filepath.Join(action, "action.yml")), -1) {
		names = append(names, m[1])
	}
	require.NotEmpty(t, names)
	return names
}

func digest(t *testing.T, file string) string {
	t.Helper()
	sum := sha256.Sum256([]byte(read(t, file)))
	return hex.EncodeToString(sum[:])
}

func read(t *testing.T, file string) string {
	t.Helper()
	b, err := os.ReadFile(file)
	require.NoError(t, err)
	return string(b)
}
