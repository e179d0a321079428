package report

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/oidcflow/oidcflow/flow"
	"github.com/oidcflow/oidcflow/flow/trace"
)

// BundleName is the file that says what a folder of artefacts is about.
const BundleName = "bundle.json"

// maxBundled bounds each list in a bundle, whatever a provider sends.
const maxBundled = 2000

// Call is what a bundle tells of the call that it comes from. What the names of Settings stand for is not told, unless
// it is one of a few words.
type Call struct {
	Command  string
	Versions Versions
	Settings []Setting
}

// Versions are those of the programs that took part.
type Versions struct {
	Program string `json:"oidcflow"`
	Go      string `json:"go"`
	OS      string `json:"os"`                // linux/amd64
	Browser string `json:"browser,omitempty"` // empty: none was started
}

// Setting is one that was given.
type Setting struct {
	Name  string `json:"name"`
	From  string `json:"from"`            // flag, environment or file
	Value string `json:"value,omitempty"` // where it is harmless
}

// bundle is made by allow-list: what is not named here is not in it. testdata/schema/bundle.json describes it; members
// are added, never renamed.
type bundle struct {
	Version    int            `json:"version"`
	Command    string         `json:"command"`
	Versions   Versions       `json:"versions"`
	Settings   []Setting      `json:"settings"`
	Error      *bundleError   `json:"error,omitempty"`
	Timeline   []bundleMoment `json:"timeline"`
	Screens    []bundleScreen `json:"screens"`
	RequestIDs []string       `json:"request_ids"`
	Files      []bundleFile   `json:"files"`
}

type bundleError struct {
	Code      string     `json:"code"`
	Step      trace.Step `json:"step,omitempty"`
	Message   string     `json:"message"`
	Hint      string     `json:"hint,omitempty"`
	RequestID string     `json:"request_id,omitempty"`
}

type bundleMoment struct {
	At       float64    `json:"at_ms"` // since the first event
	Step     trace.Step `json:"step,omitempty"`
	What     string     `json:"what"` // a step's end, or what was done meanwhile: "step", "GET 200", "fill password"
	Duration float64    `json:"duration_ms,omitempty"`
	Code     string     `json:"code,omitempty"`
}

type bundleScreen struct {
	At     float64  `json:"at_ms"`
	Name   string   `json:"name"` // of the recogniser or the remediation; empty: nobody knows it
	Fields []string `json:"fields,omitempty"`
	Keys   []string `json:"message_keys,omitempty"`
}

type bundleFile struct {
	Name string `json:"name"`
	Size int    `json:"size"`
}

// Describe says which call the artefacts come from. With it, Close writes [BundleName] as well.
func (f *Folder) Describe(c Call) { f.call = &c }

// Fail says how the call ended. An error may quote what it was given, so it goes through r.
func (f *Folder) Fail(err error, r *trace.Redactor) {
	if err == nil {
		return
	}
	told := &bundleError{Code: ErrorCode(err), Message: Plain(message(err))}
	if e, ok := errorAs[*flow.Error](err); ok {
		told.Step, told.Hint, told.RequestID = e.Step, Plain(e.Hint), Plain(e.RequestID)
	}
	for _, s := range []*string{&told.Code, &told.Message, &told.Hint, &told.RequestID} {
		*s = r.String(*s)
	}
	f.failure = told
}

// bundle returns the description of the call, of its events, and of the files that were written.
func (f *Folder) bundle(events []trace.Event, files []bundleFile) []byte {
	b := bundle{
		Version: 1, Command: f.call.Command, Versions: f.call.Versions, Settings: f.call.Settings, Error: f.failure,
		Timeline: []bundleMoment{}, Screens: []bundleScreen{}, RequestIDs: []string{}, Files: files,
	}
	if b.Settings == nil {
		b.Settings = []Setting{}
	}
	var begin time.Time
	if len(events) > 0 {
		begin = events[0].Time
	}
	for _, e := range events {
		b.add(e, milliseconds(max(0, e.Time.Sub(begin))))
	}
	out, err := json.MarshalIndent(b, "", "  ")
	if err != nil {
		panic(err) // structs of ours, of strings and numbers
	}
	return append(out, '\n')
}

func (b *bundle) add(e trace.Event, at float64) {
	moment := bundleMoment{At: at, Step: e.Step, Duration: milliseconds(e.Duration)}
	switch e.Kind {
	case trace.End:
		moment.What, moment.Code = "step", Plain(e.Code)
	case trace.HTTP:
		if e.HTTP == nil {
			return
		}
		moment.What = requestOf(e.HTTP)
		b.name(e.HTTP.ResponseHeader)
	case trace.Action:
		moment.What = actionOf(e.Name)
	case trace.Verified:
		moment.What = "verified " + Plain(e.Name)
	case trace.Page:
		if len(b.Screens) < maxBundled {
			b.Screens = append(b.Screens, bundleScreen{At: at, Name: Plain(e.Name), Fields: plainAll(e.Fields), Keys: plainAll(e.Keys)})
		}
		return
	default:
		return
	}
	if len(b.Timeline) < maxBundled {
		b.Timeline = append(b.Timeline, moment)
	}
}

// name adds the name by which a provider's logs know a request.
func (b *bundle) name(h http.Header) {
	id := Plain(flow.RequestID(h))
	if id != "" && !slices.Contains(b.RequestIDs, id) && len(b.RequestIDs) < maxBundled {
		b.RequestIDs = append(b.RequestIDs, id)
	}
}

// requestOf is the request without where it went: that is in the archive.
func requestOf(m *trace.Message) string {
	method := m.Method
	if !slices.Contains([]string{http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodDelete, http.MethodOptions}, method) {
		method = "other method"
	}
	if m.Status == 0 {
		return method + " without response"
	}
	return fmt.Sprintf("%s %d", method, m.Status)
}

// actionOf is what was done: a field's kind and a remediation are names, a button's text is the page's.
func actionOf(name string) string {
	verb, rest, _ := strings.Cut(name, " ")
	if verb == "fill" || verb == "submit" {
		return Plain(verb + " " + rest)
	}
	return Plain(verb)
}

func plainAll(list []string) []string {
	var out []string
	for _, s := range list {
		out = append(out, Plain(s))
	}
	return out
}
