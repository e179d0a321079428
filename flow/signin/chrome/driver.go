package chrome

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/fetch"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/target"

	"github.com/oidcflow/oidcflow/flow"
	"github.com/oidcflow/oidcflow/flow/signin"
	"github.com/oidcflow/oidcflow/flow/trace"
)

// defaultTimeout bounds a sign-in whose context has no deadline.
const defaultTimeout = 60 * time.Second

var (
	errLost   = errors.New("the browser is gone")
	errClosed = errors.New("the browser was closed")
	errDone   = errors.New("the response has come")
)

// dialog is what the driver needs of a [signin.Dialog].
type dialog interface {
	Next(context.Context, *signin.View) (*signin.Move, error)
	Stuck(*signin.View) error
	Timeout(*signin.View) error
	Allowed(url string) error
	Accepted(context.Context)
	Private(*signin.View) bool
}

// driver signs in one user, any number of times.
type driver struct {
	browser *Browser
	cfg     signin.Config
}

// SignIn implements [flow.SignIn].
func (d *driver) SignIn(ctx context.Context, r flow.Request) (*flow.Callback, error) {
	engine := signin.NewIDXDialog(d.cfg, r.URL.String())
	engine.Browser = true
	// One dialog in three guises: what was sent to a page is not sent to an engine again.
	return d.browser.signIn(ctx, r, dialogs{engine.Dialog, engine, engine.Authn(), d.cfg.Pages}, newPasskeys(d.cfg), d.cfg.Jar)
}

// dialogs decide about one sign-in: its pages, and the answers of Okta's engines.
type dialogs struct {
	dialog
	idx   *signin.IDXDialog
	authn *signin.AuthnDialog
	own   []signin.Page // among which the user's say what to press for a step of Okta's
}

// signIn is one sign-in: its pages, and what has come of them.
type signIn struct {
	b         *Browser
	request   flow.Request
	dialog    dialogs
	learn     func(...trace.Secret)
	egress    egress
	passkeys  *passkeys   // nil: none
	jar       *signin.Jar // nil: cookies end with the sign-in
	contextID cdp.BrowserContextID
	end       context.CancelCauseFunc // ends the sign-in, for a reason
	woken     chan struct{}           // holds one token when something has happened on a page
	over      atomic.Bool             // it has ended, though its pages may still be there
	acting    *sight                  // at whose word our script was last told to press a button; nil: none
	typing    sync.Mutex              // held while credentials are typed: no page is left meanwhile

	mu       sync.Mutex
	callback *flow.Callback
	tabs     []*tab        // the last is the one in front
	popups   []target.Info // opened by pages, not looked at yet
	typed    []trace.Secret
	seen     *signin.View // what was on screen last
}

func (b *Browser) signIn(ctx context.Context, r flow.Request, d dialogs, k *passkeys, jar *signin.Jar) (*flow.Callback, error) {
	if _, ok := ctx.Deadline(); !ok {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, defaultTimeout)
		defer cancel()
	}
	s := &signIn{b: b, request: r, dialog: d, passkeys: k, jar: jar, woken: make(chan struct{}, 1)}
	s.learn = func(list ...trace.Secret) { trace.Learn(ctx, list...) }
	s.egress.loopback = local(r.URL.String()) || local(r.RedirectURI)
	if err := s.egress.refuse(r.URL); err != nil {
		return nil, &flow.Error{Step: trace.SignIn, Code: "signin.foreign_host", Err: fmt.Errorf("the authorization endpoint: %w", err)}
	}
	if err := k.judge(r.URL); err != nil {
		return nil, err
	}
	sctx, end := context.WithCancelCause(ctx)
	s.end = end
	defer end(nil)
	go func() {
		select {
		case <-b.calls.LostConnection:
			end(errLost)
		case <-sctx.Done():
		}
	}()
	defer s.close()
	err := s.run(sctx)
	s.finish(ctx)
	k.settle(s.result() != nil)
	if cb := s.result(); cb != nil {
		s.dialog.Accepted(ctx)
		return cb, s.keepCookies(ctx)
	}
	err = s.explain(ctx, sctx, err)
	s.evidence(ctx)
	return nil, err
}

// local reports whether a URL's host is this machine.
func local(rawURL string) bool {
	u, err := url.Parse(rawURL)
	return err == nil && place(u.Hostname()) == loopback
}

// run opens the first page and answers pages until ctx ends, which it does when the response has come.
func (s *signIn) run(ctx context.Context) error {
	if err := s.open(ctx); err != nil {
		return err
	}
	var last *sight
	var unknown error
	for {
		now, err := s.watch(ctx, last, unknown)
		if err != nil {
			return err
		}
		s.undo()
		if now.word != nil {
			last, unknown = now, nil
			if now.waits, err = s.reply(ctx, now); err != nil {
				return err
			}
			continue
		}
		move, err := s.dialog.Next(ctx, now.view)
		if last = now; isUnknown(err) {
			unknown = err // it may not be drawn yet
			continue
		}
		if unknown = nil; err != nil {
			return err
		}
		if last.waits = move.Wait; move.Wait {
			continue
		}
		if last, err = s.act(ctx, now, move); err != nil {
			return err
		}
	}
}

// isUnknown reports whether err says that nobody knows the page.
func isUnknown(err error) bool {
	var e *flow.Error
	return errors.As(err, &e) && e.Code == "signin.unknown_page"
}

// open makes a browser context and opens the authorization request in it.
func (s *signIn) open(ctx context.Context) error {
	s.b.tabs.Add(1)
	defer s.b.tabs.Done()
	res, err := cdp.Call(ctx, s.b.calls, target.CreateBrowserContext, target.CreateBrowserContextParams{})
	if err != nil {
		return err
	}
	s.contextID = res.BrowserContextID
	s.b.gate.add(s.contextID, s)
	if err := s.confine(ctx); err != nil {
		return err
	}
	if err := s.takeCookies(ctx); err != nil {
		return err
	}
	t, err := openTab(ctx, s, "")
	if err != nil {
		return err
	}
	s.mu.Lock()
	s.tabs = append(s.tabs, t)
	s.mu.Unlock()
	return t.navigate(ctx, s.request.URL.String())
}

// pages returns the pages that are open.
func (s *signIn) pages() []*tab {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.tabs)
}

// tabOf returns the page whose top frame that is, or nil.
func (s *signIn) tabOf(id cdp.FrameID) *tab {
	for _, t := range s.pages() {
		if cdp.FrameID(t.id) == id {
			return t
		}
	}
	return nil
}

// finish records what the pages still had under way.
func (s *signIn) finish(ctx context.Context) {
	for _, t := range s.pages() {
		t.finish(ctx)
	}
}

// stopped notes an answer that Chrome is not to see.
func (s *signIn) stopped(ev *fetch.EventRequestPaused) {
	for _, t := range s.pages() {
		t.stopped(ev)
	}
}

// close closes the pages of the sign-in with all that they kept. Nobody waits for it but the end of the browser.
func (s *signIn) close() {
	if s.contextID == "" {
		return
	}
	s.over.Store(true) // from here on, nothing that its pages still ask for is let out
	tabs := s.pages()
	s.b.tabs.Add(1)
	go func() {
		defer s.b.tabs.Done()
		defer s.b.gate.remove(s.contextID)
		ctx, cancel := context.WithTimeout(s.b.ctx, closeTimeout)
		defer cancel()
		// An error means that the browser is gone, and everything with it.
		_, _ = cdp.Call(ctx, s.b.calls, target.DisposeBrowserContext, target.DisposeBrowserContextParams{BrowserContextID: s.contextID})
		for _, t := range tabs {
			t.close()
		}
	}()
}

// explain returns the error for a sign-in that ended without a response: ctx is the caller's, sctx ours.
func (s *signIn) explain(ctx, sctx context.Context, err error) error {
	cause := context.Cause(sctx)
	var e *flow.Error
	switch {
	case errors.As(cause, &e):
		return e
	case errors.Is(cause, errLost), cause == nil && s.b.lost():
		return crashed(errLost, s.b.output)
	case errors.Is(cause, errClosed):
		return &flow.Error{Step: trace.SignIn, Code: "signin.interrupted", Err: errClosed}
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		return s.dialog.Timeout(s.view())
	case ctx.Err() != nil:
		return &flow.Error{Step: trace.SignIn, Code: "signin.interrupted", Err: ctx.Err()}
	case errors.As(err, &e):
		return err
	}
	return crashed(err, s.b.output)
}

// lost reports whether the connection to the browser is gone.
func (b *Browser) lost() bool {
	select {
	case <-b.calls.LostConnection:
		return true
	default:
		return false
	}
}

// wake tells whoever waits that something has happened on a page.
func (s *signIn) wake() {
	select {
	case s.woken <- struct{}{}:
	default:
	}
}

// arrived is called when the response, or what ought to be one, has come to the redirect URI.
func (s *signIn) arrived(cb *flow.Callback, err error) {
	if err != nil {
		s.end(err)
		return
	}
	s.mu.Lock()
	if s.callback == nil {
		s.callback = cb
	}
	s.mu.Unlock()
	s.end(errDone)
}

func (s *signIn) result() *flow.Callback {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.callback
}

// asked is called with a URL that a page asks to be left for, or has arrived at. What is not http(s) never becomes a
// request that could be stopped: a redirect URI with a scheme of its own is seen here, unless the server redirects to
// it. So is a fragment, which Chrome does not always tell with the request.
func (s *signIn) asked(rawURL string) {
	cb, ok := flow.CallbackAt(s.request.RedirectURI, rawURL)
	if !ok {
		return
	}
	u, err := url.Parse(rawURL)
	if err == nil && u.Scheme != "http" && u.Scheme != "https" || cb.Mode == "fragment" && len(cb.Params) > 0 {
		s.arrived(cb, nil)
	}
}

// fragmentWithin is how long the fragment of a request to the redirect URI may come after it.
const fragmentWithin = time.Second

// empty is called when a request to the redirect URI carries no parameter. That may be all there is; or the fragment is
// still to come.
func (s *signIn) empty(cb *flow.Callback) {
	time.AfterFunc(fragmentWithin, func() { s.arrived(cb, nil) })
}

// answered is called when the headers of a page's document have come, or of what an engine answers to its scripts;
// location is where they redirect to.
func (s *signIn) answered(ctx context.Context, ev *fetch.EventRequestPaused, location string) {
	if s.b.proxy != nil {
		if err := s.b.proxy.failureOf(failures(ev.ResponseHeaders), ev.Request.URL); err != nil {
			s.end(err)
			return
		}
	}
	if ev.ResourceType != network.ResourceTypeDocument {
		if t := s.tabOf(ev.FrameID); t != nil {
			t.overhear(ctx, ev)
		}
		return
	}
	u, err := url.Parse(location)
	if location == "" || err != nil || u.Scheme == "http" || u.Scheme == "https" {
		return
	}
	s.end(&flow.Error{Step: trace.SignIn, Code: "signin.unknown_page",
		Err:  fmt.Errorf("%s redirects to %s, which is not the redirect URI %q", withoutQuery(ev.Request.URL), withoutQuery(location), s.request.RedirectURI),
		Hint: "register the redirect URI with the provider, spelled the same"})
}

// refused is called when a request was not let out. For the document of a page this ends the sign-in.
func (s *signIn) refused(ev *fetch.EventRequestPaused, err error) {
	if ev.ResourceType != network.ResourceTypeDocument {
		return
	}
	var e *flow.Error
	if !errors.As(err, &e) {
		err = &flow.Error{Step: trace.SignIn, Code: "signin.foreign_host", Err: fmt.Errorf("the page leads to %s: %w", withoutQuery(ev.Request.URL), err)}
	}
	s.end(err)
}

// opened is called when a page has opened another one.
func (s *signIn) opened(info *target.Info) {
	if info.OpenerID == "" {
		return
	}
	s.mu.Lock()
	s.popups = append(s.popups, *info)
	s.mu.Unlock()
	s.wake()
}

// closed is called when a page has gone away.
func (s *signIn) closed(id target.ID) {
	s.mu.Lock()
	s.popups = slices.DeleteFunc(s.popups, func(p target.Info) bool { return p.TargetID == id })
	s.tabs = slices.DeleteFunc(s.tabs, func(t *tab) bool { return t.id == id })
	none := len(s.tabs) == 0
	s.mu.Unlock()
	if none {
		s.end(&flow.Error{Step: trace.SignIn, Code: "signin.page_stuck", Err: errors.New("the page closed itself")})
	}
	s.wake()
}

// front returns the page in front, which is the one that was opened last.
func (s *signIn) front(ctx context.Context) (*tab, error) {
	s.mu.Lock()
	popups := s.popups
	s.popups = nil
	s.mu.Unlock()
	for _, p := range popups {
		t, err := openTab(ctx, s, p.TargetID)
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if err != nil {
			continue // it closed itself meanwhile
		}
		s.mu.Lock()
		s.tabs = append(s.tabs, t)
		s.mu.Unlock()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.tabs) == 0 {
		return nil, errMoved
	}
	return s.tabs[len(s.tabs)-1], nil
}

func (s *signIn) view() *signin.View {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.seen
}
