package mockidp

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/json"
	"net/url"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/golang-jwt/jwt/v5"
	"github.com/stretchr/testify/require"
)

// RFC 6750 §3.1
func TestUserInfo(t *testing.T) {
	t.Parallel()
	p := startRP(t, Config{Login: "auto"})
	got := p.tokens("scope", "openid email")
	access := got["access_token"].(string)
	u := p.endpoint("userinfo_endpoint")
	want := map[string]any{"sub": p.claims(got["id_token"])["sub"], "email": "alice@example.com", "email_verified": true}
	require.Equal(t, want, p.userinfo(access).json(t))
	require.Equal(t, want, p.request("POST", u, nil, "Authorization", "bearer "+access).json(t))
	require.Equal(t, want, p.request("POST", u, url.Values{"access_token": {access}}).json(t))

	none := p.request("GET", u, nil)
	require.Equal(t, 401, none.status)
	require.Equal(t, `Bearer realm="`+p.issuer+`"`, none.header.Get("WWW-Authenticate"))
	bad := p.userinfo(access + "x")
	require.Equal(t, 401, bad.status)
	require.Contains(t, bad.header.Get("WWW-Authenticate"), `error="invalid_token"`)
	require.Empty(t, bad.body)
	require.Equal(t, 400, p.request("GET", u+"?access_token="+access, nil).status)
	require.Equal(t, 400, p.request("POST", u, url.Values{"access_token": {access}}, "Authorization", "Bearer "+access).status)
	require.Equal(t, 401, p.request("GET", u, nil, "Authorization", "DPoP "+access).status)

	p.s.Clock().Advance(time.Hour + time.Second)
	require.Equal(t, 401, p.userinfo(access).status)
}

// RFC 7662, RFC 7009
func TestIntrospectAndRevoke(t *testing.T) {
	t.Parallel()
	p := startRP(t, Config{Login: "auto", Clients: []Client{{ID: "oidcflow"}, {ID: "other"}}})
	p = newRP(t, p.s, "default")
	post := func(name string, token any, change ...string) answer {
		return p.request("POST", p.endpoint(name), changed(url.Values{"client_id": {"oidcflow"}, "token": {token.(string)}}, change))
	}
	introspect := func(token any, change ...string) map[string]any {
		a := post("introspection_endpoint", token, change...)
		require.Equal(t, 200, a.status, a.body)
		return a.json(t)
	}
	dead := map[string]any{"active": false}
	got := p.tokens("scope", "openid offline_access")
	access := introspect(got["access_token"])
	claims := p.claims(got["access_token"])
	require.Equal(t, map[string]any{
		"active": true, "token_type": "Bearer", "scope": "offline_access openid", "client_id": "oidcflow", "username": "alice",
		"exp": claims["exp"], "iat": claims["iat"], "sub": "alice", "aud": "api://default", "iss": p.issuer, "jti": claims["jti"], "uid": claims["uid"],
	}, access)
	require.Equal(t, true, introspect(got["refresh_token"])["active"])
	require.Equal(t, true, introspect(got["id_token"])["active"])
	require.Equal(t, dead, introspect("unknown"))
	require.Equal(t, dead, introspect(got["access_token"], "client_id", "other"))
	requireError(t, post("introspection_endpoint", ""), 400, "invalid_request")
	requireError(t, post("introspection_endpoint", got["access_token"], "client_id", "-"), 401, "invalid_client")
	// Okta lets a public client name itself in the query
	a := p.request("POST", p.endpoint("introspection_endpoint")+"?client_id=oidcflow", url.Values{"token": {got["access_token"].(string)}})
	require.Equal(t, true, a.json(t)["active"])
	org := newRP(t, p.s, "")
	a = org.request("POST", org.endpoint("introspection_endpoint"), url.Values{"client_id": {"oidcflow"}, "token": {got["access_token"].(string)}})
	require.Equal(t, dead, a.json(t))

	require.Equal(t, 200, post("revocation_endpoint", "unknown").status)
	require.Equal(t, 200, post("revocation_endpoint", got["access_token"], "client_id", "other").status)
	require.Equal(t, true, introspect(got["access_token"])["active"]) // not the other's to revoke
	a = post("revocation_endpoint", got["access_token"])
	require.Equal(t, 200, a.status)
	require.Empty(t, a.body)
	require.Equal(t, dead, introspect(got["access_token"]))
	require.Equal(t, true, introspect(got["refresh_token"])["active"])

	fresh := p.refresh(got["refresh_token"]).json(t)
	require.Equal(t, 200, post("revocation_endpoint", fresh["refresh_token"]).status)
	require.Equal(t, dead, introspect(fresh["refresh_token"]))
	require.Equal(t, dead, introspect(fresh["access_token"]))
	require.Equal(t, 401, p.userinfo(fresh["access_token"]).status)
	requireError(t, p.refresh(fresh["refresh_token"]), 400, "invalid_grant")
}

// RFC 9126
func TestPushedRequests(t *testing.T) {
	t.Parallel()
	clients := []Client{{ID: "oidcflow"}, {ID: "other"}, {ID: "pushes", RequirePAR: true}}
	p := startRP(t, Config{Login: "auto", Clients: clients})
	push := func(change ...string) answer {
		return p.request("POST", p.endpoint("pushed_authorization_request_endpoint"), p.params(change...))
	}
	authorize := func(client, uri string) answer {
		v := url.Values{"client_id": {client}, "request_uri": {uri}}
		return p.request("GET", p.endpoint("authorization_endpoint")+"?"+v.Encode(), nil)
	}
	a := push()
	require.Equal(t, 200, a.status, a.body)
	uri := a.json(t)["request_uri"].(string)
	require.Regexp(t, `^urn:okta:`, uri)
	require.EqualValues(t, 3600, a.json(t)["expires_in"])
	require.Equal(t, 400, authorize("other", uri).status)
	v := p.callback(authorize("oidcflow", uri))
	require.Equal(t, "state-1", v.Get("state"))
	require.Equal(t, 200, p.exchange(v.Get("code")).status)
	require.Equal(t, 400, authorize("oidcflow", uri).status) // good once

	late := push().json(t)["request_uri"].(string)
	p.s.Clock().Advance(pushedTTL)
	require.Equal(t, 400, authorize("oidcflow", late).status)

	requireError(t, push("request_uri", "urn:okta:x"), 400, "invalid_request")
	requireError(t, push("scope", "-"), 400, "invalid_scope")
	requireError(t, push("response_type", "token"), 400, "unsupported_response_type")
	requireError(t, push("code_challenge_method", "plain"), 400, "invalid_request")
	requireError(t, push("redirect_uri", "https://evil.example/"), 400, "invalid_request")
	require.Equal(t, 401, push("client_id", "nobody").status)
	require.Equal(t, 405, p.request("GET", p.endpoint("pushed_authorization_request_endpoint"), nil).status)

	require.Equal(t, "invalid_request", p.callback(p.authorize("client_id", "pushes")).Get("error"))
	uri = push("client_id", "pushes").json(t)["request_uri"].(string)
	require.NotEmpty(t, p.callback(authorize("pushes", uri)).Get("code"))

	strict := startRP(t, Config{Login: "auto", Profile: "strict"})
	require.Equal(t, 201, strict.request("POST", strict.endpoint("pushed_authorization_request_endpoint"), strict.params()).status)
}

// assertion is a client assertion (RFC 7523) with some claims changed; nil takes one away.
func assertion(t *testing.T, method jwt.SigningMethod, key any, aud string, now time.Time, change map[string]any) string {
	t.Helper()
	c := jwt.MapClaims{"iss": "app", "sub": "app", "aud": aud, "jti": rand.Text(), "iat": now.Unix(), "exp": now.Add(time.Minute).Unix()}
	for name, v := range change {
		if c[name] = v; v == nil {
			delete(c, name)
		}
	}
	raw, err := jwt.NewWithClaims(method, c).SignedString(key)
	require.NoError(t, err)
	return raw
}

func newECKey(t *testing.T) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	return key
}

// OpenID Connect Core 1.0 §9
func TestClientAssertions(t *testing.T) {
	t.Parallel()
	key, other := newECKey(t), newECKey(t)
	set, err := json.Marshal(jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: key, KeyID: "1", Algorithm: "ES256"}}}) // private: only its public part is kept
	require.NoError(t, err)
	secret := "a secret that is long enough for HS256"
	s := StartT(t, fast(Config{Login: "auto", Clients: []Client{
		{ID: "app", Keys: set}, {ID: "hs", Secret: secret, AuthMethod: "client_secret_jwt"}, {ID: "basic", Secret: secret},
	}}))
	p := newRP(t, s, "default")
	u := p.endpoint("token_endpoint")
	now := s.Clock().Now()
	ask := func(a string, change ...string) answer {
		return p.request("POST", u, changed(url.Values{
			"grant_type": {"client_credentials"}, "scope": {"api:read"}, "client_assertion_type": {jwtBearer}, "client_assertion": {a},
		}, change))
	}
	good := assertion(t, jwt.SigningMethodES256, key, u, now, nil)
	require.Equal(t, 200, ask(good).status)
	requireError(t, ask(good), 401, "invalid_client") // used
	require.Equal(t, 200, ask(assertion(t, jwt.SigningMethodES256, key, p.issuer, now, nil)).status)
	hs := map[string]any{"iss": "hs", "sub": "hs"}
	require.Equal(t, 200, ask(assertion(t, jwt.SigningMethodHS256, []byte(secret), u, now, hs)).status)

	for name, change := range map[string]map[string]any{
		"another audience": {"aud": "https://elsewhere.example"}, "no audience": {"aud": nil}, "expired": {"exp": now.Add(-time.Second).Unix()},
		"beyond an hour": {"exp": now.Add(2 * time.Hour).Unix()}, "no exp": {"exp": nil}, "no jti": {"jti": nil}, "another iss": {"iss": "hs"},
		"no sub": {"sub": nil},
	} {
		a := ask(assertion(t, jwt.SigningMethodES256, key, u, now, change))
		require.Equal(t, "invalid_client", a.json(t)["error"], name)
	}
	requireError(t, ask(assertion(t, jwt.SigningMethodES256, other, u, now, nil)), 401, "invalid_client")
	requireError(t, ask(assertion(t, jwt.SigningMethodHS256, []byte("wrong"), u, now, hs)), 401, "invalid_client")
	requireError(t, ask(assertion(t, jwt.SigningMethodHS256, []byte(secret), u, now, map[string]any{"iss": "basic", "sub": "basic"})), 401, "invalid_client")
	requireError(t, ask(assertion(t, jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType, u, now, nil)), 401, "invalid_client")
	requireError(t, ask("not.a.jwt"), 401, "invalid_client")
	requireError(t, ask(assertion(t, jwt.SigningMethodES256, key, u, now, nil), "client_assertion_type", "other"), 400, "invalid_request")
	requireError(t, ask(assertion(t, jwt.SigningMethodES256, key, u, now, nil), "client_secret", "x"), 401, "invalid_request")
	requireError(t, ask(assertion(t, jwt.SigningMethodES256, key, u, now, nil), "client_id", "hs"), 400, "invalid_request")
}

// prover makes DPoP proofs (RFC 9449 §4.2).
type prover struct {
	t   *testing.T
	key *ecdsa.PrivateKey
	now func() time.Time
}

func (d *prover) jkt() string {
	sum, err := (&jose.JSONWebKey{Key: d.key.Public()}).Thumbprint(crypto.SHA256)
	require.NoError(d.t, err)
	return b64.EncodeToString(sum)
}

func (d *prover) proof(method, u string, change map[string]any) string {
	c := jwt.MapClaims{"htm": method, "htu": u, "jti": rand.Text(), "iat": d.now().Unix()}
	for name, v := range change {
		if c[name] = v; v == nil {
			delete(c, name)
		}
	}
	token := jwt.NewWithClaims(jwt.SigningMethodES256, c)
	token.Header["typ"] = "dpop+jwt"
	token.Header["jwk"] = jose.JSONWebKey{Key: d.key.Public()}
	if typ, ok := change["typ"]; ok {
		token.Header["typ"] = typ
	}
	raw, err := token.SignedString(d.key)
	require.NoError(d.t, err)
	return raw
}

func TestDPoP(t *testing.T) {
	t.Parallel()
	p := startRP(t, Config{Login: "auto", Clients: []Client{{ID: "oidcflow"}, {ID: "binds", RequireDPoP: true}}})
	p.s.Clock().Freeze()
	d := &prover{t, newECKey(t), p.s.Clock().Now}
	u := p.endpoint("token_endpoint")
	code := func(client string) url.Values {
		return url.Values{
			"grant_type": {"authorization_code"}, "code": {p.code("client_id", client, "scope", "openid offline_access")},
			"redirect_uri": {testRedirect}, "code_verifier": {testVerifier}, "client_id": {client},
		}
	}
	form := code("oidcflow")
	first := p.token(form, "DPoP", d.proof("POST", u, nil))
	requireError(t, first, 400, "use_dpop_nonce") // RFC 9449 §8
	nonce := first.header.Get("DPoP-Nonce")
	require.NotEmpty(t, nonce)
	with := func(change map[string]any) map[string]any {
		out := map[string]any{"nonce": nonce}
		for k, v := range change {
			out[k] = v
		}
		return out
	}
	for name, change := range map[string]map[string]any{
		"another method": {"htm": "GET"}, "another URL": {"htu": p.issuer}, "old": {"iat": d.now().Add(-6 * time.Minute).Unix()},
		"of the future": {"iat": d.now().Add(5 * time.Minute).Unix()}, "no jti": {"jti": nil}, "no iat": {"iat": nil}, "another type": {"typ": "JWT"},
	} {
		a := p.token(form, "DPoP", d.proof("POST", u, with(change)))
		require.Equal(t, "invalid_dpop_proof", a.json(t)["error"], name)
	}
	requireError(t, p.token(form, "DPoP", "a.b.c"), 400, "invalid_dpop_proof")
	requireError(t, p.token(form, "DPoP", d.proof("POST", u, with(nil)), "DPoP", d.proof("POST", u, with(nil))), 400, "invalid_dpop_proof")

	proof := d.proof("POST", u, with(nil))
	a := p.token(form, "DPoP", proof)
	require.Equal(t, 200, a.status, a.body)
	got := a.json(t)
	require.Equal(t, "DPoP", got["token_type"])
	require.Equal(t, map[string]any{"jkt": d.jkt()}, p.claims(got["access_token"])["cnf"])
	requireError(t, p.token(code("oidcflow"), "DPoP", proof), 400, "invalid_dpop_proof") // used before

	// the resource: the DPoP scheme, a proof, and the token's hash in it (§7)
	info, access := p.endpoint("userinfo_endpoint"), got["access_token"].(string)
	ath := map[string]any{"ath": b64.EncodeToString([]byte(tokenKey(access)))}
	get := func(scheme string, headers ...string) int {
		return p.request("GET", info, nil, append([]string{"Authorization", scheme + " " + access}, headers...)...).status
	}
	require.Equal(t, 200, get("DPoP", "DPoP", d.proof("GET", info, ath)))
	require.Equal(t, 401, get("DPoP", "DPoP", d.proof("GET", info, nil)))
	require.Equal(t, 401, get("DPoP"))
	require.Equal(t, 401, get("Bearer"))
	require.Equal(t, 401, get("Bearer", "DPoP", d.proof("GET", info, ath)))
	thief := &prover{t, newECKey(t), d.now}
	require.Equal(t, 401, get("DPoP", "DPoP", thief.proof("GET", info, ath)))

	// the refresh token is bound too
	refresh := url.Values{"grant_type": {"refresh_token"}, "refresh_token": {got["refresh_token"].(string)}}
	requireError(t, p.token(refresh), 400, "invalid_dpop_proof")
	requireError(t, p.token(refresh, "DPoP", thief.proof("POST", u, with(nil))), 400, "invalid_dpop_proof")
	require.Equal(t, 200, p.token(refresh, "DPoP", d.proof("POST", u, with(nil))).status)

	requireError(t, p.token(code("binds")), 400, "invalid_dpop_proof")
	// dpop_jkt binds the code (§10)
	bound := code("oidcflow")
	bound.Set("code", p.code("dpop_jkt", thief.jkt()))
	requireError(t, p.token(bound, "DPoP", d.proof("POST", u, with(nil))), 400, "invalid_dpop_proof")
	require.Equal(t, 200, p.token(bound, "DPoP", thief.proof("POST", u, with(nil))).status)

	// an old nonce is good for three days more than its own
	p.s.Clock().Advance(dpopNonceLife - time.Hour)
	require.Equal(t, 200, p.token(code("oidcflow"), "DPoP", d.proof("POST", u, with(nil))).status)
	p.s.Clock().Advance(time.Hour)
	requireError(t, p.token(code("oidcflow"), "DPoP", d.proof("POST", u, with(nil))), 400, "use_dpop_nonce")
}
