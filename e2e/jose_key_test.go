package e2e

import (
	"crypto"
	"crypto/elliptic"
	"encoding/base64"
	"encoding/json"
	"math/big"
	"strings"
)

// keyCases are about the keys that a provider publishes. Each signature is made by the key that is meant.
func keyCases(k *joseKeys) (all []joseCase) {
	rsaToken, esToken := good(k)["RS256"], good(k)["ES256"]
	edToken := good(k)["EdDSA"]
	rs, es, ed := jwkRSA("rs", k.rs), jwkEC("es", k.es), jwkEd("ed", k.ed)
	add := func(accept bool, name, why, token string, keys ...any) {
		all = append(all, joseCase{Name: name, Why: why, Token: token, Keys: keySet(keys...), Accept: accept})
	}
	reject := func(name, why, token string, keys ...any) { add(false, name, why, token, keys...) }
	accept := func(name, why, token string, keys ...any) { add(true, name, why, token, keys...) }
	raw := func(accept bool, name, why, token, text string) {
		all = append(all, joseCase{Name: name, Why: why, Token: token, Keys: json.RawMessage(text), Accept: accept})
	}
	text := func(v any) string {
		data, err := json.Marshal(v)
		if err != nil {
			panic(err)
		}
		return string(data)
	}
	num := func(n *big.Int) string { return b64.EncodeToString(n.Bytes()) }

	// What a key is for.
	const purpose = "RFC 7517 §4.2 to §4.4: the key says what it is for"
	for _, c := range []struct {
		name  string
		right bool
		more  []any
	}{
		{"use sig", true, []any{"use", "sig"}}, {"use enc", false, []any{"use", "enc"}}, {"use of another word", false, []any{"use", "SIG"}}, {"use tls", false, []any{"use", "tls"}},
		{"alg of the token", true, []any{"alg", "RS256"}}, {"alg RS512", false, []any{"alg", "RS512"}}, {"alg PS256", false, []any{"alg", "PS256"}}, {"alg RSA-OAEP", false, []any{"alg", "RSA-OAEP"}},
		{"alg none", false, []any{"alg", "none"}}, {"alg HS256", false, []any{"alg", "HS256"}}, {"alg that is a number", false, []any{"alg", 256}},
		{"key_ops verify", true, []any{"key_ops", []string{"verify"}}}, {"key_ops verify and more", true, []any{"key_ops", []string{"verify", "urn:example:x"}}},
		{"key_ops encrypt", false, []any{"key_ops", []string{"encrypt", "wrapKey"}}}, {"key_ops sign", false, []any{"key_ops", []string{"sign"}}}, {"key_ops empty", false, []any{"key_ops", []string{}}},
		{"use sig, key_ops encrypt", false, []any{"use", "sig", "key_ops", []string{"encrypt"}}}, {"use enc, key_ops verify", false, []any{"use", "enc", "key_ops", []string{"verify"}}},
		{"key_ops that is a string", false, []any{"key_ops", "verify"}},
		{"unknown members", true, []any{"note", map[string]any{"y": 1}, "exp", 1}},
	} {
		add(c.right, c.name, purpose, rsaToken, changedKey(rs, c.more...))
	}

	// Keys that should be nobody's.
	const private = "RFC 7517 §9.2: who has the set has the key"
	reject("RSA: with d", private, rsaToken, changedKey(rs, "d", num(k.rs.d)))
	reject("RSA: with a prime", private, rsaToken, changedKey(rs, "p", num(prime("rs p", 1024))))
	reject("EC: with d", private, esToken, changedKey(es, "d", b64.EncodeToString(bytesOf("d", 32))))
	reject("OKP: with d", private, edToken, changedKey(ed, "d", b64.EncodeToString(k.ed.Seed())))
	secret := []byte("a secret of thirty-two bytes ....")
	hmacToken := jws(head("HS256", "oct"), josePayload, hs(crypto.SHA256, secret))
	oct := map[string]any{"kty": "oct", "kid": "oct", "k": b64.EncodeToString(secret)}
	reject("a published secret", "OpenID Connect Core 1.0 §10.1", hmacToken, oct)
	all = append(all, joseCase{Name: "a published secret, HS256 announced", Why: "OpenID Connect Core 1.0 §10.1: it would be everybody's", Token: hmacToken, Keys: keySet(oct), Algs: []string{"HS256", "RS256"}})

	// RSA.
	const modulus, exponent = "RFC 7518 §3.3, RFC 8017 §3.1", "RFC 8017 §3.1: odd, from 3 to n-1"
	weak, less := newRSAPair("weak", 1024, 65537), newRSAPair("less", 1984, 65537)
	reject("RSA: 1024 bits", "RFC 7518 §3.3: 2048 bits or more", jws(head("RS256", "rs"), josePayload, weak.pkcs1(crypto.SHA256)), jwkRSA("rs", weak))
	reject("RSA: 1984 bits", "RFC 7518 §3.3: 2048 bits or more", jws(head("RS256", "rs"), josePayload, less.pkcs1(crypto.SHA256)), jwkRSA("rs", less))
	reject("RSA: 16384 bits", "one verification takes long", rsaToken, changedKey(rs, "n", b64.EncodeToString(append([]byte{0x80}, bytesOf("n", 2047)...))))
	identity := func(msg []byte) []byte {
		return k.rs.pkcs1Block(unhex(digestInfo[crypto.SHA256]), digest(crypto.SHA256, msg), nil)
	}
	reject("RSA: exponent 1", exponent+": anybody signs", jws(head("RS256", "rs"), josePayload, identity), changedKey(rs, "e", "AQ"))
	reject("RSA: exponent 0", exponent, jws(head("RS256", "rs"), josePayload, fixed(make([]byte, 256))), changedKey(rs, "e", "AA"))
	reject("RSA: exponent 2", exponent, rsaToken, changedKey(rs, "e", "Ag"))
	reject("RSA: exponent 65536", exponent, rsaToken, changedKey(rs, "e", "AQAA"))
	reject("RSA: exponent 3, another's", exponent, rsaToken, changedKey(rs, "e", "Aw"))
	reject("RSA: exponent of 33 bits", "no known key has it, and crypto/rsa none", rsaToken, changedKey(rs, "e", "AQAAAAE"))
	reject("RSA: exponent of 64 bits", "larger than a number of the machine", rsaToken, changedKey(rs, "e", "__________8"))
	reject("RSA: exponent of 512 bits", "one verification takes long", rsaToken, changedKey(rs, "e", b64.EncodeToString(append(bytesOf("e", 63), 1))))
	reject("RSA: exponent as long as the modulus", "one verification takes long", rsaToken, changedKey(rs, "e", num(k.rs.d)))
	reject("RSA: exponent empty", exponent, rsaToken, changedKey(rs, "e", ""))
	reject("RSA: no exponent", "RFC 7518 §6.3.1.2", rsaToken, changedKey(rs, "e", nil))
	reject("RSA: exponent as a number", "RFC 7518 §6.3.1.2: base64url", rsaToken, changedKey(rs, "e", 65537))
	reject("RSA: no modulus", "RFC 7518 §6.3.1.1", rsaToken, changedKey(rs, "n", nil))
	reject("RSA: modulus empty", modulus, rsaToken, changedKey(rs, "n", ""))
	reject("RSA: modulus 0", modulus, rsaToken, changedKey(rs, "n", "AA"))
	reject("RSA: modulus 1", modulus, rsaToken, changedKey(rs, "n", "AQ"))
	reject("RSA: modulus even", modulus, rsaToken, changedKey(rs, "n", num(new(big.Int).Add(k.rs.n, big.NewInt(1)))))
	reject("RSA: modulus as a number", "RFC 7518 §6.3.1.1: base64url", rsaToken, changedKey(rs, "n", 1))
	reject("RSA: modulus in hexadecimal", "RFC 7518 §6.3.1.1: base64url", rsaToken, changedKey(rs, "n", k.rs.n.Text(16)))
	for _, c := range []struct{ name, n, e string }{
		{"RSA: zero bytes in front of the modulus", b64.EncodeToString(append([]byte{0}, k.rs.n.Bytes()...)), "AQAB"}, {"RSA: zero bytes in front of the exponent", num(k.rs.n), "AAEAAQ"},
	} {
		all = append(all, joseCase{Name: c.name, Why: "RFC 7518 §6.3.1: as few bytes as it takes", Token: rsaToken, Keys: keySet(changedKey(rs, "n", c.n, "e", c.e)), Accept: true,
			Differ: "it is the same number; strict readers refuse the key"})
	}
	reject("RSA: modulus with padding", "RFC 7518 §2: base64url without padding", rsaToken, changedKey(rs, "n", base64.URLEncoding.EncodeToString(k.rs.n.Bytes())))
	reject("RSA: kty in lower case", "RFC 7517 §4.1: names are case-sensitive", rsaToken, changedKey(rs, "kty", "rsa"))
	reject("RSA: no kty", "RFC 7517 §4.1: it must be there", rsaToken, changedKey(rs, "kty", nil))
	reject("RSA: kty EC", "RFC 7517 §4.1", rsaToken, changedKey(rs, "kty", "EC"))

	// Curves.
	const onCurve = "RFC 7518 §6.2.1: a point of the curve"
	x, y := k.es.point()
	p := k.es.Curve.Params().P
	word := func(b []byte) string { return b64.EncodeToString(b) }
	_, otherY := k.otherEC.point()
	for _, c := range []struct {
		name, why string
		pairs     []any
	}{
		{"EC: not on the curve", onCurve, []any{"y", word(otherY)}}, {"EC: 0 and 0", onCurve, []any{"x", word(make([]byte, 32)), "y", word(make([]byte, 32))}},
		{"EC: empty", onCurve, []any{"x", "", "y", ""}}, {"EC: x is p", onCurve, []any{"x", word(p.Bytes())}}, {"EC: all ones", onCurve, []any{"x", word([]byte(strings.Repeat("\xff", 32))), "y", word([]byte(strings.Repeat("\xff", 32)))}},
		{"EC: y of the other point with this x", "OpenID Connect Core 1.0 §3.1.3.7 item 6: another key", []any{"y", word(new(big.Int).Sub(p, new(big.Int).SetBytes(y)).FillBytes(make([]byte, 32)))}},
		{"EC: x a byte longer", "RFC 7518 §6.2.1.2: as long as the curve", []any{"x", word(append([]byte{0}, x...))}}, {"EC: x a byte shorter", "RFC 7518 §6.2.1.2: as long as the curve", []any{"x", word(x[1:])}},
		{"EC: x and y swapped", onCurve, []any{"x", word(y), "y", word(x)}}, {"EC: no y", "RFC 7518 §6.2.1.3", []any{"y", nil}}, {"EC: compressed", "RFC 7518 §6.2.1: both coordinates", []any{"x", word(append([]byte{2}, x...)), "y", nil}},
		{"EC: no crv", "RFC 7518 §6.2.1.1", []any{"crv", nil}}, {"EC: crv P-384", "RFC 7518 §6.2.1.1", []any{"crv", "P-384"}}, {"EC: crv secp256k1", "RFC 8812: no curve of ES256", []any{"crv", "secp256k1"}},
		{"EC: crv P-192", "RFC 7518 §6.2.1.1: no such curve", []any{"crv", "P-192"}}, {"EC: crv in lower case", "RFC 7518 §6.2.1.1: names are case-sensitive", []any{"crv", "p-256"}}, {"EC: crv Ed25519", "RFC 8037 §2: of OKP", []any{"crv", "Ed25519"}},
		{"EC: x as a number", "RFC 7518 §6.2.1.2: base64url", []any{"x", 1}}, {"EC: alg ES384", purpose, []any{"alg", "ES384"}},
	} {
		reject(c.name, c.why, esToken, changedKey(es, c.pairs...))
	}
	k256 := newECPair("k1 of another curve", elliptic.P224(), crypto.SHA256)
	reject("EC: on P-224", "RFC 7518 §6.2.1.1: no such curve", jws(head("ES256", "es"), josePayload, k256.sign), jwkEC("es", k256))
	reject("OKP: crv X25519", "RFC 8037 §3.2: it is for key agreement", edToken, changedKey(ed, "crv", "X25519"))
	reject("OKP: crv Ed448", "RFC 8037 §2: another length", edToken, changedKey(ed, "crv", "Ed448"))
	reject("OKP: a byte shorter", "RFC 8032 §5.1.5: 32 bytes", edToken, changedKey(ed, "x", b64.EncodeToString(bytesOf("x", 31))))
	reject("OKP: a byte longer", "RFC 8032 §5.1.5: 32 bytes", edToken, changedKey(ed, "x", b64.EncodeToString(bytesOf("x", 33))))
	reject("OKP: no point", "RFC 8032 §5.1.3", edToken, changedKey(ed, "x", b64.EncodeToString([]byte(strings.Repeat("\xff", 31)+"\x7f"))))
	reject("OKP: no x", "RFC 8037 §2", edToken, changedKey(ed, "x", nil))
	neutral := changedKey(ed, "x", b64.EncodeToString(append([]byte{1}, make([]byte, 31)...)))
	reject("OKP: the neutral point", "RFC 8032 §8.9, RFC 8725 §3.4: every message has this signature", jws(head("EdDSA", "ed"), josePayload, fixed(append([]byte{1}, make([]byte, 63)...))), neutral)

	// Sets.
	const ignored = "RFC 7517 §5: keys that are not understood are left out"
	accept("set: an unknown kty beside", ignored, esToken, map[string]any{"kty": "XYZ", "kid": "x"}, es)
	accept("set: a broken key beside", ignored, esToken, changedKey(es, "kid", "other", "x", "AAAA"), es)
	accept("set: a secret of another kid beside", ignored+"; a check of its own finds it", esToken, oct, es)
	accept("set: null beside", ignored, esToken, nil, es)
	accept("set: one kid on keys of three kinds", "RFC 7517 §4.5: equivalent keys of different kty", esToken, changedKey(rs, "kid", "es"), changedKey(ed, "kid", "es"), es)
	accept("set: one kid on two keys of a curve", "RFC 7517 §4.5: SHOULD be distinct; a reader tries both", esToken, jwkEC("es", k.otherEC), es)
	accept("set: the same key twice", "RFC 7517 §4.5: SHOULD be distinct", esToken, es, es)
	accept("set: a key without kid beside", "RFC 7517 §4.5", esToken, changedKey(rs, "kid", nil), es)
	reject("set: the key has no kid", "RFC 7515 §4.1.4: no key of that name", esToken, changedKey(es, "kid", nil))
	reject("set: kid in other letters", "RFC 7517 §4.5: kid is case-sensitive", esToken, changedKey(es, "kid", "ES"))
	reject("set: kid as a number", "RFC 7517 §4.5: a string", jws(head("ES256", "1"), josePayload, k.es.sign), changedKey(es, "kid", 1))
	reject("set: only a stranger's key of that kid", "OpenID Connect Core 1.0 §3.1.3.7 item 6", esToken, jwkEC("es", k.otherEC))
	reject("set: a hundred and one keys", "a set has a limit", esToken, append(many(100), es)...)
	accept("set: a hundred keys", "a set has a limit", esToken, append(many(99), es)...)
	raw(false, "set: empty", "OpenID Connect Discovery 1.0 §3", esToken, `{"keys":[]}`)
	raw(false, "set: no member keys", "RFC 7517 §5.1", esToken, `{}`)
	raw(false, "set: keys is no array", "RFC 7517 §5.1", esToken, `{"keys":`+text(es)+`}`)
	raw(false, "set: a single key", "RFC 7517 §5: a set", esToken, text(es))
	raw(false, "set: an array", "RFC 7517 §5: an object", esToken, `[`+text(es)+`]`)
	raw(false, "set: keys in other letters", "RFC 8259: names are case-sensitive", esToken, `{"KEYS":[`+text(es)+`]}`)
	raw(false, "set: keys twice", "RFC 7517 §4: two readers may see two sets", esToken, `{"keys":[],"keys":[`+text(es)+`]}`)
	raw(false, "key: x twice", "RFC 7517 §4: two readers may see two keys", esToken, `{"keys":[`+strings.Replace(text(es), `"x":`, `"x":"AAAA","x":`, 1)+`]}`)
	raw(true, "set: further members", "RFC 7517 §5: they are ignored", esToken, `{"keys":[`+text(es)+`],"issuer":"https://op.example","x":null}`)
	const chain = "RFC 7517 §4.7: the first certificate has the key"
	reject("key: x5c that is no certificate", chain, esToken, changedKey(es, "x5c", []string{"AAAA"}))
	reject("key: x5c that is no list", chain, esToken, changedKey(es, "x5c", "AAAA"))
	accept("key: x5u", "RFC 7517 §4.6: nobody follows it", esToken, changedKey(es, "x5u", "https://attacker.example/cert"))
	return all
}

// many are keys of a kind that nobody knows.
func many(n int) (keys []any) {
	for range n {
		keys = append(keys, map[string]any{"kty": "XYZ"})
	}
	return keys
}
