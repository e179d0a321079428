package cmd

import (
	"context"
	"errors"
	"io"
	"sync"

	"github.com/oidcflow/oidcflow/flow"
	"github.com/oidcflow/oidcflow/flow/signin"
	"github.com/oidcflow/oidcflow/flow/signin/chrome"
	"github.com/oidcflow/oidcflow/flow/trace"
)

// driver is one way to sign in.
type driver struct {
	name, ref, doc string
	new            func(*signer) flow.SignIn
}

var drivers = []driver{
	{"auto", "", "form while the pages are plain HTML, else chrome; changed only before a credential has been sent",
		func(s *signer) flow.SignIn { return &auto{form: s.form(), chrome: s.chrome()} }},
	{"form", "HTML Living Standard §4.10", "an HTTP client that fills in HTML forms; no scripts", (*signer).form},
	{"chrome", "", "headless Chrome or Chromium", (*signer).chrome},
	{"idx", "", "Okta's Identity Engine by the API that its own page uses, without a browser; experimental, as Okta does not promise it",
		(*signer).idx},
	{"system", "RFC 8252", "the person's own browser, and a listener on the redirect URI's loopback port", (*signer).system},
}

// driverNames are the names of drivers, written out: the settings, which the drivers need, need the names.
func driverNames() []string { return []string{"auto", "form", "chrome", "idx", "system"} }

// signer makes the drivers of one call, which together keep within one limit. It starts a browser when one is first needed, and Close ends it.
type signer struct {
	config  signin.Config
	browser chrome.Config
	person  io.Writer // where the person is told to go, for the driver system

	limit   *signin.Limit
	running *lazyBrowser
}

// lazyBrowser is a browser that is started when it is first needed. Several signers may share it.
type lazyBrowser struct {
	mu      sync.Mutex
	started *chrome.Browser
}

func (s *signer) form() flow.SignIn   { return signin.NewForm(s.config) }
func (s *signer) chrome() flow.SignIn { return inChrome{s} }
func (s *signer) idx() flow.SignIn    { return signin.NewIDX(s.config) }
func (s *signer) system() flow.SignIn { return &signin.System{Out: s.person} }

// driver returns the driver of that name. Those that a person does not hold up share the limit.
func (s *signer) driver(name string) flow.SignIn {
	for _, d := range drivers {
		switch {
		case d.name != name:
		case name == "system":
			return d.new(s)
		default:
			return s.limit.Around(d.new(s))
		}
	}
	panic("no driver " + name) // the flag has checked it
}

// start starts the browser if it does not run.
func (s *signer) start(ctx context.Context) error {
	_, err := s.running.start(ctx, s.browser)
	return err
}

// version is what the browser calls itself, or "" where none was started.
func (s *signer) version() string {
	s.running.mu.Lock()
	defer s.running.mu.Unlock()
	if s.running.started == nil {
		return ""
	}
	return s.running.started.Version()
}

// Close ends the browser, if one was started.
func (s *signer) Close() error { return s.running.Close() }

func (r *lazyBrowser) start(ctx context.Context, c chrome.Config) (_ *chrome.Browser, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.started == nil {
		r.started, err = chrome.Start(ctx, c)
	}
	return r.started, err
}

// Close ends the browser, if one was started.
func (r *lazyBrowser) Close() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.started == nil {
		return nil
	}
	return r.started.Close()
}

// inChrome signs in with the signer's browser.
type inChrome struct{ *signer }

func (c inChrome) SignIn(ctx context.Context, r flow.Request) (*flow.Callback, error) {
	browser, err := c.running.start(ctx, c.browser)
	if err != nil {
		return nil, err
	}
	return browser.Driver(c.config).SignIn(ctx, r)
}

// auto tries one driver and, if that cannot go on and has sent nothing, the other.
type auto struct{ form, chrome flow.SignIn }

func (a *auto) SignIn(ctx context.Context, r flow.Request) (*flow.Callback, error) {
	cb, err := a.form.SignIn(ctx, r)
	if !errors.Is(err, signin.ErrNeedsBrowser) {
		return cb, err
	}
	trace.Record(ctx, trace.Event{Kind: trace.Note, Message: "the page needs a browser: going on with Chrome"})
	return a.chrome.SignIn(ctx, r)
}
