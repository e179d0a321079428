package chrome

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/oidcflow/oidcflow/flow/signin"
	"github.com/oidcflow/oidcflow/flow/trace"
	"github.com/oidcflow/oidcflow/mockidp"
)

// What a page may do while it is being answered, as scripts on it.
var restless = map[string]string{
	"it loads itself anew before it is answered": `
new MutationObserver(() => {
  const field = document.querySelector("[name='credentials.passcode']");
  if (!field || sessionStorage.again) return;
  sessionStorage.again = 1;
  field.hidden = true;
  field.style.display = "none";
  location.reload();
}).observe(document, {subtree: true, childList: true});`,
	"it draws a field anew when something is typed": `
document.addEventListener("input", (e) => {
  if (e.target.name !== "identifier" || window.again) return;
  window.again = true;
  setTimeout(() => { e.target.value = ""; e.target.dispatchEvent(new Event("input", {bubbles: true})); });
}, true);`,
	"it shows the button late": `
new MutationObserver(() => {
  for (const b of document.querySelectorAll("#okta-sign-in [type=submit]")) {
    if (b.late) continue;
    b.late = b.disabled = true;
    setTimeout(() => { b.disabled = false; }, 300);
  }
}).observe(document, {subtree: true, childList: true});`,
	"it changes all the time": `
addEventListener("DOMContentLoaded", () => {
  const clock = document.body.appendChild(document.createElement("p"));
  setInterval(() => { clock.textContent = performance.now(); }, 5);
});`,
}

func TestOktaWidgetOnARestlessPage(t *testing.T) {
	t.Parallel()
	b := sharedBrowser(t, binaries[0])
	for name, script := range restless {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inGenerations(t, func(t *testing.T, g int) {
				o := startOktaBehind(t, adding(script), mockidp.Config{Org: mockidp.OktaOrg{Generation: g}}, "password", "google_otp", "consent")
				_, err := o.client(t, b, signin.Config{User: o.everything(t)}).Run(within(t, patience))
				require.NoError(t, err)
				sent := 0
				for _, r := range o.Requests() {
					if r.Path == "/idp/idx/challenge/answer" {
						sent++
					}
				}
				require.Equal(t, 2, sent, "each credential is sent once")
			})
		})
	}
}

// TestOktaWidgetPush has a person answer, who reads the number off what is recorded.
func TestOktaWidgetPush(t *testing.T) {
	t.Parallel()
	inGenerations(t, func(t *testing.T, g int) {
		o := startOkta(t, mockidp.OktaOrg{Generation: g}, "password", "push")
		its := &phone{o: o, number: regexp.MustCompile(`choose (\d+) on`)}
		_, err := o.client(t, sharedBrowser(t, binaries[0]), signin.Config{User: o.everything(t), AllowPush: true}).
			Run(trace.WithRecorder(within(t, patience), its))
		require.NoError(t, err)
		require.Len(t, its.told, 1, "the number is told once")
	})
}

// phone answers a push message with the number that a warning tells.
type phone struct {
	o      *okta
	number *regexp.Regexp

	mu   sync.Mutex
	told []string
}

// Record implements [trace.Recorder].
func (p *phone) Record(e trace.Event) {
	m := p.number.FindStringSubmatch(e.Message)
	if e.Kind != trace.Warning || m == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.told = append(p.told, m[1])
	if err := p.o.AnswerPush("alice", m[1]); err != nil {
		p.told = append(p.told, err.Error())
	}
}

// maxCommands is how many commands Chrome may be given for one screen.
const maxCommands = 12

// TestOktaWidgetBudget counts what is said to Chrome between two answers of the engine, and what the page asks for.
func TestOktaWidgetBudget(t *testing.T) {
	t.Parallel()
	inGenerations(t, func(t *testing.T, g int) {
		var mu sync.Mutex
		screens := []int{0}
		b := startBrowser(t, Config{Path: binaries[0], spoken: func(format string, args ...any) {
			said := fmt.Sprintf(format, args...)
			mu.Lock()
			defer mu.Unlock()
			if strings.HasPrefix(said, "-> ") {
				screens[len(screens)-1]++
			}
			if strings.Contains(said, `"method":"Fetch.getResponseBody"`) {
				screens = append(screens, 0)
			}
		}})
		o := startOkta(t, mockidp.OktaOrg{Generation: g}, "password", "email|google_otp", "keep-me-signed-in", "consent")
		_, err := o.client(t, b, signin.Config{User: o.everything(t)}).Run(within(t, patience))
		require.NoError(t, err)
		mu.Lock()
		defer mu.Unlock()
		require.Len(t, screens, 1+7, "one for each answer: introspect, identify, password, choice, code, stay, consent")
		for i, n := range screens[1 : len(screens)-1] {
			require.LessOrEqual(t, n, maxCommands, "screen %d of %v", i, screens)
		}
		var asked []string
		for _, r := range o.Requests() {
			if !slices.Contains([]string{"discovery", "keys", "token", "userinfo"}, r.Endpoint) {
				asked = append(asked, r.Method+" "+r.Path[strings.LastIndex(r.Path, "/")+1:])
			}
		}
		css, js := "okta-sign-in.min.css", "okta-sign-in.min.js"
		if g == 3 {
			css, js = "okta-sign-in.next.css", "okta-sign-in.next.js"
		}
		require.ElementsMatch(t, []string{"GET authorize", "GET " + css, "GET " + js, "GET initLoginPage.pack.js",
			"POST introspect", "POST identify", "POST answer", "POST challenge", "POST answer", "POST keep-me-signed-in", "POST consent",
			"GET redirect"}, asked, "no fonts, no pictures")
	})
}

// TestOktaWidgetPageOfSomebodyElse has a page that is not Okta's speak with Okta's engine: the engine may be told the
// user's name, and the page may not.
func TestOktaWidgetPageOfSomebodyElse(t *testing.T) {
	t.Parallel()
	var engine *httptest.Server
	page := provider(t, map[string]string{"/{$}": `<title>Sign in</title><main id="okta-sign-in"><div class="siw-main-view"><form>
<input name="identifier"><input type="submit" data-type="save" value="Next"></form></div></main>
<script>fetch(location.hash.slice(1) + "/idp/idx/introspect", {method: "POST"})</script>`})
	elsewhere := strings.Replace(page.URL, "127.0.0.1", "localhost", 1)
	engine = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/idp/idx/introspect" {
			w.Header().Set("Access-Control-Allow-Origin", "*")
			fmt.Fprintf(w, `{"stateHandle":"02.id.x","remediation":{"value":[{"name":"identify","href":"%s/idp/idx/identify","method":"POST",
"value":[{"name":"identifier","required":true},{"name":"stateHandle","value":"02.id.x","mutable":false}]}]}}`, engine.URL)
			return
		}
		http.Redirect(w, r, elsewhere+"/#"+engine.URL, http.StatusFound)
	}))
	t.Cleanup(engine.Close)
	_, err := sharedBrowser(t, binaries[0]).Driver(signin.Config{User: alice()}).SignIn(within(t, patience), request(t, engine.URL+"/authorize", testRedirect))
	e := requireCode(t, "signin.foreign_host", err)
	require.ErrorContains(t, e, "localhost")
}
