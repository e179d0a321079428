package check

import (
	"context"
	"slices"
	"time"

	"github.com/oidcflow/oidcflow/flow/trace"
)

// shape is what an access token looks like, for those that are JWTs of a known kind.
type shape struct {
	name   string
	ref    string
	client string // the claim that names the client
	scope  string // and the one that lists scopes
}

// The shapes that are known: Okta's, and the standard's.
var (
	oktaShape = &shape{"Okta's", "Okta API reference, access token payload", "cid", "scp"}
	rfcShape  = &shape{"RFC 9068's", "RFC 9068 §2.2", "client_id", "scope"}
)

// shapeOf returns which shape an access token has, or nil.
func shapeOf(t *JWT) *shape {
	_, cid := t.Claims.Members["cid"]
	_, scp := t.Claims.Members["scp"]
	switch {
	case t.isAccessToken():
		return rfcShape
	case cid || scp:
		return oktaShape
	}
	return nil
}

var accessTokenChecks = []Check{
	{Name: "access-token-is-id-token", Ref: "RFC 9068 §4", Title: "the access token is no ID token", Step: trace.Verify,
		Run: func(_ context.Context, s *Subject) error {
			if s.AccessToken == nil {
				return s.notReached("an access token that is a JWT", "access token", trace.Exchange)
			}
			if s.AccessToken.isIDToken() {
				return &Mismatch{What: "access token", Want: "a token for an API", Got: "an ID token"}
			}
			return nil
		}},
	{Name: "access-token-invalid-iss", Ref: "RFC 9068 §4", Title: "the access token is of this issuer", Step: trace.Verify,
		Run: onAccessToken(func(s *Subject, _ *shape, c *Object) error {
			return equals(c, "access token", "iss", s.Authorization.Issuer)
		})},
	{Name: "access-token-invalid-aud", Ref: "RFC 9068 §3", Title: "the access token is for an API, and not for the client", Step: trace.Verify,
		Run: onAccessToken(func(s *Subject, _ *shape, c *Object) error {
			list, there, err := c.audience()
			if !there || err != nil || len(list) == 0 || slices.Contains(list, s.Authorization.ClientID) {
				return mismatch("access token: aud", say("an API"), c.Members["aud"])
			}
			return nil
		})},
	{Name: "access-token-expired", Ref: "RFC 9068 §4", Title: "the access token has not expired", Step: trace.Verify,
		Run: onAccessToken(func(s *Subject, _ *shape, c *Object) error {
			exp, there, err := c.instant("exp")
			switch now := s.now(); {
			case !there || err != nil:
				return mismatch("access token: exp", say("a time"), c.Members["exp"])
			case !exp.Add(s.skew()).After(now):
				return mismatch("access token: exp", say("after "+now.UTC().Format(time.RFC3339)), exp)
			}
			return nil
		})},
	{Name: "access-token-wrong-client", Ref: "RFC 9068 §2.2", Title: "the access token is of this client", Step: trace.Verify,
		Run: onAccessToken(func(s *Subject, shape *shape, c *Object) error {
			return equals(c, "access token", shape.client, s.Authorization.ClientID)
		})},
	{Name: "access-token-scope-widened", Ref: "RFC 9068 §2.2.3", Title: "the access token has no scope that was not asked for", Step: trace.Verify,
		Run: onAccessToken(func(s *Subject, shape *shape, c *Object) error {
			return narrowed("access token: "+shape.scope, c.words(shape.scope), s.Authorization.Scopes)
		})},
	{Name: "access-token-invalid-sig", Ref: "RFC 9068 §4", Title: "the access token is signed by the provider", Step: trace.Verify,
		Run: onAccessToken(func(s *Subject, _ *shape, _ *Object) error {
			kid, _, _ := s.AccessToken.Header.text("kid") // of another type: no published key has it
			if s.Keys.Object != nil && !slices.ContainsFunc(s.Keys.keys(), func(k *Object) bool { return k.Members["kid"] == kid }) {
				return Skipped("its key is not published: the provider means it for itself alone")
			}
			return s.verify("access token", s.AccessToken)
		})},
}

// onAccessToken lets a rule look at the claims of an access token of a known shape. All others are opaque: what is in
// them is between the provider and its APIs (RFC 6749 §1.4).
func onAccessToken(rule func(*Subject, *shape, *Object) error) func(context.Context, *Subject) error {
	return func(_ context.Context, s *Subject) error {
		switch {
		case s.AccessToken == nil:
			return s.notReached("an access token that is a JWT", "access token", trace.Exchange)
		case s.AccessToken.isIDToken():
			return Skipped("it is an ID token")
		}
		shape := shapeOf(s.AccessToken)
		if shape == nil {
			return Skipped("it has neither Okta's shape nor that of RFC 9068")
		}
		return rule(s, shape, s.AccessToken.Claims)
	}
}

// isIDToken reports whether a token has claims that only ID tokens have.
func (t *JWT) isIDToken() bool {
	for _, name := range []string{"nonce", "at_hash"} {
		if _, there := t.Claims.Members[name]; there {
			return true
		}
	}
	return false
}
