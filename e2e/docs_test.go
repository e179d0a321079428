package e2e

import (
	"encoding/json"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// documents are those that people read first.
var documents = []string{"../README.md", "../.github/CONTRIBUTING.md", "../.github/THREATS.md", "../.github/OKTA.md"}

// TestReadme holds the shape of README.md: short, with a transcript that works near its top.
func TestReadme(t *testing.T) {
	t.Parallel()
	lines := strings.Split(read(t, "../README.md"), "\n")
	require.Less(t, len(lines), 200)
	begin := slices.Index(lines, "```console")
	end := begin + 1 + slices.Index(lines[begin+1:], "```")
	require.Positive(t, begin)
	require.Less(t, end, 40)
	command := slices.Index(lines, "$ go run ./cmd/oidcflow token --mock")
	require.True(t, begin < command && command < 25, "the command is on line %d", command+1)
}

// TestReadmeTranscript calls what the transcript calls, and compares the members of the answer.
func TestReadmeTranscript(t *testing.T) {
	t.Parallel()
	_, transcript, found := strings.Cut(read(t, "../README.md"), "$ go run ./cmd/oidcflow token --mock\n")
	require.True(t, found)
	transcript, _, _ = strings.Cut(transcript, "```")
	var want, got map[string]any
	require.NoError(t, json.Unmarshal([]byte(transcript), &want), "the transcript is no JSON")

	answer, err := exec.CommandContext(t.Context(), "oidcflow", "token", "--mock").Output()
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(answer, &got))
	for name := range got {
		require.Contains(t, want, name, "the answer has a member that the transcript lacks")
	}
	for name := range want {
		require.Contains(t, got, name, "the transcript has a member that the answer lacks")
	}
	require.Equal(t, want["verified"], got["verified"])
}

// TestReadmeCommands asks for help with every call that the documents show: an unknown command or flag is an error.
func TestReadmeCommands(t *testing.T) {
	t.Parallel()
	block := regexp.MustCompile("(?s)```sh\n.*?```")
	inBlock, inText := regexp.MustCompile(`(?m)^oidcflow ([^#\n]+)`), regexp.MustCompile("`oidcflow ([^`]+)`")
	for _, document := range documents {
		text := read(t, document)
		calls := inText.FindAllStringSubmatch(text, -1)
		for _, b := range block.FindAllString(text, -1) {
			calls = append(calls, inBlock.FindAllStringSubmatch(b, -1)...)
		}
		for _, m := range calls {
			args := strings.Fields(m[1])
			if i := slices.Index(args, "--"); i >= 0 {
				args = args[:i]
			}
			if args[0] != "help" {
				args = append(args, "--help")
			}
			out, err := exec.CommandContext(t.Context(), "oidcflow", args...).CombinedOutput()
			require.NoError(t, err, "%s: oidcflow %s: %s", document, args, out)
			if args[0] != "help" { // help of a command that there is not is help of the program
				require.Contains(t, string(out), "oidcflow "+args[0]+" ", document)
			}
		}
	}
}

// TestReadmeVariables holds that every environment variable of the documents is one that help names.
func TestReadmeVariables(t *testing.T) {
	t.Parallel()
	help, err := exec.CommandContext(t.Context(), "oidcflow", "token", "--help").Output()
	require.NoError(t, err)
	for _, document := range append(slices.Clone(documents), "../testdata/okta-app/outputs.tf") {
		for _, name := range regexp.MustCompile(`\b(?:OIDCFLOW|OKTA_OIDC)_\w+`).FindAllString(read(t, document), -1) {
			if name != "OIDCFLOW_ACCESS_TOKEN" { // which is an answer
				require.Contains(t, string(help), name, document)
			}
		}
	}
}

// TestMakeTargets holds that every make target of the documents is there.
func TestMakeTargets(t *testing.T) {
	t.Parallel()
	makefile := read(t, "../Makefile")
	for _, document := range []string{"../README.md", "../.github/CONTRIBUTING.md", "../.ci/run"} {
		for _, m := range regexp.MustCompile("(?m)(?:^|`)make ([a-z0-9 ]+)").FindAllStringSubmatch(read(t, document), -1) {
			for _, target := range strings.Fields(m[1]) {
				require.Regexp(t, `(?m)^`+target+`:`, makefile, document)
			}
		}
	}
}

// TestLinks holds that what the documents link to in the repository is there, headings of documents included.
func TestLinks(t *testing.T) {
	t.Parallel()
	for _, document := range documents {
		for _, m := range regexp.MustCompile(`\]\(([^)#]*)(?:#([^)]+))?\)`).FindAllStringSubmatch(read(t, document), -1) {
			if strings.Contains(m[1], "://") {
				continue
			}
			target := document
			if m[1] != "" {
				target = filepath.Join(filepath.Dir(document), m[1])
			}
			require.FileExists(t, target, document)
			if m[2] != "" {
				require.Contains(t, anchors(read(t, target)), m[2], "%s links to a heading of %s", document, target)
			}
		}
	}
}

// anchors returns the names by which GitHub links to the headings of a document.
func anchors(text string) []string {
	var names []string
	for _, m := range regexp.MustCompile(`(?m)^#+ (.+)$`).FindAllStringSubmatch(text, -1) {
		name := regexp.MustCompile(`[^\p{L}\p{N} _-]`).ReplaceAllString(strings.ToLower(m[1]), "")
		names = append(names, strings.ReplaceAll(name, " ", "-"))
	}
	return names
}

// TestOktaCodes holds that each error code that OKTA.md explains is one that the program has, and that no code of a
// sign-in is left out which Okta's settings decide.
func TestOktaCodes(t *testing.T) {
	t.Parallel()
	_, table, found := strings.Cut(read(t, "../.github/OKTA.md"), "## What you see")
	require.True(t, found)
	verdicts := read(t, "../flow/signin/verdict.go")
	explained := regexp.MustCompile("(?m)^\\| `(signin\\.[a-z_]+)`").FindAllStringSubmatch(table, -1)
	for _, m := range explained {
		require.Contains(t, verdicts, `"`+m[1]+`"`)
	}
	for _, m := range regexp.MustCompile(`"(signin\.[a-z_]+)"`).FindAllStringSubmatch(verdicts, -1) {
		switch m[1] {
		case "signin.page_stuck", "signin.foreign_host", "signin.consent_refused", "signin.server_error", "signin.timeout", "signin.canceled":
			continue // of the program, of the call, or of nobody's settings
		}
		require.Contains(t, table, "`"+m[1]+"`")
	}
}

// TestThreats holds that each line of THREATS.md names a test, and that the tests it names exist.
func TestThreats(t *testing.T) {
	t.Parallel()
	known := tests(t)
	numbers := map[string]bool{} // of the requirements
	for line := range strings.Lines(read(t, "../.github/THREATS.md")) {
		cells := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), "|")
		if !regexp.MustCompile(`^\s*\d+\s*$`).MatchString(cells[0]) {
			continue
		}
		numbers[strings.TrimSpace(cells[0])] = true
		names := regexp.MustCompile("`([^`]+)`").FindAllStringSubmatch(cells[len(cells)-1], -1)
		require.NotEmpty(t, names, "no test holds: %s", line)
		for _, name := range names {
			require.Contains(t, known, name[1], "no such test, named by: %s", line)
		}
	}
	require.NotEmpty(t, numbers)
	for n := range len(numbers) {
		require.Contains(t, numbers, strconv.Itoa(n+1), "a requirement is gone")
	}
}

// tests returns the names of all tests and scripts of the repository: "flow/trace.TestSecret", "bad-user.txtar".
func tests(t *testing.T) map[string]bool {
	t.Helper()
	declared := regexp.MustCompile(`(?m)^func ((?:Test|Fuzz|Example)\w+)\(`)
	names := map[string]bool{}
	require.NoError(t, filepath.WalkDir("..", func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && (d.Name() == "node_modules" || d.Name() == ".git"):
			return filepath.SkipDir
		case strings.HasSuffix(path, ".txtar"):
			names[d.Name()] = true
		case strings.HasSuffix(path, "_test.go"):
			dir, err := filepath.Rel("..", filepath.Dir(path))
			if err != nil {
				return err
			}
			for _, m := range declared.FindAllStringSubmatch(read(t, path), -1) {
				names[filepath.ToSlash(dir)+"."+m[1]] = true
			}
		}
		return nil
	}))
	return names
}

func read(t *testing.T, file string) string {
	t.Helper()
	b, err := os.ReadFile(file)
	require.NoError(t, err)
	return string(b)
}

// TestDependencies holds that CONTRIBUTING.md says of each module of go.mod why it is there, and of no other.
func TestDependencies(t *testing.T) {
	t.Parallel()
	out, err := exec.CommandContext(t.Context(), "go", "list", "-m", "-f", "{{if not (or .Main .Indirect)}}{{.Path}}{{end}}", "all").Output()
	require.NoError(t, err)
	_, section, found := strings.Cut(read(t, "../.github/CONTRIBUTING.md"), "## Dependencies")
	require.True(t, found)
	var explained []string
	for _, row := range regexp.MustCompile("(?m)^\\| (`[^|]+`) \\|").FindAllStringSubmatch(section, -1) {
		names := strings.Split(strings.ReplaceAll(row[1], "`", ""), ", ")
		for _, name := range names {
			explained = append(explained, strings.Replace(name, "…", names[0][:strings.LastIndex(names[0], "/")], 1))
		}
	}
	require.ElementsMatch(t, strings.Fields(string(out)), explained)
}
