package mockidp

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/binary"
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"
)

// softKey is an authenticator in memory.
type softKey struct {
	key     *ecdsa.PrivateKey
	passkey Passkey
	origin  string
	kind    string
	rpID    string
	flags   byte
	count   uint32
	spoil   func(auth, client, signature []byte)
}

func newSoftKey() *softKey {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic(err)
	}
	der, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	if err != nil {
		panic(err)
	}
	return &softKey{key: key, passkey: Passkey{ID: []byte("credential"), PublicKey: der, SignCount: 6}}
}

func (k *softKey) sign(t *testing.T, challenge string) object {
	t.Helper()
	client, err := json.Marshal(object{"type": k.kind, "challenge": challenge, "origin": k.origin})
	require.NoError(t, err)
	rp := sha256.Sum256([]byte(k.rpID))
	auth := binary.BigEndian.AppendUint32(append(rp[:], k.flags), k.count)
	hash := sha256.Sum256(client)
	signed := sha256.Sum256(append(auth[:len(auth):len(auth)], hash[:]...))
	signature, err := ecdsa.SignASN1(rand.Reader, k.key, signed[:])
	require.NoError(t, err)
	if k.spoil != nil {
		k.spoil(auth, client, signature)
	}
	return object{
		"credentials.authenticatorData": b64.EncodeToString(auth), "credentials.clientData": b64.EncodeToString(client),
		"credentials.signatureData": b64.EncodeToString(signature),
	}
}

// TestOktaPasskey signs in with a passkey, and with each thing wrong that Web Authentication Level 2 §7.2 has an eye on.
func TestOktaPasskey(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*softKey){
		"right":                             nil,
		"§7.2 step 11, another ceremony":    func(k *softKey) { k.kind = "webauthn.create" },
		"§7.2 step 12, another challenge":   func(k *softKey) { k.spoil = func(_, client, _ []byte) { client[len(client)/2] ^= 1 } },
		"§7.2 step 13, another origin":      func(k *softKey) { k.origin = "https://evil.example.com" },
		"§7.2 step 15, another RP":          func(k *softKey) { k.rpID = "evil.example.com" },
		"§7.2 step 16, nobody present":      func(k *softKey) { k.flags = userVerified },
		"§7.2 step 17, nobody verified":     func(k *softKey) { k.flags = userPresent },
		"§7.2 step 20, another signature":   func(k *softKey) { k.spoil = func(_, _, s []byte) { s[len(s)-1] ^= 1 } },
		"§7.2 step 20, another key":         func(k *softKey) { k.key = newSoftKey().key },
		"§7.2 step 21, the counter of once": func(k *softKey) { k.count = 6 },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			k := newSoftKey()
			second := newSoftKey().passkey
			p := startRP(t, Config{
				Login: "okta", Listen: "localhost:0",
				Users: []User{Person{Login: "alice", Passkeys: []Passkey{second, k.passkey}, Policy: []string{"passkey"}}},
			})
			k.origin, k.kind, k.rpID, k.flags, k.count = p.s.URL, "webauthn.get", "localhost", userPresent|userVerified, 7
			if change != nil {
				change(k)
			}
			w := walk(t, p).identify()
			data := w.state["currentAuthenticator"].(map[string]any)["value"].(map[string]any)["contextualData"].(map[string]any)["challengeData"].(map[string]any)
			require.Len(t, w.state["authenticatorEnrollments"].(map[string]any)["value"], 2)
			answer := k.sign(t, data["challenge"].(string))
			w.send("challenge-authenticator", answer)
			if change != nil {
				require.Equal(t, 401, w.status, w.state)
				require.Equal(t, []string{"authfactor.webauthn.error"}, w.keys())
				return
			}
			require.Equal(t, []any{"hwk"}, w.amr())
			w = walk(t, p, "prompt", "login").identify()
			w.send("challenge-authenticator", answer)
			require.Equal(t, 401, w.status, "an assertion of an earlier challenge: %v", w.state)
		})
	}
}
