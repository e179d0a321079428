package chrome

import (
	"io/fs"
	"os"
	"os/exec"
	"syscall"
)

// attributes keeps a Ctrl-C at the console from reaching Chrome.
func attributes(cmd *exec.Cmd, _ int) {
	cmd.SysProcAttr = &syscall.SysProcAttr{CreationFlags: syscall.CREATE_NEW_PROCESS_GROUP}
}

// harden does nothing: Windows writes no dumps of programs that do not ask for it, and Chrome's own are off.
func harden(*exec.Cmd) {}

// killGroup ends the browser process; the others end when it is gone.
func killGroup(cmd *exec.Cmd) error { return cmd.Process.Kill() }

// alive reports whether a process exists.
func alive(pid int) bool {
	p, err := os.FindProcess(pid)
	if err != nil {
		return false
	}
	_ = p.Release()
	return true
}

// ours reports whether the folder is ours to remove: the temporary folder of Windows is the user's own.
func ours(info fs.FileInfo) bool { return info.IsDir() }

// killUsers does nothing: Chrome ends itself when the pipe to a program that was killed closes.
func killUsers(string) {}
