package report_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/oidcflow/oidcflow/flow/report"
	"github.com/oidcflow/oidcflow/flow/trace"
)

// required are the members that HTTP Archive 1.2 demands, and their types: what a network panel reads without asking.
var required = map[string]map[string]string{
	"log":      {"version": "string", "creator": "map[string]interface {}", "entries": "[]interface {}", "pages": "[]interface {}"},
	"creator":  {"name": "string", "version": "string"},
	"page":     {"startedDateTime": "string", "id": "string", "title": "string", "pageTimings": "map[string]interface {}"},
	"entry":    {"startedDateTime": "string", "time": "float64", "request": "map[string]interface {}", "response": "map[string]interface {}", "cache": "map[string]interface {}", "timings": "map[string]interface {}"},
	"request":  {"method": "string", "url": "string", "httpVersion": "string", "cookies": "[]interface {}", "headers": "[]interface {}", "queryString": "[]interface {}", "headersSize": "float64", "bodySize": "float64"},
	"response": {"status": "float64", "statusText": "string", "httpVersion": "string", "cookies": "[]interface {}", "headers": "[]interface {}", "content": "map[string]interface {}", "redirectURL": "string", "headersSize": "float64", "bodySize": "float64"},
	"pair":     {"name": "string", "value": "string"},
	"postData": {"mimeType": "string", "params": "[]interface {}", "text": "string"},
	"content":  {"size": "float64", "mimeType": "string"},
	"timings":  {"send": "float64", "wait": "float64", "receive": "float64"},
}

// lists are the types of what is in the lists of an archive.
var lists = map[string]string{
	"entries": "entry", "pages": "page", "cookies": "pair", "headers": "pair", "queryString": "pair", "params": "pair",
}

func requireObject(t *testing.T, kind string, value any) {
	t.Helper()
	object, ok := value.(map[string]any)
	require.True(t, ok, kind)
	for name, want := range required[kind] {
		require.Contains(t, object, name, kind)
		require.Equal(t, want, fmt.Sprintf("%T", object[name]), "%s.%s", kind, name)
	}
	for name, member := range object {
		if strings.HasSuffix(name, "DateTime") {
			_, err := time.Parse(time.RFC3339, member.(string))
			require.NoError(t, err)
		}
		if n, ok := member.(float64); ok && !strings.HasSuffix(name, "Size") {
			require.GreaterOrEqual(t, n, 0.0, "%s.%s", kind, name)
		}
		if _, known := required[name]; known {
			requireObject(t, name, member)
		}
		if items, ok := member.([]any); ok {
			for _, item := range items {
				requireObject(t, lists[name], item)
			}
		}
	}
}

func TestHARHasWhatVersion12Requires(t *testing.T) {
	t.Parallel()
	var file map[string]any
	require.NoError(t, json.Unmarshal(archive(t), &file))
	requireObject(t, "log", file["log"])
	log := file["log"].(map[string]any)
	pages := map[any]bool{}
	for _, p := range log["pages"].([]any) {
		pages[p.(map[string]any)["id"]] = true
	}
	for _, e := range log["entries"].([]any) {
		entry := e.(map[string]any)
		require.True(t, pages[entry["pageref"]], "pageref %v names a page", entry["pageref"])
		sum := 0.0
		for _, n := range entry["timings"].(map[string]any) {
			sum += n.(float64)
		}
		require.InDelta(t, entry["time"], sum, 0.001, "the timings add up")
	}
}

func TestHARIsOrderedByBeginning(t *testing.T) {
	t.Parallel()
	log := report.NewLog()
	start := time.Date(2030, 1, 2, 3, 4, 5, 0, time.FixedZone("", 3600))
	for _, n := range []int{2, 1, 3} {
		log.Record(trace.Event{Kind: trace.HTTP, Time: start.Add(time.Duration(n) * time.Second), HTTP: &trace.Message{
			Method: "GET", URL: fmt.Sprintf("https://a.example/%d", n), ResponseBody: "\xff\x00",
			RequestHeader: http.Header{"B": {"2", "1"}, "A": {"0"}},
		}})
	}
	log.Record(trace.Event{Kind: trace.HTTP}) // without a message: nothing to show
	var one, two bytes.Buffer
	require.NoError(t, log.HAR(&one, "x"))
	require.NoError(t, log.HAR(&two, "x"))
	require.Equal(t, one.String(), two.String())
	var file struct {
		Log struct {
			Entries []struct {
				StartedDateTime string
				Request         struct {
					URL     string
					Headers []struct{ Name, Value string }
				}
				Response struct {
					Content struct{ Text, Encoding string }
				}
			}
		}
	}
	require.NoError(t, json.Unmarshal(one.Bytes(), &file))
	require.Len(t, file.Log.Entries, 3)
	for i, e := range file.Log.Entries {
		require.Equal(t, fmt.Sprintf("https://a.example/%d", i+1), e.Request.URL)
		require.Equal(t, fmt.Sprintf("2030-01-02T02:04:0%d.000Z", 6+i), e.StartedDateTime)
		require.Equal(t, []struct{ Name, Value string }{{"A", "0"}, {"B", "2"}, {"B", "1"}}, e.Request.Headers)
		require.Equal(t, "base64", e.Response.Content.Encoding)
		require.Equal(t, base64.StdEncoding.EncodeToString([]byte("\xff\x00")), e.Response.Content.Text)
	}
}
