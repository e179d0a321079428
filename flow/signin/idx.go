package signin

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/oidcflow/oidcflow/flow"
	"github.com/oidcflow/oidcflow/flow/trace"
)

// The media types of Okta's Identity Engine. The first request is answered to its own type only; forms say what theirs
// is.
const (
	ionType     = "application/ion+json; okta-version=1.0.0"
	idxAccept   = "application/json; okta-version=1.0.0"
	idxJSONType = "application/json"
)

// IDX signs in at Okta's Identity Engine without a browser: it reads the token of the sign-in off the hosted page, and
// speaks with the engine as that page's scripts do. Okta promises nobody that this goes on working. Its errors are of
// type *flow.Error. It is safe for concurrent use.
type IDX struct {
	Config
	Pace *Pace                                      // nil: one of this driver's own
	Now  func() time.Time                           // nil: time.Now
	Wait func(context.Context, time.Duration) error // nil: a timer; it returns early when the context ends
}

// NewIDX returns the driver for c. Config.Pages is of use for pages that are not Okta's, so that they are named.
func NewIDX(c Config) *IDX { return &IDX{Config: c, Pace: &Pace{}} }

// SignIn implements flow.SignIn.
func (x *IDX) SignIn(ctx context.Context, r flow.Request) (*flow.Callback, error) {
	w := &idxWalk{walk: newWalk(x.Config, r), engine: NewIDXDialog(x.Config, r.URL.String()), pace: x.Pace, now: x.Now, wait: x.Wait}
	w.dialog = w.engine.Dialog
	w.user = hostPort(r.URL) + " " + strings.ToLower(x.User.Name)
	if w.pace == nil {
		w.pace = &Pace{}
	}
	if w.now == nil {
		w.now = time.Now
	}
	if w.wait == nil {
		w.wait = timer
	}
	w.engine.Now, w.engine.Wait = w.now, w.wait
	if x.Enrol != nil && x.Enrol.Want == ChallengePasskey {
		return nil, &flow.Error{Step: trace.SignIn, Code: codeNeedsBrowser, Err: errors.New("a passkey is set up by a browser, and there is none"), Hint: "--sign-in chrome"}
	}
	cb, err := w.run(ctx, r.URL, w.react)
	if err == nil && cb.Params.Get("error") == "" {
		err = w.engine.NotOffered(w.view)
	}
	return cb, err
}

// idxWalk is one sign-in under way.
type idxWalk struct {
	*walk
	engine *IDXDialog
	pace   *Pace
	user   string // whose limit counts
	signIn paced
	now    func() time.Time
	wait   func(context.Context, time.Duration) error
	turned int // how often in a row a request was turned away
}

// react returns what to ask for after looking at a page.
func (w *idxWalk) react(ctx context.Context, p *page) (*request, error) {
	w.view = p.view
	token, found := p.stateToken()
	if !found {
		return w.leave(ctx, p)
	}
	trace.Record(ctx, trace.Event{Kind: trace.Page, Name: "okta", URL: cleanURL(p.view.URL), Title: w.dialog.clean(p.view.Title)})
	if classic(token) {
		return nil, w.dialog.fail(p.view, codeUnknownPage, "this organisation's sign-in is Okta's Classic engine, which only a browser can be signed in on", "--sign-in chrome")
	}
	if err := w.dialog.Allowed(p.view.URL); err != nil {
		return nil, err
	}
	return w.converse(ctx, p, token)
}

// leave returns what to ask for after a page that is not the sign-in page.
func (w *idxWalk) leave(ctx context.Context, p *page) (*request, error) {
	next, err := p.forward(p.header.Get("Refresh"), w.toClient)
	if next != nil || err != nil {
		return next, w.judge(err)
	}
	again := &request{method: http.MethodGet, url: p.url}
	if wait := turnedAway(&response{status: p.view.Status, header: p.header}, nil, false); wait > 0 {
		if err := w.hold(ctx, again, wait); err != nil {
			return nil, err
		}
		return again, nil
	}
	s := newScan(p.view)
	known, _ := recognise(w.dialog.pages, s)
	trace.Record(ctx, trace.Event{Kind: trace.Page, Name: nameOf(known), URL: cleanURL(p.view.URL), Title: w.dialog.clean(p.view.Title), Fields: w.dialog.fields(p.view)})
	switch {
	case known != nil && known.Code != "":
		return nil, w.dialog.endedBy(known, s)
	case w.dialog.Allowed(p.view.URL) != nil:
		return nil, w.dialog.fail(p.view, codeExternalIDP, "the sign-in goes on elsewhere than at Okta", hintExternalIDP)
	case s.verdict != "":
		return nil, w.dialog.fail(p.view, s.verdict, "the provider goes no further", idxHint(s.verdict))
	}
	return nil, w.dialog.fail(p.view, codeUnknownPage, "this is not the sign-in page of Okta", "--sign-in auto")
}

// converse speaks with the engine about the sign-in that token stands for, until it leads elsewhere.
func (w *idxWalk) converse(ctx context.Context, p *page, token string) (*request, error) {
	at := url.URL{Scheme: p.url.Scheme, Host: p.url.Host, Path: "/idp/idx/introspect"}
	move := &IDXMove{Method: http.MethodPost, URL: at.String(), Body: IDXBody{"stateToken": trace.NewSecret("stateToken", token)}}
	for {
		a, err := w.send(ctx, p, move)
		if err != nil {
			return nil, err
		}
		w.view = a.view()
		if move, err = w.engine.Next(ctx, a); err != nil {
			return nil, err
		}
		if move.Follow {
			to, err := url.Parse(move.URL)
			if err != nil {
				return nil, w.dialog.fail(w.view, codeUnknownPage, "the address after the sign-in is not a URL", "")
			}
			return &request{method: http.MethodGet, url: to, from: p.url}, nil
		}
		if err := w.pause(ctx, move.After); err != nil {
			return nil, err
		}
	}
}

// send sends a move's form and returns the answer. Where Okta turns it away unread, it is sent again, in time.
func (w *idxWalk) send(ctx context.Context, p *page, m *IDXMove) (*IDXAnswer, error) {
	q, err := m.request(p.url)
	if err != nil {
		return nil, w.dialog.fail(w.view, codeUnknownPage, "the step "+quoted(m.Remediation)+" of Okta's sign-in cannot be sent", "")
	}
	for {
		if err := w.pause(ctx, w.pace.take(w.now(), &w.signIn, w.user)); err != nil {
			return nil, err
		}
		got, err := w.walk.send(ctx, q)
		if err != nil {
			return nil, err
		}
		a, unread := ParseIDX(got.body)
		if wait := turnedAway(got, a, m.secret()); wait > 0 {
			if err := w.hold(ctx, q, wait); err != nil {
				return nil, err
			}
			continue
		}
		w.turned = 0
		if unread != nil {
			return nil, w.unread(got, unread)
		}
		a.Status, a.URL, a.RequestID = got.status, q.url.String(), flow.RequestID(got.header)
		return a, nil
	}
}

// request returns the request that sends a move's form.
func (m *IDXMove) request(from *url.URL) (*request, error) {
	to, err := url.Parse(m.URL)
	if err != nil {
		return nil, err
	}
	body, err := m.Body.Reveal()
	if err != nil {
		return nil, err
	}
	q := &request{method: http.MethodPost, url: to, body: body, from: from, accept: idxAccept, contentType: idxJSONType}
	if m.Remediation == "" {
		q.accept, q.contentType = ionType, ionType
	} else if headerValue(m.Accepts) {
		q.accept = m.Accepts
	}
	return q, nil
}

// headerValue reports whether s can stand in a header as a media type.
func headerValue(s string) bool {
	return strings.Contains(s, "/") && !strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r > '~' })
}

// secret reports whether the move sends a credential.
func (m *IDXMove) secret() bool {
	for _, f := range m.Fill {
		if f.What != kindIdentifier && f.What != "choice" {
			return true
		}
	}
	return false
}

// unread returns the error for an answer that is not the engine's.
func (w *idxWalk) unread(got *response, err error) error {
	code := verdictOfStatus(got.status)
	if code == "" {
		code = codeUnknownPage
	}
	v := &View{URL: got.url.String(), Status: got.status, Title: got.header.Get("Content-Type"), RequestID: flow.RequestID(got.header)}
	return w.dialog.fail(v, code, fmt.Sprintf("%v, with status %d", err, got.status), idxHint(code))
}

// hold waits before q is asked for again.
func (w *idxWalk) hold(ctx context.Context, q *request, d time.Duration) error {
	w.turned++
	limit := unboundWait
	if deadline, ok := ctx.Deadline(); ok {
		limit = time.Until(deadline)
	}
	if w.turned > maxTurnedAway || d >= limit {
		return w.dialog.fail(w.view, codeRateLimited, fmt.Sprintf("Okta turns %s away and wants it again in %s", cleanURL(q.url.String()), d), hints[codeRateLimited])
	}
	trace.Record(ctx, trace.Event{Kind: trace.Note, Message: fmt.Sprintf("Okta has had too many requests: waiting for %s", d)})
	return w.pause(ctx, d)
}

// pause waits for d.
func (w *idxWalk) pause(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return nil
	}
	if err := w.wait(ctx, d); err != nil {
		return w.dialog.interrupted(w.view, err)
	}
	return nil
}
