package mockidp

import (
	"slices"
	"strconv"
	"time"
)

// The limits of developer.okta.com/docs/reference/rl2-limits, by state token and by user.
const (
	limitSpan     = 5 * time.Second
	limitPerToken = 10
	limitPerUser  = 20
)

// limited counts the request, says in its headers what is left, and whether it was too much.
func (c *call) limited(f *oktaSignIn) bool {
	if !c.s.cfg.Org.RateLimits {
		return false
	}
	over := c.count(&f.calls, limitPerToken, limitSpan)
	if f.account != nil && !over {
		over = c.count(&f.account.okta.calls, limitPerUser, limitSpan)
	}
	return over
}

func (c *call) count(calls *[]time.Time, most int, span time.Duration) bool {
	*calls = slices.DeleteFunc(*calls, func(t time.Time) bool { return !t.After(c.now.Add(-span)) })
	over := len(*calls) >= most
	if !over {
		*calls = append(*calls, c.now)
	}
	reset := (*calls)[0].Add(span)
	h := c.w.Header()
	h.Set("X-Rate-Limit-Limit", strconv.Itoa(most))
	h.Set("X-Rate-Limit-Remaining", strconv.Itoa(most-len(*calls)))
	h.Set("X-Rate-Limit-Reset", strconv.FormatInt(reset.Add(time.Second-1).Unix(), 10))
	return over
}
