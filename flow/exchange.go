package flow

import (
	"bytes"
	"context"
	"io"
	"net/http"

	"golang.org/x/oauth2"

	"github.com/oidcflow/oidcflow/flow/trace"
)

// Exchange sends the code to the token endpoint, once, and returns the tokens. They are not verified yet.
func (c *Client) Exchange(ctx context.Context, a *Authorization, code string) (_ *Tokens, err error) {
	m, err := c.provider(ctx)
	if err != nil {
		return nil, err
	}
	ctx, end := trace.Start(ctx, trace.Exchange)
	defer func() { end(err) }()
	c.learnSecrets(ctx, m)
	trace.Learn(ctx,
		trace.NewSecret("code", code, c.hosts(m.Endpoints.Token)...),
		trace.NewSecret("code_verifier", a.Verifier, c.hosts(m.Endpoints.Token)...))
	return c.tokens(ctx, trace.Exchange, m, a.Scopes, func(ctx context.Context, conf *oauth2.Config) error {
		conf.RedirectURL = a.RedirectURI
		_, err := conf.Exchange(ctx, code, oauth2.VerifierOption(a.Verifier))
		return err
	})
}

// tokens lets x/oauth2 write a token request in ask, sends it, and reads the answer. scopes are those asked for.
func (c *Client) tokens(ctx context.Context, step trace.Step, m *Metadata, scopes []string,
	ask func(context.Context, *oauth2.Config) error,
) (*Tokens, error) {
	method, err := c.authMethod(m)
	if err != nil {
		return nil, err
	}
	conf := c.oauth2(m)
	c.credentials(conf, method)
	t := &tokenTransport{c: c, m: m, step: step, method: method}
	err = ask(context.WithValue(ctx, oauth2.HTTPClient, &http.Client{Transport: t}), conf)
	if t.answer == nil {
		return nil, asError(cause(err), step, string(step)+".request") // net/http puts its own error around ours
	}
	// x/oauth2 has read the answer too, more leniently: its result is not used.
	tokens, err := t.answer.tokens(c.now())
	if err != nil {
		return nil, err
	}
	if tokens.Scopes == nil {
		tokens.Scopes = scopes // RFC 6749 §5.1
	}
	c.learnTokens(ctx, m, tokens)
	if err := c.checkTokenType(t.answer.call, tokens); err != nil {
		return nil, t.answer.named(err)
	}
	return tokens, nil
}

// checkTokenType refuses tokens that are not bound as they were asked to be: "If the access token type is not DPoP …
// the client MUST discard the response, if that protection is deemed important" (RFC 9449 §5).
func (c *Client) checkTokenType(k *call, t *Tokens) error {
	switch {
	case c.dpop != nil && t.TokenType != "DPoP":
		return k.errorf("token_type", "token_type: want \"DPoP\", got %q", t.TokenType)
	case c.dpop == nil && t.TokenType != "Bearer":
		return k.errorf("token_type", "token_type: want \"Bearer\", got %q", clip(t.TokenType))
	case c.dpop != nil:
		if err := c.dpop.checkBinding(t.AccessToken.Reveal()); err != nil {
			return k.errorf("dpop_binding", "%w", err)
		}
	}
	return nil
}

// tokenTransport sends what x/oauth2 wrote, and keeps the answer for us: x/oauth2 gives away neither the whole body nor
// the reason why it could not read it.
type tokenTransport struct {
	c      *Client
	m      *Metadata
	step   trace.Step
	method ClientAuth
	answer *answer
}

// RoundTrip implements [http.RoundTripper].
func (t *tokenTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	k := &call{step: t.step, name: "token endpoint", url: t.m.Endpoints.Token, proof: true}
	a, err := t.c.sendForm(r.Context(), t.m, k, t.method, r)
	if err != nil {
		return nil, err
	}
	t.answer = a
	return &http.Response{
		StatusCode: a.status, Header: a.header, Request: r, Body: io.NopCloser(bytes.NewReader(a.body)),
	}, nil
}
