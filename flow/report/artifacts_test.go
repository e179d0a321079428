package report_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/oidcflow/oidcflow/flow/report"
	"github.com/oidcflow/oidcflow/flow/trace"
)

func TestArtifacts(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "deep", "artifacts")
	a, err := report.Artifacts(dir)
	require.NoError(t, err)
	events := recorded(t, "signin.jsonl")
	events = append(events, trace.Event{Kind: trace.File, Name: "page.html", Data: []byte("second")})
	for _, e := range events {
		a.Record(e)
	}
	require.NoError(t, a.Close())
	require.NoError(t, a.Close(), "a second time")

	var want []string
	for _, name := range []string{"exchange.har", "events.jsonl", "page.html", "page-2.html"} {
		want = append(want, filepath.Join(dir, name))
	}
	require.Equal(t, want, a.Paths())
	if runtime.GOOS != "windows" {
		for path, mode := range map[string]os.FileMode{dir: 0o700, want[0]: 0o600, want[2]: 0o600} {
			info, err := os.Stat(path)
			require.NoError(t, err)
			require.Equal(t, mode, info.Mode().Perm(), path)
		}
	}
	second, err := os.ReadFile(want[3])
	require.NoError(t, err)
	require.Equal(t, "second", string(second))
	lines, err := os.ReadFile(want[1])
	require.NoError(t, err)
	require.Equal(t, len(events), bytes.Count(lines, []byte("\n")))
	for i, line := range strings.Split(strings.TrimSpace(string(lines)), "\n") {
		var e trace.Event
		require.NoError(t, json.Unmarshal([]byte(line), &e))
		e.Data = events[i].Data
		require.Equal(t, events[i], e)
	}
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Len(t, entries, len(want), "nothing else is left")
}

func TestArtifactsRefuseNamesThatAreNotOneFile(t *testing.T) {
	t.Parallel()
	for _, name := range []string{
		"", ".", "..", "../x", "a/b", `a\b`, "/etc/passwd", `C:x`, ".hidden", "nul", "COM1.txt", "a\x00b", "a\nb", "x.", "\xff",
		strings.Repeat("x", 300),
	} {
		parent := t.TempDir()
		a, err := report.Artifacts(filepath.Join(parent, "dir"))
		require.NoError(t, err)
		a.Record(trace.Event{Kind: trace.File, Name: name, Data: []byte("x")})
		a.Record(trace.Event{Kind: trace.File, Name: "good.txt", Data: []byte("y")})
		require.ErrorContains(t, a.Close(), "want the name of a file", "%q", name)
		require.Len(t, a.Paths(), 3, "the others are there: %q", name)
		entries, err := os.ReadDir(parent)
		require.NoError(t, err)
		require.Len(t, entries, 1, "%q", name)
	}
}

func TestArtifactsTellAtOnceOfAFolderThatCannotBe(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	_, err := report.Artifacts(filepath.Join(file, "dir"))
	require.Error(t, err)
}
