package chrome

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/oidcflow/oidcflow/flow"
	"github.com/oidcflow/oidcflow/flow/signin"
	"github.com/oidcflow/oidcflow/flow/trace"
)

// idxAnswer is one of the Identity Engine.
type idxAnswer struct{ *signin.IDXAnswer }

func readIDX(body []byte) (answer, error) {
	a, err := signin.ParseIDX(body)
	if err != nil {
		a = &signin.IDXAnswer{}
	}
	return idxAnswer{a}, err
}

func (a idxAnswer) came(status int, url, requestID string, says ...signin.IDXMessage) {
	a.Status, a.URL, a.RequestID, a.Messages = status, url, requestID, append(a.Messages, says...)
}

func (a idxAnswer) step() string {
	if len(a.Remediations) == 0 {
		return ""
	}
	return a.Remediations[0].Name
}

// about leaves out the handles, which are new in each answer.
func (a idxAnswer) about() string {
	parts := []string{a.Current.Key, strings.Join(a.Current.Methods, " "), strconv.FormatBool(a.Redirect != "")}
	for _, r := range a.Remediations {
		parts = append(parts, r.Name)
	}
	return strings.Join(slices.Compact(parts), "\n")
}

func (a idxAnswer) polls() bool {
	u, err := url.Parse(a.URL)
	return err == nil && strings.HasSuffix(u.Path, "/poll")
}

func (a idxAnswer) secrets() []trace.Secret {
	return []trace.Secret{trace.NewSecret("stateHandle", a.StateHandle)}
}

// missed does nothing: each answer says all that may be done.
func (a idxAnswer) missed(*signIn) {}

func (a idxAnswer) next(ctx context.Context, s *signIn) (*signin.IDXMove, error) {
	return s.dialog.idx.Next(ctx, a.IDXAnswer)
}

// plan is a move as our script takes it.
type plan struct {
	Step   string
	Fields []planned
	Press  []way
	Reveal []way
	Await  string         // a selector of what else has to be there
	Again  bool           // the page asked the same before, and may go on with the fields that it has
	Factor *classicFactor // that the page has to show; nil: any
}

type planned struct{ Name, Value string }

// What our script says about a plan, besides isOK.
const (
	isStale   = "stale"   // the engine has said something else meanwhile
	isMissing = "missing" // the page shows something else than the engine said
	isWrong   = "wrong"   // Chrome does not understand a selector, which a user has written
)

// reply does what is to be done about the answer of an engine. It reports whether that is up to the page.
func (s *signIn) reply(ctx context.Context, now *sight) (alone bool, err error) {
	t, w := now.tab, now.word
	_, at, _ := t.shown()
	s.show(&signin.View{URL: at, Title: w.answer.step()})
	for _, a := range w.missed {
		a.missed(s)
	}
	m, err := w.answer.next(ctx, s)
	if err != nil || m.Wait {
		return err == nil, err
	}
	if m.Look {
		t.overlook(w)
		return false, nil
	}
	// The engine's address was agreed to. The page that speaks with it may be anybody's.
	if err := s.dialog.Allowed(at); err != nil {
		return false, err
	}
	p := plan{Step: m.Remediation, Fields: []planned{}, Press: pressesFor(m, s.dialog.own), Again: w.again}
	for _, f := range m.Fill {
		if f.What == "choice" {
			p.Factor = factorOf(f)
			p.Again = p.Again || p.Factor != nil // the field for a code is there before the code is sent
			continue
		}
		if f.What == "passkey" {
			continue // the authenticator that the page has answers by itself
		}
		if f.What != "identifier" {
			s.remember(f.Value)
		}
		p.Fields = append(p.Fields, planned{f.Path, f.Value.Reveal()})
		if f.What == "code" {
			p.Reveal = ways(reveals)
		}
	}
	if m.Proves {
		p.Await = proof
	}
	if p.Step != signin.AuthnSelect { // which presses nothing
		s.acting = now
	}
	return m.Proves, s.perform(ctx, t, w, p)
}

// undo tells the dialog if what our script was last told to do came to nothing: the page was left, or the engine had
// something else to say.
func (s *signIn) undo() {
	if a := s.acting; a != nil && a.tab.pressedFor() < a.word.n {
		s.dialog.idx.Undone()
	}
	s.acting = nil
}

// hasPressed notes that our script has pressed a button for word n.
func (t *tab) hasPressed(n int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.pressed = max(t.pressed, n)
}

// pressedFor returns the number of the last word of an engine for which our script has pressed a button.
func (t *tab) pressedFor() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.pressed
}

// perform has our script carry out a plan as soon as the page shows what it is about.
func (s *signIn) perform(ctx context.Context, t *tab, w *word, p plan) error {
	for {
		var got struct{ State, What string }
		err := t.eval(ctx, &got, "act", w.n, p)
		if errors.Is(err, errMoved) {
			return nil // the page goes on by itself
		}
		if got.State == isOK {
			t.hasPressed(w.n)
		}
		if err == nil && got.State == isWrong {
			return &flow.Error{Step: trace.SignIn, Code: "usage.bad_selector", Err: fmt.Errorf("%s is no CSS selector", strconv.Quote(printable(got.What))),
				Hint: "mend it in the page block for remediation " + strconv.Quote(printable(p.Step))}
		}
		if err != nil || got.State != isMissing {
			return err
		}
		if !t.busy() {
			return &flow.Error{Step: trace.SignIn, Code: "signin.page_stuck",
				Err:  fmt.Errorf("the page of Okta does not show %s: step %q at %s", got.What, printable(p.Step), withoutQuery(s.view().URL)),
				Hint: "--artifacts DIR keeps what was on screen"}
		}
	}
}

// show notes what is on screen.
func (s *signIn) show(v *signin.View) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.seen = v
}
