package mockidp

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"sync"

	"github.com/go-jose/go-jose/v4"
	"github.com/golang-jwt/jwt/v5"
	"github.com/oauth2-proxy/mockoidc"
)

// signingKey is one key of an authorization server. It never changes once it is made.
type signingKey struct {
	alg    string
	signer crypto.Signer
	kid    string
	jwk    json.RawMessage // its public part
}

func newSigningKey(alg string) (*signingKey, error) {
	k := &signingKey{alg: alg}
	var err error
	switch alg {
	case "RS256", "PS256":
		return newRSAKey(alg)
	case "ES256":
		k.signer, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	case "EdDSA":
		_, k.signer, err = ed25519.GenerateKey(rand.Reader)
	default:
		err = fmt.Errorf("alg: want RS256, ES256, PS256 or EdDSA, got %q", alg)
	}
	if err != nil {
		return nil, err
	}
	jwk := jose.JSONWebKey{Key: k.signer.Public(), Algorithm: alg, Use: "sig"}
	thumb, err := jwk.Thumbprint(crypto.SHA256)
	if err != nil {
		return nil, err
	}
	k.kid = base64.RawURLEncoding.EncodeToString(thumb)
	jwk.KeyID = k.kid
	k.jwk, err = jwk.MarshalJSON()
	return k, err
}

// newRSAKey makes a key by mockoidc's Keypair, whose KeyID is asked once, before anybody shares it: it writes.
func newRSAKey(alg string) (*signingKey, error) {
	pair, err := mockoidc.RandomKeypair(2048)
	if err != nil {
		return nil, err
	}
	k := &signingKey{alg: alg, signer: pair.PrivateKey}
	if k.kid, err = pair.KeyID(); err != nil {
		return nil, err
	}
	if alg != "RS256" { // Keypair says RS256 of every key
		jwk := jose.JSONWebKey{Key: pair.PublicKey, Algorithm: alg, Use: "sig", KeyID: k.kid}
		k.jwk, err = jwk.MarshalJSON()
		return k, err
	}
	set, err := pair.JWKS()
	if err != nil {
		return nil, err
	}
	var keys struct{ Keys []json.RawMessage }
	if err := json.Unmarshal(set, &keys); err != nil {
		return nil, err
	}
	k.jwk = keys.Keys[0]
	return k, nil
}

// publishedKeys is how many of its keys a server publishes: the one it signs with and those before it.
const publishedKeys = 3

// keyring is the keys of one authorization server. The first key is made when it is first asked for: an RSA key takes
// longer than all else at the start.
type keyring struct {
	alg  string
	once sync.Once

	mu    sync.RWMutex
	keys  []*signingKey   // the newest, which signs, first
	extra json.RawMessage // a key that signs nothing: who takes the first of the set is found out
	all   []byte          // the JWK set
	err   error
}

func (r *keyring) start() {
	r.once.Do(func() {
		extra, err := newSigningKey("ES256")
		if err != nil {
			r.err = err
			return
		}
		r.extra = extra.jwk
		r.err = r.add()
	})
}

// add makes a key, which signs from now on.
func (r *keyring) add() error {
	k, err := newSigningKey(r.alg)
	if err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	keys := append([]*signingKey{k}, r.keys...)
	if len(keys) > publishedKeys {
		keys = keys[:publishedKeys]
	}
	set := []json.RawMessage{r.extra}
	for _, k := range keys {
		set = append(set, k.jwk)
	}
	all, err := json.Marshal(map[string]any{"keys": set})
	if err != nil {
		return err
	}
	r.keys, r.all = keys, all
	return nil
}

// current is the key that signs.
func (r *keyring) current() (*signingKey, error) {
	r.start()
	r.mu.RLock()
	defer r.mu.RUnlock()
	if r.err != nil {
		return nil, r.err
	}
	return r.keys[0], nil
}

// set is the JWK set.
func (r *keyring) set() ([]byte, error) {
	r.start()
	r.mu.RLock()
	defer r.mu.RUnlock()
	return r.all, r.err
}

// byID returns the published key with this kid.
func (r *keyring) byID(kid string) *signingKey {
	r.start()
	r.mu.RLock()
	defer r.mu.RUnlock()
	for _, k := range r.keys {
		if k.kid == kid {
			return k
		}
	}
	return nil
}

// publicKeys are those that are published, for a token that does not name its own.
func (r *keyring) publicKeys() (set jwt.VerificationKeySet) {
	r.start()
	r.mu.RLock()
	defer r.mu.RUnlock()
	for _, k := range r.keys {
		set.Keys = append(set.Keys, k.signer.Public())
	}
	return set
}

// rotate makes a new key that signs from now on. The keys before it stay in the JWK set, the latest three in all.
func (r *keyring) rotate() error {
	if r.start(); r.err != nil {
		return r.err
	}
	return r.add()
}
