//go:build unix

package chrome

import (
	"errors"
	"os"
	"os/exec"
	"syscall"
)

// shell runs a program without core dumps: what it would write holds the user's password.
const shell = `ulimit -c 0; exec "$0" "$@"`

// harden has cmd run without core dumps, where there is a shell to say so.
func harden(cmd *exec.Cmd) {
	sh, err := exec.LookPath("/bin/sh")
	if err != nil {
		return
	}
	cmd.Args = append([]string{sh, "-c", shell, cmd.Path}, cmd.Args[1:]...)
	cmd.Path = sh
}

// killGroup ends cmd and everything that it started.
func killGroup(cmd *exec.Cmd) error {
	err := syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
	if errors.Is(err, syscall.ESRCH) {
		return os.ErrProcessDone
	}
	return err
}
