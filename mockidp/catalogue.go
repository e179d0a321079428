package mockidp

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// Faults are wrong by the clause of their Ref: a right client finds each. The names are those of the OpenID Foundation's
// tests of clients where there is one.
var Faults = slices.Concat(idTokenFaults, accessTokenFaults, documentFaults, transportFaults, leniences)

var idTokenFaults = []Fault{
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
	{Name: "missing-iss", Ref: "OpenID Connect Core 1.0 §2",
		Doc: "the ID token does not say who issued it", claims: without("iss")},
	{Name: "sub-too-long", Ref: "OpenID Connect Core 1.0 §2",
		Doc: "sub of the ID token and of userinfo has 256 characters", claims: func(_ *issue, c jwt.MapClaims) { c["sub"] = longSub },
		userinfo: func(m map[string]any) { m["sub"] = longSub }},
	{Name: "empty-aud", Ref: "OpenID Connect Core 1.0 §3.1.3.7 item 3",
		Doc: "aud of the ID token is an empty array", claims: func(_ *issue, c jwt.MapClaims) { c["aud"] = []string{} }},
	{Name: "invalid-azp", Ref: "OpenID Connect Core 1.0 §3.1.3.7 item 5",
		Doc: "azp of the ID token is another client", claims: func(i *issue, c jwt.MapClaims) { c["azp"] = i.client.ID + "1" }},
	{Name: "missing-exp", Ref: "OpenID Connect Core 1.0 §2",
		Doc: "the ID token does not say when it expires", claims: without("exp")},
	{Name: "exp-string", Ref: "RFC 7519 §4.1.4",
		Doc: "exp of the ID token is a string", claims: func(_ *issue, c jwt.MapClaims) { c["exp"] = fmt.Sprint(c["exp"]) }},
	{Name: "exp-overflow", Ref: "RFC 7519 §2",
		Doc: "exp of the ID token is 1e99", claims: func(_ *issue, c jwt.MapClaims) { c["exp"] = json.Number("1e99") }},
	{Name: "iat-is-week-in-past", Ref: "OpenID Connect Core 1.0 §3.1.3.7 item 10",
		Doc: "the ID token was issued a week ago", claims: moved("iat", -7*24*time.Hour)},
	{Name: "iat-in-future", Ref: "RFC 7519 §4.1.6",
		Doc: "the ID token will be issued in an hour", claims: moved("iat", time.Hour)},
	{Name: "nbf-in-future", Ref: "RFC 7519 §4.1.5",
		Doc: "the ID token is not good before an hour has passed", claims: func(i *issue, c jwt.MapClaims) { c["nbf"] = i.call.now.Add(time.Hour).Unix() }},
	{Name: "missing-nonce", Ref: "OpenID Connect Core 1.0 §3.1.3.7 item 11",
		Doc: "the ID token has no nonce", claims: without("nonce")},
	{Name: "nonce-replay", Ref: "OpenID Connect Core 1.0 §3.1.3.7 item 11",
		Doc: "every ID token has the nonce of the first", claims: func(i *issue, c jwt.MapClaims) { c["nonce"] = i.call.s.first("nonce", text(c["nonce"])) }},
	{Name: "auth-time-missing", Ref: "OpenID Connect Core 1.0 §3.1.3.7 item 13",
		Doc: "the ID token does not say when the user signed in", claims: without("auth_time")},
	{Name: "auth-time-too-old", Ref: "OpenID Connect Core 1.0 §3.1.2.1",
		Doc: "the user signed in a day before, whatever max_age says", claims: moved("auth_time", -24*time.Hour)},
	{Name: "expect-claim", Ref: "OpenID Connect Core 1.0 §5.1",
		Doc: "the ID token has no claim but those it must have", claims: bare},
	{Name: "idtoken-duplicate-claims", Ref: "RFC 7519 §4",
		Doc: "the ID token has aud twice", mint: mintTwice},
	{Name: "idtoken-is-access-token", Ref: "RFC 9068 §2.1",
		Doc: "the type of the ID token is at+jwt", header: func(h map[string]any) { h["typ"] = "at+jwt" }},
	{Name: "invalid-alternate-alg", Ref: "OpenID Connect Core 1.0 §3.1.3.7 item 7",
		Doc: "the ID token is signed by an algorithm that is not announced", mint: mintOtherAlg},
	{Name: "idtoken-crit", Ref: "RFC 7515 §4.1.11",
		Doc:    "the header of the ID token demands an extension that nobody knows",
		header: func(h map[string]any) { h["crit"], h["urn:example:unknown"] = []string{"urn:example:unknown"}, true }},
	{Name: "idtoken-jku", Ref: "RFC 8725 §3.10",
		Doc: "the ID token is a stranger's, and says where the stranger's keys are", mint: mintStranger("jku")},
	{Name: "idtoken-x5u", Ref: "RFC 8725 §3.10",
		Doc: "the ID token is a stranger's, and says where the stranger's certificate is", mint: mintStranger("x5u")},
	{Name: "idtoken-jwk", Ref: "RFC 8725 §3.10",
		Doc: "the ID token is a stranger's, and brings the stranger's key along", mint: mintStranger("jwk")},
	{Name: "kid-path-traversal", Ref: "RFC 8725 §3.10",
		Doc: "kid of the ID token is a path", header: func(h map[string]any) { h["kid"] = "../../../../etc/passwd" }},
	{Name: "kid-unknown", Ref: "OpenID Connect Core 1.0 §10.1",
		Doc: "the ID token is by a key that is not published", mint: mintStranger("")},
	{Name: "refresh-token-invalid-aud", Ref: "OpenID Connect Core 1.0 §12.2",
		Doc: "the refreshed ID token is for another client", onRefresh: true, claims: claim("aud", plusOne)},
	{Name: "refresh-token-changed-auth-time", Ref: "OpenID Connect Core 1.0 §12.2",
		Doc: "the refreshed ID token says that the user signed in anew", onRefresh: true, claims: moved("auth_time", time.Second)},
	{Name: "refresh-token-nonce", Ref: "OpenID Connect Core 1.0 §12.2",
		Doc: "the refreshed ID token has another nonce", onRefresh: true, claims: claim("nonce", plusOne)},
}

var documentFaults = []Fault{
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
	{Name: "state-other-case", Ref: "RFC 6749 §4.1.2",
		Doc: "the state comes back in other letters", callback: func(_ *authServer, v url.Values) { v.Set("state", swapCase(v.Get("state"))) }},
	{Name: "duplicate-code", Ref: "RFC 6749 §3.1",
		Doc: "the authorization response has two codes", callback: func(_ *authServer, v url.Values) {
			if v.Has("code") {
				v.Add("code", v.Get("code")+"1")
			}
		}},
	{Name: "error-and-code", Ref: "RFC 6749 §4.1.2.1",
		Doc: "the authorization response is an error, and has a code", callback: func(_ *authServer, v url.Values) { v.Set("error", "server_error") }},
	{Name: "weak-code", Ref: "RFC 6749 §10.10",
		Doc: "codes are counted", code: func(s *Server, _ string) string { return strconv.FormatInt(100000+s.counted.Add(1), 10) }},
	{Name: "code-repeated", Ref: "RFC 6749 §4.1.2",
		Doc: "every sign-in has the code of the first", code: func(s *Server, code string) string { return s.first("code", code) }},
	{Name: "code-in-fragment", Ref: "OAuth 2.0 Multiple Response Type Encoding Practices 1.0 §2.1",
		Doc: "the response comes in the fragment, whatever was asked for", mode: "fragment"},
	{Name: "discovery-500", Ref: "OpenID Connect Discovery 1.0 §4.2",
		Doc: "the discovery endpoint fails", at: "discovery", serve: serveProblem(serverError)},
	{Name: "discovery-wrong-content-type", Ref: "OpenID Connect Discovery 1.0 §4.2",
		Doc: "the discovery document is sent as text", at: "discovery", headers: contentType("text/plain")},
	{Name: "discovery-missing-jwks-uri", Ref: "OpenID Connect Discovery 1.0 §3",
		Doc: "the discovery document has no jwks_uri", metadata: func(_ *authServer, m map[string]any) { delete(m, "jwks_uri") }},
	{Name: "endpoint-mix-up", Ref: "RFC 9700 §4.4",
		Doc: "the token endpoint is on another host", metadata: func(_ *authServer, m map[string]any) { m["token_endpoint"] = "https://attacker.example/token" }},
	{Name: "discovery-plain-http-endpoint", Ref: "OpenID Connect Discovery 1.0 §3",
		Doc: "the token endpoint is plain http, on another host", metadata: func(_ *authServer, m map[string]any) { m["token_endpoint"] = "http://attacker.example/token" }},
	{Name: "jwks-duplicate-kid", Ref: "RFC 7517 §4.5",
		Doc: "two keys have one kid", keys: withKey(func(as *authServer) (any, error) { return twin(as) })},
	{Name: "jwks-private-key", Ref: "RFC 7517 §9.2",
		Doc: "a private key is published", keys: withKey(func(*authServer) (any, error) { return privateKey() })},
	{Name: "jwks-symmetric-key", Ref: "OpenID Connect Core 1.0 §10.1",
		Doc: "a secret is published as a key", keys: withKey(func(*authServer) (any, error) {
			return map[string]any{"kty": "oct", "kid": "secret", "k": "c2VjcmV0"}, nil
		})},
	{Name: "jwks-weak-rsa", Ref: "RFC 7518 §3.3",
		Doc: "an RSA key of 1024 bits is published", keys: withKey(func(*authServer) (any, error) { return weakKey(), nil })},
	{Name: "jwks-not-json", Ref: "RFC 7517 §5",
		Doc: "the key set is no JSON", at: "keys", serve: serveBody(200, "application/json", "keys: none\n")},
	{Name: "jwks-empty", Ref: "OpenID Connect Discovery 1.0 §3",
		Doc: "the key set is empty", keys: func(*authServer, []byte) ([]byte, error) { return []byte(`{"keys":[]}`), nil }},
	{Name: "jwks-oversized", Ref: "RFC 7517 §5",
		Doc: "the key set has hundreds of keys", keys: manyKeys},
	{Name: "userinfo-missing-sub", Ref: "OpenID Connect Core 1.0 §5.3.2",
		Doc: "userinfo names no user", userinfo: func(m map[string]any) { delete(m, "sub") }},
	{Name: "userinfo-500", Ref: "OpenID Connect Core 1.0 §5.3.3",
		Doc: "userinfo fails", at: "userinfo", serve: serveProblem(serverError)},
	{Name: "userinfo-wrong-content-type", Ref: "OpenID Connect Core 1.0 §5.3.2",
		Doc: "userinfo is sent as a page", at: "userinfo", headers: contentType("text/html")},
	{Name: "introspection-inactive", Ref: "RFC 7662 §2.2",
		Doc: "no token is active", introspection: func(m map[string]any) {
			clear(m)
			m["active"] = false
		}},
	{Name: "introspection-wrong-client", Ref: "RFC 7662 §2.2",
		Doc: "tokens are said to be of another client", introspection: func(m map[string]any) { m["client_id"] = text(m["client_id"]) + "1" }},
	{Name: "logout-no-state", Ref: "OpenID Connect RP-Initiated Logout 1.0 §3",
		Doc: "the state does not come back after the logout", logout: func(v url.Values) { v.Del("state") }},
	{Name: "logout-other-state", Ref: "OpenID Connect RP-Initiated Logout 1.0 §3",
		Doc: "another state comes back after the logout", logout: func(v url.Values) { v.Set("state", v.Get("state")+"1") }},
	{Name: "token-cacheable", Ref: "RFC 6749 §5.1",
		Doc: "the token response may be kept by whoever is on the way", at: "token", headers: func(h http.Header) { h.Del("Cache-Control") }},
	{Name: "missing-access-token", Ref: "RFC 6749 §5.1",
		Doc: "the token response has no access token", tokens: withoutMember("access_token")},
	{Name: "missing-id-token", Ref: "OpenID Connect Core 1.0 §3.1.3.3",
		Doc: "the token response has no ID token", tokens: withoutMember("id_token")},
	{Name: "token-type-missing", Ref: "RFC 6749 §5.1",
		Doc: "the token response has no token_type", tokens: withoutMember("token_type")},
	{Name: "token-type-unknown", Ref: "RFC 6749 §7.1",
		Doc: "token_type is mac", tokens: withMember("token_type", "mac")},
	{Name: "expires-in-string", Ref: "RFC 6749 §5.1",
		Doc: "expires_in is a string", tokens: func(_ *issue, m map[string]any) { m["expires_in"] = fmt.Sprint(m["expires_in"]) }},
	{Name: "expires-in-negative", Ref: "RFC 6749 §5.1",
		Doc: "expires_in is -1", tokens: withMember("expires_in", -1)},
	{Name: "expires-in-nanoseconds", Ref: "RFC 6749 §5.1",
		Doc: "expires_in is in nanoseconds", tokens: func(_ *issue, m map[string]any) {
			if seconds, ok := m["expires_in"].(int64); ok {
				m["expires_in"] = time.Duration(seconds) * time.Second
			}
		}},
	{Name: "max-token-lifetime", Ref: "RFC 9700 §2.2",
		Doc: "access tokens are said to live for a week", tokens: withMember("expires_in", 7*24*3600)},
	{Name: "scope-widened", Ref: "RFC 6749 §3.3",
		Doc: "a scope is granted that was not asked for", tokens: func(i *issue, m map[string]any) {
			if !i.refreshed {
				m["scope"] = text(m["scope"]) + " admin"
			}
		}},
	{Name: "refresh-scope-widened", Ref: "RFC 6749 §6",
		Doc: "refreshing grants a scope that was not granted before", tokens: func(i *issue, m map[string]any) {
			if i.refreshed {
				m["scope"] = text(m["scope"]) + " admin"
			}
		}},
	{Name: "token-duplicate-member", Ref: "RFC 8259 §4",
		Doc: "the token response has access_token twice", encoded: func(b []byte) []byte {
			return append([]byte(`{"access_token":"another",`), b[1:]...)
		}},
}

var accessTokenFaults = []Fault{
	{Name: "access-token-invalid-iss", Ref: "RFC 9068 §4",
		Doc: "the access token is of another issuer", access: claim("iss", plusOne)},
	{Name: "access-token-invalid-aud", Ref: "RFC 9068 §3",
		Doc: "the access token is for the client", access: func(i *issue, c jwt.MapClaims) { c["aud"] = i.client.ID }},
	{Name: "access-token-expired", Ref: "RFC 9068 §4",
		Doc: "the access token expired an hour ago", access: func(i *issue, c jwt.MapClaims) { c["exp"] = i.call.now.Add(-time.Hour).Unix() }},
	{Name: "access-token-wrong-client", Ref: "RFC 9068 §2.2",
		Doc: "the access token is of another client", access: func(i *issue, c jwt.MapClaims) { c["cid"], c["client_id"] = i.client.ID+"1", i.client.ID+"1" }},
	{Name: "access-token-scope-widened", Ref: "RFC 9068 §2.2.3",
		Doc: "the access token has a scope that was not asked for", access: func(i *issue, c jwt.MapClaims) {
			scopes := append(slices.Clone(i.scopes), "admin")
			c["scp"], c["scope"] = scopes, joinScopes(scopes)
		}},
	{Name: "access-token-invalid-sig", Ref: "RFC 9068 §4",
		Doc: "the signature of the access token is not that of its content", accessValue: corrupted},
	{Name: "access-token-is-id-token", Ref: "RFC 9068 §4",
		Doc: "the access token is an ID token", access: func(i *issue, c jwt.MapClaims) { c["aud"], c["nonce"] = i.client.ID, "nonce" }},
}

var transportFaults = []Fault{
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
	{Name: "token-wrong-content-type", Ref: "RFC 6749 §5.1",
		Doc: "the token response is sent as text", at: "token", headers: contentType("text/plain")},
	{Name: "token-slow", Ref: "RFC 9110 §15.6.5",
		Doc: "the token endpoint does not answer", at: "token", serve: serveNothing},
	{Name: "token-cut", Ref: "RFC 9112 §8",
		Doc: "the connection is closed in the middle of the token response", at: "token", serve: serveCut},
	{Name: "slow-login-page", Ref: "OpenID Connect Core 1.0 §3.1.2.3",
		Doc: "the sign-in page never comes", at: "signin", serve: serveNothing},
}

// leniences let pass what is to be refused: a probe of the same name finds each.
var leniences = []Fault{
	lenience("code-replay", "RFC 6749 §4.1.2", "a code works as often as it is sent"),
	lenience("code-race", "RFC 6749 §10.5", "a code works in several requests at once"),
	lenience("code-other-redirect-uri", "RFC 6749 §4.1.3", "a code works with another redirect_uri"),
	lenience("code-other-client", "RFC 6749 §4.1.3", "a code works for another client"),
	lenience("code-expired", "RFC 6749 §4.1.2", "codes do not expire"),
	lenience("client-wrong-secret", "RFC 6749 §2.3.1", "any client secret will do"),
	lenience("pkce-wrong-verifier", "RFC 7636 §4.6", "any code_verifier will do"),
	lenience("pkce-missing-verifier", "RFC 7636 §4.6", "no code_verifier will do, though there was a challenge"),
	lenience("pkce-plain", "RFC 9700 §2.1.1", "code_challenge_method=plain is accepted"),
	lenience("pkce-downgrade", "RFC 9700 §4.8.2", "a code_verifier is accepted without a challenge"),
	lenience("pkce-not-required", "RFC 9700 §2.1.1", "a request without a challenge is accepted from every client"),
	lenience("redirect-uri-unregistered", "OpenID Connect Core 1.0 §3.1.2.1", "every redirect_uri is accepted"),
	lenience("scope-not-granted", "RFC 6749 §3.3", "every scope is granted"),
	lenience("par-request-uri-reuse", "RFC 9126 §4", "a pushed request may be used again"),
	lenience("refresh-reuse", "RFC 9700 §4.14.2", "a refresh token works after it was replaced"),
	lenience("refresh-no-rotation", "RFC 9700 §4.14.2", "refresh tokens are not replaced"),
	lenience("refresh-other-client", "RFC 6749 §6", "a refresh token works for another client"),
	lenience("userinfo-no-token", "RFC 6750 §3.1", "userinfo answers without a token"),
	lenience("userinfo-token-in-query", "RFC 9700 §4.3.2", "userinfo takes the access token from the query"),
	lenience("userinfo-other-audience", "RFC 9700 §2.3", "userinfo takes an ID token for an access token"),
	lenience("scope-order", "RFC 6749 §3.3", "openid counts as the first scope alone"),
	lenience("request-parameter-twice", "RFC 6749 §3.1", "the first of two parameters of one name is taken"),
	lenience("request-object-ignored", "OpenID Connect Core 1.0 §6.1", "the parameter request is ignored"),
	lenience("prompt-none-and-login", "OpenID Connect Core 1.0 §3.1.2.1", "prompt=none is ignored beside another"),
	lenience("token-by-get", "RFC 6749 §3.2", "the token endpoint takes its parameters from the query, too"),
	lenience("token-error-status", "RFC 6749 §5.2", "a code that is refused is answered with status 401"),
	lenience("refresh-with-access-token", "RFC 6749 §6", "an access token is taken for a refresh token"),
	lenience("dpop-replay", "RFC 9449 §11.1", "a DPoP proof may be used again"),
}

// lenience is a fault that the code asks for by its name, where it would refuse; see call.lets.
func lenience(name, ref, doc string) Fault { return Fault{Name: name, Ref: ref, Doc: doc} }
