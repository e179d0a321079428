package cmd

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"net/http"
	"sync"
	"time"

	"github.com/oidcflow/oidcflow/flow"
	"github.com/oidcflow/oidcflow/flow/trace"
)

const (
	maxPending = 256              // sign-ins remembered at once; the oldest is forgotten first
	pendingAge = 15 * time.Minute // for a person who must first find their phone
)

// pendingSignIns are the sign-ins that the web app has started, keyed by state. Each is bound to the browser that
// started it by a cookie that holds the state, signed: RFC 6749 §10.12 wants the state tied to the user agent, or an
// attacker's answer could be slipped into another person's browser. A sign-in has a cookie of its own, so that two
// tabs do not disturb each other.
type pendingSignIns struct {
	secure bool // the web app is on https
	now    func() time.Time
	key    []byte

	mu      sync.Mutex
	byState map[string]*pendingSignIn
	order   []string // states, oldest first
}

type pendingSignIn struct {
	authorization *flow.Authorization
	started       time.Time
	posted        *flow.Callback // what came by POST and waits for the cookie
	used          bool
}

func newPendingSignIns(secure bool, now func() time.Time) *pendingSignIns {
	key := make([]byte, 32)
	_, _ = rand.Read(key) // never fails, as crypto/rand promises since Go 1.24
	return &pendingSignIns{secure: secure, now: now, key: key, byState: map[string]*pendingSignIn{}}
}

// begin remembers a, and returns the cookie that binds it to the browser.
func (p *pendingSignIns) begin(a *flow.Authorization) *http.Cookie {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.byState[a.State] = &pendingSignIn{authorization: a, started: p.now()}
	p.order = append(p.order, a.State)
	p.forget()
	return p.cookie(a.State, p.sign(a.State), int(pendingAge/time.Second))
}

// park keeps a response that came by POST until the browser comes back with its cookie.
func (p *pendingSignIns) park(cb *flow.Callback) (state string, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.forget()
	state = cb.Params.Get("state")
	s, err := p.open(state)
	if err != nil {
		return "", err
	}
	if s.posted == nil { // the first stands: a later one may be somebody else's
		s.posted = cb
	}
	return state, nil
}

// take returns the sign-in of state, once, if r comes from the browser that started it. posted is the response that
// was parked for it, or nil.
func (p *pendingSignIns) take(r *http.Request, state string) (a *flow.Authorization, posted *flow.Callback, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.forget()
	s, err := p.open(state)
	if err != nil {
		return nil, nil, err
	}
	// The cookie before anything changes: who has only seen the state must not be able to use it up.
	c, err := r.Cookie(p.cookieName(state))
	if err != nil || !hmac.Equal([]byte(c.Value), []byte(p.sign(state))) {
		return nil, nil, &flow.Error{Step: trace.Callback, Code: "callback.other_browser",
			Err:  errors.New("state: this sign-in was not started in this browser"),
			Hint: "sign in again from the start page in this browser, with cookies allowed"}
	}
	a, posted = s.authorization, s.posted
	*s = pendingSignIn{started: s.started, used: true}
	return a, posted, nil
}

// open returns the sign-in of state if it waits for its answer.
func (p *pendingSignIns) open(state string) (*pendingSignIn, error) {
	s, ok := p.byState[state]
	switch {
	case state == "":
		return nil, &flow.Error{Step: trace.Callback, Code: "callback.state",
			Err: errors.New("state: none in the response"), Hint: "sign in again from the start page"}
	case !ok:
		return nil, &flow.Error{Step: trace.Callback, Code: "callback.state",
			Err:  errors.New("state: no sign-in with this state waits here"),
			Hint: "sign in again from the start page; an answer is waited for " + spanText(pendingAge) + " at most"}
	case s.used:
		return nil, &flow.Error{Step: trace.Callback, Code: "callback.replayed",
			Err:  errors.New("state: this answer has been used already"),
			Hint: "sign in again from the start page; a page that shows tokens cannot be reloaded"}
	}
	return s, nil
}

// forget drops what is too old, and the oldest where there are too many.
func (p *pendingSignIns) forget() {
	for len(p.order) > 0 {
		oldest := p.order[0]
		if len(p.order) <= maxPending && p.now().Sub(p.byState[oldest].started) < pendingAge {
			return
		}
		delete(p.byState, oldest)
		p.order = p.order[1:]
	}
}

func (p *pendingSignIns) sign(state string) string {
	mac := hmac.New(sha256.New, p.key)
	mac.Write([]byte(state))
	return state + "." + base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

// expired returns the cookie that makes the browser forget that of state.
func (p *pendingSignIns) expired(state string) *http.Cookie {
	return p.cookie(state, "", -1)
}

func (p *pendingSignIns) cookie(state, value string, maxAge int) *http.Cookie {
	return &http.Cookie{
		Name: p.cookieName(state), Value: value, Path: "/", MaxAge: maxAge,
		HttpOnly: true, Secure: p.secure, SameSite: http.SameSiteLaxMode,
	}
}

// cookieName tells sign-ins apart. On https the prefix keeps other hosts of the domain from planting a cookie
// (draft-ietf-httpbis-rfc6265bis §4.1.3.2).
func (p *pendingSignIns) cookieName(state string) string {
	sum := sha256.Sum256([]byte(state))
	name := "oidcflow-" + hex.EncodeToString(sum[:8])
	if p.secure {
		return "__Host-" + name
	}
	return name
}
