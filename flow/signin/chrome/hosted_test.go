package chrome

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/network"
	"github.com/stretchr/testify/require"

	"github.com/oidcflow/oidcflow/flow/signin"
	"github.com/oidcflow/oidcflow/flow/trace"
	"github.com/oidcflow/oidcflow/mockidp"
)

// isScript reports whether a request is for a script of the widget, or for the one that starts it.
func isScript(r *http.Request) bool {
	return strings.HasSuffix(r.URL.Path, ".js") && ofWidget(r.URL.Path)
}

// hold has requests wait until something is done.
func hold(which func(*http.Request) bool, until <-chan struct{}) between {
	return func(okta http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if which(r) {
				select {
				case <-until:
				case <-r.Context().Done():
				}
			}
			okta.ServeHTTP(w, r)
		})
	}
}

// strange closes itself when a page is seen that nobody knows.
type strange struct {
	once sync.Once
	seen chan struct{}
}

// Record implements [trace.Recorder].
func (s *strange) Record(e trace.Event) {
	if e.Kind == trace.Page && e.Name == "unknown" {
		s.once.Do(func() { close(s.seen) })
	}
}

func TestRequestsOfTheWidgetAreWaitedFor(t *testing.T) {
	t.Parallel()
	long := time.Now().Add(-time.Hour)
	for _, c := range []struct {
		name string
		x    exchange
		want bool
	}{
		{"a script of the widget", exchange{kind: network.ResourceTypeScript, widget: true, begun: long}, true},
		{"another script", exchange{kind: network.ResourceTypeScript, begun: long}, false},
	} {
		require.Equal(t, c.want, requests{"1": &c.x}.busy(), c.name)
	}
	for url, want := range map[string]bool{
		"https://ok14static.oktacdn.com/assets/js/sdk/okta-signin-widget/7.49.0/js/okta-sign-in.min.js": true,
		"https://id.example.com/js/mvc/loginpage/initLoginPage.pack.0123.js":                            true,
		"https://cdn.example.com/app.js?from=okta-sign-in":                                              false,
	} {
		require.Equal(t, want, ofWidget(url), url)
	}
}

// TestOktaWidgetSlowScript has the widget's scripts come after the page has been looked at, and found to be none that
// anybody knows.
func TestOktaWidgetSlowScript(t *testing.T) {
	t.Parallel()
	for _, page := range []string{"", "custom", "databag"} {
		t.Run(page, func(t *testing.T) {
			t.Parallel()
			inGenerations(t, func(t *testing.T, g int) {
				its := &strange{seen: make(chan struct{})}
				o := startOktaBehind(t, hold(isScript, its.seen), mockidp.Config{Org: mockidp.OktaOrg{Generation: g, Page: page}}, "password")
				_, err := o.client(t, sharedBrowser(t, binaries[0]), signin.Config{User: o.everything(t)}).
					Run(trace.WithRecorder(within(t, patience), its))
				require.NoError(t, err)
			})
		})
	}
}

// TestOktaWidgetSlowlyDrawn has a page that draws nothing for as long as nobody waits for it in particular.
func TestOktaWidgetSlowlyDrawn(t *testing.T) {
	t.Parallel()
	inGenerations(t, func(t *testing.T, g int) {
		var once sync.Once
		asked := make(chan struct{})
		b := startBrowser(t, Config{Path: binaries[0], spoken: func(format string, args ...any) {
			if strings.Contains(fmt.Sprintf(format, args...), "oidcflow.empty(") {
				once.Do(func() { close(asked) })
			}
		}})
		late := `
const asked = fetch("/asked");
Object.defineProperty(window, "OktaLogin", {configurable: true, set(l) {
  const init = l.initLoginPage;
  l.initLoginPage = (page) => asked.then(() => init(page));
  Object.defineProperty(window, "OktaLogin", {value: l});
}});`
		asking := func(r *http.Request) bool { return r.URL.Path == "/asked" }
		o := startOktaBehind(t, func(okta http.Handler) http.Handler {
			return hold(asking, asked)(adding(late)(okta))
		}, mockidp.Config{Org: mockidp.OktaOrg{Generation: g}}, "password")
		_, err := o.client(t, b, signin.Config{User: o.everything(t)}).Run(within(t, patience))
		require.NoError(t, err)
	})
}

func TestOktaWidgetScriptDoesNotCome(t *testing.T) {
	t.Parallel()
	widgets := func(r *http.Request) bool { return isScript(r) && strings.Contains(r.URL.Path, "okta-sign-in") }
	instead := func(which func(*http.Request) bool, answer http.HandlerFunc) between {
		return func(okta http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if which(r) {
					answer(w, r)
					return
				}
				okta.ServeHTTP(w, r)
			})
		}
	}
	for _, c := range []struct {
		name   string
		meddle between
		says   string
	}{
		{"it is not there", instead(widgets, http.NotFound), "status 404"},
		{"the line is cut", instead(widgets, func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }), "net::ERR_EMPTY_RESPONSE"},
		{"what starts the widget is not there", instead(func(r *http.Request) bool { return isScript(r) && !widgets(r) }, http.NotFound), "initLoginPage"},
		{"the page's policy", func(okta http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				w.Header().Add("Content-Security-Policy", "script-src 'unsafe-inline'")
				okta.ServeHTTP(w, r)
			})
		}, "csp"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			inGenerations(t, func(t *testing.T, g int) {
				o := startOktaBehind(t, c.meddle, mockidp.Config{Org: mockidp.OktaOrg{Generation: g}}, "password")
				_, err := o.client(t, sharedBrowser(t, binaries[0]), signin.Config{User: o.everything(t)}).Run(within(t, patience))
				e := requireCode(t, "signin.page_stuck", err)
				require.ErrorContains(t, err, c.says)
				require.ErrorContains(t, err, ".js did not come")
				require.Contains(t, e.Hint, "proxy")
			})
		})
	}
}
