package check

import (
	"context"
	"fmt"

	"github.com/oidcflow/oidcflow/flow/trace"
)

var refreshChecks = []Check{
	{Name: "refresh-token-invalid-issuer", Ref: "OpenID Connect Core 1.0 §12.2", Title: "the refreshed ID token is of the same issuer", Step: trace.Refresh,
		Run: onRefreshed(func(_ *Subject, before, c *Object) error { return same(before, c, "iss") })},
	{Name: "refresh-token-invalid-sub", Ref: "OpenID Connect Core 1.0 §12.2", Title: "the refreshed ID token is of the same user", Step: trace.Refresh,
		Run: onRefreshed(func(_ *Subject, before, c *Object) error { return same(before, c, "sub") })},
	{Name: "refresh-token-invalid-aud", Ref: "OpenID Connect Core 1.0 §12.2", Title: "the refreshed ID token is for the same client", Step: trace.Refresh,
		Run: onRefreshed(func(_ *Subject, before, c *Object) error {
			old, _, err := before.audience()
			if err != nil || len(old) == 0 {
				return Skipped("the first ID token is for nobody")
			}
			list, _, err := c.audience()
			if err != nil {
				return &Mismatch{What: "refreshed id token: " + err.Error()}
			}
			for _, want := range old {
				if err := among("refreshed id token", "aud", list, want); err != nil {
					return err
				}
			}
			return nil
		})},
	{Name: "refresh-token-changed-auth-time", Ref: "OpenID Connect Core 1.0 §12.2", Title: "refreshing is no new sign-in", Step: trace.Refresh,
		Run: onRefreshed(func(_ *Subject, before, c *Object) error {
			if _, there := c.Members["auth_time"]; !there {
				return Skipped("auth_time is not there")
			}
			return same(before, c, "auth_time")
		})},
	{Name: "refresh-token-nonce", Ref: "OpenID Connect Core 1.0 §12.2", Title: "a refreshed ID token has no nonce, or the old one", Step: trace.Refresh,
		Run: onRefreshed(func(_ *Subject, before, c *Object) error {
			if _, there := c.Members["nonce"]; !there {
				return nil
			}
			return same(before, c, "nonce")
		})},
	{Name: "refresh-scope-widened", Ref: "RFC 6749 §6", Title: "refreshing grants no further scope", Step: trace.Refresh,
		Run: onRefresh(func(s *Subject, o *Object) error {
			return narrowed("refresh response: scope", o.words("scope"), s.Authorization.Scopes)
		})},
	{Name: "refresh-no-rotation", Ref: "RFC 9700 §4.14.2", Title: "a refresh token of a public client is replaced when it is used", Step: trace.Refresh,
		Run: onRefresh(func(s *Subject, o *Object) error {
			next, there, err := o.text("refresh_token")
			if err != nil {
				return &Mismatch{What: "refresh response: " + err.Error()}
			}
			if there && next != s.Tokens.RefreshToken.Reveal() {
				return nil
			}
			wrong := Mismatch{What: "refresh response: refresh_token", Want: "a new one", Got: "the old one",
				Hint: "let the client's refresh tokens rotate after every use"}
			switch {
			case s.Expect.RequireRotation:
				return &wrong
			case s.public() && !s.Config.DPoP:
				return &Odd{wrong} // "sender-constrained refresh tokens or refresh token rotation"
			}
			return Skipped("the client has to authenticate; --require-rotation demands it all the same")
		})},
}

// public reports whether the client cannot authenticate.
func (s *Subject) public() bool { return s.Config.ClientSecret.IsZero() && s.Config.ClientKey == nil }

func onRefresh(rule func(*Subject, *Object) error) func(context.Context, *Subject) error {
	return func(_ context.Context, s *Subject) error {
		switch {
		case s.Tokens != nil && s.Tokens.RefreshToken.IsZero():
			return Skipped("there is no refresh token: ask for the scope offline_access")
		case s.Refreshed.Message == nil:
			return s.notReached("a refresh", "", trace.Exchange)
		case s.Refreshed.Object == nil || s.Refreshed.Status != 200:
			return Skipped("the refresh was refused: " + s.Refreshed.describe())
		}
		return rule(s, s.Refreshed.Object)
	}
}

func onRefreshed(rule func(s *Subject, before, after *Object) error) func(context.Context, *Subject) error {
	return onRefresh(func(s *Subject, _ *Object) error {
		if s.RefreshedID == nil || s.IDToken == nil {
			return Skipped("no ID token came with it")
		}
		return rule(s, s.IDToken.Claims, s.RefreshedID.Claims)
	})
}

// same demands that a claim has not changed.
func same(before, after *Object, name string) error {
	if want, got := fmt.Sprint(before.Members[name]), fmt.Sprint(after.Members[name]); want != got {
		return mismatch("refreshed id token: "+name, before.Members[name], after.Members[name])
	}
	return nil
}
