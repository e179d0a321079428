package check

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"

	"github.com/oidcflow/oidcflow/flow"
	"github.com/oidcflow/oidcflow/flow/trace"
)

// requestProbes send requests of another form than a right client's.
var requestProbes = []Check{
	{Name: "scope-order", Ref: "RFC 6749 §3.3", Title: "the order of scopes has no meaning", Sends: "the scopes in reverse", Step: trace.Exchange,
		Run: probe(reversedScopes)},
	{Name: "request-parameter-twice", Ref: "RFC 6749 §3.1", Title: "a parameter that is there twice is refused", Sends: "two scope parameters", Step: trace.Authorize,
		Run: probe(func(ctx context.Context, s *Subject) error {
			_, err := s.begin(ctx, changes{request: with(func(q url.Values) { q.Add("scope", "openid") })})
			return pushed(s, refused(err, "a request with two scope parameters", "invalid_request"))
		})},
	{Name: "request-object-ignored", Ref: "OpenID Connect Core 1.0 §6.1", Title: "a request object is honoured, or refused", Sends: "an unsigned request object of an unknown client", Step: trace.Authorize,
		Run: probe(func(ctx context.Context, s *Subject) error {
			_, err := s.begin(ctx, changes{request: with(func(q url.Values) { q.Set("request", strangersRequest) })})
			return pushed(s, refused(err, "a request object of an unknown client", "request_not_supported", "invalid_request_object", "invalid_request"))
		})},
	{Name: "prompt-none-and-login", Ref: "OpenID Connect Core 1.0 §3.1.2.1", Title: "prompt=none allows no other", Sends: "prompt=none login", Step: trace.Authorize,
		Run: probe(func(ctx context.Context, s *Subject) error {
			_, err := s.begin(ctx, changes{request: with(func(q url.Values) { q.Set("prompt", "none login") })})
			return pushed(s, refused(err, "prompt=none together with login", "invalid_request"))
		})},
	{Name: "token-by-get", Ref: "RFC 6749 §3.2", Title: "the token endpoint takes POST alone", Sends: "a code in the query of a GET request", Step: trace.Exchange, Run: probe(tokenByGet)},
	{Name: "token-error-status", Ref: "RFC 6749 §5.2", Title: "a code that is refused is answered with status 400", Sends: "a code that was never given out", Step: trace.Exchange,
		Run: probe(func(ctx context.Context, s *Subject) error {
			_, err := s.client.Exchange(ctx, s.Authorization, "no-such-code-was-ever-given-out-to-anybody")
			var p *flow.ProviderError
			switch {
			case err == nil:
				return mismatch("a made-up code", say("refused"), say("accepted"))
			case !errors.As(err, &p):
				return err
			case p.Code == "invalid_client":
				return Skipped("the client itself is refused, which may be status 401")
			case p.Status != http.StatusBadRequest:
				return mismatch("a made-up code: status", http.StatusBadRequest, p.Status)
			}
			return nil
		})},
	{Name: "refresh-with-access-token", Ref: "RFC 6749 §6", Title: "an access token is no refresh token", Sends: "the access token as the refresh token", Step: trace.Refresh,
		Run: probe(func(ctx context.Context, s *Subject) error {
			t, r, err := s.withRefreshToken(ctx)
			if err != nil {
				return err
			}
			r.Tokens.RefreshToken = trace.NewSecret("refresh_token", r.Tokens.AccessToken.Reveal())
			fresh, err := t.client.Refresh(ctx, r)
			if fresh != nil {
				err = nil // tokens came, whatever is wrong with them
			}
			return refused(err, "an access token as a refresh token", "invalid_grant", "invalid_request")
		})},
}

// strangersRequest is an unsigned request object (OpenID Connect Core 1.0 §6.1) whose client_id cannot be the request's.
var strangersRequest = base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"none"}`)) + "." +
	base64.RawURLEncoding.EncodeToString([]byte(`{"client_id":"oidcflow:no-such-client","response_type":"code"}`)) + "."

// with returns a request with its parameters changed.
func with(change func(url.Values)) func(*url.URL) *url.URL {
	return func(u *url.URL) *url.URL {
		changed := *u
		q := changed.Query()
		change(q)
		changed.RawQuery = q.Encode()
		return &changed
	}
}

// reversedScopes wants the same tokens whatever comes first.
func reversedScopes(ctx context.Context, s *Subject) error {
	if len(s.Authorization.Scopes) < 2 || s.Tokens.IDToken.IsZero() {
		return Skipped("one scope has no order, and without an ID token nothing shows it")
	}
	_, tokens, err := s.redeem(ctx, changes{config: func(c *flow.Config) {
		c.Scopes = slices.Clone(s.Authorization.Scopes)
		slices.Reverse(c.Scopes)
	}})
	var p *flow.ProviderError
	switch {
	case errors.As(err, &p):
		return mismatch("the scopes in reverse", say("accepted"), say("refused: "+p.Code))
	case err != nil:
		return err
	case tokens.IDToken.IsZero():
		return mismatch("the scopes in reverse", say("an ID token as before"), say("none"))
	}
	return nil
}

// tokenByGet sends what would be right by POST.
func tokenByGet(ctx context.Context, s *Subject) error {
	switch {
	case s.Config.DPoP:
		return Skipped("the proof of a DPoP client is for POST")
	case s.Config.ClientKey != nil:
		return Skipped("an assertion is not for this")
	}
	t, err := s.begin(ctx, changes{})
	if err != nil {
		return err
	}
	q := url.Values{"grant_type": {"authorization_code"}, "code": {t.code}, "redirect_uri": {t.a.RedirectURI}, "client_id": {t.a.ClientID}}
	if t.a.Verifier != "" {
		q.Set("code_verifier", t.a.Verifier)
	}
	if !s.public() {
		q.Set("client_secret", s.Config.ClientSecret.Reveal())
	}
	m, err := s.send(ctx, http.MethodGet, t.edit.url+"?"+q.Encode(), nil, nil)
	if err != nil {
		return err
	}
	if m.Status < 300 {
		return mismatch("a token request by GET", say("refused"), say(fmt.Sprintf("status %d", m.Status)))
	}
	return nil
}
