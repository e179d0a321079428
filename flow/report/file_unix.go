//go:build unix

package report

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"syscall"
)

// checkOwner returns an error if neither this user nor root owns what info is about. Root reads everybody's: in a
// container it meets the files of whoever started that.
func checkOwner(info fs.FileInfo) error {
	st, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return errors.New("its owner is not known")
	}
	if me := os.Geteuid(); me != 0 && st.Uid != 0 && int64(st.Uid) != int64(me) {
		return fmt.Errorf("owner: want user %d or root, got user %d", me, st.Uid)
	}
	return nil
}

// checkMode returns an error if others may write.
func checkMode(info fs.FileInfo) error {
	if perm := info.Mode().Perm(); info.Mode().IsRegular() && perm&0o022 != 0 {
		return fmt.Errorf("others may write to it (mode %04o)", perm)
	}
	return nil
}

// SecretFileWarning returns a sentence for people if others may read the secret file at path, or "".
func SecretFileWarning(path string) string {
	info, err := os.Stat(path)
	if err != nil || !info.Mode().IsRegular() || info.Mode().Perm()&0o044 == 0 {
		return "" // ReadSecretFile tells of errors
	}
	return fmt.Sprintf("others may read %s (mode %04o): chmod 600 %[1]s", path, info.Mode().Perm())
}

// syncDir sees to it that a new name in dir outlives a crash.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	// Some file systems know no fsync of a directory (EINVAL); the file is complete all the same.
	if err = d.Sync(); errors.Is(err, syscall.EINVAL) || errors.Is(err, syscall.ENOTSUP) {
		err = nil
	}
	return errors.Join(err, d.Close())
}
