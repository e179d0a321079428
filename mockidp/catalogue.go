package mockidp

import (
	"encoding/json"
	"net/url"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// Faults are wrong by the clause of their Ref: a right client finds each. The names are those of the OpenID Foundation's
// tests of clients where there is one.
var Faults = []Fault{
	// the ID token
	{Name: "invalid-iss", Ref: "OpenID Connect Core 1.0 §3.1.3.7 item 2",
		Doc: "the ID token is of another issuer", claims: claim("iss", plusOne)},
	{Name: "missing-sub", Ref: "OpenID Connect Core 1.0 §2",
		Doc: "the ID token names no user", claims: without("sub")},
	{Name: "invalid-aud", Ref: "OpenID Connect Core 1.0 §3.1.3.7 item 3",
		Doc: "the ID token is for another client", claims: claim("aud", plusOne)},
	{Name: "missing-aud", Ref: "OpenID Connect Core 1.0 §2",
		Doc: "the ID token is for nobody", claims: without("aud")},
	{Name: "missing-iat", Ref: "OpenID Connect Core 1.0 §2",
		Doc: "the ID token does not say when it was issued", claims: without("iat")},
	{Name: "invalid-secondary-aud", Ref: "OpenID Connect Core 1.0 §3.1.3.7 item 3",
		Doc: "the ID token is also for a client that is not trusted", claims: claim("aud", func(s string) any { return []string{s, s + "1"} })},
	{Name: "invalid-expired-exp", Ref: "OpenID Connect Core 1.0 §3.1.3.7 item 9",
		Doc: "the ID token expired six minutes ago", claims: expiredClaims},
	{Name: "idtoken-sig-none", Ref: "OpenID Connect Core 1.0 §3.1.3.7 item 7",
		Doc: "the ID token has alg none and no signature", mint: mintUnsigned},
	{Name: "invalid-sig-rs256", Ref: "OpenID Connect Core 1.0 §3.1.3.7 item 6",
		Doc: "the signature of the ID token is not that of its content", mint: mintCorrupted},
	{Name: "hs256-with-public-key", Ref: "RFC 8725 §2.1",
		Doc: "the ID token is signed by HS256 with the public key as the secret", mint: mintHS256},
	{Name: "nonce-invalid", Ref: "OpenID Connect Core 1.0 §3.1.3.7 item 11",
		Doc: "the nonce of the ID token is not the request's", claims: claim("nonce", plusOne)},
	{Name: "invalid-athash", Ref: "OpenID Connect Core 1.0 §3.1.3.8",
		Doc: "at_hash of the ID token is not of the access token", claims: claim("at_hash", plusOne)},
	{Name: "refresh-token-invalid-issuer", Ref: "OpenID Connect Core 1.0 §12.2",
		Doc: "the refreshed ID token is of another issuer", onRefresh: true, claims: claim("iss", plusOne)},
	{Name: "refresh-token-invalid-sub", Ref: "OpenID Connect Core 1.0 §12.2",
		Doc: "the refreshed ID token is of another user", onRefresh: true, claims: claim("sub", plusOne)},

	// userinfo, discovery and the authorization response
	{Name: "userinfo-invalid-sub", Ref: "OpenID Connect Core 1.0 §5.3.2",
		Doc: "userinfo is of another user", userinfo: func(m map[string]any) { m["sub"] = text(m["sub"]) + "invalid" }},
	{Name: "discovery-issuer-mismatch", Ref: "OpenID Connect Discovery 1.0 §4.3",
		Doc: "the discovery document is of another issuer", metadata: func(as *authServer, m map[string]any) { m["issuer"] = as.issuer + "INVALID" }},
	{Name: "invalid-authorization-response-iss", Ref: "RFC 9207 §2.4",
		Doc: "iss in the authorization response is another issuer's", metadata: promiseIss,
		callback: func(as *authServer, v url.Values) { v.Set("iss", as.issuer+"1") }},
	{Name: "remove-authorization-response-iss", Ref: "RFC 9207 §2.4",
		Doc: "iss is not in the authorization response, though discovery promises it", metadata: promiseIss,
		callback: func(_ *authServer, v url.Values) { v.Del("iss") }},
	{Name: "invalid-state", Ref: "RFC 6749 §10.12",
		Doc: "the state of the authorization response is not the request's", callback: func(_ *authServer, v url.Values) { v.Set("state", v.Get("state")+"1") }},
	{Name: "missing-state", Ref: "RFC 6749 §4.1.2",
		Doc: "the authorization response has no state", callback: func(_ *authServer, v url.Values) { v.Del("state") }},

	// the transport
	{Name: "token-html", Ref: "RFC 6749 §5.1",
		Doc: "the token endpoint answers with a page", at: "token", serve: serveBody(200, "text/html", "<!doctype html><title>Maintenance</title><h1>We will be back soon</h1>")},
	{Name: "token-truncated-json", Ref: "RFC 6749 §5.1",
		Doc: "the token response breaks off", at: "token", serve: serveBody(200, "application/json", `{"token_type":"Bearer","expires_in":3600,"access_token":"eyJ`)},
	{Name: "token-oversized", Ref: "RFC 6749 §5.1",
		Doc: "the token response has 10 MiB", at: "token", serve: serveOversized},
	{Name: "token-redirect", Ref: "RFC 9700 §4.12",
		Doc: "the token endpoint redirects the request, code and all", at: "token", serve: serveTokenRedirect},
	{Name: "token-500", Ref: "RFC 6749 §5.2",
		Doc: "the token endpoint fails", at: "token", serve: serveProblem(serverError)},
	{Name: "token-429-forever", Ref: "RFC 6585 §4",
		Doc: "the token endpoint is never ready for more requests", at: "token", serve: serveRateLimited},
	{Name: "gzip-bomb", Ref: "RFC 9110 §8.4.1",
		Doc: "the token response is small and unpacks to 64 MiB", at: "token", serve: serveBomb},
	{Name: "discovery-redirect-loop", Ref: "RFC 9110 §15.4",
		Doc: "the discovery document redirects to itself", at: "discovery", serve: serveLoop},
	{Name: "discovery-not-json", Ref: "OpenID Connect Discovery 1.0 §4.2",
		Doc: "the discovery document is no JSON", at: "discovery", serve: serveBody(200, "application/json", "issuer: this one\n")},
	{Name: "slow-login-page", Ref: "OpenID Connect Core 1.0 §3.1.2.3",
		Doc: "the sign-in page never comes", at: "signin", serve: serveNothing},
}

// Variations are odd but right, by their Ref: a right client bears each.
var Variations = []Fault{
	{Name: "signing-key-rotation-just-before-signing", Ref: "OpenID Connect Core 1.0 §10.1.1",
		Doc: "the ID token is signed by a key that was not published a moment ago", beforeSigning: func(i *issue) error { return i.call.as.ring.rotate() }},
	{Name: "kid-absent-single-jwks", Ref: "OpenID Connect Core 1.0 §10.1",
		Doc: "the ID token names no key, and there is one", header: func(h map[string]any) { delete(h, "kid") }, keys: onlyCurrent},
	{Name: "valid-aud-as-array", Ref: "RFC 7519 §4.1.3",
		Doc: "aud is an array of one", claims: claim("aud", func(s string) any { return []string{s} })},
	{Name: "clock-off-a-minute", Ref: "RFC 7519 §4.1.4",
		Doc: "the provider's clock is a minute ahead", claims: minuteAhead},
	{Name: "token-type-case", Ref: "RFC 6749 §5.1",
		Doc: "token_type is in another case", tokens: func(m map[string]any) { m["token_type"] = swapCase(text(m["token_type"])) }},
	{Name: "no-expires-in", Ref: "RFC 6749 §5.1",
		Doc: "the token response has no expires_in", tokens: func(m map[string]any) { delete(m, "expires_in") }},
	{Name: "no-scope", Ref: "RFC 6749 §5.1",
		Doc: "the token response has no scope", tokens: func(m map[string]any) { delete(m, "scope") }},
	{Name: "extra-members", Ref: "OpenID Connect Core 1.0 §3.1.3.3",
		Doc: "every document has members of every type that nobody knows", tokens: addExtra, userinfo: addExtra,
		metadata: func(_ *authServer, m map[string]any) { addExtra(m) }, claims: func(_ *issue, c jwt.MapClaims) { addExtra(c) }},
	{Name: "rate-limited-once", Ref: "RFC 6585 §4",
		Doc: "the token endpoint answers 429 until the second that X-Rate-Limit-Reset names", at: "token", serve: serveRateLimitedOnce},
	{Name: "unavailable-once", Ref: "RFC 9110 §15.6.4",
		Doc: "the first request for the discovery document is answered 503", at: "discovery", serve: serveUnavailableOnce},
}

// claim sets a claim of the ID token to what f makes of its value.
func claim(name string, f func(string) any) func(*issue, jwt.MapClaims) {
	return func(_ *issue, c jwt.MapClaims) { c[name] = f(text(c[name])) }
}

func without(name string) func(*issue, jwt.MapClaims) {
	return func(_ *issue, c jwt.MapClaims) { delete(c, name) }
}

func plusOne(s string) any { return s + "1" }

func text(v any) string {
	s, _ := v.(string)
	return s
}

// expiredClaims are beyond the five minutes of skew that some profiles allow.
func expiredClaims(i *issue, c jwt.MapClaims) {
	c["iat"] = i.call.now.Add(-time.Hour).Unix()
	c["exp"] = i.call.now.Add(-6 * time.Minute).Unix()
}

func minuteAhead(_ *issue, c jwt.MapClaims) {
	for _, name := range []string{"iat", "exp", "auth_time"} {
		if t, ok := c[name].(int64); ok {
			c[name] = t + 60
		}
	}
}

func promiseIss(_ *authServer, m map[string]any) {
	m["authorization_response_iss_parameter_supported"] = true
}

func onlyCurrent(as *authServer, _ []byte) ([]byte, error) {
	k, err := as.ring.current()
	if err != nil {
		return nil, err
	}
	return json.Marshal(map[string]any{"keys": []json.RawMessage{k.jwk}})
}

func addExtra(m map[string]any) {
	m["x_null"], m["x_bool"], m["x_number"], m["x_text"] = nil, true, 1.5, "x"
	m["x_list"], m["x_object"] = []any{1, "2", nil}, map[string]any{"iss": "not this one"}
}

func swapCase(s string) string {
	out := []byte(s)
	for i, b := range out {
		if 'a' <= b|0x20 && b|0x20 <= 'z' {
			out[i] = b ^ 0x20
		}
	}
	return string(out)
}
