package mockidp

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/golang-jwt/jwt/v5"
)

// claim sets a claim of the ID token to what f makes of its value.
func claim(name string, f func(string) any) func(*issue, jwt.MapClaims) {
	return func(_ *issue, c jwt.MapClaims) { c[name] = f(text(c[name])) }
}

func without(name string) func(*issue, jwt.MapClaims) {
	return func(_ *issue, c jwt.MapClaims) { delete(c, name) }
}

func plusOne(s string) any { return s + "1" }

func text(v any) string {
	s, _ := v.(string)
	return s
}

// expiredClaims are beyond the five minutes of skew that some profiles allow.
func expiredClaims(i *issue, c jwt.MapClaims) {
	c["iat"] = i.call.now.Add(-time.Hour).Unix()
	c["exp"] = i.call.now.Add(-6 * time.Minute).Unix()
}

func minuteAhead(_ *issue, c jwt.MapClaims) {
	for _, name := range []string{"iat", "exp", "auth_time"} {
		if t, ok := c[name].(int64); ok {
			c[name] = t + 60
		}
	}
}

func promiseIss(_ *authServer, m map[string]any) {
	m["authorization_response_iss_parameter_supported"] = true
}

func onlyCurrent(as *authServer, _ []byte) ([]byte, error) {
	k, err := as.ring.current()
	if err != nil {
		return nil, err
	}
	return json.Marshal(map[string]any{"keys": []json.RawMessage{k.jwk}})
}

func addExtra(m map[string]any) {
	m["x_null"], m["x_bool"], m["x_number"], m["x_text"] = nil, true, 1.5, "x"
	m["x_list"], m["x_object"] = []any{1, "2", nil}, map[string]any{"iss": "not this one"}
}

func swapCase(s string) string {
	out := []byte(s)
	for i, b := range out {
		if 'a' <= b|0x20 && b|0x20 <= 'z' {
			out[i] = b ^ 0x20
		}
	}
	return string(out)
}

// longSub is one character longer than sub may be.
var longSub = strings.Repeat("s", 256)

// moved moves a claim that is a time.
func moved(name string, by time.Duration) func(*issue, jwt.MapClaims) {
	return func(_ *issue, c jwt.MapClaims) {
		if at, ok := c[name].(int64); ok {
			c[name] = at + int64(by/time.Second)
		}
	}
}

// bare drops every claim but those of the protocol.
func bare(_ *issue, c jwt.MapClaims) {
	for name := range c {
		if !slices.Contains([]string{"iss", "sub", "aud", "exp", "iat", "nonce", "auth_time", "at_hash", "idp"}, name) {
			delete(c, name)
		}
	}
}

func withMember(name string, v any) func(*issue, map[string]any) {
	return func(_ *issue, m map[string]any) { m[name] = v }
}

func withoutMember(name string) func(*issue, map[string]any) {
	return func(_ *issue, m map[string]any) { delete(m, name) }
}

func contentType(t string) func(http.Header) {
	return func(h http.Header) { h["Content-Type"] = []string{t} }
}

// first returns the first value that it was given under that name.
func (s *Server) first(name, value string) string {
	v, _ := s.firsts.LoadOrStore(name, value)
	return v.(string)
}

// corrupted returns a token with another signature.
func corrupted(token string) string {
	i := strings.LastIndexByte(token, '.') + 1
	sig, err := base64.RawURLEncoding.DecodeString(token[i:])
	if err != nil || len(sig) == 0 {
		return token + "A"
	}
	sig[len(sig)/2] ^= 0xff
	return token[:i] + base64.RawURLEncoding.EncodeToString(sig)
}

// mintTwice signs claims that have aud twice: first another's, then the right one.
func mintTwice(i *issue, header map[string]any, claims jwt.MapClaims) (string, error) {
	h, err := json.Marshal(header)
	if err != nil {
		return "", err
	}
	c, err := json.Marshal(claims)
	if err != nil {
		return "", err
	}
	c = append([]byte(`{"aud":"somebody-else",`), c[1:]...)
	input := b64.EncodeToString(h) + "." + b64.EncodeToString(c)
	sig, err := i.key.sign([]byte(input))
	return input + "." + b64.EncodeToString(sig), err
}

// mintOtherAlg signs with a new key of an algorithm that is not the server's.
func mintOtherAlg(i *issue, header map[string]any, claims jwt.MapClaims) (string, error) {
	alg := "EdDSA"
	if i.key.alg == alg {
		alg = "ES256"
	}
	key, err := newSigningKey(alg)
	if err != nil {
		return "", err
	}
	header["alg"] = alg
	return key.mint(header, claims)
}

// mintStranger signs with a key that is not the provider's, and lets the header tell of it.
func mintStranger(member string) func(*issue, map[string]any, jwt.MapClaims) (string, error) {
	return func(i *issue, header map[string]any, claims jwt.MapClaims) (string, error) {
		key, err := newSigningKey(i.key.alg)
		if err != nil {
			return "", err
		}
		switch member {
		case "":
			header["kid"] = key.kid
		case "jwk":
			header["jwk"] = key.jwk
		default:
			header[member] = "https://attacker.example/" + member
		}
		return key.mint(header, claims)
	}
}

// withKey adds a key to the published ones.
func withKey(make func(*authServer) (any, error)) func(*authServer, []byte) ([]byte, error) {
	return func(as *authServer, set []byte) ([]byte, error) {
		key, err := make(as)
		if err != nil {
			return nil, err
		}
		return editKeys(set, func(all []any) []any { return append(all, key) })
	}
}

func editKeys(set []byte, edit func([]any) []any) ([]byte, error) {
	var keys struct {
		Keys []any `json:"keys"`
	}
	if err := json.Unmarshal(set, &keys); err != nil {
		return nil, err
	}
	keys.Keys = edit(keys.Keys)
	return json.Marshal(keys)
}

// twin is another key under the name of the one that signs.
func twin(as *authServer) (any, error) {
	current, err := as.ring.current()
	if err != nil {
		return nil, err
	}
	other, err := newSigningKey(current.alg)
	if err != nil {
		return nil, err
	}
	var key map[string]any
	err = json.Unmarshal(other.jwk, &key)
	if err == nil {
		key["kid"] = current.kid
	}
	return key, err
}

func privateKey() (any, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	return jose.JSONWebKey{Key: key, KeyID: "private", Use: "sig", Algorithm: "ES256"}, err
}

// weakKey has the form of an RSA key of 1024 bits. Nobody needs its private half.
func weakKey() any {
	n := make([]byte, 128)
	_, _ = rand.Read(n) // never returns an error since Go 1.24
	n[0], n[127] = n[0]|0x80, n[127]|1
	return map[string]any{"kty": "RSA", "kid": "weak", "use": "sig", "alg": "RS256", "n": b64.EncodeToString(n), "e": "AQAB"}
}

func manyKeys(_ *authServer, set []byte) ([]byte, error) {
	return editKeys(set, func(all []any) []any {
		for i := range 300 {
			all = append(all, map[string]any{"kty": "EC", "crv": "P-256", "kid": fmt.Sprint("filler-", i), "use": "sig",
				"x": "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4", "y": "4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM"})
		}
		return all
	})
}

// namelessKeys takes the names from all keys but those of other uses, and leaves several.
func namelessKeys(_ *authServer, set []byte) ([]byte, error) {
	return editKeys(set, func(all []any) []any {
		for _, k := range all {
			if key, ok := k.(map[string]any); ok {
				delete(key, "kid")
			}
		}
		return all
	})
}

// rotateAfterFirst rotates the keys before each ID token but the first.
func rotateAfterFirst(i *issue) error {
	if i.call.s.counted.Add(1) == 1 {
		return nil
	}
	return i.call.as.ring.rotate()
}

// serveCut promises more than it sends.
func serveCut(c *call, _ *activeFault) bool {
	c.w.Header()["Content-Length"] = []string{"1000"}
	c.write(http.StatusOK, "application/json", []byte(`{"token_type":"Bearer",`))
	return true
}
