package report_test

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/oidcflow/oidcflow/flow"
	"github.com/oidcflow/oidcflow/flow/report"
	"github.com/oidcflow/oidcflow/flow/trace"
)

// spelled returns v in every encoding in which a sink may show it.
func spelled(t testing.TB, v string) map[string]string {
	t.Helper()
	js, err := json.Marshal(v)
	require.NoError(t, err)
	all := map[string]string{
		"raw": v, "query": url.QueryEscape(v), "path": url.PathEscape(v), "JSON": string(js[1 : len(js)-1]),
		"HTML": html.EscapeString(v), "hex": hex.EncodeToString([]byte(v)), "%q": strings.Trim(fmt.Sprintf("%q", v), `"`),
	}
	for n, before := range []string{"", "a", "ab"} {
		all[fmt.Sprintf("base64 after %d", n)] = base64.StdEncoding.EncodeToString([]byte(before + v + "...")[:n+len(v)])
		all[fmt.Sprintf("base64url after %d", n)] = base64.RawURLEncoding.EncodeToString([]byte(before + v))
	}
	return all
}

// canaries are a secret that the recorder was told of, and those that only their names tell of.
const (
	told      = `t0ld & "c4nary"/x+y`
	inQuery   = "qu3ry-c4nary-0001"
	inJSON    = "js0n-c4nary-00002"
	inHeader  = "h34der-c4nary-003"
	inCookie  = "c00kie-c4nary-004"
	inForm    = "f0rm-c4nary-00005"
	inMarkup  = "m4rkup-c4nary-006"
	inRequest = "r3quest c4nary"
)

// plantAll returns an event of each kind with text in each of its fields.
func plantAll(text string) []trace.Event {
	var all []trace.Event
	for _, kind := range []trace.Kind{
		trace.Begin, trace.HTTP, trace.Page, trace.Action, trace.Verified, trace.Note, trace.Warning, trace.File, trace.End,
	} {
		e := trace.Event{
			Time: time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC), Step: trace.SignIn, Kind: kind,
			Message: "m " + text, Code: "c." + text, URL: "https://op.example/?u=" + text, Title: "t " + text,
			Fields: []string{"fi " + text}, Keys: []string{"k " + text}, Data: []byte("d " + text),
		}
		if kind != trace.File {
			e.Name = "n " + text
		} else {
			e.Name = "file.txt"
		}
		if kind == trace.HTTP {
			h := func() http.Header {
				return http.Header{"X-Some": {"v " + text}, "X-" + text: {"x"}, "Location": {"https://a.example/#x=" + text}}
			}
			e.HTTP = &trace.Message{
				Method: "POST" + text, URL: "https://op.example/" + text, Proto: "HTTP/1.1" + text, RequestHeader: h(),
				RequestBody: "rb " + text, Status: 200, ResponseHeader: h(), ResponseBody: "sb " + text,
			}
		}
		all = append(all, e)
	}
	return all
}

// named is an exchange in which names tell of secrets.
func named() trace.Event {
	return trace.Event{Kind: trace.HTTP, Step: trace.SignIn, HTTP: &trace.Message{
		Method: "POST", URL: "https://op.example/cb?code=" + inQuery,
		RequestHeader: http.Header{"Authorization": {"Bearer " + inHeader}, "Cookie": {"sid=" + inCookie}},
		RequestBody:   `{"password":"` + inRequest + `"}`, Status: 200,
		ResponseHeader: http.Header{"Location": {"https://a.example/#x=1&refresh_token=" + inForm}},
		ResponseBody:   `{"a":[{"access_token":"` + inJSON + `"}],"page":"<input type=hidden name=state value='` + inMarkup + `'>"}`,
	}}
}

// sinks writes events through the door into every report there is, and returns all that came out.
func sinks(t *testing.T, events []trace.Event) string {
	t.Helper()
	var out bytes.Buffer
	folder, err := report.Artifacts(filepath.Join(t.TempDir(), "a"))
	require.NoError(t, err)
	r := trace.NewRedactor()
	ctx := trace.WithRecorder(t.Context(), r.Recorder(
		report.Console(&out, report.ConsoleOptions{}),
		report.Console(&out, report.ConsoleOptions{Verbose: true, Color: true, GitHub: true}),
		report.JSON(&out), folder,
	))
	trace.Learn(ctx, trace.NewSecret("password", told, "op.example"))
	for _, e := range events {
		trace.Record(ctx, e)
	}
	folder.Describe(report.Call{Command: "token"})
	for _, e := range events {
		if e.Message != "" {
			folder.Fail(&flow.Error{Step: trace.SignIn, Code: "signin.x", Err: errors.New(e.Message), Hint: e.Message, RequestID: e.Message}, r)
			break
		}
	}
	require.NoError(t, folder.Close())
	for _, path := range folder.Paths() {
		b, err := os.ReadFile(path)
		require.NoError(t, err)
		out.Write(b)
	}
	return out.String()
}

func TestCanaryInNoReport(t *testing.T) {
	t.Parallel()
	for planted, text := range spelled(t, told) {
		t.Run(planted, func(t *testing.T) {
			t.Parallel()
			out := sinks(t, plantAll(text))
			require.Contains(t, out, "«password ")
			for encoding, written := range spelled(t, told) {
				require.NotContains(t, out, written, encoding)
				// A sink that encodes anew would write it so.
				for _, again := range spelled(t, written) {
					require.NotContains(t, out, again, encoding)
				}
			}
		})
	}
}

func TestCanaryKnownByItsName(t *testing.T) {
	t.Parallel()
	events := []trace.Event{named()}
	canaries := []string{inQuery, inJSON, inHeader, inCookie, inForm, inMarkup, inRequest}
	for _, v := range canaries {
		for _, text := range spelled(t, v) {
			events = append(events, plantAll(text)...)
		}
	}
	out := sinks(t, events)
	for _, v := range canaries {
		for encoding, written := range spelled(t, v) {
			require.NotContains(t, out, written, encoding)
		}
	}
}

// Without the door the canaries are seen: the tests above look in the right place.
func TestCanaryWithoutTheDoor(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	log := report.NewLog()
	sinks := []trace.Recorder{report.Console(&out, report.ConsoleOptions{Verbose: true}), report.JSON(&out), log}
	for _, e := range plantAll("c4nary") {
		for _, s := range sinks {
			s.Record(e)
		}
	}
	require.NoError(t, log.HAR(io.MultiWriter(&out), "x"))
	for _, field := range []string{"m ", "t ", "n ", "rb ", "sb ", "v ", "POST", "HTTP/1.1", "X-", "c."} {
		require.Contains(t, out.String(), field+"c4nary")
	}
}

func TestErrorsThroughTheRedactor(t *testing.T) {
	t.Parallel()
	r := trace.NewRedactor()
	r.Learn(trace.NewSecret("password", told))
	err := &url.Error{Op: "Get", URL: "https://a.example/?x=" + url.QueryEscape(told) + "&code=" + inQuery, Err: fmt.Errorf("typed %q", told)}
	out := r.String(report.ErrorText(err)) + string(r.Bytes(report.ErrorLine(err, "")))
	for _, v := range []string{told, inQuery} {
		for encoding, written := range spelled(t, v) {
			require.NotContains(t, out, written, encoding)
		}
	}
}
