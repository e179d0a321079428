package mockidp

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/binary"
	"encoding/json"
	"math/big"
	"slices"
	"testing"

	"github.com/fxamacker/cbor/v2"
	"github.com/stretchr/testify/require"
)

// enrolling is a passkey that is being made: what a test may change of it.
type enrolling struct {
	key    map[int]any // COSE
	id     []byte
	more   []byte // behind the key
	format string
	state  func(signed []byte) any // the statement
	spoil  func(object)
}

func cborOf(t *testing.T, v any) []byte {
	t.Helper()
	raw, err := cbor.Marshal(v)
	require.NoError(t, err)
	return raw
}

func (k *softKey) sign256(signed []byte) []byte {
	hash := sha256.Sum256(signed)
	signature, err := ecdsa.SignASN1(rand.Reader, k.key, hash[:])
	if err != nil {
		panic(err)
	}
	return signature
}

// register returns what an authenticator and a browser answer to navigator.credentials.create.
func (k *softKey) register(t *testing.T, challenge string, changes ...func(*softKey, *enrolling)) object {
	t.Helper()
	public, err := k.key.PublicKey.Bytes()
	require.NoError(t, err)
	e := &enrolling{
		key: map[int]any{1: 2, 3: -7, -1: 1, -2: public[1:33], -3: public[33:]}, id: k.passkey.ID,
		format: "none", state: func([]byte) any { return map[string]any{} }, spoil: func(object) {},
	}
	for _, change := range changes {
		change(k, e)
	}
	client, err := json.Marshal(object{"type": k.kind, "challenge": challenge, "origin": k.origin})
	require.NoError(t, err)
	rp := sha256.Sum256([]byte(k.rpID))
	auth := binary.BigEndian.AppendUint32(append(rp[:], k.flags), k.count)
	auth = binary.BigEndian.AppendUint16(append(auth, make([]byte, 16)...), uint16(len(e.id)))
	auth = slices.Concat(auth, e.id, cborOf(t, e.key), e.more)
	hash := sha256.Sum256(client)
	out := object{
		"credentials.clientData": b64.EncodeToString(client), "credentials.transports": `["internal"]`, "credentials.clientExtensions": "{}",
		"credentials.attestation": b64.EncodeToString(cborOf(t, map[string]any{"fmt": e.format, "authData": auth, "attStmt": e.state(slices.Concat(auth, hash[:]))})),
	}
	e.spoil(out)
	return out
}

// attestedBy returns a change by which a certificate attests the key.
func attestedBy(t *testing.T, by *softKey, alg int) func(*softKey, *enrolling) {
	t.Helper()
	template := &x509.Certificate{SerialNumber: big.NewInt(1)}
	cert, err := x509.CreateCertificate(rand.Reader, template, template, &by.key.PublicKey, by.key)
	require.NoError(t, err)
	return func(_ *softKey, e *enrolling) {
		e.format, e.state = "packed", func(signed []byte) any { return packed{alg, by.sign256(signed), [][]byte{cert}} }
	}
}

func self(signer func(*softKey) *softKey, alg int) func(*softKey, *enrolling) {
	return func(k *softKey, e *enrolling) {
		e.format, e.state = "packed", func(signed []byte) any { return packed{Alg: alg, Signature: signer(k).sign256(signed)} }
	}
}

func itself(k *softKey) *softKey { return k }

func another(*softKey) *softKey { return newSoftKey() }

// TestOktaPasskeyRegistration registers a passkey, and one with each thing wrong that Web Authentication Level 2 §7.1 has
// an eye on.
func TestOktaPasskeyRegistration(t *testing.T) {
	t.Parallel()
	const all = userPresent | userVerified | attestedData
	old := newSoftKey().passkey
	old.ID = []byte("bob has it")
	for name, c := range map[string]struct {
		change func(*softKey, *enrolling)
		says   string // of what is wrong; empty: nothing
	}{
		"without a statement":        {},
		"that attests itself":        {change: self(itself, -7)},
		"that a certificate attests": {change: attestedBy(t, newSoftKey(), -7)},
		"with extensions": {change: func(k *softKey, e *enrolling) {
			k.flags = all | extensionData
			e.more = cborOf(t, map[string]bool{"credProps": true})
		}},
		"step 7, another ceremony": {func(k *softKey, _ *enrolling) { k.kind = "webauthn.get" }, "type: want webauthn.create"},
		"step 8, another challenge": {func(_ *softKey, e *enrolling) {
			e.spoil = func(o object) {
				o["credentials.clientData"] = b64.EncodeToString([]byte(`{"type":"webauthn.create","challenge":"x"}`))
			}
		}, "another one"},
		"step 9, another origin": {func(k *softKey, _ *enrolling) { k.origin = "https://evil.example.com" }, "origin: want"},
		"step 12, no CBOR":       {func(_ *softKey, e *enrolling) { e.spoil = func(o object) { o["credentials.attestation"] = "____" } }, "attestation: "},
		"step 12, a list without end": {func(_ *softKey, e *enrolling) {
			e.spoil = func(o object) { o["credentials.attestation"] = b64.EncodeToString(bytes.Repeat([]byte{0x81}, 200)) }
		}, "nested"},
		"step 13, another RP":                  {func(k *softKey, _ *enrolling) { k.rpID = "evil.example.com" }, "rpIdHash"},
		"step 14, nobody present":              {func(k *softKey, _ *enrolling) { k.flags = all &^ userPresent }, "not present"},
		"step 15, nobody verified":             {func(k *softKey, _ *enrolling) { k.flags = all &^ userVerified }, "not verified"},
		"no credential in it":                  {func(k *softKey, _ *enrolling) { k.flags = all &^ attestedData }, "no credential"},
		"step 16, another algorithm":           {func(_ *softKey, e *enrolling) { e.key[3] = -257 }, "want ES256"},
		"step 16, another curve":               {func(_ *softKey, e *enrolling) { e.key[-1] = 2 }, "want ES256"},
		"step 16, a point that is on no curve": {func(_ *softKey, e *enrolling) { e.key[-2] = make([]byte, 32) }, "public key: "},
		"step 17, no extensions, more bytes":   {func(_ *softKey, e *enrolling) { e.more = []byte{0} }, "1 bytes too many"},
		"extensions that are not there":        {func(k *softKey, _ *enrolling) { k.flags = all | extensionData }, "extensions"},
		"step 18, another format":              {func(_ *softKey, e *enrolling) { e.format = "tpm" }, `got "tpm"`},
		"step 19, none with a statement":       {func(_ *softKey, e *enrolling) { e.state = func([]byte) any { return map[string]any{"sig": []byte{1}} } }, "and a statement"},
		"step 19, another's signature":         {self(another, -7), "signature is not right"},
		"step 19, another algorithm":           {self(itself, -257), "alg: want -7"},
		"step 19, a certificate of nobody": {func(k *softKey, e *enrolling) {
			e.format, e.state = "packed", func(s []byte) any { return packed{-7, k.sign256(s), [][]byte{{1}}} }
		}, "cannot be read"},
		"step 19, a certificate on P-384": {onP384(t), "not on P-256"},
		"step 22, somebody has it":        {func(_ *softKey, e *enrolling) { e.id = old.ID }, "registered already"},
		"no credential ID":                {func(_ *softKey, e *enrolling) { e.id = nil }, "want 1 to 1023 bytes, got 0"},
		"a credential ID of 1024 bytes":   {func(_ *softKey, e *enrolling) { e.id = make([]byte, 1024) }, "got 1024"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := startRP(t, Config{Login: "okta", Listen: "localhost:0", Users: []User{
				newcomer("password", "enrol:passkey"), Person{Login: "bob", Passkeys: []Passkey{old}, Policy: []string{"passkey"}},
			}})
			k := newSoftKey()
			k.origin, k.kind, k.rpID, k.flags = p.s.URL, "webauthn.create", "localhost", all
			w := walk(t, p).identify().password()
			w.take(step{"select-authenticator-enroll", "", choose("webauthn", "webauthn")})
			asked := w.contextual()["activationData"].(map[string]any)
			var changes []func(*softKey, *enrolling)
			if c.change != nil {
				changes = append(changes, c.change)
			}
			w.send("enroll-authenticator", k.register(t, asked["challenge"].(string), changes...))
			users, err := p.s.listUsers(nil)
			require.NoError(t, err)
			if c.says != "" {
				require.Equal(t, 401, w.status, w.state)
				require.Equal(t, []string{"authfactor.webauthn.error"}, w.keys())
				raw, err := json.Marshal(w.state["messages"])
				require.NoError(t, err)
				require.Contains(t, string(raw), jsonText(t, c.says))
				require.Empty(t, users.([]listedUser)[0].Passkeys)
				return
			}
			require.Equal(t, 200, w.status, w.state)
			require.Equal(t, []jsonPasskey{{ID: b64.EncodeToString(k.passkey.ID)}}, users.([]listedUser)[0].Passkeys)
		})
	}
}

// jsonText is s as it stands in a JSON string.
func jsonText(t *testing.T, s string) string {
	t.Helper()
	raw, err := json.Marshal(s)
	require.NoError(t, err)
	return string(raw[1 : len(raw)-1])
}

func onP384(t *testing.T) func(*softKey, *enrolling) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	require.NoError(t, err)
	return attestedBy(t, &softKey{key: key}, -7)
}

// FuzzRegistration reads any attestation object: no panic, and no passkey that could not be used.
func FuzzRegistration(f *testing.F) {
	s, err := Start(fast(Config{Login: "okta", Listen: "localhost:0"}))
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() {
		if err := s.Close(); err != nil {
			f.Error(err)
		}
	})
	client := b64.EncodeToString([]byte(`{"type":"webauthn.create","challenge":"c","origin":"` + s.URL + `"}`))
	rp := sha256.Sum256([]byte("localhost"))
	public, err := newSoftKey().key.PublicKey.Bytes()
	require.NoError(f, err)
	key, err := cbor.Marshal(map[int]any{1: 2, 3: -7, -1: 1, -2: public[1:33], -3: public[33:]})
	require.NoError(f, err)
	auth := slices.Concat(rp[:], []byte{userPresent | userVerified | attestedData}, make([]byte, 4+16), []byte{0, 1, 'x'}, key)
	for _, statement := range []any{map[string]any{}, packed{Alg: -7}, packed{-7, []byte{1}, [][]byte{{1}}}} {
		for _, format := range []string{"none", "packed"} {
			raw, err := cbor.Marshal(map[string]any{"fmt": format, "authData": auth, "attStmt": statement})
			require.NoError(f, err)
			f.Add(raw)
		}
	}
	f.Add([]byte{0xbf, 0xff})
	f.Add(bytes.Repeat([]byte{0x81}, 100))
	f.Fuzz(func(t *testing.T, raw []byte) {
		k, err := (&call{s: s}).registration("c", credentials{ClientData: client, Attestation: b64.EncodeToString(raw)})
		if err != nil {
			return
		}
		_, err = k.key()
		require.NoError(t, err)
		require.NotEmpty(t, k.ID)
	})
}
