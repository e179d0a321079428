package chrome

import (
	"context"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/fetch"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/target"

	"github.com/oidcflow/oidcflow/flow"
)

const (
	gateTimeout  = 10 * time.Second // bounds what we tell Chrome to do with one request
	unknownFrame = time.Second / 2  // how long the word of a new frame may come after its first request
)

// gate stands between Chrome and the network, for all pages of all sign-ins: windows that a page opens are held from
// their first request. It lets nothing out to the redirect URI, and nothing to where pages have no business.
type gate struct {
	b *Browser

	mu      sync.Mutex
	signIns map[cdp.BrowserContextID]*signIn
	frames  map[cdp.FrameID]frame
	news    chan struct{} // closed when a frame becomes known
}

// frame is what is known of a frame: whose it is, and whether it is the top one of a page.
type frame struct {
	s   *signIn
	top bool
}

func newGate(b *Browser) *gate {
	return &gate{b: b, signIns: map[cdp.BrowserContextID]*signIn{}, frames: map[cdp.FrameID]frame{}, news: make(chan struct{})}
}

// add makes the pages of a browser context those of s.
func (g *gate) add(id cdp.BrowserContextID, s *signIn) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.signIns[id] = s
}

// remove forgets a sign-in and its pages.
func (g *gate) remove(id cdp.BrowserContextID) {
	g.mu.Lock()
	defer g.mu.Unlock()
	s := g.signIns[id]
	delete(g.signIns, id)
	for id, f := range g.frames {
		if f.s == s {
			g.bury(id)
		}
	}
}

// cancelAll ends the sign-ins that are under way, because the browser is being closed.
func (g *gate) cancelAll() {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, s := range g.signIns {
		s.end(errClosed)
	}
}

// event is called by chromedp for each event of the browser, in order. It must not block.
func (g *gate) event(ev any) {
	switch ev := ev.(type) {
	case *fetch.EventRequestPaused:
		go g.paused(ev)
	case *fetch.EventAuthRequired:
		go g.authenticate(ev)
	case *target.EventTargetCreated:
		if s := g.page(ev.TargetInfo); s != nil {
			s.opened(ev.TargetInfo)
		}
	case *target.EventTargetInfoChanged:
		if s := g.page(ev.TargetInfo); s != nil {
			s.asked(ev.TargetInfo.URL)
			s.wake()
		}
	case *target.EventTargetDestroyed:
		if s := g.gone(ev.TargetID); s != nil && s != ended {
			s.closed(ev.TargetID)
		}
	}
}

// page returns the sign-in that a page belongs to, and remembers that its top frame does.
func (g *gate) page(info *target.Info) *signIn {
	g.mu.Lock()
	defer g.mu.Unlock()
	s := g.signIns[info.BrowserContextID]
	if s == nil || info.Type != "page" {
		return nil
	}
	g.know(cdp.FrameID(info.TargetID), frame{s, true}) // the ID of a page is that of its top frame
	return s
}

// maxBuried bounds the frames that are remembered after their end.
const maxBuried = 10_000

// ended stands for all sign-ins that are no more.
var ended = func() *signIn {
	s := &signIn{}
	s.over.Store(true)
	return s
}()

// bury notes that a frame is no more. Its last requests may still be on their way to us, and must not be taken for those
// of a frame that is new.
func (g *gate) bury(id cdp.FrameID) {
	if len(g.frames) > maxBuried {
		maps.DeleteFunc(g.frames, func(_ cdp.FrameID, f frame) bool { return f.s == ended })
	}
	g.frames[id] = frame{s: ended}
}

// attached notes a frame within a page.
func (g *gate) attached(id cdp.FrameID, s *signIn) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.signIns[s.contextID] == s {
		g.know(id, frame{s, false})
	}
}

func (g *gate) know(id cdp.FrameID, f frame) {
	if g.frames[id] == f {
		return
	}
	g.frames[id] = f
	close(g.news)
	g.news = make(chan struct{})
}

func (g *gate) gone(id target.ID) *signIn {
	g.mu.Lock()
	defer g.mu.Unlock()
	f, ok := g.frames[cdp.FrameID(id)]
	if !ok {
		return nil
	}
	g.bury(cdp.FrameID(id))
	return f.s
}

// origin is where a request comes from, as far as is known.
type origin struct {
	signIns []*signIn // the one whose page it is, or all where that is not known
	known   bool
	top     bool // from the top frame of a page
}

// origin returns where a frame's request comes from. A frame's first request may come before the word that there is such
// a frame, so that it is waited for.
func (g *gate) origin(ctx context.Context, id cdp.FrameID) origin {
	ctx, cancel := context.WithTimeout(ctx, unknownFrame)
	defer cancel()
	for {
		g.mu.Lock()
		f, ok := g.frames[id]
		news := g.news
		all := slices.Collect(maps.Values(g.signIns))
		g.mu.Unlock()
		if ok {
			return origin{[]*signIn{f.s}, true, f.top}
		}
		if len(all) == 0 || id == "" { // workers have no frame
			return origin{signIns: all}
		}
		select {
		case <-news:
		case <-ctx.Done():
			return origin{signIns: all}
		}
	}
}

// paused decides about a request that Chrome has stopped.
func (g *gate) paused(ev *fetch.EventRequestPaused) {
	ctx, cancel := context.WithTimeout(g.b.ctx, gateTimeout)
	defer cancel()
	from := g.origin(ctx, ev.FrameID)
	answered := ev.ResponseStatusCode != 0 || ev.ResponseErrorReason != ""
	location := ev.Request.URL + ev.Request.URLFragment
	if answered {
		location = redirectOf(ev)
	}
	if from.nobody() {
		g.call(ctx, fetch.FailRequest.Method, fetch.FailRequestParams{RequestID: ev.RequestID, ErrorReason: network.ErrorReasonAborted})
		return
	}
	if from.deliver(ev, location, answered) {
		g.call(ctx, fetch.FulfillRequest.Method, fetch.FulfillRequestParams{RequestID: ev.RequestID, ResponseCode: 200,
			ResponseHeaders: []*fetch.HeaderEntry{{Name: "Content-Type", Value: "text/html"}}})
		return
	}
	switch {
	case ev.ResponseErrorReason != "":
		g.call(ctx, fetch.ContinueRequest.Method, fetch.ContinueRequestParams{RequestID: ev.RequestID})
	case answered:
		if from.top {
			from.signIns[0].answered(ctx, ev, location)
		}
		g.call(ctx, fetch.ContinueResponse.Method, fetch.ContinueResponseParams{RequestID: ev.RequestID})
	default:
		g.request(ctx, ev, from)
	}
}

// nobody reports whether there is no sign-in that the request could serve: pages are closed after their sign-in has
// ended, and may ask for more until then.
func (o origin) nobody() bool {
	return !slices.ContainsFunc(o.signIns, func(s *signIn) bool { return !s.over.Load() })
}

// deliver hands the authorization response in a request, or in a redirect, to its sign-in. It reports whether there is
// one: then the request goes no further, even where nobody can tell whose it is.
func (o origin) deliver(ev *fetch.EventRequestPaused, location string, answered bool) (found bool) {
	for _, s := range o.signIns {
		cb, err := s.callbackIn(ev, location, answered)
		if cb == nil && err == nil {
			continue
		}
		found = true
		state := s.request.URL.Query().Get("state")
		if answered {
			s.stopped(ev)
		}
		switch {
		case o.known && cb != nil && len(cb.Params) == 0 && !answered:
			s.empty(cb)
		case o.known, cb != nil && state != "" && cb.Params.Get("state") == state:
			s.arrived(cb, err)
		default:
			continue
		}
		return true
	}
	return found
}

// request lets a request pass or refuses it.
func (g *gate) request(ctx context.Context, ev *fetch.EventRequestPaused, from origin) {
	var refusal error
	for _, s := range from.signIns {
		if refusal = s.mayRequest(ev.Request); refusal == nil {
			break
		}
	}
	if refusal != nil {
		if from.top {
			from.signIns[0].refused(ev, refusal)
		}
		g.call(ctx, fetch.FailRequest.Method, fetch.FailRequestParams{RequestID: ev.RequestID, ErrorReason: network.ErrorReasonBlockedByClient})
		return
	}
	if from.top {
		// No page may change under the fingers that type into it.
		from.signIns[0].typing.Lock()
		defer from.signIns[0].typing.Unlock()
	}
	g.call(ctx, fetch.ContinueRequest.Method, fetch.ContinueRequestParams{RequestID: ev.RequestID})
}

// call tells Chrome what to do with a request. It may have been given up meanwhile, so that an error means nothing: the
// sign-in sees what became of its page.
func (g *gate) call(ctx context.Context, method string, params any) {
	_ = g.b.calls.Call(ctx, method, params, nil)
}

// authenticate answers a proxy that asks who we are. Servers that ask are not answered: their page is then an error.
func (g *gate) authenticate(ev *fetch.EventAuthRequired) {
	ctx, cancel := context.WithTimeout(g.b.ctx, gateTimeout)
	defer cancel()
	answer := &fetch.AuthChallengeResponse{Response: fetch.AuthChallengeResponseResponseCancelAuth}
	if user, password, ok := g.b.credentialsFor(ev.AuthChallenge); ok {
		answer = &fetch.AuthChallengeResponse{Response: fetch.AuthChallengeResponseResponseProvideCredentials, Username: user, Password: password}
	}
	g.call(ctx, fetch.ContinueWithAuth.Method, fetch.ContinueWithAuthParams{RequestID: ev.RequestID, AuthChallengeResponse: answer})
}

// redirectOf returns where a response leads to, as an absolute URL, or "".
func redirectOf(ev *fetch.EventRequestPaused) string {
	if ev.ResponseStatusCode < 300 || ev.ResponseStatusCode > 399 {
		return ""
	}
	base, err := url.Parse(ev.Request.URL)
	if err != nil {
		return ""
	}
	for _, h := range ev.ResponseHeaders {
		if !strings.EqualFold(h.Name, "Location") {
			continue
		}
		u, err := base.Parse(h.Value)
		if err != nil {
			return h.Value
		}
		return u.String()
	}
	return ""
}

// callbackIn returns the authorization response in a request to the redirect URI, or in a redirect there.
func (s *signIn) callbackIn(ev *fetch.EventRequestPaused, location string, answered bool) (*flow.Callback, error) {
	cb, ok := flow.CallbackAt(s.request.RedirectURI, location)
	if !ok {
		return nil, nil
	}
	if !answered && ev.Request.Method == "POST" {
		var body []byte
		for _, e := range ev.Request.PostDataEntries {
			body = append(body, e.Bytes...)
		}
		return flow.CallbackFromForm(string(body))
	}
	if answered {
		cb.RequestID = flow.RequestID(headers(ev.ResponseHeaders))
	}
	return cb, nil
}

// mayRequest returns why a request may not be sent, or nil.
func (s *signIn) mayRequest(r *network.Request) error {
	u, err := url.Parse(r.URL)
	if err != nil {
		return fmt.Errorf("%.200q is not a URL", r.URL)
	}
	if err := s.egress.refuse(u); err != nil {
		return err
	}
	// A form may have got another action since the dialog agreed to it, and a redirect may send it on (RFC 9110 §15.4.8).
	if s.carries(body(r)) || s.carries(u.RawQuery) {
		return s.dialog.Allowed(r.URL)
	}
	return nil
}

// minCarried is how long a credential is at least that is looked for in a request: shorter ones are in any.
const minCarried = 4

// carries reports whether a request's body or query holds a credential that was typed.
func (s *signIn) carries(data string) bool {
	if data == "" {
		return false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, v := range s.typed {
		value := v.Reveal()
		if len(value) >= minCarried && (strings.Contains(data, value) || strings.Contains(data, url.QueryEscape(value))) {
			return true
		}
	}
	return false
}
