package report_test

import (
	"bytes"
	"encoding/json"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/net/html"

	"github.com/oidcflow/oidcflow/flow/report"
	"github.com/oidcflow/oidcflow/flow/trace"
)

// tokens are of a person.
func tokens() []report.Token {
	return []report.Token{{Name: "ID token", Header: map[string]any{"alg": "RS256", "kid": "<k>"},
		Claims: map[string]any{"iss": "https://op.example.com", "exp": json.Number("1893557045"), "email": "alice@example.com", "name": "Alice </script>"}}}
}

// exchanged returns a suite with a recorded exchange, as the program fills one: behind the door.
func exchanged(t testing.TB) *report.Suite {
	t.Helper()
	log := report.NewLog()
	ctx := trace.WithRecorder(t.Context(), trace.NewRedactor().Recorder(log))
	for _, e := range recorded(t, "signin.jsonl") {
		trace.Record(ctx, e)
	}
	trace.Record(ctx, trace.Event{Kind: trace.File, Name: "page.png", Data: []byte("\x89PNG\r\n\x1a\nrest"), Time: log.Events()[0].Time})
	s := suite()
	s.Log, s.Tokens = log, tokens()
	return s
}

func TestHTML(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	require.NoError(t, report.HTML(&b, report.HTMLOptions{Creator: "oidcflow test"}, exchanged(t), &report.Suite{Name: "nothing"}))
	golden(t, "report.html", b.Bytes())
}

// inert are the elements that may be in a report, with the attributes that could fetch or run something.
func TestHTMLFetchesAndRunsNothing(t *testing.T) {
	t.Parallel()
	evil := `"><script>alert(1)</script><img src=x onerror=alert(1)><style>*{}</style>`
	s := suite()
	s.Name = evil
	s.Log = report.NewLog()
	for _, e := range plantAll(evil) {
		s.Log.Record(e)
	}
	s.Properties = append(s.Properties, report.Property{Name: evil, Value: evil})
	s.Tokens = append(tokens(), report.Token{Name: evil, Claims: map[string]any{evil: evil}})
	s.Cases = append(s.Cases, report.Case{Name: evil, Title: evil, Group: evil, Ref: "javascript:alert(1)", Message: evil, Want: evil, Got: evil, Hint: evil, File: evil})
	var b bytes.Buffer
	require.NoError(t, report.HTML(&b, report.HTMLOptions{Creator: evil}, s))
	z := html.NewTokenizer(&b)
	styles := 0
	for {
		kind := z.Next()
		if kind == html.ErrorToken {
			require.Equal(t, io.EOF, z.Err())
			break
		}
		if kind != html.StartTagToken && kind != html.SelfClosingTagToken {
			continue
		}
		tag := z.Token()
		require.NotContains(t, []string{"script", "iframe", "link", "object", "embed", "form", "base", "input"}, tag.Data)
		if tag.Data == "style" {
			styles++
		}
		for _, a := range tag.Attr {
			require.False(t, strings.HasPrefix(a.Key, "on"), a.Key)
			switch a.Key {
			case "src":
				require.True(t, strings.HasPrefix(a.Val, "data:image/png;"), a.Val)
			case "href":
				require.True(t, strings.HasPrefix(a.Val, "#") || strings.HasPrefix(a.Val, "https://www.rfc-editor.org/") || strings.HasPrefix(a.Val, "https://openid.net/specs/"), a.Val)
			case "style":
				require.Fail(t, "the policy would not let it")
			}
		}
	}
	require.Equal(t, 1, styles)
}

func TestHTMLFoldsClaimsAboutAPerson(t *testing.T) {
	t.Parallel()
	for _, open := range []bool{false, true} {
		var b bytes.Buffer
		require.NoError(t, report.HTML(&b, report.HTMLOptions{Personal: open}, exchanged(t)))
		folded, ok := strings.CutPrefix(b.String()[strings.Index(b.String(), "Claims about a person")-len("<details open><summary>"):], "<details open>")
		require.Equal(t, open, ok)
		require.Contains(t, folded, "alice@example.com")
	}
}

func TestRefURL(t *testing.T) {
	t.Parallel()
	for ref, want := range map[string]string{
		"RFC 6749 §4.1.2": "https://www.rfc-editor.org/rfc/rfc6749#section-4.1.2",
		"RFC 9700":        "https://www.rfc-editor.org/rfc/rfc9700",
		"OpenID Connect Core 1.0 §3.1.3.7 item 3": "https://openid.net/specs/openid-connect-core-1_0.html",
		"javascript:alert(1)":                     "",
		"":                                        "",
		"see RFC 6749":                            "",
		"OpenID Connect Discovery 1.0 §4.3, and 4": "https://openid.net/specs/openid-connect-discovery-1_0.html",
	} {
		require.Equal(t, want, report.RefURL(ref), ref)
	}
}
