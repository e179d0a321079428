package check

import (
	"bytes"
	"io"
	"net/http"
	"sync"
	"time"

	"github.com/oidcflow/oidcflow/flow/trace"
)

// maxKept is how much of a body is looked at.
const maxKept = 1 << 20

// Message is one request of the exchange with its answer, as it was on the wire: secrets are in it. It is never printed.
type Message struct {
	Step          trace.Step
	Method        string
	URL           string
	RequestHeader http.Header
	RequestBody   []byte
	Status        int // 0: there was no answer
	Header        http.Header
	Body          []byte // unpacked, at most 1 MiB
	Truncated     bool
	Unpacked      bool  // it was compressed
	Err           error // of the transport, or of reading the body
	Wait          time.Duration
}

// tap keeps what passes through a transport.
type tap struct {
	base http.RoundTripper

	mu   sync.Mutex
	seen []*Message
}

// RoundTrip implements [http.RoundTripper].
func (t *tap) RoundTrip(r *http.Request) (*http.Response, error) {
	m := &Message{Step: trace.StepOf(r.Context()), Method: r.Method, URL: r.URL.String(), RequestHeader: r.Header.Clone()}
	if r.Body != nil && r.GetBody == nil {
		body, err := io.ReadAll(io.LimitReader(r.Body, maxKept))
		if err != nil {
			return nil, err
		}
		m.RequestBody = body
		copied := *r // RoundTrip may not change r
		copied.Body = struct {
			io.Reader
			io.Closer
		}{io.MultiReader(bytes.NewReader(body), r.Body), r.Body}
		r = &copied
	} else if r.GetBody != nil {
		body, err := r.GetBody()
		if err != nil {
			return nil, err
		}
		if m.RequestBody, err = io.ReadAll(io.LimitReader(body, maxKept)); err != nil {
			return nil, err
		}
	}
	t.mu.Lock()
	t.seen = append(t.seen, m)
	t.mu.Unlock()
	begin := time.Now()
	resp, err := t.base.RoundTrip(r)
	t.mu.Lock()
	defer t.mu.Unlock()
	m.Wait = time.Since(begin)
	if err != nil {
		m.Err = err
		return nil, err
	}
	m.Status, m.Header, m.Unpacked = resp.StatusCode, resp.Header.Clone(), resp.Uncompressed
	if resp.Body != nil {
		resp.Body = &tapped{ReadCloser: resp.Body, tap: t, message: m}
	}
	return resp, nil
}

// tapped is a body that is kept as it is read.
type tapped struct {
	io.ReadCloser
	tap     *tap
	message *Message
}

func (b *tapped) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	b.tap.mu.Lock()
	defer b.tap.mu.Unlock()
	room := min(n, maxKept-len(b.message.Body))
	b.message.Body = append(b.message.Body, p[:room]...)
	b.message.Truncated = b.message.Truncated || room < n
	if err != nil && err != io.EOF {
		b.message.Err = err
	}
	return n, err
}

// messages returns those of a step, in their order.
func (t *tap) messages(step trace.Step) (out []*Message) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, m := range t.seen {
		if m.Step == step {
			out = append(out, m)
		}
	}
	return out
}

// last returns the latest message of a step to a URL, or nil.
func (t *tap) last(step trace.Step, url string) *Message {
	all := t.messages(step)
	for i := len(all) - 1; i >= 0; i-- {
		if url == "" || all[i].URL == url {
			return all[i]
		}
	}
	return nil
}
