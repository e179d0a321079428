package check

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/oidcflow/oidcflow/flow"
	"github.com/oidcflow/oidcflow/flow/trace"
)

// attempt is one sign-in of a probe, up to the code.
type attempt struct {
	s      *Subject
	client *flow.Client
	a      *flow.Authorization
	cb     *flow.Callback
	code   string
	edit   *editor
}

// changes are what a probe does otherwise than a right client.
type changes struct {
	config  func(*flow.Config)      // before the client is made
	request func(*url.URL) *url.URL // the authorization request, as the browser opens it
	token   func(form url.Values)   // token requests, as they are sent
}

// probe makes the Run of a probe. It waits for its turn first: a tenant that is asked to sign a user in again and again
// takes that for an attack.
func probe(run func(context.Context, *Subject) error) func(context.Context, *Subject) error {
	return func(ctx context.Context, s *Subject) error {
		for _, step := range steps {
			if step != trace.Verify && s.errs[step] != nil {
				return Skipped(fmt.Sprintf("the exchange itself does not work: %v", s.errs[step]))
			}
		}
		if err := s.turn(ctx); err != nil {
			return err
		}
		return run(ctx, s)
	}
}

// turn waits until the next sign-in may begin.
func (s *Subject) turn(ctx context.Context) error {
	if s.Pause <= 0 {
		return nil
	}
	wait := s.Config.WithDefaults().Wait
	return wait(ctx, s.Pause)
}

// begin signs in anew, with changes, and returns what came of it. The error is the provider's, where it refuses.
func (s *Subject) begin(ctx context.Context, ch changes) (*attempt, error) {
	config := s.Config
	config.Cache = nil
	if ch.config != nil {
		ch.config(&config)
	}
	t := &attempt{s: s, edit: &editor{base: s.tap, form: ch.token}}
	config.Transport = t.edit
	var err error
	if t.client, err = flow.New(config); err != nil {
		return t, err
	}
	m, err := t.client.Discover(ctx)
	if err != nil {
		return t, err
	}
	t.edit.url = m.Endpoints.Token
	if t.a, err = t.client.Authorize(ctx); err != nil {
		return t, err
	}
	if ch.request != nil {
		t.a.URL = ch.request(t.a.URL)
	}
	if t.cb, err = t.client.SignIn(ctx, t.a); err != nil {
		return t, err
	}
	t.code, err = t.client.Code(ctx, t.a, t.cb)
	return t, err
}

// redeem begins, and exchanges the code for tokens.
func (s *Subject) redeem(ctx context.Context, ch changes) (*attempt, *flow.Tokens, error) {
	t, err := s.begin(ctx, ch)
	if err != nil {
		return t, nil, err
	}
	tokens, err := t.client.Exchange(ctx, t.a, t.code)
	return t, tokens, err
}

// editor changes the forms that are sent to one URL.
type editor struct {
	base http.RoundTripper
	url  string
	form func(url.Values)
}

// RoundTrip implements [http.RoundTripper].
func (e *editor) RoundTrip(r *http.Request) (*http.Response, error) {
	if e.form == nil || r.Method != http.MethodPost || r.URL.String() != e.url || r.Body == nil {
		return e.base.RoundTrip(r)
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, maxKept))
	if err != nil {
		return nil, errors.Join(err, r.Body.Close())
	}
	if err := r.Body.Close(); err != nil {
		return nil, err
	}
	form, err := url.ParseQuery(string(body))
	if err != nil {
		return nil, err
	}
	e.form(form)
	changed := r.Clone(r.Context())
	text := form.Encode()
	changed.Body, changed.ContentLength = io.NopCloser(strings.NewReader(text)), int64(len(text))
	changed.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(text)), nil }
	return e.base.RoundTrip(changed)
}

// refused judges the answer to what should have been refused: an error of one of codes is right, another refusal is odd,
// and a success is wrong.
func refused(err error, what string, codes ...string) error {
	var p *flow.ProviderError
	var e *flow.Error
	switch {
	case err == nil:
		return &Mismatch{What: what, Want: "refused: " + strings.Join(codes, " or "), Got: "accepted"}
	case errors.As(err, &p) && p.Status >= 500:
		return &Mismatch{What: what, Want: "refused: " + strings.Join(codes, " or "), Got: fmt.Sprintf("status %d", p.Status)}
	case errors.As(err, &p) && slices.Contains(codes, p.Code):
		return nil
	case errors.As(err, &p):
		return &Odd{Mismatch{What: what, Want: "refused: " + strings.Join(codes, " or "), Got: "refused: " + shown(say(p.Code))}}
	case errors.As(err, &e) && strings.HasPrefix(e.Code, "authorize."): // at a page of the provider's
		if word := strings.TrimPrefix(e.Code, "authorize."); word != "error_page" && !slices.Contains(codes, word) {
			return &Odd{Mismatch{What: what, Want: "refused: " + strings.Join(codes, " or "), Got: "refused: " + word}}
		}
		return nil
	}
	return err
}

// send makes a request outside of the engine, and returns the answer's status with the error code it names.
func (s *Subject) send(ctx context.Context, method, target string, header http.Header, form url.Values) (*Message, error) {
	timeout := s.Config.WithDefaults().RequestTimeout
	if timeout <= 0 {
		timeout = 10 * time.Second
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	var body io.Reader
	if form != nil {
		body = strings.NewReader(form.Encode())
	}
	r, err := http.NewRequestWithContext(ctx, method, target, body)
	if err != nil {
		return nil, err
	}
	for name, values := range header {
		r.Header[name] = values
	}
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	client := &http.Client{Transport: &trace.Transport{Base: s.tap.base}, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	resp, err := client.Do(r)
	if err != nil {
		return nil, err
	}
	data, err := io.ReadAll(io.LimitReader(resp.Body, maxKept))
	if err := errors.Join(err, resp.Body.Close()); err != nil {
		return nil, err
	}
	return &Message{Method: method, URL: target, Status: resp.StatusCode, Header: resp.Header, Body: bytes.TrimSpace(data)}, nil
}
