package check

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/go-jose/go-jose/v4"

	"github.com/oidcflow/oidcflow/flow/trace"
)

// asymmetric are the algorithms that an ID token of a code flow is signed with.
var asymmetric = []jose.SignatureAlgorithm{jose.RS256, jose.RS384, jose.RS512, jose.PS256, jose.PS384, jose.PS512,
	jose.ES256, jose.ES384, jose.ES512, jose.EdDSA}

// headerChecks are about who signed the ID token. A token of which the header is for one of them is not looked at by
// the others.
var headerChecks = []Check{
	{Name: "idtoken-is-access-token", Ref: "RFC 9068 §2.1", Title: "the ID token is no access token", Step: trace.Verify,
		Run: onHeader("", func(s *Subject, _ *Object) error {
			if s.IDToken.isAccessToken() {
				return mismatch("id token: typ", say("JWT or nothing"), s.IDToken.Header.Members["typ"])
			}
			return nil
		})},
	headerMember("idtoken-crit", "RFC 7515 §4.1.11", "crit", "nothing in the header must be understood that nobody knows"),
	headerMember("idtoken-jku", "RFC 8725 §3.10", "jku", "the ID token does not say where its key is"),
	headerMember("idtoken-x5u", "RFC 8725 §3.10", "x5u", "the ID token does not say where its certificate is"),
	headerMember("idtoken-jwk", "RFC 8725 §3.10", "jwk", "the ID token does not bring its key along"),
	{Name: "kid-path-traversal", Ref: "RFC 8725 §3.10", Title: "kid is a name and no path", Step: trace.Verify,
		Run: onHeader("kid-path-traversal", func(_ *Subject, h *Object) error {
			if oddKid(h) {
				return mismatch("id token: kid", say("a name"), h.Members["kid"])
			}
			return nil
		})},
	{Name: "idtoken-sig-none", Ref: "OpenID Connect Core 1.0 §3.1.3.7 item 7", Title: "the ID token is signed", Step: trace.Verify,
		Run: onHeader("idtoken-sig-none", func(s *Subject, h *Object) error {
			if alg, _, _ := h.text("alg"); strings.EqualFold(alg, "none") || alg == "" || strings.HasSuffix(s.IDToken.Raw, ".") {
				return mismatch("id token: alg", say("a signature"), h.Members["alg"])
			}
			return nil
		})},
	{Name: "hs256-with-public-key", Ref: "RFC 8725 §2.1", Title: "the ID token is signed by a key that only the provider has", Step: trace.Verify,
		Run: onHeader("hs256-with-public-key", func(_ *Subject, h *Object) error {
			if alg, _, _ := h.text("alg"); strings.HasPrefix(alg, "HS") {
				return mismatch("id token: alg", say("a signature by a private key"), alg)
			}
			return nil
		})},
	{Name: "invalid-alternate-alg", Ref: "OpenID Connect Core 1.0 §3.1.3.7 item 7", Title: "the algorithm is one that the provider announces", Step: trace.Verify,
		Run: onHeader("invalid-alternate-alg", func(s *Subject, h *Object) error {
			if want := s.algorithms(); !slices.Contains(want, fmt.Sprint(h.Members["alg"])) {
				return mismatch("id token: alg", say(fmt.Sprintf("one of %q", want)), h.Members["alg"])
			}
			return nil
		})},
	{Name: "kid-unknown", Ref: "OpenID Connect Core 1.0 §10.1", Title: "the key of the ID token is published", Step: trace.Verify,
		Run: onHeader("kid-unknown", func(s *Subject, h *Object) error {
			if s.Keys.Message == nil {
				return s.notReached("the key set", "", trace.Exchange)
			}
			if s.unknownKey() {
				return mismatch("id token: kid", say("one of the published keys"), h.Members["kid"])
			}
			return nil
		})},
	{Name: "invalid-sig-rs256", Ref: "OpenID Connect Core 1.0 §3.1.3.7 item 6", Title: "the signature is of the provider, and of this content", Step: trace.Verify,
		Run: onHeader("invalid-sig-rs256", func(s *Subject, _ *Object) error { return s.verify("id token", s.IDToken) })},
}

// headerMember makes a check that a header does not bring along what a client must not follow.
func headerMember(name, ref, member, title string) Check {
	return Check{Name: name, Ref: ref, Title: title, Step: trace.Verify, Run: onHeader(name, func(s *Subject, h *Object) error {
		if _, there := h.Members[member]; !there {
			return nil
		}
		wrong := Mismatch{What: "id token: header", Want: "no " + member, Got: "one"}
		if member != "crit" && s.Keys.Object != nil && s.verify("id token", s.IDToken) == nil {
			return &Odd{wrong} // a published key signed it: OpenID Connect Core 1.0 §2 says only that it SHOULD NOT be there
		}
		return &wrong
	})}
}

// claimed are the rows, in order, that take a header for themselves.
var claimed = []struct {
	name string
	is   func(*Subject, *Object) bool
}{
	{"idtoken-crit", member("crit")},
	{"idtoken-jku", member("jku")},
	{"idtoken-x5u", member("x5u")},
	{"idtoken-jwk", member("jwk")},
	{"kid-path-traversal", func(_ *Subject, h *Object) bool { return oddKid(h) }},
	{"idtoken-sig-none", func(_ *Subject, h *Object) bool { return strings.EqualFold(fmt.Sprint(h.Members["alg"]), "none") }},
	{"hs256-with-public-key", func(_ *Subject, h *Object) bool { return strings.HasPrefix(fmt.Sprint(h.Members["alg"]), "HS") }},
	{"invalid-alternate-alg", func(s *Subject, h *Object) bool {
		return !slices.Contains(s.algorithms(), fmt.Sprint(h.Members["alg"]))
	}},
	{"kid-unknown", func(s *Subject, _ *Object) bool { return s.unknownKey() }},
}

func member(name string) func(*Subject, *Object) bool {
	return func(_ *Subject, h *Object) bool {
		_, there := h.Members[name]
		return there
	}
}

// onHeader lets the rule of a check look at the header of the ID token, unless a row before takes it.
func onHeader(name string, rule func(*Subject, *Object) error) func(context.Context, *Subject) error {
	return func(_ context.Context, s *Subject) error {
		switch {
		case s.IDToken == nil:
			return s.notReached("an ID token", "id token", trace.Exchange)
		case name != "" && s.IDToken.isAccessToken():
			return Skipped("it is an access token")
		}
		for _, row := range claimed {
			if row.name == name {
				break
			}
			if name != "" && row.is(s, s.IDToken.Header) {
				return Skipped("this header is for " + row.name)
			}
		}
		return rule(s, s.IDToken.Header)
	}
}

// isAccessToken reports whether the token's type says so (RFC 9068 §2.1).
func (t *JWT) isAccessToken() bool {
	typ, _, _ := t.Header.text("typ") // of another type: not this
	typ = strings.TrimPrefix(strings.ToLower(typ), "application/")
	return typ == "at+jwt"
}

// oddKid reports whether a key ID is none that one could safely look up.
func oddKid(h *Object) bool {
	v, there := h.Members["kid"]
	kid, ok := v.(string)
	return there && (!ok || len(kid) > 256 || strings.Contains(kid, "..") || strings.ContainsAny(kid, "/\\'\"<>;\x00\n"))
}

// algorithms are those that the provider announces for ID tokens, RS256 where it says nothing.
func (s *Subject) algorithms() []string {
	if s.Metadata.Object != nil {
		if list := s.Metadata.Object.words("id_token_signing_alg_values_supported"); list != nil {
			return list
		}
	}
	return []string{"RS256"}
}

// unknownKey reports whether the ID token names a key that is not published.
func (s *Subject) unknownKey() bool {
	kid, there, err := s.IDToken.Header.text("kid")
	if !there || kid == "" || err != nil || s.Keys.Message == nil || named(keysTroubles, &s.Keys) != nil {
		return false
	}
	return !slices.ContainsFunc(s.Keys.keys(), func(k *Object) bool { return k.Members["kid"] == kid })
}

// isFor reports whether a published key may prove signatures of alg, by what it says of itself (RFC 7517 §4.2 to §4.4),
// and is fit for it: public, and of a size that counts.
func isFor(k *Object, alg string) bool {
	for name, want := range map[string]string{"use": "sig", "alg": alg} {
		if v, there := k.Members[name]; there && v != want {
			return false
		}
	}
	if ops, there := k.Members["key_ops"]; there {
		if list, is := ops.([]any); !is || !slices.Contains(list, "verify") {
			return false
		}
	}
	return publicOnly(k) == nil && strongRSA(k) == nil
}

// verify proves a token by the published keys. Those that cannot be read are left out, as a client does.
func (s *Subject) verify(what string, t *JWT) error {
	if s.Keys.Message == nil {
		return s.notReached("the key set", "", trace.Exchange)
	}
	if named(keysTroubles, &s.Keys) != nil {
		return Skipped("the key set cannot be read: " + s.Keys.describe())
	}
	jws, err := jose.ParseSignedCompact(t.Raw, asymmetric)
	if err != nil {
		return Skipped(what + " has a signature that nobody here can prove: " + err.Error())
	}
	if twice := s.Keys.Object.Twice; len(twice) > 0 {
		return mismatch("key set: "+twice[0], say("one"), say("several"))
	}
	kid, alg := jws.Signatures[0].Header.KeyID, jws.Signatures[0].Header.Algorithm
	for _, k := range s.Keys.keys() {
		if kid != "" && k.Members["kid"] != kid || !isFor(k, alg) {
			continue
		}
		var key jose.JSONWebKey
		data, err := json.Marshal(k.Members)
		if err != nil || json.Unmarshal(data, &key) != nil || !key.IsPublic() {
			continue
		}
		if _, err := jws.Verify(key); err == nil {
			return nil
		}
	}
	return mismatch(what+": signature", say("one by a published key"), say("one that none of them made"))
}
