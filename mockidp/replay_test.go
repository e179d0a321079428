package mockidp_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/oidcflow/oidcflow/mockidp"
)

// entry is one request of a recording that a test makes up.
type entry struct {
	method, url, form string
	status            int
	header            map[string]string
	body              string
}

func archive(t *testing.T, entries ...entry) string {
	t.Helper()
	var list []any
	for _, e := range entries {
		headers := []any{}
		for name, value := range e.header {
			headers = append(headers, map[string]string{"name": name, "value": value})
		}
		list = append(list, map[string]any{
			"request":  map[string]any{"method": e.method, "url": e.url, "postData": map[string]string{"mimeType": "application/x-www-form-urlencoded", "text": e.form}},
			"response": map[string]any{"status": e.status, "headers": headers, "content": map[string]any{"text": e.body}},
		})
	}
	b, err := json.Marshal(map[string]any{"log": map[string]any{"entries": list}})
	require.NoError(t, err)
	return string(b)
}

func startReplay(t *testing.T, entries ...entry) *mockidp.Replay {
	t.Helper()
	r, err := mockidp.StartReplay(strings.NewReader(archive(t, entries...)), "")
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, r.Close()) })
	return r
}

// fetch asks once, without following a redirect.
func fetch(t *testing.T, method, target, form string) (*http.Response, string) {
	t.Helper()
	q, err := http.NewRequestWithContext(t.Context(), method, target, strings.NewReader(form))
	require.NoError(t, err)
	if form != "" {
		q.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	res, err := http.DefaultTransport.RoundTrip(q)
	require.NoError(t, err)
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	return res, string(body)
}

func TestReplayAnswersInTheWordsOfWhoeverAsks(t *testing.T) {
	t.Parallel()
	const app = "https://app.example.com/cb"
	r := startReplay(t,
		entry{method: "GET", url: "https://op.example/x/.well-known/openid-configuration", status: 200,
			body: `{"issuer":"https://op.example/x","a":"https:\/\/op.example\/a","b":"https\x3A\x2F\x2Fop.example"}`},
		entry{method: "GET", url: "https://op.example/a?state=«state 3f9a»&nonce=recorded-nonce-0001&redirect_uri=" + url.QueryEscape(app), status: 302,
			header: map[string]string{"Location": "/p?t=«token 12ab»", "Set-Cookie": "sid=«cookie 77aa»; Secure; Domain=op.example"}},
		entry{method: "GET", url: "https://op.example/p?t=«token 12ab»", status: 200, body: `<input value="«token 12ab»">recorded-nonce-0001`},
		entry{method: "POST", url: "https://op.example/p", form: "t=«token 12ab»&password=«password 9999»", status: 303,
			header: map[string]string{"Location": app + "?code=«code 1111»&state=«state 3f9a»"}},
	)
	require.Equal(t, r.Origins["https://op.example"]+"/x", r.Issuer)
	at := r.Origins["https://op.example"]

	for range 2 { // from the beginning again, with another state
		_, body := fetch(t, "GET", r.Issuer+"/.well-known/openid-configuration", "")
		require.Contains(t, body, `"issuer":"`+at+`/x"`)
		require.Contains(t, body, `"a":"`+strings.ReplaceAll(at, "/", `\/`)+`\/a"`)
		require.NotContains(t, body, "op.example")
		mine := url.Values{"state": {"my-state"}, "nonce": {"my-nonce"}, "redirect_uri": {"http://localhost:9/mine"}}
		res, _ := fetch(t, "GET", at+"/a?"+mine.Encode(), "")
		require.Equal(t, "/p?t=replayed-token-12ab", res.Header.Get("Location"))
		require.Equal(t, "sid=replayed-cookie-77aa; Path=/; HttpOnly", res.Header.Get("Set-Cookie"))
		_, body = fetch(t, "GET", at+"/p?t=replayed-token-12ab", "")
		require.Equal(t, `<input value="replayed-token-12ab">my-nonce`, body)
		res, _ = fetch(t, "POST", at+"/p", "t=replayed-token-12ab&password=whatever")
		require.Equal(t, "http://localhost:9/mine?code=replayed-code-1111&state=my-state", res.Header.Get("Location"))
	}
}

func TestReplayMatchesByShapeAndThenByOrder(t *testing.T) {
	t.Parallel()
	r := startReplay(t,
		entry{method: "GET", url: "https://op.example/", status: 200},
		entry{method: "POST", url: "https://op.example/t", form: "user=a", status: 200, body: "one"},
		entry{method: "POST", url: "https://op.example/t", form: "code=b", status: 200, body: "two"},
		entry{method: "POST", url: "https://op.example/t", form: "user=c", status: 200, body: "three"},
	)
	for _, c := range []struct{ form, want string }{{"code=x", "two"}, {"user=x", "one"}, {"user=x", "three"}, {"user=x", "three"}} {
		_, body := fetch(t, "POST", r.Issuer+"/t", c.form)
		require.Equal(t, c.want, body, c.form)
	}
	res, body := fetch(t, "GET", r.Issuer+"/t", "")
	require.Equal(t, http.StatusNotFound, res.StatusCode)
	require.Equal(t, "not in the recording\n", body)
}

func TestReplayOfAHostileRecordingLeadsNowhere(t *testing.T) {
	t.Parallel()
	for _, location := range []string{
		"https://evil.example/", "//evil.example/", `/\evil.example`, `\\evil.example`, "http://localhost:9/mine.evil.example/", "javascript:alert(1)",
		"http://localhost:9@evil.example/", "https://op.example.evil.example/", "http:evil.example",
	} {
		r := startReplay(t, entry{method: "GET", url: "https://op.example/", status: 302, header: map[string]string{"Location": location}})
		res, _ := fetch(t, "GET", r.Issuer+"/?redirect_uri="+url.QueryEscape("http://localhost:9/mine"), "")
		require.Equal(t, http.StatusBadGateway, res.StatusCode, location)
		require.Empty(t, res.Header.Get("Location"), location)
	}
	for _, tag := range []string{
		`<meta http-equiv="refresh" content="0;url=https://evil.example/">`, `<META content="0; //evil.example" HTTP-EQUIV=refresh>`,
		`<meta x=">" http-equiv="refresh" content="0;url=https://evil.example/">`, `<meta http-equiv=refresh content="0;url=&#104;ttps&colon;&sol;&sol;evil.example">`,
		"<meta http-equiv=refresh content='0;url=/\t/evil.example'>",
	} {
		r := startReplay(t, entry{method: "GET", url: "https://op.example/", status: 200, body: tag + "<p>text",
			header: map[string]string{"Refresh": "0;url=https://evil.example", "Link": "<https://evil.example>; rel=preload", "Content-Security-Policy": "script-src *"}})
		res, body := fetch(t, "GET", r.Issuer, "")
		require.NotRegexp(t, `(?i)http-equiv`, body)
		require.Contains(t, body, "<p>text")
		require.Empty(t, res.Header.Get("Refresh"))
		require.Empty(t, res.Header.Get("Link"))
		require.Contains(t, res.Header.Get("Content-Security-Policy"), "default-src 'none'")
		require.NotContains(t, res.Header.Get("Content-Security-Policy"), "script-src")
	}
	r := startReplay(t, entry{method: "GET", url: "https://op.example/", status: 200, body: `<meta http-equiv=refresh content="0;url=/on">`})
	_, body := fetch(t, "GET", r.Issuer, "")
	require.Contains(t, body, "http-equiv", "within the recording it goes on")
}

func TestReplayIsForThisMachineOnly(t *testing.T) {
	t.Parallel()
	r := startReplay(t, entry{method: "GET", url: "https://op.example/", status: 200, body: "x"})
	q, err := http.NewRequestWithContext(t.Context(), "GET", r.Issuer, nil)
	require.NoError(t, err)
	q.Host = "evil.example:80"
	res, err := http.DefaultTransport.RoundTrip(q)
	require.NoError(t, err)
	require.NoError(t, res.Body.Close())
	require.Equal(t, http.StatusForbidden, res.StatusCode)
	_, err = mockidp.StartReplay(strings.NewReader(archive(t, entry{method: "GET", url: "https://op.example/"})), "0.0.0.0:0")
	require.ErrorContains(t, err, "loopback only")
}

func TestReplayCutsTheLineWhereThereWasNoAnswer(t *testing.T) {
	t.Parallel()
	r := startReplay(t, entry{method: "GET", url: "https://op.example/"})
	q, err := http.NewRequestWithContext(t.Context(), "GET", r.Issuer, nil)
	require.NoError(t, err)
	_, err = http.DefaultTransport.RoundTrip(q) //nolint:bodyclose // there is none
	require.Error(t, err)
}

func TestReplayRefusesRecordings(t *testing.T) {
	t.Parallel()
	var hosts []entry
	for i := range 17 {
		hosts = append(hosts, entry{method: "GET", url: fmt.Sprintf("https://op%d.example/", i), status: 200})
	}
	for name, text := range map[string]string{
		"no JSON":            "<html>",
		"nothing":            "{}",
		"deep":               strings.Repeat(`{"log":`, 20000),
		"a file's URL":       archive(t, entry{method: "GET", url: "file:///etc/passwd"}),
		"no host":            archive(t, entry{method: "GET", url: "https:///x"}),
		"many hosts":         archive(t, hosts...),
		"a body that is not": `{"log":{"entries":[{"request":{"method":"GET","url":"http://a/"},"response":{"content":{"text":"%%","encoding":"base64"}}}]}}`,
		"too many requests":  `{"log":{"entries":[` + strings.Repeat("{},", 10001) + `{}]}}`,
		"too large":          strings.Repeat(" ", 64<<20+1),
	} {
		_, err := mockidp.StartReplay(strings.NewReader(text), "")
		require.ErrorContains(t, err, "recording", name)
	}
}
