package flow

import (
	"context"

	"golang.org/x/oauth2"

	"github.com/oidcflow/oidcflow/flow/trace"
)

// Refresh returns r with new tokens. Where the provider rotates the refresh token the new one is in them, and the old
// one should be forgotten; else it is kept. An ID token that comes along is verified as the successor of the one in r
// (OpenID Connect Core 1.0 §12.2); where none comes, that of r stays, with what was verified of it.
//
// If the ID token is not the user's, Refresh returns an error of the step verify with the result that it has, for the
// refresh token may be the only one that still works.
func (c *Client) Refresh(ctx context.Context, r *Result) (*Result, error) {
	m, err := c.provider(ctx)
	if err != nil {
		return nil, err
	}
	tokens, err := c.refresh(ctx, m, r)
	if err != nil {
		return nil, err
	}
	fresh := *r
	fresh.Tokens = *tokens
	if tokens.IDToken.IsZero() {
		fresh.Tokens.IDToken = r.Tokens.IDToken
		return &fresh, nil
	}
	id, err := c.verifyRefreshed(ctx, m, r, tokens)
	if err != nil {
		return &fresh, err
	}
	fresh.Verified = nil // what was verified of the old token says nothing of this one
	fresh.add(id)
	return &fresh, nil
}

func (c *Client) refresh(ctx context.Context, m *Metadata, r *Result) (_ *Tokens, err error) {
	ctx, end := trace.Start(ctx, trace.Refresh)
	defer func() { end(err) }()
	if r.Tokens.RefreshToken.IsZero() {
		e := stepError(trace.Refresh, "missing_refresh_token", "no refresh token")
		e.Hint = "ask for the scope offline_access, and allow the client refresh tokens"
		return nil, e
	}
	c.learnSecrets(ctx, m)
	old := r.Tokens
	c.learnTokens(ctx, m, &old)
	tokens, err := c.tokens(ctx, trace.Refresh, m, old.Scopes, func(ctx context.Context, conf *oauth2.Config) error {
		_, err := conf.TokenSource(ctx, &oauth2.Token{RefreshToken: old.RefreshToken.Reveal()}).Token()
		return err
	})
	if err != nil {
		return nil, err
	}
	if tokens.RefreshToken.IsZero() {
		tokens.RefreshToken = old.RefreshToken // RFC 6749 §6: a new one only if the provider issues one
	}
	return tokens, nil
}

func (c *Client) verifyRefreshed(ctx context.Context, m *Metadata, r *Result, t *Tokens) (_ *IDToken, err error) {
	ctx, end := trace.Start(ctx, trace.Verify)
	defer func() { end(err) }()
	return c.verifyIDToken(ctx, m, refreshedChecks, &idTokenCheck{
		issuer: m.Issuer, clientID: c.cfg.ClientID, before: r.IDTokenClaims,
		access: t.AccessToken.Reveal(), raw: t.IDToken.Reveal(),
	})
}
