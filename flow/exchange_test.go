package flow

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/stretchr/testify/require"

	"github.com/oidcflow/oidcflow/flow/trace"
)

const clientSecret = "s3cret-s3cret-s3cret-s3cret-s3cret"

// x/oauth2 with an unknown auth style sends the code twice, which burns it. Whatever the method, and whatever the answer,
// there is one request, with the credentials in one place.
func TestOneTokenRequestForOneCode(t *testing.T) {
	t.Parallel()
	secret := func(c *Config) { c.ClientSecret = trace.NewSecret("client_secret", clientSecret) }
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	for name, c := range map[string]struct {
		change  func(*Config)
		offered []string
		want    ClientAuth
	}{
		"none":                                  {func(*Config) {}, nil, AuthNone},
		"none though it is not offered":         {func(*Config) {}, []string{"client_secret_basic"}, AuthNone},
		"basic, which is the default":           {secret, nil, AuthSecretBasic},
		"basic before post":                     {secret, []string{"client_secret_post", "client_secret_basic"}, AuthSecretBasic},
		"post where basic is not offered":       {secret, []string{"none", "client_secret_post"}, AuthSecretPost},
		"client_secret_jwt where that is all":   {secret, []string{"client_secret_jwt"}, AuthSecretJWT},
		"private_key_jwt first":                 {func(c *Config) { secret(c); c.ClientKey = key }, []string{"client_secret_basic", "private_key_jwt"}, AuthPrivateKeyJWT},
		"the secret where the key is no use":    {func(c *Config) { secret(c); c.ClientKey = key }, []string{"client_secret_basic"}, AuthSecretBasic},
		"post when told":                        {func(c *Config) { secret(c); c.ClientAuth = AuthSecretPost }, []string{"client_secret_basic"}, AuthSecretPost},
		"none when told, though there is a key": {func(c *Config) { c.ClientKey = key; c.ClientAuth = AuthNone }, nil, AuthNone},
	} {
		for _, answer := range []http.HandlerFunc{
			nil,
			answerWith(401, "application/json", `{"error":"invalid_client"}`),
			answerWith(400, "application/json", `{"error":"invalid_grant"}`),
			answerWith(500, "text/plain", "oops"),
			answerWith(503, "text/plain", "oops", "Retry-After", "1"),
			answerWith(200, "text/html", "<p>"),
		} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				f := newFake(t)
				if c.offered != nil {
					f.metadata = set(map[string]any{"token_endpoint_auth_methods_supported": c.offered})
				}
				if answer != nil {
					f.handlers["/token"] = answer
				}
				_, err := f.client(c.change).Run(t.Context())
				require.Equal(t, answer == nil, err == nil, err)
				require.Equal(t, 1, f.count("/token"))
				form, header := f.form("/token")
				require.Equal(t, c.want, methodOf(form, header))
				require.Equal(t, "code-1", form.Get("code"))
			})
		}
	}
}

// methodOf returns by which method a request was authenticated.
func methodOf(form url.Values, header http.Header) ClientAuth {
	var methods []ClientAuth
	if header.Get("Authorization") != "" {
		methods = append(methods, AuthSecretBasic)
	}
	if form.Has("client_secret") {
		methods = append(methods, AuthSecretPost)
	}
	if a := form.Get("client_assertion"); a != "" {
		method := AuthPrivateKeyJWT
		if jws, err := jose.ParseSignedCompact(a, []jose.SignatureAlgorithm{jose.HS256}); err == nil && len(jws.Signatures) == 1 {
			method = AuthSecretJWT
		}
		methods = append(methods, method)
	}
	switch {
	case len(methods) == 1:
		return methods[0]
	case len(methods) == 0 && form.Get("client_id") == "tool":
		return AuthNone
	}
	return "several"
}

func TestBasicIsFormEncodedFirst(t *testing.T) { // RFC 6749 §2.3.1
	t.Parallel()
	f := newFake(t)
	f.claims = set(map[string]any{"aud": "to:ol/é"})
	_, err := f.client(func(c *Config) {
		c.ClientID, c.ClientSecret = "to:ol/é", trace.NewSecret("client_secret", "a b%+:&")
	}).Run(t.Context())
	require.NoError(t, err)
	_, header := f.form("/token")
	id, secret, ok := (&http.Request{Header: header}).BasicAuth()
	require.True(t, ok)
	require.Equal(t, [2]string{"to%3Aol%2F%C3%A9", "a+b%25%2B%3A%26"}, [2]string{id, secret})
}

func TestAuthMethodThatIsNotOffered(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	f.metadata = set(map[string]any{"token_endpoint_auth_methods_supported": []string{"private_key_jwt", "tls_client_auth"}})
	_, err := f.client(func(c *Config) { c.ClientSecret = trace.NewSecret("client_secret", clientSecret) }).Run(t.Context())
	requireCode(t, err, "usage.client_auth_not_offered")
	require.Zero(t, f.count("/token"))
}

func TestClientAssertion(t *testing.T) {
	t.Parallel()
	ec := func(curve elliptic.Curve) crypto.Signer {
		key, err := ecdsa.GenerateKey(curve, rand.Reader)
		require.NoError(t, err)
		return key
	}
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	require.NoError(t, err)
	_, edKey, err := ed25519.GenerateKey(rand.Reader)
	require.NoError(t, err)
	for name, c := range map[string]struct {
		key     crypto.Signer // nil: the secret
		offered []string
		alg     string
	}{
		"RSA":                         {rsaKey, nil, "RS256"},
		"RSA where PS256 is offered":  {rsaKey, []string{"PS256", "ES256"}, "PS256"},
		"P-256":                       {ec(elliptic.P256()), nil, "ES256"},
		"P-384":                       {ec(elliptic.P384()), nil, "ES384"},
		"P-521":                       {ec(elliptic.P521()), nil, "ES512"},
		"Ed25519":                     {edKey, nil, "EdDSA"},
		"a key in a box":              {struct{ crypto.Signer }{rsaKey}, nil, "RS256"},
		"a secret":                    {nil, nil, "HS256"},
		"P-224, which has no alg":     {ec(elliptic.P224()), nil, ""},
		"RSA where it is not offered": {rsaKey, []string{"ES256"}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFake(t)
			if c.offered != nil {
				f.metadata = set(map[string]any{"token_endpoint_auth_signing_alg_values_supported": c.offered})
			}
			cl := f.client(func(cfg *Config) {
				cfg.ClientKey, cfg.ClientKeyID, cfg.ClientAuth = c.key, "my-key", AuthPrivateKeyJWT
				if c.key == nil {
					cfg.ClientSecret, cfg.ClientAuth = trace.NewSecret("client_secret", clientSecret), AuthSecretJWT
				}
			})
			_, err := cl.Run(t.Context())
			if c.alg == "" {
				requireCode(t, err, "usage.bad_client_key")
				require.Zero(t, f.count("/token"))
				return
			}
			require.NoError(t, err)
			form, _ := f.form("/token")
			require.Equal(t, "urn:ietf:params:oauth:client-assertion-type:jwt-bearer", form.Get("client_assertion_type"))
			jws, err := jose.ParseSignedCompact(form.Get("client_assertion"), []jose.SignatureAlgorithm{jose.SignatureAlgorithm(c.alg)})
			require.NoError(t, err)
			verifyWith := any([]byte(clientSecret))
			if c.key != nil {
				verifyWith = c.key.Public()
				require.Equal(t, "my-key", jws.Signatures[0].Header.KeyID)
			}
			payload, err := jws.Verify(verifyWith)
			require.NoError(t, err)
			var claims struct {
				Iss, Sub, Aud, Jti string
				Iat, Exp           int64
			}
			require.NoError(t, json.Unmarshal(payload, &claims))
			require.Equal(t, [3]string{"tool", "tool", f.URL + "/token"}, [3]string{claims.Iss, claims.Sub, claims.Aud})
			require.Equal(t, int64(60), claims.Exp-claims.Iat)
			require.GreaterOrEqual(t, len(claims.Jti), 43)
		})
	}
}

// An assertion may be used once, and a provider that turned a request away may have looked at it.
func TestEachAttemptHasItsOwnAssertion(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	seen := map[string]bool{}
	f.handlers["/token"] = func(w http.ResponseWriter, r *http.Request) {
		seen[r.PostFormValue("client_assertion")] = true
		if len(seen) < 3 {
			w.WriteHeader(http.StatusTooManyRequests)
			return
		}
		f.json(w, f.tokenResponse())
	}
	_, err := f.client(func(c *Config) {
		c.ClientSecret, c.ClientAuth = trace.NewSecret("client_secret", clientSecret), AuthSecretJWT
	}).Run(t.Context())
	require.NoError(t, err)
	require.Equal(t, 3, f.count("/token"))
}

func TestSecretTooShortForHMAC(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	_, err := f.client(func(c *Config) {
		c.ClientSecret, c.ClientAuth = trace.NewSecret("client_secret", "short"), AuthSecretJWT
	}).Run(t.Context())
	requireCode(t, err, "usage.short_client_secret")
	require.Zero(t, f.count("/token"))
}

func TestExchangeRefuses(t *testing.T) {
	t.Parallel()
	const json = "application/json"
	ok := func(members string) string {
		return `{"access_token":"access-1","token_type":"Bearer",` + members + `}`
	}
	for name, c := range map[string]struct {
		handler http.HandlerFunc
		code    string
	}{
		"invalid_grant":                      {answerWith(400, json, `{"error":"invalid_grant","error_description":"PKCE verification failed."}`), "exchange.invalid_grant"},
		"an error with 200":                  {answerWith(200, json, `{"error":"invalid_grant"}`), "exchange.invalid_grant"},
		"Okta's unknown client":              {answerWith(401, json, `{"errorCode":"invalid_client","errorSummary":"Invalid value for 'client_id' parameter.","errorLink":"invalid_client","errorId":"oae","errorCauses":[]}`), "exchange.invalid_client"},
		"an error that is no string":         {answerWith(400, json, `{"error":{"code":7}}`), "exchange.http_error"},
		"a description that is no string":    {answerWith(400, json, `{"error":"invalid_grant","error_description":[1]}`), "exchange.invalid_grant"},
		"an error that repeats the code":     {answerWith(400, json, `{"error":"code-1","error_description":"code-1 is not valid"}`), "exchange.redacted"},
		"an error of the server in JSON":     {answerWith(500, json, `{"error":"server_error"}`), "exchange.server_error"},
		"an error of the server in HTML":     {answerWith(502, "text/html", `<title>code-1</title>`), "exchange.server_error"},
		"server_error with 400":              {answerWith(400, json, `{"error":"server_error"}`), "exchange.server_error"},
		"rate limited for ever":              {answerWith(429, json, `{"errorCode":"E0000047","errorSummary":"API call exceeded rate limit due to too many requests."}`), "exchange.rate_limited"},
		"rate limited beyond the deadline":   {answerWith(429, json, `{}`, "Retry-After", "86400"), "exchange.rate_limited"},
		"not found":                          {answerWith(404, "text/plain", "404"), "exchange.not_found"},
		"HTML with 200":                      {answerWith(200, "text/html; charset=utf-8", `<html><head><title>Sign in</title>`), "exchange.not_json"},
		"HTML called JSON":                   {answerWith(200, json, ` <html>`), "exchange.not_json"},
		"a form":                             {answerWith(200, "application/x-www-form-urlencoded", `access_token=a&token_type=bearer`), "exchange.not_json"},
		"nothing":                            {answerWith(200, json, ``), "exchange.not_json"},
		"white space":                        {answerWith(200, json, " \n"), "exchange.not_json"},
		"no content":                         {answerWith(204, "", ""), "exchange.not_json"},
		"an end too early":                   {answerWith(200, json, `{"access_token":"access-1"`), "exchange.malformed"},
		"access_token twice":                 {answerWith(200, json, ok(`"access_token":"b"`)), "exchange.malformed"},
		"a name twice further in":            {answerWith(200, json, ok(`"x":[{"a":1,"a":2}]`)), "exchange.malformed"},
		"more after the object":              {answerWith(200, json, ok(`"x":1`)+"x"), "exchange.malformed"},
		"deep nesting":                       {answerWith(200, json, ok(`"x":`+strings.Repeat("[", 20000)+strings.Repeat("]", 20000))), "exchange.malformed"},
		"too large":                          {answerWith(200, json, ok(`"x":"`+strings.Repeat("a", maxBody)+`"`)), "exchange.too_large"},
		"no access_token":                    {answerWith(200, json, `{"token_type":"Bearer"}`), "exchange.missing_access_token"},
		"an empty access_token":              {answerWith(200, json, `{"token_type":"Bearer","access_token":""}`), "exchange.missing_access_token"},
		"ACCESS_TOKEN":                       {answerWith(200, json, `{"token_type":"Bearer","ACCESS_TOKEN":"a"}`), "exchange.missing_access_token"},
		"access_token as a number":           {answerWith(200, json, `{"token_type":"Bearer","access_token":1}`), "exchange.malformed"},
		"no token_type":                      {answerWith(200, json, `{"access_token":"access-1"}`), "exchange.token_type"},
		"a token_type nobody knows":          {answerWith(200, json, `{"access_token":"access-1","token_type":"mac"}`), "exchange.token_type"},
		"DPoP though not asked for":          {answerWith(200, json, `{"access_token":"access-1","token_type":"DPoP"}`), "exchange.token_type"},
		"expires_in as a word":               {answerWith(200, json, ok(`"expires_in":"soon"`)), "exchange.malformed"},
		"expires_in below zero":              {answerWith(200, json, ok(`"expires_in":-1`)), "exchange.malformed"},
		"expires_in as an object":            {answerWith(200, json, ok(`"expires_in":{}`)), "exchange.malformed"},
		"scope as an array":                  {answerWith(200, json, ok(`"scope":["openid"]`)), "exchange.malformed"},
		"id_token as an object":              {answerWith(200, json, ok(`"id_token":{}`)), "exchange.malformed"},
		"a redirect":                         {answerWith(302, "", "", "Location", "https://evil.example/?code=code-1"), "exchange.redirect"},
		"a redirect that keeps the method":   {answerWith(307, "", "", "Location", "/elsewhere"), "exchange.redirect"},
		"a redirect to nowhere":              {answerWith(302, "", ""), "exchange.redirect"},
		"a nonce demanded of who has no key": {answerWith(400, json, `{"error":"use_dpop_nonce"}`, "DPoP-Nonce", "n"), "exchange.use_dpop_nonce"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFake(t)
			f.handlers["/token"] = c.handler
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			r, err := f.client(nil).Run(ctx)
			requireCode(t, err, c.code)
			require.True(t, r.Tokens.AccessToken.IsZero())
			require.Zero(t, f.count("/keys"))
			require.Zero(t, f.count("/elsewhere"))
			if c.code != "exchange.rate_limited" {
				require.Equal(t, 1, f.count("/token"))
			}
		})
	}
}

func TestExchangeBears(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		tokens map[string]any
		check  func(*testing.T, *Tokens)
	}{
		"bEARER":                   {map[string]any{"token_type": "bEARER"}, func(t *testing.T, k *Tokens) { require.Equal(t, "Bearer", k.TokenType) }},
		"no expires_in":            {map[string]any{"expires_in": nil}, func(t *testing.T, k *Tokens) { require.Zero(t, k.Expiry) }},
		"expires_in in quotes":     {map[string]any{"expires_in": "60"}, func(t *testing.T, k *Tokens) { requireSoon(t, k.Expiry, time.Minute) }},
		"expires_in with fraction": {map[string]any{"expires_in": 60.5}, func(t *testing.T, k *Tokens) { requireSoon(t, k.Expiry, time.Minute) }},
		"expires_in for ever":      {map[string]any{"expires_in": 1e300}, func(t *testing.T, k *Tokens) { require.True(t, k.Expiry.After(time.Now())) }},
		"no scope":                 {map[string]any{"scope": nil}, func(t *testing.T, k *Tokens) { require.Equal(t, []string{"openid"}, k.Scopes) }},
		"scopes in another order":  {map[string]any{"scope": "b  a openid"}, func(t *testing.T, k *Tokens) { require.Equal(t, []string{"b", "a", "openid"}, k.Scopes) }},
		"no refresh token":         {map[string]any{"refresh_token": nil}, func(t *testing.T, k *Tokens) { require.True(t, k.RefreshToken.IsZero()) }},
		"further members": {map[string]any{"device_secret": "d", "n": 1}, func(t *testing.T, k *Tokens) {
			require.Equal(t, map[string]any{"device_secret": "d", "n": json.Number("1")}, k.Extra)
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFake(t)
			f.tokens = set(c.tokens)
			r, err := f.client(nil).Run(t.Context())
			require.NoError(t, err)
			c.check(t, &r.Tokens)
		})
	}
}

func requireSoon(t *testing.T, got time.Time, in time.Duration) {
	t.Helper()
	require.WithinDuration(t, time.Now().Add(in), got, 10*time.Second)
}

func TestProviderErrorOfTheTokenEndpoint(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	f.handlers["/token"] = answerWith(400, "application/json",
		`{"error":"invalid_grant","error_description":"The 'redirect_uri' does not match.","error_uri":"https://h/x"}`)
	_, err := f.client(nil).Run(t.Context())
	e := requireCode(t, err, "exchange.invalid_grant")
	require.Equal(t, trace.Exchange, e.Step)
	require.Contains(t, e.Hint, "register the redirect URI")
	var p *ProviderError
	require.ErrorAs(t, err, &p)
	require.Equal(t, &ProviderError{"invalid_grant", "The 'redirect_uri' does not match.", "https://h/x", 400}, p)
}

func TestHTMLIsNamedByItsTitle(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	f.handlers["/token"] = answerWith(200, "text/html", "<html><TITLE id=x>Example\n  Portal\x1b]0;</TITLE>")
	_, err := f.client(nil).Run(t.Context())
	e := requireCode(t, err, "exchange.not_json")
	require.Contains(t, e.Error(), `an HTML page titled "Example Portal]0;"`)
}

func TestRateLimitIsWaitedOut(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	for name, c := range map[string]struct {
		header []string
		want   time.Duration
	}{
		"reset against Date":          {[]string{"Date", now.Format(http.TimeFormat), "X-Rate-Limit-Reset", strconv.FormatInt(now.Unix()+7, 10)}, 7 * time.Second},
		"reset is now":                {[]string{"Date", now.Format(http.TimeFormat), "X-Rate-Limit-Reset", strconv.FormatInt(now.Unix(), 10)}, time.Second},
		"Retry-After in seconds":      {[]string{"Retry-After", "9"}, 9 * time.Second},
		"Retry-After as a date":       {[]string{"Date", now.Format(http.TimeFormat), "Retry-After", now.Add(11 * time.Second).Format(http.TimeFormat)}, 11 * time.Second},
		"neither":                     {nil, time.Second},
		"a reset that is no number":   {[]string{"X-Rate-Limit-Reset", "x", "Retry-After", "3"}, 3 * time.Second},
		"a reset in the past is soon": {[]string{"X-Rate-Limit-Reset", "1"}, time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFake(t)
			f.handlers["/token"] = func(w http.ResponseWriter, r *http.Request) {
				if f.count("/token") == 1 {
					answerWith(429, "application/json", `{}`, c.header...)(w, r)
					return
				}
				f.json(w, f.tokenResponse())
			}
			var waits []time.Duration
			cl := f.client(func(cfg *Config) {
				cfg.Wait = func(_ context.Context, d time.Duration) error { waits = append(waits, d); return nil }
			})
			_, err := cl.Run(t.Context())
			require.NoError(t, err)
			require.Equal(t, []time.Duration{c.want}, waits)
			require.Equal(t, 2, f.count("/token"))
		})
	}
}

func TestWaitEndsWithItsContext(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	f.handlers["/token"] = answerWith(429, "application/json", `{}`, "Retry-After", "30")
	ctx, cancel := context.WithCancel(t.Context())
	c := f.client(func(cfg *Config) {
		cfg.Wait = func(ctx context.Context, d time.Duration) error { cancel(); return timer(ctx, d) }
	})
	_, err := c.Run(ctx)
	requireCode(t, err, "exchange.canceled")
}

func TestTimerWaits(t *testing.T) {
	t.Parallel()
	require.NoError(t, timer(t.Context(), time.Nanosecond))
}

// A provider that reads the request and does not answer costs RequestTimeout, and one that answers drop by drop too.
func TestRequestTimeout(t *testing.T) {
	t.Parallel()
	for name, begin := range map[string]string{"before the answer": "", "within the answer": `{"access_token":`} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFake(t)
			f.handlers["/token"] = func(w http.ResponseWriter, r *http.Request) {
				if begin != "" {
					_, _ = w.Write([]byte(begin)) // the client sees it or not
					_ = http.NewResponseController(w).Flush()
				}
				<-r.Context().Done()
			}
			_, err := f.client(func(c *Config) { c.RequestTimeout = 50 * time.Millisecond }).Run(t.Context())
			requireCode(t, err, "exchange.timeout")
			require.ErrorIs(t, err, context.DeadlineExceeded)
		})
	}
}

func TestConnectionThatEndsWithinTheAnswer(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	f.handlers["/token"] = func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "100")
		_, _ = w.Write([]byte(`{"access_token":`)) // shorter than it says
	}
	_, err := f.client(nil).Run(t.Context())
	requireCode(t, err, "env.unreachable")
	require.Equal(t, 1, f.count("/token"))
}
