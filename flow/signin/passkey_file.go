package signin

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"

	"github.com/oidcflow/oidcflow/flow/trace"
)

// Bounds of a passkey's file.
const (
	passkeyVersion  = 1
	passkeyAlg      = "ES256"
	maxPasskey      = 16 << 10
	maxUserHandle   = 64   // Web Authentication Level 2 §5.4.3
	maxCredentialID = 1023 // Web Authentication Level 2 §6.5.1
	maxUser         = 320
	maxDomain       = 253
)

// passkeyFile is the file of a passkey: one JSON object. Binary values are in base64url without padding, as in
// WebAuthn's own JSON; the key is in base64 as Chrome has it. (The key is no trace.Secret, for it has to be written.)
type passkeyFile struct {
	Version      int    `json:"version"`
	RPID         string `json:"rpId"`
	User         string `json:"user"`
	UserHandle   string `json:"userHandle"`
	CredentialID string `json:"credentialId"`
	Alg          string `json:"alg"`
	PrivateKey   string `json:"privateKey"`
}

// passkeyMembers are the members of the file: all are there, once.
var passkeyMembers = []string{"version", "rpId", "user", "userHandle", "credentialId", "alg", "privateKey"}

// ParsePasskey reads what [Passkey.Reveal] has written. It is strict: what is not there, there twice or not known is an
// error. An error repeats nothing of the key.
func ParsePasskey(data []byte) (*Passkey, error) {
	if len(data) > maxPasskey {
		return nil, fmt.Errorf("passkey: want at most %d bytes, got %d", maxPasskey, len(data))
	}
	if err := checkPasskeyMembers(data); err != nil {
		return nil, err
	}
	var f passkeyFile
	if err := json.Unmarshal(data, &f); err != nil {
		var kind *json.UnmarshalTypeError
		if errors.As(err, &kind) {
			return nil, fmt.Errorf("passkey: %s: want a %s", kind.Field, kind.Type)
		}
		return nil, errors.New("passkey: want JSON")
	}
	if f.Version != passkeyVersion {
		return nil, fmt.Errorf("passkey: version: want %d, got %d", passkeyVersion, f.Version)
	}
	if f.Alg != passkeyAlg {
		return nil, fmt.Errorf("passkey: alg: want %s, which is all that is known", passkeyAlg)
	}
	k := &Passkey{RPID: f.RPID, User: f.User, Key: trace.NewSecret("private_key", f.PrivateKey)}
	for _, field := range []struct {
		name, text string
		to         *[]byte
	}{{"userHandle", f.UserHandle, &k.UserHandle}, {"credentialId", f.CredentialID, &k.ID}} {
		var err error
		if *field.to, err = base64.RawURLEncoding.Strict().DecodeString(field.text); err != nil {
			return nil, fmt.Errorf("passkey: %s: want base64url without padding", field.name)
		}
	}
	return k, k.Check()
}

// checkPasskeyMembers looks for each member once. [json.Unmarshal] takes the last of two, and any case.
func checkPasskeyMembers(data []byte) error {
	d := json.NewDecoder(bytes.NewReader(data))
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return errors.New("passkey: want a JSON object")
	}
	var seen []string
	for d.More() {
		t, err := d.Token()
		name, ok := t.(string)
		var value json.RawMessage
		switch {
		case err != nil || !ok || d.Decode(&value) != nil:
			return errors.New("passkey: want JSON")
		case !slices.Contains(passkeyMembers, name):
			return fmt.Errorf("passkey: member %d is not known: want %s", len(seen)+1, strings.Join(passkeyMembers, ", "))
		case slices.Contains(seen, name):
			return fmt.Errorf("passkey: %s is there twice", name)
		}
		seen = append(seen, name)
	}
	if _, err := d.Token(); err != nil {
		return errors.New("passkey: want JSON")
	}
	if _, err := d.Token(); err != io.EOF {
		return errors.New("passkey: want one JSON object, got more behind it")
	}
	for _, name := range passkeyMembers {
		if !slices.Contains(seen, name) {
			return fmt.Errorf("passkey: %s is missing", name)
		}
	}
	return nil
}

// Reveal returns the passkey as [ParsePasskey] reads it, with its private key: for a file that nobody else can read.
// Every other way of printing or marshalling a passkey leaves the key out.
func (k *Passkey) Reveal() ([]byte, error) {
	if err := k.Check(); err != nil {
		return nil, err
	}
	encode := base64.RawURLEncoding.EncodeToString
	data, err := json.MarshalIndent(passkeyFile{
		Version: passkeyVersion, RPID: k.RPID, User: k.User, UserHandle: encode(k.UserHandle), CredentialID: encode(k.ID),
		Alg: passkeyAlg, PrivateKey: k.Key.Reveal(),
	}, "", "  ")
	return append(data, '\n'), err
}

// Check returns what is wrong with a passkey, so that it is known before a sign-in begins.
func (k *Passkey) Check() error {
	switch {
	case !isDomain(k.RPID):
		return errors.New("passkey: rpId: want a domain in lower case, such as example.okta.com")
	case k.User == "" || len(k.User) > maxUser || strings.ContainsFunc(k.User, func(r rune) bool { return r < ' ' || r == '\x7f' }):
		return fmt.Errorf("passkey: user: want 1 to %d bytes without control characters", maxUser)
	case len(k.UserHandle) > maxUserHandle:
		return fmt.Errorf("passkey: userHandle: want at most %d bytes, got %d", maxUserHandle, len(k.UserHandle))
	case len(k.ID) == 0 || len(k.ID) > maxCredentialID:
		return fmt.Errorf("passkey: credentialId: want 1 to %d bytes, got %d", maxCredentialID, len(k.ID))
	}
	_, err := k.private()
	return err
}

// private returns the private key.
func (k *Passkey) private() (*ecdsa.PrivateKey, error) {
	der, err := base64.StdEncoding.Strict().DecodeString(k.Key.Reveal())
	if err != nil {
		return nil, errors.New("passkey: privateKey: want base64")
	}
	key, err := x509.ParsePKCS8PrivateKey(der)
	if err != nil {
		return nil, errors.New("passkey: privateKey: want PKCS #8 in DER")
	}
	ec, ok := key.(*ecdsa.PrivateKey)
	if !ok || ec.Curve != elliptic.P256() {
		return nil, errors.New("passkey: privateKey: want a key on P-256")
	}
	return ec, nil
}

// isDomain reports whether s can be a relying party's ID: a domain as a URL has it (Web Authentication Level 2 §5.1.3
// steps 6 to 8), which an IP address is not.
func isDomain(s string) bool {
	if s == "" || len(s) > maxDomain || net.ParseIP(s) != nil {
		return false
	}
	for label := range strings.SplitSeq(s, ".") {
		odd := func(r rune) bool { return (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '-' && r != '_' }
		if label == "" || len(label) > 63 || strings.ContainsFunc(label, odd) {
			return false
		}
	}
	return true
}
