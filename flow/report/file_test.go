package report_test

import (
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/oidcflow/oidcflow/flow/report"
)

func TestWriteFile(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "tokens.json")
	for _, content := range []string{"one", "two, which is longer", ""} {
		require.NoError(t, report.WriteFile(path, []byte(content), 0o600))
		got, err := os.ReadFile(path)
		require.NoError(t, err)
		require.Equal(t, content, string(got))
	}
	requireOnly(t, dir, "tokens.json")
}

func TestWriteFileLeavesNothingBehind(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	require.NoError(t, os.Mkdir(filepath.Join(dir, "folder"), 0o700))
	require.ErrorContains(t, report.WriteFile(filepath.Join(dir, "folder"), []byte("x"), 0o600), "got a folder")
	require.Error(t, report.WriteFile(filepath.Join(dir, "missing", "file"), []byte("x"), 0o600))
	requireOnly(t, dir, "folder")
}

func TestWriteNewFileReplacesNothing(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "passkey")
	require.NoError(t, report.WriteNewFile(path, []byte("first"), 0o600))
	require.ErrorIs(t, report.WriteNewFile(path, []byte("second"), 0o600), os.ErrExist)
	got, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, "first", string(got))
	info, err := os.Stat(path)
	require.NoError(t, err)
	if runtime.GOOS != "windows" {
		require.Equal(t, os.FileMode(0o600), info.Mode().Perm())
	}
	require.ErrorIs(t, report.WriteNewFile(filepath.Join(dir, "missing", "file"), nil, 0o600), os.ErrNotExist)
	requireOnly(t, dir, "passkey")
}

func requireOnly(t *testing.T, dir string, names ...string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	var got []string
	for _, e := range entries {
		got = append(got, e.Name())
	}
	require.Equal(t, names, got)
}

func TestReadSecretFile(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "password")
	require.NoError(t, os.WriteFile(path, []byte("correct horse\n"), 0o600))
	got, err := report.ReadSecretFile(path)
	require.NoError(t, err)
	require.Equal(t, "correct horse\n", string(got))
	require.Empty(t, report.SecretFileWarning(path))

	_, err = report.ReadSecretFile(dir)
	require.ErrorContains(t, err, "want a file, got a folder")
	_, err = report.ReadSecretFile(filepath.Join(dir, "missing"))
	require.ErrorIs(t, err, os.ErrNotExist)

	require.NoError(t, os.WriteFile(path, []byte(strings.Repeat("x", 1<<20)), 0o600))
	got, err = report.ReadSecretFile(path)
	require.NoError(t, err)
	require.Len(t, got, 1<<20)
	require.NoError(t, os.WriteFile(path, []byte(strings.Repeat("x", 1<<20+1)), 0o600))
	_, err = report.ReadSecretFile(path)
	require.ErrorContains(t, err, "want at most 1048576 bytes")
}
