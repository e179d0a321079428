package signin_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/oidcflow/oidcflow/flow"
	"github.com/oidcflow/oidcflow/flow/signin"
	"github.com/oidcflow/oidcflow/flow/trace"
	"github.com/stretchr/testify/require"
)

// Pieces of an organisation of Okta.
const (
	hosted = `<title>Sign in</title><form id="x509_login"><input type="hidden" name="fromURI" value="&#x2f;x"></form><script>var stateToken = 'eyJ6\x2Dtoken';` +
		`var fromUri = '';</script>`
	handle   = `{"name":"stateHandle","required":true,"value":"02.id","mutable":false}`
	identify = `{"stateHandle":"02.id","remediation":{"value":[{"name":"identify","href":"/idp/idx/identify","method":"POST","accepts":"application/vnd.okta.v1+json","value":[
		{"name":"identifier","required":true},{"name":"credentials","required":true,"form":{"value":[{"name":"passcode"}]}},` + handle + `]}]}}`
	signedIn  = `{"stateHandle":"02.id","success":{"name":"success-redirect","href":"/login/token/redirect?stateToken=02.id"}}`
	rateLimit = `{"errorCode":"E0000047","errorSummary":"API call exceeded rate limit due to too many requests."}`
)

// org is an organisation made of a few answers. A path with several gives one after the other, and the last for ever.
type org struct {
	*site
	answers map[string][]string
	header  []http.Header
}

// startOrg serves answers by path: "429 BODY" is an answer with that status. %LOCAL% is the site by the name localhost.
func startOrg(t *testing.T, answers map[string][]string) *org {
	o := &org{answers: answers}
	handlers := map[string]http.HandlerFunc{}
	for path := range answers {
		handlers[path] = o.answer
	}
	pages := map[string]string{"/login/token/redirect": done}
	if answers["/authorize"] == nil {
		pages["/authorize"] = hosted
	}
	o.site = startSite(t, pages, handlers)
	return o
}

func (o *org) answer(w http.ResponseWriter, r *http.Request) {
	o.mu.Lock()
	defer o.mu.Unlock()
	list := o.answers[r.URL.Path]
	if len(list) > 1 {
		o.answers[r.URL.Path] = list[1:]
	}
	if r.Method == http.MethodPost {
		o.header = append(o.header, r.Header.Clone())
	}
	body, status := list[0], http.StatusOK
	if n, _ := fmt.Sscanf(body, "%d ", &status); n == 1 {
		body = body[4:]
	}
	w.Header().Set("X-Okta-Request-Id", "req-42")
	if status == http.StatusTooManyRequests {
		w.Header().Set("X-Rate-Limit-Reset", fmt.Sprint(time.Now().Add(4*time.Second).Unix()))
	}
	w.Header().Set("Content-Type", "application/ion+json; okta-version=1.0.0")
	if strings.HasPrefix(body, "<") {
		w.Header().Set("Content-Type", "text/html")
	}
	w.WriteHeader(status)
	_, _ = io.WriteString(w, strings.ReplaceAll(body, "%LOCAL%", strings.Replace(o.URL, "127.0.0.1", "localhost", 1)))
}

// idx signs alice in. Waits take no time and are returned.
func (o *org) idx(ctx context.Context, t *testing.T, c signin.Config) (*flow.Callback, []time.Duration, error) {
	t.Helper()
	if c.User.Name == "" {
		c.User = user("alice", secretPassword)
	}
	u, err := url.Parse(o.URL + "/authorize?state=s")
	require.NoError(t, err)
	var waits []time.Duration
	x := signin.NewIDX(c)
	x.Wait = func(ctx context.Context, d time.Duration) error { waits = append(waits, d); return ctx.Err() }
	got, err := x.SignIn(ctx, flow.Request{URL: u, RedirectURI: redirectURI})
	return got, waits, err
}

func TestIDXSpeaksAsOktasPageDoes(t *testing.T) {
	t.Parallel()
	o := startOrg(t, map[string][]string{"/idp/idx/introspect": {identify}, "/idp/idx/identify": {signedIn}})
	got, _, err := o.idx(t.Context(), t, signin.Config{})
	require.NoError(t, err)
	require.Equal(t, url.Values{"code": {"c"}, "state": {"s"}}, got.Params)
	require.Equal(t, []string{`/idp/idx/introspect {"stateToken":"eyJ6-token"}`,
		`/idp/idx/identify {"credentials":{"passcode":"hunter2 \u0026 co"},"identifier":"alice","stateHandle":"02.id"}`}, o.sent())
	require.Equal(t, "application/ion+json; okta-version=1.0.0", o.header[0].Get("Accept"))
	require.Equal(t, "application/ion+json; okta-version=1.0.0", o.header[0].Get("Content-Type"))
	require.Equal(t, "application/vnd.okta.v1+json", o.header[1].Get("Accept"), "as the form says")
	require.Equal(t, "application/json", o.header[1].Get("Content-Type"))
	require.Equal(t, o.URL, o.header[1].Get("Origin"))
}

func TestIDXKeepsCookiesFromTheFirstRequestOn(t *testing.T) {
	t.Parallel()
	o := startOrg(t, map[string][]string{"/idp/idx/introspect": {signedIn}})
	var seen []string
	cookie := func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			seen = append(seen, r.URL.Path+" "+r.Header.Get("Cookie"))
			if r.URL.Path == "/authorize" {
				http.SetCookie(w, &http.Cookie{Name: "DT", Value: "DI1", Path: "/", Secure: true})
			}
			next.ServeHTTP(w, r)
		})
	}
	o.Config.Handler = cookie(o.Config.Handler)
	_, _, err := o.idx(t.Context(), t, signin.Config{})
	require.NoError(t, err)
	require.Equal(t, []string{"/authorize ", "/idp/idx/introspect DT=DI1", "/login/token/redirect DT=DI1"}, seen)
}

func TestIDXGoesOnAfterAnotherHostedPage(t *testing.T) {
	t.Parallel()
	o := startOrg(t, map[string][]string{"/idp/idx/introspect": {strings.Replace(signedIn, "/login/token/redirect?stateToken=02.id", "/stepup", 1), signedIn}, "/stepup": {hosted}})
	got, _, err := o.idx(t.Context(), t, signin.Config{})
	require.NoError(t, err)
	require.Equal(t, "c", got.Params.Get("code"))
}

func TestIDXWaitsUntilOktaTakesRequestsAgain(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		answers map[string][]string
		timeout time.Duration
		waits   int
		code    string
	}{
		{"before anything was sent", map[string][]string{"/idp/idx/introspect": {"429 " + rateLimit, identify}, "/idp/idx/identify": {signedIn}}, 0, 1, ""},
		{"a password that was turned away unread", map[string][]string{"/idp/idx/introspect": {identify}, "/idp/idx/identify": {"429 " + rateLimit, signedIn}}, 0, 1, ""},
		{"the hosted page", map[string][]string{"/authorize": {"429 <h1>Too many requests</h1>", hosted}, "/idp/idx/introspect": {signedIn}}, 0, 1, ""},
		{"again and again", map[string][]string{"/idp/idx/introspect": {"429 " + rateLimit}}, 0, 3, "signin.rate_limited"},
		{"past the deadline", map[string][]string{"/idp/idx/introspect": {"429 " + rateLimit}}, 2 * time.Second, 0, "signin.rate_limited"},
		{"a password that may have been looked at", map[string][]string{"/idp/idx/introspect": {identify}, "/idp/idx/identify": {`429 {"messages":{"value":[{"i18n":{"key":"tooManyRequests"},"class":"ERROR"}]}}`}},
			0, 0, "signin.rate_limited"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			ctx := t.Context()
			if test.timeout > 0 {
				limited, cancel := context.WithTimeout(ctx, test.timeout)
				defer cancel()
				ctx = limited
			}
			o := startOrg(t, test.answers)
			_, waits, err := o.idx(ctx, t, signin.Config{})
			require.Len(t, waits, test.waits)
			for _, w := range waits {
				require.InDelta(t, 4*time.Second, w, float64(2*time.Second))
			}
			if test.code == "" {
				require.NoError(t, err)
				return
			}
			requireCode(t, err, test.code)
		})
	}
}

func TestIDXStopsAndSaysWhere(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		answers map[string][]string
		code    string
		says    string
		hint    string
	}{
		{"a page of the Classic engine", map[string][]string{"/authorize": {`<script>var stateToken = '00abc';</script>`}}, "signin.unknown_page", "Classic engine", "chrome"},
		{"a page of nobody's", map[string][]string{"/authorize": {`<h1>Welcome</h1>`}}, "signin.unknown_page", "not the sign-in page of Okta", "auto"},
		{"a page of forms", map[string][]string{"/authorize": {loginForm}}, "signin.unknown_page", "not the sign-in page of Okta", "auto"},
		{"Okta's page of a wrong redirect URI", map[string][]string{"/authorize": {"400 <h1>400</h1><p>Error Code: invalid_request. Description: The 'redirect_uri' parameter must be a Login redirect URI</p>"}},
			"authorize.invalid_request", "redirect_uri", ""},
		{"a server that is down", map[string][]string{"/authorize": {"503 <h1>Service Unavailable</h1>"}}, "signin.server_error", "", ""},
		{"an engine that answers with a page", map[string][]string{"/idp/idx/introspect": {"<html>"}}, "signin.unknown_page", "not JSON", ""},
		{"an engine that is down", map[string][]string{"/idp/idx/introspect": {`500 {"errorCode":"E0000009","errorSummary":"Internal Server Error"}`}}, "signin.server_error", "(request req-42)", ""},
		{"an engine behind a broken proxy", map[string][]string{"/idp/idx/introspect": {"502 <html>"}}, "signin.server_error", "502", ""},
		{"a sign-in that has expired on the way", map[string][]string{"/idp/idx/introspect": {identify}, "/idp/idx/identify": {`401 {"messages":{"value":[{"message":"Inactivity.","i18n":{"key":"idx.session.expired"},"class":"ERROR"}]}}`}},
			"signin.session_expired", "Inactivity.", "anew"},
		{"a 401 without a word", map[string][]string{"/idp/idx/introspect": {"401 {}"}}, "signin.session_expired", "", ""},
		{"a 403 without a word", map[string][]string{"/idp/idx/introspect": {"403 {}"}}, "signin.denied_by_policy", "", "system log"},
		{"a redirect of the engine", map[string][]string{"/idp/idx/introspect": {"302 {}"}}, "signin.unknown_page", "", ""},
		{"a page elsewhere that looks like Okta's", map[string][]string{"/authorize": {`<meta http-equiv="refresh" content="0;url=%LOCAL%/page">`}, "/page": {hosted}}, "signin.foreign_host", "localhost:", "--sign-in-host"},
		{"a password to elsewhere", map[string][]string{"/idp/idx/introspect": {strings.Replace(identify, "/idp/idx/identify", "http://localhost:1/idp/idx/identify", 1)}}, "signin.foreign_host", "localhost:1", "--sign-in-host"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			o := startOrg(t, test.answers)
			_, _, err := o.idx(t.Context(), t, signin.Config{})
			coded := requireCode(t, err, test.code)
			require.ErrorContains(t, err, test.says)
			require.Contains(t, coded.Hint, test.hint)
			require.NotContains(t, err.Error(), secretPassword)
			require.NotContains(t, err.Error(), "eyJ6")
		})
	}
}

func TestIDXNamesAnotherIdentityProvider(t *testing.T) {
	t.Parallel()
	other := startSite(t, map[string]string{"/login": `<h1>Corporate login</h1>` + loginForm}, nil)
	o := startSite(t, map[string]string{"/authorize": "302 " + other.URL + "/login"}, nil)
	u, err := url.Parse(o.URL + "/authorize?state=s")
	require.NoError(t, err)
	_, err = signin.NewIDX(signin.Config{User: user("alice", secretPassword)}).SignIn(t.Context(), flow.Request{URL: u, RedirectURI: redirectURI})
	requireCode(t, err, "signin.external_idp")
	require.Empty(t, other.sent())
}

func TestIDXStopsWithItsContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	o := startOrg(t, map[string][]string{"/idp/idx/introspect": {`{"stateHandle":"02.id","remediation":{"value":[{"name":"poll","href":"/idp/idx/poll","method":"POST","refresh":2000,"value":[` + handle + `]}]}}`}})
	u, err := url.Parse(o.URL + "/authorize?state=s")
	require.NoError(t, err)
	x := signin.NewIDX(signin.Config{User: user("alice", secretPassword)})
	x.Wait = func(ctx context.Context, d time.Duration) error {
		require.Equal(t, 2*time.Second, d)
		cancel()
		return ctx.Err()
	}
	_, err = x.SignIn(ctx, flow.Request{URL: u, RedirectURI: redirectURI})
	requireCode(t, err, "signin.canceled")
}

// sink keeps events as they would be printed.
type sink struct{ bytes.Buffer }

func (s *sink) Record(e trace.Event) { _ = json.NewEncoder(s).Encode(e) }

func TestIDXLeavesNoSecretInTheTrace(t *testing.T) {
	t.Parallel()
	o := startOrg(t, map[string][]string{"/idp/idx/introspect": {identify}, "/idp/idx/identify": {signedIn}})
	var out sink
	ctx := trace.WithRecorder(t.Context(), trace.NewRedactor().Recorder(&out))
	_, _, err := o.idx(ctx, t, signin.Config{})
	require.NoError(t, err)
	for _, canary := range []string{"hunter2", "eyJ6", "02.id"} {
		require.NotContains(t, out.String(), canary)
	}
	require.Contains(t, out.String(), "fill password")
}
