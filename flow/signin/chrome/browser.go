package chrome

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"time"

	"github.com/chromedp/cdproto/browser"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/fetch"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/target"
	"github.com/chromedp/chromedp"

	"github.com/oidcflow/oidcflow/flow"
	"github.com/oidcflow/oidcflow/flow/signin"
	"github.com/oidcflow/oidcflow/flow/trace"
)

const (
	defaultStartTimeout = 60 * time.Second
	closeTimeout        = 3 * time.Second // for Chrome to end by itself before it is killed
)

// Config says which browser to start, and how. The zero value finds one and runs it without a window.
type Config struct {
	Path         string         // empty: looked for, see [Find]
	Show         bool           // with a visible window
	Sandbox      string         // Chrome's: auto (also empty), on, off
	Proxy        string         // URL of an HTTP proxy, with user and password where it asks for them; loopback never goes through it
	NoProxy      []string       // hosts that are reached without it
	CA           *x509.CertPool // trusted instead of the certification authorities that Chrome knows; nil: those
	Screenshots  bool           // record a picture of the page on which a sign-in fails, besides its skeleton
	StartTimeout time.Duration  // 0: 60 s
	TempDir      string         // where the profile is made; empty: os.TempDir
	Env          []string       // the environment that Chrome's few variables are taken from, such as DISPLAY; as in os.Environ

	spoken func(format string, args ...any) // gets all that is said to Chrome and by it; nil: nobody does
}

// Browser is a running Chrome. Its drivers may be used by several goroutines at once: each sign-in has a browser
// context, and so cookies and storage, of its own.
type Browser struct {
	cfg     Config
	path    string
	version string
	sandbox bool
	profile string
	output  *tail
	gate    *gate
	proxy   *terminator // nil: Chrome speaks to providers itself
	process *exec.Cmd

	ctx    context.Context // of chromedp: carries the browser
	cancel context.CancelFunc
	calls  *chromedp.Browser
	tabs   sync.WaitGroup // being opened or closed

	closing  sync.Once
	closeErr error
}

// Start starts a browser, with a profile of its own that is gone when it is closed. ctx bounds the start and records
// its events; the browser lives until [Browser.Close]. What earlier programs left that were killed is removed first.
func Start(ctx context.Context, cfg Config) (*Browser, error) {
	path, err := find(cfg.Path, func(path string) bool { return !cfg.Show || !isHeadlessShell(path) })
	if err != nil {
		return nil, err
	}
	if cfg.TempDir == "" {
		cfg.TempDir = os.TempDir()
	}
	modes, err := sandboxModes(cfg.Sandbox, unwrap(path), cfg.TempDir, os.Geteuid())
	if err != nil {
		return nil, err
	}
	if cfg.StartTimeout == 0 {
		cfg.StartTimeout = defaultStartTimeout
	}
	sweep(cfg.TempDir)

	ctx, cancel := context.WithTimeout(ctx, cfg.StartTimeout)
	defer cancel()
	var b *Browser
	for _, m := range modes {
		if b, err = start(ctx, cfg, path, m); err == nil || ctx.Err() != nil {
			break
		}
	}
	if err != nil {
		return nil, err
	}
	if !b.sandbox && cfg.Sandbox != "off" {
		trace.Record(ctx, trace.Event{Kind: trace.Warning,
			Message: "Chrome runs without its sandbox, which does not work here; sign in only at providers you trust"})
	}
	return b, nil
}

// start starts a browser in one way of sandboxing.
func start(ctx context.Context, cfg Config, path string, m sandboxMode) (_ *Browser, err error) {
	b := &Browser{cfg: cfg, path: path, sandbox: m.on, output: &tail{}}
	b.gate = newGate(b)
	if b.profile, err = newProfile(cfg.TempDir); err != nil {
		return nil, &flow.Error{Step: trace.SignIn, Code: "env.browser_crashed", Err: err}
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, b.Close())
		}
	}()
	if err := m.give(b.profile); err != nil {
		return nil, &flow.Error{Step: trace.SignIn, Code: "env.browser_crashed", Err: err}
	}
	if cfg.CA != nil {
		if b.proxy, err = newTerminator(cfg); err != nil {
			return nil, err
		}
	}
	// The browser outlives ctx, which only bounds the start.
	life, kill := context.WithCancel(context.WithoutCancel(ctx))
	actx, acancel := chromedp.NewExecAllocator(life, b.options(m)...)
	talk := []chromedp.ContextOption{chromedp.WithLogf(discard), chromedp.WithErrorf(discard)}
	if cfg.spoken != nil {
		talk = append(talk, chromedp.WithDebugf(cfg.spoken))
	}
	bctx, bcancel := chromedp.NewContext(actx, talk...)
	b.ctx, b.cancel = bctx, func() { kill(); bcancel(); acancel() } // once: chromedp's wait for the end of the process
	stop := context.AfterFunc(ctx, kill)
	err = b.connect()
	if !stop() {
		return nil, startError(ctx, cfg, context.Cause(ctx), b.output)
	}
	if err != nil {
		return nil, startError(ctx, cfg, err, b.output)
	}
	return b, nil
}

// discard takes what chromedp logs: it logs pages' oddities, and says what matters in errors too.
func discard(string, ...any) {}

// connect waits until Chrome answers and sets up what all sign-ins share.
func (b *Browser) connect() error {
	v, err := chromedp.CallBrowser(b.ctx, browser.GetVersion, cdp.Empty{})
	if err != nil {
		return err
	}
	b.version = v.Product
	b.calls = chromedp.FromContext(b.ctx).Browser
	if err := chromedp.ListenBrowser(b.ctx, b.gate.event); err != nil {
		return err
	}
	if _, err := cdp.Call(b.ctx, b.calls, target.SetDiscoverTargets, target.SetDiscoverTargetsParams{Discover: true}); err != nil {
		return err
	}
	_, err = cdp.Call(b.ctx, b.calls, fetch.Enable, fetch.EnableParams{Patterns: patterns(), HandleAuthRequests: ptr(b.hasCredentials())})
	return err
}

// patterns are the requests that Chrome stops for us: documents, before they are sent and once their headers have come;
// what engines answer; and all that may lead where no page has business.
func patterns() []*fetch.RequestPattern {
	list := []*fetch.RequestPattern{
		{URLPattern: "*", ResourceType: network.ResourceTypeDocument, RequestStage: fetch.RequestStageRequest},
		{URLPattern: "*", ResourceType: network.ResourceTypeDocument, RequestStage: fetch.RequestStageResponse},
	}
	for _, e := range engines {
		list = append(list, &fetch.RequestPattern{URLPattern: "*://*" + e.path + "*", RequestStage: fetch.RequestStageResponse})
	}
	for _, host := range localPatterns {
		list = append(list, &fetch.RequestPattern{URLPattern: "*://" + host, RequestStage: fetch.RequestStageRequest})
	}
	return list
}

// options are how Chrome is started.
func (b *Browser) options(m sandboxMode) []chromedp.ExecAllocatorOption {
	opts := []chromedp.ExecAllocatorOption{
		chromedp.ExecPath(unwrap(b.path)),
		chromedp.UserDataDir(b.profile),
		chromedp.NoInheritEnv,
		chromedp.Env(environment(b.cfg.Env, b.profile)...),
		chromedp.CombinedOutput(b.output),
		chromedp.ModifyCmdFunc(func(cmd *exec.Cmd) {
			attributes(cmd, m.uid)
			harden(cmd)
			cmd.Cancel = func() error { return killGroup(cmd) }
			b.process = cmd
		}),
	}
	for _, f := range flags(b.cfg, m, b.proxy) {
		opts = append(opts, chromedp.Flag(f.name, f.value))
	}
	return opts
}

// Version returns what the browser calls itself, such as Chrome/156.0.8078.79.
func (b *Browser) Version() string { return b.version }

// Driver returns a driver that signs in c's user in this browser.
func (b *Browser) Driver(c signin.Config) flow.SignIn { return &driver{browser: b, cfg: c} }

// Close ends the browser and the sign-ins in it, and removes its profile. It returns once no process is left.
func (b *Browser) Close() error {
	b.closing.Do(func() { b.closeErr = b.close() })
	return b.closeErr
}

func (b *Browser) close() error {
	if b.cancel != nil {
		b.quit()
		b.cancel()
	}
	if b.process != nil && b.process.Process != nil {
		// Chrome's processes end with the first of them, as a rule. An error says that none is left.
		_ = killGroup(b.process)
	}
	if b.proxy != nil {
		b.proxy.close()
	}
	return removeProfile(b.profile)
}

// quit asks Chrome to end by itself, which spares the system orphans. If it does not in time, cancel kills it.
func (b *Browser) quit() {
	if b.calls == nil {
		return
	}
	select {
	case <-b.calls.LostConnection:
		return
	default:
	}
	ctx, cancel := context.WithTimeout(b.ctx, closeTimeout)
	defer cancel()
	b.gate.cancelAll()
	b.tabs.Wait()
	// An error means that it did not end in time or was gone already: the kill that follows settles both.
	_ = chromedp.Cancel(ctx)
}

func startError(ctx context.Context, cfg Config, err error, output *tail) error {
	if errors.Is(err, context.DeadlineExceeded) {
		err = fmt.Errorf("the browser did not start within %v", cfg.StartTimeout)
	} else if cause := context.Cause(ctx); cause != nil {
		return &flow.Error{Step: trace.SignIn, Code: "signin.interrupted", Err: fmt.Errorf("starting the browser: %w", cause)}
	}
	what, _, _ := strings.Cut(err.Error(), "\n") // chromedp adds what Chrome said, all of it
	return crashed(errors.New("starting the browser: "+strings.TrimSuffix(what, ":")), output)
}

// crashed is the error for a browser that is gone, with its last words.
func crashed(err error, output *tail) error {
	if words := output.String(); words != "" {
		err = fmt.Errorf("%w; it last said: %s", err, words)
	}
	return &flow.Error{Step: trace.SignIn, Code: "env.browser_crashed", Err: err,
		Hint: "run `oidcflow doctor` to see what the browser needs here"}
}

func ptr[T any](v T) *T { return &v }
