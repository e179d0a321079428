//go:build unix && !linux

package chrome

import (
	"os/exec"
	"syscall"
)

// attributes makes cmd the head of a process group, so that all of Chrome can be ended at once. There is no signal at a
// parent's death here: Chrome ends itself when the pipe closes.
func attributes(cmd *exec.Cmd, _ int) { cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} }

// killUsers ends the processes of a profile: there is no cheap way to find them here, and Chrome ends itself when the
// pipe to a program that was killed closes.
func killUsers(string) {}
