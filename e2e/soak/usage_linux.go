package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"
)

// sampled is after how many sign-ins memory is looked at.
const sampled = 20

// usage is what this process and the browser take.
type usage struct {
	dir     string // the browser's profile is below it
	samples []sample
}

type sample struct {
	played       int
	own, browser int // MiB
	processes    int
	goroutines   int
	heap         int // MiB that is in use after a collection
}

// sample notes and prints what is taken now.
func (u *usage) sample(played int) error {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	now := sample{played: played, goroutines: runtime.NumGoroutine(), heap: int(m.HeapAlloc >> 20)}
	var err error
	if now.own, err = resident(os.Getpid()); err != nil {
		return err
	}
	pids, err := processes(u.dir)
	if err != nil {
		return err
	}
	for _, pid := range pids {
		if n, err := resident(pid); err == nil { // it may have ended meanwhile
			now.browser += n
			now.processes++
		}
	}
	u.samples = append(u.samples, now)
	fmt.Printf("%5d: own %4d MiB, heap %4d MiB, %4d goroutines; browser %5d MiB in %2d processes\n",
		played, now.own, now.heap, now.goroutines, now.browser, now.processes)
	return nil
}

// enough is how many samples tell whether memory is flat.
const enough = 8

// judge compares the last quarter with the second: what grows with each sign-in would have doubled at least. The first
// quarter is for warming up.
func (u *usage) judge() error {
	if len(u.samples) < enough {
		fmt.Printf("memory is not judged by %d samples; %d are enough\n", len(u.samples), enough)
		return nil
	}
	quarter := len(u.samples) / 4
	early, late := u.samples[quarter:2*quarter], u.samples[len(u.samples)-quarter:]
	var wrong []error
	for _, f := range []struct {
		what  string
		of    func(sample) int
		slack int // what comes and goes
	}{
		{"own MiB", func(s sample) int { return s.own }, 48},
		{"MiB of heap", func(s sample) int { return s.heap }, 16},
		{"goroutines", func(s sample) int { return s.goroutines }, 60},
		{"browser's MiB", func(s sample) int { return s.browser }, 256},
		{"browser's processes", func(s sample) int { return s.processes }, 6},
	} {
		before, after := middle(early, f.of), middle(late, f.of)
		fmt.Printf("%-20s %5d in the second quarter, %5d in the last\n", f.what, before, after)
		if after > before+before/10+f.slack {
			wrong = append(wrong, fmt.Errorf("%s: grew from %d to %d", f.what, before, after))
		}
	}
	if wrong == nil {
		fmt.Println("memory is flat")
	}
	return errors.Join(wrong...)
}

func middle(list []sample, of func(sample) int) int {
	var values []int
	for _, s := range list {
		values = append(values, of(s))
	}
	slices.Sort(values)
	return values[len(values)/2]
}

// resident is how much memory a process has that nobody else has, and its part of what it shares.
func resident(pid int) (int, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/smaps_rollup", pid))
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(text)) {
		if f := strings.Fields(line); len(f) > 1 && f[0] == "Pss:" {
			kib, err := strconv.Atoi(f[1])
			return kib >> 10, err
		}
	}
	return 0, fmt.Errorf("process %d: no Pss", pid)
}

// processes are those of the browser whose profile is below dir: the group of the one that has it.
func processes(dir string) ([]int, error) {
	files, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil {
		return nil, err
	}
	var heads, all []int
	for _, f := range files {
		text, err := os.ReadFile(f)
		pid, _ := strconv.Atoi(filepath.Base(filepath.Dir(f))) // the pattern has digits alone
		if err == nil && strings.Contains(string(text), "="+dir) {
			heads = append(heads, pid)
		}
	}
	for _, f := range files {
		stat, err := os.ReadFile(filepath.Join(filepath.Dir(f), "stat"))
		if err != nil {
			continue // it ended meanwhile
		}
		// proc_pid_stat(5): pid (comm) state ppid pgrp
		_, rest, _ := strings.Cut(string(stat), ") ")
		fields := strings.Fields(rest)
		pid, _ := strconv.Atoi(filepath.Base(filepath.Dir(f)))
		if len(fields) < 3 || fields[0] == "Z" {
			continue
		}
		if group, err := strconv.Atoi(fields[2]); err == nil && (slices.Contains(heads, group) || slices.Contains(heads, pid)) {
			all = append(all, pid)
		}
	}
	return all, nil
}

// left says what is left of the browser and of the sign-ins.
func left(ctx context.Context, dir string) error {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		err := remains(dir)
		if err == nil {
			return nil
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return err
		}
	}
}

func remains(dir string) error {
	pids, err := processes(dir)
	if err != nil {
		return err
	}
	files, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	if len(pids) > 0 || len(files) > 0 {
		return fmt.Errorf("left behind: processes %v, files %v", pids, files)
	}
	buf := make([]byte, 1<<20)
	for g := range strings.SplitSeq(string(buf[:runtime.Stack(buf, true)]), "\n\n") {
		if strings.Contains(g, "/oidcflow/flow/") || strings.Contains(g, "/oidcflow/mockidp") || strings.Contains(g, "/chromedp") {
			return fmt.Errorf("left behind: %s", g)
		}
	}
	return nil
}
