package main

import (
	"bufio"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"sync"
	"time"

	"github.com/oidcflow/oidcflow/flow"
	"github.com/oidcflow/oidcflow/flow/signin"
	"github.com/oidcflow/oidcflow/flow/trace"
	"github.com/oidcflow/oidcflow/mockidp"
)

const (
	redirectURI = "https://app.example.com/callback"
	clientID    = "web"
	password    = "correct horse battery"
	maxUsers    = 100
)

// serveOkta is the provider, until standard input ends.
func serveOkta(widget string) error {
	if widget == "" {
		return nil
	}
	var users []mockidp.User
	for i := range maxUsers {
		users = append(users, &mockidp.Person{Login: login(i), Password: password, Policy: []string{"password"}})
	}
	s, err := mockidp.Start(mockidp.Config{Login: "okta", Widget: widget, NoAdmin: true, Users: users,
		Clients: []mockidp.Client{{ID: clientID, RedirectURIs: []string{redirectURI}}}})
	if err != nil {
		return err
	}
	defer s.Close()
	if err := json.NewEncoder(os.Stdout).Encode(s.Issuer("org")); err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, os.Stdin)
	return err
}

func login(i int) string { return fmt.Sprintf("user%d", i) }

// provider is the provider in its own process.
type provider struct {
	issuer string
	stop   func()
}

func startOkta(ctx context.Context, widget string) (*provider, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	c, err := startChild(ctx, self, "-serve", widget)
	if err != nil {
		return nil, err
	}
	p := &provider{stop: func() { _ = c.stop() }} // how the provider ends tells nothing of a sign-in
	return p, c.read(&p.issuer)
}

// requests are new authorization requests, for a user each.
func (p *provider) requests(ctx context.Context, n int) ([]flow.Request, error) {
	client, err := flow.New(flow.Config{Issuer: p.issuer, ClientID: clientID, RedirectURI: redirectURI})
	if err != nil {
		return nil, err
	}
	list := make([]flow.Request, n)
	for i := range list {
		a, err := client.Authorize(ctx)
		if err != nil {
			return nil, err
		}
		list[i] = flow.Request{URL: a.URL, RedirectURI: redirectURI}
	}
	return list, nil
}

// idx returns how users are signed in without a browser and without limits.
func (p *provider) idx() driver {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	return func(c signin.Config) flow.SignIn {
		c.Transport = transport
		x := signin.NewIDX(c)
		x.Pace = &signin.Pace{PerSignIn: -1, PerUser: -1}
		return x
	}
}

// driver makes the driver of a user.
type driver func(signin.Config) flow.SignIn

// signIns signs n users in at once, and returns how long it took until the last callback.
func signIns(ctx context.Context, p *provider, d driver, n int) (time.Duration, error) {
	list, err := p.requests(ctx, n)
	if err != nil {
		return 0, err
	}
	ctx, cancel := context.WithTimeout(ctx, 3*time.Minute) // as the other program has
	defer cancel()
	errs := make([]error, n)
	begun := time.Now()
	var wg sync.WaitGroup
	for i, r := range list {
		wg.Go(func() {
			user := signin.User{Name: login(i), Password: trace.NewSecret("password", password)}
			var cb *flow.Callback
			if cb, errs[i] = d(signin.Config{User: user}).SignIn(ctx, r); errs[i] == nil && cb.Params.Get("code") == "" {
				errs[i] = fmt.Errorf("no code: %s", cb.Params.Get("error"))
			}
		})
	}
	wg.Wait()
	took := time.Since(begun)
	for _, err := range errs {
		if err != nil {
			return 0, err
		}
	}
	return took, nil
}

// child is a process that is spoken with by lines of JSON, and ends when its standard input does.
type child struct {
	cmd *exec.Cmd
	in  io.WriteCloser
	out *bufio.Scanner
}

func startChild(ctx context.Context, name string, args ...string) (*child, error) {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = 5 * time.Second
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	return &child{cmd, in, bufio.NewScanner(out)}, cmd.Start()
}

func (c *child) read(v any) error {
	if !c.out.Scan() {
		return fmt.Errorf("%s says no more: %w", c.cmd.Path, cmp.Or(c.out.Err(), io.ErrUnexpectedEOF))
	}
	return json.Unmarshal(c.out.Bytes(), v)
}

func (c *child) write(v any) error { return json.NewEncoder(c.in).Encode(v) }

func (c *child) stop() error {
	if err := c.in.Close(); err != nil {
		return err
	}
	return c.cmd.Wait()
}
