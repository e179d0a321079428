//go:build unix

package report_test

import (
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/oidcflow/oidcflow/flow/report"
)

func TestWriteFileSetsTheMode(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "f")
	for _, mode := range []os.FileMode{0o600, 0o666, 0o400} {
		require.NoError(t, report.WriteFile(path, []byte("x"), mode))
		info, err := os.Stat(path)
		require.NoError(t, err)
		require.Equal(t, mode, info.Mode().Perm(), "whatever the umask, and the mode before")
	}
}

func TestWriteFileDoesNotFollowLinks(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	target, link := filepath.Join(dir, "target"), filepath.Join(dir, "link")
	require.NoError(t, os.WriteFile(target, []byte("before"), 0o600))
	require.NoError(t, os.Symlink(target, link))
	require.ErrorContains(t, report.WriteFile(link, []byte("x"), 0o600), "got a symbolic link")
	got, err := os.ReadFile(target)
	require.NoError(t, err)
	require.Equal(t, "before", string(got))
	pipe := filepath.Join(dir, "pipe")
	require.NoError(t, syscall.Mkfifo(pipe, 0o600))
	require.ErrorContains(t, report.WriteFile(pipe, []byte("x"), 0o600), "got a pipe")
	requireOnly(t, dir, "link", "pipe", "target")
}

func TestReadSecretFileLooksAtTheMode(t *testing.T) {
	t.Parallel()
	for mode, c := range map[os.FileMode]struct{ err, warning string }{
		0o600: {},
		0o400: {},
		0o644: {warning: "others may read "},
		0o440: {warning: "others may read "},
		0o620: {err: "others may write to it (mode 0620): chmod go-w "},
		0o666: {err: "others may write to it (mode 0666): chmod go-w ", warning: "others may read "},
	} {
		path := filepath.Join(t.TempDir(), "f")
		require.NoError(t, os.WriteFile(path, []byte("x"), 0o600))
		require.NoError(t, os.Chmod(path, mode))
		_, err := report.ReadSecretFile(path)
		if c.err != "" {
			require.ErrorContains(t, err, c.err+path)
		} else {
			require.NoError(t, err)
		}
		if c.warning == "" {
			require.Empty(t, report.SecretFileWarning(path), mode)
		} else {
			require.Contains(t, report.SecretFileWarning(path), c.warning)
			require.Contains(t, report.SecretFileWarning(path), "chmod 600 "+path)
		}
	}
}

// Kubernetes shows a secret as NAME -> ..data/NAME, and ..data -> a folder of this update.
func TestReadSecretFileReadsWhatKubernetesMounts(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	require.NoError(t, os.Mkdir(filepath.Join(dir, "..2030"), 0o755))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "..2030", "password"), []byte("correct horse"), 0o644))
	require.NoError(t, os.Symlink("..2030", filepath.Join(dir, "..data")))
	require.NoError(t, os.Symlink(filepath.Join("..data", "password"), filepath.Join(dir, "password")))
	got, err := report.ReadSecretFile(filepath.Join(dir, "password"))
	require.NoError(t, err)
	require.Equal(t, "correct horse", string(got))
}

// A shell writes <(command) as the path of a pipe.
func TestReadSecretFileReadsAPipe(t *testing.T) {
	t.Parallel()
	r, w, err := os.Pipe()
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, r.Close()) })
	_, err = w.WriteString("correct horse")
	require.NoError(t, err)
	require.NoError(t, w.Close())
	got, err := report.ReadSecretFile(fmt.Sprintf("/dev/fd/%d", r.Fd()))
	require.NoError(t, err)
	require.Equal(t, "correct horse", string(got))
}
