package cmd

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"testing"

	"github.com/go-jose/go-jose/v4"
	"github.com/stretchr/testify/require"
)

// Keys as OpenSSL and go-jose write them are read back as they were.
func TestParseKey(t *testing.T) {
	t.Parallel()
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	require.NoError(t, err)
	p256, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	p521, err := ecdsa.GenerateKey(elliptic.P521(), rand.Reader)
	require.NoError(t, err)
	_, ed, err := ed25519.GenerateKey(rand.Reader)
	require.NoError(t, err)

	for name, key := range map[string]interface {
		crypto.Signer
		Equal(crypto.PrivateKey) bool
	}{"RSA": rsaKey, "P-256": p256, "P-521": p521, "Ed25519": ed} {
		der, err := x509.MarshalPKCS8PrivateKey(key)
		require.NoError(t, err)
		got, kid, err := parseKey(block("PRIVATE KEY", der))
		require.NoError(t, err, name)
		require.Empty(t, kid)
		require.True(t, key.Equal(got), name)

		text, err := jose.JSONWebKey{Key: key, KeyID: "k1"}.MarshalJSON()
		require.NoError(t, err)
		got, kid, err = parseKey(string(text))
		require.NoError(t, err, name)
		require.Equal(t, "k1", kid)
		require.True(t, key.Equal(got), name)
	}

	sec1, err := x509.MarshalECPrivateKey(p256)
	require.NoError(t, err)
	got, _, err := parseKey(block("EC PARAMETERS", []byte{1}) + block("EC PRIVATE KEY", sec1))
	require.NoError(t, err)
	require.True(t, p256.Equal(got))
	got, _, err = parseKey(block("RSA PRIVATE KEY", x509.MarshalPKCS1PrivateKey(rsaKey)))
	require.NoError(t, err)
	require.True(t, rsaKey.Equal(got))
}

func block(kind string, der []byte) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}))
}

func TestParseKeyMistakes(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ name, text, want string }{
		{"nothing", "", "want a private key as PEM or JWK"},
		{"a certificate", block("CERTIFICATE", []byte("s3cret")), "want a private key as PEM or JWK"},
		{"an encrypted key", block("ENCRYPTED PRIVATE KEY", []byte("s3cret")), "is encrypted"},
		{"a broken block", block("PRIVATE KEY", []byte("s3cret")), "holds no private key that can sign"},
		{"no JSON", `{"s3cret`, "is not JSON"},
		{"no base64url", `{"kty":"EC","d":"s3cret!"}`, "is not JSON with base64url members"},
		{"a public key", `{"kty":"EC","crv":"P-256","x":"AA","y":"AA"}`, "no private part"},
		{"an unknown curve", `{"kty":"EC","crv":"P-1","d":"c2VjcmV0"}`, `of type "EC" is not a valid private key`},
		{"a key off the curve", `{"kty":"EC","crv":"P-256","d":"c2VjcmV0"}`, `of type "EC" is not a valid private key`},
		{"a short seed", `{"kty":"OKP","crv":"Ed25519","d":"c2VjcmV0"}`, `of type "OKP" is not a valid private key`},
		{"RSA without its primes", `{"kty":"RSA","n":"AQ","e":"AQAB","d":"c2VjcmV0"}`, `of type "RSA" is not a valid private key`},
		{"RSA whose numbers do not fit", `{"kty":"RSA","n":"AQ","e":"AQAB","d":"c2VjcmV0","p":"Aw","q":"BQ"}`, `of type "RSA" is not a valid private key`},
		{"a symmetric key", `{"kty":"oct","d":"c2VjcmV0"}`, `of type "oct"`},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			_, _, err := parseKey(test.text)
			require.ErrorContains(t, err, test.want)
			require.NotContains(t, err.Error(), "s3cret")
		})
	}
}
