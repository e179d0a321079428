package chrome

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/fetch"

	"github.com/oidcflow/oidcflow/flow"
	"github.com/oidcflow/oidcflow/flow/signin"
	"github.com/oidcflow/oidcflow/flow/trace"
)

// engine is one that answers the scripts of a sign-in page: where, and how its answers are read.
type engine struct {
	path string                            // what the paths of its endpoints begin with
	read func(body []byte) (answer, error) // the answer says nothing where there is an error
}

// engines are those whose answers decide about a sign-in, so that pages are acted on and not guessed at.
var engines = []engine{
	{"/idp/idx/", readIDX},       // Okta's Identity Engine
	{"/api/v1/authn", readAuthn}, // and the Classic one
}

// answer is what an engine has said.
type answer interface {
	came(status int, url, requestID string, says ...signin.IDXMessage) // notes the response that it was in
	step() string                                                      // names what it is about
	about() string                                                     // tells what it asks from what another does
	polls() bool                                                       // the page asks again and again whether there is news
	secrets() []trace.Secret
	Private() bool  // the page that shows it may show a secret
	missed(*signIn) // the page has gone on from it by itself
	next(context.Context, *signIn) (*signin.IDXMove, error)
}

// engineAt returns the engine that answers at a URL, or nil.
func engineAt(rawURL string) *engine {
	u, err := url.Parse(rawURL)
	if err != nil {
		return nil
	}
	for i := range engines {
		if strings.HasPrefix(u.Path, engines[i].path) {
			return &engines[i]
		}
	}
	return nil
}

// maxAnswer bounds the answer of an engine that is read.
const maxAnswer = 4 << 20

// word is what an engine has last said to a page.
type word struct {
	n        int // of how many
	document cdp.LoaderID
	answer   answer
	again    bool     // it is about what the one before was about
	taken    bool     // by the sign-in
	looks    bool     // it leaves it to the page to say what it asks
	missed   []answer // that the page went on from by itself before the sign-in had taken them
}

// overhear reads an engine's answer while Chrome holds it: what it says is known before the page can show it.
func (t *tab) overhear(ctx context.Context, ev *fetch.EventRequestPaused) {
	e := engineAt(ev.Request.URL)
	if e == nil || ev.Request.Method != http.MethodPost && ev.Request.Method != http.MethodGet || ev.ResponseStatusCode < 200 {
		return
	}
	a, err := t.answer(ctx, e, ev)
	if err != nil {
		return // the page is gone, and the request with it
	}
	t.s.learn(a.secrets()...)
	t.s.passkeys.overheard(ev.Request, ev.ResponseStatusCode)
	t.mu.Lock()
	w := word{n: t.word.n + 1, document: t.document, answer: a}
	if before := t.word.answer; before != nil && t.word.document == w.document {
		w.again = a.about() == before.about()
		if a.polls() && (w.again || ev.ResponseStatusCode == http.StatusTooManyRequests) {
			t.mu.Unlock()
			return // the page asks by itself whether there is news, and there is none
		}
	}
	t.mu.Unlock()
	// Without the mark, the page is given more time to draw.
	var marked bool
	_ = t.eval(ctx, &marked, "mark", w.n)
	t.mu.Lock()
	if before := &t.word; before.answer != nil && !before.taken && before.document == w.document {
		w.missed = append(before.missed, before.answer)
	}
	t.word = w
	t.mu.Unlock()
	t.s.wake()
}

// answer returns what is in a response that Chrome holds. One that nobody can read says so in place of the engine.
func (t *tab) answer(ctx context.Context, e *engine, ev *fetch.EventRequestPaused) (answer, error) {
	h := headers(ev.ResponseHeaders)
	var body []byte
	var says []signin.IDXMessage
	if n, _ := strconv.Atoi(h.Get("Content-Length")); n > maxAnswer {
		says = append(says, signin.IDXMessage{Text: fmt.Sprintf("the answer is of %d bytes, want %d at most", n, maxAnswer)})
	} else {
		got, lost := cdp.Call(ctx, t.s.b.calls, fetch.GetResponseBody, fetch.GetResponseBodyParams{RequestID: ev.RequestID})
		if lost != nil {
			return nil, lost
		}
		body = got.Body
		if n > len(body) && h.Get("Content-Encoding") == "" { // Chrome tells of it as well, but not always in time
			err := loadError("net::ERR_CONTENT_LENGTH_MISMATCH", ev.Request.URL)
			t.s.end(err)
			return nil, err
		}
	}
	a, err := e.read(body)
	if err != nil && says == nil {
		says = append(says, signin.IDXMessage{Text: err.Error()})
	}
	if until := resetOf(h); ev.ResponseStatusCode == http.StatusTooManyRequests && until != "" {
		says = append(says, signin.IDXMessage{Text: "the limit is reset at " + until})
	}
	a.came(int(ev.ResponseStatusCode), ev.Request.URL, flow.RequestID(h), says...)
	return a, nil
}

// resetOf returns when a limit ends that has been met, or "".
func resetOf(h http.Header) string {
	seconds, err := strconv.ParseInt(h.Get("X-Rate-Limit-Reset"), 10, 64)
	if err != nil {
		return ""
	}
	return time.Unix(seconds, 0).UTC().Format(time.TimeOnly) + " UTC"
}

func headers(list []*fetch.HeaderEntry) http.Header {
	h := http.Header{}
	for _, e := range list {
		h.Add(e.Name, e.Value)
	}
	return h
}

// said returns what an engine has said to the page that the sign-in has not taken. ok is false for a page that no engine
// answers.
func (t *tab) said() (w word, ok bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.word.answer == nil || t.word.document != t.document || t.word.looks {
		return word{}, false
	}
	w = t.word
	t.word.taken = true
	return w, true
}

// heard returns what an engine has said to the page that is open, whoever has taken it, or nil.
func (t *tab) heard() answer {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.word.document != t.document {
		return nil
	}
	return t.word.answer
}

// overlook leaves it to the page to say what it asks, after w.
func (t *tab) overlook(w *word) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.word.n == w.n {
		t.word.looks = true
	}
}
