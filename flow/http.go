package flow

import (
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/oidcflow/oidcflow/flow/trace"
)

// maxBody is how much of an answer is read. No answer of these protocols comes near it.
const maxBody = 1 << 20

// maxRedirects bounds the redirects of discovery and JWKS, which are followed inside their origin only.
const maxRedirects = 5

// call is one request to one of the provider's endpoints, and what may be done to get it answered.
type call struct {
	step        trace.Step
	name        string // "token endpoint"
	url         string
	idempotent  bool // may be repeated though it was, perhaps, processed
	proof       bool // a DPoP proof belongs to it
	mayRedirect bool // a redirect is an answer too; it is not followed

	// build returns the request. It is asked again for each attempt: proofs and assertions may be used once.
	build func(ctx context.Context) (*http.Request, error)
}

// answer is a response that was read to its end.
type answer struct {
	call   *call
	status int
	header http.Header
	body   []byte
	sent   []string // secrets that were in the request; a provider may repeat them in its errors
}

// contentType returns the media type without parameters, in lower case.
func (a *answer) contentType() string {
	t, _, _ := mime.ParseMediaType(a.header.Get("Content-Type"))
	return t
}

// get fetches a document, inside its origin.
func (c *Client) get(ctx context.Context, step trace.Step, name, rawURL string) (*answer, error) {
	return c.send(ctx, &call{step: step, name: name, url: rawURL, idempotent: true,
		build: func(ctx context.Context) (*http.Request, error) {
			return http.NewRequestWithContext(ctx, http.MethodGet, rawURL, nil)
		}})
}

// send makes the call, and makes it again where the provider asks for that: with the nonce for a DPoP proof, once
// (RFC 9449 §8), and after the wait that a 429 names, inside the deadline.
//
// A 429 is repeated even if it answers a code: the provider says that it turned the request away, so the code is not
// used up. Should it be used up after all, the repetition is refused just as the first request was, and no token was
// issued that could be revoked for it. A 503 is repeated only for what may be asked twice, and if it names the wait.
func (c *Client) send(ctx context.Context, k *call) (*answer, error) {
	nonced := false
	for tries := 1; ; tries++ {
		a, err := c.attempt(ctx, k)
		if err != nil {
			return nil, err
		}
		switch {
		case !nonced && c.dpop != nil && wantsNonce(a):
			nonced = true
		case a.status == http.StatusTooManyRequests,
			a.status == http.StatusServiceUnavailable && k.idempotent && a.header.Get("Retry-After") != "":
			if err := c.waitFor(ctx, a, tries); err != nil {
				return nil, err
			}
		default:
			return a, nil
		}
	}
}

// attempt makes one request of k and reads the answer, within RequestTimeout.
func (c *Client) attempt(ctx context.Context, k *call) (*answer, error) {
	ctx, cancel := context.WithTimeout(ctx, c.cfg.RequestTimeout)
	defer cancel()
	r, err := k.build(ctx)
	if err != nil {
		return nil, asError(err, k.step, string(k.step)+".request")
	}
	if r.Header.Get("Accept") == "" {
		r.Header.Set("Accept", "application/json")
	}
	resp, err := c.client(r.Method).Do(r)
	if err != nil {
		return nil, c.networkError(ctx, k, err)
	}
	defer func() { _ = resp.Body.Close() }() // the body was read, or is not wanted
	if u := resp.Request.URL; c.dpop != nil {
		c.dpop.keepNonce(u, resp.Header.Get("DPoP-Nonce"))
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxBody+1))
	if err != nil {
		return nil, c.networkError(ctx, k, err)
	}
	a := &answer{call: k, status: resp.StatusCode, header: resp.Header, body: body}
	if len(body) > maxBody {
		return nil, a.errorf("too_large", "%s: the answer is larger than %d bytes", k.place(), maxBody)
	}
	if s := a.status; s >= 300 && s < 400 && !k.mayRedirect {
		return nil, a.errorf("redirect", "%s: want an answer, got %s to %s", k.place(), statusText(s), redirectTarget(resp))
	}
	return a, nil
}

// client returns the HTTP client for a method. What is posted may hold secrets or a code, so it never follows a
// redirect; what is fetched stays on its origin.
func (c *Client) client(method string) *http.Client {
	follow := func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	if method == http.MethodGet {
		follow = func(r *http.Request, via []*http.Request) error {
			if len(via) > maxRedirects || !sameOrigin(r.URL, via[0].URL) || r.Header.Get("Authorization") != "" {
				return http.ErrUseLastResponse
			}
			return nil
		}
	}
	return &http.Client{Transport: c.transport, CheckRedirect: follow}
}

// place names the endpoint with its URL, without a query.
func (k *call) place() string { return k.name + " " + withoutQuery(k.url) }

// errorf returns an error of k's step. code is what follows the step's name in its code.
func (k *call) errorf(code, format string, args ...any) *Error {
	return stepError(k.step, code, format, args...)
}

// stepError returns an error of step, with a code that begins with the step's name.
func stepError(step trace.Step, code, format string, args ...any) *Error {
	return &Error{Step: step, Code: string(step) + "." + code, Err: fmt.Errorf(format, args...)}
}

// withoutQuery returns rawURL up to its query, for messages: a query may hold more than a message should.
func withoutQuery(rawURL string) string {
	rawURL, _, _ = strings.Cut(rawURL, "?")
	rawURL, _, _ = strings.Cut(rawURL, "#")
	return clip(rawURL)
}

// redirectTarget returns where resp redirects to, without a query.
func redirectTarget(resp *http.Response) string {
	u, err := resp.Location()
	if err != nil {
		return "no location"
	}
	return withoutQuery((&url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path}).String())
}

func statusText(status int) string {
	if text := http.StatusText(status); text != "" {
		return fmt.Sprintf("%d %s", status, text)
	}
	return fmt.Sprintf("status %d", status)
}

// asError returns err as it is if it is an *Error, else as one with step and code.
func asError(err error, step trace.Step, code string) error {
	var e *Error
	if err == nil || errors.As(err, &e) {
		return err
	}
	return &Error{Step: step, Code: code, Err: err}
}

// timer waits for d, or until ctx is done.
func timer(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
