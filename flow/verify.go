package flow

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"github.com/go-jose/go-jose/v4"

	"github.com/oidcflow/oidcflow/flow/trace"
)

// IDToken is an ID token that was verified. Numbers in it are json.Number.
type IDToken struct {
	Header   map[string]any
	Claims   map[string]any
	Verified []string // names of what was verified, in the order of [Client.Verify]
}

// maxIDTokenAge is how long ago an ID token may have been issued. It was made for this exchange, so it is fresh.
const maxIDTokenAge = time.Hour

// Verify verifies the ID token in t as the answer to a (OpenID Connect Core 1.0 §3.1.3.7). Verified lists, in this
// order, those of signature, iss, aud, azp, exp, iat, nbf, nonce, at_hash, auth_time and acr that were there to be
// verified: azp, nbf and at_hash are optional claims, auth_time and acr are demanded where the request asked for them.
// [Client.Run] puts state and, where the response had iss, callback_iss in front.
func (c *Client) Verify(ctx context.Context, a *Authorization, t *Tokens) (_ *IDToken, err error) {
	m, err := c.provider(ctx)
	if err != nil {
		return nil, err
	}
	ctx, end := trace.Start(ctx, trace.Verify)
	defer func() { end(err) }()
	if t.IDToken.IsZero() {
		e := stepError(trace.Verify, "missing_id_token", "no id_token in the token response")
		e.Hint = "allow this client the scope openid"
		return nil, e
	}
	trace.Learn(ctx, t.IDToken)
	return c.verifyIDToken(ctx, m, idTokenChecks, &idTokenCheck{
		issuer: a.Issuer, clientID: a.ClientID, nonce: a.Nonce, maxAge: a.MaxAge, acrValues: a.ACRValues,
		asked: a.Time, access: t.AccessToken.Reveal(), raw: t.IDToken.Reveal(),
	})
}

// verifyIDToken verifies the signature of v.raw, then makes the checks.
func (c *Client) verifyIDToken(ctx context.Context, m *Metadata, checks []claimCheck, v *idTokenCheck) (*IDToken, error) {
	header, err := c.checkHeader(trace.Verify, m, v.raw)
	if err != nil {
		return nil, err
	}
	// go-oidc parses and proves. Its own look at the claims is left out: it would return no codes, compares Google's
	// issuer in two spellings, and lacks half of them.
	proof := &proof{c: c, m: m, step: trace.Verify}
	verifier := oidc.NewVerifier(m.Issuer, proof, &oidc.Config{
		SupportedSigningAlgs: m.signingAlgs(), SkipClientIDCheck: true, SkipExpiryCheck: true, SkipIssuerCheck: true,
	})
	v.token, err = verifier.Verify(ctx, v.raw)
	switch {
	case proof.err != nil:
		return nil, proof.err
	case err != nil:
		return nil, stepError(trace.Verify, "malformed", "id token: %w", err)
	}
	if v.claims, err = decodeObject(proof.payload); err != nil {
		return nil, stepError(trace.Verify, "malformed", "id token: claims: %w", err)
	}
	v.now, v.skew = c.now(), c.cfg.ClockSkew
	id := &IDToken{Header: header, Claims: v.claims}
	passed := func(name string) {
		id.Verified = append(id.Verified, name)
		trace.Record(ctx, trace.Event{Kind: trace.Verified, Name: name})
	}
	passed("signature")
	for _, check := range checks {
		applies, err := check.run(v)
		if err != nil {
			return nil, stepError(trace.Verify, check.name, "id token: %w", err)
		}
		if applies {
			passed(check.name)
		}
	}
	return id, nil
}

// checkHeader returns the header of a compact JWS, if its algorithm is one of the provider's and nothing in it must be
// understood that we do not (RFC 7515 §4.1.11).
func (c *Client) checkHeader(step trace.Step, m *Metadata, raw string) (object, error) {
	parts := strings.Split(raw, ".")
	if len(parts) != 3 {
		return nil, stepError(step, "malformed", "token: want a signed JWT of 3 parts, got %d", len(parts))
	}
	var data []byte
	for i, part := range parts {
		decoded, err := decodePart(part)
		if err != nil {
			return nil, stepError(step, "malformed", "token: part %d: %w", i+1, err)
		}
		if i == 0 {
			data = decoded
		}
	}
	header, err := decodeObject(data)
	if err != nil {
		return nil, stepError(step, "malformed", "token: header: %w", err)
	}
	alg, err := header.text("alg")
	if err != nil {
		return nil, stepError(step, "malformed", "token: header: %w", err)
	}
	if algs := m.signingAlgs(); !slices.Contains(algs, alg) {
		return nil, stepError(step, "alg", "token: alg: want one of %v, got %q", algs, clip(alg))
	}
	if crit, has := header["crit"]; has {
		return nil, stepError(step, "crit", "token: the header demands what is not known here: %s", clip(fmt.Sprint(crit)))
	}
	return header, nil
}

// decodePart decodes base64url to the letter (RFC 7515 §2): encoding/base64 passes over line ends, and go-jose over bits
// that stand for nothing, so that one token would have many spellings.
func decodePart(part string) ([]byte, error) {
	if strings.ContainsAny(part, "\r\n") {
		return nil, errors.New("want base64url, got a line end in it")
	}
	data, err := base64.RawURLEncoding.Strict().DecodeString(part)
	if err != nil {
		return nil, errors.New("want base64url")
	}
	return data, nil
}

// proof is the provider's keys as go-oidc asks for them. It keeps payload and error, which go-oidc does not hand on.
type proof struct {
	c       *Client
	m       *Metadata
	step    trace.Step
	payload []byte
	err     error
}

// VerifySignature implements [oidc.KeySet].
func (p *proof) VerifySignature(ctx context.Context, raw string) ([]byte, error) {
	p.payload, p.err = p.c.proven(ctx, p.step, p.m, raw)
	return p.payload, p.err
}

// proven returns the payload of a compact JWS that one of the provider's keys signed.
func (c *Client) proven(ctx context.Context, step trace.Step, m *Metadata, raw string) ([]byte, error) {
	url, err := c.endpoint(step, "jwks_uri", c.cfg.Endpoints.JWKS, m.Endpoints.JWKS)
	if err != nil {
		return nil, err
	}
	var algs []jose.SignatureAlgorithm
	for _, a := range m.signingAlgs() {
		algs = append(algs, jose.SignatureAlgorithm(a))
	}
	jws, err := jose.ParseSignedCompact(raw, algs)
	if err != nil {
		return nil, stepError(step, "malformed", "token: %w", err)
	}
	return c.keys.verify(ctx, step, url, jws)
}
