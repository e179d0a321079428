package chrome

import (
	"context"
	"fmt"
	"net/http"
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

// What goes wrong on the way between the widget and the engine. What Okta itself refuses is in e2e's table of screens.
func TestOktaWidgetRefuses(t *testing.T) {
	t.Parallel()
	b := sharedBrowser(t, binaries[0])
	limited := answered(429, fmt.Sprintf(oktaError, "E0000047", "API call exceeded rate limit due to too many requests."),
		"X-Rate-Limit-Limit", "10", "X-Rate-Limit-Remaining", "0", "X-Rate-Limit-Reset", "1788888888")
	for _, c := range []struct {
		name     string
		password string // empty: the right one
		meddle   between
		code     string
		says     string
		sent     int // answers to challenges
	}{
		{name: "wrong password", password: "wrong horse battery", code: "signin.invalid_credentials", says: "incorrectPassword", sent: 1},
		{name: "rate limit", meddle: at("/idp/idx/identify", limited), code: "signin.rate_limited", says: "reset at 17:34:48 UTC"},
		{name: "server error", meddle: at("/idp/idx/challenge/answer", answered(500, fmt.Sprintf(oktaError, "E0000009", "Internal Server Error"))), code: "signin.server_error", says: "req-4711"},
		{name: "no answer that anybody could read", meddle: at("/idp/idx/identify", answered(200, "<html>")), code: "signin.unknown_page", says: "not JSON"},
		{name: "a gateway's page", meddle: at("/idp/idx/identify", answered(502, "<html>Bad gateway")), code: "signin.server_error"},
		{name: "the line is cut", meddle: at("/idp/idx/identify", func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }), code: "signin.server_error", says: "ERR_EMPTY_RESPONSE"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			inGenerations(t, func(t *testing.T, g int) {
				org := mockidp.OktaOrg{Generation: g}
				o := startOkta(t, org, "password")
				if c.meddle != nil {
					o = startOktaBehind(t, c.meddle, mockidp.Config{Org: org}, "password")
				}
				u := o.everything(t)
				if c.password != "" {
					u.Password = trace.NewSecret("password", c.password)
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
