package flow

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"

	"github.com/oidcflow/oidcflow/flow/trace"
)

// Token returns tokens that are valid for MinTTL at least: those of the cache, else refreshed ones, else those of a
// sign-in. A refresh token that the provider refuses leads to a sign-in; any other error is returned.
//
// Tokens that are bound to a key (DPoP) are not taken from the cache: the key lives as long as the client.
func (c *Client) Token(ctx context.Context) (*Result, error) {
	cached, err := c.load(ctx)
	if err != nil {
		return nil, err
	}
	if cached != nil && c.isFresh(cached) {
		return cached, nil
	}
	if cached != nil && !cached.Tokens.RefreshToken.IsZero() {
		r, err := c.Refresh(ctx, cached)
		if err == nil {
			return r, c.store(ctx, r)
		}
		if !refused(err) {
			return r, err
		}
		trace.Record(ctx, trace.Event{Kind: trace.Note, Message: "the refresh token is of no use any more: signing in"})
	}
	r, err := c.Run(ctx)
	if err != nil {
		return r, err
	}
	return r, c.store(ctx, r)
}

// refused reports whether err says that the refresh token will never work again (RFC 6749 §5.2).
func refused(err error) bool {
	var p *ProviderError
	return errors.As(err, &p) && p.Code == "invalid_grant" && p.Status < 500
}

// isFresh reports whether r's tokens are valid for MinTTL. Where the provider did not say how long, they are not.
func (c *Client) isFresh(r *Result) bool {
	return !r.Tokens.Expiry.IsZero() && r.Tokens.Expiry.After(c.now().Add(c.cfg.MinTTL))
}

// load returns what the cache has for this client, or nil.
func (c *Client) load(ctx context.Context) (*Result, error) {
	if c.cfg.Cache == nil || c.dpop != nil {
		return nil, nil
	}
	r, err := c.cfg.Cache.Load(ctx, c.cacheKey())
	if err != nil {
		return nil, &Error{Code: "env.cache", Err: err, Hint: "clear the cache, or do without one"}
	}
	// A cache is somebody else's code, and its files may have been moved.
	if r == nil || r.Issuer != c.cfg.Issuer || r.ClientID != c.cfg.ClientID {
		return nil, nil
	}
	trace.Learn(ctx, r.Tokens.AccessToken, r.Tokens.RefreshToken, r.Tokens.IDToken)
	return r, nil
}

func (c *Client) store(ctx context.Context, r *Result) error {
	if c.cfg.Cache == nil || c.dpop != nil {
		return nil
	}
	if err := c.cfg.Cache.Store(ctx, c.cacheKey(), r); err != nil {
		return &Error{Code: "env.cache", Err: err, Hint: "see whether the cache can be written, or do without one"}
	}
	return nil
}

// cacheKey returns what tells tokens of this provider, client, user and request from others, as a word for file names.
func (c *Client) cacheKey() string {
	// Marshal cannot fail on these types; a map's keys are sorted.
	data, _ := json.Marshal([]any{
		c.cfg.Issuer, c.cfg.Endpoints.Authorization, c.cfg.Endpoints.Token, c.cfg.ClientID, c.cfg.CacheKey,
		c.cfg.Scopes, c.cfg.ACRValues, c.cfg.Params,
	})
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}
