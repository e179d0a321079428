package trace_test

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"html"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/oidcflow/oidcflow/flow/trace"
)

// encodings are the ways in which a value may be written into a text.
var encodings = []struct {
	name   string
	encode func(string) string
}{
	{"raw", func(v string) string { return v }},
	{"query", url.QueryEscape},
	{"path", url.PathEscape},
	{"query in lower case", func(v string) string {
		return regexp.MustCompile(`%[0-9A-F]{2}`).ReplaceAllStringFunc(url.QueryEscape(v), strings.ToLower)
	}},
	{"every byte percent-encoded", func(v string) string {
		var b strings.Builder
		for i := range len(v) {
			fmt.Fprintf(&b, "%%%02x", v[i])
		}
		return b.String()
	}},
	{"JSON", jsonString},
	{"JSON in JSON", func(v string) string { return jsonString(jsonString(v)) }},
	{"HTML", html.EscapeString},
	{"URL in HTML", func(v string) string { return html.EscapeString(url.QueryEscape(v)) }},
	{"query in a query", func(v string) string { return url.QueryEscape(url.QueryEscape(v)) }},
	{"%q", func(v string) string { q := strconv.Quote(v); return q[1 : len(q)-1] }},
	{"hex", func(v string) string { return hex.EncodeToString([]byte(v)) }},
	{"hex in upper case", func(v string) string { return strings.ToUpper(hex.EncodeToString([]byte(v))) }},
	{"base64", func(v string) string { return base64.StdEncoding.EncodeToString([]byte(v)) }},
	{"base64 after one byte", func(v string) string { return base64.StdEncoding.EncodeToString([]byte(":" + v + ";;")) }},
	{"base64 after two bytes", func(v string) string { return base64.StdEncoding.EncodeToString([]byte("a:" + v)) }},
	{"base64url", func(v string) string { return base64.RawURLEncoding.EncodeToString([]byte(v)) }},
	{"base64url after one byte", func(v string) string { return base64.RawURLEncoding.EncodeToString([]byte(":" + v + "?")) }},
	{"base64url after two bytes", func(v string) string { return base64.RawURLEncoding.EncodeToString([]byte("a:" + v + ":c")) }},
	{"base64 of a query, as RFC 6749 §2.3.1", func(v string) string {
		return base64.StdEncoding.EncodeToString([]byte("web:" + url.QueryEscape(v)))
	}},
}

func jsonString(v string) string {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return string(b[1 : len(b)-1])
}

// canary has what each encoding treats apart.
const canary = `s3cr+t/ "ü<&'\%41=~`

var label = regexp.MustCompile(`«[A-Za-z0-9_-]+ [0-9a-f]{4}»`)

func TestStringHidesALearnedValueInEveryEncoding(t *testing.T) {
	t.Parallel()
	for _, enc := range encodings {
		t.Run(enc.name, func(t *testing.T) {
			t.Parallel()
			r := trace.NewRedactor()
			r.Learn(trace.NewSecret("password", canary))
			for _, around := range [][2]string{{"", ""}, {"typed ", " here"}, {"x", "y"}, {"?q=", "&r=1"}} {
				written := enc.encode(canary)
				got := r.String(around[0] + written + around[1])
				require.Len(t, label.FindAllString(got, -1), 1, got)
				if !strings.Contains(enc.name, "base64") {
					require.Equal(t, around[0]+"«»"+around[1], label.ReplaceAllString(got, "«»"))
				}
				require.Equal(t, got, r.String(got), "a second time")
			}
		})
	}
}

func TestNoPartOfAValueStaysAtTheEdgesInBase64(t *testing.T) {
	t.Parallel()
	r := trace.NewRedactor()
	r.Learn(trace.NewSecret("client_secret", "hunter22"))
	got := r.String("Basic! " + base64.StdEncoding.EncodeToString([]byte("i:hunter22")))
	require.Regexp(t, `^Basic! aT«client_secret [0-9a-f]{4}»==$`, got)
}

func TestLabelsTellValuesApart(t *testing.T) {
	t.Parallel()
	r := trace.NewRedactor()
	r.Learn(trace.NewSecret("access_token", "first-token-1"), trace.NewSecret("access_token", "other-token-2"))
	first, other := r.String("first-token-1"), r.String("other-token-2")
	require.Regexp(t, `^«access_token [0-9a-f]{4}»$`, first)
	require.NotEqual(t, first, other)
	require.Equal(t, first, r.String("?access_token=first-token-1")[len("?access_token="):])
	another := trace.NewRedactor()
	another.Learn(trace.NewSecret("access_token", "first-token-1"))
	labels := map[string]bool{first: true, another.String("first-token-1"): true}
	for range 4 { // a chance of 2^-16 each that two keys agree
		r := trace.NewRedactor()
		r.Learn(trace.NewSecret("access_token", "first-token-1"))
		labels[r.String("first-token-1")] = true
	}
	require.Greater(t, len(labels), 1, "the key is new for each")
}

func TestStringHidesByName(t *testing.T) {
	t.Parallel()
	const v = "Zq8-planted-7Lk"
	for _, c := range []struct{ name, text, want string }{
		{"query", "https://a.example/cb?code=" + v + "&iss=x", "https://a.example/cb?code=«code»&iss=x"},
		{"fragment", "https://a.example/cb#id_token=" + v, "https://a.example/cb#id_token=«id_token»"},
		{"link in prose", "went to https://a.example/cb?code=" + v + " at once", "went to https://a.example/cb?code=«code» at once"},
		{"form", "username=alice&password=" + v, "username=alice&password=«password»"},
		{"form with brackets", "user[password]=" + v, "user[password]=«password»"},
		{"URL in a URL", "/login?fromURI=%2Fcb%3Fcode%3D" + v + "%26x%3D1", "/login?fromURI=%2Fcb%3Fcode%3D«code»%26x%3D1"},
		{"JSON", `{"access_token": "` + v + `", "expires_in": 3600}`, `{"access_token": "«access_token»", "expires_in": 3600}`},
		{"JSON, deep", `{"a":[{"b":{"refreshToken":"` + v + `"}}]}`, `{"a":[{"b":{"refreshToken":"«refresh_token»"}}]}`},
		{"JSON, cut", `{"a":1,"id_token":"` + v, `{"a":1,"id_token":"«id_token»`},
		{"JSON, a number", `{"passcode": 123456}`, `{"passcode": «passcode»}`},
		{"JSON, a list", `{"answer":["` + v + `", "` + v + `"]}`, `{"answer":["«answer»", "«answer»"]}`},
		{"JSON, Okta's credentials", `{"password":{"value":"` + v + `"}}`, `{"password":{"value":"«password»"}}`},
		{"JSON in JSON", `{"body":"{\"code\":\"` + v + `\"}"}`, `{"body":"{\"code\":\"«code»\"}"}`},
		{"JSON, a word", `{"code":"invalid_grant"}`, `{"code":"invalid_grant"}`},
		{"script", `var stateToken = '` + v + `';`, `var stateToken = '«stateToken»';`},
		{"script, Okta's escapes", `{stateToken: "Zq8\x2Dplanted\x2D7Lk"}`, `{stateToken: "«stateToken»"}`},
		{"header in a dump", "Authorization: Bearer " + v + "\r\nAccept: a", "Authorization: Bearer «authorization»\r\nAccept: a"},
		{"cookie in a dump", "cookie: sid=" + v + "; a=b\n", "cookie: sid=«cookie»; a=«cookie»\n"},
		{"hidden field", `<input value="` + v + `" type=hidden name="code">`, `<input value="«code»" type=hidden name="code">`},
		{"hidden field in HTML's escapes", `<INPUT name='state' value='Zq8&#45;planted-7Lk'/>`, `<INPUT name='state' value='«state»'/>`},
		{"password field", `<input name=x type="password" value=` + v + `>`, `<input name=x type="password" value=«password»>`},
		{"other field", `<input name=x value=` + v + `>`, `<input name=x value=` + v + `>`},
		{"multipart", "--b\r\nContent-Disposition: form-data; name=\"password\"\r\n\r\n" + v + "\r\n--b--",
			"--b\r\nContent-Disposition: form-data; name=\"password\"\r\n\r\n«password»\r\n--b--"},
		{"bearer", "sent Bearer " + v + "-0123456789", "sent Bearer «authorization»"},
		{"a challenge is none", `Bearer realm="` + v + `"`, `Bearer realm="` + v + `"`},
		{"JWT", "got eyJhbGciOiJub25lIn0.e30.c2ln.", "got «jwt»"},
		{"password in a URL", "http://user:" + v + "@proxy:3128", "http://user:«password»@proxy:3128"},
		{"prose", "password: want at least 8 characters", "password: want at least 8 characters"},
		{"other names", "response_type=code&code_challenge=" + v + "&token_type=x", "response_type=code&code_challenge=" + v + "&token_type=x"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			r := trace.NewRedactor()
			got := r.String(c.text)
			require.Equal(t, c.want, regexp.MustCompile(` [0-9a-f]{4}»`).ReplaceAllString(got, "»"))
			require.Equal(t, got, r.String(got), "a second time")
			if got != c.text && strings.Contains(c.text, v) && c.name != "bearer" {
				require.NotContains(t, r.String("later: "+v), v, "learned by its name")
			}
		})
	}
}

func TestShortValuesAreNotLookedFor(t *testing.T) {
	t.Parallel()
	r := trace.NewRedactor()
	r.Learn(trace.NewSecret("pin", "123"), trace.NewSecret("pin", ""))
	require.Equal(t, "12345", r.String("12345"))
}

// RFC 7516 §7.1: a JWE has five parts, and with alg "dir" the second is empty; a provider may leave others empty too.
func TestEmptyPartsOfTokens(t *testing.T) {
	t.Parallel()
	for _, token := range []string{
		"eyJhbGciOiJkaXIifQ..aXYtaXYtaXY.Y2lwaGVydGV4dA.dGFnLXRhZw", "eyJ....", "eyJ..", "eyJhbGciOiJub25lIn0.e30.",
	} {
		for _, text := range []string{"stateToken = '" + token + "'", "token " + token, "?code=" + token} {
			r := trace.NewRedactor()
			r.Learn(trace.NewSecret("token", token))
			require.NotContains(t, r.String(text), token)
			require.NotPanics(t, func() { trace.NewRedactor().String(text) }, text)
		}
	}
}

func TestPartsOfJWTs(t *testing.T) {
	t.Parallel()
	signature := "a signature's bytes"
	jwt := "eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJhbGljZSJ9." + base64.RawURLEncoding.EncodeToString([]byte(signature))
	r := trace.NewRedactor()
	r.Learn(trace.NewSecret("id_token", jwt))
	want := r.String(jwt)
	for _, part := range append(strings.Split(jwt, "."), signature, hex.EncodeToString([]byte(signature))) {
		require.Equal(t, want, r.String(part))
	}
}

func TestOverlappingValuesLeaveNothing(t *testing.T) {
	t.Parallel()
	r := trace.NewRedactor()
	r.Learn(trace.NewSecret("a", "abcdef"), trace.NewSecret("b", "defghi"))
	require.Regexp(t, `^<«a [0-9a-f]{4}»>$`, r.String("<abcdefghi>"))
}

func TestEventLearnsFromEveryFieldFirst(t *testing.T) {
	t.Parallel()
	r := trace.NewRedactor()
	header := http.Header{
		"Authorization": {"Basic " + base64.StdEncoding.EncodeToString([]byte("web:basic-s3cret"))},
		"Cookie":        {"sid=cookie-v4lue-1; lang=en"},
	}
	in := trace.Event{
		Kind: trace.HTTP, Name: "tok3n-in-the-body", Message: "basic-s3cret", Title: "cookie-v4lue-1",
		Data: []byte("set-c00kie-value"),
		HTTP: &trace.Message{
			Method: "POST", URL: "https://op.example/token?x=c0de-in-location", RequestHeader: header,
			RequestBody: `{"password":"correct horse"}`,
			ResponseHeader: http.Header{
				"Set-Cookie": {"sid=set-c00kie-value; Path=/; HttpOnly"},
				"Location":   {"https://app.example/cb?code=c0de-in-location"},
			},
			ResponseBody: `{"access_token":"tok3n-in-the-body"} correct horse`,
		},
	}
	out := r.Event(in)
	require.Equal(t, "web:basic-s3cret", func() string {
		_, b64, _ := strings.Cut(in.HTTP.RequestHeader.Get("Authorization"), " ")
		b, err := base64.StdEncoding.DecodeString(b64)
		require.NoError(t, err)
		return string(b)
	}(), "what went in is unchanged")
	all, err := json.Marshal(out)
	require.NoError(t, err)
	for _, v := range []string{"tok3n", "basic-s3cret", "v4lue", "c00kie", "c0de", "horse", base64.StdEncoding.EncodeToString([]byte("web:"))} {
		require.NotContains(t, string(all)+string(out.Data), v)
	}
	require.Regexp(t, `^sid=«cookie [0-9a-f]{4}»; Path=/; HttpOnly$`, out.HTTP.ResponseHeader.Get("Set-Cookie"))
	require.Regexp(t, `^sid=«cookie [0-9a-f]{4}»; lang=«cookie [0-9a-f]{4}»$`, out.HTTP.RequestHeader.Get("Cookie"))
	require.Equal(t, out, r.Event(out), "a second time")
}

func TestABodyCutWithinAValue(t *testing.T) {
	t.Parallel()
	r := trace.NewRedactor()
	r.Learn(trace.NewSecret("access_token", "abcdefghijkl"))
	out := r.Event(trace.Event{HTTP: &trace.Message{ResponseBody: "before abcdefgh", Truncated: true}})
	require.Regexp(t, `^before «access_token [0-9a-f]{4}»$`, out.HTTP.ResponseBody)
}

func TestImagesStayAsTheyAre(t *testing.T) {
	t.Parallel()
	r := trace.NewRedactor()
	png := []byte("\x89PNG\r\n\x1a\n\xff\x00code=abcdefgh")
	require.Equal(t, png, r.Event(trace.Event{Kind: trace.File, Data: png}).Data)
}

func TestTheDoorHidesFromAllSinks(t *testing.T) {
	t.Parallel()
	var one, two list
	door := trace.NewRedactor().Recorder(&one, &two)
	ctx := trace.WithRecorder(t.Context(), door)
	trace.Learn(ctx, trace.NewSecret("password", "correct horse"))
	trace.Record(ctx, trace.Event{Kind: trace.Note, Message: "typed correct horse"})
	require.Regexp(t, `^typed «password [0-9a-f]{4}»$`, one.all()[0].Message)
	require.Equal(t, one.all(), two.all())
}

func TestAProviderCannotFillTheMemory(t *testing.T) {
	t.Parallel()
	r := trace.NewRedactor()
	var b strings.Builder
	for i := range 6000 {
		fmt.Fprintf(&b, `"token":"value-%05d",`, i)
	}
	got := r.String(b.String())
	require.NotContains(t, got, "value-", "redacted where the name stands even so")
	require.Equal(t, "value-05999", r.String("value-05999"), "beyond the bound it is not learned")
	r.Learn(trace.NewSecret("password", "correct horse"), trace.NewSecret("token", "value-00999"))
	require.NotContains(t, r.String("correct horse"), "horse")
	require.NotContains(t, r.String("value-00999"), "value", "known by its name before, and told of now")
}

func TestRedactorAtOnce(t *testing.T) {
	t.Parallel()
	r := trace.NewRedactor()
	var wg sync.WaitGroup
	for g := range 8 {
		wg.Go(func() {
			for i := range 50 {
				v := fmt.Sprintf("value-%d-%d", g, i)
				r.Learn(trace.NewSecret("token", v))
				if got := r.String("x " + v + " y?code=c" + v); strings.Contains(got, v) {
					t.Errorf("String left %q in %q", v, got)
				}
			}
		})
	}
	wg.Wait()
}

// list is a sink that keeps what it gets.
type list struct {
	mu     sync.Mutex
	events []trace.Event
}

func (l *list) Record(e trace.Event) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.events = append(l.events, e)
}

func (l *list) all() []trace.Event {
	l.mu.Lock()
	defer l.mu.Unlock()
	return append([]trace.Event(nil), l.events...)
}

func TestTwoLayersAreSeenThroughWhereAllKindsOfEscapesAre(t *testing.T) {
	t.Parallel()
	const noise = `<a href="/x?a=1+2&amp;b=%25%2B%2525&amp;amp;"> {"a":"\\\"\/ %5C +"} `
	for name, encode := range map[string]func(string) string{
		"JSON in JSON":   func(v string) string { return jsonString(jsonString(v)) },
		"JSON in HTML":   func(v string) string { return html.EscapeString(jsonString(v)) },
		"HTML in JSON":   func(v string) string { return jsonString(html.EscapeString(v)) },
		"HTML in HTML":   func(v string) string { return html.EscapeString(html.EscapeString(v)) },
		"query in JSON":  func(v string) string { return jsonString(url.QueryEscape(v)) },
		"JSON in query":  func(v string) string { return url.QueryEscape(jsonString(v)) },
		"HTML in query":  func(v string) string { return url.QueryEscape(html.EscapeString(v)) },
		"query in query": func(v string) string { return url.QueryEscape(url.QueryEscape(v)) },
	} {
		r := trace.NewRedactor()
		r.Learn(trace.NewSecret("password", canary))
		got := r.String(noise + encode(canary) + noise)
		require.Equal(t, noise+"«»"+noise, label.ReplaceAllString(got, "«»"), name)
	}
}

// TestPicturesAreHidden: what an authenticator app scans is a picture of its secret, and no redactor reads pictures.
func TestPicturesAreHidden(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		`{"href":"data:image\/png;base64,iVBORw0KGgo\/+A=="}`: `{"href":"data:image\/png;base64,«picture»"}`,
		`<img src='data:image/svg+xml,%3Csvg%3Esecret'>`:      `<img src='data:image/svg+xml,«picture»'>`,
		`data:image/png;base64,iVBORw0KGgo cut`:               `data:image/png;base64,«picture» cut`,
		`data:text/plain,hello`:                               `data:text/plain,hello`,
		`{"data":"image of a cat, sleeping"}`:                 `{"data":"image of a cat, sleeping"}`,
	} {
		got := regexp.MustCompile(`«picture [0-9a-f]{4}»`).ReplaceAllString(trace.NewRedactor().String(text), "«picture»")
		require.Equal(t, want, got)
	}
}
