// Command bench measures oidcflow beside others, all in one run on one machine, and prints ratios: times alone say
// little about a machine that others share.
//
// It measures, first, how long "oidcflow token --mock" takes beyond what a process takes to start at all; and second,
// full code flows (an authorization request and a token request) a second at the embedded provider, with one and with
// four clients at once, beside the unmodified server of mockoidc, npm oauth2-mock-server, and the signatures that one
// flow takes, made by Go's standard library with nothing around them.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"time"
)

func main() {
	serve := flag.String("serve", "", "be the server of that name (mockoidc) until standard input ends")
	period := flag.Duration("period", 3*time.Second, "how long to measure each server")
	calls := flag.Int("calls", 21, "how often to call the program")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, *serve, *period, *calls); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, serve string, period time.Duration, calls int) error {
	if serve == "mockoidc" {
		return serveMockoidc()
	}
	dir, err := os.MkdirTemp("", "oidcflow-bench")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	program := filepath.Join(dir, "oidcflow")
	build := exec.CommandContext(ctx, "go", "build", "-o", program, "./cmd/oidcflow")
	build.Dir = filepath.Join("..", "..") // make bench runs it in e2e/interop
	build.Stderr = os.Stderr
	if err := build.Run(); err != nil {
		return fmt.Errorf("building the program: %w", err)
	}
	if err := wholeProcess(ctx, program, dir, calls); err != nil {
		return err
	}
	return codeFlows(ctx, program, dir, period)
}
