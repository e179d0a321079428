package chrome

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/oidcflow/oidcflow/flow/signin"
	"github.com/oidcflow/oidcflow/flow/trace"
	"github.com/oidcflow/oidcflow/mockidp"
)

func answered(status int, body string, header ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("X-Okta-Request-Id", "req-4711")
		for i := 0; i < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		w.WriteHeader(status)
		fmt.Fprint(w, body)
	}
}

const oktaError = `{"errorCode":"%s","errorSummary":"%s","errorLink":"x","errorId":"oae","errorCauses":[]}`

func TestOktaWidgetRefuses(t *testing.T) {
	t.Parallel()
	b := sharedBrowser(t, binaries[0])
	as := func(name, password string) func(*testing.T, *okta, *signin.User) {
		return func(_ *testing.T, _ *okta, u *signin.User) {
			u.Name, u.Password = name, trace.NewSecret("password", password)
		}
	}
	with := func(f func(*okta) signin.Factor) func(*testing.T, *okta, *signin.User) {
		return func(_ *testing.T, o *okta, u *signin.User) { u.Factors = []signin.Factor{f(o)} }
	}
	limited := answered(429, fmt.Sprintf(oktaError, "E0000047", "API call exceeded rate limit due to too many requests."),
		"X-Rate-Limit-Limit", "10", "X-Rate-Limit-Remaining", "0", "X-Rate-Limit-Reset", "1788888888")
	for _, c := range []struct {
		name   string
		policy string
		org    mockidp.OktaOrg
		user   func(*testing.T, *okta, *signin.User)
		meddle between
		code   string
		says   string
		sent   int // answers to challenges
	}{
		{name: "wrong password", policy: "password", user: as("alice", "wrong horse battery"), code: "signin.invalid_credentials", says: "incorrectPassword", sent: 1},
		{name: "wrong password beside the name", policy: "password", org: mockidp.OktaOrg{First: []string{"identify-password"}}, user: as("alice", "wrong horse battery"), code: "signin.invalid_credentials", says: "E0000004"},
		{name: "wrong code", policy: "password google_otp", user: with(func(o *okta) signin.Factor { return stubborn{o, "000000"} }), code: "signin.invalid_credentials", says: "soft_token", sent: 3},
		{name: "wrong answer", policy: "password question", user: with(func(o *okta) signin.Factor { return stubborn{o, "Rome it was"} }), code: "signin.invalid_credentials", says: "question_factor", sent: 2},
		{name: "locked", policy: "password", org: mockidp.OktaOrg{ShowLockOuts: true}, user: as("mallory", horse), code: "signin.locked_out"},
		{name: "unknown user", policy: "password", user: as("nobody", horse), code: "signin.user_unknown", says: "idx.unknown.user"},
		{name: "expired session", policy: "password question", user: with(func(o *okta) signin.Factor { return sleeper{o} }), code: "signin.session_expired", sent: 2},
		{policy: "password not-assigned", code: "signin.not_assigned", sent: 1},
		{policy: "password unsatisfiable", code: "signin.denied_by_policy", sent: 1},
		{policy: "password denied", code: "signin.denied_by_policy", says: "security.access_denied", sent: 1},
		{policy: "password push", code: "signin.mfa_unavailable", says: "push", sent: 1},
		{policy: "password enrol", code: "signin.enrolment_required", sent: 1},
		{policy: "password password-expired", code: "signin.password_expired", sent: 1},
		{policy: "password redirect-idp", code: "signin.external_idp", sent: 1},
		{name: "rate limit", policy: "password", meddle: at("/idp/idx/identify", limited), code: "signin.rate_limited", says: "reset at 17:34:48 UTC"},
		{name: "server error", policy: "password", meddle: at("/idp/idx/challenge/answer", answered(500, fmt.Sprintf(oktaError, "E0000009", "Internal Server Error"))), code: "signin.server_error", says: "req-4711"},
		{name: "no answer that anybody could read", policy: "password", meddle: at("/idp/idx/identify", answered(200, "<html>")), code: "signin.unknown_page", says: "not JSON"},
		{name: "a gateway's page", policy: "password", meddle: at("/idp/idx/identify", answered(502, "<html>Bad gateway")), code: "signin.server_error"},
		{name: "the line is cut", policy: "password", meddle: at("/idp/idx/identify", func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }), code: "signin.server_error", says: "ERR_EMPTY_RESPONSE"},
	} {
		t.Run(strings.TrimSpace(c.name+" "+c.policy), func(t *testing.T) {
			t.Parallel()
			inGenerations(t, func(t *testing.T, g int) {
				org := c.org
				org.Generation = g
				o := startOkta(t, org, strings.Fields(c.policy)...)
				if c.meddle != nil {
					o = startOktaBehind(t, c.meddle, mockidp.Config{Org: org}, strings.Fields(c.policy)...)
				}
				u := o.everything(t)
				if c.user != nil {
					c.user(t, o, &u)
				}
				_, err := o.client(t, b, signin.Config{User: u}).Run(within(t, patience))
				requireCode(t, c.code, err)
				require.ErrorContains(t, err, c.says)
				require.NotContains(t, err.Error(), u.Password.Reveal())
				sent := 0
				for _, r := range o.Requests() {
					if r.Path == "/idp/idx/challenge/answer" {
						sent++
					}
				}
				require.Equal(t, c.sent, sent)
			})
		})
	}
}

// stubborn answers whatever it is asked in the same way.
type stubborn struct {
	*okta
	answer string
}

func (s stubborn) Answer(context.Context, signin.Challenge) (trace.Secret, error) {
	return trace.NewSecret("answer", s.answer), nil
}

// sleeper knows the answer, a day later.
type sleeper struct{ *okta }

func (s sleeper) Answer(context.Context, signin.Challenge) (trace.Secret, error) {
	s.Clock().Advance(24 * time.Hour)
	return trace.NewSecret("answer", "Paris"), nil
}
