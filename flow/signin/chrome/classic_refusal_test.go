package chrome

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/oidcflow/oidcflow/flow/signin"
	"github.com/oidcflow/oidcflow/flow/trace"
	"github.com/oidcflow/oidcflow/mockidp"
)

// What is refused on the Classic page ends the sign-in with its code, and nothing is sent a second time.
func TestOktaClassicRefuses(t *testing.T) {
	t.Parallel()
	b := sharedBrowser(t, binaries[0])
	only := func(answer string) func(*okta, *signin.Config) {
		return func(o *okta, c *signin.Config) { c.User.Factors = []signin.Factor{stubborn{o, answer}} }
	}
	wrong := func(_ *okta, c *signin.Config) { c.User.Password = trace.NewSecret("password", "wrong horse battery") }
	limited := answered(429, fmt.Sprintf(oktaError, "E0000047", "API call exceeded rate limit due to too many requests."), "X-Rate-Limit-Reset", "1788888888")
	const primary, verify = "authn", "authn authn/factors/*/verify"
	for _, c := range []struct {
		name   string
		policy string
		org    mockidp.OktaOrg
		cfg    func(*okta, *signin.Config)
		meddle between
		code   string
		says   string
		asked  string
	}{
		{name: "wrong password", cfg: wrong, code: "signin.invalid_credentials", says: "Authentication failed", asked: primary},
		{name: "wrong password after the name", org: mockidp.OktaOrg{First: []string{"identify"}}, cfg: wrong, code: "signin.invalid_credentials", says: "Authentication failed", asked: primary},
		{name: "a locked account, which has a page that looks like the first", org: mockidp.OktaOrg{ShowLockOuts: true},
			cfg: func(_ *okta, c *signin.Config) { c.User.Name = "mallory" }, code: "signin.locked_out", says: "LOCKED_OUT", asked: primary},
		{name: "a locked account that nobody is told of", cfg: func(_ *okta, c *signin.Config) { c.User.Name = "mallory" }, code: "signin.invalid_credentials", asked: primary},
		{name: "wrong codes of an app", policy: "google_otp", cfg: only("000000"), code: "signin.invalid_credentials", says: "doesn't match our records", asked: verify + " authn/factors/*/verify"},
		{name: "wrong code of a message", policy: "sms", cfg: only("000000"), code: "signin.invalid_credentials", says: "doesn't match our records", asked: verify + " authn/factors/*/verify"},
		{name: "wrong answer", policy: "question", cfg: only("Rome it was"), code: "signin.invalid_credentials", says: "doesn't match our records", asked: verify},
		{name: "the sign-in took too long", policy: "question", cfg: func(o *okta, c *signin.Config) { c.User.Factors = []signin.Factor{sleeper{o}} }, code: "signin.session_expired", says: "Invalid token", asked: verify},
		{policy: "push", code: "signin.mfa_unavailable", says: "a push message", asked: primary},
		{name: "no factor,", policy: "sms|question", cfg: func(_ *okta, c *signin.Config) { c.User.Factors = nil }, code: "signin.mfa_unavailable", says: "a security question, a code by text message", asked: primary},
		{policy: "enrol", code: "signin.enrolment_required", asked: primary},
		{policy: "password-expired", code: "signin.password_expired", asked: primary},
		{policy: "denied", code: "signin.denied_by_policy", says: "permission to access your account", asked: primary},
		{policy: "not-assigned", code: "authorize.access_denied", says: "not assigned", asked: primary},
		{name: "denied,", policy: "consent", cfg: func(_ *okta, c *signin.Config) { c.Consent = signin.Deny }, code: "authorize.access_denied", asked: primary + " authn/introspect authn/cancel"},
		{name: "too many requests", meddle: at("/api/v1/authn", limited), code: "signin.rate_limited", says: "reset at 17:34:48 UTC"},
		{name: "an error of Okta's", meddle: at("/api/v1/authn", answered(500, fmt.Sprintf(oktaError, "E0000009", "Internal Server Error"))), code: "signin.server_error", says: "req-4711"},
		{name: "a status that nobody knows", meddle: at("/api/v1/authn", answered(200, `{"status":"BRAND_NEW","stateToken":"00x"}`)), code: "signin.unknown_page", says: "BRAND_NEW"},
		{name: "a gateway's page", meddle: at("/api/v1/authn", answered(502, "<html>Bad gateway")), code: "signin.server_error", says: "not JSON"},
	} {
		t.Run(strings.TrimSpace(c.name+" "+c.policy), func(t *testing.T) {
			t.Parallel()
			policy := append([]string{"password"}, strings.Fields(c.policy)...)
			var o *okta
			if c.meddle != nil {
				o = startOktaBehind(t, c.meddle, mockidp.Config{Org: classic(c.org)}, policy...)
			} else {
				o = startOkta(t, classic(c.org), policy...)
			}
			cfg := signin.Config{User: o.everything(t)}
			if c.cfg != nil {
				c.cfg(o, &cfg)
			}
			_, err := o.client(t, b, cfg).Run(within(t, patience))
			requireCode(t, c.code, err)
			require.ErrorContains(t, err, c.says)
			require.NotContains(t, err.Error(), cfg.User.Password.Reveal())
			require.Equal(t, c.asked, o.asked())
		})
	}
}

// A user whom another provider signs in is led there by the name alone. The password does not go along.
func TestOktaClassicLeadsElsewhere(t *testing.T) {
	t.Parallel()
	elsewhere := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, `<title>Partner</title><form method="post"><label>Password <input type="password" name="password"></label><button>Sign in</button></form>`)
	}))
	t.Cleanup(elsewhere.Close)
	o := startOkta(t, classic(mockidp.OktaOrg{First: []string{"identify"}, IdP: byName(t, elsewhere)}), "redirect-idp")
	_, err := o.client(t, sharedBrowser(t, binaries[0]), signin.Config{User: o.everything(t)}).Run(within(t, patience))
	requireCode(t, "signin.foreign_host", err)
	require.Empty(t, o.asked())
}
