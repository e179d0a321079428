package flow

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"math/big"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/stretchr/testify/require"
)

func TestVerifyRefusesClaims(t *testing.T) {
	t.Parallel()
	now := time.Now().Unix()
	for name, c := range map[string]struct {
		claims map[string]any
		change func(*Config)
		code   string
	}{
		"iss of another":                     {map[string]any{"iss": "https://evil.example"}, nil, "verify.iss"},
		"iss missing":                        {map[string]any{"iss": nil}, nil, "verify.iss"},
		"iss as a number":                    {map[string]any{"iss": 1}, nil, "verify.malformed"},
		"sub missing":                        {map[string]any{"sub": nil}, nil, "verify.sub"},
		"sub empty":                          {map[string]any{"sub": ""}, nil, "verify.sub"},
		"sub as a number":                    {map[string]any{"sub": 1}, nil, "verify.malformed"},
		"sub of 256 characters":              {map[string]any{"sub": strings.Repeat("a", 256)}, nil, "verify.sub"},
		"aud of another":                     {map[string]any{"aud": "tool1"}, nil, "verify.aud"},
		"aud missing":                        {map[string]any{"aud": nil}, nil, "verify.aud"},
		"aud empty":                          {map[string]any{"aud": []string{}}, nil, "verify.aud"},
		"aud of others":                      {map[string]any{"aud": []string{"a", "b"}}, nil, "verify.aud"},
		"aud with numbers":                   {map[string]any{"aud": []any{"tool", 1}}, nil, "verify.malformed"},
		"aud with another and no azp":        {map[string]any{"aud": []string{"tool", "tool1"}}, nil, "verify.azp"},
		"azp of another":                     {map[string]any{"azp": "tool1"}, nil, "verify.azp"},
		"azp as a number":                    {map[string]any{"azp": 1}, nil, "verify.azp"},
		"expired":                            {map[string]any{"exp": now - 360}, nil, "verify.exp"},
		"exp missing":                        {map[string]any{"exp": nil}, nil, "verify.exp"},
		"exp as a string":                    {map[string]any{"exp": fmt.Sprint(now + 300)}, nil, "verify.exp"},
		"exp beyond all numbers":             {map[string]any{"exp": json.Number("1e99")}, nil, "verify.exp"},
		"iat missing":                        {map[string]any{"iat": nil}, nil, "verify.iat"},
		"iat in the future":                  {map[string]any{"iat": now + 300}, nil, "verify.iat"},
		"iat a week ago":                     {map[string]any{"iat": now - 7*86400}, nil, "verify.iat"},
		"nbf in the future":                  {map[string]any{"nbf": now + 300}, nil, "verify.nbf"},
		"nonce of another":                   {map[string]any{"nonce": "n1"}, nil, "verify.nonce"},
		"nonce missing":                      {map[string]any{"nonce": nil}, nil, "verify.nonce"},
		"at_hash of another token":           {map[string]any{"at_hash": "w6BLQV3642TKWvaVwTAJuw"}, nil, "verify.at_hash"},
		"at_hash empty":                      {map[string]any{"at_hash": ""}, nil, "verify.at_hash"},
		"auth_time too long ago":             {map[string]any{"auth_time": now - 3600}, maxAge(time.Minute), "verify.auth_time"},
		"auth_time missing, max_age asked":   {map[string]any{"auth_time": nil}, maxAge(time.Minute), "verify.auth_time"},
		"auth_time in the future":            {map[string]any{"auth_time": now + 300}, nil, "verify.auth_time"},
		"auth_time as a string":              {map[string]any{"auth_time": "now"}, nil, "verify.auth_time"},
		"acr missing, acr_values asked":      {nil, acrValues("phr"), "verify.acr"},
		"acr not among acr_values":           {map[string]any{"acr": "pwd"}, acrValues("phr", "phrh"), "verify.acr"},
		"a claim source that does not exist": {map[string]any{"_claim_names": map[string]any{"a": "s"}}, nil, "verify.malformed"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFake(t)
			f.claims = set(c.claims)
			r, err := f.client(c.change).Run(t.Context())
			requireCode(t, err, c.code)
			require.Nil(t, r.IDTokenClaims)
			require.Equal(t, []string{"state"}, r.Verified)
			require.Zero(t, f.count("/userinfo"))
			require.Equal(t, 1, f.count("/token"))
		})
	}
}

func maxAge(d time.Duration) func(*Config) { return func(c *Config) { c.MaxAge = &d } }

func acrValues(values ...string) func(*Config) { return func(c *Config) { c.ACRValues = values } }

func TestVerifyBears(t *testing.T) {
	t.Parallel()
	now := time.Now().Unix()
	for name, c := range map[string]struct {
		claims map[string]any
		change func(*Config)
		more   []string // verified besides the usual
	}{
		"aud as an array":                    {claims: map[string]any{"aud": []string{"tool"}}},
		"aud with another, and azp":          {claims: map[string]any{"aud": []string{"tool", "api"}, "azp": "tool"}, more: []string{"azp"}},
		"azp with one aud":                   {claims: map[string]any{"azp": "tool"}, more: []string{"azp"}},
		"times with fractions":               {claims: map[string]any{"exp": float64(now) + 300.5, "iat": float64(now) - 0.5}},
		"a clock that is behind":             {claims: map[string]any{"iat": now - 50, "exp": now - 30}},
		"a clock that is ahead":              {claims: map[string]any{"iat": now + 50, "nbf": now + 50}, more: []string{"nbf"}},
		"auth_time within max_age":           {claims: map[string]any{"auth_time": now - 30}, change: maxAge(time.Minute), more: []string{"auth_time"}},
		"max_age of zero":                    {claims: map[string]any{"auth_time": now}, change: maxAge(0), more: []string{"auth_time"}},
		"acr among acr_values":               {claims: map[string]any{"acr": "phrh"}, change: acrValues("phr", "phrh"), more: []string{"acr"}},
		"acr that nobody asked for":          {claims: map[string]any{"acr": "pwd"}},
		"sub of 255 characters":              {claims: map[string]any{"sub": strings.Repeat("a", 255)}},
		"claims by reference, not looked up": {claims: map[string]any{"_claim_names": map[string]any{"a": "s"}, "_claim_sources": map[string]any{"s": map[string]any{"endpoint": "https://evil.example"}}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFake(t)
			f.claims = set(c.claims)
			r, err := f.client(c.change).Run(t.Context())
			require.NoError(t, err)
			require.ElementsMatch(t, append(c.more, "state", "signature", "iss", "aud", "exp", "iat", "nonce", "at_hash"), r.Verified)
		})
	}
}

func TestVerifyWithoutAtHash(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	f.claims = set(map[string]any{"at_hash": nil})
	r, err := f.client(nil).Run(t.Context())
	require.NoError(t, err)
	require.NotContains(t, r.Verified, "at_hash")
}

func TestVerifyNeedsAnIDToken(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	f.tokens = set(map[string]any{"id_token": nil})
	_, err := f.client(nil).Run(t.Context())
	requireCode(t, err, "verify.missing_id_token")
}

// Tokens that are not what they seem. Each is made by somebody without the provider's private key, or breaks a rule of
// RFC 7515 on what a reader must not accept.
func TestVerifyRefusesTokens(t *testing.T) {
	t.Parallel()
	attacker, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	part := func(v any) string {
		data, err := json.Marshal(v)
		require.NoError(t, err)
		return base64.RawURLEncoding.EncodeToString(data)
	}
	by := func(alg jose.SignatureAlgorithm, key any, header map[jose.HeaderKey]any, claims map[string]any) string {
		raw, err := sign(jose.SigningKey{Algorithm: alg, Key: key}, header, claims)
		require.NoError(t, err)
		return raw
	}
	tamper := func(raw string, i int, with string) string {
		parts := strings.Split(raw, ".")
		parts[i] = with
		return strings.Join(parts, ".")
	}
	for name, c := range map[string]struct {
		token func(*fake, map[string]any) string
		algs  []string // advertised; nil: ES256
		code  string
	}{
		"alg none": {token: func(f *fake, c map[string]any) string {
			return part(map[string]any{"alg": "none"}) + "." + part(c) + "."
		}, code: "verify.alg"},
		"alg none, which is advertised": {token: func(f *fake, c map[string]any) string {
			return part(map[string]any{"alg": "none"}) + "." + part(c) + "."
		}, algs: []string{"none"}, code: "verify.alg"},
		"alg None": {token: func(f *fake, c map[string]any) string {
			return part(map[string]any{"alg": "None"}) + "." + part(c) + "."
		}, code: "verify.alg"},
		"no alg": {token: func(f *fake, c map[string]any) string {
			return part(map[string]any{"kid": "k1"}) + "." + part(c) + ".AA"
		}, code: "verify.alg"},
		"alg as a number":                 {token: func(f *fake, c map[string]any) string { return part(map[string]any{"alg": 1}) + "." + part(c) + ".AA" }, code: "verify.malformed"},
		"HS256 with the public key":       {token: func(f *fake, c map[string]any) string { return by(jose.HS256, publicPEM(t, f.key), kid("k1"), c) }, code: "verify.alg"},
		"HS256, which is advertised":      {token: func(f *fake, c map[string]any) string { return by(jose.HS256, publicPEM(t, f.key), kid("k1"), c) }, algs: []string{"HS256", "ES256"}, code: "verify.alg"},
		"an alg that is not advertised":   {token: func(f *fake, c map[string]any) string { return f.sign(kidOf("k1"), c) }, algs: []string{"RS256"}, code: "verify.alg"},
		"another key under the same name": {token: func(f *fake, c map[string]any) string { return by(jose.ES256, attacker, kid("k1"), c) }, code: "verify.signature"},
		"another key without a name":      {token: func(f *fake, c map[string]any) string { return by(jose.ES256, attacker, nil, c) }, code: "verify.signature"},
		"a key of another name":           {token: func(f *fake, c map[string]any) string { return f.sign(kidOf("k2"), c) }, code: "verify.unknown_key"},
		"a key's name that is a path":     {token: func(f *fake, c map[string]any) string { return f.sign(kidOf("../../../../dev/null"), c) }, code: "verify.unknown_key"},
		"its own key in the header": {token: func(f *fake, c map[string]any) string {
			return by(jose.ES256, attacker, map[jose.HeaderKey]any{"kid": "k1", "jwk": jose.JSONWebKey{Key: attacker.Public()}}, c)
		}, code: "verify.signature"},
		"its own key's URL in the header": {token: func(f *fake, c map[string]any) string {
			return by(jose.ES256, attacker, map[jose.HeaderKey]any{"kid": "k1", "jku": f.URL + "/evil", "x5u": f.URL + "/evil"}, c)
		}, code: "verify.signature"},
		"a critical extension": {token: func(f *fake, c map[string]any) string {
			return f.sign(map[string]any{"kid": "k1", "crit": []string{"x"}, "x": 1}, c)
		}, code: "verify.crit"},
		"an empty crit": {token: func(f *fake, c map[string]any) string {
			return f.sign(map[string]any{"kid": "k1", "crit": []string{}}, c)
		}, code: "verify.crit"},
		"a longer signature": {token: func(f *fake, c map[string]any) string { return f.sign(kidOf("k1"), c) + "A" }, code: "verify.signature"},
		"claims exchanged": {token: func(f *fake, c map[string]any) string {
			raw := f.sign(kidOf("k1"), c)
			c["sub"] = "bob"
			return tamper(raw, 1, part(c))
		}, code: "verify.signature"},
		"the signature cut off": {token: func(f *fake, c map[string]any) string { return tamper(f.sign(kidOf("k1"), c), 2, "") }, code: "verify.signature"},
		"a signature of zeros": {token: func(f *fake, c map[string]any) string {
			return tamper(f.sign(kidOf("k1"), c), 2, base64.RawURLEncoding.EncodeToString(make([]byte, 64)))
		}, code: "verify.signature"},
		"two parts":               {token: func(f *fake, c map[string]any) string { return part(c) + "." + part(c) }, code: "verify.malformed"},
		"five parts: encrypted":   {token: func(*fake, map[string]any) string { return "a.b.c.d.e" }, code: "verify.malformed"},
		"not a JWT":               {token: func(*fake, map[string]any) string { return "opaque" }, code: "verify.malformed"},
		"a header that is no b64": {token: func(*fake, map[string]any) string { return "!.e30.AA" }, code: "verify.malformed"},
		"a header that is no map": {token: func(*fake, map[string]any) string { return part([]int{1}) + ".e30.AA" }, code: "verify.malformed"},
		"alg twice in the header": {token: func(f *fake, c map[string]any) string {
			return base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"ES256","alg":"none"}`)) + ".e30.AA"
		}, code: "verify.malformed"},
		"a claim twice": {token: func(f *fake, c map[string]any) string {
			data, err := json.Marshal(c)
			require.NoError(t, err)
			return f.signRaw(append([]byte(`{"sub":"bob",`), data[1:]...))
		}, code: "verify.malformed"},
		"claims that are no object": {token: func(f *fake, _ map[string]any) string { return f.signRaw([]byte(`[]`)) }, code: "verify.malformed"},
		"claims that are null":      {token: func(f *fake, _ map[string]any) string { return f.signRaw([]byte(`null`)) }, code: "verify.malformed"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFake(t)
			if c.algs != nil {
				f.metadata = set(map[string]any{"id_token_signing_alg_values_supported": c.algs})
			}
			f.idToken = func(claims map[string]any) string { return c.token(f, claims) }
			r, err := f.client(nil).Run(t.Context())
			requireCode(t, err, c.code)
			require.Equal(t, []string{"state"}, r.Verified)
			require.Zero(t, f.count("/evil"))
		})
	}
}

func kid(id string) map[jose.HeaderKey]any { return map[jose.HeaderKey]any{"kid": id} }

func kidOf(id string) map[string]any { return map[string]any{"kid": id} }

// signRaw returns payload, whatever it is, signed with the fake's key.
func (f *fake) signRaw(payload []byte) string {
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.ES256, Key: f.key}, &jose.SignerOptions{ExtraHeaders: kid("k1")})
	require.NoError(f.t, err)
	jws, err := signer.Sign(payload)
	require.NoError(f.t, err)
	raw, err := jws.CompactSerialize()
	require.NoError(f.t, err)
	return raw
}

func publicPEM(t *testing.T, key *ecdsa.PrivateKey) []byte {
	der, err := x509.MarshalPKIXPublicKey(key.Public())
	require.NoError(t, err)
	return pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})
}

func TestKeys(t *testing.T) {
	t.Parallel()
	rsaKey := func(bits int) *rsa.PublicKey { // no one has its private part
		n := new(big.Int).Lsh(big.NewInt(1), uint(bits-1))
		return &rsa.PublicKey{N: n.Add(n, big.NewInt(1)), E: 65537}
	}
	many := func(n int, with ...any) []any {
		for range n {
			with = append(with, map[string]any{"kty": "XYZ"})
		}
		return with
	}
	public := func(key any, id string) jose.JSONWebKey { return jose.JSONWebKey{Key: key, KeyID: id} }
	for name, c := range map[string]struct {
		keys func(*fake) any // nil: no member keys
		kid  string
		code string
	}{
		"the key among others":        {keys: func(f *fake) any { return []any{map[string]any{"kty": "XYZ"}, public(rsaKey(2048), "r"), f.jwk("k1")} }, kid: "k1"},
		"no kid and one key":          {keys: func(f *fake) any { return []any{f.jwk("")} }},
		"no kid and several keys":     {keys: func(f *fake) any { return []any{public(rsaKey(2048), ""), anotherKey(t), f.jwk("k1")} }},
		"a key without use and alg":   {keys: func(f *fake) any { return []any{public(f.key.Public(), "k1")} }, kid: "k1"},
		"the kid on two keys":         {keys: func(f *fake) any { return []any{anotherKey(t), f.jwk("k1")} }, kid: "k1"},
		"a hundred keys":              {keys: func(f *fake) any { return many(99, f.jwk("k1")) }, kid: "k1"},
		"more than a hundred":         {keys: func(f *fake) any { return many(100, f.jwk("k1")) }, kid: "k1", code: "verify.malformed"},
		"no keys":                     {keys: func(*fake) any { return []any{} }, kid: "k1", code: "verify.unknown_key"},
		"no member keys":              {kid: "k1", code: "verify.unknown_key"},
		"keys that are no array":      {keys: func(*fake) any { return "k1" }, kid: "k1", code: "verify.malformed"},
		"a key that is no object":     {keys: func(*fake) any { return []any{1} }, kid: "k1", code: "verify.unknown_key"},
		"a key for encryption":        {keys: func(f *fake) any { k := f.jwk("k1"); k.Use = "enc"; return []any{k} }, kid: "k1", code: "verify.unknown_key"},
		"a key for another alg":       {keys: func(f *fake) any { k := f.jwk("k1"); k.Algorithm = "ES384"; return []any{k} }, kid: "k1", code: "verify.unknown_key"},
		"a key with its private part": {keys: func(f *fake) any { return []any{jose.JSONWebKey{Key: f.key, KeyID: "k1"}} }, kid: "k1", code: "verify.unknown_key"},
		"a symmetric key":             {keys: func(*fake) any { return []any{jose.JSONWebKey{Key: []byte("0123456789012345"), KeyID: "k1"}} }, kid: "k1", code: "verify.unknown_key"},
		"a key on another curve": {keys: func(*fake) any {
			k, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
			require.NoError(t, err)
			return []any{public(k.Public(), "k1")}
		}, kid: "k1", code: "verify.unknown_key"},
		"a key of another kind": {keys: func(*fake) any {
			k, _, err := ed25519.GenerateKey(rand.Reader)
			require.NoError(t, err)
			return []any{public(k, "k1")}
		}, kid: "k1", code: "verify.unknown_key"},
		"an RSA key that is too short":   {keys: func(*fake) any { return []any{public(rsaKey(2047), "k1")} }, kid: "k1", code: "verify.unknown_key"},
		"an RSA key that takes for ever": {keys: func(*fake) any { return []any{public(rsaKey(8193), "k1")} }, kid: "k1", code: "verify.unknown_key"},
		"a point that is not on the curve": {keys: func(*fake) any {
			return []any{map[string]any{"kty": "EC", "crv": "P-256", "kid": "k1", "x": "AAAA", "y": "AAAA"}}
		}, kid: "k1", code: "verify.unknown_key"},
		"a kid that is no string":           {keys: func(f *fake) any { return []any{map[string]any{"kty": "EC", "kid": 1}} }, kid: "k1", code: "verify.unknown_key"},
		"certificates that are no such":     {keys: func(f *fake) any { return []any{map[string]any{"kty": "EC", "kid": "k1", "x5c": []string{"AAAA"}}} }, kid: "k1", code: "verify.unknown_key"},
		"a kid twice in one key, two words": {keys: func(f *fake) any { return json.RawMessage(`[{"kid":"a","kid":"k1"}]`) }, kid: "k1", code: "verify.malformed"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFake(t)
			f.handlers["/keys"] = func(w http.ResponseWriter, _ *http.Request) {
				set := map[string]any{}
				if c.keys != nil {
					set["keys"] = c.keys(f)
				}
				f.json(w, set)
			}
			f.idToken = func(claims map[string]any) string {
				if c.kid == "" {
					return f.sign(nil, claims)
				}
				return f.sign(kidOf(c.kid), claims)
			}
			_, err := f.client(nil).Run(t.Context())
			if c.code == "" {
				require.NoError(t, err)
				return
			}
			requireCode(t, err, c.code)
		})
	}
}

func anotherKey(t *testing.T) jose.JSONWebKey {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	return jose.JSONWebKey{Key: key.Public(), KeyID: "k1"}
}

func TestKeysThatCannotBeRead(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		handler http.HandlerFunc
		code    string
	}{
		"HTML":                       {answerWith(200, "text/html", "<title>Hello</title>"), "verify.not_json"},
		"not found":                  {answerWith(404, "text/plain", ""), "verify.not_found"},
		"too large":                  {answerWith(200, "application/json", `{"keys":[`+strings.Repeat(" ", maxBody)+"]}"), "verify.too_large"},
		"a redirect to another host": {answerWith(302, "", "", "Location", "https://evil.example/keys"), "verify.redirect"},
		"an error of the server":     {answerWith(500, "", ""), "verify.server_error"},
		"a provider's error":         {answerWith(200, "application/json", `{"error":"nope"}`), "verify.nope"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFake(t)
			f.handlers["/keys"] = c.handler
			_, err := f.client(nil).Run(t.Context())
			requireCode(t, err, c.code)
		})
	}
}

// A key ID that is not known leads to one more look at the keys, and within a minute to no other.
func TestKeyRotation(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	current := "k1"
	f.handlers["/keys"] = func(w http.ResponseWriter, _ *http.Request) { f.json(w, map[string]any{"keys": []any{f.jwk(current)}}) }
	f.idToken = func(claims map[string]any) string { return f.sign(kidOf(current), claims) }
	now := time.Now()
	c := f.client(func(c *Config) { c.Now = func() time.Time { return now } })
	run := func(code string, fetched int) {
		t.Helper()
		_, err := c.Run(t.Context())
		if code != "" {
			requireCode(t, err, code)
		} else {
			require.NoError(t, err)
		}
		require.Equal(t, fetched, f.count("/keys"))
	}
	run("", 1)
	run("", 1)
	current = "k2"
	run("", 2)
	current = "k3"
	run("verify.unknown_key", 2)
	now = now.Add(refetchInterval)
	run("", 3)
	f.idToken = func(claims map[string]any) string { return f.sign(kidOf("made-up"), claims) }
	for range 5 {
		run("verify.unknown_key", 3)
	}
}

func TestUnknownKeyAtTheFirstLook(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	f.idToken = func(claims map[string]any) string { return f.sign(kidOf("k2"), claims) }
	f.handlers["/keys"] = func(w http.ResponseWriter, _ *http.Request) { // one of two servers lags behind
		f.json(w, map[string]any{"keys": []any{f.jwk([]string{"k1", "k2"}[f.count("/keys")-1])}})
	}
	_, err := f.client(nil).Run(t.Context())
	require.NoError(t, err)
	require.Equal(t, 2, f.count("/keys"))
}

func TestVerifyWithoutMetadataTakesTheAlgOfTheKey(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	f.metadata = set(map[string]any{"id_token_signing_alg_values_supported": nil})
	_, err := f.client(nil).Run(t.Context())
	require.NoError(t, err)
}
