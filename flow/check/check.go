// Package check says of one whole exchange whether it is right: step by step, by name, with the clause of the
// specification. It decodes tokens and judges claims itself, and shares no code for that with the engine: each is the
// other's oracle.
//
// The usual way, where config signs in as any client of package flow does:
//
//	findings, subject, err := check.Run(ctx, config, check.Options{Probes: true})
//	if err != nil { … } // nothing could be tried
//	ok := check.Worst(findings) < check.Fail
//
// # Terms
//
//   - A subject is one exchange as it was seen on the wire.
//   - A probe signs in anew and sends what a right client does not. It sends tokens only where the engine does.
//   - A finding is what came of a check: a [Status], and what was wanted and got.
//   - Trouble is what can be wrong with an answer of any endpoint: no JSON, no end, a redirect.
//
// # Limits
//
// Of each answer 1 MiB is looked at, and JSON no deeper than 32. Checks see what one user and one client are given.
package check

import (
	"context"
	"fmt"
	"time"

	"github.com/oidcflow/oidcflow/flow/trace"
)

// Check is one claim about a provider, by name. A check that needs no more than what one exchange showed looks at it; a
// Probe signs in anew and sends something wrong, to see it refused.
type Check struct {
	Name  string     // the OpenID Foundation's, where it has one; of the fault that breaks it, too
	Ref   string     // the clause: "OpenID Connect Core 1.0 §3.1.3.7 item 3"
	Title string     // what holds where it passes: "the ID token is for this client"
	Step  trace.Step // of the exchange that it is about
	Probe bool
	Sends string // of a probe: what it sends

	// Run returns nil where the claim holds, a [Mismatch] where it is false, [Skipped] where it does not apply, [Odd]
	// where it is allowed but should not be, and any other error where it could not be tried.
	Run func(context.Context, *Subject) error
}

// Mismatch says that a claim is false.
type Mismatch struct {
	What string // the thing: "id token: aud"
	Want string
	Got  string
	Hint string // what mends it, in one sentence, or ""
}

// Error returns what, want and got on one line.
func (m *Mismatch) Error() string {
	if m.Want == "" && m.Got == "" {
		return m.What
	}
	return fmt.Sprintf("%s: want %s, got %s", m.What, m.Want, m.Got)
}

// Skipped says why a check does not apply.
type Skipped string

// Error returns the reason.
func (s Skipped) Error() string { return string(s) }

// Odd is a [Mismatch] that the specification allows but advises against: a warning.
type Odd struct{ Mismatch }

// Finding is what came of one check.
type Finding struct {
	Name     string        `json:"name"`
	Title    string        `json:"title"`
	Ref      string        `json:"ref"`
	Step     trace.Step    `json:"step"`
	Probe    bool          `json:"probe,omitempty"`
	Status   Status        `json:"status"`
	Message  string        `json:"message,omitempty"` // why it is not pass
	Want     string        `json:"want,omitempty"`
	Got      string        `json:"got,omitempty"`
	Hint     string        `json:"hint,omitempty"`
	Duration time.Duration `json:"duration_ns"`
}
