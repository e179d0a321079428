package mockidp

import (
	"net/url"
	"slices"
	"sync"
	"time"
)

// LoggedRequest is a request that came, without its secrets: values are kept only of parameters that are none.
type LoggedRequest struct {
	Time     time.Time  `json:"time"`
	Method   string     `json:"method"`
	Path     string     `json:"path"`
	Endpoint string     `json:"endpoint,omitempty"` // authorize, token, …, signin; empty: no such path
	Server   string     `json:"server,omitempty"`
	Client   string     `json:"client,omitempty"`
	User     string     `json:"user,omitempty"`
	Params   url.Values `json:"params,omitempty"`
	Status   int        `json:"status"`
	Error    string     `json:"error,omitempty"`  // as the client saw it
	Reason   string     `json:"reason,omitempty"` // more exactly: Okta's internalErrorCode

	RequestID string `json:"request_id,omitempty"` // X-Okta-Request-Id of the answer
}

// maxLogged is how many requests the log keeps, the latest.
const maxLogged = 4096

// requestLog is a ring of the latest requests.
type requestLog struct {
	mu      sync.Mutex
	entries []LoggedRequest
	next    int // where the next goes, once the ring is full
}

func (l *requestLog) add(e LoggedRequest) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.entries) < maxLogged {
		l.entries = append(l.entries, e)
		return
	}
	l.entries[l.next] = e
	l.next = (l.next + 1) % maxLogged
}

func (l *requestLog) all() []LoggedRequest {
	l.mu.Lock()
	defer l.mu.Unlock()
	return append(slices.Clone(l.entries[l.next:]), l.entries[:l.next]...)
}

func (l *requestLog) reset() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.entries, l.next = nil, 0
}

// Requests returns the latest requests, the oldest first.
func (s *Server) Requests() []LoggedRequest { return s.log.all() }

// openParams are the parameters whose values are no secrets. All others are logged by name alone.
var openParams = []string{
	"acr_values", "client_assertion_type", "client_id", "code_challenge_method", "display", "grant_type", "login_hint",
	"max_age", "post_logout_redirect_uri", "prompt", "redirect_uri", "response_mode", "response_type", "scope",
	"token_type_hint", "ui_locales",
}

func loggable(params url.Values) url.Values {
	out := make(url.Values, len(params))
	for name, values := range params {
		if slices.Contains(openParams, name) {
			out[name] = values
		} else {
			out[name] = hidden
		}
	}
	return out
}

var hidden = []string{"…"}
