package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"time"

	"github.com/oauth2-proxy/mockoidc"
)

// server is a provider that runs as a process of its own, and what a client needs to know of it.
type server struct {
	name             string
	alg              string
	authorize, token string
	client           url.Values // credentials in the body of the token request
	stop             func()
	stderr           *strings.Builder
}

// start runs a command that prints one JSON object when it listens, and ends when its standard input does.
func start(ctx context.Context, hello any, name string, args ...string) (*server, error) {
	ctx, cancel := context.WithCancel(ctx)
	c := exec.CommandContext(ctx, name, args...)
	c.Cancel = func() error { return c.Process.Signal(os.Interrupt) }
	c.WaitDelay = 5 * time.Second
	s := &server{stderr: &strings.Builder{}}
	c.Stderr = s.stderr
	stdin, err := c.StdinPipe()
	if err != nil {
		cancel()
		return nil, err
	}
	stdout, err := c.StdoutPipe()
	if err != nil {
		cancel()
		return nil, err
	}
	if err := c.Start(); err != nil {
		cancel()
		return nil, err
	}
	s.stop = func() {
		_ = stdin.Close()
		cancel()
		_ = c.Wait() // how it ends tells nothing about how quick it was
	}
	giveUp := time.AfterFunc(30*time.Second, cancel)
	defer giveUp.Stop()
	if err := json.NewDecoder(stdout).Decode(hello); err != nil {
		s.stop()
		return nil, fmt.Errorf("starting %s %s: %w: %s", name, strings.Join(args, " "), err, s.stderr)
	}
	return s, nil
}

func startMockidp(ctx context.Context, program, dir, alg string) (*server, error) {
	file, err := algConfig(dir, alg)
	if err != nil {
		return nil, err
	}
	var hello struct{ Issuer string }
	s, err := start(ctx, &hello, program, "mock", "--config", file)
	if err != nil {
		return nil, err
	}
	s.name, s.alg = "mockidp", alg
	// The org server's access tokens are signed by ES256 whatever alg is; those of this one are signed by alg.
	at := hello.Issuer + "/oauth2/default/v1"
	s.authorize, s.token = at+"/authorize", at+"/token"
	s.client = url.Values{"client_id": {"oidcflow"}}
	return s, nil
}

// startMockoidc runs mockoidc in a process of its own: requests at the same time can end it (a map without a lock).
func startMockoidc(ctx context.Context) (*server, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	var hello mockoidc.Config
	s, err := start(ctx, &hello, self, "-serve", "mockoidc")
	if err != nil {
		return nil, err
	}
	s.name, s.alg = "mockoidc", "RS256"
	s.authorize, s.token = hello.Issuer+"/authorize", hello.Issuer+"/token"
	s.client = url.Values{"client_id": {hello.ClientID}, "client_secret": {hello.ClientSecret}}
	return s, nil
}

func serveMockoidc() error {
	m, err := mockoidc.Run()
	if err != nil {
		return err
	}
	if err := json.NewEncoder(os.Stdout).Encode(m.Config()); err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, os.Stdin)
	return errors.Join(err, m.Shutdown())
}

func startOAuth2MockServer(ctx context.Context, alg string) (*server, error) {
	var hello struct{ Origin string }
	s, err := start(ctx, &hello, "node", "oauth2-mock-server.mjs", fmt.Sprintf(`{"alg":%q}`, alg))
	if err != nil {
		return nil, err
	}
	s.name, s.alg = "oauth2-mock-server", alg
	s.authorize, s.token = hello.Origin+"/authorize", hello.Origin+"/token"
	s.client = url.Values{"client_id": {"bench"}}
	return s, nil
}
