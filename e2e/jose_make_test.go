package e2e

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/hmac"
	_ "crypto/md5" // the hash of a hostile signature
	"crypto/rsa"
	_ "crypto/sha1"
	"crypto/sha256"
	_ "crypto/sha512"
	"encoding/asn1"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math/big"
	"strings"
	"sync"
)

// This file makes keys and signatures by hand, right and wrong ones. Keys are made from their names, so that the same
// come out each time; nothing but these tests trusts them.

var b64 = base64.RawURLEncoding

// joseTime is when the tokens of testdata/jose were made, in seconds.
const joseTime = 1767225600 // 2026-01-01T00:00:00Z

// josePayload is what every token says that is right.
var josePayload = fmt.Sprintf(`{"iss":"https://op.example","sub":"alice","aud":"tool","exp":%d,"iat":%d,"nonce":"the nonce"}`, joseTime+3600, joseTime)

// bytesOf returns n bytes that are always the same for a name.
func bytesOf(name string, n int) []byte {
	var out []byte
	for i := 0; len(out) < n; i++ {
		sum := sha256.Sum256(fmt.Appendf(nil, "%s %d", name, i))
		out = append(out, sum[:]...)
	}
	return out[:n]
}

// rsaPair is an RSA key that signs whatever it is given.
type rsaPair struct{ n, e, d *big.Int }

// prime returns a prime that fits the exponents 3 and 65537.
func prime(name string, bits int) *big.Int {
	p := new(big.Int).SetBytes(bytesOf(name, bits/8))
	p.SetBit(p, bits-1, 1).SetBit(p, bits-2, 1).SetBit(p, 0, 1)
	for two := big.NewInt(2); ; p.Add(p, two) {
		less := new(big.Int).Sub(p, big.NewInt(1))
		if new(big.Int).Mod(p, big.NewInt(3)).Int64() == 2 && new(big.Int).Mod(less, big.NewInt(65537)).Sign() != 0 && p.ProbablyPrime(10) {
			return p
		}
	}
}

func newRSAPair(name string, bits int, e int64) *rsaPair {
	p, q := prime(name+" p", bits/2), prime(name+" q", bits/2)
	one := big.NewInt(1)
	phi := new(big.Int).Mul(new(big.Int).Sub(p, one), new(big.Int).Sub(q, one))
	k := &rsaPair{n: new(big.Int).Mul(p, q), e: big.NewInt(e)}
	k.d = new(big.Int).ModInverse(k.e, phi)
	return k
}

func (k *rsaPair) size() int { return (k.n.BitLen() + 7) / 8 }

// raw is the private operation on a block of the key's size.
func (k *rsaPair) raw(block []byte) []byte {
	return new(big.Int).Exp(new(big.Int).SetBytes(block), k.d, k.n).FillBytes(make([]byte, k.size()))
}

func (k *rsaPair) public() *rsa.PublicKey { return &rsa.PublicKey{N: k.n, E: int(k.e.Int64())} }

// digestInfo is the prefix of a hash in PKCS #1 v1.5 (RFC 8017 §9.2 note 1).
var digestInfo = map[crypto.Hash]string{
	crypto.MD5: "3020300c06082a864886f70d020505000410", crypto.SHA1: "3021300906052b0e03021a05000414",
	crypto.SHA256: "3031300d060960864801650304020105000420", crypto.SHA384: "3041300d060960864801650304020205000430",
	crypto.SHA512: "3051300d060960864801650304020305000440",
}

func digest(h crypto.Hash, msg []byte) []byte {
	w := h.New()
	w.Write(msg)
	return w.Sum(nil)
}

func unhex(s string) []byte {
	b, err := hex.DecodeString(s)
	if err != nil {
		panic(err)
	}
	return b
}

// pkcs1Block is EMSA-PKCS1-v1_5 with any prefix and anything behind the hash.
func (k *rsaPair) pkcs1Block(prefix, hash, behind []byte) []byte {
	rest := append(append(append([]byte{0}, prefix...), hash...), behind...)
	block := []byte{0, 1}
	for len(block)+len(rest) < k.size() {
		block = append(block, 0xff)
	}
	return append(block, rest...)
}

func (k *rsaPair) pkcs1(h crypto.Hash) signer {
	return func(msg []byte) []byte { return k.raw(k.pkcs1Block(unhex(digestInfo[h]), digest(h, msg), nil)) }
}

// pss is EMSA-PSS (RFC 8017 §9.1.1) with any length of salt, and any hash in the mask.
func (k *rsaPair) pss(h crypto.Hash, saltLength int, mask crypto.Hash, trailer byte) signer {
	return func(msg []byte) []byte {
		bits := k.n.BitLen() - 1
		size := (bits + 7) / 8
		salt := bytesOf("salt", saltLength)
		sum := digest(h, append(append(make([]byte, 8), digest(h, msg)...), salt...))
		db := make([]byte, size-len(sum)-1)
		db[len(db)-len(salt)-1] = 1
		copy(db[len(db)-len(salt):], salt)
		for i, at := uint32(0), 0; at < len(db); i++ {
			part := digest(mask, append(append([]byte{}, sum...), byte(i>>24), byte(i>>16), byte(i>>8), byte(i)))
			for _, m := range part {
				if at < len(db) {
					db[at] ^= m
					at++
				}
			}
		}
		db[0] &= 0xff >> (8*size - bits)
		return k.raw(append(append(db, sum...), trailer))
	}
}

// signer makes the signature of what it is given.
type signer func(msg []byte) []byte

// ecPair is a key on a curve.
type ecPair struct {
	*ecdsa.PrivateKey
	hash crypto.Hash
}

func newECPair(name string, curve elliptic.Curve, h crypto.Hash) *ecPair {
	size := (curve.Params().BitSize + 7) / 8
	d := new(big.Int).Mod(new(big.Int).SetBytes(bytesOf(name, size+8)), curve.Params().N)
	key, err := ecdsa.ParseRawPrivateKey(curve, d.FillBytes(make([]byte, size)))
	if err != nil {
		panic(err)
	}
	return &ecPair{key, h}
}

func (k *ecPair) size() int { return (k.Curve.Params().BitSize + 7) / 8 }

// rs are the numbers of a signature, by RFC 6979: the same each time.
func (k *ecPair) rs(msg []byte) (r, s *big.Int) {
	der, err := k.Sign(nil, digest(k.hash, msg), k.hash)
	if err != nil {
		panic(err)
	}
	var sig struct{ R, S *big.Int }
	if _, err := asn1.Unmarshal(der, &sig); err != nil {
		panic(err)
	}
	return sig.R, sig.S
}

// pair writes two numbers in size bytes each.
func pair(size int, r, s *big.Int) []byte {
	return append(r.FillBytes(make([]byte, size)), s.FillBytes(make([]byte, size))...)
}

func (k *ecPair) sign(msg []byte) []byte {
	r, s := k.rs(msg)
	return pair(k.size(), r, s)
}

// changed is a signature whose numbers were changed.
func (k *ecPair) changed(change func(r, s *big.Int) []byte) signer {
	return func(msg []byte) []byte { return change(k.rs(msg)) }
}

// point returns the coordinates of the public key.
func (k *ecPair) point() (x, y []byte) {
	raw, err := k.PublicKey.Bytes() // 4, x, y
	if err != nil {
		panic(err)
	}
	return raw[1 : 1+k.size()], raw[1+k.size():]
}

func newEdKey(name string) ed25519.PrivateKey { return ed25519.NewKeyFromSeed(bytesOf(name, 32)) }

func edSign(k ed25519.PrivateKey) signer {
	return func(msg []byte) []byte { return ed25519.Sign(k, msg) }
}

func hs(h crypto.Hash, secret []byte) signer {
	return func(msg []byte) []byte {
		mac := hmac.New(h.New, secret)
		mac.Write(msg)
		return mac.Sum(nil)
	}
}

// fixed is a signature that has nothing to do with the message.
func fixed(sig []byte) signer { return func([]byte) []byte { return sig } }

// then changes a signature.
func (s signer) then(change func([]byte) []byte) signer {
	return func(msg []byte) []byte { return change(s(msg)) }
}

// jws returns a compact JWS of texts that need not be JSON.
func jws(header, payload string, sign signer) string {
	input := b64.EncodeToString([]byte(header)) + "." + b64.EncodeToString([]byte(payload))
	return input + "." + b64.EncodeToString(sign([]byte(input)))
}

// head is a header with an algorithm, a key ID, and more members.
func head(alg, kid string, more ...string) string {
	return fmt.Sprintf(`{"alg":%q,"kid":%q%s}`, alg, kid, strings.Join(append([]string{""}, more...), ","))
}

// joseKeys are the keys of the tests: those of set are published, the others are somebody else's.
type joseKeys struct {
	rs, three, other *rsaPair
	es, es384, es512 *ecPair
	otherEC          *ecPair
	ed, otherEd      ed25519.PrivateKey
	set              []map[string]any
	public           map[string]any // by kid
}

var makeKeys = sync.OnceValue(func() *joseKeys {
	k := &joseKeys{
		rs: newRSAPair("rs", 2048, 65537), three: newRSAPair("three", 2048, 3), other: newRSAPair("other", 2048, 65537),
		es: newECPair("es", elliptic.P256(), crypto.SHA256), es384: newECPair("es384", elliptic.P384(), crypto.SHA384),
		es512: newECPair("es512", elliptic.P521(), crypto.SHA512), otherEC: newECPair("other", elliptic.P256(), crypto.SHA256),
		ed: newEdKey("ed"), otherEd: newEdKey("other"),
	}
	k.set = []map[string]any{jwkRSA("rs", k.rs), jwkRSA("three", k.three), jwkEC("es", k.es), jwkEC("es384", k.es384), jwkEC("es512", k.es512), jwkEd("ed", k.ed)}
	k.public = map[string]any{"rs": k.rs.public(), "three": k.three.public(), "es": k.es.Public(), "es384": k.es384.Public(), "es512": k.es512.Public(), "ed": k.ed.Public()}
	return k
})

func jwkRSA(kid string, k *rsaPair) map[string]any {
	return map[string]any{"kty": "RSA", "kid": kid, "n": b64.EncodeToString(k.n.Bytes()), "e": b64.EncodeToString(k.e.Bytes())}
}

func jwkEC(kid string, k *ecPair) map[string]any {
	x, y := k.point()
	return map[string]any{"kty": "EC", "kid": kid, "crv": k.Curve.Params().Name, "x": b64.EncodeToString(x), "y": b64.EncodeToString(y)}
}

func jwkEd(kid string, k ed25519.PrivateKey) map[string]any {
	return map[string]any{"kty": "OKP", "kid": kid, "crv": "Ed25519", "x": b64.EncodeToString(k.Public().(ed25519.PublicKey))}
}

// changedKey returns a copy of a JWK with members changed; nil takes one away.
func changedKey(jwk map[string]any, pairs ...any) map[string]any {
	out := map[string]any{}
	for name, v := range jwk {
		out[name] = v
	}
	for i := 0; i+1 < len(pairs); i += 2 {
		if name := pairs[i].(string); pairs[i+1] == nil {
			delete(out, name)
		} else {
			out[name] = pairs[i+1]
		}
	}
	return out
}

// keySet writes a JWK set.
func keySet(keys ...any) json.RawMessage {
	data, err := json.Marshal(map[string]any{"keys": keys})
	if err != nil {
		panic(err)
	}
	return data
}
