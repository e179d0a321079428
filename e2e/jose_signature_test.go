package e2e

import (
	"bytes"
	"crypto"
	"encoding/asn1"
	"fmt"
	"math/big"
)

// signatureCases are about the signature itself.
func signatureCases(k *joseKeys) []joseCase {
	return append(rsaSignatures(k), curveSignatures(k)...)
}

// flip returns a change of one byte.
func flip(i int) func([]byte) []byte {
	return func(sig []byte) []byte {
		out := bytes.Clone(sig)
		out[(i+len(out))%len(out)] ^= 1
		return out
	}
}

// findToken tries nonces that nobody looks at until the signature is as wanted.
func findToken(header string, sign signer, wanted func(sig []byte) bool, change func(sig []byte) []byte) string {
	for i := 0; ; i++ {
		payload := fmt.Sprintf(`%s,"try":%d}`, josePayload[:len(josePayload)-1], i)
		found := false
		token := jws(header, payload, sign.then(func(sig []byte) []byte {
			found = wanted(sig)
			return change(sig)
		}))
		if found {
			return token
		}
	}
}

func rsaSignatures(k *joseKeys) (all []joseCase) {
	add := func(name, why, alg, kid string, sign signer) {
		all = append(all, joseCase{Name: name, Why: why, Token: jws(head(alg, kid), josePayload, sign)})
	}
	rs, size := k.rs.pkcs1(crypto.SHA256), k.rs.size()
	number := func(n *big.Int) signer { return fixed(n.FillBytes(make([]byte, size))) }
	one := big.NewInt(1)
	const length, range_ = "RFC 8017 §8.2.2: a signature has the length of the modulus", "RFC 8017 §5.2.2: the representative is below the modulus"
	add("RS256: empty", length, "RS256", "rs", fixed(nil))
	add("RS256: a byte less", length, "RS256", "rs", rs.then(func(s []byte) []byte { return s[:len(s)-1] }))
	add("RS256: a byte more", length, "RS256", "rs", rs.then(func(s []byte) []byte { return append(s, 0) }))
	add("RS256: a zero byte more in front", length, "RS256", "rs", rs.then(func(s []byte) []byte { return append([]byte{0}, s...) }))
	leading := func(sig []byte) bool { return sig[0] == 0 }
	all = append(all, joseCase{Name: "RS256: begins with a zero byte", Why: length, Accept: true, Token: findToken(head("RS256", "rs"), rs, leading, bytes.Clone)})
	all = append(all, joseCase{Name: "RS256: its zero byte in front left out", Why: length, Token: findToken(head("RS256", "rs"), rs, leading, func(s []byte) []byte { return s[1:] })})
	add("RS256: zero", range_, "RS256", "rs", number(new(big.Int)))
	add("RS256: one", "its power is one", "RS256", "rs", number(one))
	add("RS256: the modulus", range_, "RS256", "rs", number(k.rs.n))
	add("RS256: the modulus less one", "its power is one, or the modulus less one", "RS256", "rs", number(new(big.Int).Sub(k.rs.n, one)))
	add("RS256: all ones", range_, "RS256", "rs", fixed(bytes.Repeat([]byte{0xff}, size)))
	add("RS256: and the modulus", range_, "RS256", "rs", rs.then(func(s []byte) []byte {
		return new(big.Int).Add(new(big.Int).SetBytes(s), k.rs.n).FillBytes(make([]byte, size+1))
	}))
	add("RS256: its negative", "another number", "RS256", "rs", rs.then(func(s []byte) []byte {
		return new(big.Int).Sub(k.rs.n, new(big.Int).SetBytes(s)).FillBytes(make([]byte, size))
	}))
	add("RS256: a bit of the first byte", "OpenID Connect Core 1.0 §3.1.3.7 item 6", "RS256", "rs", rs.then(flip(0)))
	add("RS256: a bit of the last byte", "OpenID Connect Core 1.0 §3.1.3.7 item 6", "RS256", "rs", rs.then(flip(-1)))
	add("RS256: of another message", "OpenID Connect Core 1.0 §3.1.3.7 item 6", "RS256", "rs", fixed(rs([]byte("another message"))))
	add("RS256: by another key", "OpenID Connect Core 1.0 §3.1.3.7 item 6", "RS256", "rs", k.other.pkcs1(crypto.SHA256))
	add("RS256: by another published key", "RFC 7515 §4.1.4: kid says which", "RS256", "rs", k.three.pkcs1(crypto.SHA256))
	all = append(all, joseCase{Name: "RS256: by a key with exponent 3", Why: "RFC 8017 §3.1: small, but right", Accept: true, Token: jws(head("RS256", "three"), josePayload, k.three.pkcs1(crypto.SHA256))})

	// What is in the block, made with the private key: RFC 8017 §8.2.2 compares it as a whole.
	const whole = "RFC 8017 §8.2.2: the encoded message is compared as a whole"
	block := func(make func(hash []byte) []byte) signer {
		return func(msg []byte) []byte { return k.rs.raw(make(digest(crypto.SHA256, msg))) }
	}
	prefix := unhex(digestInfo[crypto.SHA256])
	change := func(at int, b byte) signer {
		return block(func(h []byte) []byte {
			out := k.rs.pkcs1Block(prefix, h, nil)
			out[at] = b
			return out
		})
	}
	add("RS256: block type 2", whole, "RS256", "rs", change(1, 2))
	add("RS256: block type 0", whole, "RS256", "rs", change(1, 0))
	add("RS256: a zero in the padding", whole, "RS256", "rs", change(20, 0))
	add("RS256: another byte in the padding", whole, "RS256", "rs", change(20, 0xfe))
	add("RS256: no zero behind the padding", whole, "RS256", "rs", change(size-52, 0xff))
	add("RS256: no parameters in the digest", whole, "RS256", "rs", block(func(h []byte) []byte { return k.rs.pkcs1Block(unhex("302f300b0609608648016503040201"+"0420"), h, nil) }))
	add("RS256: parameters that are not null", whole, "RS256", "rs", block(func(h []byte) []byte {
		return k.rs.pkcs1Block(unhex("3033300f060960864801650304020102020000" + "0420")[:19], h, nil)
	}))
	add("RS256: lengths written long", whole, "RS256", "rs", block(func(h []byte) []byte {
		return k.rs.pkcs1Block(unhex("308131300d060960864801650304020105000420"), h, nil)
	}))
	add("RS256: no digest info", whole, "RS256", "rs", block(func(h []byte) []byte { return k.rs.pkcs1Block(nil, h, nil) }))
	add("RS256: something behind the hash", whole, "RS256", "rs", block(func(h []byte) []byte { return k.rs.pkcs1Block(prefix, h, []byte("behind")) }))
	add("RS256: short padding, garbage behind", whole, "RS256", "rs", block(func(h []byte) []byte {
		out := append(append([]byte{0, 1, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0}, prefix...), h...)
		return append(out, bytesOf("garbage", size-len(out))...)
	}))
	add("RS256: a cube root, exponent 3", "Bleichenbacher 2006: made without the private key", "RS256", "three", func(msg []byte) []byte { return cubeRoot(digest(crypto.SHA256, msg), prefix, k.three.size()) })
	add("RS256: the digest says SHA-512", whole, "RS256", "rs", block(func(h []byte) []byte { return k.rs.pkcs1Block(unhex(digestInfo[crypto.SHA512]), h, nil) }))
	add("RS256: hashed by SHA-1", "RFC 7518 §3.3: SHA-256", "RS256", "rs", k.rs.pkcs1(crypto.SHA1))
	add("RS256: hashed by MD5", "RFC 7518 §3.3: SHA-256", "RS256", "rs", k.rs.pkcs1(crypto.MD5))

	const salt = "RFC 7518 §3.5: the salt is as long as the hash"
	for _, n := range []int{0, 1, 20, 31, 33, 64, size - 2 - 32} {
		all = append(all, joseCase{Name: fmt.Sprintf("PS256: a salt of %d bytes", n), Why: salt, Accept: true,
			Differ: "the key's owner made it all the same, and nobody else can: crypto/rsa, as go-jose and golang-jwt call it, takes any length; strict readers refuse it",
			Token:  jws(head("PS256", "rs"), josePayload, k.rs.pss(crypto.SHA256, n, crypto.SHA256, 0xbc))})
	}
	const mask = "RFC 7518 §3.5: MGF1 with the same hash"
	add("PS256: a mask by SHA-1", mask, "PS256", "rs", k.rs.pss(crypto.SHA256, 32, crypto.SHA1, 0xbc))
	add("PS256: a mask by SHA-512", mask, "PS256", "rs", k.rs.pss(crypto.SHA256, 32, crypto.SHA512, 0xbc))
	add("PS256: hashed by SHA-1", "RFC 7518 §3.5: SHA-256", "PS256", "rs", k.rs.pss(crypto.SHA1, 20, crypto.SHA1, 0xbc))
	add("PS384 over a PS256 signature", "RFC 7518 §3.5: SHA-384", "PS384", "rs", k.rs.pss(crypto.SHA256, 32, crypto.SHA256, 0xbc))
	add("PS256: another trailer", "RFC 8017 §9.1.2 step 4", "PS256", "rs", k.rs.pss(crypto.SHA256, 32, crypto.SHA256, 0xcc))
	ps := k.rs.pss(crypto.SHA256, 32, crypto.SHA256, 0xbc)
	add("PS256: empty", length, "PS256", "rs", fixed(nil))
	add("PS256: zero", range_, "PS256", "rs", number(new(big.Int)))
	add("PS256: a bit of the first byte", "OpenID Connect Core 1.0 §3.1.3.7 item 6", "PS256", "rs", ps.then(flip(0)))
	add("PS256: a byte more", length, "PS256", "rs", ps.then(func(s []byte) []byte { return append(s, 0) }))
	return all
}

// cubeRoot is a number whose cube begins as a signed block does: enough for a reader that does not look at its end.
func cubeRoot(hash, prefix []byte, size int) []byte {
	begin := append(append([]byte{0, 1, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0}, prefix...), hash...)
	target := new(big.Int).SetBytes(append(begin, bytes.Repeat([]byte{0xff}, size-len(begin))...))
	low, high := new(big.Int), new(big.Int).Lsh(big.NewInt(1), uint(size*8/3+1))
	for new(big.Int).Sub(high, low).Cmp(big.NewInt(1)) > 0 {
		middle := new(big.Int).Rsh(new(big.Int).Add(low, high), 1)
		if new(big.Int).Exp(middle, big.NewInt(3), nil).Cmp(target) > 0 {
			high = middle
		} else {
			low = middle
		}
	}
	return low.FillBytes(make([]byte, size))
}

func curveSignatures(k *joseKeys) (all []joseCase) {
	add := func(name, why, alg, kid string, sign signer) {
		all = append(all, joseCase{Name: name, Why: why, Token: jws(head(alg, kid), josePayload, sign)})
	}
	accept := func(name, why, alg, kid string, sign signer) {
		all = append(all, joseCase{Name: name, Why: why, Token: jws(head(alg, kid), josePayload, sign), Accept: true})
	}
	zero, one := new(big.Int), big.NewInt(1)
	const bounds, raw = "FIPS 186-5 §6.4.2: r and s are from 1 to n-1", "RFC 7518 §3.4: r and s one after the other, each as long as the curve's order"
	for _, c := range []struct {
		alg, kid string
		key      *ecPair
	}{{"ES256", "es", k.es}, {"ES384", "es384", k.es384}, {"ES512", "es512", k.es512}} {
		n, size := c.key.Curve.Params().N, c.key.size()
		less := new(big.Int).Sub(n, one)
		for _, v := range []struct {
			name string
			r, s *big.Int // nil: as it should be
		}{{"r and s are 0", zero, zero}, {"r is 0", zero, nil}, {"s is 0", nil, zero}, {"r is n", n, nil}, {"s is n", nil, n}, {"r and s are n", n, n}, {"r and s are 1", one, one}, {"r is 1, s is 0", one, zero},
			{"r and s are n-1", less, less}} {
			add(c.alg+": "+v.name, bounds, c.alg, c.kid, c.key.changed(func(r, s *big.Int) []byte {
				if v.r != nil {
					r = v.r
				}
				if v.s != nil {
					s = v.s
				}
				return pair(size, r, s)
			}))
		}
		accept(c.alg+": s is n-s", "as good as the first (no rule of JWS against it): a signature is no name for a token", c.alg, c.kid, c.key.changed(func(r, s *big.Int) []byte { return pair(size, r, new(big.Int).Sub(n, s)) }))
		add(c.alg+": r is n-r", "another number", c.alg, c.kid, c.key.changed(func(r, s *big.Int) []byte { return pair(size, new(big.Int).Sub(n, r), s) }))
		add(c.alg+": r and s swapped", raw, c.alg, c.kid, c.key.changed(func(r, s *big.Int) []byte { return pair(size, s, r) }))
		add(c.alg+": in DER", raw, c.alg, c.kid, c.key.changed(func(r, s *big.Int) []byte {
			der, err := asn1.Marshal(struct{ R, S *big.Int }{r, s})
			if err != nil {
				panic(err)
			}
			return der
		}))
		add(c.alg+": each number a byte longer", raw, c.alg, c.kid, c.key.changed(func(r, s *big.Int) []byte { return pair(size+1, r, s) }))
		add(c.alg+": a byte less", raw, c.alg, c.kid, signer(c.key.sign).then(func(s []byte) []byte { return s[:len(s)-1] }))
		add(c.alg+": a byte more", raw, c.alg, c.kid, signer(c.key.sign).then(func(s []byte) []byte { return append(s, 0) }))
		add(c.alg+": r alone", raw, c.alg, c.kid, signer(c.key.sign).then(func(s []byte) []byte { return s[:size] }))
		add(c.alg+": all ones", bounds, c.alg, c.kid, fixed(bytes.Repeat([]byte{0xff}, 2*size)))
		add(c.alg+": a bit of the last byte", "OpenID Connect Core 1.0 §3.1.3.7 item 6", c.alg, c.kid, signer(c.key.sign).then(flip(-1)))
		add(c.alg+": of another message", "OpenID Connect Core 1.0 §3.1.3.7 item 6", c.alg, c.kid, fixed(c.key.sign([]byte("another message"))))
	}
	leading := func(sig []byte) bool { return sig[0] == 0 && sig[32] != 0 }
	all = append(all, joseCase{Name: "ES256: r begins with a zero byte", Why: raw, Accept: true, Token: findToken(head("ES256", "es"), k.es.sign, leading, bytes.Clone)},
		joseCase{Name: "ES256: the zero byte of r left out", Why: raw, Token: findToken(head("ES256", "es"), k.es.sign, leading, func(s []byte) []byte { return s[1:] })})
	add("ES256: hashed by SHA-512", "RFC 7518 §3.4: SHA-256", "ES256", "es", (&ecPair{k.es.PrivateKey, crypto.SHA512}).sign)

	const length = "RFC 8032 §5.1.7: 64 bytes, R and S"
	ed := edSign(k.ed)
	add("EdDSA: empty", length, "EdDSA", "ed", fixed(nil))
	add("EdDSA: a byte less", length, "EdDSA", "ed", ed.then(func(s []byte) []byte { return s[:63] }))
	add("EdDSA: a byte more", length, "EdDSA", "ed", ed.then(func(s []byte) []byte { return append(s, 0) }))
	add("EdDSA: all zero", "RFC 8032 §5.1.7: the equation does not hold", "EdDSA", "ed", fixed(make([]byte, 64)))
	add("EdDSA: R is the neutral point, S is 0", "RFC 8032 §5.1.7: the equation does not hold", "EdDSA", "ed", fixed(append([]byte{1}, make([]byte, 63)...)))
	add("EdDSA: S and the order", "RFC 8032 §5.1.7: S is below the order, or one signature has several spellings", "EdDSA", "ed", ed.then(func(s []byte) []byte { return addOrder(s) }))
	add("EdDSA: a high bit of S", "RFC 8032 §5.1.7: S is below the order", "EdDSA", "ed", ed.then(func(s []byte) []byte {
		out := bytes.Clone(s)
		out[63] |= 0x20
		return out
	}))
	add("EdDSA: a bit of R", "OpenID Connect Core 1.0 §3.1.3.7 item 6", "EdDSA", "ed", ed.then(flip(0)))
	add("EdDSA: a bit of S", "OpenID Connect Core 1.0 §3.1.3.7 item 6", "EdDSA", "ed", ed.then(flip(40)))
	add("EdDSA: R and S swapped", length, "EdDSA", "ed", ed.then(func(s []byte) []byte { return append(bytes.Clone(s[32:]), s[:32]...) }))
	add("EdDSA: hashed before", "RFC 8037 §3.1: no prehashing", "EdDSA", "ed", func(msg []byte) []byte { return ed(digest(crypto.SHA512, msg)) })
	add("EdDSA: by another key", "OpenID Connect Core 1.0 §3.1.3.7 item 6", "EdDSA", "ed", edSign(k.otherEd))
	return all
}

// addOrder adds the order of the group to S, which is the other way round in bytes.
func addOrder(sig []byte) []byte {
	order, _ := new(big.Int).SetString("7237005577332262213973186563042994240857116359379907606001950938285454250989", 10)
	s := bytes.Clone(sig[32:])
	for i, j := 0, 31; i < j; i, j = i+1, j-1 {
		s[i], s[j] = s[j], s[i]
	}
	more := new(big.Int).Add(new(big.Int).SetBytes(s), order).FillBytes(make([]byte, 32))
	for i, j := 0, 31; i < j; i, j = i+1, j-1 {
		more[i], more[j] = more[j], more[i]
	}
	return append(bytes.Clone(sig[:32]), more...)
}
