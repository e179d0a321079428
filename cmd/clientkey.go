package cmd

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"strings"
)

// parseKey reads a private key from PEM (PKCS #8, PKCS #1, SEC 1) or a JWK (RFC 7517), whose kid it returns. Its errors
// quote nothing.
func parseKey(text string) (_ crypto.Signer, kid string, err error) {
	if strings.HasPrefix(strings.TrimSpace(text), "{") {
		return parseJWK([]byte(text))
	}
	for rest := []byte(text); ; {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			return nil, "", errors.New("want a private key as PEM or JWK")
		}
		var key any
		switch block.Type {
		case "PRIVATE KEY":
			key, err = x509.ParsePKCS8PrivateKey(block.Bytes)
		case "RSA PRIVATE KEY":
			key, err = x509.ParsePKCS1PrivateKey(block.Bytes)
		case "EC PRIVATE KEY":
			key, err = x509.ParseECPrivateKey(block.Bytes)
		case "ENCRYPTED PRIVATE KEY":
			return nil, "", errors.New("the private key is encrypted; `openssl pkey` decrypts it")
		default: // EC PARAMETERS, a certificate
			continue
		}
		signer, ok := key.(crypto.Signer)
		if err != nil || !ok {
			return nil, "", fmt.Errorf("the PEM block %q holds no private key that can sign", block.Type)
		}
		return signer, "", nil
	}
}

// jwk is a private JWK of RFC 7518 §6 or RFC 8037 §2.
type jwk struct {
	Kty, Crv, Kid       string
	N, E, D, P, Q, X, Y base64url
}

type base64url []byte

func (b *base64url) UnmarshalText(text []byte) (err error) {
	*b, err = base64.RawURLEncoding.DecodeString(string(text))
	return err
}

func parseJWK(text []byte) (crypto.Signer, string, error) {
	var k jwk
	if err := json.Unmarshal(text, &k); err != nil {
		return nil, "", errors.New("the JWK is not JSON with base64url members")
	}
	if len(k.D) == 0 {
		return nil, "", errors.New("the JWK has no private part, d")
	}
	key, err := k.signer()
	if err != nil {
		return nil, "", fmt.Errorf("the JWK of type %q is not a valid private key", k.Kty)
	}
	return key, k.Kid, nil
}

func (k *jwk) signer() (crypto.Signer, error) {
	switch {
	case k.Kty == "RSA":
		return k.rsa()
	case k.Kty == "EC":
		curve, ok := map[string]elliptic.Curve{"P-256": elliptic.P256(), "P-384": elliptic.P384(), "P-521": elliptic.P521()}[k.Crv]
		if !ok {
			return nil, errors.New("crv")
		}
		return ecdsa.ParseRawPrivateKey(curve, k.D)
	case k.Kty == "OKP" && k.Crv == "Ed25519" && len(k.D) == ed25519.SeedSize:
		return ed25519.NewKeyFromSeed(k.D), nil
	default:
		return nil, errors.New("kty")
	}
}

func (k *jwk) rsa() (crypto.Signer, error) {
	number := func(b base64url) *big.Int { return new(big.Int).SetBytes(b) }
	e := number(k.E)
	if len(k.P) == 0 || len(k.Q) == 0 || !e.IsInt64() || e.Int64() > 1<<31-1 {
		return nil, errors.New("p, q or e")
	}
	key := &rsa.PrivateKey{
		PublicKey: rsa.PublicKey{N: number(k.N), E: int(e.Int64())},
		D:         number(k.D),
		Primes:    []*big.Int{number(k.P), number(k.Q)},
	}
	if err := key.Validate(); err != nil {
		return nil, err
	}
	key.Precompute()
	return key, nil
}
