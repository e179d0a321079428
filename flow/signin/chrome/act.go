package chrome

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp/kb"

	"github.com/oidcflow/oidcflow/flow"
	"github.com/oidcflow/oidcflow/flow/signin"
	"github.com/oidcflow/oidcflow/flow/trace"
)

// maxTries is how often a form is filled that does not keep what is typed: once by text, once by keys, and once more
// for a script that was drawing it.
const maxTries = 3

// What our script says about an element.
const (
	isOK       = "ok"
	isGone     = "gone"
	isDisabled = "disabled"
	isCovered  = "covered"
)

// errUntyped says that a form was drawn anew, or does not keep what is typed.
var errUntyped = errors.New("the form does not keep what is typed")

// act does on the page what the dialog says. It returns the page as it was answered: what is there next is compared
// with it.
func (s *signIn) act(ctx context.Context, now *sight, m *signin.Move) (*sight, error) {
	for try := 1; ; try++ {
		err := s.fill(ctx, now.tab, m.Fill, try > 1)
		if errors.Is(err, errMoved) {
			return now, nil // a page that goes on by itself once it is filled
		}
		if err == nil {
			err = s.press(ctx, now, m)
		}
		if errors.Is(err, errMoved) || err == nil {
			return now, nil
		}
		if !errors.Is(err, errUntyped) || try == maxTries {
			return nil, s.unfilled(now, err)
		}
		again, err := s.settle(ctx, now)
		if err != nil || again == nil {
			return now, err
		}
		if m, err = match(again.view, m); err != nil {
			return now, nil // it asks something else now: let the dialog see
		}
		now = again
	}
}

// unfilled is the error for a form that cannot be filled or sent.
func (s *signIn) unfilled(now *sight, err error) error {
	var e *flow.Error
	if !errors.Is(err, errUntyped) || errors.As(err, &e) {
		return err
	}
	return &flow.Error{Step: trace.SignIn, Code: "signin.page_stuck",
		Err:  fmt.Errorf("%w: page %.100q at %s", err, printable(now.view.Title), withoutQuery(now.view.URL)),
		Hint: "--artifacts DIR keeps what was on screen"}
}

// settle looks at the page that is still the one of before once it is drawn. It returns nil if it is another one.
func (s *signIn) settle(ctx context.Context, before *sight) (*sight, error) {
	for {
		now, err := s.look(ctx)
		switch {
		case errors.Is(err, errMoved):
			return nil, nil
		case err != nil:
			return nil, err
		case now.tab != before.tab || now.document != before.document:
			return nil, nil
		case now.drawn():
			return now, nil
		}
		if _, err := s.wait(ctx, stuck); err != nil {
			return nil, err
		}
	}
}

// fill types into the fields. By keys is slower than by text, and what some pages' scripts wait for.
func (s *signIn) fill(ctx context.Context, t *tab, fills []signin.Fill, byKeys bool) error {
	if len(fills) == 0 {
		return nil
	}
	s.typing.Lock()
	defer s.typing.Unlock()
	for _, f := range fills {
		if f.What != "identifier" {
			s.remember(f.Value)
		}
		if err := s.fillOne(ctx, t, f, byKeys); err != nil {
			return err
		}
	}
	return nil
}

// remember notes a value that has been typed, so that no form takes it elsewhere.
func (s *signIn) remember(v trace.Secret) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.typed = append(s.typed, v)
}

func (s *signIn) fillOne(ctx context.Context, t *tab, f signin.Fill, byKeys bool) error {
	var state string
	switch {
	case f.Field.Type == "radio" || f.Field.Type == "checkbox":
		return untyped(t.eval(ctx, &state, "press", f.Field.Ref), state, f)
	case f.Field.Tag == "select":
		return untyped(t.eval(ctx, &state, "choose", f.Field.Ref, f.Value.Reveal()), state, f)
	}
	if err := untyped(t.eval(ctx, &state, "focus", f.Field.Ref), state, f); err != nil {
		return err
	}
	value := f.Value.Reveal()
	// A box for one character of several hands the focus on, at each key.
	if boxes := f.Field.MaxLength > 0 && f.Field.MaxLength < len(value); byKeys || boxes {
		return t.keys(ctx, value)
	}
	_, err := cdp.Call(ctx, t.target, input.InsertText, input.InsertTextParams{Text: value})
	return err
}

// untyped turns what our script says about a field into an error.
func untyped(err error, state string, f signin.Fill) error {
	if err != nil || state == isOK {
		return err
	}
	return fmt.Errorf("%w: the field for the %s is %s", errUntyped, f.What, state)
}

// keys types by key events, one for each character.
func (t *tab) keys(ctx context.Context, text string) error {
	for _, r := range text {
		for _, p := range kb.Encode(r) {
			if _, err := cdp.Call(ctx, t.target, input.DispatchKeyEvent, *p); err != nil {
				return err
			}
		}
	}
	return nil
}

// kept returns an error if a field does not hold what was typed into it.
func (t *tab) kept(ctx context.Context, fills []signin.Fill) error {
	var refs []int
	var typed []signin.Fill
	for _, f := range fills {
		if f.Field.Tag == "select" || f.Field.Type == "radio" || f.Field.Type == "checkbox" || f.Field.MaxLength > 0 && f.Field.MaxLength < len(f.Value.Reveal()) {
			continue
		}
		refs, typed = append(refs, f.Field.Ref), append(typed, f)
	}
	if len(refs) == 0 {
		return nil
	}
	var got []*string
	if err := t.eval(ctx, &got, "values", refs); err != nil {
		return err
	}
	for i, f := range typed {
		if i >= len(got) || got[i] == nil || *got[i] != f.Value.Reveal() {
			return fmt.Errorf("%w: the field for the %s", errUntyped, f.What)
		}
	}
	return nil
}

// aim is where to press, and what our script says about it.
type aim struct {
	State string
	X, Y  float64
}

// press sends the form: by a click on the button once it can be pressed, or by Enter.
func (s *signIn) press(ctx context.Context, now *sight, m *signin.Move) error {
	t := now.tab
	if m.Press == nil {
		if err := t.kept(ctx, m.Fill); err != nil {
			return err
		}
		return s.enter(ctx, t, m.Fill)
	}
	a, err := s.ready(ctx, t, m.Press.Ref)
	if err != nil {
		return err
	}
	// Right before the click: what was typed into a form that has been drawn anew is lost.
	if err := t.kept(ctx, m.Fill); err != nil {
		return err
	}
	switch a.State {
	case isOK:
		if landed, err := t.click(ctx, a); err != nil || landed {
			return err
		}
	case isDisabled:
		return fmt.Errorf("%w, or the button %.50q stays disabled", errUntyped, printable(m.Press.Text))
	case isGone:
		return fmt.Errorf("%w: the button %.50q went away", errUntyped, printable(m.Press.Text))
	}
	// The click did not reach the button: something lies over it.
	if len(m.Fill) > 0 && m.Press.Type != "link" {
		return s.enter(ctx, t, m.Fill)
	}
	var state string
	return t.eval(ctx, &state, "press", m.Press.Ref)
}

// readyWithin is how long a button may stay disabled or covered while nothing happens on its page.
const readyWithin = time.Second

// ready waits until an element can be clicked, or until it does not look as if it ever could.
func (s *signIn) ready(ctx context.Context, t *tab, ref int) (a aim, err error) {
	for {
		if err := t.eval(ctx, &a, "aim", ref); err != nil {
			return a, err
		}
		if a.State == isOK || a.State == isGone {
			return a, nil
		}
		if a.State == isDisabled || a.State == isCovered {
			changed, err := s.wait(ctx, readyWithin)
			if err != nil || !changed && !t.busy() {
				return a, err
			}
		}
	}
}

// click presses and releases the mouse. It reports whether the click reached the element that was aimed at; a page that
// is left by it says yes.
func (t *tab) click(ctx context.Context, a aim) (landed bool, err error) {
	for _, typ := range []input.DispatchMouseEventType{input.DispatchMouseEventTypeMousePressed, input.DispatchMouseEventTypeMouseReleased} {
		p := input.DispatchMouseEventParams{Type: typ, X: a.X, Y: a.Y, Button: input.MouseButtonLeft, ClickCount: 1}
		if _, err := cdp.Call(ctx, t.target, input.DispatchMouseEvent, p); err != nil {
			return false, err
		}
	}
	err = t.eval(ctx, &landed, "hit")
	if errors.Is(err, errMoved) {
		return true, nil
	}
	return landed, err
}

// enter presses Enter in the field that was filled last.
func (s *signIn) enter(ctx context.Context, t *tab, fills []signin.Fill) error {
	if len(fills) > 0 {
		last := fills[len(fills)-1]
		var state string
		if err := untyped(t.eval(ctx, &state, "focus", last.Field.Ref), state, last); err != nil {
			return err
		}
	}
	return t.keys(ctx, "\r")
}

// match returns m for the same form drawn anew, with the handles that its elements have now.
func match(v *signin.View, m *signin.Move) (*signin.Move, error) {
	again := &signin.Move{Page: m.Page, Fill: slices.Clone(m.Fill)}
	used := map[int]bool{}
	for i, f := range again.Fill {
		at := slices.IndexFunc(v.Fields, func(g signin.Field) bool { return !used[g.Ref] && sameField(f.Field, g) })
		if at < 0 {
			return nil, errMoved
		}
		used[v.Fields[at].Ref] = true
		again.Fill[i].Field = v.Fields[at]
	}
	if m.Press == nil {
		return again, nil
	}
	for _, same := range []func(signin.Button) bool{
		func(b signin.Button) bool { return b.Text == m.Press.Text && b.Tag == m.Press.Tag },
		func(b signin.Button) bool {
			return b.ID == m.Press.ID && b.Name == m.Press.Name && b.Type == m.Press.Type
		},
	} {
		if at := slices.IndexFunc(v.Buttons, same); at >= 0 {
			again.Press = &v.Buttons[at]
			return again, nil
		}
	}
	return nil, errMoved
}

func sameField(a, b signin.Field) bool {
	return a.Tag == b.Tag && a.Type == b.Type && a.Name == b.Name && a.Label == b.Label && (a.ID == b.ID || a.Name != "")
}
