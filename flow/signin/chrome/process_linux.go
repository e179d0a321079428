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

// killUsers ends the processes whose command line names dir as their profile: all of Chrome's carry it.
func killUsers(dir string) {
	want := []byte("--user-data-dir=" + dir)
	files, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil {
		return
	}
	for _, f := range files {
		cmdline, err := os.ReadFile(f)
		if err != nil {
			continue // it ended meanwhile
		}
		for arg := range bytes.SplitSeq(cmdline, []byte{0}) {
			if !bytes.Equal(arg, want) {
				continue
			}
			if pid, err := strconv.Atoi(filepath.Base(filepath.Dir(f))); err == nil && pid != os.Getpid() {
				_ = syscall.Kill(pid, syscall.SIGKILL) // an error means that it has ended
			}
			break
		}
	}
}
