package flow

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/cryptosigner"
	"golang.org/x/oauth2"

	"github.com/oidcflow/oidcflow/flow/trace"
)

// assertionTTL is how long a client assertion may be used. One is made for each request.
const assertionTTL = time.Minute

// minHMACKey is the least length of a secret for HS256 (RFC 7518 §3.2).
const minHMACKey = 32

// authMethod returns how the client authenticates: as the configuration says, else the first way that it has the
// credentials for and the provider offers.
func (c *Client) authMethod(m *Metadata) (ClientAuth, error) {
	if c.cfg.ClientAuth != AuthAuto {
		return c.cfg.ClientAuth, nil
	}
	var can []ClientAuth
	if c.cfg.ClientKey != nil {
		can = append(can, AuthPrivateKeyJWT)
	}
	if !c.cfg.ClientSecret.IsZero() {
		can = append(can, AuthSecretBasic, AuthSecretPost, AuthSecretJWT)
	}
	if len(can) == 0 {
		return AuthNone, nil // many providers take public clients and do not list "none"
	}
	if m.TokenAuthMethods == nil {
		return can[0], nil // RFC 8414 §2: client_secret_basic where the provider does not say
	}
	for _, method := range can {
		if slices.Contains(m.TokenAuthMethods, string(method)) {
			return method, nil
		}
	}
	return "", usage("client_auth_not_offered", "choose one with --client-auth if the provider's metadata is wrong",
		"client authentication: have credentials for %v, the provider offers %v", can, clip(strings.Join(m.TokenAuthMethods, " ")))
}

// oauth2 returns the configuration of x/oauth2 that writes our requests. Its auth style is set always: it sends a code
// twice while it is left to find out, and a code is burnt by that (RFC 6749 §10.5).
func (c *Client) oauth2(m *Metadata) *oauth2.Config {
	return &oauth2.Config{
		ClientID:    c.cfg.ClientID,
		RedirectURL: c.cfg.RedirectURI,
		Scopes:      c.cfg.Scopes,
		Endpoint:    oauth2.Endpoint{TokenURL: m.Endpoints.Token, AuthStyle: oauth2.AuthStyleInParams},
	}
}

// credentials puts the client's name and secret, if the method sends one, where x/oauth2 takes them from.
func (c *Client) credentials(conf *oauth2.Config, method ClientAuth) {
	switch method {
	case AuthSecretBasic:
		conf.Endpoint.AuthStyle = oauth2.AuthStyleInHeader
		conf.ClientSecret = c.cfg.ClientSecret.Reveal()
	case AuthSecretPost:
		conf.ClientSecret = c.cfg.ClientSecret.Reveal()
	}
}

// post sends form to k's endpoint with the client's authentication, as x/oauth2 does to the token endpoint.
func (c *Client) post(ctx context.Context, m *Metadata, k *call, form url.Values) (*answer, error) {
	method, err := c.authMethod(m)
	if err != nil {
		return nil, err
	}
	form = cloneValues(form)
	if method != AuthSecretBasic {
		form.Set("client_id", c.cfg.ClientID)
	}
	if method == AuthSecretPost {
		form.Set("client_secret", c.cfg.ClientSecret.Reveal())
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, k.url, strings.NewReader(form.Encode()))
	if err != nil {
		return nil, asError(err, k.step, string(k.step)+".request")
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if method == AuthSecretBasic {
		// RFC 6749 §2.3.1: both are form-urlencoded before they are joined.
		r.SetBasicAuth(url.QueryEscape(c.cfg.ClientID), url.QueryEscape(c.cfg.ClientSecret.Reveal()))
	}
	return c.sendForm(ctx, m, k, method, r)
}

// sendForm sends the form that r holds, as often as send finds right. Assertion and proof are made for each attempt.
func (c *Client) sendForm(ctx context.Context, m *Metadata, k *call, method ClientAuth, r *http.Request) (*answer, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, asError(err, k.step, string(k.step)+".request")
	}
	form, err := url.ParseQuery(string(body))
	if err != nil {
		return nil, asError(err, k.step, string(k.step)+".request")
	}
	k.build = func(ctx context.Context) (*http.Request, error) {
		if err := c.assert(ctx, m, k, method, form); err != nil {
			return nil, err
		}
		attempt, err := http.NewRequestWithContext(ctx, http.MethodPost, k.url, strings.NewReader(form.Encode()))
		if err != nil {
			return nil, err
		}
		attempt.Header = r.Header.Clone()
		if c.dpop != nil && k.proof {
			proof, err := c.dpop.proof(http.MethodPost, k.url, "", c.now())
			if err != nil {
				return nil, err
			}
			attempt.Header.Set("DPoP", proof)
		}
		return attempt, nil
	}
	a, err := c.send(ctx, k)
	if err != nil {
		return nil, err
	}
	a.sent = c.secretsIn(form)
	return a, nil
}

// secretsIn returns what a form, or the client's authentication, holds that a message may not.
func (c *Client) secretsIn(form url.Values) []string {
	secrets := []string{c.cfg.ClientSecret.Reveal()}
	for _, name := range []string{"code", "code_verifier", "refresh_token", "token", "client_assertion", "id_token_hint"} {
		secrets = append(secrets, form.Get(name))
	}
	return secrets
}

// assert puts a client assertion into form, if the method asks for one (RFC 7523 §2.2, OpenID Connect Core 1.0 §9).
func (c *Client) assert(ctx context.Context, m *Metadata, k *call, method ClientAuth, form url.Values) error {
	var key jose.SigningKey
	switch method {
	case AuthSecretJWT:
		if n := len(c.cfg.ClientSecret.Reveal()); n < minHMACKey {
			return usage("short_client_secret", "use client_secret_basic or a longer secret",
				"client authentication %s: want a secret of %d bytes or more, got %d", method, minHMACKey, n)
		}
		key = jose.SigningKey{Algorithm: jose.HS256, Key: []byte(c.cfg.ClientSecret.Reveal())}
	case AuthPrivateKeyJWT:
		alg, err := keyAlg(c.cfg.ClientKey.Public(), m.TokenAuthAlgs)
		if err != nil {
			return err
		}
		key = jose.SigningKey{Algorithm: alg, Key: jose.JSONWebKey{Key: cryptosigner.Opaque(c.cfg.ClientKey), KeyID: c.cfg.ClientKeyID}}
	default:
		return nil
	}
	now := c.now()
	assertion, err := sign(key, nil, map[string]any{
		"iss": c.cfg.ClientID,
		"sub": c.cfg.ClientID,
		"aud": k.url, // Okta wants the endpoint that is called, and no provider minds
		"iat": now.Unix(),
		"exp": now.Add(assertionTTL).Unix(),
		"jti": random(),
	})
	if err != nil {
		return usage("bad_client_key", "", "client authentication %s: %w", method, err)
	}
	trace.Learn(ctx, trace.NewSecret("client_assertion", assertion, hostsOf(k.url)...))
	form.Set("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer")
	form.Set("client_assertion", assertion)
	return nil
}

// keyAlg returns the algorithm for a key: the first that fits it and that the provider offers, where it says.
func keyAlg(public crypto.PublicKey, offered []string) (jose.SignatureAlgorithm, error) {
	var fit []jose.SignatureAlgorithm
	switch k := public.(type) {
	case *rsa.PublicKey:
		fit = []jose.SignatureAlgorithm{jose.RS256, jose.PS256, jose.RS384, jose.PS384, jose.RS512, jose.PS512}
	case *ecdsa.PublicKey:
		fit = map[int][]jose.SignatureAlgorithm{256: {jose.ES256}, 384: {jose.ES384}, 521: {jose.ES512}}[k.Curve.Params().BitSize]
	case ed25519.PublicKey:
		fit = []jose.SignatureAlgorithm{jose.EdDSA}
	}
	if len(fit) == 0 {
		return "", usage("bad_client_key", "use an RSA, P-256, P-384, P-521 or Ed25519 key", "client key: %T has no JWS algorithm", public)
	}
	for _, alg := range fit {
		if offered == nil || slices.Contains(offered, string(alg)) {
			return alg, nil
		}
	}
	return "", usage("bad_client_key", "use a key of another kind", "client key: it signs with %v, the provider offers %v", fit, offered)
}

// sign returns claims as a compact JWS with the header's members besides alg and kid.
func sign(key jose.SigningKey, header map[jose.HeaderKey]any, claims map[string]any) (string, error) {
	signer, err := jose.NewSigner(key, &jose.SignerOptions{ExtraHeaders: header})
	if err != nil {
		return "", err
	}
	payload, err := json.Marshal(claims)
	if err != nil {
		return "", err
	}
	jws, err := signer.Sign(payload)
	if err != nil {
		return "", err
	}
	return jws.CompactSerialize()
}

func cloneValues(v url.Values) url.Values {
	c := make(url.Values, len(v)+2)
	for name, values := range v {
		c[name] = slices.Clone(values)
	}
	return c
}
