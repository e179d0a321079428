package flow

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/stretchr/testify/require"

	"github.com/oidcflow/oidcflow/flow/trace"
)

// readProof returns header and claims of a DPoP proof, which its own key must have signed.
func readProof(t *testing.T, raw string) (jose.Header, map[string]any) {
	t.Helper()
	jws, err := jose.ParseSignedCompact(raw, []jose.SignatureAlgorithm{jose.ES256})
	require.NoError(t, err)
	h := jws.Signatures[0].Header
	require.NotNil(t, h.JSONWebKey)
	require.True(t, h.JSONWebKey.IsPublic())
	payload, err := jws.Verify(h.JSONWebKey)
	require.NoError(t, err)
	var claims map[string]any
	require.NoError(t, json.Unmarshal(payload, &claims))
	return h, claims
}

func bound(f *fake) *Client { return f.client(func(c *Config) { c.DPoP = true }) }

func TestDPoPProof(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	c := bound(f)
	raw, err := c.DPoPProof("POST", "https://api.example.com/x%20y?q=1#f", trace.NewSecret("access_token", "access-1"))
	requireCode(t, err, "usage.bad_url") // a fragment is sent to nobody
	require.Empty(t, raw)
	raw, err = c.DPoPProof("POST", "https://api.example.com/x%20y?q=1", trace.NewSecret("access_token", "access-1"))
	require.NoError(t, err)
	header, claims := readProof(t, raw)
	require.Equal(t, "dpop+jwt", header.ExtraHeaders["typ"])
	hash := sha256.Sum256([]byte("access-1"))
	require.Equal(t, "POST", claims["htm"])
	require.Equal(t, "https://api.example.com/x%20y", claims["htu"])
	require.Equal(t, base64.RawURLEncoding.EncodeToString(hash[:]), claims["ath"])
	require.InDelta(t, float64(time.Now().Unix()), claims["iat"], 5)
	require.NotContains(t, claims, "nonce")
	again, err := c.DPoPProof("POST", "https://api.example.com/x", trace.Secret{})
	require.NoError(t, err)
	_, other := readProof(t, again)
	require.NotEqual(t, claims["jti"], other["jti"])
	require.NotContains(t, other, "ath")

	_, err = f.client(nil).DPoPProof("GET", "https://a", trace.Secret{})
	requireCode(t, err, "usage.no_dpop")
}

func TestDPoPNonceIsTakenOnce(t *testing.T) {
	t.Parallel()
	demand := answerWith(400, "application/json", `{"error":"use_dpop_nonce"}`, "DPoP-Nonce", "n1")
	for name, c := range map[string]struct {
		first http.HandlerFunc // nil: none is demanded
		all   bool             // demanded again and again
		count int
		code  string
	}{
		"no nonce":         {count: 1},
		"a nonce":          {first: demand, count: 2},
		"always a new one": {first: demand, all: true, count: 2, code: "exchange.use_dpop_nonce"},
		"a demand without": {first: answerWith(400, "application/json", `{"error":"use_dpop_nonce"}`), count: 1, code: "exchange.use_dpop_nonce"},
		"another error":    {first: answerWith(400, "application/json", `{"error":"invalid_grant"}`, "DPoP-Nonce", "n1"), count: 1, code: "exchange.invalid_grant"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFake(t)
			f.tokens = set(map[string]any{"token_type": "dpop"})
			f.handlers["/token"] = func(w http.ResponseWriter, r *http.Request) {
				if c.first != nil && (c.all || f.count("/token") == 1) {
					c.first(w, r)
					return
				}
				f.json(w, f.tokenResponse())
			}
			r, err := bound(f).Run(t.Context())
			require.Equal(t, c.count, f.count("/token"))
			if c.code != "" {
				requireCode(t, err, c.code)
				return
			}
			require.NoError(t, err)
			require.Equal(t, "DPoP", r.Tokens.TokenType)
			_, header := f.form("/token")
			_, claims := readProof(t, header.Get("DPoP"))
			require.Equal(t, f.URL+"/token", claims["htu"])
			if c.first != nil {
				require.Equal(t, "n1", claims["nonce"])
			}
		})
	}
}

func TestDPoPAtAResource(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	f.tokens = set(map[string]any{"token_type": "DPoP"})
	f.handlers["/userinfo"] = func(w http.ResponseWriter, r *http.Request) {
		if f.count("/userinfo") == 1 { // the scheme is case insensitive
			answerWith(401, "", "", "WWW-Authenticate", `dpop error="use_dpop_nonce"`, "DPoP-Nonce", "n2")(w, r)
			return
		}
		f.json(w, map[string]any{"sub": "alice"})
	}
	c := bound(f)
	r, err := c.Run(t.Context())
	require.NoError(t, err)
	_, err = c.UserInfo(t.Context(), &r.Tokens, "alice")
	require.NoError(t, err)
	require.Equal(t, 2, f.count("/userinfo"))
	_, header := f.form("/userinfo")
	require.Equal(t, "DPoP access-1", header.Get("Authorization"))
	_, claims := readProof(t, header.Get("DPoP"))
	require.Equal(t, "n2", claims["nonce"])
	require.Equal(t, "GET", claims["htm"])
}

func TestDPoPBindsTheCode(t *testing.T) { // RFC 9449 §10
	t.Parallel()
	c := bound(newFake(t))
	a, err := c.Authorize(t.Context())
	require.NoError(t, err)
	require.Equal(t, c.dpop.thumbprint, a.URL.Query().Get("dpop_jkt"))
}

func TestDPoPRefusesTokensThatAreNotBound(t *testing.T) {
	t.Parallel()
	token := func(f *fake, claims map[string]any) string { return f.sign(nil, claims) }
	for name, c := range map[string]struct {
		tokens func(*fake, *Client) map[string]any
		code   string
	}{
		"Bearer": {func(*fake, *Client) map[string]any { return map[string]any{"token_type": "Bearer"} }, "exchange.token_type"},
		"another key": {func(f *fake, _ *Client) map[string]any {
			return map[string]any{"token_type": "DPoP", "access_token": token(f, map[string]any{"cnf": map[string]any{"jkt": "x"}})}
		}, "exchange.dpop_binding"},
		"a key that is no key": {func(f *fake, _ *Client) map[string]any {
			return map[string]any{"token_type": "DPoP", "access_token": token(f, map[string]any{"cnf": map[string]any{"jkt": 1}})}
		}, "exchange.dpop_binding"},
		"our key": {func(f *fake, c *Client) map[string]any {
			return map[string]any{"token_type": "DPoP", "access_token": token(f, map[string]any{"cnf": map[string]any{"jkt": c.dpop.thumbprint}})}
		}, ""},
		"no key in a JWT": {func(f *fake, _ *Client) map[string]any {
			return map[string]any{"token_type": "DPoP", "access_token": token(f, map[string]any{"cnf": 1})}
		}, ""},
		"dots and no JWT": {func(*fake, *Client) map[string]any {
			return map[string]any{"token_type": "DPoP", "access_token": "a.b.c"}
		}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFake(t)
			f.claims = set(map[string]any{"at_hash": nil})
			client := bound(f)
			f.tokens = set(c.tokens(f, client))
			_, err := client.Run(t.Context())
			if c.code != "" {
				requireCode(t, err, c.code)
				return
			}
			require.NoError(t, err)
		})
	}
}
