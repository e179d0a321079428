package chrome

import (
	"context"
	"errors"
	"fmt"

	"github.com/oidcflow/oidcflow/flow"
	"github.com/oidcflow/oidcflow/flow/signin"
	"github.com/oidcflow/oidcflow/flow/trace"
)

// decider decides about the answers of an engine: a [signin.IDXDialog].
type decider interface {
	Next(context.Context, *signin.IDXAnswer) (*signin.IDXMove, error)
}

// plan is a move as our script takes it.
type plan struct {
	Step   string
	Fields []planned
	Press  []way
	Reveal []way
	Again  bool // the page asked the same before, and may go on with the fields that it has
}

type planned struct{ Name, Value string }

// What our script says about a plan, besides isOK.
const (
	isStale   = "stale"   // the engine has said something else meanwhile
	isMissing = "missing" // the page shows something else than the engine said
)

// reply does what is to be done about the answer of an engine. It reports whether that is up to the page.
func (s *signIn) reply(ctx context.Context, now *sight) (alone bool, err error) {
	t, w := now.tab, now.word
	_, at, _ := t.shown()
	s.show(&signin.View{URL: at, Title: stepOf(w.answer), RequestID: w.answer.RequestID})
	m, err := s.engine.Next(ctx, w.answer)
	if err != nil || m.Wait {
		return err == nil, err
	}
	// The engine's address was agreed to. The page that speaks with it may be anybody's.
	if err := s.dialog.Allowed(at); err != nil {
		return false, err
	}
	p := plan{Step: m.Remediation, Fields: []planned{}, Press: pressesFor(m), Again: w.again}
	for _, f := range m.Fill {
		if f.What == "choice" {
			continue
		}
		if f.What != "identifier" {
			s.remember(f.Value)
		}
		p.Fields = append(p.Fields, planned{f.Path, f.Value.Reveal()})
		if f.What == "code" {
			p.Reveal = ways(reveals)
		}
	}
	return false, s.perform(ctx, t, w, p)
}

// perform has our script carry out a plan as soon as the page shows what it is about.
func (s *signIn) perform(ctx context.Context, t *tab, w *word, p plan) error {
	for {
		var got struct{ State, What string }
		err := t.eval(ctx, &got, "act", w.n, p)
		if errors.Is(err, errMoved) {
			return nil // the page goes on by itself
		}
		if err != nil || got.State != isMissing {
			return err
		}
		if !t.busy() {
			return &flow.Error{Step: trace.SignIn, Code: "signin.page_stuck",
				Err:  fmt.Errorf("Okta's page does not show %s: step %q at %s", got.What, printable(p.Step), withoutQuery(w.answer.URL)),
				Hint: "--artifacts DIR keeps what was on screen"}
		}
	}
}

// stepOf names what an answer is about.
func stepOf(a *signin.IDXAnswer) string {
	if len(a.Remediations) == 0 {
		return ""
	}
	return a.Remediations[0].Name
}

// show notes what is on screen.
func (s *signIn) show(v *signin.View) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.seen = v
}
