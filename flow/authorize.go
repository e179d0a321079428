package flow

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"golang.org/x/oauth2"

	"github.com/oidcflow/oidcflow/flow/trace"
)

// Authorize makes an authorization request with a state, a nonce and a verifier of its own. Where it is to be pushed
// (RFC 9126), the provider is asked, and URL refers to what it keeps.
func (c *Client) Authorize(ctx context.Context) (_ *Authorization, err error) {
	m, err := c.provider(ctx)
	if err != nil {
		return nil, err
	}
	ctx, end := trace.Start(ctx, trace.Authorize)
	defer func() { end(err) }()
	a := &Authorization{
		Issuer:           m.Issuer,
		ClientID:         c.cfg.ClientID,
		RedirectURI:      c.cfg.RedirectURI,
		Scopes:           c.cfg.Scopes,
		ResponseMode:     c.cfg.ResponseMode,
		State:            random(),
		Nonce:            random(),
		Verifier:         oauth2.GenerateVerifier(),
		MaxAge:           c.cfg.MaxAge,
		ACRValues:        c.cfg.ACRValues,
		IssuerInCallback: m.IssuerInCallback,
		Time:             c.now(),
	}
	c.learnSecrets(ctx, m)
	trace.Learn(ctx, trace.NewSecret("code_verifier", a.Verifier, c.hosts(m.Endpoints.Token)...))
	params, err := c.requestParams(m, a)
	if err != nil {
		return nil, err
	}
	if c.cfg.PAR || m.RequirePAR {
		if params, err = c.push(ctx, m, params); err != nil {
			return nil, err
		}
	}
	if a.URL, err = withParams(m.Endpoints.Authorization, params); err != nil {
		return nil, asError(err, trace.Authorize, "authorize.bad_endpoint")
	}
	return a, nil
}

// requestParams returns the parameters of the authorization request (OpenID Connect Core 1.0 §3.1.2.1).
func (c *Client) requestParams(m *Metadata, a *Authorization) (url.Values, error) {
	options := []oauth2.AuthCodeOption{oauth2.S256ChallengeOption(a.Verifier), oauth2.SetAuthURLParam("nonce", a.Nonce)}
	optional := func(name, value string) {
		if value != "" {
			options = append(options, oauth2.SetAuthURLParam(name, value))
		}
	}
	optional("response_mode", a.ResponseMode)
	optional("prompt", c.cfg.Prompt)
	optional("acr_values", strings.Join(a.ACRValues, " "))
	optional("login_hint", c.cfg.LoginHint)
	optional("id_token_hint", c.cfg.IDTokenHint)
	if a.MaxAge != nil {
		optional("max_age", strconv.FormatInt(int64(a.MaxAge.Seconds()), 10))
	}
	if c.dpop != nil {
		optional("dpop_jkt", c.dpop.thumbprint) // RFC 9449 §10: the code is of no use without the key
	}
	// Without an endpoint AuthCodeURL returns the query alone, which is as good in a pushed request as in a URL.
	query := c.oauth2(m).AuthCodeURL(a.State, options...)
	params, err := url.ParseQuery(strings.TrimPrefix(query, "?"))
	if err != nil {
		return nil, stepError(trace.Authorize, "request", "authorization request: %w", err)
	}
	maps.Copy(params, c.cfg.Params)
	return params, nil
}

// push sends the request to the provider and returns the parameters that refer to it (RFC 9126 §2).
func (c *Client) push(ctx context.Context, m *Metadata, params url.Values) (url.Values, error) {
	const name = "pushed authorization request endpoint"
	endpoint, err := c.endpoint(trace.Authorize, name, c.cfg.Endpoints.PAR, m.Endpoints.PAR)
	if err != nil {
		return nil, err
	}
	a, err := c.post(ctx, m, &call{step: trace.Authorize, name: name, url: endpoint}, params)
	if err != nil {
		return nil, err
	}
	// RFC 9126 §2.2 says 201; Okta answers 200.
	if err := a.failure(); err != nil {
		return nil, err
	}
	o, err := a.object()
	if err != nil {
		return nil, err
	}
	uri, err := o.text("request_uri")
	if err != nil {
		return nil, a.errorf("malformed", "%s: %w", name, err)
	}
	if uri == "" || (a.status != http.StatusCreated && a.status != http.StatusOK) {
		return nil, a.errorf("malformed", "%s: no request_uri in the answer with %s", name, statusText(a.status))
	}
	return url.Values{"client_id": {c.cfg.ClientID}, "request_uri": {uri}}, nil
}

// withParams returns an endpoint with params added to the query that it may have (RFC 6749 §3.1).
func withParams(endpoint string, params url.Values) (*url.URL, error) {
	u, err := parseEndpoint(endpoint)
	if err != nil {
		return nil, fmt.Errorf("%q: %w", clip(endpoint), err)
	}
	if u.RawQuery != "" {
		u.RawQuery += "&"
	}
	u.RawQuery += params.Encode()
	return u, nil
}

// random returns 256 bits for a state, a nonce or the identifier of an assertion.
func random() string {
	b := make([]byte, 32)
	_, _ = rand.Read(b) // never returns an error since Go 1.24
	return base64.RawURLEncoding.EncodeToString(b)
}
