package signin

import (
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net/url"
	"slices"
	"strings"
	"time"

	"golang.org/x/net/publicsuffix"
)

// maxChallenge bounds a challenge.
const maxChallenge = 4 << 10

// The flags of authenticator data that say that a user was there, and who (Web Authentication Level 2 §6.1). Chrome's
// virtual authenticator sets these two, and says of no passkey that it may be backed up.
const (
	flagUserPresent  = 1 << 0
	flagUserVerified = 1 << 2
)

// PasskeyRequest is what a page asks an authenticator to sign, as navigator.credentials.get has it.
type PasskeyRequest struct {
	Origin    string // of the page: https://example.okta.com
	RPID      string // empty: the origin's host
	Challenge []byte
	Allow     [][]byte // the credentials that will do; nil: any
	User      string   // who signs in; empty: not known
}

// Assertion is what an authenticator answers.
type Assertion struct {
	AuthenticatorData []byte
	ClientDataJSON    []byte
	Signature         []byte // ASN.1 in DER
	UserHandle        []byte
}

// Assert signs r as a browser and its authenticator would, who have verified the user. It refuses what is another relying
// party's or another user's, before anything is signed. No two signatures of a process have the same count.
func (k *Passkey) Assert(r PasskeyRequest, now time.Time) (*Assertion, error) {
	if err := k.mayAnswer(r); err != nil {
		return nil, err
	}
	key, err := k.private()
	if err != nil {
		return nil, err
	}
	count, err := k.NextCount(now)
	if err != nil {
		return nil, err
	}
	client, err := clientData(r)
	if err != nil {
		return nil, err
	}
	rp := sha256.Sum256([]byte(k.RPID)) // Web Authentication Level 2 §6.1
	auth := binary.BigEndian.AppendUint32(append(rp[:], flagUserPresent|flagUserVerified), count)
	hash := sha256.Sum256(client)
	signed := sha256.Sum256(slices.Concat(auth, hash[:])) // §6.3.3 step 11
	signature, err := ecdsa.SignASN1(rand.Reader, key, signed[:])
	if err != nil {
		return nil, errors.New("passkey: the key does not sign")
	}
	return &Assertion{AuthenticatorData: auth, ClientDataJSON: client, Signature: signature, UserHandle: k.UserHandle}, nil
}

// mayAnswer returns an error that names both sides where the request is not for this passkey.
func (k *Passkey) mayAnswer(r PasskeyRequest) error {
	origin, err := url.Parse(r.Origin)
	if err != nil || origin.Hostname() == "" || origin.User != nil {
		return fmt.Errorf("passkey: origin: want a URL, got %s", quoted(r.Origin))
	}
	host := strings.ToLower(origin.Hostname())
	rp := r.RPID
	if rp == "" {
		rp = host
	}
	switch {
	case rp != k.RPID:
		return fmt.Errorf("passkey: it is for %s, and %s asks for one", quoted(k.RPID), quoted(rp))
	case !rpAt(rp, host):
		return fmt.Errorf("passkey: a page of %s may not ask for one of %s", quoted(host), quoted(rp))
	case origin.Scheme != "https" && host != "localhost" && !strings.HasSuffix(host, ".localhost"): // §5.1.4.1: only in a secure context
		return fmt.Errorf("passkey: origin: want https, got %s", quoted(r.Origin))
	case r.User != "" && !strings.EqualFold(r.User, k.User):
		return fmt.Errorf("passkey: it is of user %s, and %s signs in", quoted(k.User), quoted(r.User))
	case r.Allow != nil && !slices.ContainsFunc(r.Allow, func(id []byte) bool { return slices.Equal(id, k.ID) }):
		return fmt.Errorf("passkey: the one for %s is not among the %d that user %s has there", quoted(k.RPID), len(r.Allow), quoted(k.User))
	case len(r.Challenge) == 0 || len(r.Challenge) > maxChallenge:
		return fmt.Errorf("passkey: challenge: want 1 to %d bytes, got %d", maxChallenge, len(r.Challenge))
	}
	return nil
}

// rpAt reports whether a page of host may use the relying party's ID rp: its own host, or a domain above it that is
// somebody's (Web Authentication Level 2 §5.1.4.1 step 7).
func rpAt(rp, host string) bool {
	if rp == host {
		return true
	}
	suffix, _ := publicsuffix.PublicSuffix(rp)
	return strings.HasSuffix(host, "."+rp) && suffix != rp
}

// NextCount returns the signature counter of the next signature: seconds of Unix time, for nothing is kept between two
// sign-ins, and a counter that stands still looks like a clone (Web Authentication Level 2 §6.1.1). A browser's
// authenticator that is to sign with the passkey begins there.
func (k *Passkey) NextCount(now time.Time) (uint32, error) {
	count, ok := processLedger.take("passkey "+string(k.ID), max(now.Unix(), 1), math.MaxUint32)
	if !ok {
		return 0, errors.New("passkey: the signature counter is at its end")
	}
	return uint32(count), nil
}

// clientData is what the browser says of a request (Web Authentication Level 2 §5.8.1).
func clientData(r PasskeyRequest) ([]byte, error) {
	origin, err := url.Parse(r.Origin)
	if err != nil {
		return nil, fmt.Errorf("passkey: origin: want a URL, got %s", quoted(r.Origin))
	}
	host := origin.Host
	if origin.Scheme == "https" { // HTML §7.5: an origin does not name the port of its scheme
		host = strings.TrimSuffix(host, ":443")
	}
	return json.Marshal(struct {
		Type        string `json:"type"`
		Challenge   string `json:"challenge"`
		Origin      string `json:"origin"`
		CrossOrigin bool   `json:"crossOrigin"`
	}{"webauthn.get", base64.RawURLEncoding.EncodeToString(r.Challenge), strings.ToLower(origin.Scheme + "://" + host), false})
}
