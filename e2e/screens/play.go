package screens

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/oidcflow/oidcflow/flow"
	"github.com/oidcflow/oidcflow/flow/trace"
	"github.com/oidcflow/oidcflow/mockidp"
)

// patience bounds one cell: it is for what hangs, not for what is slow.
const patience = 60 * time.Second

// Outcome is what came of a cell.
type Outcome struct {
	AMR      string // of the ID token
	Err      error
	Screens  []string // as the driver named what an engine said, in its order
	Warnings []string
	Asked    []string      // of the engine, polls aside
	Others   []string      // paths of the provider that were asked for besides, in their order
	Polls    int           // of the engine
	Bytes    int64         // that the provider sent
	Took     time.Duration // for people; nothing is judged by it
	Events   []trace.Event
}

// Play signs alice in as the cell wants it. An error says that it could not be tried.
func (st *Stage) Play(ctx context.Context, c Cell) (*Outcome, error) {
	s, err := st.scene(c)
	if err != nil {
		return nil, err
	}
	o, err := s.play(ctx)
	return o, errors.Join(err, s.close())
}

func (s *Scene) play(ctx context.Context) (*Outcome, error) {
	client, err := flow.New(s.Flow)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	if s.before != nil {
		if err := s.before(ctx); err != nil {
			return nil, fmt.Errorf("what was before: %w", err)
		}
	}
	earlier, written := len(s.Okta.Requests()), s.front.written.Load()
	begun := time.Now()
	r := &recorder{}
	result, err := client.Run(trace.WithRecorder(ctx, r))
	o := &Outcome{Err: err, Took: time.Since(begun), Bytes: s.front.written.Load() - written, Events: r.all()}
	if err == nil {
		o.AMR = amr(result)
	}
	o.read(s.Okta.Requests()[earlier:])
	return o, nil
}

// recorder keeps what happens.
type recorder struct {
	mu     sync.Mutex
	events []trace.Event
}

// Record implements [trace.Recorder].
func (r *recorder) Record(e trace.Event) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.events = append(r.events, e)
}

func (r *recorder) all() []trace.Event {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.events)
}

// amr is what the ID token says of how the user was authenticated (RFC 8176).
func amr(r *flow.Result) string {
	list, _ := r.IDTokenClaims["amr"].([]any)
	words := make([]string, len(list))
	for i, w := range list {
		words[i] = fmt.Sprint(w)
	}
	slices.Sort(words)
	return strings.Join(words, " ")
}

// engines are the paths of Okta's two engines.
var engines = []string{"/idp/idx/", "/api/v1/authn"}

// ofFactor is what comes before what is asked of a factor in the Classic engine.
var ofFactor = regexp.MustCompile(`^factors/[^/]*/`)

// read sorts what was asked of the provider, and what happened.
func (o *Outcome) read(asked []mockidp.LoggedRequest) {
	for _, q := range asked {
		i := slices.IndexFunc(engines, func(e string) bool { return strings.HasPrefix(q.Path, e) })
		switch {
		case i < 0:
			o.Others = append(o.Others, q.Path)
		case strings.HasSuffix(q.Path, "/poll"):
			o.Polls++
		default:
			path := strings.TrimPrefix(strings.TrimPrefix(q.Path, engines[i]), "/")
			o.Asked = append(o.Asked, cmp.Or(ofFactor.ReplaceAllString(path, ""), "authn"))
		}
	}
	for _, e := range o.Events {
		switch e.Kind {
		case trace.Page:
			// Of what an engine has said; other pages are seen as each driver sees them.
			if slices.ContainsFunc(engines, func(engine string) bool { return strings.Contains(e.URL, engine) }) {
				o.Screens = append(o.Screens, e.Name)
			}
		case trace.Warning:
			o.Warnings = append(o.Warnings, e.Message)
		}
	}
}

// Code is the error's; empty without one.
func (o *Outcome) Code() string {
	var e *flow.Error
	switch {
	case o.Err == nil:
		return ""
	case errors.As(o.Err, &e):
		return e.Code
	}
	return "no flow.Error"
}

// Check returns all in which o is not what the row wants; nil if it is.
func (c Cell) Check(o *Outcome) error {
	row := c.Row
	var wrong []error
	want := func(what string, ok bool, wanted, got any) {
		if !ok {
			wrong = append(wrong, fmt.Errorf("%s: want %q, got %q", what, wanted, got))
		}
	}
	want("code of the error", o.Code() == c.code(), c.code(), o.Code())
	want("amr", o.AMR == row.AMR, row.AMR, o.AMR)
	if o.Err != nil {
		text := o.Err.Error()
		if c.Generation != "classic" { // whose words are others
			want("error", strings.Contains(text, row.Says), row.Says, text)
		}
		wrong = append(wrong, leaks(text))
	}
	if row.Warns != "" {
		want("warning", slices.ContainsFunc(o.Warnings, func(w string) bool { return strings.Contains(w, row.Warns) }), row.Warns, o.Warnings)
	}
	asked := strings.Join(o.Asked, " ")
	want("asked of the engine", asked == c.asks(), c.asks(), asked)
	if err := errors.Join(append(wrong, c.budget(o))...); err != nil {
		return fmt.Errorf("%w\nscreens: %q\nerror: %v", err, o.Screens, o.Err)
	}
	return nil
}

// leaks says which of alice's secrets an error repeats.
func leaks(text string) error {
	for _, secret := range []string{password, totpSecret, answer} {
		if strings.Contains(text, secret) || strings.Contains(text, url.QueryEscape(secret)) {
			return fmt.Errorf("the error repeats the secret %q", secret)
		}
	}
	return nil
}
