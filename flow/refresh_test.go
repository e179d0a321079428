package flow

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestRefresh(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		tokens, claims map[string]any // of the second response
		refresh        string         // the refresh token afterwards
		code           string
	}{
		"rotation":                 {tokens: map[string]any{"refresh_token": "refresh-2"}, refresh: "refresh-2"},
		"no new refresh token":     {tokens: map[string]any{"refresh_token": nil}, refresh: "refresh-1"},
		"no ID token":              {tokens: map[string]any{"id_token": nil}, refresh: "refresh-1"},
		"no nonce":                 {claims: map[string]any{"nonce": nil}, refresh: "refresh-1"},
		"no auth_time":             {claims: map[string]any{"auth_time": nil}, refresh: "refresh-1"},
		"another issuer":           {claims: map[string]any{"iss": "https://evil.example"}, code: "verify.iss"},
		"another user":             {claims: map[string]any{"sub": "alice1"}, code: "verify.sub"},
		"another client":           {claims: map[string]any{"aud": "tool1"}, code: "verify.aud"},
		"another nonce":            {claims: map[string]any{"nonce": "n1"}, code: "verify.nonce"},
		"another sign-in":          {claims: map[string]any{"auth_time": 1}, code: "verify.auth_time"},
		"expired":                  {claims: map[string]any{"exp": 1}, code: "verify.exp"},
		"of another access token":  {claims: map[string]any{"at_hash": "w6BLQV3642TKWvaVwTAJuw"}, code: "verify.at_hash"},
		"no access token":          {tokens: map[string]any{"access_token": nil}, code: "refresh.missing_access_token"},
		"another token type":       {tokens: map[string]any{"token_type": "mac"}, code: "refresh.token_type"},
		"an error with status 200": {tokens: map[string]any{"error": "invalid_grant"}, code: "refresh.invalid_grant"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFake(t)
			client := f.client(nil)
			r, err := client.Run(t.Context())
			require.NoError(t, err)
			before := *r
			authTime := r.IDTokenClaims["auth_time"]
			f.claims = func(m map[string]any) { m["auth_time"] = authTime; set(c.claims)(m) }
			f.tokens = set(c.tokens)
			fresh, err := client.Refresh(t.Context(), r)
			require.Equal(t, before, *r, "what was given is left as it was")
			form, _ := f.form("/token")
			require.Equal(t, url.Values{"grant_type": {"refresh_token"}, "refresh_token": {"refresh-1"}, "client_id": {"tool"}}, form)
			if c.code != "" {
				requireCode(t, err, c.code)
				return
			}
			require.NoError(t, err)
			require.Equal(t, c.refresh, fresh.Tokens.RefreshToken.Reveal())
			require.Equal(t, "alice", fresh.IDTokenClaims["sub"])
			require.False(t, fresh.Tokens.IDToken.IsZero())
		})
	}
}

// A cache may keep claims as encoding/json reads them.
func TestRefreshOfAKeptResult(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	c := f.client(nil)
	r, err := c.Run(t.Context())
	require.NoError(t, err)
	data, err := json.Marshal(r.IDTokenClaims)
	require.NoError(t, err)
	authTime := r.IDTokenClaims["auth_time"]
	r.IDTokenClaims = nil
	require.NoError(t, json.Unmarshal(data, &r.IDTokenClaims))
	f.claims = set(map[string]any{"auth_time": authTime})
	fresh, err := c.Refresh(t.Context(), r)
	require.NoError(t, err)
	require.Contains(t, fresh.Verified, "auth_time")
	f.claims = set(map[string]any{"auth_time": 1})
	_, err = c.Refresh(t.Context(), r)
	requireCode(t, err, "verify.auth_time")
}

func TestRefreshWithoutARefreshToken(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	_, err := f.client(nil).Refresh(t.Context(), &Result{})
	requireCode(t, err, "refresh.missing_refresh_token")
	require.Zero(t, f.count("/token"))
}

// memory is a cache of one process.
type memory struct {
	kept map[string]*Result
	fail error
}

func (m *memory) Load(_ context.Context, key string) (*Result, error) { return m.kept[key], m.fail }

func (m *memory) Store(_ context.Context, key string, r *Result) error {
	m.kept[key] = r
	return m.fail
}

func TestToken(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	now := time.Now()
	cache := &memory{kept: map[string]*Result{}}
	signIns := 0
	c := f.client(func(cfg *Config) {
		cfg.Cache, cfg.Now = cache, func() time.Time { return now }
		cfg.SignIn = driver(func(ctx context.Context, r Request) (*Callback, error) { signIns++; return f.SignIn(ctx, r) })
	})
	token := func(wantSignIns, wantRequests int) *Result {
		t.Helper()
		r, err := c.Token(t.Context())
		require.NoError(t, err)
		require.Equal(t, [2]int{wantSignIns, wantRequests}, [2]int{signIns, f.count("/token")})
		return r
	}
	token(1, 1)
	token(1, 1) // kept
	now = now.Add(time.Hour - 59*time.Second)
	f.claims = func(m map[string]any) {
		m["iat"], m["exp"] = now.Unix(), now.Add(time.Hour).Unix()
		m["auth_time"] = cache.kept[c.cacheKey()].IDTokenClaims["auth_time"]
	}
	f.tokens = set(map[string]any{"refresh_token": "refresh-2"})
	require.Equal(t, "refresh-2", token(1, 2).Tokens.RefreshToken.Reveal()) // less than MinTTL: refreshed
	token(1, 2)
	require.Len(t, cache.kept, 1)

	// A refresh token that is refused leads to a sign-in.
	now = now.Add(time.Hour)
	f.handlers["/token"] = func(w http.ResponseWriter, r *http.Request) {
		if r.PostFormValue("grant_type") == "refresh_token" {
			answerWith(400, "application/json", `{"error":"invalid_grant"}`)(w, r)
			return
		}
		f.json(w, f.tokenResponse())
	}
	token(2, 4)

	// Any other trouble is told: the token may still be good.
	now = now.Add(time.Hour)
	f.handlers["/token"] = answerWith(500, "", "")
	_, err := c.Token(t.Context())
	requireCode(t, err, "refresh.server_error")
	require.Equal(t, 2, signIns)
}

func TestTokenWithoutCache(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	c := f.client(nil)
	for range 2 {
		_, err := c.Token(t.Context())
		require.NoError(t, err)
	}
	require.Equal(t, 2, f.count("/token"))
}

func TestTokenLeavesBoundTokensOutOfTheCache(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	f.tokens = set(map[string]any{"token_type": "DPoP"})
	cache := &memory{kept: map[string]*Result{}}
	_, err := f.client(func(c *Config) { c.DPoP, c.Cache = true, cache }).Token(t.Context())
	require.NoError(t, err)
	require.Empty(t, cache.kept)
}

func TestTokenDoesNotTrustTheCache(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	cache := &memory{kept: map[string]*Result{}}
	c := f.client(func(c *Config) { c.Cache = cache })
	other := &Result{Issuer: "https://evil.example", ClientID: "tool", Tokens: Tokens{Expiry: time.Now().Add(time.Hour)}}
	cache.kept[c.cacheKey()] = other
	r, err := c.Token(t.Context())
	require.NoError(t, err)
	require.NotSame(t, other, r)

	cache.fail = errDriver
	_, err = c.Token(t.Context())
	requireCode(t, err, "env.cache")
}

func TestCacheKeyTellsRequestsApart(t *testing.T) {
	t.Parallel()
	seen := map[string]string{}
	for name, change := range map[string]func(*Config){
		"plain":     func(*Config) {},
		"issuer":    func(c *Config) { c.Issuer += "/x" },
		"client":    func(c *Config) { c.ClientID = "x" },
		"user":      func(c *Config) { c.CacheKey = "alice" },
		"scopes":    func(c *Config) { c.Scopes = []string{"openid", "email"} },
		"acr":       func(c *Config) { c.ACRValues = []string{"phr"} },
		"parameter": func(c *Config) { c.Params = url.Values{"audience": {"api"}} },
	} {
		cfg := Config{Issuer: "https://id.example.com", ClientID: "tool"}
		change(&cfg)
		c, err := New(cfg)
		require.NoError(t, err)
		require.Empty(t, seen[c.cacheKey()], name)
		seen[c.cacheKey()] = name
	}
}
