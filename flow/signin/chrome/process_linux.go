package chrome

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
)

// attributes makes cmd the head of a process group, so that all of Chrome can be ended at once and a Ctrl-C at the
// terminal reaches us alone, and has the kernel end it when we are gone. The allocator of chromedp starts it on a
// locked thread, as Pdeathsig demands (https://go.dev/issue/27505).
func attributes(cmd *exec.Cmd, uid int) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	if uid != 0 {
		cmd.SysProcAttr.Credential = &syscall.Credential{Uid: uint32(uid), Gid: uint32(uid)}
	}
}

// killUsers ends the processes whose command line names dir as their own. The first of Chrome's does, and ends the others
// with it; its crash handler does, which has a process group of its own.
func killUsers(dir string) {
	for _, pid := range users(dir) {
		_ = syscall.Kill(pid, syscall.SIGKILL) // an error means that it has ended
	}
}

// users returns the processes that were given dir by a switch, such as --user-data-dir.
func users(dir string) []int {
	files, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil {
		return nil
	}
	var pids []int
	for _, f := range files {
		cmdline, err := os.ReadFile(f)
		if err != nil || !bytes.Contains(cmdline, []byte("="+dir)) {
			continue // it ended meanwhile, or is none
		}
		if pid, err := strconv.Atoi(filepath.Base(filepath.Dir(f))); err == nil && pid != os.Getpid() {
			pids = append(pids, pid)
		}
	}
	return pids
}
