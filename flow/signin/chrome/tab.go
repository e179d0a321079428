package chrome

import (
	"cmp"
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/chromedp/cdproto"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/css"
	"github.com/chromedp/cdproto/dom"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/fetch"
	"github.com/chromedp/cdproto/inspector"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/cdproto/target"
	"github.com/chromedp/cdproto/webauthn"
	"github.com/chromedp/chromedp"

	"github.com/oidcflow/oidcflow/flow"
)

// world is the name of the isolated world that our script runs in, and binding the function by which it calls us.
const (
	world   = "oidcflow"
	binding = "oidcflowChanged"
)

// The scripts that look and act for us.
var (
	//go:embed js/page.js
	pageScript string
	//go:embed js/okta.js
	oktaScript string
	//go:embed js/classic.js
	classicScript string
)

// errMoved says that a page was left for another one while it was being looked at or typed into.
var errMoved = errors.New("the page changed")

// tab is a page of a sign-in, as Chrome's events describe it.
type tab struct {
	id     target.ID
	s      *signIn
	close  context.CancelFunc
	target *chromedp.Target

	mu       sync.Mutex
	world    string // the unique ID of our script's world in the document that is shown; empty between documents
	document cdp.LoaderID
	url      string
	requests requests
	leaving  time.Time // when the page asked to be left, until it has been; zero: it did not
	done     bool      // nobody is interested in events any more
	statuses map[cdp.LoaderID]int
	named    map[cdp.LoaderID]string // how the provider's logs name the request for a document
	word     word                    // what Okta's engine has said to the page
	script   *lostScript             // of Okta's widget, that the document shown has to do without; nil: none
	pressed  int                     // the number of the last word for which our script has pressed a button
}

// openTab opens a page in the browser context of s, or takes hold of the one with that ID.
func openTab(ctx context.Context, s *signIn, id target.ID) (*tab, error) {
	t := &tab{id: id, s: s, requests: requests{}, statuses: map[cdp.LoaderID]int{}, named: map[cdp.LoaderID]string{}}
	opts := []chromedp.ContextOption{chromedp.WithListener(func(ev any) { t.event(ctx, ev) })}
	if id != "" {
		opts = append(opts, chromedp.WithTargetID(id))
	} else {
		opts = append(opts, chromedp.WithExistingBrowserContext(s.contextID))
	}
	// The page lives until it is closed, not only as long as ctx; but opening it may not take longer.
	tctx, cancel := chromedp.NewContext(s.b.ctx, opts...)
	t.close = cancel
	stop := context.AfterFunc(ctx, cancel)
	defer stop()
	if err := chromedp.Do(tctx); err != nil {
		cancel()
		return nil, err
	}
	t.target = chromedp.FromContext(tctx).Target
	t.id = t.target.TargetID
	if err := t.prepare(ctx); err != nil {
		return t, err
	}
	t.spare(ctx)
	return t, s.passkeys.equip(ctx, t)
}

// prepare sets up what the page's documents are to have before their own scripts run.
func (t *tab) prepare(ctx context.Context) error {
	return calls(ctx, t.target,
		// chromedp follows every node and every style sheet of a page. Nobody asks it for them, and a page that makes its
		// styles by script has hundreds.
		call{css.Disable.Method, cdp.Empty{}}, call{dom.Disable.Method, cdp.Empty{}}, call{log.Disable.Method, cdp.Empty{}},
		call{runtime.AddBinding.Method, runtime.AddBindingParams{Name: binding, ExecutionContextName: world}},
		call{page.AddScriptToEvaluateOnNewDocument.Method,
			page.AddScriptToEvaluateOnNewDocumentParams{Source: pageScript + classicScript + oktaScript, WorldName: world, RunImmediately: ptr(true)}},
		// Each page is the one that is typed into, whichever window is in front.
		call{emulation.SetFocusEmulationEnabled.Method, emulation.SetFocusEmulationEnabledParams{Enabled: true}},
		call{network.SetBypassServiceWorker.Method, network.SetBypassServiceWorkerParams{Bypass: true}})
}

// call is a command whose answer says nothing but that it was done.
type call struct {
	method string
	params any
}

// calls sends commands without waiting for one before the next, and returns what went wrong once all are answered.
func calls(ctx context.Context, to cdp.Session, list ...call) error {
	errs := make(chan error, len(list))
	for _, c := range list {
		go func() { errs <- to.Call(ctx, c.method, c.params, nil) }()
	}
	var all error
	for range list {
		all = errors.Join(all, <-errs)
	}
	return all
}

// event is called by chromedp for each event of the page, in order. It must not block.
func (t *tab) event(ctx context.Context, ev any) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.done {
		return
	}
	switch ev := ev.(type) {
	case *runtime.EventExecutionContextCreated:
		t.contextCreated(ev.Context)
	case *runtime.EventExecutionContextDestroyed:
		if ev.ExecutionContextUniqueID == t.world {
			t.world = ""
		}
	case *runtime.EventExecutionContextsCleared:
		t.world = ""
	case *page.EventFrameAttached:
		t.s.b.gate.attached(ev.FrameID, t.s)
		return
	case *page.EventFrameNavigated:
		if ev.Frame.ParentID == "" {
			t.document, t.url, t.leaving, t.script = ev.Frame.LoaderID, ev.Frame.URL+ev.Frame.URLFragment, time.Time{}, nil
			t.s.asked(t.url)
		}
	case *page.EventNavigatedWithinDocument:
		if ev.FrameID == cdp.FrameID(t.id) {
			t.url, t.leaving = ev.URL, time.Time{}
		}
	case *page.EventFrameStoppedLoading:
		if ev.FrameID == cdp.FrameID(t.id) {
			t.leaving = time.Time{}
		}
	case *page.EventFrameRequestedNavigation:
		if ev.FrameID == cdp.FrameID(t.id) && ev.Disposition == page.ClientNavigationDispositionCurrentTab {
			t.leaving = time.Now()
		}
		t.s.asked(ev.URL)
	case *page.EventJavascriptDialogOpening:
		go t.dismiss(ctx, ev)
	case *inspector.EventTargetCrashed:
		t.s.end(crashed(errors.New("the page crashed"), t.s.b.output))
	case *webauthn.EventCredentialAdded:
		t.s.passkeys.registered(ctx, ev.Credential, t.url)
	case *network.EventRequestWillBeSent:
		t.s.passkeys.requested(ev)
		t.requests.begin(ctx, ev)
	case *network.EventRequestWillBeSentExtraInfo:
		t.requests.extra(ev.RequestID, ev.Headers, nil)
		return
	case *network.EventResponseReceivedExtraInfo:
		t.requests.extra(ev.RequestID, nil, ev.Headers)
		return
	case *network.EventResponseReceived:
		t.s.passkeys.answered(ev.RequestID, ev.Response.Status)
		t.requests.response(ev.RequestID, ev.Response)
		if ev.Type == network.ResourceTypeScript && ev.Response.Status >= 400 {
			t.lose(ev.LoaderID, ev.Response.URL, fmt.Sprintf("status %d", ev.Response.Status))
		}
		if ev.Type == network.ResourceTypeDocument && ev.FrameID == cdp.FrameID(t.id) {
			t.statuses[ev.LoaderID] = int(ev.Response.Status)
			t.named[ev.LoaderID] = flow.RequestID(header(ev.Response.Headers))
		}
	case *network.EventLoadingFinished:
		t.requests.end(ctx, ev.RequestID, ev.Timestamp, "")
	case *network.EventLoadingFailed:
		t.failed(ctx, ev)
	case *runtime.EventBindingCalled:
		if n, ok := strings.CutPrefix(ev.Payload, "pressed "); ok {
			t.pressed, _ = strconv.Atoi(n) // our script's word
		}
	case *page.EventLoadEventFired, *page.EventDomContentEventFired, *page.EventFrameDetached:
	default:
		return
	}
	t.s.wake()
}

// contextCreated notes the world of our script in the top frame.
func (t *tab) contextCreated(c *runtime.ExecutionContextDescription) {
	var aux struct {
		FrameID cdp.FrameID `json:"frameId"`
	}
	if c.Name != world || json.Unmarshal([]byte(c.AuxData), &aux) != nil {
		return
	}
	if t.id == "" || aux.FrameID == cdp.FrameID(t.id) {
		t.world = c.UniqueID
	}
}

// failed is called when a request did not succeed. For the document of the page, and for what an engine was asked, this
// ends the sign-in at once.
func (t *tab) failed(ctx context.Context, ev *network.EventLoadingFailed) {
	x := t.requests.end(ctx, ev.RequestID, ev.Timestamp, ev.ErrorText)
	if x != nil && x.kind == network.ResourceTypeScript && !ev.Canceled {
		t.lose(x.document, x.url, cmp.Or(string(ev.BlockedReason), ev.ErrorText))
	}
	if x == nil || x.kind != network.ResourceTypeDocument && !x.engine || x.frame != cdp.FrameID(t.id) {
		return
	}
	if err := loadError(ev.ErrorText, x.event.HTTP.URL); err != nil {
		t.s.end(err)
	}
}

// dismiss closes a dialog box that a script has opened: nobody is there to read it, and the page stands still until it
// is closed. Leaving a page is agreed to, everything else refused.
func (t *tab) dismiss(ctx context.Context, ev *page.EventJavascriptDialogOpening) {
	accept := ev.Type == page.DialogTypeBeforeunload
	// The page may have gone meanwhile, and its dialog box with it.
	_ = t.target.Call(ctx, page.HandleJavaScriptDialog.Method, page.HandleJavaScriptDialogParams{Accept: accept}, nil)
}

// navigate opens a URL. It returns once Chrome has begun to.
func (t *tab) navigate(ctx context.Context, url string) error {
	res, err := cdp.Call(ctx, t.target, page.Navigate, page.NavigateParams{URL: url})
	if err != nil {
		return err
	}
	if res.ErrorText != "" {
		if err := loadError(res.ErrorText, url); err != nil {
			return err
		}
	}
	return nil
}

// eval calls a function of our script in the document that is shown, and decodes what it returns into res. It returns
// errMoved if there is no document right now, or if it went away meanwhile.
func (t *tab) eval(ctx context.Context, res any, function string, args ...any) error {
	t.mu.Lock()
	id := t.world
	t.mu.Unlock()
	if id == "" {
		return errMoved
	}
	list, err := json.Marshal(append([]any{}, args...)) // [] for none
	if err != nil {
		return err
	}
	r, err := cdp.Call(ctx, t.target, runtime.Evaluate, runtime.EvaluateParams{
		Expression:      "oidcflow." + function + "(..." + string(list) + ")",
		UniqueContextID: id, ReturnByValue: ptr(true), AwaitPromise: ptr(true), Silent: ptr(true),
	})
	var refused *cdproto.Error
	switch {
	case errors.As(err, &refused):
		return errMoved // the world is gone: Chrome words it in several ways
	case err != nil:
		return err
	case r.ExceptionDetails != nil:
		return errors.New(function + ": " + firstLine(r.ExceptionDetails))
	}
	return json.Unmarshal([]byte(r.Result.Value), res)
}

func firstLine(e *runtime.ExceptionDetails) string {
	text := e.Text
	if e.Exception != nil {
		text = e.Exception.Description
	}
	line, _, _ := strings.Cut(text, "\n")
	return printable(line)
}

// finish records the requests that are under way, and takes no further events.
func (t *tab) finish(ctx context.Context) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.done = true
	t.requests.flush(ctx)
}

// stopped is called when the gate takes an answer that Chrome is not to see.
func (t *tab) stopped(ev *fetch.EventRequestPaused) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.requests.stopped(ev)
}

// busy reports whether the page waits for a request that will change it.
func (t *tab) busy() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return time.Since(t.leaving) < longRequest || t.requests.busy()
}

// request returns how the provider's logs name the request for a document, or "".
func (t *tab) request(document cdp.LoaderID) string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.named[document]
}

// shown returns the document, its address and its status.
func (t *tab) shown() (cdp.LoaderID, string, int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.document, t.url, t.statuses[t.document]
}
