package report

import (
	"bytes"
	"encoding/json"
	"io"
	"sync"
	"time"

	"github.com/oidcflow/oidcflow/flow/trace"
)

// JSON returns a recorder that writes each event to w as one line: a JSON object with time, level (info or warn), step,
// kind, and what the event has. Of a request there is its line and its status; headers and bodies are in the artefacts. Strings are
// plain, see [Plain].
func JSON(w io.Writer) trace.Recorder { return &jsonLines{w: w} }

type jsonLines struct {
	w  io.Writer
	mu sync.Mutex
}

// jsonLine is the format: members are added, never renamed.
type jsonLine struct {
	Time       time.Time  `json:"time"`
	Level      string     `json:"level"`
	Step       trace.Step `json:"step,omitempty"`
	Kind       trace.Kind `json:"kind"`
	Name       string     `json:"name,omitempty"`
	Message    string     `json:"message,omitempty"`
	Code       string     `json:"code,omitempty"`
	DurationMS float64    `json:"duration_ms,omitempty"`
	URL        string     `json:"url,omitempty"`
	Title      string     `json:"title,omitempty"`
	Method     string     `json:"method,omitempty"`
	Status     int        `json:"status,omitempty"`
	Size       int        `json:"size,omitempty"`
}

// Record implements [trace.Recorder].
func (j *jsonLines) Record(e trace.Event) {
	line := jsonLine{
		Time: e.Time, Level: level(e), Step: e.Step, Kind: e.Kind, Name: e.Name, Message: e.Message, Code: e.Code,
		DurationMS: milliseconds(e.Duration), URL: e.URL, Title: e.Title, Size: len(e.Data),
	}
	if e.HTTP != nil {
		line.Method, line.URL, line.Status = e.HTTP.Method, e.HTTP.URL, e.HTTP.Status
	}
	// JSON escapes C0 alone, and a person may be looking.
	for _, s := range []*string{&line.Name, &line.Message, &line.Code, &line.URL, &line.Title, &line.Method} {
		*s = Plain(*s)
	}
	b := encode(line)
	j.mu.Lock()
	defer j.mu.Unlock()
	_, _ = j.w.Write(b) // where the log cannot be written, there is nowhere to say so
}

// level is warn for what people should look at; the error that ends the program is another line, see [ErrorLine].
func level(e trace.Event) string {
	if e.Kind == trace.Warning || e.Kind == trace.End && (e.Code != "" || e.Message != "") {
		return "warn"
	}
	return "info"
}

func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// encode returns v as one line of JSON. What a runner of GitHub Actions obeys anywhere in a line is escaped.
func encode(v any) []byte {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false) // & in URLs stays readable
	if err := enc.Encode(v); err != nil {
		panic(err) // these are structs of ours, of strings, numbers and times
	}
	return bytes.ReplaceAll(b.Bytes(), []byte("##["), []byte(`##\u005b`))
}
