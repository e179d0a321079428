package trace

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"
)

// Transport sends requests through Base. It records each with its response, as one event once the response's body has
// been read to its end or closed. A request that carries a secret to a host that it is not for is refused with a
// *[RefusedError]; see [MaySend].
type Transport struct {
	Base http.RoundTripper // nil: http.DefaultTransport
}

// RoundTrip implements [http.RoundTripper].
func (t *Transport) RoundTrip(r *http.Request) (*http.Response, error) {
	base := t.Base
	if base == nil {
		base = http.DefaultTransport
	}
	ctx := r.Context()
	v, ok := ctx.Value(contextKey{}).(contextValue)
	if !ok || r.URL == nil {
		return base.RoundTrip(r)
	}
	x := &exchange{ctx: ctx, begin: time.Now(), message: &Message{
		Method: r.Method, URL: r.URL.String(), Proto: r.Proto, RequestHeader: headerOf(r),
	}}
	if x.message.Method == "" {
		x.message.Method = http.MethodGet
	}
	r, err := x.takeBody(r, v.guard)
	if err == nil {
		err = v.guard.check(r.URL, x.message)
	}
	if err != nil {
		x.record(err)
		return nil, errors.Join(err, closeBody(r))
	}
	resp, err := base.RoundTrip(r)
	if err != nil {
		x.record(err)
		return resp, err
	}
	x.respond(resp)
	return resp, nil
}

// An exchange is a request and its response while they are under way.
type exchange struct {
	ctx     context.Context // the request's own, of which the event is a part
	begin   time.Time
	message *Message
	once    sync.Once
}

// takeBody reads the beginning of r's body and returns a request that has all of it. A body of which the end cannot be
// looked at is refused where there are secrets to look for.
func (x *exchange) takeBody(r *http.Request, g *guard) (*http.Request, error) {
	if r.Body == nil || r.Body == http.NoBody {
		return r, nil
	}
	head, err := io.ReadAll(io.LimitReader(r.Body, MaxBody+1))
	if err != nil {
		return r, fmt.Errorf("reading the request's body: %w", err)
	}
	copied := *r // RoundTrip may not change r
	copied.Body = &headBody{io.MultiReader(bytes.NewReader(head), r.Body), r.Body}
	x.message.Truncated = len(head) > MaxBody
	x.message.RequestBody = string(head[:min(len(head), MaxBody)])
	if x.message.Truncated && !g.isEmpty() {
		return &copied, fmt.Errorf("request body: want at most %d bytes", MaxBody)
	}
	return &copied, nil
}

// headBody is a body of which the beginning was read before.
type headBody struct {
	io.Reader
	io.Closer
}

func closeBody(r *http.Request) error {
	if r.Body == nil {
		return nil
	}
	return r.Body.Close()
}

// respond takes what resp has and waits for its body.
func (x *exchange) respond(resp *http.Response) {
	m := x.message
	m.Wait = time.Since(x.begin)
	m.Proto, m.Status, m.ResponseHeader = resp.Proto, resp.StatusCode, resp.Header.Clone()
	switch {
	case resp.Body == nil || resp.Body == http.NoBody:
		x.record(nil)
	case resp.StatusCode == http.StatusSwitchingProtocols:
		x.record(nil) // the body is a connection now, and a writer too
	default:
		resp.Body = &body{below: resp.Body, exchange: x}
	}
}

// record records x, the first time that it is called.
func (x *exchange) record(err error) {
	x.once.Do(func() {
		e := Event{Time: x.begin, Kind: HTTP, Duration: time.Since(x.begin), HTTP: x.message}
		if err != nil {
			e.Message = err.Error()
		}
		Record(x.ctx, e)
	})
}

// body is a response's body. It keeps the beginning of what passes, and never more than that.
type body struct {
	below    io.ReadCloser
	exchange *exchange

	mu   sync.Mutex // Close may come while Read waits
	kept []byte
	cut  bool
	done bool
}

func (b *body) Read(p []byte) (int, error) {
	n, err := b.below.Read(p)
	b.mu.Lock()
	if !b.done {
		room := min(n, MaxBody-len(b.kept))
		b.kept = append(b.kept, p[:room]...)
		b.cut = b.cut || room < n
	}
	b.mu.Unlock()
	if err == io.EOF {
		b.end(nil)
	} else if err != nil {
		b.end(fmt.Errorf("reading the response's body: %w", err))
	}
	return n, err
}

// Close closes the body; what has not been read is not in the event.
func (b *body) Close() error {
	err := b.below.Close()
	b.end(nil)
	return err
}

func (b *body) end(err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.done {
		return
	}
	b.done = true
	b.exchange.message.ResponseBody = string(b.kept)
	b.exchange.message.Truncated = b.exchange.message.Truncated || b.cut
	b.exchange.record(err)
	b.kept = nil
}
