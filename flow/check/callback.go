package check

import (
	"cmp"
	"context"
	"fmt"
	"strings"

	"github.com/oidcflow/oidcflow/flow/trace"
)

var callbackChecks = []Check{
	{Name: "missing-state", Ref: "RFC 6749 §4.1.2", Title: "the response has a state", Step: trace.Callback,
		Run: onCallback(func(s *Subject) error {
			if !s.Callback.Params.Has("state") {
				return mismatch("authorization response: state", say("the request's"), nil)
			}
			return nil
		})},
	{Name: "state-other-case", Ref: "RFC 6749 §4.1.2", Title: "the state comes back letter by letter", Step: trace.Callback,
		Run: onCallback(func(s *Subject) error {
			if got := s.Callback.Params.Get("state"); got != s.Authorization.State && strings.EqualFold(got, s.Authorization.State) {
				return &Mismatch{What: "authorization response: state", Want: "the request's", Got: "the same in other letters"}
			}
			return nil
		})},
	{Name: "invalid-state", Ref: "RFC 6749 §10.12", Title: "the state is the request's", Step: trace.Callback,
		Run: onCallback(func(s *Subject) error {
			got := s.Callback.Params.Get("state")
			if got == "" || strings.EqualFold(got, s.Authorization.State) {
				return nil
			}
			return &Mismatch{What: "authorization response: state", Want: "the request's", Got: "another"}
		})},
	{Name: "invalid-authorization-response-iss", Ref: "RFC 9207 §2.4", Title: "iss in the response is the issuer", Step: trace.Callback,
		Run: onCallback(func(s *Subject) error {
			if !s.Callback.Params.Has("iss") {
				return Skipped("the response has no iss")
			}
			if got := s.Callback.Params.Get("iss"); got != s.Authorization.Issuer {
				return mismatch("authorization response: iss", s.Authorization.Issuer, got)
			}
			return nil
		})},
	{Name: "remove-authorization-response-iss", Ref: "RFC 9207 §2.4", Title: "iss is in the response where it was promised", Step: trace.Callback,
		Run: onCallback(func(s *Subject) error {
			switch {
			case !s.Authorization.IssuerInCallback:
				return Skipped("the provider does not promise it")
			case !s.Callback.Params.Has("iss"):
				return mismatch("authorization response: iss", s.Authorization.Issuer, nil)
			}
			return nil
		})},
	{Name: "duplicate-code", Ref: "RFC 6749 §3.1", Title: "no parameter of the response is there twice", Step: trace.Callback,
		Run: onCallback(func(s *Subject) error {
			for name, values := range s.Callback.Params {
				if len(values) > 1 {
					return mismatch("authorization response: "+name, say("one"), len(values))
				}
			}
			return nil
		})},
	{Name: "error-and-code", Ref: "RFC 6749 §4.1.2.1", Title: "the response is a success or an error", Step: trace.Callback,
		Run: onCallback(func(s *Subject) error {
			if s.Callback.Params.Has("error") && s.Callback.Params.Has("code") {
				return mismatch("authorization response", say("a code or an error"), "both")
			}
			return nil
		})},
	{Name: "code-in-fragment", Ref: "OAuth 2.0 Multiple Response Type Encoding Practices 1.0 §2.1", Title: "the response comes in the mode that was asked for", Step: trace.Callback,
		Run: onCallback(func(s *Subject) error {
			if want := cmp.Or(s.Authorization.ResponseMode, "query"); s.Callback.Mode != want {
				return mismatch("authorization response: response_mode", want, s.Callback.Mode)
			}
			return nil
		})},
	{Name: "weak-code", Ref: "RFC 6749 §10.10", Title: "the code cannot be guessed", Step: trace.Callback, Run: onCallback(strongCode)},
}

// onCallback lets a rule look at the authorization response.
func onCallback(rule func(*Subject) error) func(context.Context, *Subject) error {
	return func(_ context.Context, s *Subject) error {
		if s.Callback == nil {
			return s.notReached("the authorization response", "", trace.SignIn)
		}
		return rule(s)
	}
}

// What a code has at least: 128 bits (RFC 6749 §10.10) in base64url are 22 letters, and random ones are not few.
const (
	minCode    = 22
	minLetters = 8
)

func strongCode(s *Subject) error {
	code := s.Callback.Params.Get("code")
	if code == "" {
		return Skipped("there is no code")
	}
	letters := map[rune]bool{}
	for _, r := range code {
		letters[r] = true
	}
	if len(code) < minCode || len(letters) < minLetters {
		return mismatch("authorization response: code", say(fmt.Sprintf("%d letters or more, %d of them different", minCode, minLetters)),
			fmt.Sprintf("%d letters, %d different", len(code), len(letters)))
	}
	return nil
}
