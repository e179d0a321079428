package report

import (
	"encoding/base64"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/oidcflow/oidcflow/flow/trace"
)

// The types of HTTP Archive 1.2 (http://www.softwareishard.com/blog/har-12-spec/), as far as they are written here.
type (
	har struct {
		Log harLog `json:"log"`
	}
	harLog struct {
		Version string     `json:"version"`
		Creator harCreator `json:"creator"`
		Pages   []harPage  `json:"pages"`
		Entries []harEntry `json:"entries"`
	}
	harCreator struct {
		Name    string `json:"name"`
		Version string `json:"version"`
	}
	harPage struct {
		StartedDateTime harTime  `json:"startedDateTime"`
		ID              string   `json:"id"`
		Title           string   `json:"title"`
		PageTimings     struct{} `json:"pageTimings"`
	}
	harEntry struct {
		PageRef         string      `json:"pageref,omitempty"`
		StartedDateTime harTime     `json:"startedDateTime"`
		Time            float64     `json:"time"`
		Request         harRequest  `json:"request"`
		Response        harResponse `json:"response"`
		Cache           struct{}    `json:"cache"`
		Timings         harTimings  `json:"timings"`
		Comment         string      `json:"comment,omitempty"`
	}
	harRequest struct {
		Method      string    `json:"method"`
		URL         string    `json:"url"`
		HTTPVersion string    `json:"httpVersion"`
		Cookies     []harPair `json:"cookies"`
		Headers     []harPair `json:"headers"`
		QueryString []harPair `json:"queryString"`
		PostData    *harPost  `json:"postData,omitempty"`
		HeadersSize int       `json:"headersSize"`
		BodySize    int       `json:"bodySize"`
	}
	harResponse struct {
		Status      int        `json:"status"`
		StatusText  string     `json:"statusText"`
		HTTPVersion string     `json:"httpVersion"`
		Cookies     []harPair  `json:"cookies"`
		Headers     []harPair  `json:"headers"`
		Content     harContent `json:"content"`
		RedirectURL string     `json:"redirectURL"`
		HeadersSize int        `json:"headersSize"`
		BodySize    int        `json:"bodySize"`
		Error       string     `json:"_error,omitempty"` // Chrome's own member
	}
	harPair struct {
		Name  string `json:"name"`
		Value string `json:"value"`
	}
	harPost struct {
		MimeType string    `json:"mimeType"`
		Params   []harPair `json:"params"`
		Text     string    `json:"text"`
	}
	harContent struct {
		Size     int    `json:"size"`
		MimeType string `json:"mimeType"`
		Text     string `json:"text,omitempty"`
		Encoding string `json:"encoding,omitempty"`
	}
	harTimings struct {
		Send    float64 `json:"send"`
		Wait    float64 `json:"wait"`
		Receive float64 `json:"receive"`
	}
)

// harTime is in ISO 8601 with milliseconds, and in UTC so that a file does not depend on where it was written.
type harTime time.Time

// MarshalText implements [encoding.TextMarshaler].
func (t harTime) MarshalText() ([]byte, error) {
	return []byte(time.Time(t).UTC().Format("2006-01-02T15:04:05.000Z")), nil
}

// HAR writes the requests as HTTP Archive 1.2, which a browser's network panel opens. A page of it is a step. creator
// is the program and its version, "oidcflow 1.2.3". Sizes are those of the bodies as they stand there, labels included.
func (l *Log) HAR(w io.Writer, creator string) error {
	name, version, _ := strings.Cut(creator, " ")
	out := har{harLog{Version: "1.2", Creator: harCreator{name, version}, Pages: []harPage{}, Entries: []harEntry{}}}
	events := l.Events()
	// A request is recorded when its response is complete, but shown where it began.
	slices.SortStableFunc(events, func(a, b trace.Event) int { return a.Time.Compare(b.Time) })
	for _, e := range events {
		if e.Kind != trace.HTTP || e.HTTP == nil {
			continue
		}
		if e.Step != "" && !slices.ContainsFunc(out.Log.Pages, func(p harPage) bool { return p.ID == string(e.Step) }) {
			out.Log.Pages = append(out.Log.Pages, harPage{
				StartedDateTime: harTime(e.Time), ID: string(e.Step), Title: string(e.Step),
			})
		}
		out.Log.Entries = append(out.Log.Entries, entryOf(e))
	}
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(out)
}

func entryOf(e trace.Event) harEntry {
	m := e.HTTP
	entry := harEntry{
		PageRef: string(e.Step), StartedDateTime: harTime(e.Time), Time: milliseconds(e.Duration),
		Request: harRequest{
			Method: m.Method, URL: m.URL, HTTPVersion: version(m.Proto),
			Cookies: cookies(m.RequestHeader["Cookie"]), Headers: headers(m.RequestHeader),
			QueryString: query(m.URL), PostData: postOf(m), HeadersSize: -1, BodySize: len(m.RequestBody),
		},
		Response: harResponse{
			Status: m.Status, StatusText: http.StatusText(m.Status), HTTPVersion: version(m.Proto),
			Cookies: setCookies(m.ResponseHeader["Set-Cookie"]), Headers: headers(m.ResponseHeader),
			Content: contentOf(m), RedirectURL: m.ResponseHeader.Get("Location"),
			HeadersSize: -1, BodySize: len(m.ResponseBody), Error: e.Message,
		},
		Timings: harTimings{Wait: milliseconds(m.Wait), Receive: milliseconds(max(0, e.Duration-m.Wait))},
	}
	if m.Truncated {
		entry.Comment = "a body was longer and is cut"
	}
	return entry
}

func version(proto string) string {
	if proto == "" {
		return "unknown"
	}
	return proto
}

// headers returns h in the order of names, for a header keeps none.
func headers(h http.Header) []harPair {
	out := []harPair{}
	for _, name := range slices.Sorted(maps.Keys(h)) {
		for _, v := range h[name] {
			out = append(out, harPair{name, v})
		}
	}
	return out
}

// query returns the parameters of a URL in their order. net/url keeps none, and rejects what a label makes of a URL.
func query(u string) []harPair {
	u, _, _ = strings.Cut(u, "#")
	_, q, _ := strings.Cut(u, "?")
	return params(q)
}

func params(q string) []harPair {
	out := []harPair{}
	for pair := range strings.SplitSeq(q, "&") {
		if pair != "" {
			name, value, _ := strings.Cut(pair, "=")
			out = append(out, harPair{decoded(name), decoded(value)})
		}
	}
	return out
}

// decoded returns s without its form encoding, or as it is where that is broken.
func decoded(s string) string {
	if d, err := url.QueryUnescape(s); err == nil {
		return d
	}
	return s
}

// cookies returns those of Cookie headers. net/http would drop values that are labels.
func cookies(values []string) []harPair {
	out := []harPair{}
	for _, v := range values {
		for pair := range strings.SplitSeq(v, ";") {
			if name, value, ok := strings.Cut(strings.TrimSpace(pair), "="); ok {
				out = append(out, harPair{name, value})
			}
		}
	}
	return out
}

// setCookies returns those of Set-Cookie headers, each without its attributes.
func setCookies(values []string) []harPair {
	out := []harPair{}
	for _, v := range values {
		pair, _, _ := strings.Cut(v, ";")
		out = append(out, cookies([]string{pair})...)
	}
	return out
}

func postOf(m *trace.Message) *harPost {
	if m.RequestBody == "" {
		return nil
	}
	p := &harPost{MimeType: m.RequestHeader.Get("Content-Type"), Params: []harPair{}, Text: text(m.RequestBody)}
	if strings.HasPrefix(p.MimeType, "application/x-www-form-urlencoded") {
		p.Params = params(m.RequestBody)
	}
	return p
}

// text returns s in UTF-8, as JSON has no other strings.
func text(s string) string { return strings.ToValidUTF8(s, "\uFFFD") }

func contentOf(m *trace.Message) harContent {
	c := harContent{Size: len(m.ResponseBody), MimeType: m.ResponseHeader.Get("Content-Type"), Text: m.ResponseBody}
	if c.MimeType == "" {
		c.MimeType = "x-unknown" // as browsers write
	}
	if !utf8.ValidString(c.Text) {
		c.Text, c.Encoding = base64.StdEncoding.EncodeToString([]byte(c.Text)), "base64"
	}
	return c
}
