package check

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/oidcflow/oidcflow/flow/trace"
)

var tokenTroubles = []trouble{
	{"token-slow", "RFC 9110 §15.6.5", "the token endpoint answers in time", late},
	{"gzip-bomb", "RFC 9110 §8.4.1", "the token response does not unpack to many times its size", bomb},
	{"token-oversized", "RFC 6749 §5.1", "the token response is of a size that a client reads", oversized},
	{"token-cut", "RFC 9112 §8", "the token response is whole", cut},
	{"token-redirect", "RFC 9700 §4.12", "the token endpoint does not redirect", redirects},
	{"token-429-forever", "RFC 6585 §4", "the token endpoint takes requests, if not at once", limited},
	{"token-500", "RFC 6749 §5.2", "the token endpoint works", failing},
	{"token-html", "RFC 6749 §5.1", "the token response is no page", markup},
	{"token-truncated-json", "RFC 6749 §5.1", "the token response is a JSON object", unreadable},
	{"token-wrong-content-type", "RFC 6749 §5.1", "the token response is sent as application/json", mislabeled},
	{"token-duplicate-member", "RFC 8259 §4", "no member of the token response is there twice", ambiguous},
}

var exchangeChecks = slices.Concat(
	transportChecks(trace.Exchange, "token endpoint", func(s *Subject) *Document { return &s.Token }, tokenTroubles),
	[]Check{
		{Name: "token-cacheable", Ref: "RFC 6749 §5.1", Title: "nobody on the way keeps the token response", Step: trace.Exchange,
			Run: onToken(func(s *Subject, _ *Object) error {
				if got := s.Token.Header.Get("Cache-Control"); !strings.Contains(strings.ToLower(got), "no-store") {
					return mismatch("token response: Cache-Control", "no-store", got)
				}
				return nil
			})},
		{Name: "missing-access-token", Ref: "RFC 6749 §5.1", Title: "the token response has an access token", Step: trace.Exchange,
			Run: onToken(func(_ *Subject, o *Object) error { return present(o, "token response", "access_token") })},
		{Name: "missing-id-token", Ref: "OpenID Connect Core 1.0 §3.1.3.3", Title: "the token response has an ID token", Step: trace.Exchange,
			Run: onToken(func(s *Subject, o *Object) error {
				if !slices.Contains(s.Authorization.Scopes, "openid") {
					return Skipped("the scope openid was not asked for")
				}
				return present(o, "token response", "id_token")
			})},
		{Name: "token-type-missing", Ref: "RFC 6749 §5.1", Title: "the token response says of what type the token is", Step: trace.Exchange,
			Run: onToken(func(_ *Subject, o *Object) error { return present(o, "token response", "token_type") })},
		{Name: "token-type-unknown", Ref: "RFC 6749 §7.1", Title: "the token is of a type that the client knows", Step: trace.Exchange,
			Run: onToken(tokenType)},
		{Name: "expires-in-string", Ref: "RFC 6749 §5.1", Title: "expires_in is a number", Step: trace.Exchange,
			Run: onToken(func(_ *Subject, o *Object) error {
				v, there := o.Members["expires_in"]
				if _, is := v.(json.Number); there && !is {
					return mismatch("token response: expires_in", say("a number"), kind(v))
				}
				return nil
			})},
		{Name: "expires-in-negative", Ref: "RFC 6749 §5.1", Title: "the access token lives for a while", Step: trace.Exchange,
			Run: onToken(func(_ *Subject, o *Object) error {
				if d, ok := lifetime(o); ok && d <= 0 {
					return mismatch("token response: expires_in", say("more than 0"), d)
				}
				return nil
			})},
		{Name: "expires-in-nanoseconds", Ref: "RFC 6749 §5.1", Title: "expires_in is in seconds", Step: trace.Exchange,
			Run: onToken(func(_ *Subject, o *Object) error {
				n, is := o.Members["expires_in"].(json.Number)
				if !is {
					return Skipped("there is none, or it is no number")
				}
				if seconds, err := n.Float64(); err != nil || seconds > tooLong.Seconds() {
					return mismatch("token response: expires_in", say("a lifetime in seconds"), say(n.String()+", which is more than ten years"))
				}
				return nil
			})},
		{Name: "scope-widened", Ref: "RFC 6749 §3.3", Title: "no scope is granted that was not asked for", Step: trace.Exchange,
			Run: onToken(func(s *Subject, o *Object) error {
				return narrowed("token response: scope", o.words("scope"), s.Authorization.Scopes)
			})},
		{Name: "max-token-lifetime", Ref: "RFC 9700 §2.2", Title: "access tokens live no longer than you allow", Step: trace.Exchange,
			Run: onToken(func(s *Subject, o *Object) error {
				d, ok := lifetime(o)
				switch {
				case s.Expect.MaxLifetime == 0:
					return Skipped("--max-token-lifetime says how long they may")
				case !ok:
					return Skipped("the provider does not say how long they live")
				case d > s.Expect.MaxLifetime:
					return &Mismatch{What: "token response: expires_in", Want: "at most " + s.Expect.MaxLifetime.String(), Got: d.String(),
						Hint: "shorten the lifetime of access tokens in the authorization server's access policy"}
				}
				return nil
			})},
	})

// onToken lets a rule look at the token response.
func onToken(rule func(*Subject, *Object) error) func(context.Context, *Subject) error {
	return func(_ context.Context, s *Subject) error {
		switch {
		case s.Token.Message == nil:
			return s.notReached("a token response", "", trace.Callback)
		case s.Token.Object == nil || s.Token.Status != http.StatusOK:
			return Skipped("there is no token response: " + s.Token.describe())
		}
		return rule(s, s.Token.Object)
	}
}

func tokenType(s *Subject, o *Object) error {
	got, there, err := o.text("token_type")
	want := "Bearer"
	if s.Config.DPoP {
		want = "DPoP"
	}
	switch {
	case !there:
		return Skipped("there is none")
	case err != nil:
		return &Mismatch{What: "token response: " + err.Error()}
	case !strings.EqualFold(got, want): // "Value is case insensitive"
		return mismatch("token response: token_type", want, got)
	}
	return nil
}

// tooLong is no lifetime of an access token: a number above it is not of seconds.
const tooLong = 10 * 365 * 24 * time.Hour

// maxSeconds is what a [time.Duration] holds at least, some 290 years.
const maxSeconds = 1 << 33

// lifetime returns expires_in, where it is one.
func lifetime(o *Object) (time.Duration, bool) {
	n, ok := o.Members["expires_in"].(json.Number)
	if !ok {
		return 0, false
	}
	seconds, err := n.Float64()
	if err != nil || seconds > maxSeconds {
		return 0, false
	}
	return time.Duration(seconds * float64(time.Second)), true
}

// narrowed demands that no scope is there that was not asked for.
func narrowed(where string, got, asked []string) error {
	for _, scope := range got {
		if !slices.Contains(asked, scope) {
			return mismatch(where, say(fmt.Sprintf("some of %q", asked)), say(fmt.Sprintf("%q", got)))
		}
	}
	return nil
}
