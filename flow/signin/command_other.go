//go:build !unix

package signin

import "os/exec"

// killGroup leaves cmd as it is: its context kills the process alone, and WaitDelay cuts off what children hold open.
func killGroup(*exec.Cmd) {}
