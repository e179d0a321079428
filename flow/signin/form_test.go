package signin_test

import (
	"compress/gzip"
	"context"
	"fmt"
	"html"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/oidcflow/oidcflow/flow"
	"github.com/oidcflow/oidcflow/flow/signin"
	"github.com/oidcflow/oidcflow/flow/trace"
	"github.com/stretchr/testify/require"
)

const secretPassword = "hunter2 & co"

// site is a provider made of a few pages. It keeps every form that was sent to it, as "path body".
type site struct {
	*httptest.Server
	mu    sync.Mutex
	posts []string
}

// startSite serves pages by path. What begins with "<" is HTML, what begins with a number a redirect with that status
// to the rest; %BASE% is the site's address, and %LOCAL% the same by the name localhost.
func startSite(t *testing.T, pages map[string]string, handlers map[string]http.HandlerFunc) *site {
	s := &site{}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost {
			body, err := io.ReadAll(r.Body)
			if err != nil {
				http.Error(w, err.Error(), http.StatusBadRequest)
				return
			}
			s.mu.Lock()
			s.posts = append(s.posts, r.URL.Path+" "+string(body))
			s.mu.Unlock()
		}
		if h := handlers[r.URL.Path]; h != nil {
			h(w, r)
			return
		}
		local := strings.Replace(s.URL, "127.0.0.1", "localhost", 1)
		page := strings.NewReplacer("%BASE%", s.URL, "%LOCAL%", local).Replace(pages[r.URL.Path])
		var status int
		if n, _ := fmt.Sscanf(page, "%d", &status); n == 1 {
			http.Redirect(w, r, page[4:], status)
			return
		}
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		if page == "" {
			w.WriteHeader(http.StatusNotFound)
		}
		_, _ = io.WriteString(w, page)
	}))
	t.Cleanup(s.Close)
	return s
}

func (s *site) sent() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.posts
}

// signIn signs alice in, beginning at /authorize.
func (s *site) signIn(ctx context.Context, c signin.Config) (*flow.Callback, error) {
	if c.User.Name == "" {
		c.User = user("alice", secretPassword)
	}
	u, err := url.Parse(s.URL + "/authorize?state=s")
	if err != nil {
		return nil, err
	}
	return signin.NewForm(c).SignIn(ctx, flow.Request{URL: u, RedirectURI: redirectURI})
}

// Pieces of pages.
const (
	loginForm = `<title>Sign in</title><form method="post" action="/login"><input name="username"><input type="password" name="password"><button>Sign in</button></form>`
	done      = "302 " + redirectURI + "?code=c&state=s"
)

func TestFormSendsWhatABrowserSends(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		page string
		want string
	}{
		{"hidden fields, and of the buttons the pressed one", `<form method="post" action="/login"><input type="hidden" name="csrf" value="a b"><input name="username" value="old">
			<input type="password" name="password"><button name="do" value="cancel">Cancel</button><button name="do" value="login">Sign in</button></form>`,
			"csrf=a+b&username=alice&password=hunter2+%26+co&do=login"},
		{"a checked box, the selected option, no disabled control", `<form method="post" action="/login"><input type="checkbox" name="on" checked><input type="checkbox" name="off">
			<select name="realm"><option value="r1">One<option value="r2" selected>Two</select><select name="lang"><option>en<option>de</select>
			<fieldset disabled><input name="old" value="x"></fieldset><input name="username"><input type="password" name="password"><textarea name="note">n</textarea><input type="submit" value="Log in"></form>`,
			"on=on&realm=r2&lang=en&username=alice&password=hunter2+%26+co&note=n"},
		{"controls and buttons outside of their form", `<form id="f" method="post" action="/login"></form><input form="f" name="username"><input form="f" type="password" name="password"><button form="f" name="b">Continue</button>`,
			"username=alice&password=hunter2+%26+co&b="},
		{"the button's own action", `<form method="get" action="/nowhere"><input name="username"><input type="password" name="password"><button formaction="/login" formmethod="post">Sign in</button></form>`,
			"username=alice&password=hunter2+%26+co"},
		{"an image that submits", `<form method="post" action="/login"><input name="username"><input type="password" name="password"><input type="image" name="go" alt="Sign in"></form>`,
			"username=alice&password=hunter2+%26+co&go.x=0&go.y=0"},
		{"the right one of several forms", `<form action="/search"><input type="search" name="q"><button>Go</button></form><form method="post" action="/news"><input type="email" name="newsletter"><button>Subscribe</button></form>` + loginForm,
			"username=alice&password=hunter2+%26+co"},
		{"a relative action below the base", `<base href="/a/b/">` + strings.Replace(loginForm, `"/login"`, `"../../login"`, 1), "username=alice&password=hunter2+%26+co"},
		{"a field that only a style hides is sent as it is", `<form method="post" action="/login"><input name="email" style="display: none"><input name="username"><input type="password" name="password"><button>Log in</button></form>`,
			"email=&username=alice&password=hunter2+%26+co"},
		{"a page without scripts shows what is in noscript", `<noscript>` + loginForm + `</noscript><script src="/app.js"></script>`, "username=alice&password=hunter2+%26+co"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			s := startSite(t, map[string]string{"/authorize": test.page, "/login": done}, nil)
			got, err := s.signIn(t.Context(), signin.Config{})
			require.NoError(t, err)
			require.Equal(t, "c", got.Params.Get("code"))
			require.Equal(t, []string{"/login " + test.want}, s.sent())
		})
	}
}

func TestFormGoesOnWhereABrowserWould(t *testing.T) {
	t.Parallel()
	post := `<form method="post" action="%s"><input type="hidden" name="code" value="c"><input type="hidden" name="state" value="s"></form>`
	tests := []struct {
		name  string
		pages map[string]string
		mode  string
	}{
		{"redirects one by one", map[string]string{"/authorize": "302 /a", "/a": "303 /b", "/b": done}, "query"},
		{"a refresh in the page", map[string]string{"/authorize": `<meta http-equiv="Refresh" content="0; URL='/b'">`, "/b": done}, "query"},
		{"a refresh to the client", map[string]string{"/authorize": `<meta http-equiv="refresh" content="0;url=` + redirectURI + `?code=c&amp;state=s">`}, "query"},
		{"a response in the fragment", map[string]string{"/authorize": "302 " + redirectURI + "#code=c&state=s"}, "fragment"},
		{"a form for the client", map[string]string{"/authorize": fmt.Sprintf(post, redirectURI)}, "form_post"},
		{"a form for the client, with a button and a script", map[string]string{"/authorize": `<title>Submit this form</title><body onload="document.forms[0].submit()">` +
			strings.Replace(fmt.Sprintf(post, redirectURI), "</form>", `<noscript><button>Continue</button></noscript></form>`, 1)}, "form_post"},
		{"a message for another server, sent by a script", map[string]string{"/authorize": `<form method="post" action="/saml"><input type="hidden" name="SAMLRequest" value="x"></form><script>document.forms[0].submit()</script>`, "/saml": done}, "query"},
		{"a page that says it goes on", map[string]string{"/authorize": `<p>Please wait</p><form method="post" action="/on"><input type="hidden" name="x" value="y"><button name="b" value="1">Continue</button></form>`, "/on": done}, "query"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			got, err := startSite(t, test.pages, nil).signIn(t.Context(), signin.Config{})
			require.NoError(t, err)
			require.Equal(t, test.mode, got.Mode)
			require.Equal(t, url.Values{"code": {"c"}, "state": {"s"}}, got.Params)
		})
	}
}

func TestFormAnswersPageAfterPage(t *testing.T) {
	t.Parallel()
	answers, err := signin.ParseAnswers(strings.NewReader("Which city were you born in? = Paris"))
	require.NoError(t, err)
	s := startSite(t, map[string]string{
		"/authorize": `<form method="post" action="/p"><label>User name <input name="u"></label><button>Next</button></form>`,
		"/p":         `<form method="post" action="/q"><label>Password <input name="p"></label><button>Next</button></form>`,
		"/q":         `<h1>Security question</h1><form method="post" action="/k"><label>Which city were you  BORN in? <input name="answer"></label><button>Verify</button></form>`,
		"/k":         `<h1>Stay signed in?</h1><form method="post" action="/c"><button name="b" value="y">Yes</button><button name="b" value="n">No</button></form>`,
		"/c":         `<h1>web wants to access your account</h1><form method="post" action="/d"><button name="b" value="n">Deny</button><button name="b" value="y">Allow</button></form>`,
		"/d":         done,
	}, nil)
	_, err = s.signIn(t.Context(), signin.Config{User: user("alice", secretPassword, answers)})
	require.NoError(t, err)
	require.Equal(t, []string{"/p u=alice", "/q p=hunter2+%26+co", "/k answer=Paris", "/c b=n", "/d b=y"}, s.sent())
}

func TestFormChoosesAWayThatTheUserCanAnswer(t *testing.T) {
	t.Parallel()
	answers, err := signin.ParseAnswers(strings.NewReader("* = Paris"))
	require.NoError(t, err)
	choice := `<h1>Choose a verification method</h1><form method="post" action="/chosen"><label><input type="radio" name="m" value="sms" checked> Text message</label>
		<label><input type="radio" name="m" value="q"> Security question</label><button>Continue</button></form>`
	pages := map[string]string{"/authorize": choice, "/chosen": `<form method="post" action="/d"><label>Answer <input name="answer"></label></form>`, "/d": done}
	s := startSite(t, pages, nil)
	_, err = s.signIn(t.Context(), signin.Config{User: user("alice", secretPassword, answers)})
	require.NoError(t, err)
	require.Equal(t, []string{"/chosen m=q", "/d answer=Paris"}, s.sent())

	_, err = startSite(t, pages, nil).signIn(t.Context(), signin.Config{})
	requireCode(t, err, "signin.mfa_unavailable")

	code := `<p>We sent a code to you</p><form method="post" action="/d"><label>Code <input name="code"></label><button>Verify</button></form><a href="/choose">Try another way</a>`
	s = startSite(t, map[string]string{"/authorize": code, "/choose": choice, "/chosen": pages["/chosen"], "/d": done}, nil)
	_, err = s.signIn(t.Context(), signin.Config{User: user("alice", secretPassword, answers)})
	require.NoError(t, err)
}

func TestFormStopsAtOnceAndSaysWhere(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		pages  map[string]string
		config signin.Config
		code   string
		says   []string
		posts  int
	}{
		{"a password is refused by the same page without a word", map[string]string{"/authorize": loginForm, "/login": loginForm}, signin.Config{},
			"signin.invalid_credentials", []string{`page "Sign in"`, "/login"}, 1},
		{"the page repeats the password", map[string]string{"/authorize": loginForm, "/login": `<p role=alert>` + secretPassword + ` is wrong</p>` + loginForm}, signin.Config{},
			"signin.invalid_credentials", []string{"«redacted» is wrong"}, 1},
		{"a refusal on a page of its own", map[string]string{"/authorize": loginForm, "/login": `<h1>Login failed</h1><p>Bad credentials</p>`}, signin.Config{},
			"signin.invalid_credentials", []string{"Bad credentials"}, 1},
		{"the user is not known", map[string]string{"/authorize": `<form method="post"><input name="username"><button>Next</button></form>`}, signin.Config{},
			"signin.user_unknown", nil, 1},
		{"the account is locked", map[string]string{"/authorize": loginForm, "/login": `<p class="alert">Your account has been locked.</p>` + loginForm}, signin.Config{},
			"signin.locked_out", []string{"has been locked"}, 1},
		{"the password has expired", map[string]string{"/authorize": loginForm, "/login": `<form method=post><input type=password name=new_password><input type=password name=confirm_password></form>`}, signin.Config{},
			"signin.password_expired", nil, 1},
		{"a captcha", map[string]string{"/authorize": strings.Replace(loginForm, "<button>", `<div class="h-captcha" data-sitekey="k"></div><button>`, 1)}, signin.Config{},
			"signin.captcha", nil, 0},
		{"a page elsewhere", map[string]string{"/authorize": "302 %LOCAL%/login", "/login": loginForm}, signin.Config{},
			"signin.foreign_host", []string{"localhost:"}, 0},
		{"a form for elsewhere", map[string]string{"/authorize": strings.Replace(loginForm, `"/login"`, `"%LOCAL%/login"`, 1)}, signin.Config{},
			"signin.foreign_host", []string{"localhost:"}, 0},
		{"a button for elsewhere", map[string]string{"/authorize": strings.Replace(loginForm, "<button>", `<button formaction="%LOCAL%/login">`, 1)}, signin.Config{},
			"signin.foreign_host", []string{"localhost:"}, 0},
		{"a redirect that would take the password elsewhere", map[string]string{"/authorize": loginForm, "/login": "307 %LOCAL%/steal"}, signin.Config{},
			"signin.foreign_host", []string{"localhost:"}, 1},
		{"no button to deny consent", map[string]string{"/authorize": `<h1>web wants to access your account</h1><form method=post><button>Allow</button></form>`}, signin.Config{Consent: signin.Deny},
			"signin.consent_refused", nil, 0},
		{"an unknown page elsewhere", map[string]string{"/authorize": "302 %LOCAL%/odd", "/odd": `<form method=post><label>Shoe size <input name=s></label></form>`}, signin.Config{},
			"signin.foreign_host", []string{"localhost:"}, 0},
		{"an unknown page", map[string]string{"/authorize": `<title>Odd</title><form method=post><label>Shoe size <input name=s></label></form>`}, signin.Config{},
			"signin.unknown_page", []string{`page "Odd"`, "Shoe size"}, 0},
		{"a circle of redirects", map[string]string{"/authorize": "302 /b", "/b": "302 /authorize"}, signin.Config{}, "signin.page_stuck", []string{"redirects"}, 0},
		{"a circle of refreshes", map[string]string{"/authorize": `<meta http-equiv=refresh content="0;url=/authorize">`}, signin.Config{}, "signin.page_stuck", nil, 0},
		{"consent is asked for again and again", map[string]string{"/authorize": `<h1>web wants to access your account</h1><form method=post><button>Allow</button></form>`}, signin.Config{},
			"signin.page_stuck", []string{`"Allow"`}, 1},
		{"a page larger than a page", map[string]string{"/authorize": "<p>" + strings.Repeat("long ", 1<<18)}, signin.Config{}, "signin.unknown_page", []string{"larger"}, 0},
		{"the provider's error page names the error", map[string]string{"/authorize": `<h1>Error</h1><p>invalid_client: no such client</p>`}, signin.Config{}, "authorize.invalid_client", []string{"no such client"}, 0},
		{"an encoding that is not known", map[string]string{"/authorize": strings.Replace(loginForm, "<form", `<form enctype="multipart/form-data"`, 1)}, signin.Config{}, "signin.unknown_page", []string{"multipart/form-data"}, 0},
		{"another program's address", map[string]string{"/authorize": "302 com.example.app:/elsewhere?code=c"}, signin.Config{}, "signin.unknown_page", []string{"com.example.app:"}, 0},
		{"no password is given", map[string]string{"/authorize": loginForm}, signin.Config{User: signin.User{Name: "alice"}}, "usage.missing_password", nil, 0},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			s := startSite(t, test.pages, nil)
			_, err := s.signIn(t.Context(), test.config)
			requireCode(t, err, test.code)
			for _, text := range test.says {
				require.ErrorContains(t, err, text)
			}
			require.NotContains(t, err.Error(), secretPassword)
			require.NotErrorIs(t, err, signin.ErrNeedsBrowser)
			require.Len(t, s.sent(), test.posts)
		})
	}
}

func TestAProviderThatAsksForEverIsLeft(t *testing.T) {
	t.Parallel()
	var asked atomic.Int32
	s := startSite(t, nil, map[string]http.HandlerFunc{"/authorize": func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprintf(w, `<h1>App %d wants to access your account</h1><form method="post"><button>Allow</button></form>`, asked.Add(1))
	}})
	_, err := s.signIn(t.Context(), signin.Config{})
	requireCode(t, err, "signin.page_stuck")
	require.ErrorContains(t, err, "on and on")
	require.Len(t, s.sent(), 40)
}

func TestAHostThatIsListedMayHaveThePassword(t *testing.T) {
	t.Parallel()
	s := startSite(t, map[string]string{"/authorize": "302 %LOCAL%/login-page", "/login-page": loginForm, "/login": done}, nil)
	_, err := s.signIn(t.Context(), signin.Config{})
	require.Contains(t, requireCode(t, err, "signin.foreign_host").Hint, "--sign-in-host localhost:")
	_, err = s.signIn(t.Context(), signin.Config{Hosts: []string{"localhost"}})
	require.NoError(t, err)
}

func TestFormLeavesScriptedPagesToABrowser(t *testing.T) {
	t.Parallel()
	for name, page := range map[string]string{
		"an empty page with scripts":        `<title>App</title><div id="root"></div><script src="/app.js"></script>`,
		"fields outside of forms":           `<input name="username"><input type="password" name="password"><button>Sign in</button><script src="/app.js"></script>`,
		"a password form without a method":  `<form><input name="username"><input type="password" name="password"><button>Sign in</button></form><script src="/app.js"></script>`,
		"fields without names":              `<form method="post"><input autocomplete="username"><input type="password"><button>Sign in</button></form><script>app()</script>`,
		"a page that asks for scripts":      `<h1>JavaScript is required</h1>`,
		"a consent that a script must send": `<h1>web wants to access your account</h1><button type="button">Allow</button><script>app()</script>`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := startSite(t, map[string]string{"/authorize": page}, nil)
			_, err := s.signIn(t.Context(), signin.Config{})
			require.ErrorIs(t, err, signin.ErrNeedsBrowser)
			requireCode(t, err, "signin.unknown_page")

			s = startSite(t, map[string]string{"/authorize": loginForm, "/login": page}, nil)
			_, err = s.signIn(t.Context(), signin.Config{})
			require.Error(t, err)
			require.Len(t, s.sent(), 1)
			require.NotErrorIs(t, err, signin.ErrNeedsBrowser, "a credential has been sent")
		})
	}
}

func TestFormReadsTheStatus(t *testing.T) {
	t.Parallel()
	for status, code := range map[int]string{400: "authorize.error_page", 429: "signin.rate_limited", 500: "signin.server_error", 503: "signin.server_error"} {
		s := startSite(t, nil, map[string]http.HandlerFunc{"/authorize": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(status)
			_, _ = io.WriteString(w, `{"errorSummary":"no"}`)
		}})
		_, err := s.signIn(t.Context(), signin.Config{})
		requireCode(t, err, code)
		require.ErrorContains(t, err, "errorSummary")
	}
}

func TestFormIsABrowserToTheServer(t *testing.T) {
	t.Parallel()
	s := startSite(t, nil, map[string]http.HandlerFunc{
		"/authorize": func(w http.ResponseWriter, _ *http.Request) {
			http.SetCookie(w, &http.Cookie{Name: "session", Value: "1", Secure: true, HttpOnly: true})
			w.Header().Set("Content-Type", "text/html")
			w.Header().Set("Content-Encoding", "gzip")
			z := gzip.NewWriter(w)
			defer z.Close()
			_, _ = io.WriteString(z, loginForm)
		},
		"/login": func(w http.ResponseWriter, r *http.Request) {
			cookie, err := r.Cookie("session")
			if err != nil || cookie.Value != "1" || r.Header.Get("Origin") != "http://"+r.Host || r.Referer() != "http://"+r.Host+"/authorize?state=s" {
				http.Error(w, fmt.Sprint(r.Header), http.StatusForbidden)
				return
			}
			w.Header().Set("Refresh", "0;url="+redirectURI+"?code=c&state=s")
			w.Header().Set("Content-Type", "text/html")
		},
	})
	got, err := s.signIn(t.Context(), signin.Config{})
	require.NoError(t, err)
	require.Equal(t, "c", got.Params.Get("code"))
}

// endable is a context that ends when the test says so, and why.
type endable struct {
	context.Context
	done  chan struct{}
	cause error
}

func (e *endable) Done() <-chan struct{} { return e.done }

func (e *endable) Err() error {
	select {
	case <-e.done:
		return e.cause
	default:
		return nil
	}
}

func TestFormIsBoundedByItsContext(t *testing.T) {
	t.Parallel()
	for cause, code := range map[error]string{context.DeadlineExceeded: "signin.timeout", context.Canceled: "signin.canceled"} {
		ctx := &endable{Context: t.Context(), done: make(chan struct{}), cause: cause}
		s := startSite(t, map[string]string{"/authorize": loginForm}, map[string]http.HandlerFunc{"/login": func(_ http.ResponseWriter, r *http.Request) {
			close(ctx.done)
			<-r.Context().Done()
		}})
		_, err := s.signIn(ctx, signin.Config{})
		requireCode(t, err, code)
		require.ErrorIs(t, err, cause)
		require.ErrorContains(t, err, `page "Sign in"`)
	}
}

func TestFormSaysWhyThereIsNoAnswer(t *testing.T) {
	t.Parallel()
	closed := startSite(t, nil, nil)
	closed.Close()
	_, err := closed.signIn(t.Context(), signin.Config{})
	requireCode(t, err, "env.unreachable")
	require.NotContains(t, err.Error(), "state=s")

	untrusted := &site{Server: httptest.NewTLSServer(http.NotFoundHandler())}
	t.Cleanup(untrusted.Close)
	_, err = untrusted.signIn(t.Context(), signin.Config{})
	requireCode(t, err, "env.tls")
}

// events records what happened.
type events struct {
	mu      sync.Mutex
	events  []trace.Event
	learned []trace.Secret
}

func (e *events) Record(event trace.Event) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.events = append(e.events, event)
}

func (e *events) Learn(secrets ...trace.Secret) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.learned = append(e.learned, secrets...)
}

func TestAPageCannotSendThePasswordOnInAHiddenField(t *testing.T) {
	t.Parallel()
	relay := `<form method="post" action="%LOCAL%/steal"><input type="hidden" name="SAMLResponse" value="` + html.EscapeString(secretPassword) + `"></form><script>document.forms[0].submit()</script>`
	s := startSite(t, map[string]string{"/authorize": loginForm, "/login": relay}, nil)
	_, err := s.signIn(trace.WithRecorder(t.Context(), &events{}), signin.Config{})
	requireCode(t, err, "signin.foreign_host")
	require.Len(t, s.sent(), 1)
}

func TestFormRecordsPagesAndActions(t *testing.T) {
	t.Parallel()
	log := &events{}
	s := startSite(t, map[string]string{"/authorize": loginForm, "/login": done}, nil)
	_, err := s.signIn(trace.WithRecorder(t.Context(), log), signin.Config{})
	require.NoError(t, err)
	var got []string
	for _, e := range log.events {
		if e.Kind != trace.HTTP {
			got = append(got, string(e.Kind)+" "+e.Name)
			require.NotContains(t, fmt.Sprint(e), secretPassword)
		}
	}
	require.Equal(t, []string{"page login", "action fill identifier", "action fill password", "action press Sign in"}, got)
	require.Len(t, log.learned, 1)
	require.Equal(t, secretPassword, log.learned[0].Reveal())
	for _, host := range log.learned[0].Hosts() {
		require.Equal(t, s.Listener.Addr().String(), host)
	}
}

// A password that has expired is replaced on the way, and the user is told.
func TestANewPasswordIsSetOnTheWay(t *testing.T) {
	t.Parallel()
	const next = "a longer and newer password"
	s := startSite(t, map[string]string{
		"/authorize": `<form method=post action=/login><input name=username><input name=password type=password><button>Sign in</button></form>`,
		"/login": `<h1>Your password has expired</h1><form method=post action=/renew><input name=old type=password autocomplete=current-password>
			<input name=new_password type=password><input name=confirm_password type=password><button>Change password</button></form>`,
		"/renew": done,
	}, nil)
	var told []string
	ctx := trace.WithRecorder(t.Context(), recorderFunc(func(e trace.Event) {
		if e.Kind == trace.Warning {
			told = append(told, e.Message)
		}
	}))
	u := user("alice", secretPassword)
	u.NewPassword = func(context.Context) (trace.Secret, error) { return trace.NewSecret("new_password", next), nil }
	cb, err := s.signIn(ctx, signin.Config{User: u})
	require.NoError(t, err)
	require.Equal(t, "c", cb.Params.Get("code"))
	sent := url.Values{"old": {secretPassword}, "new_password": {next}, "confirm_password": {next}}
	require.Equal(t, "/renew "+sent.Encode(), sorted(t, s.sent()[1]))
	require.Equal(t, []string{"the user's password had expired and was changed: the new one is needed from now on"}, told)
}

// sorted is a request as sent returns it, its fields by name.
func sorted(t *testing.T, sent string) string {
	t.Helper()
	path, body, _ := strings.Cut(sent, " ")
	fields, err := url.ParseQuery(body)
	require.NoError(t, err)
	return path + " " + fields.Encode()
}

type recorderFunc func(trace.Event)

func (f recorderFunc) Record(e trace.Event) { f(e) }
