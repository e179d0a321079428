package flow

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/oidcflow/oidcflow/flow/trace"
)

// dpopKey is the key that tokens are bound to (RFC 9449), and the nonces that servers gave for its proofs.
type dpopKey struct {
	private    *ecdsa.PrivateKey
	thumbprint string // RFC 7638

	mu     sync.Mutex
	nonces map[string]string // by origin
}

func newDPoPKey() (*dpopKey, error) {
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("dpop key: %w", err)
	}
	public := jose.JSONWebKey{Key: private.Public()}
	thumbprint, err := public.Thumbprint(crypto.SHA256)
	if err != nil {
		return nil, fmt.Errorf("dpop key: %w", err)
	}
	return &dpopKey{
		private:    private,
		thumbprint: base64.RawURLEncoding.EncodeToString(thumbprint),
		nonces:     map[string]string{},
	}, nil
}

// DPoPProof returns the value of the header DPoP for one request to a resource with a DPoP-bound access token.
func (c *Client) DPoPProof(method, url string, access trace.Secret) (string, error) {
	if c.dpop == nil {
		return "", usage("no_dpop", "set DPoP in the configuration", "tokens of this client are not bound to a key")
	}
	return c.dpop.proof(method, url, access.Reveal(), c.now())
}

// proof returns a DPoP proof (RFC 9449 §4.2). access is the token that comes with it, "" at the token endpoint.
func (k *dpopKey) proof(method, rawURL, access string, now time.Time) (string, error) {
	u, err := parseEndpoint(rawURL)
	if err != nil {
		return "", usage("bad_url", "", "dpop proof: %q: %w", withoutQuery(rawURL), err)
	}
	claims := map[string]any{"jti": random(), "htm": method, "htu": withoutQueryExact(u), "iat": now.Unix()}
	if nonce := k.nonceFor(u); nonce != "" {
		claims["nonce"] = nonce
	}
	if access != "" {
		hash := sha256.Sum256([]byte(access))
		claims["ath"] = base64.RawURLEncoding.EncodeToString(hash[:])
	}
	header := map[jose.HeaderKey]any{"typ": "dpop+jwt", "jwk": jose.JSONWebKey{Key: k.private.Public()}}
	return sign(jose.SigningKey{Algorithm: jose.ES256, Key: k.private}, header, claims)
}

// withoutQueryExact returns u without query and fragment, as htu wants it.
func withoutQueryExact(u *url.URL) string {
	v := *u
	v.RawQuery, v.ForceQuery, v.Fragment, v.RawFragment = "", false, "", ""
	return v.String()
}

// origin returns what a nonce belongs to (RFC 9449 §8.2).
func origin(u *url.URL) string { return strings.ToLower(u.Scheme) + "://" + hostPort(u) }

func (k *dpopKey) nonceFor(u *url.URL) string {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.nonces[origin(u)]
}

// keepNonce remembers the nonce that a server wants in the next proof; "" leaves the one it has.
func (k *dpopKey) keepNonce(u *url.URL, nonce string) {
	if nonce == "" {
		return
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.nonces[origin(u)] = nonce
}

// wantsNonce reports whether a asks for the same request with a nonce in its proof: at the token endpoint by an error
// response (RFC 9449 §8), at a resource by a challenge, whose scheme may be in any case (§9, RFC 9110 §11.1).
func wantsNonce(a *answer) bool {
	if a.header.Get("DPoP-Nonce") == "" {
		return false
	}
	if a.status == http.StatusUnauthorized {
		for _, challenge := range a.header.Values("WWW-Authenticate") {
			if challenge = strings.ToLower(challenge); strings.HasPrefix(challenge, "dpop") && strings.Contains(challenge, "use_dpop_nonce") {
				return true
			}
		}
	}
	if a.status != http.StatusBadRequest && a.status != http.StatusUnauthorized {
		return false
	}
	o, err := decodeObject(a.body)
	return err == nil && o["error"] == "use_dpop_nonce"
}

// checkBinding returns an error if access is a JWT that is bound to another key than ours (RFC 9449 §6.1). The token is
// for the resource to read: where it is no JWT, or names no key, there is nothing for us to compare.
func (k *dpopKey) checkBinding(access string) error {
	parts := strings.Split(access, ".")
	if len(parts) != 3 {
		return nil
	}
	payload, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil || !bytes.HasPrefix(bytes.TrimSpace(payload), []byte("{")) {
		return nil
	}
	claims, err := decodeObject(payload)
	if err != nil {
		return nil
	}
	cnf, _ := claims["cnf"].(map[string]any)
	if got := object(cnf)["jkt"]; got != nil && got != k.thumbprint {
		return fmt.Errorf("access token: cnf.jkt: want %q, got %q", k.thumbprint, clip(fmt.Sprint(got)))
	}
	return nil
}
