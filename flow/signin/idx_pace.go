package signin

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Okta's limits for its Identity Engine: so many requests in five seconds, for one sign-in and for one user.
const (
	perSignIn = 10
	perUser   = 20

	// paceWindow is a little more than the five seconds: requests do not arrive in the rhythm in which they are sent.
	paceWindow = 5*time.Second + 250*time.Millisecond
)

// Bounds of what a provider that turns a request away may make us wait.
const (
	maxTurnedAway = 3               // times in a row
	unboundWait   = 2 * time.Minute // the longest wait where the context has no deadline
	longestWait   = 24 * 60 * 60    // seconds; a header that says more is not believed
)

// Pace keeps sign-ins under Okta's limits by holding requests back. Drivers that share one share its count of each
// user's requests. The zero Pace keeps to Okta's limits; it is safe for concurrent use.
type Pace struct {
	PerSignIn int // requests in five seconds; 0: 10; negative: no limit
	PerUser   int // requests in five seconds; 0: 20; negative: no limit

	mu    sync.Mutex
	users map[string]*paced
}

// paced are the times of the newest requests of one sign-in or user, in order.
type paced []time.Time

// take books a request of a sign-in and a user, and returns how long to wait before it is sent.
func (p *Pace) take(now time.Time, signIn *paced, user string) time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	for name, times := range p.users {
		if last := (*times)[len(*times)-1]; now.Sub(last) > paceWindow {
			delete(p.users, name)
		}
	}
	if p.users == nil {
		p.users = map[string]*paced{}
	}
	if p.users[user] == nil {
		p.users[user] = &paced{}
	}
	at := now
	for _, next := range []time.Time{signIn.next(p.PerSignIn, perSignIn), p.users[user].next(p.PerUser, perUser)} {
		if next.After(at) {
			at = next
		}
	}
	signIn.add(at)
	p.users[user].add(at)
	return at.Sub(now)
}

// next returns when one more request may be sent.
func (s paced) next(limit, usual int) time.Time {
	if limit == 0 {
		limit = usual
	}
	if limit < 0 || len(s) < limit {
		return time.Time{}
	}
	return s[len(s)-limit].Add(paceWindow)
}

// maxPaced is how many times are kept.
const maxPaced = 1000

// add enters a request. Another sign-in may have booked a later time before.
func (s *paced) add(at time.Time) {
	i, _ := slices.BinarySearchFunc(*s, at, time.Time.Compare)
	*s = slices.Insert(*s, i, at)
	if extra := len(*s) - maxPaced; extra > 0 {
		*s = slices.Delete(*s, 0, extra)
	}
}

// turnedAway returns how long Okta wants us to wait with the request that got was the answer to, or 0 where it does not
// say, or may have looked at it. The reset is a time of Okta's clock, and counts against the Date of the same answer.
func turnedAway(got *response, a *IDXAnswer, credential bool) time.Duration {
	if got.status != http.StatusTooManyRequests || a != nil && len(a.Remediations) > 0 {
		return 0
	}
	// Okta's own limits turn a request away before anything is looked at; those of an authenticator count the tries.
	if credential && (a == nil || !slices.ContainsFunc(a.Messages, func(m IDXMessage) bool { return strings.HasSuffix(m.Key, "E0000047") })) {
		return 0
	}
	seconds := func(n int64) time.Duration { return time.Duration(min(max(n, 1), longestWait)) * time.Second }
	if after, err := strconv.ParseInt(got.header.Get("Retry-After"), 10, 64); err == nil {
		return seconds(after)
	}
	reset, err := strconv.ParseInt(got.header.Get("X-Rate-Limit-Reset"), 10, 64)
	date, dated := http.ParseTime(got.header.Get("Date"))
	if err != nil || dated != nil {
		return 0
	}
	return seconds(reset - date.Unix())
}
