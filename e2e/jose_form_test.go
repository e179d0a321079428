package e2e

import (
	"crypto"
	"encoding/base64"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strings"
)

// formCases are about how a token is written.
func formCases(k *joseKeys) (all []joseCase) {
	reject := func(name, why, token string) { all = append(all, joseCase{Name: name, Why: why, Token: token}) }
	lax := func(name, why, token string) {
		all = append(all, joseCase{Name: name, Why: why, Token: token, Foreign: yes(), Differ: "golang-jwt reads it as encoding/json and encoding/base64 do"})
	}
	accept := func(name, why, token string) {
		all = append(all, joseCase{Name: name, Why: why, Token: token, Accept: true})
	}
	token := jws(head("ES256", "es"), josePayload, k.es.sign)
	parts := strings.Split(token, ".")
	with := func(i int, part string) string {
		changed := append([]string{}, parts...)
		changed[i] = part
		return strings.Join(changed, ".")
	}
	header := func(text string) string { return jws(text, josePayload, k.es.sign) }
	payload := func(text string) string { return jws(head("ES256", "es"), text, k.es.sign) }

	const compact = "RFC 7515 §3.1: three parts with two dots between"
	for _, text := range []string{"", ".", "..", "...", "a.b.c", parts[0], parts[0] + "." + parts[1]} {
		name := text
		if len(name) > 5 {
			name = fmt.Sprintf("%d parts of three", strings.Count(text, ".")+1)
		}
		reject("only "+name, compact, text)
	}
	reject("no signature", compact, parts[0]+"."+parts[1]+".")
	reject("a dot more at the end", compact, token+".")
	reject("a dot more in front", compact, "."+token)
	reject("a dot doubled", compact, parts[0]+".."+parts[1]+"."+parts[2])
	reject("four parts", compact, token+"."+parts[2])
	reject("five parts, as of a JWE", "RFC 7516 §3.1: nobody here encrypts", token+"."+parts[1]+"."+parts[2])
	reject("no payload: it is detached", "RFC 7515 appendix F: not in a JWT", parts[0]+".."+parts[2])
	reject("no header", compact, "."+parts[1]+"."+parts[2])
	for i, name := range []string{"header", "payload", "signature"} {
		part := parts[i]
		reject(name+" with padding", "RFC 7515 §2: base64url without padding", with(i, part+strings.Repeat("=", (4-len(part)%4)%4)+strings.Repeat("=", btoi(len(part)%4 == 0))))
		reject(name+" with a character that is none of base64url", "RFC 7515 §2", with(i, part[:4]+"*"+part[5:]))
		ends := reject // of what is signed, a line end breaks the signature
		if name == "signature" {
			ends = lax
		}
		ends(name+" with a newline", "RFC 7515 §2: no white space", with(i, part[:4]+"\n"+part[4:]))
		ends(name+" with CR LF at the end", "RFC 7515 §2: no white space", with(i, part+"\r\n"))
		reject(name+" with a blank", "RFC 7515 §2: no white space", with(i, part[:4]+" "+part[4:]))
		reject(name+" with a letter of another alphabet", "RFC 7515 §2: ASCII", with(i, part[:4]+"ａ"+part[5:]))
		reject(name+" with a character less", "RFC 4648 §4: no such length, or other bytes", with(i, part[:len(part)-1]))
	}
	reject("a blank in front", compact, " "+token)
	lax("a newline behind", compact, token+"\n")
	reject("a tab behind", compact, token+"\t")
	reject("a zero-width space in front", compact, "\u200b"+token)
	reject("a byte order mark in front", compact, "\ufeff"+token)
	reject("Bearer in front", compact, "Bearer "+token)
	reject("percent-encoded", compact, strings.ReplaceAll(token, ".", "%2E"))
	reject("in quotes", compact, `"`+token+`"`)
	reject("in lower case", "RFC 4648 §5: letters differ by case", strings.ToLower(token))

	// RFC 4648 §3.5: bits that are not used must be zero, or one signature has several spellings.
	const canonical = "RFC 4648 §3.5: unused bits are zero"
	loose := josePayload + strings.Repeat(" ", (4-len(josePayload)%3)%3) // then two bits are not used
	for len(loose)%3 != 2 {
		loose += " "
	}
	open := jws(head("ES256", "es"), loose, k.es.sign)
	op := strings.Split(open, ".")
	reject("payload with unused bits", canonical, op[0]+"."+bump(op[1])+"."+op[2])
	lax("payload with unused bits that are signed", canonical, signedAs(op[0]+"."+bump(op[1]), k.es.sign))
	lax("signature with unused bits", canonical, with(2, bump(parts[2])))
	std := jws(head("ES256", "es", `"x":"???>>>"`), josePayload, k.es.sign)
	reject("header in the alphabet of base64", "RFC 7515 §2: base64url", base64.StdEncoding.EncodeToString([]byte(head("ES256", "es", `"x":"???>>>"`)))+std[strings.Index(std, "."):])

	const serial = "RFC 7519 §3: a JWT is in the compact form"
	reject("flattened JSON", serial, fmt.Sprintf(`{"protected":%q,"payload":%q,"signature":%q}`, parts[0], parts[1], parts[2]))
	reject("general JSON", serial, fmt.Sprintf(`{"payload":%q,"signatures":[{"protected":%q,"signature":%q}]}`, parts[1], parts[0], parts[2]))
	reject("JSON with two dots in it", serial, fmt.Sprintf(`{"payload":%q,"signatures":[{"protected":%q,"signature":%q}],"x":".."}`, parts[1], parts[0], parts[2]))
	reject("an unprotected header", serial, fmt.Sprintf(`{"header":{"alg":"none"},"protected":%q,"payload":%q,"signature":""}`, parts[0], parts[1]))

	const twice = "RFC 7515 §4, RFC 7519 §4: two readers may see two tokens"
	for name, text := range inOrder(map[string]string{
		"alg twice, none first": `{"alg":"none","alg":"ES256","kid":"es"}`, "alg twice, the same": `{"alg":"ES256","alg":"ES256","kid":"es"}`,
		"alg twice, by an escape": `{"alg":"none","\u0061lg":"ES256","kid":"es"}`, "kid twice": `{"alg":"ES256","kid":"rs","kid":"es"}`,
		"a name twice, deep inside": `{"alg":"ES256","kid":"es","x":{"y":[{"z":1,"z":2}]}}`,
	}) {
		lax("header: "+name, twice, header(text))
	}
	reject("header: alg twice, none last", twice, header(`{"alg":"ES256","alg":"none","kid":"es"}`))
	claims := strings.TrimSuffix(josePayload, "}")
	lax("payload: aud twice", twice, payload(claims+`,"aud":"tool"}`))
	lax("payload: iss twice, another first", twice, payload(`{"iss":"https://evil.example",`+josePayload[1:]))
	lax("payload: sub twice, by an escape", twice, payload(claims+`,"s\u0075b":"mallory"}`))
	lax("payload: nonce twice", twice, payload(claims+`,"nonce":"the nonce"}`))
	lax("payload: a name twice, deep inside", twice, payload(claims+`,"x":[{"y":1,"y":2}]}`))

	const object = "RFC 7515 §4, RFC 7519 §7.2: one JSON object in UTF-8"
	for name, text := range inOrder(map[string]string{
		"nothing": "", "null": "null", "an array": `["alg","ES256"]`, "a string": `"ES256"`, "a number": "1", "no JSON": "alg: ES256", "an empty object": "{}",
		"single quotes": `{'alg':'ES256','kid':'es'}`, "a comma more": `{"alg":"ES256","kid":"es",}`, "a comment": `{"alg":"ES256"/* */,"kid":"es"}`, "breaks off": `{"alg":"ES256","kid":"es"`,
		"something behind": `{"alg":"ES256","kid":"es"}x`, "two objects": `{"alg":"ES256","kid":"es"}{"alg":"none"}`, "a byte order mark": "\ufeff" + `{"alg":"ES256","kid":"es"}`,
		"NaN": `{"alg":"ES256","kid":"es","x":NaN}`, "in UTF-16": "{\x00\"\x00a\x00l\x00g\x00\"\x00}\x00", "a tab in a string": "{\"alg\":\"ES256\",\"kid\":\"es\",\"x\":\"\t\"}",
	}) {
		reject("header: "+name, object, header(text))
	}
	lax("header: not UTF-8", object, header("{\"alg\":\"ES256\",\"kid\":\"es\",\"x\":\"\xff\"}"))
	reject("header: other letters in the names", "RFC 7515 §4: names are case-sensitive", header(`{"ALG":"ES256","KID":"es"}`))
	accept("header: white space", "RFC 8259 §2: it means nothing", header(" {\r\n\t\"alg\" : \"ES256\" , \"kid\" : \"es\" } "))
	accept("header: twenty arrays deep", "RFC 8259 §9: a reader may have a limit, but not so low", header(head("ES256", "es", `"x":`+strings.Repeat("[", 20)+strings.Repeat("]", 20))))
	reject("header: twenty thousand arrays deep", "RFC 8259 §9: a reader may have a limit, and needs one", header(head("ES256", "es", `"x":`+strings.Repeat("[", 20000)+strings.Repeat("]", 20000))))
	for name, text := range inOrder(map[string]string{
		"nothing": "", "an array": "[" + josePayload + "]", "a string": `"alice"`, "no JSON": "iss=https://op.example", "breaks off": claims,
		"something behind": josePayload + "x", "a byte order mark": "\ufeff" + josePayload, "a token in a token": token,
	}) {
		reject("payload: "+name, object, payload(text))
	}
	lax("payload: null", object, payload("null"))
	lax("payload: not UTF-8", object, payload(claims+",\"x\":\"\xc3\x28\"}"))
	accept("payload: white space", "RFC 8259 §2: it means nothing", payload(" \n"+josePayload+"\r\n"))
	accept("payload: a member __proto__", "a name like any other", payload(claims+`,"__proto__":{"admin":true},"constructor":"x"}`))
	accept("payload: numbers beyond 53 bits", "RFC 8259 §6: of no claim that is looked at", payload(claims+`,"x":12345678901234567890123}`))
	all = append(all, joseCase{Name: "payload: a number that no computer holds", Why: "RFC 8259 §6: of no claim that is looked at", Token: payload(claims + `,"x":1e99999}`), Accept: true,
		Foreign: no(), Differ: "golang-jwt reads all numbers as float64"})
	accept("payload: half a surrogate pair", "RFC 8259 §8.2: unpredictable, but in no claim that is looked at", payload(claims+`,"x":"\ud800"}`))
	accept("payload: nine kilobytes", "no limit is near", jws(head("RS256", "rs"), claims+`,"x":"`+strings.Repeat("x", 9000)+`"}`, k.rs.pkcs1(crypto.SHA256)))
	return all
}

// inOrder goes through a table by name, so that it comes out the same each time.
func inOrder[V any](table map[string]V) iter.Seq2[string, V] {
	return func(yield func(string, V) bool) {
		for _, name := range slices.Sorted(maps.Keys(table)) {
			if !yield(name, table[name]) {
				return
			}
		}
	}
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

// bump changes bits of the last character that stand for nothing.
func bump(part string) string {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	last := strings.IndexByte(alphabet, part[len(part)-1])
	return part[:len(part)-1] + string(alphabet[last|1])
}

// signedAs signs an input as it is written.
func signedAs(input string, sign signer) string {
	return input + "." + b64.EncodeToString(sign([]byte(input)))
}
