package mockidp

import (
	"github.com/golang-jwt/jwt/v5"
)

// Variations are odd but right, by their Ref: a right client bears each.
var Variations = []Fault{
	{Name: "signing-key-rotation-just-before-signing", Ref: "OpenID Connect Core 1.0 §10.1.1",
		Doc: "the ID token is signed by a key that was not published a moment ago", beforeSigning: func(i *issue) error { return i.call.as.ring.rotate() }},
	{Name: "signing-key-rotation", Ref: "OpenID Connect Core 1.0 §10.1.1",
		Doc: "after each ID token the next is signed by another key", beforeSigning: rotateAfterFirst},
	{Name: "kid-absent-multiple-jwks", Ref: "OpenID Connect Core 1.0 §10.1",
		Doc: "neither the ID token nor any of the keys has a kid", header: func(h map[string]any) { delete(h, "kid") }, keys: namelessKeys},
	{Name: "missing-athash", Ref: "OpenID Connect Core 1.0 §3.1.3.6",
		Doc: "the ID token has no at_hash, which is optional in a code flow", claims: without("at_hash")},
	lenience("userinfo-signed", "OpenID Connect Core 1.0 §5.3.2", "userinfo is a signed JWT"),
	{Name: "kid-absent-single-jwks", Ref: "OpenID Connect Core 1.0 §10.1",
		Doc: "the ID token names no key, and there is one", header: func(h map[string]any) { delete(h, "kid") }, keys: onlyCurrent},
	{Name: "valid-aud-as-array", Ref: "RFC 7519 §4.1.3",
		Doc: "aud is an array of one", claims: claim("aud", func(s string) any { return []string{s} })},
	{Name: "clock-off-a-minute", Ref: "RFC 7519 §4.1.4",
		Doc: "the provider's clock is a minute ahead", claims: minuteAhead},
	{Name: "token-type-case", Ref: "RFC 6749 §5.1",
		Doc: "token_type is in another case", tokens: func(_ *issue, m map[string]any) { m["token_type"] = swapCase(text(m["token_type"])) }},
	{Name: "no-expires-in", Ref: "RFC 6749 §5.1",
		Doc: "the token response has no expires_in", tokens: func(_ *issue, m map[string]any) { delete(m, "expires_in") }},
	{Name: "no-scope", Ref: "RFC 6749 §5.1",
		Doc: "the token response has no scope", tokens: func(_ *issue, m map[string]any) { delete(m, "scope") }},
	{Name: "extra-members", Ref: "OpenID Connect Core 1.0 §3.1.3.3",
		Doc: "every document has members of every type that nobody knows", tokens: func(_ *issue, m map[string]any) { addExtra(m) }, userinfo: addExtra,
		metadata: func(_ *authServer, m map[string]any) { addExtra(m) }, claims: func(_ *issue, c jwt.MapClaims) { addExtra(c) }},
	{Name: "rate-limited-once", Ref: "RFC 6585 §4",
		Doc: "the token endpoint answers 429 until the second that X-Rate-Limit-Reset names", at: "token", serve: serveRateLimitedOnce},
	{Name: "unavailable-once", Ref: "RFC 9110 §15.6.4",
		Doc: "the first request for the discovery document is answered 503", at: "discovery", serve: serveUnavailableOnce},
}
