package flow

import (
	"context"
	"net/http"
	"slices"
	"time"

	"github.com/oidcflow/oidcflow/flow/trace"
)

// Client is one client of one provider. Its methods are the steps of the exchange; [Client.Run] takes them in order. It
// may be used by several goroutines at once.
type Client struct {
	cfg       Config
	transport http.RoundTripper
	metadata  *once[Metadata]
	keys      *keySet
	dpop      *dpopKey // nil: tokens are not bound
}

// New returns a client for cfg, or an error that says what in cfg cannot work. It makes no request.
func New(cfg Config) (*Client, error) {
	cfg = cfg.WithDefaults()
	if err := cfg.check(); err != nil {
		return nil, err
	}
	c := &Client{
		cfg:       cfg,
		transport: &trace.Transport{Base: cfg.Transport},
		metadata:  newOnce[Metadata](),
	}
	c.keys = newKeySet(c)
	if cfg.DPoP {
		key, err := newDPoPKey()
		if err != nil {
			return nil, &Error{Code: "env.dpop_key", Err: err}
		}
		c.dpop = key
	}
	return c, nil
}

func (c *Client) now() time.Time { return c.cfg.Now() }

// Run signs the user in and returns verified tokens: Discover, Authorize, SignIn, Code, Exchange and Verify, in this
// order. With an error it returns what was found so far; tokens that are there then are not verified.
func (c *Client) Run(ctx context.Context) (*Result, error) {
	r := &Result{Issuer: c.cfg.Issuer, ClientID: c.cfg.ClientID}
	if _, err := c.Discover(ctx); err != nil {
		return r, err
	}
	a, err := c.Authorize(ctx)
	if err != nil {
		return r, err
	}
	cb, err := c.SignIn(ctx, a)
	if err != nil {
		return r, err
	}
	return c.Finish(ctx, a, cb)
}

// Finish takes the steps after the sign-in: Code, Exchange and Verify, in this order. It is for callers to whom the
// response comes without a driver, such as a web app. With an error it returns what was found so far, as Run does.
func (c *Client) Finish(ctx context.Context, a *Authorization, cb *Callback) (*Result, error) {
	r := &Result{Issuer: a.Issuer, ClientID: a.ClientID}
	code, err := c.Code(ctx, a, cb)
	if err != nil {
		return r, err
	}
	r.Verified = verifiedInCallback(a, cb)
	tokens, err := c.Exchange(ctx, a, code)
	if err != nil {
		return r, err
	}
	r.Tokens = *tokens
	if tokens.IDToken.IsZero() && !slices.Contains(a.Scopes, "openid") {
		return r, nil // without openid there is no ID token, and so nothing to verify
	}
	id, err := c.Verify(ctx, a, tokens)
	if err != nil {
		return r, err
	}
	r.add(id)
	return r, nil
}

// SignIn lets the driver sign the user in, and returns the response that came to the redirect URI.
func (c *Client) SignIn(ctx context.Context, a *Authorization) (_ *Callback, err error) {
	ctx, end := trace.Start(ctx, trace.SignIn)
	defer func() { end(err) }()
	if c.cfg.SignIn == nil {
		return nil, usage("missing_sign_in", "", "no driver to sign the user in with")
	}
	cb, err := c.cfg.SignIn.SignIn(ctx, Request{URL: a.URL, RedirectURI: a.RedirectURI, ResponseMode: a.ResponseMode})
	switch {
	case err != nil && ctx.Err() == context.DeadlineExceeded:
		return nil, asError(err, trace.SignIn, "signin.timeout")
	case err != nil && ctx.Err() != nil:
		return nil, asError(err, trace.SignIn, "signin.canceled")
	case err != nil:
		return nil, asError(err, trace.SignIn, "signin.driver")
	case cb == nil:
		return nil, usage("bad_sign_in", "", "the driver returned neither a response nor an error")
	}
	return cb, nil
}

// add puts what the ID token says into r.
func (r *Result) add(id *IDToken) {
	r.IDTokenClaims, r.IDTokenHeader = id.Claims, id.Header
	r.Verified = append(r.Verified, id.Verified...)
}
