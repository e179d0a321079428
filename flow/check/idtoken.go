package check

import (
	"context"
	"time"

	"github.com/oidcflow/oidcflow/flow/trace"
)

// idTokenChecks are the rules of OpenID Connect Core 1.0 §2 and §3.1.3.7.
var idTokenChecks = []Check{
	{Name: "invalid-iss", Ref: "OpenID Connect Core 1.0 §3.1.3.7 item 2", Title: "the ID token is of this issuer", Step: trace.Verify,
		Run: onIDToken(func(s *Subject, c *Object) error { return equals(c, "id token", "iss", s.Authorization.Issuer) })},
	{Name: "missing-sub", Ref: "OpenID Connect Core 1.0 §2", Title: "the ID token names the user", Step: trace.Verify,
		Run: onIDToken(func(_ *Subject, c *Object) error { return present(c, "id token", "sub") })},
	{Name: "invalid-expired-exp", Ref: "OpenID Connect Core 1.0 §3.1.3.7 item 9", Title: "the ID token has not expired", Step: trace.Verify,
		Run: onIDToken(func(s *Subject, c *Object) error {
			exp, there, err := c.instant("exp")
			if !there || err != nil {
				return Skipped("exp is for other checks")
			}
			if now := s.now(); !exp.Add(s.skew()).After(now) {
				return mismatch("id token: exp", "after "+now.UTC().Format(time.RFC3339), exp)
			}
			return nil
		})},
}

// onIDToken lets a rule look at the claims of the ID token.
func onIDToken(rule func(*Subject, *Object) error) func(context.Context, *Subject) error {
	return func(_ context.Context, s *Subject) error {
		if s.IDToken == nil {
			return s.notReached("an ID token", "id token", trace.Exchange)
		}
		return rule(s, s.IDToken.Claims)
	}
}
