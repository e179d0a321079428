package report_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/oidcflow/oidcflow/flow"
	"github.com/oidcflow/oidcflow/flow/report"
	"github.com/oidcflow/oidcflow/flow/trace"
)

// bundled writes events as artefacts, and returns the files by name.
func bundled(t *testing.T, err error, events ...trace.Event) map[string]string {
	t.Helper()
	folder, ferr := report.Artifacts(t.TempDir())
	require.NoError(t, ferr)
	for _, e := range events {
		folder.Record(e)
	}
	folder.Describe(report.Call{Command: "token", Settings: []report.Setting{{Name: "issuer", From: "flag"}}})
	folder.Fail(err, trace.NewRedactor())
	require.NoError(t, folder.Close())
	files := map[string]string{}
	for _, path := range folder.Paths() {
		b, err := os.ReadFile(path)
		require.NoError(t, err)
		files[filepath.Base(path)] = string(b)
	}
	return files
}

// There is no redactor in front of these: what the list does not name is not in the bundle, secret or not.
func TestBundleIsMadeByAllowList(t *testing.T) {
	t.Parallel()
	text := bundled(t, nil, plantAll("c4nary")...)[report.BundleName]
	for _, place := range []string{"m ", "t ", "d ", "rb ", "sb ", "v ", "POST", "HTTP/1.1", "X-", "u="} {
		require.NotContains(t, text, place+"c4nary")
	}
	require.NotContains(t, bundled(t, nil, trace.Event{Kind: trace.Action, Name: "press c4nary"})[report.BundleName], "c4nary")
	for _, place := range []string{"n ", "fi ", "k ", "c."} { // names, fields, keys and codes are what it is for
		require.Contains(t, text, place+"c4nary")
	}
}

func TestBundleTellsWhatHappened(t *testing.T) {
	t.Parallel()
	failure := &flow.Error{Step: trace.SignIn, Code: "signin.unknown_page", Err: errors.New("nobody knows it"), Hint: "look", RequestID: "req-1"}
	text := bundled(t, failure, recorded(t, "signin.jsonl")...)[report.BundleName]
	var b struct {
		Version  int
		Command  string
		Error    map[string]string
		Timeline []struct{ What, Step, Code string }
		Screens  []struct{ Name string }
		Files    []struct {
			Name string
			Size int
		}
	}
	require.NoError(t, json.Unmarshal([]byte(text), &b))
	require.Equal(t, 1, b.Version)
	require.Equal(t, "token", b.Command)
	require.Equal(t, map[string]string{"step": "signin", "code": "signin.unknown_page", "message": "signin: nobody knows it (request req-1)",
		"hint": "look", "request_id": "req-1"}, b.Error)
	require.NotEmpty(t, b.Timeline)
	require.NotEmpty(t, b.Screens)
	require.Len(t, b.Files, 3)
	require.Equal(t, "exchange.har", b.Files[0].Name)
	require.Positive(t, b.Files[0].Size)
}

func TestBundleIsBounded(t *testing.T) {
	t.Parallel()
	var events []trace.Event
	for range 5000 {
		events = append(events, trace.Event{Kind: trace.Page, Name: "x"}, trace.Event{Kind: trace.Action, Name: "fill x"})
	}
	require.Less(t, len(bundled(t, nil, events...)[report.BundleName]), 1<<20)
}

func TestPrivateHostsHaveMadeUpNames(t *testing.T) {
	t.Parallel()
	for host, private := range map[string]bool{
		"idp": true, "idp.corp": true, "sso.example.internal": true, "10.1.2.3": true, "192.168.0.9": true, "169.254.1.1": true, "100.64.3.4": true,
		"login.example.com": false, "localhost": false, "127.0.0.1": false, "8.8.8.8": false,
	} {
		files := bundled(t, nil, trace.Event{Kind: trace.HTTP, HTTP: &trace.Message{
			Method: "GET", URL: "https://" + host + ":8443/a?state=«state 3f9a»", Status: 302,
			ResponseHeader: http.Header{"Location": {"/b?next=https%3A%2F%2F" + host + "%2F"}}, ResponseBody: `{"issuer":"https://` + host + `"}`,
		}})
		for _, name := range []string{"exchange.har", "events.jsonl"} {
			require.Equal(t, private, strings.Contains(files[name], "https://private-1.invalid:8443/a"), "%s in %s", host, name)
			require.Equal(t, !private, strings.Contains(files[name], "//"+host), "%s in %s", host, name)
			require.Equal(t, !private, strings.Contains(files[name], "%2F%2F"+host+"%2F"), "%s in %s", host, name)
		}
	}
}
