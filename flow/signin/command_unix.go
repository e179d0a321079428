//go:build unix

package signin

import (
	"os/exec"
	"syscall"
)

// killGroup puts cmd into a process group of its own, and lets its context end the whole group: a killed script must
// not leave its children behind.
func killGroup(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
}
