package screens

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"

	"github.com/oidcflow/oidcflow/flow/trace"
)

// Picture is what a person would have seen, with everything masked that was typed.
type Picture struct {
	Name string // the driver's of the screen, or the row's where the sign-in ended
	PNG  []byte
}

// firstPage is the name of a page that no engine has said anything about yet.
const firstPage = "first page"

// Pictures returns pictures of the screens that a cell of the driver chrome leads over, but those of known names, and of
// the page that refuses; the stage's browser has to take screenshots. The driver takes one where a sign-in fails. So the
// cell is played once more for each of its screens, and cancelled when what was typed there is on its way.
func (st *Stage) Pictures(ctx context.Context, c Cell, known func(name string) bool) ([]Picture, error) {
	whole, err := st.Play(ctx, c)
	if err != nil {
		return nil, err
	}
	all := whole.pictures(c.Row.Name)
	for n, name := range whole.answered() {
		if known(name) {
			continue
		}
		stopped, o, err := st.playUntil(ctx, c, n+1)
		if err != nil {
			return nil, err
		}
		if stopped {
			all = append(all, o.pictures(name)...)
		}
	}
	return all, nil
}

// answered are the names of the screens that were answered, in order: there are as many as answers.
func (o *Outcome) answered() []string {
	names := slices.Clone(o.Screens)
	if len(o.Asked) == 0 || o.Asked[0] != "introspect" { // the Classic engine is silent until something was typed
		names = append([]string{firstPage}, names...)
	}
	return names[:min(len(names), len(o.Asked))]
}

// pictures are those that the driver took, under a name.
func (o *Outcome) pictures(name string) (all []Picture) {
	for _, e := range o.Events {
		if e.Kind == trace.File && bytes.HasPrefix(e.Data, []byte("\x89PNG")) {
			all = append(all, Picture{name, e.Data})
		}
	}
	return all
}

// playUntil plays the cell up to the nth answer to a screen, if it comes so far.
func (st *Stage) playUntil(ctx context.Context, c Cell, n int) (stopped bool, o *Outcome, err error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	end := &ending{left: n, stop: cancel}
	until := *st
	until.Net = end.network
	o, err = until.Play(ctx, c)
	return end.reached(), o, err
}

// ending stops a sign-in at an answer.
type ending struct {
	stop func()

	mu    sync.Mutex
	left  int
	polls bool // the last request was a poll
}

func (e *ending) reached() bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.left <= 0
}

// meets counts a request, and reports whether it is the one to stop at. Polls that follow each other are one.
func (e *ending) meets(r *http.Request) bool {
	engine := strings.HasPrefix(r.URL.Path, engines[0]) || strings.HasPrefix(r.URL.Path, engines[1])
	if !engine || strings.HasSuffix(r.URL.Path, "/introspect") {
		return false
	}
	poll := strings.HasSuffix(r.URL.Path, "/poll")
	e.mu.Lock()
	defer e.mu.Unlock()
	if !poll || !e.polls {
		e.left--
	}
	e.polls = poll
	return e.left <= 0
}

func (e *ending) network(okta http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if e.meets(r) {
			// The page waits, as it was answered. A connection that goes away is noticed once the body has been read.
			_, err := io.Copy(io.Discard, r.Body)
			e.stop()
			if err == nil {
				<-r.Context().Done()
			}
			return
		}
		okta.ServeHTTP(w, r)
	})
}
