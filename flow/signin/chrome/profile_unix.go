//go:build unix

package chrome

import (
	"errors"
	"io/fs"
	"os"
	"syscall"
)

// alive reports whether a process exists, ours or another user's.
func alive(pid int) bool {
	err := syscall.Kill(pid, 0)
	return err == nil || errors.Is(err, syscall.EPERM)
}

// ours reports whether the folder is ours to remove: our own user's, or, for root, the one that root gives the browser
// to. Anyone may make a folder of that name in a shared temporary folder.
func ours(info fs.FileInfo) bool {
	st, ok := info.Sys().(*syscall.Stat_t)
	if !ok || info.Mode().Type() != fs.ModeDir {
		return false
	}
	euid := os.Geteuid()
	return int(st.Uid) == euid || euid == 0 && int(st.Uid) == unprivileged
}
