package check

import (
	"context"
	"slices"

	"github.com/oidcflow/oidcflow/flow/trace"
)

// claimsOf returns the claims of an answer that is JSON, or a JWT with them (OpenID Connect Core 1.0 §5.3.2).
func claimsOf(d *Document) *Object {
	if d.Object != nil || d.Message == nil || d.mediaType() != "application/jwt" {
		return d.Object
	}
	t, err := readJWT(string(d.Body))
	if err != nil {
		return nil
	}
	return t.Claims
}

var userInfoTroubles = []trouble{
	{"userinfo-500", "OpenID Connect Core 1.0 §5.3.3", "userinfo works", func(d *Document) bool { return cut(d) || failing(d) }},
	{"userinfo-wrong-content-type", "OpenID Connect Core 1.0 §5.3.2", "userinfo is sent as application/json or application/jwt",
		func(d *Document) bool { return d.Status == 200 && d.mediaType() != "application/jwt" && mislabeled(d) }},
}

var resourceChecks = slices.Concat(
	transportChecks(trace.UserInfo, "userinfo endpoint", func(s *Subject) *Document { return &s.UserInfo }, userInfoTroubles),
	[]Check{
		{Name: "userinfo-missing-sub", Ref: "OpenID Connect Core 1.0 §5.3.2", Title: "userinfo names the user", Step: trace.UserInfo,
			Run: onUserInfo(func(_ *Subject, o *Object) error { return present(o, "userinfo", "sub") })},
		{Name: "userinfo-invalid-sub", Ref: "OpenID Connect Core 1.0 §5.3.2", Title: "userinfo is of the user who signed in", Step: trace.UserInfo,
			Run: onUserInfo(func(s *Subject, o *Object) error {
				if s.IDToken == nil {
					return Skipped("there is no ID token to compare with")
				}
				want, there, err := s.IDToken.Claims.text("sub")
				if !there || err != nil || want == "" {
					return Skipped("the ID token names nobody")
				}
				return equals(o, "userinfo", "sub", want)
			})},
		{Name: "introspection-inactive", Ref: "RFC 7662 §2.2", Title: "a new token is active", Step: trace.Introspect,
			Run: onIntrospection(func(_ *Subject, o *Object) error {
				if o.Members["active"] != true {
					return mismatch("introspection: active", true, o.Members["active"])
				}
				return nil
			})},
		{Name: "introspection-wrong-client", Ref: "RFC 7662 §2.2", Title: "the token is of this client", Step: trace.Introspect,
			Run: onIntrospection(func(s *Subject, o *Object) error {
				return equals(o, "introspection", "client_id", s.Authorization.ClientID)
			})},
	})

func onUserInfo(rule func(*Subject, *Object) error) func(context.Context, *Subject) error {
	return func(_ context.Context, s *Subject) error {
		if s.UserInfo.Message == nil {
			return s.notReached("userinfo", "", trace.Exchange)
		}
		o := claimsOf(&s.UserInfo)
		if o == nil || s.UserInfo.Status != 200 {
			return Skipped("userinfo cannot be read: " + s.UserInfo.describe())
		}
		return rule(s, o)
	}
}

func onIntrospection(rule func(*Subject, *Object) error) func(context.Context, *Subject) error {
	return func(_ context.Context, s *Subject) error {
		switch {
		case s.Introspection.Message == nil:
			return s.notReached("introspection", "", trace.Exchange)
		case s.Introspection.Object == nil || s.Introspection.Status != 200:
			return Skipped("this client may not ask, or is not answered: " + s.Introspection.describe())
		}
		return rule(s, s.Introspection.Object)
	}
}
