package signin

import (
	"context"
	"fmt"
	"net/url"
	"sync"

	"github.com/oidcflow/oidcflow/flow"
	"github.com/oidcflow/oidcflow/flow/trace"
)

// atOnce is how many sign-ins at once an organisation bears: Okta takes 20 requests of a user in five seconds, which are
// about three sign-ins, and a test user is often shared.
const atOnce = 3

// Limit lets only so many sign-ins go on at once at one host; the others wait for their turn. One Limit is shared by all
// drivers whose sign-ins are to be counted together. The zero value is ready to use, also from several goroutines.
type Limit struct {
	AtOnce   int  // at each host; 0: three
	Loopback bool // count the sign-ins at hosts of this machine, too

	mu    sync.Mutex
	turns map[string]chan struct{} // by host: as many as go on
}

// Around returns s within the limit. A sign-in that waits does so inside the deadline of its context.
func (l *Limit) Around(s flow.SignIn) flow.SignIn { return limited{l, s} }

type limited struct {
	limit *Limit
	inner flow.SignIn
}

// SignIn implements flow.SignIn.
func (s limited) SignIn(ctx context.Context, r flow.Request) (*flow.Callback, error) {
	turn := s.limit.turn(r.URL)
	if turn == nil {
		return s.inner.SignIn(ctx, r)
	}
	if err := enter(ctx, turn, r.URL.Host); err != nil {
		return nil, err
	}
	defer func() { <-turn }()
	return s.inner.SignIn(ctx, r)
}

// turn returns what a sign-in at u has to enter, or nil where it need not.
func (l *Limit) turn(u *url.URL) chan struct{} {
	if !l.Loopback && flow.IsLoopback(u.Hostname()) {
		return nil
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	host := hostPort(u)
	if l.turns[host] == nil {
		n := l.AtOnce
		if n <= 0 {
			n = atOnce
		}
		if l.turns == nil {
			l.turns = map[string]chan struct{}{}
		}
		l.turns[host] = make(chan struct{}, n)
	}
	return l.turns[host]
}

// enter takes a turn, and tells it if that takes waiting.
func enter(ctx context.Context, turn chan struct{}, host string) error {
	select {
	case turn <- struct{}{}:
		return nil
	default:
	}
	trace.Record(ctx, trace.Event{Kind: trace.Note,
		Message: fmt.Sprintf("%d sign-ins go on at %s: waiting for one of them to end", cap(turn), clean(host, maxShown))})
	select {
	case turn <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ended(ctx.Err(), "waiting for other sign-ins at "+clean(host, maxShown)+" to end")
	}
}
