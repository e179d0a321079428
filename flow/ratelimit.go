package flow

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/oidcflow/oidcflow/flow/trace"
)

const (
	maxTries     = 5               // of one call that is rate limited
	unboundWait  = 2 * time.Minute // the longest wait where the context has no deadline
	shortestWait = time.Second     // between two tries: clocks are compared in whole seconds
	longestWait  = 24 * time.Hour  // a header that says more is not believed
)

// waitFor waits until the provider takes requests again after a, or returns why that is not to be.
func (c *Client) waitFor(ctx context.Context, a *answer, tries int) error {
	k := a.call
	code := "rate_limited"
	if a.status != http.StatusTooManyRequests {
		code = "server_error"
	}
	refuse := func(format string, args ...any) error {
		e := a.errorf(code, "%s: %s: "+format, append([]any{k.place(), statusText(a.status)}, args...)...)
		e.Hint = "wait, or run fewer sign-ins at a time"
		return e
	}
	wait, ok := retryAfter(a.header, c.now())
	if !ok {
		wait = shortestWait << (tries - 1)
	}
	limit := unboundWait
	if deadline, has := ctx.Deadline(); has {
		limit = time.Until(deadline)
	}
	switch {
	case tries >= maxTries:
		return refuse("still so after %d tries", tries)
	case wait >= limit:
		return refuse("the provider asks to wait for %s, which is past the deadline", wait.Round(time.Second))
	}
	trace.Record(ctx, trace.Event{Kind: trace.Note,
		Message: fmt.Sprintf("%s: %s: waiting for %s", k.name, statusText(a.status), wait.Round(time.Second))})
	if err := c.cfg.Wait(ctx, wait); err != nil {
		return c.networkError(ctx, k, err)
	}
	return nil
}

// retryAfter returns how long to wait after an answer with the header h. Okta's X-Rate-Limit-Reset is a time, and
// counts against the Date of the same answer, not against our clock, which may be wrong; Retry-After is RFC 9110
// §10.2.3. ok is false where neither says.
func retryAfter(h http.Header, now time.Time) (wait time.Duration, ok bool) {
	if date, err := http.ParseTime(h.Get("Date")); err == nil {
		now = date
	}
	seconds := func(s string) (int64, bool) {
		n, err := strconv.ParseInt(strings.TrimSpace(s), 10, 64)
		return n, err == nil && n >= 0
	}
	if reset, is := seconds(h.Get("X-Rate-Limit-Reset")); is {
		return bounded(float64(reset - now.Unix())), true
	}
	after := h.Get("Retry-After")
	if n, is := seconds(after); is {
		return bounded(float64(n)), true
	}
	if t, err := http.ParseTime(after); err == nil {
		return bounded(t.Sub(now).Seconds()), true
	}
	return 0, false
}

// bounded returns seconds as a duration between the shortest and the longest wait.
func bounded(seconds float64) time.Duration {
	return time.Duration(min(max(seconds, shortestWait.Seconds()), longestWait.Seconds()) * float64(time.Second))
}
