package check

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"time"

	"github.com/oidcflow/oidcflow/flow/trace"
)

// defaultSkew is what is allowed between the provider's clock and ours where nothing is said.
const defaultSkew = time.Minute

func (s *Subject) now() time.Time {
	if s.Config.Now != nil {
		return s.Config.Now()
	}
	return time.Now()
}

func (s *Subject) skew() time.Duration { return cmp.Or(s.Config.ClockSkew, defaultSkew) }

// steps are in the order in which an exchange takes them.
var steps = []trace.Step{trace.Discover, trace.Authorize, trace.SignIn, trace.Callback, trace.Exchange, trace.Verify}

// notReached says why something is not there to be looked at: because of a step before it, or because it cannot be read.
func (s *Subject) notReached(what, bad string, last trace.Step) error {
	for _, step := range steps {
		if err := s.errs[step]; err != nil {
			return Skipped(fmt.Sprintf("the exchange did not come to %s: %v", what, err))
		}
		if step == last {
			break
		}
	}
	if err := s.bad[bad]; err != nil {
		return Skipped(fmt.Sprintf("%s cannot be read: %v", bad, err))
	}
	return Skipped("there is not " + what)
}

// equals demands that a claim is a string of that value. That it is there at all is for another check.
func equals(c *Object, where, name, want string) error {
	got, there, err := c.text(name)
	switch {
	case !there:
		return Skipped(name + " is not there")
	case err != nil:
		return &Mismatch{What: where + ": " + err.Error()}
	case got != want:
		return mismatch(where+": "+name, want, got)
	}
	return nil
}

// present demands that a claim is there and not empty.
func present(c *Object, where, name string) error {
	if v, there := c.Members[name]; !there || v == nil || v == "" {
		return mismatch(where+": "+name, say("a value"), nil)
	}
	return nil
}

// among demands that a claim has a value among its words.
func among(where, name string, list []string, want string) error {
	if !slices.Contains(list, want) {
		return mismatch(where+": "+name, say(fmt.Sprintf("%q among them", want)), say(fmt.Sprintf("%q", list)))
	}
	return nil
}

// isTimeout reports whether err says that time ran out.
func isTimeout(err error) bool {
	var n net.Error
	return errors.Is(err, context.DeadlineExceeded) || errors.As(err, &n) && n.Timeout()
}
