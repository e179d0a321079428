package mockidp

import (
	crand "crypto/rand"
	"crypto/sha256"
	"encoding/base32"
	"encoding/base64"
	"encoding/binary"
	"math/rand/v2"
	"sync"
)

// random is the source of every random choice but keys. Two servers with the same seed that are asked the same things
// in the same order make the same codes, secrets and identifiers.
type random struct {
	mu  sync.Mutex
	src *rand.ChaCha8
}

// newRandom returns a source for seed and the seed, which is chosen if it is 0.
func newRandom(seed uint64) (*random, uint64) {
	for seed == 0 {
		var b [8]byte
		crand.Read(b[:])                              // never fails: see its documentation
		seed = binary.LittleEndian.Uint64(b[:]) >> 11 // 53 bits, which JSON readers keep exactly
	}
	var key [32]byte
	binary.LittleEndian.PutUint64(key[:], seed)
	return &random{src: rand.NewChaCha8(key)}, seed
}

func (r *random) fill(b []byte) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.src.Read(b) // never fails: see its documentation
}

// token returns 43 base64url characters: 256 bits, the shape of Okta's codes and refresh tokens.
func (r *random) token() string {
	var b [32]byte
	r.fill(b[:])
	return base64.RawURLEncoding.EncodeToString(b[:])
}

// id returns prefix and random characters, 20 in all: the shape of Okta's identifiers.
func (r *random) id(prefix string) string {
	var b [32]byte
	r.fill(b[:])
	return oktaID(prefix, b)
}

func (r *random) password() string { return r.id("")[:16] }

func (r *random) totpSecret() string {
	var b [20]byte // RFC 4226 §4, R6: 160 bits
	r.fill(b[:])
	return base32.StdEncoding.EncodeToString(b[:])
}

const alphanumeric = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

func oktaID(prefix string, b [32]byte) string {
	out := []byte(prefix)
	for i := 0; len(out) < 20; i++ {
		out = append(out, alphanumeric[int(b[i])%len(alphanumeric)])
	}
	return string(out)
}

// stableID is an identifier that is the same wherever the name is.
func stableID(prefix, name string) string { return oktaID(prefix, sha256.Sum256([]byte(name))) }
