package report

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// WriteFile writes data to path so that the file is there complete or not at all. It has the mode perm before it has
// any content, whatever the umask says. A symbolic link at path is not followed, and what is no file, such as a device,
// is not replaced: both are errors.
func WriteFile(path string, data []byte, perm fs.FileMode) error {
	switch info, err := os.Lstat(path); {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		return err
	case !info.Mode().IsRegular():
		return fmt.Errorf("writing %s: want a file or nothing there, got %s", path, kindOf(info.Mode()))
	}
	return place(path, data, perm, os.Rename)
}

// WriteNewFile is like WriteFile for a file that is not there yet. Where there is something by the time that the file
// is complete, the error wraps fs.ErrExist.
func WriteNewFile(path string, data []byte, perm fs.FileMode) error {
	return place(path, data, perm, func(from, to string) error {
		// Unlike a rename, a link replaces nothing.
		err := os.Link(from, to)
		if err == nil || errors.Is(err, fs.ErrExist) {
			return errors.Join(err, os.Remove(from))
		}
		// A file system without links.
		if _, err := os.Lstat(to); !errors.Is(err, fs.ErrNotExist) {
			return cmp.Or(err, error(fs.ErrExist))
		}
		return os.Rename(from, to)
	})
}

// place writes a file beside path and then moves it there.
func place(path string, data []byte, perm fs.FileMode, move func(from, to string) error) (err error) {
	dir := filepath.Dir(path)
	f, err := os.CreateTemp(dir, ".oidcflow-*.tmp") // mode 0600
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, remove(f.Name()))
		}
	}()
	if err := fill(f, data, perm); err != nil {
		return errors.Join(err, f.Close())
	}
	if err := f.Close(); err != nil {
		return err
	}
	if err := move(f.Name(), path); err != nil {
		return err
	}
	return syncDir(dir)
}

func fill(f *os.File, data []byte, perm fs.FileMode) error {
	if err := f.Chmod(perm); err != nil {
		return err
	}
	if _, err := f.Write(data); err != nil {
		return err
	}
	return f.Sync()
}

// remove removes what may be gone already.
func remove(path string) error {
	if err := os.Remove(path); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

func kindOf(m fs.FileMode) string {
	switch {
	case m.IsRegular():
		return "a file"
	case m.IsDir():
		return "a folder"
	case m&fs.ModeSymlink != 0:
		return "a symbolic link"
	case m&fs.ModeNamedPipe != 0:
		return "a pipe"
	}
	return "a device or the like"
}

// maxSecretFile is how long a secret file may be.
const maxSecretFile = 1 << 20

// ReadSecretFile returns the content of the file at path, which holds a secret. The file, and a symbolic link at path,
// must belong to this user or to root (or to anybody, where root reads), and nobody else may write to the file: they
// could put another secret in its place. It has at most 1 MiB. A pipe, as a shell's <(command) makes one, is read
// like a file.
//
// A file that others may only read is read: Kubernetes and Docker mount secrets with mode 0444 or 0644, CI systems
// check out with 0644, and nobody else is there. [SecretFileWarning] tells of it. Links are followed as Kubernetes
// mounts every secret behind two of them; one that another user made is not. On Windows owner and mode are not looked
// at: access lists say it there.
func ReadSecretFile(path string) (data []byte, err error) {
	link, err := os.Lstat(path)
	if err != nil {
		return nil, err
	}
	if err := checkOwner(link); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	// What was opened is looked at, not what stands at path by now.
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if m := info.Mode(); !m.IsRegular() && m&fs.ModeNamedPipe == 0 {
		return nil, fmt.Errorf("%s: want a file, got %s", path, kindOf(m))
	}
	if err := checkOwner(info); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	if err := checkMode(info); err != nil {
		return nil, fmt.Errorf("%s: %w: chmod go-w %[1]s", path, err)
	}
	data, err = io.ReadAll(io.LimitReader(f, maxSecretFile+1))
	if err != nil {
		return nil, err
	}
	if len(data) > maxSecretFile {
		return nil, fmt.Errorf("%s: want at most %d bytes", path, maxSecretFile)
	}
	return data, nil
}
