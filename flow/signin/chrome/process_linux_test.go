package chrome

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/oidcflow/oidcflow/flow/signin"
	"github.com/oidcflow/oidcflow/flow/trace"
)

// family returns the processes of a browser: those of its group, and those that name its profile.
func family(t testing.TB, pid int, profile string) []int {
	t.Helper()
	list := users(profile)
	files, err := filepath.Glob("/proc/[0-9]*/stat")
	require.NoError(t, err)
	for _, f := range files {
		stat, err := os.ReadFile(f)
		if err != nil {
			continue // it ended meanwhile
		}
		// proc_pid_stat(5): pid (comm) state ppid pgrp
		_, rest, _ := strings.Cut(string(stat), ") ")
		fields := strings.Fields(rest)
		member, err := strconv.Atoi(filepath.Base(filepath.Dir(f)))
		require.NoError(t, err)
		if len(fields) > 2 && fields[0] != "Z" && fields[2] == strconv.Itoa(pid) && !slices.Contains(list, member) {
			list = append(list, member)
		}
	}
	return list
}

// requireGone waits until no process uses the profile and no folder of ours is in dir.
func requireGone(t *testing.T, dir string, pid int, profile string) {
	t.Helper()
	require.Eventually(t, func() bool { return len(family(t, pid, profile)) == 0 }, 10*time.Second, 10*time.Millisecond, "processes of %s", profile)
	requireEmpty(t, dir)
}

func TestCloseLeavesNothing(t *testing.T) {
	for _, binary := range binaries {
		t.Run(binary, func(t *testing.T) {
			t.Parallel()
			needBrowser(t, binary)
			dir := testDir(t)
			b, err := Start(t.Context(), Config{Path: binary, TempDir: dir})
			require.NoError(t, err)
			require.Greater(t, len(family(t, b.process.Process.Pid, b.profile)), 3)
			info, err := os.Stat(b.profile)
			require.NoError(t, err)
			require.Equal(t, os.FileMode(0o700), info.Mode().Perm())
			require.NoError(t, b.Close())
			require.NoError(t, b.Close(), "a second time")
			requireGone(t, dir, b.process.Process.Pid, b.profile)
		})
	}
}

func TestKilledBrowser(t *testing.T) {
	for _, binary := range binaries {
		t.Run(binary, func(t *testing.T) {
			t.Parallel()
			needBrowser(t, binary)
			dir := testDir(t)
			b, err := Start(t.Context(), Config{Path: binary, TempDir: dir})
			require.NoError(t, err)
			p := provider(t, map[string]string{"/{$}": `<title>Wait</title><p>Please wait`})
			failed := make(chan error, 1)
			go func() {
				_, err := b.Driver(signin.Config{User: alice()}).SignIn(within(t, patience), request(t, p.URL, testRedirect))
				failed <- err
			}()
			require.Eventually(t, func() bool { return len(b.gate.live()) == 1 && b.gate.live()[0].view() != nil }, patience, 10*time.Millisecond)
			require.NoError(t, b.calls.Process().Kill())
			requireCode(t, "env.browser_crashed", <-failed)
			require.NoError(t, b.Close())
			requireGone(t, dir, b.process.Process.Pid, b.profile)
		})
	}
}

func TestCancelledSignIn(t *testing.T) {
	t.Parallel()
	b := sharedBrowser(t, binaries[0])
	p := provider(t, map[string]string{"/{$}": `<title>Wait</title><p>Please wait`})
	ctx, cancel := context.WithCancel(t.Context())
	failed := make(chan error, 1)
	go func() {
		_, err := b.Driver(signin.Config{User: alice()}).SignIn(ctx, request(t, p.URL, testRedirect))
		failed <- err
	}()
	require.Eventually(t, func() bool { return b.gate.at(p.URL) != nil }, patience, 10*time.Millisecond)
	s := b.gate.at(p.URL)
	cancel()
	err := <-failed
	requireCode(t, "signin.interrupted", err)
	require.ErrorIs(t, err, context.Canceled)
	require.NotContains(t, b.gate.live(), s)
}

func TestClosedWhileSigningIn(t *testing.T) {
	t.Parallel()
	dir := testDir(t)
	needBrowser(t, "")
	b, err := Start(t.Context(), Config{TempDir: dir})
	require.NoError(t, err)
	p := provider(t, map[string]string{"/{$}": `<title>Wait</title><p>Please wait`})
	failed := make(chan error, 1)
	go func() {
		_, err := b.Driver(signin.Config{User: alice()}).SignIn(within(t, patience), request(t, p.URL, testRedirect))
		failed <- err
	}()
	require.Eventually(t, func() bool { return b.gate.at(p.URL) != nil }, patience, 10*time.Millisecond)
	require.NoError(t, b.Close())
	requireCode(t, "signin.interrupted", <-failed)
	requireGone(t, dir, b.process.Process.Pid, b.profile)
	_, err = b.Driver(signin.Config{User: alice()}).SignIn(within(t, patience), request(t, p.URL, testRedirect))
	requireCode(t, "env.browser_crashed", err)
}

// A program that is killed cannot tidy up: its browser ends with it, and the next start removes the folder.
func TestKilledProgram(t *testing.T) {
	for _, binary := range binaries {
		t.Run(binary, func(t *testing.T) {
			t.Parallel()
			needBrowser(t, binary)
			dir := testDir(t)
			program := exec.CommandContext(within(t, patience), os.Args[0])
			program.Env = append(os.Environ(), helperDir+"="+dir, "OIDCFLOW_TEST_HELPER_BROWSER="+binary)
			out, err := program.StdoutPipe()
			require.NoError(t, err)
			require.NoError(t, program.Start())
			line := make([]byte, 4096)
			n, err := out.Read(line)
			require.NoError(t, err)
			number, profile, _ := strings.Cut(strings.TrimSpace(string(line[:n])), " ")
			pid, err := strconv.Atoi(number)
			require.NoError(t, err, number)
			require.DirExists(t, profile)
			require.Greater(t, len(family(t, pid, profile)), 3)

			require.NoError(t, program.Process.Signal(syscall.SIGKILL))
			var exit *exec.ExitError
			require.True(t, errors.As(program.Wait(), &exit))
			require.Eventually(t, func() bool { return len(family(t, pid, profile)) == 0 }, 10*time.Second, 10*time.Millisecond)

			sweep(dir)
			requireEmpty(t, dir)
		})
	}
}

func TestSweep(t *testing.T) {
	t.Parallel()
	dir := testDir(t)
	gone := exec.CommandContext(within(t, patience), "/bin/true")
	require.NoError(t, gone.Run())
	old := filepath.Join(dir, fmt.Sprintf("%s%d-1", profilePrefix, gone.Process.Pid))
	mine := filepath.Join(dir, fmt.Sprintf("%s%d-1", profilePrefix, os.Getpid()))
	other := filepath.Join(dir, "oidcflow-chrome-report")
	link := filepath.Join(dir, fmt.Sprintf("%s%d-2", profilePrefix, gone.Process.Pid))
	for _, d := range []string{old, mine, other} {
		require.NoError(t, os.Mkdir(d, 0o700))
	}
	require.NoError(t, os.Symlink(other, link))
	sweep(dir)
	require.NoDirExists(t, old)
	require.DirExists(t, mine, "its owner lives")
	require.DirExists(t, other, "not a profile's name")
	_, err := os.Lstat(link)
	require.NoError(t, err, "a link is not a profile")
}

// No secret of ours is in the environment of Chrome, and it may not dump core. Chrome writes over what /proc shows of its
// environment, so that a script in its place tells.
func TestChromeGetsNoSecrets(t *testing.T) {
	t.Setenv("OIDCFLOW_PASSWORD", "canary-in-the-environment")
	needBrowser(t, binaries[0])
	real, err := Find(binaries[0])
	require.NoError(t, err)
	dir := testDir(t)
	require.NoError(t, os.Chmod(dir, 0o777))
	path := filepath.Join(dir, "browser")
	require.NoError(t, os.WriteFile(path, fmt.Appendf(nil, "#!/bin/sh\nenv > %s/env\nulimit -c >> %s/env\nexec %s \"$@\"\n", dir, dir, unwrap(real)), 0o755))

	b := startBrowser(t, Config{Path: path, Env: append(os.Environ(), "DISPLAY=:99")})
	env, err := os.ReadFile(filepath.Join(dir, "env"))
	require.NoError(t, err)
	require.NotContains(t, string(env), "canary")
	require.Contains(t, string(env), "DISPLAY=:99\n")
	require.Contains(t, string(env), "HOME="+b.profile+"\n")
	require.Regexp(t, `\n0\n$`, string(env), "the size of a core dump")
	for _, pid := range family(t, b.process.Process.Pid, b.profile) {
		limits, err := os.ReadFile(fmt.Sprintf("/proc/%d/limits", pid))
		require.NoError(t, err)
		require.Regexp(t, `Max core file size +0 +0 `, string(limits))
	}
}

// Without the sandbox people are told so, once; with it, or where they asked for none, they are not.
func TestSandbox(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		cfg      Config
		sandbox  bool
		warnings int
	}{
		"off":                         {Config{Sandbox: "off"}, false, 0},
		"auto":                        {Config{}, canSandbox("/"), map[bool]int{true: 0, false: 1}[canSandbox("/")]},
		"auto, where it is of no use": {Config{TempDir: t.TempDir()}, os.Geteuid() != 0 && canSandbox("/"), map[bool]int{true: 1, false: 0}[os.Geteuid() == 0]},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c.cfg.Path = binaries[0]
			if c.cfg.TempDir == "" {
				c.cfg.TempDir = testDir(t)
			}
			var r recorder
			b, err := Start(trace.WithRecorder(t.Context(), &r), c.cfg)
			require.NoError(t, err)
			require.Equal(t, c.sandbox, b.sandbox)
			cmdline, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", b.process.Process.Pid))
			require.NoError(t, err)
			require.Equal(t, !c.sandbox, strings.Contains(string(cmdline), "--no-sandbox"))
			require.Len(t, r.of(trace.Warning), c.warnings)
			require.NoError(t, b.Close())
		})
	}
}
