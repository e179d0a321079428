package report

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/oidcflow/oidcflow/flow/trace"
)

// The lanes of the sequence diagram, and where they are in its drawing.
const (
	laneBrowser = iota
	laneClient
	laneProvider
)

var lanes = [...]string{laneBrowser: "Browser", laneClient: "oidcflow", laneProvider: "Provider"}

// The drawing of one row is 300 by 28, the bar of its time 100 wide.
const (
	laneFirst = 20
	laneEvery = 130
	barWidth  = 100
)

const verifiedText = "verified: "

// htmlStep is one row of the sequence diagram.
type htmlStep struct {
	Heading  string // of a step that begins here; the rest is empty then
	From, To int    // x of the lanes; equal: something that happens in one
	Back     bool   // there was an answer
	Text     string
	Status   int
	Bad      bool
	Warning  bool
	At, Took string
	BarX     string // of the bar of its time
	BarWidth string
	Request  *htmlMessage
	Response *htmlMessage
}

type htmlMessage struct {
	Line    string
	Headers []htmlField
	Body    string
	Note    string
}

type htmlField struct{ Name, Value string }

// exchangeRows returns the rows for events.
func exchangeRows(events []trace.Event) (rows []htmlStep) {
	if len(events) == 0 {
		return nil
	}
	begin, end := events[0].Time, events[0].Time
	for _, e := range events {
		if e.Time.Before(begin) {
			begin = e.Time
		}
		if last := e.Time.Add(e.Duration); e.Kind != trace.End && last.After(end) {
			end = last
		}
	}
	scale := float64(barWidth) / float64(max(end.Sub(begin), time.Millisecond))
	for _, e := range events {
		row, ok := rowOf(e)
		if !ok {
			continue
		}
		if last := len(rows) - 1; e.Kind == trace.Verified && last >= 0 && strings.HasPrefix(rows[last].Text, verifiedText) {
			rows[last].Text += ", " + Plain(e.Name) // one row tells what was verified in one go
			continue
		}
		row.At, row.Took = "+"+took(max(e.Time.Sub(begin), time.Microsecond)), took(e.Duration)
		if e.Kind == trace.HTTP {
			row.BarX = fmt.Sprintf("%.2f", float64(e.Time.Sub(begin))*scale)
			row.BarWidth = fmt.Sprintf("%.2f", max(float64(e.Duration)*scale, 0.7))
		}
		rows = append(rows, row)
	}
	return rows
}

// rowOf returns the row of e, if it is worth one.
func rowOf(e trace.Event) (row htmlStep, ok bool) {
	at := lane(laneClient)
	if e.Step == trace.SignIn {
		at = lane(laneBrowser)
	}
	row.From, row.To = at, at
	switch e.Kind {
	case trace.Begin:
		return htmlStep{Heading: string(e.Step)}, true
	case trace.HTTP:
		row.To = lane(laneProvider)
		row.http(e)
	case trace.Page:
		row.Text = "page " + Plain(e.Name) + titled(e.Title)
	case trace.Action:
		row.Text = Plain(e.Name)
	case trace.Verified:
		row.Text = verifiedText + Plain(e.Name)
	case trace.Warning:
		row.Text, row.Warning = "warning: "+Plain(e.Message), true
	case trace.Note:
		row.Text = Plain(e.Message)
	case trace.End:
		if e.Code == "" && e.Message == "" {
			return row, false
		}
		row.Text, row.Bad = Plain(e.Code)+": "+Plain(e.Message), true
	default:
		return row, false
	}
	return row, true
}

func lane(i int) int { return laneFirst + i*laneEvery }

func titled(title string) string {
	if title = Plain(title); title == "" {
		return ""
	}
	return fmt.Sprintf(" (%s)", title)
}

func (row *htmlStep) http(e trace.Event) {
	m := e.HTTP
	if m == nil {
		return
	}
	row.Status, row.Back, row.Bad = m.Status, m.Status > 0, m.Status >= 400 || m.Status == 0
	row.Text = Plain(m.Method) + " " + Plain(pathOf(m.URL))
	row.Request = &htmlMessage{Line: Plain(m.Method) + " " + m.URL + " " + Plain(m.Proto), Headers: headerFields(m.RequestHeader), Body: legible(m.RequestBody)}
	if m.Status == 0 {
		row.Response = &htmlMessage{Line: "no answer: " + Plain(e.Message)}
		return
	}
	row.Response = &htmlMessage{Line: fmt.Sprintf("%d %s", m.Status, http.StatusText(m.Status)), Headers: headerFields(m.ResponseHeader), Body: legible(m.ResponseBody), Note: Plain(e.Message)}
	if m.Truncated {
		row.Response.Note = strings.TrimSpace(row.Response.Note + " A body was longer than is kept.")
	}
}

// pathOf is what of a URL fits on a line.
func pathOf(rawURL string) string {
	u, err := url.Parse(rawURL)
	if err != nil || u.Path == "" {
		return rawURL
	}
	return u.Path
}

func headerFields(h http.Header) (out []htmlField) {
	for _, name := range slices.Sorted(maps.Keys(h)) {
		for _, v := range h[name] {
			out = append(out, htmlField{name, v})
		}
	}
	return out
}

// maxShownBody is how much of a body is put into the page: the HAR has all that was kept.
const maxShownBody = 16 << 10

// legible returns a body for people: JSON is indented, a form has a line for each parameter.
func legible(body string) string {
	var indented bytes.Buffer
	if strings.HasPrefix(strings.TrimSpace(body), "{") && json.Indent(&indented, []byte(body), "", "  ") == nil {
		body = indented.String()
	} else if _, err := url.ParseQuery(body); err == nil && strings.Contains(body, "=") && !strings.ContainsAny(body, "<> \n") {
		body = strings.ReplaceAll(body, "&", "\n&")
	}
	if len(body) > maxShownBody {
		body = strings.ToValidUTF8(body[:maxShownBody], "") + "\n…"
	}
	return body
}

// unescaped takes the escapes out again that encoding/json adds for browsers: the template escapes by itself.
func unescaped(b []byte) string {
	return strings.NewReplacer(`\u003c`, "<", `\u003e`, ">", `\u0026`, "&").Replace(string(b))
}

// Token is one of the tokens, decoded.
type Token struct {
	Name   string // "ID token"
	Header map[string]any
	Claims map[string]any
}

type htmlToken struct {
	Name     string
	Header   []htmlField
	Claims   []htmlField
	Personal []htmlField
	Open     bool
}

// technical are the claims that say nothing about a person but who it is to the provider.
var technical = []string{"iss", "sub", "aud", "exp", "iat", "nbf", "nonce", "auth_time", "acr", "amr", "azp", "at_hash", "c_hash", "jti", "ver", "idp",
	"cid", "client_id", "uid", "scp", "scope", "sid", "cnf", "token_use", "typ"}

// claims returns those about a person, or the others.
func (t *Token) claims(personal bool) []htmlField {
	some := map[string]any{}
	for name, v := range t.Claims {
		if slices.Contains(technical, name) != personal {
			some[name] = v
		}
	}
	return fields(some)
}

// fields returns the members of an object, those that are times with what they say.
func fields(m map[string]any) (out []htmlField) {
	for _, name := range slices.Sorted(maps.Keys(m)) {
		text := "?"
		if b, err := json.Marshal(m[name]); err == nil {
			text = unescaped(b)
		}
		if when := instant(name, m[name]); when != "" {
			text += " (" + when + ")"
		}
		out = append(out, htmlField{name, text})
	}
	return out
}

// instant returns the time that a claim stands for, or "".
func instant(name string, v any) string {
	if !slices.Contains([]string{"exp", "iat", "nbf", "auth_time", "updated_at"}, name) {
		return ""
	}
	var seconds float64
	switch v := v.(type) {
	case json.Number:
		seconds, _ = v.Float64() // not a number: no time either
	case float64:
		seconds = v
	case int64:
		seconds = float64(v)
	}
	if seconds <= 0 || seconds > 1e11 {
		return ""
	}
	return time.Unix(int64(seconds), 0).UTC().Format("2006-01-02 15:04:05 UTC")
}
