package chrome

import (
	"crypto/rand"
	"fmt"
	"html"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/oidcflow/oidcflow/flow"
	"github.com/oidcflow/oidcflow/flow/signin"
)

// senders are the ways in which a provider sends the response to the redirect URI, as handlers that are given the
// location.
var senders = map[string]func(w http.ResponseWriter, location string){
	"302": func(w http.ResponseWriter, l string) { w.Header().Set("Location", l); w.WriteHeader(http.StatusFound) },
	"303 after a post": func(w http.ResponseWriter, l string) {
		w.Header().Set("Location", l)
		w.WriteHeader(http.StatusSeeOther)
	},
	"script":  func(w http.ResponseWriter, l string) { fmt.Fprintf(w, `<script>location.href = %q</script>`, l) },
	"replace": func(w http.ResponseWriter, l string) { fmt.Fprintf(w, `<script>location.replace(%q)</script>`, l) },
	"link": func(w http.ResponseWriter, l string) {
		fmt.Fprintf(w, `<a id="a" href="%s">x</a><script>document.getElementById("a").click()</script>`, html.EscapeString(l))
	},
	"refresh": func(w http.ResponseWriter, l string) {
		fmt.Fprintf(w, `<meta http-equiv="refresh" content="0; url=%s">`, html.EscapeString(l))
	},
	"Refresh:": func(w http.ResponseWriter, l string) { w.Header().Set("Refresh", "0; url="+l) },
	"window":   func(w http.ResponseWriter, l string) { fmt.Fprintf(w, `<script>window.open(%q)</script>`, l) },
	"_blank": func(w http.ResponseWriter, l string) {
		fmt.Fprintf(w, `<a id="a" target="_blank" rel="noopener" href="%s">x</a><script>document.getElementById("a").click()</script>`, html.EscapeString(l))
	},
	"frame": func(w http.ResponseWriter, l string) {
		fmt.Fprintf(w, `<iframe src="%s"></iframe>`, html.EscapeString(l))
	},
	"later": func(w http.ResponseWriter, l string) {
		fmt.Fprintf(w, `<p>Please wait<script>setTimeout(() => { location.href = %q }, 50)</script>`, l)
	},
}

// sender is a provider that sends the response at once.
func sender(t testing.TB, send func(http.ResponseWriter, string), location string) *httptest.Server {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		send(w, location)
	}))
	t.Cleanup(s.Close)
	return s
}

// redirects are redirect URIs as clients register them.
var redirects = map[string]string{
	"https on a host that nobody knows": testRedirect,
	"a port where nobody listens":       "http://localhost:1/callback",
	"with a query of its own":           "https://app.unresolvable.invalid/callback?tenant=a",
	"no path":                           "https://app.unresolvable.invalid",
	"a scheme of its own":               "com.example.app:/callback",
	"a scheme of its own, with a host":  "myapp://callback",
	"out of band":                       "urn:ietf:wg:oauth:2.0:oob",
}

func TestRedirectURIs(t *testing.T) {
	t.Parallel()
	inEach(t, func(t *testing.T, b *Browser) {
		for name, redirect := range redirects {
			captures(t, b, "302", name, redirect, "query")
			captures(t, b, "script", name, redirect, "fragment")
		}
	})
}

func TestWaysToTheRedirectURI(t *testing.T) {
	t.Parallel()
	b := sharedBrowser(t, binaries[0])
	for how := range senders {
		captures(t, b, how, "https", testRedirect, "fragment")
		// Windows and frames for a scheme of an application are no pages: no browser shows them.
		if how != "window" && how != "_blank" && how != "frame" {
			captures(t, b, how, "a scheme of its own", "com.example.app:/callback", "query")
		}
	}
}

// captures tests that a response that is sent in one way arrives.
func captures(t *testing.T, b *Browser, how, name, redirect, mode string) {
	t.Run(how+"/"+name+"/"+mode, func(t *testing.T) {
		t.Parallel()
		state := rand.Text()
		p := sender(t, senders[how], join(redirect, mode, "code=c%2F1&state="+state))
		cb, err := b.Driver(signin.Config{User: alice()}).SignIn(within(t, patience), request(t, p.URL+"/authorize?state="+state, redirect))
		require.NoError(t, err)
		require.Equal(t, mode, cb.Mode)
		require.Equal(t, url.Values{"code": {"c/1"}, "state": {state}}, cb.Params)
	})
}

// A redirect URI that is reached without parameters is an answer too, if a strange one.
func TestEmptyResponse(t *testing.T) {
	t.Parallel()
	b := sharedBrowser(t, binaries[0])
	for _, how := range []string{"302", "script"} {
		cb, err := b.Driver(signin.Config{User: alice()}).SignIn(within(t, patience), request(t, sender(t, senders[how], testRedirect).URL, testRedirect))
		require.NoError(t, err, how)
		require.Empty(t, cb.Params, how)
	}
}

func join(redirect, mode, params string) string {
	if mode == "fragment" {
		return redirect + "#" + params
	}
	if u, err := url.Parse(redirect); err == nil && u.RawQuery != "" {
		return redirect + "&" + params
	}
	return redirect + "?" + params
}

func TestFormPost(t *testing.T) {
	t.Parallel()
	inEach(t, func(t *testing.T, b *Browser) {
		for _, redirect := range []string{testRedirect, "http://localhost:1/callback"} {
			p := sender(t, func(w http.ResponseWriter, l string) {
				fmt.Fprintf(w, `<body onload="document.forms[0].submit()"><form method="post" action="%s">
<input type="hidden" name="code" value="c/1&amp;ü"><input type="hidden" name="state" value="s"><noscript><button>Continue</button></noscript></form>`, l)
			}, redirect)
			r := request(t, p.URL+"/authorize?state=s", redirect)
			r.ResponseMode = "form_post"
			cb, err := b.Driver(signin.Config{User: alice()}).SignIn(within(t, patience), r)
			require.NoError(t, err)
			require.Equal(t, &flow.Callback{Mode: "form_post", Params: url.Values{"code": {"c/1&ü"}, "state": {"s"}}, Raw: "code=c%2F1%26%C3%BC&state=s"}, cb)
		}
	})
}

// The application may run at the redirect URI: it must not see the code, nor anything else.
func TestRedirectURIIsNeverRequested(t *testing.T) {
	t.Parallel()
	var requests atomic.Int64
	app := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { requests.Add(1) }))
	app.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			requests.Add(1)
		}
	}
	app.Start()
	t.Cleanup(app.Close)
	redirect := app.URL + "/callback"
	inEach(t, func(t *testing.T, b *Browser) {
		for how, send := range senders {
			if second := b != sharedBrowser(t, binaries[0]); second && how != "302" && how != "script" && how != "window" {
				continue
			}
			p := sender(t, send, redirect+"?code=c&state=s")
			_, err := b.Driver(signin.Config{User: alice()}).SignIn(within(t, patience), request(t, p.URL+"/authorize?state=s", redirect))
			require.NoError(t, err, how)
		}
		post := sender(t, func(w http.ResponseWriter, l string) {
			fmt.Fprintf(w, `<form method="post" action="%s"><input type="hidden" name="code" value="c"></form><script>document.forms[0].submit()</script>`, l)
		}, redirect)
		_, err := b.Driver(signin.Config{User: alice()}).SignIn(within(t, patience), request(t, post.URL, redirect))
		require.NoError(t, err)
		require.Zero(t, requests.Load())
	})
}

func TestWhatIsNotTheRedirectURI(t *testing.T) {
	t.Parallel()
	b := sharedBrowser(t, binaries[0])
	for name, c := range map[string]struct{ redirect, location, code string }{
		"another scheme of its own":   {"com.example.app:/callback", "com.example.other:/callback?code=c", "signin.unknown_page"},
		"another host":                {testRedirect, "https://other.invalid/callback?code=c", "env.unreachable"},
		"a longer path":               {testRedirect, testRedirect + "2?code=c", "env.unreachable"},
		"the redirect URI as a value": {testRedirect, "https://other.invalid/?u=" + testRedirect + "?code=c", "env.unreachable"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := sender(t, senders["302"], c.location)
			_, err := b.Driver(signin.Config{User: alice()}).SignIn(within(t, patience), request(t, p.URL, c.redirect))
			requireCode(t, c.code, err)
		})
	}
}
