package mockidp

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/sha256"
	"crypto/x509"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"

	"github.com/fxamacker/cbor/v2"
)

// Flags of authenticator data that say what follows (Web Authentication Level 2 §6.1).
const (
	attestedData  = 1 << 6
	extensionData = 1 << 7
)

// algES256 is ECDSA on P-256 with SHA-256 (RFC 9053 §2.1), the only algorithm that is taken.
const algES256 = -7

// maxCredentialID is that of Web Authentication Level 2 §7.1 step 17 (in its editor's draft) and §6.5.1.
const maxCredentialID = 1023

// strictCBOR reads what CTAP2's canonical form allows (CTAP 2.1 §8), in bounds: what comes here comes from the wire.
var strictCBOR = func() cbor.DecMode {
	mode, err := cbor.DecOptions{
		DupMapKey: cbor.DupMapKeyEnforcedAPF, IndefLength: cbor.IndefLengthForbidden, TagsMd: cbor.TagsForbidden,
		MaxNestedLevels: 8, MaxArrayElements: 64, MaxMapPairs: 64,
	}.DecMode()
	if err != nil {
		panic(err) // the options above are wrong
	}
	return mode
}()

// attestation is an attestation object (Web Authentication Level 2 §6.5.4).
type attestation struct {
	Format    string          `cbor:"fmt"`
	AuthData  []byte          `cbor:"authData"`
	Statement cbor.RawMessage `cbor:"attStmt"`
}

// packed is the statement of format packed (§8.2). Chain is empty where the credential attests itself.
type packed struct {
	Alg       int      `cbor:"alg"`
	Signature []byte   `cbor:"sig"`
	Chain     [][]byte `cbor:"x5c,omitempty"`
}

// coseKey is a public key on a curve (RFC 9053 §7.1.1).
type coseKey struct {
	Kty int    `cbor:"1,keyasint"`
	Alg int    `cbor:"3,keyasint"`
	Crv int    `cbor:"-1,keyasint"`
	X   []byte `cbor:"-2,keyasint"`
	Y   []byte `cbor:"-3,keyasint"`
}

// activation is what the page hands to navigator.credentials.create. It takes what is not to be registered twice from
// authenticatorEnrollments, whatever this says.
func (v *idxView) activation() object {
	a := v.f.account
	had := []object{}
	for _, k := range a.person.Passkeys {
		had = append(had, object{"type": "public-key", "id": b64.EncodeToString(k.ID)})
	}
	return object{"activationData": object{
		"rp":                     object{"id": v.c.s.base.Hostname(), "name": v.c.s.cfg.Org.Name},
		"user":                   object{"id": b64.EncodeToString([]byte(stableID("00u", a.person.Login))), "name": a.person.Login, "displayName": a.person.name()},
		"pubKeyCredParams":       []object{{"type": "public-key", "alg": algES256}},
		"challenge":              v.f.challenge.nonce,
		"attestation":            "direct",
		"excludeCredentials":     had,
		"authenticatorSelection": object{"residentKey": "preferred", "requireResidentKey": false, "userVerification": "required"},
	}}
}

// takePasskey is Web Authentication Level 2 §7.1.
func (c *call) takePasskey(f *oktaSignIn, in credentials) *refusal {
	k, err := c.registration(f.challenge.nonce, in)
	if err == nil && c.s.hasPasskey(k.ID) { // step 22
		err = errors.New("the credential is registered already")
	}
	if err != nil {
		r := *wrongPasskey
		r.params = []string{err.Error()}
		return &r
	}
	a := f.account
	a.person.Passkeys = append(slices.Clone(a.person.Passkeys), *k) // the configuration's own list is not ours
	a.okta.counts = append(a.okta.counts, k.SignCount)
	return nil
}

// hasPasskey reports whether an account has it. The caller holds s.mu.
func (s *Server) hasPasskey(id []byte) bool {
	return slices.ContainsFunc(s.accounts, func(a *account) bool {
		return slices.ContainsFunc(a.person.Passkeys, func(k Passkey) bool { return bytes.Equal(k.ID, id) })
	})
}

// registration returns the passkey that was made for nonce.
func (c *call) registration(nonce string, in credentials) (*Passkey, error) {
	client, err := decode64(in.ClientData)
	if err != nil {
		return nil, fmt.Errorf("clientData: %w", err)
	}
	raw, err := decode64(in.Attestation)
	if err != nil {
		return nil, fmt.Errorf("attestation: %w", err)
	}
	if err := c.clientData(client, "webauthn.create", nonce); err != nil { // steps 7 to 10
		return nil, err
	}
	var att attestation
	if err := strictCBOR.Unmarshal(raw, &att); err != nil { // step 12
		return nil, fmt.Errorf("attestation: %w", err)
	}
	k, key, err := attested(att.AuthData, c.s.base.Hostname())
	if err != nil {
		return nil, err
	}
	hash := sha256.Sum256(client) // step 11
	return k, att.verify(key, slices.Concat(att.AuthData, hash[:]))
}

// attested reads the authenticator data of a new credential, for the relying party rp.
func attested(auth []byte, rp string) (*Passkey, *ecdsa.PublicKey, error) {
	want := sha256.Sum256([]byte(rp))
	switch { // steps 13 to 15
	case len(auth) < 37+18:
		return nil, nil, fmt.Errorf("authData: want 55 bytes at least, got %d", len(auth))
	case !bytes.Equal(auth[:32], want[:]):
		return nil, nil, fmt.Errorf("authData: rpIdHash is not that of %s", rp)
	case auth[32]&userPresent == 0:
		return nil, nil, errors.New("authData: the user was not present")
	case auth[32]&userVerified == 0:
		return nil, nil, errors.New("authData: the user was not verified")
	case auth[32]&attestedData == 0:
		return nil, nil, errors.New("authData: there is no credential in it")
	}
	size, rest := int(binary.BigEndian.Uint16(auth[53:55])), auth[55:]
	if size == 0 || size > maxCredentialID || size > len(rest) {
		return nil, nil, fmt.Errorf("authData: credential ID: want 1 to %d bytes, got %d of %d", maxCredentialID, size, len(rest))
	}
	id, rest := rest[:size], rest[size:]
	var cose coseKey
	rest, err := strictCBOR.UnmarshalFirst(rest, &cose)
	if err != nil {
		return nil, nil, fmt.Errorf("authData: public key: %w", err)
	}
	key, err := cose.public()
	if err != nil {
		return nil, nil, err
	}
	if err := onlyExtensions(auth[32], rest); err != nil {
		return nil, nil, err
	}
	der, err := x509.MarshalPKIXPublicKey(key)
	return &Passkey{ID: bytes.Clone(id), PublicKey: der, SignCount: binary.BigEndian.Uint32(auth[33:37])}, key, err
}

// onlyExtensions refuses bytes behind a credential that its flags say nothing of.
func onlyExtensions(flags byte, rest []byte) (err error) {
	if flags&extensionData != 0 {
		var extensions map[string]any
		if rest, err = strictCBOR.UnmarshalFirst(rest, &extensions); err != nil {
			return fmt.Errorf("authData: extensions: %w", err)
		}
	}
	if len(rest) > 0 {
		return fmt.Errorf("authData: %d bytes too many", len(rest))
	}
	return nil
}

func (k *coseKey) public() (*ecdsa.PublicKey, error) {
	const ec2, p256 = 2, 1
	if k.Kty != ec2 || k.Alg != algES256 || k.Crv != p256 || len(k.X) != 32 || len(k.Y) != 32 { // step 16
		return nil, fmt.Errorf("public key: want ES256 on P-256, got kty %d, alg %d, crv %d", k.Kty, k.Alg, k.Crv)
	}
	key, err := ecdsa.ParseUncompressedPublicKey(elliptic.P256(), slices.Concat([]byte{4}, k.X, k.Y))
	if err != nil {
		return nil, fmt.Errorf("public key: %w", err)
	}
	return key, nil
}

// verify checks the statement about signed (steps 18 and 19). Whom a certificate is of is nobody's business here: Okta
// asks for attestation, and takes any.
func (a *attestation) verify(key *ecdsa.PublicKey, signed []byte) error {
	switch a.Format {
	case "none": // §8.7
		if !bytes.Equal(a.Statement, []byte{0xa0}) {
			return errors.New("attestation: format none, and a statement")
		}
		return nil
	case "packed":
	default:
		return fmt.Errorf("attestation: want format none or packed, got %q", a.Format)
	}
	var p packed
	if err := strictCBOR.Unmarshal(a.Statement, &p); err != nil {
		return fmt.Errorf("attestation: packed: %w", err)
	}
	if p.Alg != algES256 {
		return fmt.Errorf("attestation: packed: alg: want %d, got %d", algES256, p.Alg)
	}
	if len(p.Chain) > 0 { // §8.2: the certificate's key signs, else the credential's own
		cert, err := x509.ParseCertificate(p.Chain[0])
		if err != nil {
			return errors.New("attestation: packed: the certificate cannot be read")
		}
		var ok bool
		if key, ok = cert.PublicKey.(*ecdsa.PublicKey); !ok || key.Curve != elliptic.P256() {
			return errors.New("attestation: packed: the certificate's key is not on P-256")
		}
	}
	if hash := sha256.Sum256(signed); !ecdsa.VerifyASN1(key, hash[:], p.Signature) {
		return errors.New("attestation: packed: the signature is not right")
	}
	return nil
}
