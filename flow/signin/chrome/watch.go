package chrome

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/chromedp/cdproto/cdp"

	"github.com/oidcflow/oidcflow/flow"
	"github.com/oidcflow/oidcflow/flow/signin"
)

// How long a page that nothing happens on is given. They are not waited for where something does happen.
const (
	settles   = 1500 * time.Millisecond // other words on the same form: before it is taken for the answer and not for "please wait"
	unknowns  = 3 * time.Second         // a page that nobody knows, for its scripts to draw more of it
	stuck     = 6 * time.Second         // a page that was answered
	goesAlone = 30 * time.Second        // a page that says it goes on by itself
)

// sight is one look at a page.
type sight struct {
	tab      *tab
	document cdp.LoaderID
	view     *signin.View
	state    string // of the document: loading, interactive, complete; or drawing
	busy     bool
	waits    bool  // the page goes on by itself
	word     *word // of the engine that answers the page: it decides, and not what is on screen
}

// look looks at the page in front.
func (s *signIn) look(ctx context.Context) (*sight, error) {
	t, err := s.front(ctx)
	if err != nil {
		return nil, err
	}
	var seen *sight
	w, ok := t.said()
	if !ok {
		seen, err = s.lookAt(ctx, t)
		// What was seen may be what an engine has said meanwhile: that is known before the page can show it.
		w, ok = t.said()
	}
	if ok {
		return &sight{tab: t, document: w.document, word: &w}, nil
	}
	return seen, err
}

// lookAt looks at a page.
func (s *signIn) lookAt(ctx context.Context, t *tab) (*sight, error) {
	document, _, status := t.shown()
	busy := t.busy()
	var seen struct {
		View  *signin.View
		State string
	}
	if err := t.eval(ctx, &seen, "look"); err != nil {
		return nil, err
	}
	if now, _, _ := t.shown(); now != document || seen.View == nil || seen.View.URL == "about:blank" {
		return nil, errMoved
	}
	if _, arrived := flow.CallbackAt(s.request.RedirectURI, seen.View.URL); arrived {
		s.asked(seen.View.URL) // the empty page that stands there; its fragment may not have been told yet
		return nil, errMoved
	}
	seen.View.Status, seen.View.RequestID = status, t.request(document)
	s.show(seen.View)
	return &sight{tab: t, document: document, view: seen.View, state: seen.State, busy: busy}, nil
}

// drawn reports whether the page is worth an answer: complete where scripts may still change it, and with nothing on
// its way that would.
func (n *sight) drawn() bool {
	if !n.view.Scripts {
		return n.state != "loading"
	}
	return n.complete()
}

// complete reports whether all of the page has come, its frames included.
func (n *sight) complete() bool { return n.state == "complete" && !n.busy }

// form is what the page asks. Where it is the same in the same document, asking the dialog anew would look to it as if
// the provider did so.
func (n *sight) form() string {
	var b strings.Builder
	fmt.Fprintln(&b, n.tab.id, n.document, n.view.Messages)
	for _, f := range n.view.Fields {
		fmt.Fprintln(&b, f.Form, f.Tag, f.Type, f.Name, f.ID, f.Label)
	}
	return b.String()
}

// words are everything else that a person reads there.
func (n *sight) words() string {
	var b strings.Builder
	fmt.Fprintln(&b, n.view.URL, n.view.Title, n.view.Headings, n.view.Text)
	for _, button := range n.view.Buttons {
		fmt.Fprintln(&b, button.Text, button.Name, button.ID)
	}
	return b.String()
}

// asksNothing reports whether there is no field to fill.
func (n *sight) asksNothing() bool { return len(n.view.Fields) == 0 }

// watch looks at the page, each time that something happens on it, until there is something to answer: another page
// than last, or one that says something else. unknown is the error to return if the page stays what it is.
func (s *signIn) watch(ctx context.Context, last *sight, unknown error) (*sight, error) {
	quiet := time.Now() // since when nothing happens
	for {
		now, err := s.look(ctx)
		if err != nil && !errors.Is(err, errMoved) {
			return nil, err
		}
		still := time.Since(quiet)
		if now != nil && (now.word == nil) != (last == nil || last.word == nil) {
			last = nil // what was seen says nothing about what was heard
		}
		if now.news(last, unknown != nil, still) {
			return now, nil
		}
		patience := now.patience(last, unknown != nil)
		if still >= patience && !now.waited() {
			if err := s.stands(ctx, now, last, unknown, still); err != nil {
				return nil, err
			}
		}
		changed, err := s.wait(ctx, patience-still)
		if err != nil {
			return nil, err
		}
		if changed {
			quiet = time.Now()
		}
	}
}

// news reports whether there is something to answer on the page, on which nothing has happened for that long: it is
// not the one that was answered last, or it says something else.
func (n *sight) news(last *sight, unknown bool, still time.Duration) bool {
	switch {
	case n != nil && n.word != nil:
		return !n.word.taken
	case n == nil || !n.drawn() && still < settles:
		return false
	case last == nil || n.form() != last.form():
		return true
	case n.words() == last.words():
		return false
	case unknown || n.asksNothing() && last.asksNothing():
		return true
	}
	// The same form with other words is the answer, or "please wait" over a form that cannot be used meanwhile.
	return still >= settles && n.disabled() <= last.disabled()
}

// disabled returns how many fields and buttons cannot be used.
func (n *sight) disabled() int {
	count := 0
	for _, f := range n.view.Fields {
		if f.Disabled {
			count++
		}
	}
	for _, b := range n.view.Buttons {
		if b.Disabled {
			count++
		}
	}
	return count
}

// patience is how long nothing may happen on the page.
func (n *sight) patience(last *sight, unknown bool) time.Duration {
	switch {
	case n == nil || last == nil:
		return stuck
	case n.word != nil && last.waits:
		return goesAlone
	case n.word != nil:
		return stuck
	case unknown && n.complete() && (!n.view.Scripts || n.tab.broken() != nil):
		return 0
	case unknown:
		return unknowns
	case last.waits:
		return goesAlone
	case n.words() != last.words() && n.disabled() <= last.disabled():
		return settles
	}
	return stuck
}

// stands is called when nothing has happened on a page for so long. It returns an error unless the page may be waited for.
func (s *signIn) stands(ctx context.Context, now, last *sight, unknown error, still time.Duration) error {
	switch {
	case unknown != nil:
		return s.undrawn(ctx, now, unknown)
	case now == nil || now.word == nil:
		return s.dialog.Stuck(s.view())
	}
	return s.mute(ctx, now.tab, last, still)
}

// mute is called when a page does not go on that an engine answers. It returns an error where the page says why, or has
// been silent for too long: a proof of work may take its time.
func (s *signIn) mute(ctx context.Context, t *tab, last *sight, still time.Duration) error {
	seen, err := s.lookAt(ctx, t)
	if err != nil {
		if errors.Is(err, errMoved) {
			return nil
		}
		return err
	}
	var proving bool
	if err := t.eval(ctx, &proving, "proving"); err != nil && !errors.Is(err, errMoved) || proving {
		return err
	}
	if waits := last != nil && last.waits; still >= goesAlone || !waits && len(seen.view.Messages) > 0 {
		return s.dialog.Stuck(seen.view)
	}
	return nil
}

// waited reports whether the page waits for an answer: that takes as long as it takes.
func (n *sight) waited() bool { return n != nil && n.tab.busy() }

// wait waits until something happens on a page, for so long at most. It reports whether something did.
func (s *signIn) wait(ctx context.Context, atMost time.Duration) (changed bool, err error) {
	if atMost <= 0 { // the page waits for an answer: look again only now and then
		atMost = stuck
	}
	timer := time.NewTimer(atMost)
	defer timer.Stop()
	select {
	case <-s.woken:
		return true, nil
	case <-timer.C:
		return false, nil
	case <-ctx.Done():
		return false, context.Cause(ctx)
	}
}
