package check

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/oidcflow/oidcflow/flow"
	"github.com/oidcflow/oidcflow/flow/trace"
)

// wrongVerifier is a verifier of the right form that nobody made a challenge of (RFC 7636 §4.1).
const wrongVerifier = "this-verifier-belongs-to-no-challenge-of-anybody"

// probes send what a right client does not.
var probes = []Check{
	{Name: "code-replay", Ref: "RFC 6749 §4.1.2", Title: "a code works once", Sends: "a code that was redeemed", Step: trace.Exchange,
		Run: probe(func(ctx context.Context, s *Subject) error {
			t, _, err := s.redeem(ctx, changes{})
			if err != nil {
				return err
			}
			_, err = t.client.Exchange(ctx, t.a, t.code)
			return refused(err, "a code sent twice", "invalid_grant")
		})},
	{Name: "code-race", Ref: "RFC 6749 §10.5", Title: "a code works once, also at the same time", Sends: "one code in four requests at once", Step: trace.Exchange,
		Run: probe(codeRace)},
	{Name: "code-repeated", Ref: "RFC 6749 §4.1.2", Title: "every sign-in has a code of its own", Sends: "a second sign-in", Step: trace.Callback,
		Run: probe(func(ctx context.Context, s *Subject) error {
			t, err := s.begin(ctx, changes{})
			if t.cb != nil && t.cb.Params.Get("code") != "" && t.cb.Params.Get("code") == s.Callback.Params.Get("code") {
				return mismatch("the code of a second sign-in", say("a new one"), say("the first one's"))
			}
			return err
		})},
	{Name: "nonce-replay", Ref: "OpenID Connect Core 1.0 §3.1.3.7 item 11", Title: "an ID token has the nonce of its own request", Sends: "a second sign-in", Step: trace.Verify,
		Run: probe(nonceReplay)},
	{Name: "code-other-redirect-uri", Ref: "RFC 6749 §4.1.3", Title: "a code is bound to its redirect URI", Sends: "another redirect_uri with the code", Step: trace.Exchange,
		Run: redeemed("a code with another redirect_uri", changes{token: set("redirect_uri", "https://other.example/callback")}, "invalid_grant", "invalid_request")},
	{Name: "code-other-client", Ref: "RFC 6749 §4.1.3", Title: "a code is bound to its client", Sends: "the code as another client", Step: trace.Exchange,
		Run: probe(otherClient(func(ctx context.Context, t *attempt, other *flow.Client) error {
			_, err := other.Exchange(ctx, t.a, t.code)
			return refused(err, "a code sent by another client", "invalid_grant", "invalid_client")
		}))},
	{Name: "code-expired", Ref: "RFC 6749 §4.1.2", Title: "a code is good for ten minutes at most", Sends: "a code that is eleven minutes old", Step: trace.Exchange,
		Run: probe(func(ctx context.Context, s *Subject) error {
			if s.Clock == nil {
				return Skipped("only the embedded provider's clock can be moved")
			}
			t, err := s.begin(ctx, changes{})
			if err != nil {
				return err
			}
			if err := s.Clock(11 * time.Minute); err != nil {
				return err
			}
			_, err = t.client.Exchange(ctx, t.a, t.code)
			return refused(err, "a code that is eleven minutes old", "invalid_grant")
		})},
	{Name: "client-wrong-secret", Ref: "RFC 6749 §2.3.1", Title: "a client has to know its secret", Sends: "another client secret", Step: trace.Exchange,
		Run: probe(func(ctx context.Context, s *Subject) error {
			if s.Config.ClientSecret.IsZero() {
				return Skipped("this client has no secret")
			}
			_, _, err := s.redeem(ctx, changes{config: func(c *flow.Config) {
				c.ClientSecret = trace.NewSecret("client_secret", "wrong-"+c.ClientSecret.Reveal())
			}})
			return refused(err, "a wrong client secret", "invalid_client")
		})},

	{Name: "pkce-wrong-verifier", Ref: "RFC 7636 §4.6", Title: "the verifier must be that of the challenge", Sends: "another code_verifier", Step: trace.Exchange,
		Run: redeemed("a wrong code_verifier", changes{token: set("code_verifier", wrongVerifier)}, "invalid_grant")},
	{Name: "pkce-missing-verifier", Ref: "RFC 7636 §4.6", Title: "a challenge demands a verifier", Sends: "no code_verifier after a challenge", Step: trace.Exchange,
		Run: redeemed("a code without its code_verifier", changes{token: func(f url.Values) { f.Del("code_verifier") }}, "invalid_grant", "invalid_request")},
	{Name: "pkce-plain", Ref: "RFC 9700 §2.1.1", Title: "a challenge is hashed", Sends: "code_challenge_method=plain", Step: trace.Exchange, Run: probe(plainChallenge)},
	{Name: "pkce-downgrade", Ref: "RFC 9700 §4.8.2", Title: "a verifier without a challenge is refused", Sends: "a code_verifier, and no challenge before", Step: trace.Exchange,
		Run: probe(func(ctx context.Context, s *Subject) error {
			_, _, err := s.redeem(ctx, changes{request: without("code_challenge", "code_challenge_method")})
			return pushed(s, refused(err, "a code_verifier without a challenge", "invalid_grant", "invalid_request"))
		})},
	{Name: "pkce-not-required", Ref: "RFC 9700 §2.1.1", Title: "a request without a challenge is refused", Sends: "neither a challenge nor a verifier", Step: trace.Authorize,
		Run: probe(noChallenge)},

	{Name: "redirect-uri-unregistered", Ref: "OpenID Connect Core 1.0 §3.1.2.1", Title: "nobody is sent to a redirect URI that is not registered", Sends: "an unregistered redirect_uri", Step: trace.Authorize,
		Run: probe(unregistered)},
	{Name: "scope-not-granted", Ref: "RFC 6749 §3.3", Title: "a scope that nobody knows is not granted", Sends: "the scope oidcflow:no-such-scope", Step: trace.Authorize,
		Run: probe(unknownScope)},
	{Name: "par-request-uri-reuse", Ref: "RFC 9126 §4", Title: "a pushed request is used once", Sends: "one request_uri twice", Step: trace.Authorize, Run: probe(reusedRequest)},

	{Name: "refresh-reuse", Ref: "RFC 9700 §4.14.2", Title: "a refresh token that was replaced is refused", Sends: "a refresh token that was rotated away", Step: trace.Refresh,
		Run: probe(refreshReuse)},
	{Name: "refresh-race", Ref: "RFC 9700 §4.14.2", Title: "a refresh token works once, also at the same time", Sends: "one refresh token in two requests at once", Step: trace.Refresh,
		Run: probe(refreshRace)},
	{Name: "refresh-other-client", Ref: "RFC 6749 §6", Title: "a refresh token is bound to its client", Sends: "the refresh token as another client", Step: trace.Refresh,
		Run: probe(otherClient(func(ctx context.Context, t *attempt, other *flow.Client) error {
			tokens, err := t.client.Exchange(ctx, t.a, t.code)
			switch {
			case err != nil:
				return err
			case tokens.RefreshToken.IsZero():
				return Skipped("there is no refresh token: ask for the scope offline_access")
			}
			_, err = other.Refresh(ctx, &flow.Result{Tokens: *tokens})
			return refused(err, "a refresh token sent by another client", "invalid_grant", "invalid_client")
		}))},

	{Name: "userinfo-no-token", Ref: "RFC 6750 §3.1", Title: "userinfo wants a token", Sends: "no token to userinfo", Step: trace.UserInfo,
		Run: probe(atUserInfo(func(string) (http.Header, url.Values) { return nil, nil }))},
	{Name: "userinfo-token-in-query", Ref: "RFC 9700 §4.3.2", Title: "a token in a URL is not accepted", Sends: "the access token in the query", Step: trace.UserInfo,
		Run: probe(atUserInfo(func(token string) (http.Header, url.Values) { return nil, url.Values{"access_token": {token}} }))},
	{Name: "userinfo-other-audience", Ref: "RFC 9700 §2.3", Title: "userinfo accepts access tokens only", Sends: "the ID token as the access token", Step: trace.UserInfo,
		Run: probe(func(ctx context.Context, s *Subject) error {
			_, tokens, err := s.redeem(ctx, changes{}) // a new one: the first may have expired, and be refused for that
			switch {
			case err != nil:
				return err
			case tokens.IDToken.IsZero():
				return Skipped("there is no ID token")
			}
			if u, err := s.userInfoURL(); err == nil {
				trace.Learn(ctx, tokens.IDToken.For(u.Host)) // which sends it there, for once
			}
			return s.userInfoRefuses(ctx, http.Header{"Authorization": {"Bearer " + tokens.IDToken.Reveal()}}, nil)
		})},
	{Name: "dpop-replay", Ref: "RFC 9449 §11.1", Title: "a DPoP proof works once", Sends: "one DPoP proof twice", Step: trace.UserInfo, Run: probe(replayedProof)},
}

// marked returns checks as probes.
func marked(all []Check) []Check {
	for i := range all {
		all[i].Probe = true
	}
	return all
}

// set returns a change of one parameter.
func set(name, value string) func(url.Values) {
	return func(form url.Values) { form.Set(name, value) }
}

// without returns a request with parameters left out.
func without(names ...string) func(*url.URL) *url.URL {
	return with(func(q url.Values) {
		for _, name := range names {
			q.Del(name)
		}
	})
}

// redeemed makes a probe of one changed code exchange.
func redeemed(what string, ch changes, codes ...string) func(context.Context, *Subject) error {
	return probe(func(ctx context.Context, s *Subject) error {
		_, _, err := s.redeem(ctx, ch)
		return refused(err, what, codes...)
	})
}

// pushed says that a request that was pushed cannot be changed in the browser any more.
func pushed(s *Subject, err error) error {
	if s.Authorization.URL.Query().Has("request_uri") {
		return Skipped("the request was pushed: what the browser sends does not count")
	}
	return err
}

const racers = 4

func codeRace(ctx context.Context, s *Subject) error {
	t, err := s.begin(ctx, changes{})
	if err != nil {
		return err
	}
	return race("one code in several requests at once", racers, func() error {
		_, err := t.client.Exchange(ctx, t.a, t.code)
		return err
	})
}

// race does something several times at once, which may succeed once.
func race(what string, n int, do func() error) error {
	errs := make([]error, n)
	var all sync.WaitGroup
	for i := range errs {
		all.Go(func() { errs[i] = do() })
	}
	all.Wait()
	succeeded := 0
	for _, err := range errs {
		var p *flow.ProviderError
		if err == nil {
			succeeded++
		} else if !errors.As(err, &p) {
			return err
		}
	}
	if succeeded > 1 {
		return mismatch(what, say("one success"), succeeded)
	}
	return nil
}

func nonceReplay(ctx context.Context, s *Subject) error {
	t, tokens, err := s.redeem(ctx, changes{})
	if err != nil {
		return err
	}
	id, err := readJWT(tokens.IDToken.Reveal())
	if err != nil {
		return Skipped("the second ID token cannot be read: " + err.Error())
	}
	got, _, err := id.Claims.text("nonce")
	if err == nil && got == s.Authorization.Nonce && got != t.a.Nonce {
		return mismatch("the nonce of a second sign-in", say("its own"), say("the first one's"))
	}
	return nil
}

// otherClient makes a probe of what a second client does with what the first was given.
func otherClient(run func(ctx context.Context, t *attempt, other *flow.Client) error) func(context.Context, *Subject) error {
	return func(ctx context.Context, s *Subject) error {
		if s.Other == nil {
			return Skipped("there is no second client to try it with")
		}
		config := *s.Other
		config.Transport = s.tap
		other, err := flow.New(config)
		if err != nil {
			return err
		}
		if _, err := other.Discover(ctx); err != nil {
			return err
		}
		t, err := s.begin(ctx, changes{})
		if err != nil {
			return err
		}
		return run(ctx, t, other)
	}
}

func plainChallenge(ctx context.Context, s *Subject) error {
	_, _, err := s.redeem(ctx, changes{
		request: with(func(q url.Values) {
			q.Set("code_challenge_method", "plain")
			q.Set("code_challenge", wrongVerifier)
		}),
		token: set("code_verifier", wrongVerifier),
	})
	return pushed(s, refused(err, "a challenge that is the verifier", "invalid_request", "invalid_grant"))
}

func noChallenge(ctx context.Context, s *Subject) error {
	_, _, err := s.redeem(ctx, changes{request: without("code_challenge", "code_challenge_method"), token: func(f url.Values) { f.Del("code_verifier") }})
	err = pushed(s, refused(err, "a request without a challenge", "invalid_request"))
	var wrong *Mismatch
	if errors.As(err, &wrong) && !s.Expect.RequirePKCE && !s.public() {
		wrong.Hint = "require PKCE of the client"
		return &Odd{*wrong} // RFC 9700 §2.1.1: RECOMMENDED for confidential clients
	}
	return err
}

func unregistered(ctx context.Context, s *Subject) error {
	const elsewhere = "https://unregistered.example/callback"
	t := s.Authorization
	if t.URL.Query().Has("request_uri") {
		_, err := s.begin(ctx, changes{config: func(c *flow.Config) { c.RedirectURI = elsewhere }})
		return refused(err, "an unregistered redirect_uri", "invalid_request", "invalid_redirect_uri")
	}
	u := *t.URL
	q := u.Query()
	q.Set("redirect_uri", elsewhere)
	u.RawQuery = q.Encode()
	m, err := s.send(ctx, http.MethodGet, u.String(), nil, nil)
	if err != nil {
		return err
	}
	if to := m.Header.Get("Location"); strings.HasPrefix(to, elsewhere) {
		return &Mismatch{What: "a request with an unregistered redirect_uri", Want: "a page that says so", Got: "a redirect there"}
	}
	if m.Status < 400 {
		return &Mismatch{What: "a request with an unregistered redirect_uri", Want: "a page that says so", Got: fmt.Sprintf("status %d", m.Status)}
	}
	return nil
}

func unknownScope(ctx context.Context, s *Subject) error {
	const scope = "oidcflow:no-such-scope"
	_, tokens, err := s.redeem(ctx, changes{config: func(c *flow.Config) { c.Scopes = append(slices.Clone(c.Scopes), scope) }})
	if err != nil {
		return refused(err, "an unknown scope", "invalid_scope")
	}
	t, err := readJWT(tokens.AccessToken.Reveal())
	granted := tokens.Scopes
	if err == nil {
		granted = append(slices.Clone(t.Claims.words("scp")), t.Claims.words("scope")...)
	}
	if slices.Contains(granted, scope) {
		return mismatch("an unknown scope", say("refused, or left out"), say("granted"))
	}
	return nil
}

func reusedRequest(ctx context.Context, s *Subject) error {
	if s.Metadata.Object == nil || s.Metadata.Object.Members["pushed_authorization_request_endpoint"] == nil {
		return Skipped("the provider takes no pushed requests")
	}
	t, err := s.begin(ctx, changes{config: func(c *flow.Config) { c.PAR = true }})
	if err != nil {
		return err
	}
	cb, err := t.client.SignIn(ctx, t.a)
	if err == nil {
		_, err = t.client.Code(ctx, t.a, cb)
	}
	return refused(err, "a request_uri used twice", "invalid_request", "invalid_request_uri")
}

func (s *Subject) withRefreshToken(ctx context.Context) (*attempt, *flow.Result, error) {
	t, tokens, err := s.redeem(ctx, changes{})
	switch {
	case err != nil:
		return t, nil, err
	case tokens.RefreshToken.IsZero():
		return t, nil, Skipped("there is no refresh token: ask for the scope offline_access")
	}
	r := &flow.Result{Issuer: t.a.Issuer, ClientID: t.a.ClientID, Tokens: *tokens}
	if id, err := readJWT(tokens.IDToken.Reveal()); err == nil {
		r.IDTokenClaims = id.Claims.Members
	}
	return t, r, nil
}

func refreshReuse(ctx context.Context, s *Subject) error {
	t, r, err := s.withRefreshToken(ctx)
	if err != nil {
		return err
	}
	fresh, err := t.client.Refresh(ctx, r)
	if fresh == nil {
		return err
	}
	if fresh.Tokens.RefreshToken.Reveal() == r.Tokens.RefreshToken.Reveal() {
		return Skipped("refresh tokens are not replaced here")
	}
	if s.Clock != nil { // Okta lets the old one be good for a short grace period
		if err := s.Clock(2 * time.Minute); err != nil {
			return err
		}
	}
	again, err := t.client.Refresh(ctx, r)
	if again != nil {
		err = nil // tokens came, whatever is wrong with them
	}
	return refused(err, "a refresh token that was replaced", "invalid_grant")
}

func refreshRace(ctx context.Context, s *Subject) error {
	t, r, err := s.withRefreshToken(ctx)
	if err != nil {
		return err
	}
	fresh := make(chan string, 2)
	err = race("one refresh token in two requests at once", 2, func() error {
		got, err := t.client.Refresh(ctx, r)
		if got != nil {
			fresh <- got.Tokens.RefreshToken.Reveal()
			return nil
		}
		return err
	})
	close(fresh)
	for token := range fresh {
		if token == r.Tokens.RefreshToken.Reveal() {
			return Skipped("refresh tokens are not replaced here")
		}
	}
	var wrong *Mismatch
	if errors.As(err, &wrong) {
		wrong.Hint = "providers such as Okta let the old one be good for a short grace period; set it to 0 if no client needs it"
		return &Odd{*wrong}
	}
	return err
}

// atUserInfo makes a probe of a request to userinfo that must be refused.
func atUserInfo(with func(token string) (http.Header, url.Values)) func(context.Context, *Subject) error {
	return func(ctx context.Context, s *Subject) error {
		_, tokens, err := s.redeem(ctx, changes{})
		if err != nil {
			return err
		}
		header, query := with(tokens.AccessToken.Reveal())
		return s.userInfoRefuses(ctx, header, query)
	}
}

func (s *Subject) userInfoRefuses(ctx context.Context, header http.Header, query url.Values) error {
	u, err := s.userInfoURL()
	if err != nil {
		return err
	}
	if query != nil {
		u.RawQuery = query.Encode()
	}
	m, err := s.send(ctx, http.MethodGet, u.String(), header, nil)
	if err != nil {
		return err
	}
	if m.Status >= 500 {
		return Skipped(fmt.Sprintf("userinfo does not work: status %d", m.Status))
	}
	if m.Status < 400 {
		return mismatch("userinfo", say("status 400 or 401"), m.Status)
	}
	return nil
}

// userInfoURL is where the engine asked: it has looked at whether tokens may go there.
func (s *Subject) userInfoURL() (*url.URL, error) {
	if s.UserInfo.Message == nil {
		return nil, Skipped("there is no userinfo endpoint that a token may be sent to")
	}
	return url.Parse(s.UserInfo.URL)
}

func replayedProof(ctx context.Context, s *Subject) error {
	if s.Metadata.Object == nil || s.Metadata.Object.Members["dpop_signing_alg_values_supported"] == nil {
		return Skipped("the provider does not bind tokens by DPoP")
	}
	t, tokens, err := s.redeem(ctx, changes{config: func(c *flow.Config) { c.DPoP = true }})
	if err != nil {
		return err
	}
	u, err := s.userInfoURL()
	if err != nil {
		return err
	}
	proof, err := t.client.DPoPProof(http.MethodGet, u.String(), tokens.AccessToken)
	if err != nil {
		return err
	}
	header := http.Header{"Authorization": {"DPoP " + tokens.AccessToken.Reveal()}, "Dpop": {proof}}
	first, err := s.send(ctx, http.MethodGet, u.String(), header, nil)
	if err != nil {
		return err
	}
	if first.Status != http.StatusOK {
		return Skipped(fmt.Sprintf("a proof is not accepted even once: status %d", first.Status))
	}
	second, err := s.send(ctx, http.MethodGet, u.String(), header, nil)
	if err != nil {
		return err
	}
	if second.Status < 400 {
		return mismatch("a DPoP proof used twice", say("status 401"), second.Status)
	}
	return nil
}
