package check

import (
	"context"
	"net/url"
	"strings"

	"github.com/oidcflow/oidcflow/flow"
	"github.com/oidcflow/oidcflow/flow/trace"
)

var logoutChecks = []Check{
	{Name: "logout-no-state", Ref: "OpenID Connect RP-Initiated Logout 1.0 §3", Title: "the state comes back after the logout", Step: trace.Logout,
		Run: onLogout(func(_, got string) error {
			if got == "" {
				return mismatch("logout: state", say("the request's"), nil)
			}
			return nil
		})},
	{Name: "logout-other-state", Ref: "OpenID Connect RP-Initiated Logout 1.0 §3", Title: "the state after the logout is the request's", Step: trace.Logout,
		Run: onLogout(func(sent, got string) error {
			if got != "" && got != sent {
				return &Mismatch{What: "logout: state", Want: "the request's", Got: "another"}
			}
			return nil
		})},
}

// onLogout lets a rule compare the state that was sent with the one that came back.
func onLogout(rule func(sent, got string) error) func(context.Context, *Subject) error {
	return func(_ context.Context, s *Subject) error {
		switch {
		case s.Expect.LogoutURI == "":
			return Skipped("no URI to return to after the logout was given")
		case s.Logout == nil:
			return s.notReached("the logout", "", trace.Exchange)
		}
		cb, back := flow.CallbackAt(s.Expect.LogoutURI, s.Logout.Header.Get("Location"))
		if !back {
			return Skipped("the provider does not send the browser back without asking the user")
		}
		sent, err := url.ParseQuery(strings.TrimSpace(string(s.Logout.RequestBody)))
		if err != nil {
			return err
		}
		return rule(sent.Get("state"), cb.Params.Get("state"))
	}
}
