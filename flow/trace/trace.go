package trace

import (
	"context"
	"errors"
	"net/http"
	"time"
)

// Step names one step of the exchange. The same word is the prefix of an error's code, the value in JSON and the
// heading of a report.
type Step string

// The steps, in the order in which one exchange takes them.
const (
	Discover   Step = "discover"
	Authorize  Step = "authorize"
	SignIn     Step = "signin"
	Callback   Step = "callback"
	Exchange   Step = "exchange"
	Verify     Step = "verify"
	UserInfo   Step = "userinfo"
	Introspect Step = "introspect"
	Refresh    Step = "refresh"
	Revoke     Step = "revoke"
	Logout     Step = "logout"
)

// Kind tells what an [Event] is about, and so which of its fields are set.
type Kind string

// The kinds of events.
const (
	Begin    Kind = "begin"    // a step begins
	End      Kind = "end"      // a step ended: Duration; Code and Message if it failed
	HTTP     Kind = "http"     // one request: HTTP, Duration; Message if there was no response
	Page     Kind = "page"     // a page of the sign-in: Name of its recogniser, URL, Title
	Action   Kind = "action"   // what a driver did on the page: Name ("fill password", "press Sign in")
	Verified Kind = "verified" // Name is what was verified
	Note     Kind = "note"     // Message is for people
	Warning  Kind = "warning"  // Message is for people, and they should act on it
	File     Kind = "file"     // Name and Data are an artefact: a screenshot, a page's skeleton
)

// Event is one thing that happened. It is flat, so that a sink needs no knowledge of who sent it.
type Event struct {
	Time     time.Time     `json:"time"`
	Step     Step          `json:"step,omitempty"`
	Kind     Kind          `json:"kind"`
	Name     string        `json:"name,omitempty"`
	Message  string        `json:"message,omitempty"`
	Code     string        `json:"code,omitempty"`
	Duration time.Duration `json:"duration_ns,omitempty"`
	URL      string        `json:"url,omitempty"`
	Title    string        `json:"title,omitempty"`
	Fields   []string      `json:"fields,omitempty"` // of a page: the name and the type of each
	Keys     []string      `json:"keys,omitempty"`   // of a page: those of its messages, which no language changes
	HTTP     *Message      `json:"http,omitempty"`
	Data     []byte        `json:"-"`
}

// Message is one HTTP request with its response. Bodies are cut at [MaxBody] bytes.
type Message struct {
	Method         string        `json:"method"`
	URL            string        `json:"url"`
	Proto          string        `json:"proto,omitempty"`
	RequestHeader  http.Header   `json:"request_header,omitempty"`
	RequestBody    string        `json:"request_body,omitempty"`
	Status         int           `json:"status,omitempty"` // 0: there was no response
	ResponseHeader http.Header   `json:"response_header,omitempty"`
	ResponseBody   string        `json:"response_body,omitempty"`
	Truncated      bool          `json:"truncated,omitempty"` // one of the bodies was longer
	Wait           time.Duration `json:"wait_ns,omitempty"`   // until the response's header was there
}

// MaxBody is how many bytes of a request or response body an event keeps.
const MaxBody = 1 << 20

// Recorder takes events as they happen. Record may be called by several goroutines at once and must not block for
// long. A Recorder that also has the method Learn(...Secret) is told of every secret before the first event that could
// hold it.
type Recorder interface {
	Record(Event)
}

type contextKey struct{}

type contextValue struct {
	recorder Recorder
	step     Step
	guard    *guard
}

// WithRecorder returns a context whose events go to r; with nil they go nowhere. From here on secrets given to [Learn]
// are sent only where they may be; see [MaySend]. A context made from one with a recorder keeps that one's step and the
// secrets it knows.
func WithRecorder(ctx context.Context, r Recorder) context.Context {
	v, ok := ctx.Value(contextKey{}).(contextValue)
	if !ok {
		v.guard = newGuard()
	}
	v.recorder = r
	return context.WithValue(ctx, contextKey{}, v)
}

// Keep returns a context that knows its step, and its secrets, even where nobody records: ctx itself if it has a recorder.
func Keep(ctx context.Context) context.Context {
	if _, ok := ctx.Value(contextKey{}).(contextValue); ok {
		return ctx
	}
	return WithRecorder(ctx, nil)
}

// Record sends e to the recorder of ctx, if there is one. Time and Step are filled in where they are empty.
func Record(ctx context.Context, e Event) {
	v, ok := ctx.Value(contextKey{}).(contextValue)
	if !ok || v.recorder == nil {
		return
	}
	if e.Time.IsZero() {
		e.Time = time.Now()
	}
	if e.Step == "" {
		e.Step = v.step
	}
	v.recorder.Record(e)
}

// Learn tells ctx of secrets, from here on: its recorder, so that they are redacted, and [Transport], so that they are
// sent to their hosts only. A secret without hosts may be sent nowhere; learned twice, a value may go to the hosts of
// either. Learn does nothing where ctx has no recorder.
func Learn(ctx context.Context, secrets ...Secret) {
	v, ok := ctx.Value(contextKey{}).(contextValue)
	if !ok {
		return
	}
	v.guard.learn(secrets)
	if l, ok := v.recorder.(interface{ Learn(...Secret) }); ok {
		l.Learn(secrets...)
	}
}

// Start records that step begins, and returns a context whose events belong to it. The caller calls end once with the
// step's error, or nil. The code of an error is its ErrorCode method's answer.
func Start(ctx context.Context, step Step) (_ context.Context, end func(error)) {
	v, ok := ctx.Value(contextKey{}).(contextValue)
	if !ok {
		return ctx, func(error) {}
	}
	v.step = step
	ctx = context.WithValue(ctx, contextKey{}, v)
	begin := time.Now()
	Record(ctx, Event{Time: begin, Kind: Begin})
	return ctx, func(err error) {
		e := Event{Kind: End, Duration: time.Since(begin)}
		if err != nil {
			e.Message = err.Error()
			var coded interface{ ErrorCode() string }
			if errors.As(err, &coded) {
				e.Code = coded.ErrorCode()
			}
		}
		Record(ctx, e)
	}
}

// StepOf returns the step that ctx is in, or "".
func StepOf(ctx context.Context) Step {
	v, _ := ctx.Value(contextKey{}).(contextValue)
	return v.step
}
