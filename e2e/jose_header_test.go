package e2e

import (
	"crypto"
	"crypto/ed25519"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"strings"
)

func publishedKeys(k *joseKeys) []byte {
	var all []any
	for _, key := range k.set {
		all = append(all, key)
	}
	return keySet(all...)
}

func yes() *bool { b := true; return &b }
func no() *bool  { b := false; return &b }

// good are tokens as they should be, one for each algorithm.
func good(k *joseKeys) map[string]string {
	return map[string]string{
		"RS256": jws(head("RS256", "rs"), josePayload, k.rs.pkcs1(crypto.SHA256)),
		"RS384": jws(head("RS384", "rs"), josePayload, k.rs.pkcs1(crypto.SHA384)),
		"RS512": jws(head("RS512", "rs"), josePayload, k.rs.pkcs1(crypto.SHA512)),
		"PS256": jws(head("PS256", "rs"), josePayload, k.rs.pss(crypto.SHA256, 32, crypto.SHA256, 0xbc)),
		"PS384": jws(head("PS384", "rs"), josePayload, k.rs.pss(crypto.SHA384, 48, crypto.SHA384, 0xbc)),
		"PS512": jws(head("PS512", "rs"), josePayload, k.rs.pss(crypto.SHA512, 64, crypto.SHA512, 0xbc)),
		"ES256": jws(head("ES256", "es"), josePayload, k.es.sign),
		"ES384": jws(head("ES384", "es384"), josePayload, k.es384.sign),
		"ES512": jws(head("ES512", "es512"), josePayload, k.es512.sign),
		"EdDSA": jws(head("EdDSA", "ed"), josePayload, edSign(k.ed)),
	}
}

// headerCases are about what a header says, and who is to be believed.
func headerCases(k *joseKeys) (all []joseCase) {
	tokens := good(k)
	for _, alg := range asymmetric {
		all = append(all, joseCase{Name: "alg " + alg, Why: "RFC 7518 §3.1: a right token", Token: tokens[alg], Accept: true})
	}
	reject := func(name, why, token string) { all = append(all, joseCase{Name: name, Why: why, Token: token}) }
	accept := func(name, why, token string) {
		all = append(all, joseCase{Name: name, Why: why, Token: token, Accept: true})
	}
	es := func(header string) string { return jws(header, josePayload, k.es.sign) }

	const unsigned = "RFC 8725 §3.2: none is no signature, however it is spelled"
	for i, alg := range []string{`"none"`, `"None"`, `"NONE"`, `"nOnE"`, `"none "`, `" none"`, `"none\u0000"`, `"n\u006fne"`, `""`, `null`, `["none"]`, `0`, `false`, `{}`} {
		reject("no signature, alg "+alg, unsigned, jws(`{"alg":`+alg+`,"kid":"rs"}`, josePayload, fixed(nil)))
		if i < 2 {
			reject("some signature, alg "+alg, unsigned, jws(`{"alg":`+alg+`,"kid":"rs"}`, josePayload, fixed([]byte("signature"))))
		}
	}
	reject("alg none over a good signature", unsigned, jws(`{"alg":"none","kid":"rs"}`, josePayload, k.rs.pkcs1(crypto.SHA256)))
	reject("no alg", "RFC 7515 §4.1.1: it must be there", es(`{"kid":"es"}`))
	reject("no alg, no signature", "RFC 7515 §4.1.1: it must be there", jws(`{"kid":"es"}`, josePayload, fixed(nil)))

	// RFC 8725 §2.1: the public key is no secret.
	pkix, err := x509.MarshalPKIXPublicKey(k.rs.public())
	if err != nil {
		panic(err)
	}
	ecPKIX, err := x509.MarshalPKIXPublicKey(k.es.Public())
	if err != nil {
		panic(err)
	}
	jwk, err := json.Marshal(jwkRSA("rs", k.rs))
	if err != nil {
		panic(err)
	}
	block := func(kind string, der []byte) []byte { return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}) }
	x, y := k.es.point()
	for _, c := range []struct {
		name, kid string
		secret    []byte
	}{
		{"PKIX in PEM", "rs", block("PUBLIC KEY", pkix)}, {"PKIX in PEM without its last newline", "rs", []byte(strings.TrimSpace(string(block("PUBLIC KEY", pkix))))},
		{"PKIX in DER", "rs", pkix}, {"PKCS #1 in PEM", "rs", block("RSA PUBLIC KEY", x509.MarshalPKCS1PublicKey(k.rs.public()))},
		{"PKCS #1 in DER", "rs", x509.MarshalPKCS1PublicKey(k.rs.public())}, {"the modulus", "rs", k.rs.n.Bytes()}, {"the JWK", "rs", jwk},
		{"an EC key in PEM", "es", block("PUBLIC KEY", ecPKIX)}, {"an EC point", "es", append(append([]byte{4}, x...), y...)},
		{"an Ed25519 key", "ed", k.ed.Public().(ed25519.PublicKey)}, {"nothing", "rs", nil}, {"the kid", "rs", []byte("rs")},
	} {
		reject("HS256 with "+c.name, "RFC 8725 §2.1: the public key is no secret", jws(head("HS256", c.kid), josePayload, hs(crypto.SHA256, c.secret)))
	}
	reject("HS384 with PKIX in PEM", "RFC 8725 §2.1: the public key is no secret", jws(head("HS384", "rs"), josePayload, hs(crypto.SHA384, block("PUBLIC KEY", pkix))))
	reject("HS512 with PKIX in PEM", "RFC 8725 §2.1: the public key is no secret", jws(head("HS512", "rs"), josePayload, hs(crypto.SHA512, block("PUBLIC KEY", pkix))))

	const confused = "RFC 8725 §3.1: the signature is of another algorithm than the header's"
	reject("RS256 over a PS256 signature", confused, jws(head("RS256", "rs"), josePayload, k.rs.pss(crypto.SHA256, 32, crypto.SHA256, 0xbc)))
	reject("PS256 over an RS256 signature", confused, jws(head("PS256", "rs"), josePayload, k.rs.pkcs1(crypto.SHA256)))
	reject("RS512 over an RS256 signature", confused, jws(head("RS512", "rs"), josePayload, k.rs.pkcs1(crypto.SHA256)))
	reject("RS256 over an RS512 signature", confused, jws(head("RS256", "rs"), josePayload, k.rs.pkcs1(crypto.SHA512)))
	reject("ES256 by a key on P-384", "RFC 7518 §3.4: ES256 is P-256", jws(head("ES256", "es384"), josePayload, k.es384.sign))
	reject("ES384 by a key on P-256", "RFC 7518 §3.4: ES384 is P-384", jws(head("ES384", "es"), josePayload, k.es.sign))
	reject("ES512 by a key on P-256", "RFC 7518 §3.4: ES512 is P-521", jws(head("ES512", "es"), josePayload, k.es.sign))
	reject("ES256 over an EdDSA signature", confused, jws(head("ES256", "ed"), josePayload, edSign(k.ed)))
	reject("EdDSA over an ES256 signature", confused, jws(head("EdDSA", "es"), josePayload, k.es.sign))
	reject("RS256 with the kid of an EC key", confused, jws(head("RS256", "es"), josePayload, k.rs.pkcs1(crypto.SHA256)))
	reject("ES256 with the kid of an RSA key", confused, jws(head("ES256", "rs"), josePayload, k.es.sign))
	for _, alg := range []string{"rs256", "Rs256", "RS256 ", " RS256", "RS256\\u0000", "RS1", "SHA256withRSA", "RSASSA-PKCS1-v1_5", "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"} {
		reject("alg "+alg, "RFC 7518 §3.1: there is no such algorithm, and names are case-sensitive", jws(`{"alg":"`+alg+`","kid":"rs"}`, josePayload, k.rs.pkcs1(crypto.SHA256)))
	}
	reject("alg ES256K", "RFC 8812 §3.2: a curve that is not announced", es(head("ES256K", "es")))
	reject("alg Ed25519", "RFC 9864 §2.2: a name that is not announced", jws(head("Ed25519", "ed"), josePayload, edSign(k.ed)))
	reject("alg RSA-OAEP", "RFC 7518 §4.1: it encrypts", jws(head("RSA-OAEP", "rs"), josePayload, k.rs.pkcs1(crypto.SHA256)))
	reject("alg dir", "RFC 7518 §4.1: it encrypts", es(head("dir", "es")))
	for _, alg := range []string{"RS256", "EdDSA"} {
		all = append(all, joseCase{Name: "alg " + alg + ", which is not announced", Why: "OpenID Connect Core 1.0 §3.1.3.7 item 7", Token: tokens[alg], Algs: []string{"ES256"}})
	}

	const critical = "RFC 7515 §4.1.11: nobody here understands it"
	for _, c := range []string{`["exp"]`, `["urn:example:x"]`, `["b64"]`, `["alg"]`, `["kid","kid"]`, `[1]`, `"exp"`, `{}`, `true`} {
		all = append(all, joseCase{Name: "crit " + c, Why: critical, Token: es(head("ES256", "es", `"crit":`+c, `"exp":1`, `"b64":true`, `"urn:example:x":1`)), Foreign: yes(),
			Differ: "golang-jwt does not look at crit"})
	}
	all = append(all, joseCase{Name: "crit []", Why: "RFC 7515 §4.1.11: it must not be empty", Token: es(head("ES256", "es", `"crit":[]`)), Foreign: yes(), Differ: "golang-jwt does not look at crit"},
		joseCase{Name: "crit null", Why: "RFC 7515 §4.1.11: it is a list of names", Token: es(head("ES256", "es", `"crit":null`)), Foreign: yes(), Differ: "golang-jwt does not look at crit"})
	reject("b64 false, payload as it is", "RFC 7797 §7: never in a JWT", strings.Replace(es(head("ES256", "es", `"b64":false`, `"crit":["b64"]`)), b64.EncodeToString([]byte(josePayload)), "payload", 1))
	all = append(all, joseCase{Name: "b64 false without crit", Why: "RFC 7797 §6: crit must name it; §7: never in a JWT", Token: es(head("ES256", "es", `"b64":false`)),
		Foreign: yes(), Differ: "to who does not know RFC 7797 it is a member to be ignored (RFC 7515 §4)"})
	accept("zip", "RFC 7515 §4: a member that is not understood is ignored; zip is of JWE", es(head("ES256", "es", `"zip":"DEF"`)))
	accept("unknown members", "RFC 7515 §4: they are ignored", es(head("ES256", "es", `"x":{"y":[1,2,{"z":null}]}`, `"__proto__":{"alg":"none"}`)))
	for _, typ := range []string{`"JWT"`, `"jwt"`, `"application/jwt"`, `""`} {
		accept("typ "+typ, "RFC 7515 §4.1.9: it is for applications, and means little", es(head("ES256", "es", `"typ":`+typ)))
	}
	accept("cty JWT", "RFC 7519 §5.2: it says nothing of what is signed", es(head("ES256", "es", `"cty":"JWT"`)))

	const brought = "RFC 8725 §3.10: who made the token does not say whose key it is"
	stranger, err := json.Marshal(jwkEC("es", k.otherEC))
	if err != nil {
		panic(err)
	}
	by := func(header string) string { return jws(header, josePayload, k.otherEC.sign) }
	reject("a stranger's signature", "OpenID Connect Core 1.0 §3.1.3.7 item 6", by(head("ES256", "es")))
	reject("a stranger's key in jwk", brought, by(head("ES256", "es", `"jwk":`+string(stranger))))
	reject("a stranger's key in jwk, no kid", brought, by(`{"alg":"ES256","jwk":`+string(stranger)+`}`))
	reject("a stranger's key in jwk, kid of its own", brought, by(head("ES256", "mine", `"jwk":`+strings.Replace(string(stranger), `"es"`, `"mine"`, 1))))
	reject("a stranger's jku", brought, by(head("ES256", "es", `"jku":"https://attacker.example/keys"`)))
	reject("a stranger's jku on the provider's host", brought, by(head("ES256", "es", `"jku":"https://op.example@attacker.example/keys"`)))
	reject("a stranger's x5u", brought, by(head("ES256", "es", `"x5u":"https://attacker.example/cert"`)))
	reject("a stranger's x5c", brought, by(head("ES256", "es", `"x5c":["`+b64.EncodeToString(ecPKIX)+`"]`)))
	reject("a secret in jwk", brought, jws(head("HS256", "es", `"jwk":{"kty":"oct","k":"c2VjcmV0"}`), josePayload, hs(crypto.SHA256, []byte("secret"))))
	accept("a published key, and jku", "OpenID Connect Core 1.0 §2: it SHOULD NOT be there; the key is the provider's", es(head("ES256", "es", `"jku":"https://attacker.example/keys"`)))
	accept("a published key, and x5u", "OpenID Connect Core 1.0 §2: it SHOULD NOT be there; the key is the provider's", es(head("ES256", "es", `"x5u":"https://attacker.example/cert"`)))

	const kidRule = "RFC 7515 §4.1.4: kid is a string that names a published key"
	for _, kid := range []string{`"none"`, `"ES"`, `"es "`, `"rs"`, `"../../../../dev/null"`, `"es/../es"`, `"' OR '1'='1"`, `"es\u0000"`, `"https://attacker.example/key"`, `"| whoami"`, `"\ud800"`,
		`"` + strings.Repeat("k", 10000) + `"`} {
		name := kid
		if len(name) > 40 {
			name = "of ten thousand letters"
		}
		reject("kid "+name, kidRule, es(`{"alg":"ES256","kid":`+kid+`}`))
	}
	for _, kid := range []string{`1`, `["es"]`, `{"es":1}`, `true`} {
		all = append(all, joseCase{Name: "kid " + kid, Why: kidRule, Token: es(`{"alg":"ES256","kid":` + kid + `}`), Foreign: yes(), Differ: "with golang-jwt the caller reads kid; ours takes another type for none"})
	}
	accept("no kid", "OpenID Connect Core 1.0 §10.1: any key of the set that fits", es(`{"alg":"ES256"}`))
	accept("an empty kid", "as none: it names no key", es(`{"alg":"ES256","kid":""}`))
	accept("kid with an escape", "RFC 8259 §7: the same string", es(`{"alg":"ES256","kid":"\u0065s"}`))
	reject("no kid, a stranger's signature", "OpenID Connect Core 1.0 §3.1.3.7 item 6", by(`{"alg":"ES256"}`))
	return all
}
