package flow

import (
	"context"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/oidcflow/oidcflow/flow/trace"
)

const (
	maxKeys         = 100 // of one JWKS
	minRSABits      = 2048
	maxRSABits      = 8192 // more makes one verification take seconds
	refetchInterval = time.Minute
)

// keySet holds the provider's published keys. They are fetched when first needed, and anew for a key ID that is not
// among them (OpenID Connect Core 1.0 §10.1.1), at most once a minute: who sends tokens with made-up key IDs shall not
// make us knock at the provider's door for each.
type keySet struct {
	c         *Client
	turn      chan struct{} // guards the rest, and is held while keys are fetched
	keys      *keys
	refetched time.Time
}

// keys are the keys of one document, with the reasons why others of it are not used.
type keys struct {
	usable  []jose.JSONWebKey
	refused map[string]error // by key ID
}

func newKeySet(c *Client) *keySet { return &keySet{c: c, turn: make(chan struct{}, 1)} }

// verify returns the payload of jws if one of the provider's keys, which are at url, signed it.
func (s *keySet) verify(ctx context.Context, step trace.Step, url string, jws *jose.JSONWebSignature) ([]byte, error) {
	header := jws.Signatures[0].Header
	known, err := s.load(ctx, step, url, nil)
	if err != nil {
		return nil, err
	}
	candidates := known.forHeader(header)
	if len(candidates) == 0 {
		if known, err = s.load(ctx, step, url, known); err != nil {
			return nil, err
		}
		candidates = known.forHeader(header)
	}
	if len(candidates) == 0 {
		return nil, stepError(step, "unknown_key", "signature: %w", known.missing(header))
	}
	for _, k := range candidates {
		if payload, err := jws.Verify(k.Key); err == nil {
			return payload, nil
		}
	}
	return nil, stepError(step, "signature", "signature: want one by the key %q, got another", clip(header.KeyID))
}

// load returns the keys. If they are unfit, they are fetched anew, unless that was done within the last minute.
func (s *keySet) load(ctx context.Context, step trace.Step, url string, unfit *keys) (*keys, error) {
	if err := enter(ctx, step, s.turn); err != nil {
		return nil, err
	}
	defer func() { <-s.turn }()
	now := s.c.now()
	if s.keys != nil && (s.keys != unfit || now.Sub(s.refetched) < refetchInterval) {
		return s.keys, nil
	}
	fresh, err := s.c.fetchKeys(ctx, step, url)
	if err != nil {
		return nil, err
	}
	if s.keys != nil {
		s.refetched = now
	}
	s.keys = fresh
	return fresh, nil
}

// fetchKeys reads the provider's JWKS.
func (c *Client) fetchKeys(ctx context.Context, step trace.Step, url string) (*keys, error) {
	a, err := c.get(ctx, step, "jwks", url)
	if err != nil {
		return nil, err
	}
	if err := a.failure(); err != nil {
		return nil, err
	}
	if _, err := a.object(); err != nil {
		return nil, err
	}
	k, err := parseKeys(a.body)
	if err != nil {
		return nil, a.errorf("malformed", "%s: %w", a.call.place(), err)
	}
	return k, nil
}

// parseKeys reads a JWK set (RFC 7517 §5). "Implementations SHOULD ignore JWKs within a JWK Set that use kty values that
// are not understood, or are missing required members": they are kept aside with the reason.
func parseKeys(document []byte) (*keys, error) {
	var set map[string]json.RawMessage // a struct would take KEYS for keys
	if err := json.Unmarshal(document, &set); err != nil {
		return nil, errors.New("want an object with an array of keys")
	}
	var all []json.RawMessage
	if raw, has := set["keys"]; has && json.Unmarshal(raw, &all) != nil {
		return nil, errors.New("keys: want an array of keys")
	}
	if len(all) > maxKeys {
		return nil, fmt.Errorf("keys: want at most %d, got %d", maxKeys, len(all))
	}
	k := &keys{refused: map[string]error{}}
	for _, raw := range all {
		key, id, err := parseKey(raw)
		if err != nil {
			k.refused[id] = err
			continue
		}
		k.usable = append(k.usable, key)
	}
	return k, nil
}

// parseKey returns a public key for signatures with its key ID, or why it is not one.
func parseKey(raw json.RawMessage) (key jose.JSONWebKey, id string, err error) {
	members, err := decodeObject(raw)
	if err != nil {
		return key, "", err
	}
	if id, err = members.text("kid"); err != nil {
		return key, "", err
	}
	// Whoever published the private part has shown it to all: its signatures prove nothing.
	for _, private := range []string{"d", "p", "q", "dp", "dq", "qi", "k", "oth"} {
		if _, has := members[private]; has {
			return key, id, fmt.Errorf("it has the private or symmetric part %q", private)
		}
	}
	if err := key.UnmarshalJSON(raw); err != nil {
		return key, id, err
	}
	if key.Use != "" && key.Use != "sig" {
		return key, id, fmt.Errorf("it is for use %q", clip(key.Use))
	}
	ops, err := members.list("key_ops")
	if err != nil {
		return key, id, err
	}
	if ops != nil && !slices.Contains(ops, "verify") { // RFC 7517 §4.3
		return key, id, errors.New("it is for no operation verify")
	}
	switch k := key.Key.(type) {
	case *rsa.PublicKey:
		if bits := k.N.BitLen(); bits < minRSABits || bits > maxRSABits {
			return key, id, fmt.Errorf("it has %d bits, want %d to %d", bits, minRSABits, maxRSABits)
		}
	case *ecdsa.PublicKey, ed25519.PublicKey:
	default:
		return key, id, fmt.Errorf("%T is no key for signatures", k)
	}
	return key, id, nil
}

// forHeader returns the keys that may have made a signature with this header: those of its key ID, or all where it
// names none, and of these the ones that fit the algorithm. What the header says of other keys (jwk, jku, x5c, x5u) is
// the word of whoever made the token, and not looked at.
func (k *keys) forHeader(h jose.Header) []jose.JSONWebKey {
	var fit []jose.JSONWebKey
	for _, key := range k.usable {
		if (h.KeyID == "" || key.KeyID == h.KeyID) && fits(key, h.Algorithm) {
			fit = append(fit, key)
		}
	}
	return fit
}

// fits reports whether key may make signatures with alg: the kind of key decides, and the key's own alg if it has one.
func fits(key jose.JSONWebKey, alg string) bool {
	if key.Algorithm != "" && key.Algorithm != alg {
		return false
	}
	switch k := key.Key.(type) {
	case *rsa.PublicKey:
		return alg[:2] == "RS" || alg[:2] == "PS"
	case *ecdsa.PublicKey:
		// RFC 7518 §3.4 ties each algorithm to one curve.
		return alg == map[int]string{256: "ES256", 384: "ES384", 521: "ES512"}[k.Curve.Params().BitSize]
	case ed25519.PublicKey:
		return alg == "EdDSA"
	}
	return false
}

// missing returns why no key fits a header.
func (k *keys) missing(h jose.Header) error {
	if why := k.refused[h.KeyID]; why != nil {
		return fmt.Errorf("the provider's key %q is not used: %w", clip(h.KeyID), why)
	}
	return fmt.Errorf("the provider publishes no key %q for %s", clip(h.KeyID), h.Algorithm)
}
