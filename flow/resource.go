package flow

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"

	"github.com/oidcflow/oidcflow/flow/trace"
)

// UserInfo returns what the provider says of the user (OpenID Connect Core 1.0 §5.3), signed or not. sub is that of the
// ID token, which the answer must have; "" accepts any, for tokens without an ID token. Numbers are json.Number.
func (c *Client) UserInfo(ctx context.Context, t *Tokens, sub string) (_ map[string]any, err error) {
	const name = "userinfo endpoint"
	m, err := c.provider(ctx)
	if err != nil {
		return nil, err
	}
	ctx, end := trace.Start(ctx, trace.UserInfo)
	defer func() { end(err) }()
	endpoint, err := c.endpoint(trace.UserInfo, name, c.cfg.Endpoints.UserInfo, m.Endpoints.UserInfo)
	if err != nil {
		return nil, err
	}
	trace.Learn(ctx, t.AccessToken.For(hostsOf(endpoint)...))
	a, err := c.send(ctx, &call{step: trace.UserInfo, name: name, url: endpoint, idempotent: true,
		build: func(ctx context.Context) (*http.Request, error) { return c.resourceRequest(ctx, endpoint, t) }})
	if err != nil {
		return nil, err
	}
	a.sent = []string{t.AccessToken.Reveal()}
	if err := a.resourceFailure(); err != nil {
		return nil, err
	}
	o, err := c.userInfo(ctx, m, a)
	if err != nil {
		return nil, a.named(err)
	}
	return o, a.named(checkSub(o, sub))
}

// resourceRequest returns a GET with the access token, in the header and never in the URL (RFC 6750 §2, RFC 9449 §7).
func (c *Client) resourceRequest(ctx context.Context, endpoint string, t *Tokens) (*http.Request, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, endpoint, nil)
	if err != nil {
		return nil, err
	}
	r.Header.Set("Authorization", cmp.Or(t.TokenType, "Bearer")+" "+t.AccessToken.Reveal())
	r.Header.Set("Accept", "application/json, application/jwt")
	if t.TokenType == "DPoP" {
		proof, err := c.DPoPProof(http.MethodGet, endpoint, t.AccessToken)
		if err != nil {
			return nil, err
		}
		r.Header.Set("DPoP", proof)
	}
	return r, nil
}

// userInfo reads the answer, and proves it if it is a JWT (§5.3.2): then iss and aud, where they are, must be right.
func (c *Client) userInfo(ctx context.Context, m *Metadata, a *answer) (object, error) {
	if a.contentType() != "application/jwt" {
		return a.object()
	}
	raw := string(a.body)
	if _, err := c.checkHeader(trace.UserInfo, m, raw); err != nil {
		return nil, err
	}
	payload, err := c.proven(ctx, trace.UserInfo, m, raw)
	if err != nil {
		return nil, err
	}
	o, err := decodeObject(payload)
	if err != nil {
		return nil, a.errorf("malformed", "userinfo: %w", err)
	}
	if iss, has := o["iss"]; has && iss != m.Issuer {
		return nil, a.errorf("iss", "userinfo: iss: want %q, got %q", m.Issuer, clip(fmt.Sprint(iss)))
	}
	if aud, err := o.audience(); err != nil || aud != nil && !slices.Contains(aud, c.cfg.ClientID) {
		return nil, a.errorf("aud", "userinfo: aud: want %q among %s", c.cfg.ClientID, clip(fmt.Sprintf("%q", aud)))
	}
	return o, nil
}

// checkSub compares the user: "The sub Claim in the UserInfo Response MUST be verified to exactly match the sub Claim in
// the ID Token; if they do not match, the UserInfo Response values MUST NOT be used" (§5.3.2).
func checkSub(o object, want string) error {
	got, err := o.text("sub")
	switch {
	case err != nil:
		return stepError(trace.UserInfo, "malformed", "userinfo: %w", err)
	case got == "":
		return stepError(trace.UserInfo, "sub", "userinfo: sub: want %q, got none", want)
	case want != "" && got != want:
		return stepError(trace.UserInfo, "sub", "userinfo: sub: want %q, got %q", want, clip(got))
	}
	return nil
}

// challengeError takes the error out of a challenge (RFC 6750 §3).
var challengeError = regexp.MustCompile(`(?i)\berror="([^"]*)"(?:.*?\berror_description="([^"]*)")?`)

// resourceFailure returns the error that a resource's answer is, or nil. Its words are in the challenge.
func (a *answer) resourceFailure() error {
	err := a.failure()
	if a.status != http.StatusUnauthorized && a.status != http.StatusForbidden {
		return err
	}
	for _, challenge := range a.header.Values("WWW-Authenticate") {
		if m := challengeError.FindStringSubmatch(challenge); m != nil {
			p := &ProviderError{Code: a.clean(m[1]), Description: a.clean(m[2]), Status: a.status}
			return a.named(&Error{Step: a.call.step, Code: string(a.call.step) + "." + codeWord(p.Code), Err: p, Hint: hintFor(p)})
		}
	}
	return err
}

// Introspect asks the provider about a token (RFC 7662). hint is its kind, such as access_token, or "". A token that the
// provider does not know is no error: active is false.
func (c *Client) Introspect(ctx context.Context, token trace.Secret, hint string) (_ map[string]any, err error) {
	a, err := c.tokenQuestion(ctx, trace.Introspect, token, hint)
	if err != nil {
		return nil, err
	}
	o, err := a.object()
	if err != nil {
		return nil, err
	}
	if _, is := o["active"].(bool); !is {
		return nil, a.errorf("malformed", "introspection: active: want a boolean, got %s", typeOf(o["active"]))
	}
	return o, nil
}

// Revoke makes a token invalid (RFC 7009). hint is its kind, such as refresh_token, or "". A token that the provider does
// not know is no error.
func (c *Client) Revoke(ctx context.Context, token trace.Secret, hint string) error {
	_, err := c.tokenQuestion(ctx, trace.Revoke, token, hint)
	return err
}

// tokenQuestion sends a token, with the client's authentication, to the endpoint of step.
func (c *Client) tokenQuestion(ctx context.Context, step trace.Step, token trace.Secret, hint string) (_ *answer, err error) {
	m, err := c.provider(ctx)
	if err != nil {
		return nil, err
	}
	ctx, end := trace.Start(ctx, step)
	defer func() { end(err) }()
	name, byHand, discovered := "introspection endpoint", c.cfg.Endpoints.Introspection, m.Endpoints.Introspection
	if step == trace.Revoke {
		name, byHand, discovered = "revocation endpoint", c.cfg.Endpoints.Revocation, m.Endpoints.Revocation
	}
	endpoint, err := c.endpoint(step, name, byHand, discovered)
	if err != nil {
		return nil, err
	}
	c.learnSecrets(ctx, m)
	trace.Learn(ctx, token.For(hostsOf(endpoint)...))
	form := url.Values{"token": {token.Reveal()}}
	if hint != "" {
		form.Set("token_type_hint", hint)
	}
	a, err := c.post(ctx, m, &call{step: step, name: name, url: endpoint}, form)
	if err != nil {
		return nil, err
	}
	return a, a.failure()
}
