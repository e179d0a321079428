package chrome

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/oidcflow/oidcflow/flow"
	"github.com/oidcflow/oidcflow/flow/signin"
	"github.com/oidcflow/oidcflow/flow/trace"
	"github.com/oidcflow/oidcflow/mockidp"
)

// widget is the folder of Okta's Sign-In Widget.
func widget(t testing.TB) string {
	t.Helper()
	dir := filepath.Join("..", "..", "..", "e2e", "interop", "node_modules", "@okta", "okta-signin-widget", "dist")
	require.DirExists(t, dir, "the tests need Okta's widget: run `make deps`")
	return dir
}

// okta is a provider whose pages are Okta's own, and a user who has everything and signs in by a policy.
type okta struct{ *mockidp.Server }

const horse = "correct horse battery"

func startOkta(t testing.TB, org mockidp.OktaOrg, policy ...string) *okta {
	t.Helper()
	return startOktaAt(t, mockidp.Config{Org: org}, policy...)
}

// startOktaAt starts Okta with cfg.
func startOktaAt(t testing.TB, cfg mockidp.Config, policy ...string) *okta {
	t.Helper()
	cfg.Login, cfg.Widget = "okta", cmp.Or(cfg.Widget, widget(t))
	cfg.Clients = []mockidp.Client{{ID: "web", RedirectURIs: []string{testRedirect}}}
	if cfg.Users == nil {
		cfg.Users = []mockidp.User{alicesPerson(policy...), &mockidp.Person{Login: "mallory", Password: horse, Locked: true}}
	}
	return &okta{mockidp.StartT(t, cfg)}
}

// alicesPerson is what Okta knows of the user.
func alicesPerson(policy ...string) *mockidp.Person {
	p := &mockidp.Person{Login: "alice", Password: horse, TOTP: totpSecret, Question: "Where were you born?", Answer: "Paris", Phone: "+15550100", Policy: policy}
	if strings.Contains(strings.Join(policy, " "), "enrol") {
		p.TOTP = ""
	}
	return p
}

// between is what is between a browser and Okta.
type between func(okta http.Handler) http.Handler

// startOktaBehind starts Okta so that a browser reaches it through n.
func startOktaBehind(t testing.TB, n between, cfg mockidp.Config, policy ...string) *okta {
	t.Helper()
	var way http.Handler
	front := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { way.ServeHTTP(w, r) }))
	t.Cleanup(front.Close)
	cfg.IssuerURL = byName(t, front) // passkeys are bound to a domain, which an address is none of
	o := startOktaAt(t, cfg, policy...)
	back, err := url.Parse(o.URL)
	require.NoError(t, err)
	way = n(&httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(back)
		r.Out.Host = r.In.Host
	}})
	return o
}

// at has what is asked for at a path answered by somebody else.
func at(path string, answer http.HandlerFunc) between {
	return func(okta http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == path {
				answer(w, r)
				return
			}
			okta.ServeHTTP(w, r)
		})
	}
}

// adding adds a script to the sign-in page.
func adding(script string) between {
	return func(okta http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path != "/oauth2/v1/authorize" {
				okta.ServeHTTP(w, r)
				return
			}
			page := httptest.NewRecorder()
			okta.ServeHTTP(page, r)
			for name, values := range page.Header() {
				if name != "Content-Security-Policy" && name != "Content-Length" {
					w.Header()[name] = values
				}
			}
			w.WriteHeader(page.Code)
			fmt.Fprint(w, strings.Replace(page.Body.String(), "<head>", "<head><script>"+script+"</script>", 1))
		})
	}
}

// everything is the user with all factors that a program can have.
func (o *okta) everything(t testing.TB) signin.User {
	t.Helper()
	totp, err := signin.NewTOTP(trace.NewSecret("totp", totpSecret))
	require.NoError(t, err)
	totp.Now, totp.Ledger = o.Clock().Now, &signin.Ledger{}
	totp.Wait = func(_ context.Context, d time.Duration) error { o.Clock().Advance(d); return nil }
	answers, err := signin.ParseAnswers(strings.NewReader("Where were you born? = Paris"))
	require.NoError(t, err)
	return signin.User{Name: "alice", Password: trace.NewSecret("password", horse), Factors: []signin.Factor{totp, answers, mailbox{o}}}
}

// mailbox answers with the latest code that was sent.
type mailbox struct{ *okta }

func (m mailbox) CanAnswer(k signin.ChallengeKind) bool { return k == signin.ChallengeCode }

func (m mailbox) Answer(_ context.Context, c signin.Challenge) (trace.Secret, error) {
	all := m.Messages()
	if c.Kind != signin.ChallengeCode || len(all) == 0 {
		return trace.Secret{}, signin.ErrNotMine
	}
	return trace.NewSecret("code", all[len(all)-1].Code), nil
}

func (o *okta) client(t testing.TB, b *Browser, c signin.Config) *flow.Client {
	t.Helper()
	client, err := flow.New(flow.Config{Issuer: o.Issuer("org"), ClientID: "web", RedirectURI: testRedirect, Scopes: []string{"openid", "profile"},
		SignIn: b.Driver(c), Now: o.Clock().Now})
	require.NoError(t, err)
	return client
}

// inGenerations runs f for the second and the third generation.
func inGenerations(t *testing.T, f func(*testing.T, int)) {
	for _, g := range []int{2, 3} {
		t.Run(fmt.Sprintf("generation %d", g), func(t *testing.T) {
			t.Parallel()
			f(t, g)
		})
	}
}

func TestOktaWidget(t *testing.T) {
	t.Parallel()
	b := sharedBrowser(t, binaries[0])
	for _, c := range []struct {
		name   string
		policy string
		org    mockidp.OktaOrg
	}{
		{name: "password"},
		{policy: "password google_otp"},
		{policy: "password okta_verify"},
		{policy: "password question"},
		{policy: "password email"},
		{policy: "password magic_link"},
		{policy: "password sms"},
		{policy: "password push|google_otp"},
		{policy: "password email|sms|question|google_otp|okta_verify"},
		{policy: "google_otp|password sms|email"},
		{policy: "password enrol-optional"},
		{policy: "password password-expiring"},
		{policy: "password keep-me-signed-in"},
		{policy: "password device-grace"},
		{policy: "password consent"},
		{policy: "password granular-consent"},
		{name: "name and password at once", org: mockidp.OktaOrg{First: []string{"identify-password"}}},
		{name: "Okta Verify is looked for", org: mockidp.OktaOrg{First: []string{"device-challenge", "identify"}}},
		{name: "fingerprint", org: mockidp.OktaOrg{DeviceFingerprints: true}},
		{name: "a customised page", org: mockidp.OktaOrg{Page: "custom"}},
	} {
		t.Run(strings.TrimSpace(c.name+" "+c.policy), func(t *testing.T) {
			t.Parallel()
			inGenerations(t, func(t *testing.T, g int) {
				org := c.org
				org.Generation = g
				o := startOkta(t, org, strings.Fields(c.policy)...)
				result, err := o.client(t, b, signin.Config{User: o.everything(t)}).Run(within(t, patience))
				require.NoError(t, err)
				require.Equal(t, "alice", result.IDTokenClaims["preferred_username"])
			})
		})
	}
}
