//go:build unix

package cmd

import (
	"os"
	"syscall"
)

// passedOn are the signals that exec passes on to its command.
var passedOn = []os.Signal{os.Interrupt, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGQUIT, syscall.SIGUSR1, syscall.SIGUSR2}

// disableCoreDumps keeps a crash from writing the memory, and the secrets in it, to disk. Child processes inherit it.
func disableCoreDumps() { _ = syscall.Setrlimit(syscall.RLIMIT_CORE, &syscall.Rlimit{}) }
