package mockidp

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/asn1"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math/big"

	"github.com/golang-jwt/jwt/v5"
)

var b64 = base64.RawURLEncoding

// mint makes a signed JWT (RFC 7515 §3.1).
func (k *signingKey) mint(header map[string]any, claims jwt.MapClaims) (string, error) {
	h, err := json.Marshal(header)
	if err != nil {
		return "", err
	}
	c, err := json.Marshal(claims)
	if err != nil {
		return "", err
	}
	input := b64.EncodeToString(h) + "." + b64.EncodeToString(c)
	sig, err := k.sign([]byte(input))
	if err != nil {
		return "", err
	}
	return input + "." + b64.EncodeToString(sig), nil
}

// sign is RFC 7518 §3 and RFC 8037 §3.1 over any crypto.Signer.
func (k *signingKey) sign(input []byte) ([]byte, error) {
	digest := sha256.Sum256(input)
	switch k.alg {
	case "RS256":
		return k.signer.Sign(rand.Reader, digest[:], crypto.SHA256)
	case "PS256":
		return k.signer.Sign(rand.Reader, digest[:], &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash, Hash: crypto.SHA256})
	case "ES256":
		der, err := k.signer.Sign(rand.Reader, digest[:], crypto.SHA256)
		if err != nil {
			return nil, err
		}
		// RFC 7518 §3.4: R and S, 32 octets each
		var rs struct{ R, S *big.Int }
		if _, err := asn1.Unmarshal(der, &rs); err != nil {
			return nil, err
		}
		sig := make([]byte, 64)
		rs.R.FillBytes(sig[:32])
		rs.S.FillBytes(sig[32:])
		return sig, nil
	case "EdDSA":
		return k.signer.Sign(rand.Reader, input, crypto.Hash(0))
	}
	return nil, fmt.Errorf("signing: unknown alg %q", k.alg)
}

// halfHash is at_hash of a token (OpenID Connect Core 1.0 §3.1.3.6): the left half of the hash of the ID token's alg.
func (k *signingKey) halfHash(token string) string {
	if k.alg == "EdDSA" {
		sum := sha512.Sum512([]byte(token))
		return b64.EncodeToString(sum[:32])
	}
	sum := sha256.Sum256([]byte(token))
	return b64.EncodeToString(sum[:16])
}
