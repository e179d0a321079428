package failure

import (
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

// head returns the first process of the browser whose profile is below dir.
func head(t *testing.T, dir string) int {
	t.Helper()
	for _, pid := range numbers(t, "/proc/[0-9]*/cmdline", func(text string) bool {
		return strings.Contains(text, "--user-data-dir="+dir) && !strings.Contains(text, "--type=")
	}) {
		return pid
	}
	require.FailNow(t, "no process has its profile below "+dir)
	return 0
}

// group returns the processes of a process group that have not ended.
func group(t *testing.T, head int) []int {
	t.Helper()
	return numbers(t, "/proc/[0-9]*/stat", func(text string) bool {
		// proc_pid_stat(5): pid (comm) state ppid pgrp
		_, rest, _ := strings.Cut(text, ") ")
		fields := strings.Fields(rest)
		return len(fields) > 2 && fields[0] != "Z" && fields[2] == strconv.Itoa(head)
	})
}

// numbers returns the processes of whose files that match pattern is true.
func numbers(t *testing.T, pattern string, is func(text string) bool) (list []int) {
	t.Helper()
	files, err := filepath.Glob(pattern)
	require.NoError(t, err)
	for _, f := range files {
		text, err := os.ReadFile(f)
		if err != nil || !is(string(text)) {
			continue // it ended meanwhile, or is none
		}
		pid, err := strconv.Atoi(filepath.Base(filepath.Dir(f)))
		require.NoError(t, err)
		list = append(list, pid)
	}
	return list
}

// kill9 ends a process as the kernel does that is short of memory.
func kill9(pid int) {
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		panic(err)
	}
}

// goroutines are the stacks of those that run code of the drivers, or of what they are built on.
func goroutines() (list []string) {
	buf := make([]byte, 1<<20)
	for g := range strings.SplitSeq(string(buf[:runtime.Stack(buf, true)]), "\n\n") {
		if strings.Contains(g, "/oidcflow/flow/") || strings.Contains(g, "/oidcflow/mockidp") || strings.Contains(g, "/chromedp") {
			list = append(list, g)
		}
	}
	return list
}
