package check

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/oidcflow/oidcflow/flow"
	"github.com/oidcflow/oidcflow/flow/trace"
)

// Options say what is checked. The zero value is every check that is no probe.
type Options struct {
	Probes bool
	Only   []string // names of checks, or beginnings of clauses ("RFC 9700"); nil: all
	Skip   []string // the same; nil: none
	Expect Expect
	Other  *flow.Config              // another client of the provider, for probes; nil: there is none
	Clock  func(time.Duration) error // moves the provider's clock; nil: nobody can
	Pause  time.Duration             // between the sign-ins of probes
	Found  func(Finding)             // called with each finding as it is made; nil: nobody
}

// Run makes one exchange as cfg describes it, and the probes where they are asked for, and returns what was found, in
// the order of [Checks]. An error says that nothing could be tried; then there are no findings.
func Run(ctx context.Context, cfg flow.Config, o Options) ([]Finding, *Subject, error) {
	chosen, err := choose(o)
	if err != nil {
		return nil, nil, err
	}
	ctx = trace.Keep(ctx) // the tap tells requests apart by their step
	s := &Subject{Config: cfg, Other: o.Other, Expect: o.Expect, Clock: o.Clock, Pause: o.Pause}
	if err := s.observe(ctx); err != nil {
		return nil, s, err
	}
	var all []Finding
	for _, c := range chosen {
		f := c.find(ctx, s)
		if c.Name == completeCheck.Name && f.Status == Error && Worst(all) >= Fail {
			f.Status, f.Message = Skip, "another check says why it does not: "+f.Message
		}
		if o.Found != nil {
			o.Found(f)
		}
		all = append(all, f)
	}
	return all, s, nil
}

// choose returns the checks that o asks for.
func choose(o Options) ([]*Check, error) {
	for _, name := range slices.Concat(o.Only, o.Skip) {
		if !slices.ContainsFunc(Checks, func(c Check) bool { return c.is(name) }) {
			return nil, &flow.Error{Code: "usage.unknown_check", Err: fmt.Errorf("no check and no clause %q", name), Hint: "`oidcflow list checks` lists them"}
		}
	}
	var out []*Check
	for i := range Checks {
		c := &Checks[i]
		named := func(name string) bool { return c.is(name) }
		switch {
		case c.Probe && !o.Probes, o.Only != nil && !slices.ContainsFunc(o.Only, named), slices.ContainsFunc(o.Skip, named):
		default:
			out = append(out, c)
		}
	}
	return out, nil
}

// is reports whether name is the check's, or a part of its clause from the beginning on.
func (c *Check) is(name string) bool {
	rest, begins := strings.CutPrefix(c.Ref, name)
	return c.Name == name || begins && name != "" && (rest == "" || strings.HasPrefix(rest, " ") || strings.HasPrefix(rest, "."))
}

// find makes the check. A probe that runs out of time could not be tried.
func (c *Check) find(ctx context.Context, s *Subject) Finding {
	f := Finding{Name: c.Name, Title: c.Title, Ref: c.Ref, Step: c.Step, Probe: c.Probe, Status: Pass}
	begin := time.Now()
	err := ctx.Err()
	if c.Probe && err == nil {
		trace.Record(ctx, trace.Event{Step: c.Step, Kind: trace.Note, Name: c.Name, Message: "probe " + c.Name + ": " + c.Sends})
	}
	if err == nil {
		err = c.Run(ctx, s)
	}
	f.Duration = time.Since(begin)
	var wrong *Mismatch
	var odd *Odd
	var skipped Skipped
	switch {
	case err == nil:
		return f
	case errors.As(err, &odd):
		f.Status, wrong = Warn, &odd.Mismatch
	case errors.As(err, &wrong):
		f.Status = Fail
	case errors.As(err, &skipped):
		f.Status = Skip
	default:
		f.Status = Error
	}
	f.Message = err.Error()
	if wrong != nil {
		f.Want, f.Got, f.Hint = wrong.Want, wrong.Got, wrong.Hint
	}
	return f
}

// Worst returns the worst status among findings.
func Worst(all []Finding) Status {
	worst := Pending
	for _, f := range all {
		worst = Merge(worst, f.Status)
	}
	return worst
}

// mismatch returns a Mismatch with what it is about and the two values, quoted.
func mismatch(what string, want, got any) error {
	return &Mismatch{What: what, Want: shown(want), Got: shown(got)}
}

// maxShown is how much of a value is told.
const maxShown = 200

// say is a text that is told as it is. Other strings are values, and quoted.
type say string

func shown(v any) string {
	var s string
	switch v := v.(type) {
	case nil:
		return "nothing"
	case say:
		s = string(v)
	case string:
		s = fmt.Sprintf("%q", v)
	case time.Time:
		s = v.UTC().Format(time.RFC3339)
	default:
		s = fmt.Sprint(v)
	}
	if len(s) > maxShown {
		s = strings.ToValidUTF8(s[:maxShown], "") + "…"
	}
	return s
}
