package mockidp

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
)

// Flags of authenticator data (Web Authentication Level 2 §6.1).
const (
	userPresent  = 1 << 0
	userVerified = 1 << 2
)

// key reads the public key.
func (k Passkey) key() (*ecdsa.PublicKey, error) {
	key, err := x509.ParsePKIXPublicKey(k.PublicKey)
	if err != nil {
		return nil, err
	}
	ec, ok := key.(*ecdsa.PublicKey)
	if !ok || ec.Curve != elliptic.P256() {
		return nil, fmt.Errorf("want a key on P-256, got %T", key)
	}
	return ec, nil
}

// checkPasskeys reads what will be needed at a sign-in.
func (a *account) checkPasskeys() error {
	for i, k := range a.person.Passkeys {
		if _, err := k.key(); err != nil {
			return fmt.Errorf("user %q: passkey %d: %w", a.person.Login, i, err)
		}
		a.okta.counts = append(a.okta.counts, k.SignCount)
	}
	return nil
}

// verifyPasskey is Web Authentication Level 2 §7.2. The answer does not name the credential, so each is tried.
func (c *call) verifyPasskey(f *oktaSignIn, in credentials) *refusal {
	a := f.account
	if a.locked {
		return suspendedFactor
	}
	var errs []error
	for i, k := range a.person.Passkeys {
		count, err := c.assertion(k, a.okta.counts[i], f.challenge.nonce, in)
		if err == nil {
			a.okta.counts[i] = count
			return nil
		}
		errs = append(errs, err)
	}
	r := *wrongPasskey
	r.params = []string{errors.Join(errs...).Error()}
	return c.wrong(a, &r, suspendedFactor)
}

// assertion verifies an assertion by k, whose counter was last seen at last, and returns its counter.
func (c *call) assertion(k Passkey, last uint32, nonce string, in credentials) (uint32, error) {
	client, err := decode64(in.ClientData)
	if err != nil {
		return 0, fmt.Errorf("clientData: %w", err)
	}
	auth, err := decode64(in.AuthenticatorData)
	if err != nil {
		return 0, fmt.Errorf("authenticatorData: %w", err)
	}
	signature, err := decode64(in.SignatureData)
	if err != nil {
		return 0, fmt.Errorf("signatureData: %w", err)
	}
	if err := c.clientData(client, "webauthn.get", nonce); err != nil { // steps 11 to 14
		return 0, err
	}
	rp := sha256.Sum256([]byte(c.s.base.Hostname()))
	switch { // steps 15 to 17
	case len(auth) < 37:
		return 0, fmt.Errorf("authenticatorData: want 37 bytes at least, got %d", len(auth))
	case !bytes.Equal(auth[:32], rp[:]):
		return 0, fmt.Errorf("rpIdHash is not that of %s", c.s.base.Hostname())
	case auth[32]&userPresent == 0:
		return 0, errors.New("the user was not present")
	case auth[32]&userVerified == 0:
		return 0, errors.New("the user was not verified")
	}
	key, err := k.key()
	if err != nil {
		return 0, err
	}
	hash := sha256.Sum256(client) // steps 19 and 20
	signed := sha256.Sum256(append(auth[:len(auth):len(auth)], hash[:]...))
	if !ecdsa.VerifyASN1(key, signed[:], signature) {
		return 0, errors.New("the signature is not right")
	}
	count := binary.BigEndian.Uint32(auth[33:37]) // step 21
	if (count != 0 || last != 0) && count <= last {
		return 0, fmt.Errorf("signCount: want more than %d, got %d", last, count)
	}
	return count, nil
}

// clientData checks what the browser says of a ceremony.
func (c *call) clientData(raw []byte, ceremony, nonce string) error {
	var d struct {
		Type      string `json:"type"`
		Challenge string `json:"challenge"`
		Origin    string `json:"origin"`
	}
	if err := json.Unmarshal(raw, &d); err != nil {
		return fmt.Errorf("clientData: %w", err)
	}
	origin := c.s.base.Scheme + "://" + c.s.base.Host
	switch {
	case d.Type != ceremony:
		return fmt.Errorf("clientData: type: want %s, got %q", ceremony, d.Type)
	case nonce == "" || d.Challenge != nonce:
		return errors.New("clientData: the challenge is another one")
	case d.Origin != origin:
		return fmt.Errorf("clientData: origin: want %q, got %q", origin, d.Origin)
	}
	return nil
}

// decode64 reads base64 in either alphabet, with or without padding: clients send both.
func decode64(s string) ([]byte, error) {
	s = strings.NewReplacer("+", "-", "/", "_").Replace(strings.TrimRight(s, "="))
	return base64.RawURLEncoding.DecodeString(s)
}
