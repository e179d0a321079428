package mockidp

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"
)

// Replay serves the answers of a recording: each host of it on a loopback port of its own. What it is asked it looks up
// by method and path, among several by the names of the parameters, and then in order; it asks for nothing itself.
//
// A recording has labels in place of secrets. Those that a client must see again, such as its state, are replaced by what
// the client sent; the others by made-up values of the same kind, each by the same everywhere. What was signed cannot be
// made again: a sign-in that came to its tokens is replayed up to their verification, which fails. Nor are there scripts,
// for they are not recorded, and the page of a recording is not to be trusted with what is typed.
type Replay struct {
	Issuer   string            // of the discovery document in the recording; else where its first request went
	Origins  map[string]string // where each recorded host is
	Requests int               // in the recording

	listeners []net.Listener
	servers   []*http.Server
	done      chan error

	mu    sync.Mutex
	list  []*recorded
	spent map[*recorded]bool
	voice *voice
}

// StartReplay reads an archive, HTTP Archive 1.2, and returns when its hosts are served. listen is where the first is:
// a loopback address and a port, which may be 0; empty: any port of 127.0.0.1.
func StartReplay(archive io.Reader, listen string) (*Replay, error) {
	list, origins, err := readRecording(archive)
	if err != nil {
		return nil, err
	}
	if listen == "" {
		listen = "127.0.0.1:0"
	}
	host, _, err := net.SplitHostPort(listen)
	if err != nil {
		return nil, fmt.Errorf("listen %q: %w", listen, err)
	}
	if !isLoopback(host) {
		return nil, fmt.Errorf("listen %q: a recording is served on loopback only", listen)
	}
	r := &Replay{Origins: map[string]string{}, Requests: len(list), list: list, done: make(chan error, len(origins))}
	for _, origin := range origins {
		ln, err := net.Listen("tcp", listen)
		if err != nil {
			return nil, errors.Join(err, r.Close())
		}
		r.listeners = append(r.listeners, ln)
		_, port, _ := net.SplitHostPort(ln.Addr().String()) // an address of net's own making
		r.Origins[origin] = "http://" + net.JoinHostPort(host, port)
		listen = net.JoinHostPort(host, "0")
	}
	r.rewind()
	r.Issuer = r.issuer()
	for i, origin := range origins {
		r.serve(r.listeners[i], origin)
	}
	return r, nil
}

func (r *Replay) serve(ln net.Listener, origin string) {
	server := &http.Server{
		Handler:           http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) { r.answer(w, q, origin) }),
		ReadHeaderTimeout: 10 * time.Second,
		ReadTimeout:       30 * time.Second,
		WriteTimeout:      2 * time.Minute,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    64 << 10,
		ErrorLog:          log.New(io.Discard, "", 0),
	}
	r.servers = append(r.servers, server)
	go func() { r.done <- server.Serve(ln) }()
}

// issuer is where a client begins.
func (r *Replay) issuer() string {
	const wellKnown = "/.well-known/openid-configuration"
	for _, q := range r.list {
		if path, ok := strings.CutSuffix(q.path, wellKnown); ok {
			return r.Origins[q.origin] + path
		}
	}
	return r.Origins[r.list[0].origin]
}

// Wait returns nil when ctx is done, or the error of a server that ended before.
func (r *Replay) Wait(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return nil
	case err := <-r.done:
		return err
	}
}

// Close ends the servers.
func (r *Replay) Close() error {
	var errs []error
	for _, s := range r.servers {
		errs = append(errs, s.Close())
	}
	for _, ln := range r.listeners[len(r.servers):] { // those that nobody serves yet
		errs = append(errs, ln.Close())
	}
	return errors.Join(errs...)
}

// rewind begins the recording anew.
func (r *Replay) rewind() {
	r.spent = map[*recorded]bool{}
	r.voice = newVoice(r.list, r.Origins)
}

// maxAsked is how many bytes of a request's body are looked at.
const maxAsked = 1 << 20

// answer answers a request to one of the hosts.
func (r *Replay) answer(w http.ResponseWriter, q *http.Request, origin string) {
	if host, _, err := net.SplitHostPort(q.Host); err != nil || !isLoopback(host) {
		http.Error(w, "this is for this machine only", http.StatusForbidden) // DNS rebinding
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, q.Body, maxAsked))
	if err != nil {
		http.Error(w, "the request is too large", http.StatusRequestEntityTooLarge)
		return
	}
	asked := &recorded{method: q.Method, origin: origin, path: rooted(q.URL.Path), query: pairs(q.URL.RawQuery)}
	if strings.HasPrefix(q.Header.Get("Content-Type"), "application/x-www-form-urlencoded") {
		asked.form = pairs(string(body))
	} else {
		asked.members = members(string(body))
	}
	r.mu.Lock()
	found := r.find(asked)
	if found == nil {
		r.mu.Unlock()
		http.Error(w, "not in the recording", http.StatusNotFound)
		return
	}
	r.voice.hear(found, asked)
	said := r.voice.say(found)
	r.mu.Unlock()
	said.write(w)
}

// find returns what was recorded for a request: the first of its shape that was not given yet, else the first of another
// shape, else what was given last. Whoever comes to the beginning of the recording again starts anew.
func (r *Replay) find(asked *recorded) *recorded {
	var next, alike, last *recorded
	for _, q := range r.list {
		if q.method != asked.method || q.origin != asked.origin || q.path != asked.path && r.voice.path(q.path) != asked.path {
			continue
		}
		last = q
		switch {
		case r.spent[q]:
		case alike == nil && sameShape(q, asked):
			alike = q
		case next == nil:
			next = q
		}
	}
	if alike == nil {
		alike = next
	}
	if alike == nil && last != nil && r.begins(last) {
		r.rewind()
		return r.find(asked)
	}
	if alike == nil {
		return last
	}
	r.spent[alike] = true
	return alike
}

// begins reports whether q is for what the recording begins with.
func (r *Replay) begins(q *recorded) bool {
	first := r.list[0]
	return first.method == q.method && first.origin == q.origin && first.path == q.path
}

// sameShape reports whether two requests have parameters of the same names.
func sameShape(a, b *recorded) bool {
	return slices.Equal(names(a.query), names(b.query)) && slices.Equal(names(a.form), names(b.form)) && slices.Equal(a.members, b.members)
}

// said is an answer that is ready to be written; status 0 is none.
type said struct {
	status int
	header http.Header
	body   string
}

func (s *said) write(w http.ResponseWriter) {
	if s.status < 200 || s.status > 599 {
		panic(http.ErrAbortHandler) // as in the recording, the line is cut
	}
	for name, values := range s.header {
		w.Header()[name] = values
	}
	w.WriteHeader(s.status)
	_, _ = io.WriteString(w, s.body) // a client that hangs up is no failure of ours
}

// away reports whether a redirect leads out of the recording, where a recording has no business to send anybody. The
// client's own redirect URI is no way out: it stops there.
func (v *voice) away(location string) bool {
	if v.redirectURI != "" && strings.HasPrefix(location, v.redirectURI) {
		rest := location[len(v.redirectURI):]
		return rest != "" && !strings.ContainsRune("?#", rune(rest[0]))
	}
	u, err := url.Parse(location)
	if err != nil || strings.HasPrefix(location, `\`) || strings.HasPrefix(location, `/\`) {
		return true
	}
	if u.Scheme == "" && u.Host == "" && u.Opaque == "" {
		return false
	}
	return !slices.Contains(v.own, u.Scheme+"://"+u.Host)
}
