package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// wholeProcess prints how long "token --mock" takes beyond "version", which does nothing but start.
func wholeProcess(ctx context.Context, program, dir string, calls int) error {
	fmt.Printf("whole process, median of %d calls\n", calls)
	commands := map[string][]string{"version": {"version"}}
	for _, alg := range []string{"ES256", "RS256"} {
		file, err := algConfig(dir, alg)
		if err != nil {
			return err
		}
		commands[alg] = []string{"token", "--mock", "--config", file}
	}
	times := map[string][]time.Duration{}
	for range calls { // one after the other, so that a disturbance hits all alike
		for name, args := range commands {
			d, err := timeOf(ctx, program, args)
			if err != nil {
				return err
			}
			times[name] = append(times[name], d)
		}
	}
	start := median(times["version"])
	fmt.Printf("  %-28s %8.1f ms\n", "oidcflow version", ms(start))
	for _, c := range []struct {
		alg string
		aim float64
	}{{"ES256", 60}, {"RS256", 150}} {
		beyond := ms(median(times[c.alg]) - start)
		fmt.Printf("  %-28s %8.1f ms beyond it   %.2f of the aim of %.0f ms\n", "token --mock, "+c.alg, beyond, beyond/c.aim, c.aim)
	}
	return nil
}

// algConfig writes a file in which the servers sign with alg.
func algConfig(dir, alg string) (string, error) {
	file := filepath.Join(dir, alg+".hcl")
	return file, os.WriteFile(file, fmt.Appendf(nil, "idp {\n  login = \"auto\"\n  server \"org\" {\n    alg = %[1]q\n  }\n  server \"default\" {\n    alg = %[1]q\n  }\n}\n", alg), 0o600)
}

func timeOf(ctx context.Context, program string, args []string) (time.Duration, error) {
	var stderr strings.Builder
	c := exec.CommandContext(ctx, program, args...)
	c.Stderr = &stderr
	begin := time.Now()
	err := c.Run()
	if err != nil {
		return 0, fmt.Errorf("oidcflow %s: %w: %s", strings.Join(args, " "), err, stderr.String())
	}
	return time.Since(begin), nil
}

func median(d []time.Duration) time.Duration {
	d = slices.Sorted(slices.Values(d))
	return d[len(d)/2]
}

func ms(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
