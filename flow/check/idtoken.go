package check

import (
	"context"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/oidcflow/oidcflow/flow/trace"
)

// idTokenChecks are the rules of OpenID Connect Core 1.0 §2 and §3.1.3.7, and of RFC 8725 for the header.
var idTokenChecks = []Check{
	{Name: "idtoken-duplicate-claims", Ref: "RFC 7519 §4", Title: "no claim of the ID token is there twice", Step: trace.Verify,
		Run: onIDToken(func(s *Subject, c *Object) error {
			if twice := slices.Concat(s.IDToken.Header.Twice, c.Twice); len(twice) > 0 {
				return mismatch("id token: "+twice[0], say("one"), say("several"))
			}
			return nil
		})},

	{Name: "missing-iss", Ref: "OpenID Connect Core 1.0 §2", Title: "the ID token names its issuer", Step: trace.Verify, Run: has("iss")},
	{Name: "invalid-iss", Ref: "OpenID Connect Core 1.0 §3.1.3.7 item 2", Title: "the ID token is of this issuer", Step: trace.Verify,
		Run: onIDToken(func(s *Subject, c *Object) error { return equals(c, "id token", "iss", s.Authorization.Issuer) })},
	{Name: "missing-sub", Ref: "OpenID Connect Core 1.0 §2", Title: "the ID token names the user", Step: trace.Verify, Run: has("sub")},
	{Name: "sub-too-long", Ref: "OpenID Connect Core 1.0 §2", Title: "sub has at most 255 ASCII characters", Step: trace.Verify,
		Run: onIDToken(func(_ *Subject, c *Object) error {
			sub, there, err := c.text("sub")
			if there && (err != nil || len(sub) > 255 || strings.ContainsFunc(sub, func(r rune) bool { return r > 127 })) {
				return mismatch("id token: sub", say("a string of at most 255 ASCII characters"), say(fmt.Sprintf("%s of %d bytes", kind(c.Members["sub"]), len(sub))))
			}
			return nil
		})},
	{Name: "missing-aud", Ref: "OpenID Connect Core 1.0 §2", Title: "the ID token says for whom it is", Step: trace.Verify,
		Run: onIDToken(func(_ *Subject, c *Object) error {
			if _, there, _ := c.audience(); !there { // its type is for another check
				return mismatch("id token: aud", say("the client"), nil)
			}
			return nil
		})},
	{Name: "empty-aud", Ref: "OpenID Connect Core 1.0 §3.1.3.7 item 3", Title: "aud names somebody", Step: trace.Verify,
		Run: onIDToken(func(_ *Subject, c *Object) error {
			list, there, err := c.audience()
			if there && (err != nil || len(list) == 0 || slices.Contains(list, "")) {
				return mismatch("id token: aud", say("the client"), c.Members["aud"])
			}
			return nil
		})},
	{Name: "invalid-aud", Ref: "OpenID Connect Core 1.0 §3.1.3.7 item 3", Title: "the ID token is for this client", Step: trace.Verify,
		Run: onIDToken(func(s *Subject, c *Object) error {
			list, _, err := c.audience()
			if err != nil || len(list) == 0 || list[0] == "" {
				return Skipped("there is no audience")
			}
			return among("id token", "aud", list, s.Authorization.ClientID)
		})},
	{Name: "invalid-secondary-aud", Ref: "OpenID Connect Core 1.0 §3.1.3.7 item 3", Title: "the ID token is for nobody else", Step: trace.Verify,
		Run: onIDToken(func(s *Subject, c *Object) error {
			list, _, err := c.audience()
			if err != nil || len(list) < 2 || !slices.Contains(list, s.Authorization.ClientID) {
				return nil
			}
			return mismatch("id token: aud", say("this client alone, for no other is trusted here"), say(fmt.Sprintf("%q", list)))
		})},
	{Name: "invalid-azp", Ref: "OpenID Connect Core 1.0 §3.1.3.7 item 5", Title: "azp, where it is, is this client", Step: trace.Verify,
		Run: onIDToken(func(s *Subject, c *Object) error { return equals(c, "id token", "azp", s.Authorization.ClientID) })},

	{Name: "missing-exp", Ref: "OpenID Connect Core 1.0 §2", Title: "the ID token says until when it is good", Step: trace.Verify, Run: has("exp")},
	{Name: "exp-string", Ref: "RFC 7519 §4.1.4", Title: "exp is a number", Step: trace.Verify,
		Run: onIDToken(func(_ *Subject, c *Object) error {
			v, there := c.Members["exp"]
			if _, is := v.(json.Number); there && v != nil && !is {
				return mismatch("id token: exp", say("a number of seconds"), kind(v))
			}
			return nil
		})},
	{Name: "exp-overflow", Ref: "RFC 7519 §2", Title: "exp is a time that there is", Step: trace.Verify,
		Run: onIDToken(func(_ *Subject, c *Object) error {
			if _, _, err := c.instant("exp"); err != nil && kind(c.Members["exp"]) == "a number" {
				return &Mismatch{What: "id token: " + err.Error()}
			}
			return nil
		})},
	{Name: "invalid-expired-exp", Ref: "OpenID Connect Core 1.0 §3.1.3.7 item 9", Title: "the ID token has not expired", Step: trace.Verify,
		Run: atTime("exp", func(s *Subject, exp time.Time) error {
			if now := s.now(); !exp.Add(s.skew()).After(now) {
				return mismatch("id token: exp", say("after "+now.UTC().Format(time.RFC3339)), exp)
			}
			return nil
		})},
	{Name: "missing-iat", Ref: "OpenID Connect Core 1.0 §2", Title: "the ID token says since when it is good", Step: trace.Verify, Run: has("iat")},
	{Name: "iat-is-week-in-past", Ref: "OpenID Connect Core 1.0 §3.1.3.7 item 10", Title: "the ID token was made for this exchange", Step: trace.Verify,
		Run: atTime("iat", func(s *Subject, iat time.Time) error {
			if since := s.now().Add(-maxAge - s.skew()); iat.Before(since) {
				return mismatch("id token: iat", say("after "+since.UTC().Format(time.RFC3339)), iat)
			}
			return nil
		})},
	{Name: "iat-in-future", Ref: "RFC 7519 §4.1.6", Title: "the ID token was not made in the future", Step: trace.Verify, Run: atTime("iat", past("iat"))},
	{Name: "nbf-in-future", Ref: "RFC 7519 §4.1.5", Title: "the ID token is good already", Step: trace.Verify, Run: atTime("nbf", past("nbf"))},

	{Name: "missing-nonce", Ref: "OpenID Connect Core 1.0 §3.1.3.7 item 11", Title: "the ID token has a nonce", Step: trace.Verify, Run: has("nonce")},
	{Name: "nonce-invalid", Ref: "OpenID Connect Core 1.0 §3.1.3.7 item 11", Title: "the nonce is the request's", Step: trace.Verify,
		Run: onIDToken(func(s *Subject, c *Object) error {
			got, there, err := c.text("nonce")
			if there && (err != nil || got != s.Authorization.Nonce) {
				return &Mismatch{What: "id token: nonce", Want: "the request's", Got: "another"}
			}
			return nil
		})},
	{Name: "invalid-athash", Ref: "OpenID Connect Core 1.0 §3.1.3.8", Title: "at_hash is of the access token", Step: trace.Verify, Run: onIDToken(accessTokenHash)},
	{Name: "auth-time-missing", Ref: "OpenID Connect Core 1.0 §3.1.3.7 item 13", Title: "auth_time is there where max_age was asked", Step: trace.Verify,
		Run: onIDToken(func(s *Subject, c *Object) error {
			if s.Authorization.MaxAge == nil {
				return Skipped("max_age was not asked")
			}
			return present(c, "id token", "auth_time")
		})},
	{Name: "auth-time-too-old", Ref: "OpenID Connect Core 1.0 §3.1.2.1", Title: "the user signed in since max_age", Step: trace.Verify,
		Run: atTime("auth_time", func(s *Subject, at time.Time) error {
			if s.Authorization.MaxAge == nil {
				return Skipped("max_age was not asked")
			}
			if since := s.Authorization.Time.Add(-*s.Authorization.MaxAge - s.skew()); at.Before(since) {
				return mismatch("id token: auth_time", say("after "+since.UTC().Format(time.RFC3339)), at)
			}
			return nil
		})},
	{Name: "expect-claim", Ref: "OpenID Connect Core 1.0 §5.1", Title: "the ID token has the claims that you expect", Step: trace.Verify,
		Run: onIDToken(expectedClaims)},
}

// maxAge is how long ago an ID token may have been made.
const maxAge = time.Hour

// onIDToken lets a rule look at the claims of the ID token. One that is an access token is for one check alone.
func onIDToken(rule func(*Subject, *Object) error) func(context.Context, *Subject) error {
	return func(_ context.Context, s *Subject) error {
		switch {
		case s.IDToken == nil:
			return s.notReached("an ID token", "id token", trace.Exchange)
		case s.IDToken.isAccessToken():
			return Skipped("it is an access token")
		}
		return rule(s, s.IDToken.Claims)
	}
}

func has(name string) func(context.Context, *Subject) error {
	return onIDToken(func(_ *Subject, c *Object) error { return present(c, "id token", name) })
}

// atTime lets a rule look at a claim that is a time. One that is absent, or none, is for another check.
func atTime(name string, rule func(*Subject, time.Time) error) func(context.Context, *Subject) error {
	return onIDToken(func(s *Subject, c *Object) error {
		at, there, err := c.instant(name)
		if !there || err != nil {
			return Skipped("the claim " + name + " is not there, or no time")
		}
		return rule(s, at)
	})
}

// past demands that a time is not in the future.
func past(name string) func(*Subject, time.Time) error {
	return func(s *Subject, at time.Time) error {
		if now := s.now(); at.After(now.Add(s.skew())) {
			return mismatch("id token: "+name, say("at most "+now.UTC().Format(time.RFC3339)), at)
		}
		return nil
	}
}

// accessTokenHash is the left half of the hash of the token's algorithm.
func accessTokenHash(s *Subject, c *Object) error {
	got, there, err := c.text("at_hash")
	switch {
	case !there:
		return Skipped("it is optional, and not there")
	case err != nil:
		return &Mismatch{What: "id token: " + err.Error()}
	}
	access := []byte(s.Tokens.AccessToken.Reveal())
	var sum []byte
	alg, _, _ := s.IDToken.Header.text("alg") // of another type: none of these
	switch {
	case !slices.Contains(s.algorithms(), alg):
		return Skipped("the algorithm is for another check")
	case strings.HasSuffix(alg, "256"):
		h := sha256.Sum256(access)
		sum = h[:]
	case strings.HasSuffix(alg, "384"):
		h := sha512.Sum384(access)
		sum = h[:]
	case strings.HasSuffix(alg, "512"), alg == "EdDSA":
		h := sha512.Sum512(access)
		sum = h[:]
	default:
		return Skipped("the algorithm has no hash")
	}
	if want := base64.RawURLEncoding.EncodeToString(sum[:len(sum)/2]); got != want {
		return mismatch("id token: at_hash", want, got)
	}
	return nil
}

// expectedClaims demands what the user does.
func expectedClaims(s *Subject, c *Object) error {
	if len(s.Expect.Claims) == 0 {
		return Skipped("--expect-claim says which")
	}
	for name, values := range s.Expect.Claims {
		got := c.words(name)
		if text, there, err := c.text(name); there && err == nil {
			got = append(got, text)
		} else if v := c.Members[name]; there && v != nil {
			got = append(got, fmt.Sprint(v))
		}
		for _, want := range values {
			if err := among("id token", name, got, want); err != nil {
				return err
			}
		}
	}
	return nil
}
