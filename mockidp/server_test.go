package mockidp

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"github.com/oauth2-proxy/mockoidc"
	"github.com/stretchr/testify/require"
)

func TestStartRefuses(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		cfg  Config
		want string
	}{
		"an address for everybody":             {Config{Listen: "0.0.0.0:0"}, "needs InsecureListen"},
		"an address without a host":            {Config{Listen: ":0"}, "needs InsecureListen"},
		"an address without a port":            {Config{Listen: "localhost"}, "missing port"},
		"an unknown profile":                   {Config{Profile: "auth0"}, `profile: want one of okta, strict, got "auth0"`},
		"an unknown login":                     {Config{Login: "smile"}, "login: want one of form, auto"},
		"an issuer with a query":               {Config{IssuerURL: "https://idp.example/?x=1"}, "issuer url"},
		"an issuer that is no URL":             {Config{IssuerURL: "idp.example"}, "issuer url"},
		"an unknown alg":                       {Config{Servers: []AuthServer{{Name: "a", Alg: "HS256"}}}, `server a: alg: want one of`},
		"a server's name with a slash":         {Config{Servers: []AuthServer{{Name: "a/b"}}}, `server "a/b"`},
		"a client without an ID":               {Config{Clients: []Client{{}}}, "client has no id"},
		"a client of an unknown server":        {Config{Clients: []Client{{ID: "a", Server: "b"}}}, `unknown server "b"`},
		"a client with a script as redirect":   {Config{Clients: []Client{{ID: "a", RedirectURIs: []string{"javascript:alert(1)"}}}}, "javascript"},
		"a client with a fragment in redirect": {Config{Clients: []Client{{ID: "a", RedirectURIs: []string{"https://rp.example/#a"}}}}, "fragment"},
		"a method without a secret":            {Config{Clients: []Client{{ID: "a", AuthMethod: "client_secret_post"}}}, "needs a secret"},
		"a method without keys":                {Config{Clients: []Client{{ID: "a", AuthMethod: "private_key_jwt"}}}, "needs keys"},
		"an unknown method":                    {Config{Clients: []Client{{ID: "a", AuthMethod: "tls_client_auth"}}}, "token_endpoint_auth_method"},
		"keys that are none":                   {Config{Clients: []Client{{ID: "a", Keys: []byte(`{"keys":[]}`)}}}, "no key"},
		"a user without a login":               {Config{Users: []User{Person{}}}, "no login"},
		"a user that is nil":                   {Config{Users: []User{nil}}, "nil"},
		"a TOTP secret that is no base32":      {Config{Users: []User{Person{Login: "a", TOTP: "1!"}}}, `user "a": totp secret`},
		"tokens that never live":               {Config{Servers: []AuthServer{{Name: "a", AccessTokenTTL: -1}}}, "second at least"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := Start(tt.cfg)
			require.ErrorContains(t, err, tt.want)
		})
	}
}

// The object that the server command prints.
func TestReady(t *testing.T) {
	t.Parallel()
	s := StartT(t, Config{Seed: 7})
	raw, err := json.Marshal(s.Ready())
	require.NoError(t, err)
	var got map[string]any
	require.NoError(t, json.Unmarshal(raw, &got))
	require.Equal(t, s.URL, got["issuer"])
	require.Equal(t, map[string]any{"org": s.URL, "default": s.URL + "/oauth2/default"}, got["servers"])
	require.Equal(t, map[string]any{"url": s.URL + "/_mock/", "token": s.AdminToken()}, got["admin"])
	require.EqualValues(t, 7, got["seed"])
	clients := got["clients"].([]any)
	require.Len(t, clients, 2)
	require.NotContains(t, clients[0], "secret")
	require.NotEmpty(t, clients[1].(map[string]any)["secret"])
	require.Contains(t, clients[0].(map[string]any)["redirect_uris"], "https://app.example.com/callback")
	users := got["users"].([]any)
	require.NotEmpty(t, users[0].(map[string]any)["totp"])
	require.NotContains(t, users[1], "totp")
	require.NotEmpty(t, users[1].(map[string]any)["password"])

	again := StartT(t, Config{Seed: 7}) // the seed governs all but keys
	require.Equal(t, s.Ready().Users, again.Ready().Users)
	require.NotEqual(t, s.Ready().Users, StartT(t, Config{}).Ready().Users)
	require.Nil(t, StartT(t, Config{NoAdmin: true}).Ready().Admin)
}

func TestIssuerURLs(t *testing.T) {
	t.Parallel()
	// behind a proxy that passes the path on
	s := StartT(t, fast(Config{IssuerURL: "https://idp.example.test/base/", Login: "auto"}))
	require.Equal(t, "https://idp.example.test/base", s.Issuer(""))
	require.Equal(t, "https://idp.example.test/base/oauth2/default", s.Issuer("default"))
	require.Empty(t, s.Issuer("nobody"))
	for _, path := range []string{"/base/.well-known/openid-configuration", "/.well-known/openid-configuration"} {
		res, err := s.Client().Get(s.URL + path)
		require.NoError(t, err)
		var m map[string]any
		require.NoError(t, json.NewDecoder(res.Body).Decode(&m))
		require.NoError(t, res.Body.Close())
		require.Equal(t, "https://idp.example.test/base/oauth2/v1/token", m["token_endpoint"])
	}
	res, err := s.Client().Get(s.URL + "/basement/.well-known/openid-configuration") // another path that begins so
	require.NoError(t, err)
	require.NoError(t, res.Body.Close())
	require.Equal(t, 404, res.StatusCode)
	// the host of Listen
	local := StartT(t, Config{Listen: "localhost:0"})
	require.True(t, strings.HasPrefix(local.Issuer(""), "http://localhost:"), local.Issuer(""))
	all := StartT(t, Config{Listen: "0.0.0.0:0", InsecureListen: true})
	require.True(t, strings.HasPrefix(all.URL, "http://127.0.0.1:"), all.URL)
}

// Both documents, in both forms of their URLs (OpenID Connect Discovery 1.0 §4, RFC 8414 §3.1).
func TestMetadataURLs(t *testing.T) {
	t.Parallel()
	for _, profile := range []string{"okta", "strict"} {
		p := startRP(t, Config{Profile: profile})
		for _, kind := range []string{"openid-configuration", "oauth-authorization-server"} {
			for _, u := range []string{"/oauth2/default/.well-known/" + kind, "/.well-known/" + kind + "/oauth2/default"} {
				require.Equal(t, p.s.Issuer("default"), p.getJSON(p.s.URL + u)["issuer"], u)
			}
			require.Equal(t, p.s.Issuer("org"), p.getJSON(p.s.URL + "/.well-known/" + kind)["issuer"])
		}
	}
	okta := startRP(t, Config{})
	require.Equal(t, okta.s.URL+"/oauth2/v1/authorize", okta.endpoint("authorization_endpoint"))
	require.Equal(t, okta.s.URL+"/oauth2/default/v1/token", newRP(t, okta.s, "default").endpoint("token_endpoint"))
	strict := startRP(t, Config{Profile: "strict"})
	require.NotContains(t, strict.endpoint("token_endpoint"), "v1")
	require.Equal(t, true, strict.metadata["authorization_response_iss_parameter_supported"])
}

func TestTLSIsTLS(t *testing.T) {
	t.Parallel()
	s := StartT(t, fast(Config{TLS: true, Login: "auto"}))
	require.True(t, strings.HasPrefix(s.URL, "https://"))
	got := newRP(t, s, "").tokens()
	require.NotEmpty(t, got["id_token"])
	_, err := new(http.Client).Get(s.URL)
	require.ErrorContains(t, err, "certificate")
	require.Contains(t, string(s.CAPEM()), "BEGIN CERTIFICATE")
	require.Nil(t, StartT(t, Config{}).CAPEM())

	a, err := newAuthority("idp.example.test")
	require.NoError(t, err)
	own := StartT(t, Config{Certificate: a.leaf})
	res, err := own.Client().Get(own.URL)
	require.NoError(t, err)
	require.NoError(t, res.Body.Close())
	require.Equal(t, tls.VersionTLS13, int(res.TLS.Version))
}

func TestCloseAndWait(t *testing.T) {
	t.Parallel()
	s, err := Start(Config{})
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.NoError(t, s.Wait(ctx))
	require.NoError(t, s.SetFault("slow-login-page")) // a request that hangs does not keep it open
	pending := make(chan error, 1)
	go func() {
		res, err := s.Client().Get(s.URL + signInPath)
		if err == nil {
			err = res.Body.Close()
		}
		pending <- err
	}()
	require.NoError(t, s.Close())
	<-s.Done()
	<-pending
	require.NoError(t, s.Wait(t.Context()))
	require.NoError(t, s.Close())

	free, err := Start(Config{Listen: strings.TrimPrefix(s.URL, "http://")}) // the port is free again
	require.NoError(t, err)
	defer free.Close()
	_, err = Start(Config{Listen: strings.TrimPrefix(s.URL, "http://")})
	require.ErrorContains(t, err, "address already in use")
}

// Sixty-four users at once, each of whom gets their own tokens.
func TestUsersAtOnce(t *testing.T) {
	t.Parallel()
	const n = 64
	var users []User
	for i := range n {
		users = append(users, Person{Login: fmt.Sprintf("user%d", i), Password: "p", TOTP: "JBSWY3DPEHPK3PXP"})
	}
	for _, login := range []string{"auto", "form"} {
		t.Run(login, func(t *testing.T) {
			t.Parallel()
			s := StartT(t, fast(Config{Login: login, Users: users}))
			var wg sync.WaitGroup
			for i := range n {
				wg.Go(func() {
					p := newRP(t, s, []string{"", "default"}[i%2])
					name := fmt.Sprintf("user%d", i)
					a := p.authorize("scope", "openid profile offline_access", "login_hint", name)
					if login == "form" {
						a = p.signIn(a, name)
					}
					got := p.exchange(p.callback(a).Get("code")).json(t)
					if id := p.claims(got["id_token"]); id["preferred_username"] != name {
						t.Errorf("id token of %s: %v", name, id)
					}
					info := p.userinfo(got["access_token"]).json(t)
					if info["preferred_username"] != name {
						t.Errorf("userinfo of %s: %v", name, info)
					}
					if i%8 == 0 {
						if err := s.RotateKeys("default"); err != nil {
							t.Error(err)
						}
						s.Clock().Advance(time.Second)
						s.Requests()
						s.Ready()
					}
					if a := p.refresh(got["refresh_token"]); a.status != 200 {
						t.Errorf("refresh of %s: %s", name, a.body)
					}
				})
			}
			wg.Wait()
		})
	}
}

// A code is redeemed by one of many who try at once.
func TestOneOfManyRedeemsACode(t *testing.T) {
	t.Parallel()
	p := startRP(t, Config{Login: "auto"})
	code := p.code()
	var mu sync.Mutex
	got := map[int]int{}
	var wg sync.WaitGroup
	for range 16 {
		wg.Go(func() {
			a := p.exchange(code)
			mu.Lock()
			defer mu.Unlock()
			got[a.status]++
		})
	}
	wg.Wait()
	require.Equal(t, map[int]int{200: 1, 400: 15}, got)
}

func TestAlgorithms(t *testing.T) {
	t.Parallel()
	cfg := Config{Login: "auto"}
	for _, alg := range []string{"RS256", "PS256", "ES256", "EdDSA"} {
		cfg.Servers = append(cfg.Servers, AuthServer{Name: alg, Alg: alg})
	}
	s := StartT(t, cfg)
	for _, as := range cfg.Servers {
		t.Run(as.Alg, func(t *testing.T) {
			t.Parallel()
			p := newRP(t, s, as.Name)
			got := p.tokens("scope", "openid email")
			require.Equal(t, map[string]any{"alg": as.Alg, "kid": p.part(got["id_token"], 0)["kid"]}, p.part(got["id_token"], 0))
			require.NoError(t, verifySignature(t, p, got["id_token"].(string)))
			require.NoError(t, verifySignature(t, p, got["access_token"].(string)))
			// go-oidc, which shares nothing with the mint
			ctx := oidc.ClientContext(t.Context(), s.Client())
			provider, err := oidc.NewProvider(ctx, p.issuer)
			require.NoError(t, err)
			token, err := provider.Verifier(&oidc.Config{ClientID: "oidcflow"}).Verify(ctx, got["id_token"].(string))
			require.NoError(t, err)
			require.NoError(t, token.VerifyAccessToken(got["access_token"].(string)))
			require.Greater(t, len(keySet(t, p).Keys), 1) // one of which signs nothing
		})
	}
}

// The shapes of Okta's tokens.
func TestOktaTokens(t *testing.T) {
	t.Parallel()
	p := startRP(t, Config{Login: "auto", Users: []User{Person{
		Login: "alice", Name: "Alice Liddell", TOTP: "JBSWY3DPEHPK3PXP", Groups: []string{"admins"}, Extra: map[string]any{"department": "qa", "iss": "mine"},
	}}})
	custom := newRP(t, p.s, "default")
	got := custom.tokens("scope", "openid profile email groups api:read", "acr_values", "urn:okta:loa:2fa:any")
	access := custom.claims(got["access_token"])
	require.Equal(t, "api://default", access["aud"])
	require.Equal(t, "alice", access["sub"])
	require.Equal(t, "oidcflow", access["cid"])
	require.Equal(t, []any{"api:read", "email", "groups", "openid", "profile"}, access["scp"])
	require.Regexp(t, `^AT\.`, access["jti"])
	require.NotContains(t, access, "nbf")
	id := custom.claims(got["id_token"])
	require.Regexp(t, `^00u[0-9A-Za-z]{17}$`, id["sub"])
	require.Equal(t, id["sub"], access["uid"])
	require.Equal(t, map[string]any{
		"ver": 1.0, "iss": custom.issuer, "aud": "oidcflow", "sub": id["sub"], "jti": id["jti"], "idp": id["idp"], "nonce": "nonce-1",
		"iat": id["iat"], "exp": id["iat"].(float64) + 3600, "auth_time": id["auth_time"], "amr": []any{"mfa", "otp", "pwd"},
		"acr": "urn:okta:loa:2fa:any", "at_hash": atHash(got["access_token"].(string)), "name": "Alice Liddell",
		"preferred_username": "alice", "email": "alice@example.com", "groups": []any{"admins"}, "department": "qa",
	}, id)

	// The org server's access token is for Okta alone: its key is not published.
	org := p.tokens()
	require.Equal(t, p.issuer, p.claims(org["access_token"])["aud"])
	require.Error(t, verifySignature(t, p, org["access_token"].(string)))
	require.NoError(t, verifySignature(t, p, org["id_token"].(string)))
}

func TestOktaHeaders(t *testing.T) {
	t.Parallel()
	p := startRP(t, Config{})
	p.s.Clock().Freeze()
	p.s.Clock().Advance(1000 * time.Hour)
	a := p.request("GET", p.endpoint("jwks_uri"), nil, "Origin", "https://spa.example")
	require.Equal(t, p.s.Clock().Now().UTC().Format(http.TimeFormat), a.header.Get("Date"))
	for _, name := range []string{"X-Okta-Request-Id", "X-Rate-Limit-Limit", "X-Rate-Limit-Remaining", "X-Rate-Limit-Reset"} {
		require.NotEmpty(t, a.header.Get(name), name)
	}
	require.Equal(t, "*", a.header.Get("Access-Control-Allow-Origin"))
	a = p.request("OPTIONS", p.endpoint("token_endpoint"), nil, "Origin", "https://spa.example", "Access-Control-Request-Method", "POST")
	require.Equal(t, 204, a.status)
	require.Contains(t, a.header.Get("Access-Control-Allow-Headers"), "DPoP")
	a = p.request("GET", p.s.URL+"/", nil)
	require.Contains(t, a.body, "Not for production")
	a = p.request("GET", p.s.URL+"/nowhere", nil)
	require.Equal(t, 404, a.status)
	require.Equal(t, "E0000007", a.json(t)["errorCode"])
}

func TestKeysRotate(t *testing.T) {
	t.Parallel()
	p := startRP(t, Config{Login: "auto"})
	first := idTokenOf(p)
	for range 2 {
		require.NoError(t, p.s.RotateKeys(""))
		require.NoError(t, verifySignature(t, p, idTokenOf(p)))
		require.NoError(t, verifySignature(t, p, first)) // the old key stays
	}
	require.NoError(t, p.s.RotateKeys("org"))
	require.Error(t, verifySignature(t, p, first)) // but not for ever
	require.ErrorContains(t, p.s.RotateKeys("nobody"), "nobody")
}

// Nobody's secrets are in the log.
func TestLogHasNoSecrets(t *testing.T) {
	t.Parallel()
	p := startRP(t, Config{})
	p.clientID = "oidcflow-web"
	for _, c := range p.s.Ready().Clients {
		if c.ID == p.clientID {
			p.secret = c.Secret
		}
	}
	p.s.Clock().Freeze()
	totp := p.totp(p.user("alice").TOTP)
	code := p.callback(p.signIn(p.authorize("scope", "openid offline_access"), "alice")).Get("code")
	got := p.exchange(code).json(t)
	p.refresh(got["refresh_token"])
	p.request("POST", p.endpoint("userinfo_endpoint"), map[string][]string{"access_token": {got["access_token"].(string)}})
	log, err := json.Marshal(p.s.Requests())
	require.NoError(t, err)
	for name, secret := range map[string]string{
		"password": p.user("alice").Password, "code of the app": totp, "client secret": p.secret, "code": code, "verifier": testVerifier,
		"access token": got["access_token"].(string), "refresh token": got["refresh_token"].(string), "state": "state-1",
	} {
		require.False(t, bytes.Contains(log, []byte(secret)), name)
	}
	require.Contains(t, string(log), `"user":"alice"`)
	require.Contains(t, string(log), `"client":"oidcflow-web"`)
	for range maxLogged + 10 {
		p.s.log.add(LoggedRequest{})
	}
	require.Len(t, p.s.Requests(), maxLogged)
}

func TestReset(t *testing.T) {
	t.Parallel()
	p := startRP(t, Config{Login: "auto"})
	got := p.tokens()
	require.NoError(t, p.s.AddUser(Person{Login: "new"}))
	require.NoError(t, p.s.AddClient(Client{ID: "new"}))
	require.NoError(t, p.s.SetFault("invalid-iss"))
	p.s.QueueUser(Person{Login: "queued"})
	p.s.QueueCode("queued")
	require.NoError(t, p.s.QueueError("token", ServerError{Code: 400, Error: "queued"}))
	p.s.Clock().Advance(time.Hour)
	p.s.Clock().Freeze()
	require.NoError(t, p.s.Reset())
	require.Empty(t, p.s.Requests())
	require.Len(t, p.s.Ready().Users, 2)
	require.Len(t, p.s.Ready().Clients, 2)
	require.WithinDuration(t, time.Now(), p.s.Clock().Now(), time.Minute)
	require.Equal(t, 401, p.userinfo(got["access_token"]).status)
	require.Equal(t, p.issuer, p.claims(idTokenOf(p))["iss"])
}

func TestStoreIsBounded(t *testing.T) {
	t.Parallel()
	var s store[int]
	now := time.Unix(0, 0)
	for i := range 10 {
		s.put(fmt.Sprint(i), i, now, now.Add(time.Duration(i+1)*time.Second))
	}
	s.put("0", 100, now, now.Add(time.Hour)) // replaced: the first expiry no longer counts
	now = now.Add(5 * time.Second)
	s.put("new", 1, now, now.Add(time.Second))
	require.Len(t, s.values, 7)
	v, ok := s.get("0", now)
	require.True(t, ok)
	require.Equal(t, 100, v)
	_, ok = s.get("4", now)
	require.False(t, ok)
	for i := range maxKept + 100 {
		s.put(fmt.Sprint("x", i), i, now, now.Add(time.Hour))
	}
	require.LessOrEqual(t, len(s.values), maxKept)
	require.LessOrEqual(t, len(s.order), 2*maxKept+100)
	_, ok = s.get(fmt.Sprint("x", maxKept+99), now)
	require.True(t, ok)
}

func TestClock(t *testing.T) {
	t.Parallel()
	now := time.Unix(1000, 0)
	c := &Clock{source: func() time.Time { return now }}
	c.Advance(time.Minute)
	require.Equal(t, time.Unix(1060, 0), c.Now())
	c.Freeze()
	now = now.Add(time.Hour)
	require.Equal(t, time.Unix(1060, 0), c.Now())
	c.Advance(-time.Second)
	c.Freeze()
	require.Equal(t, time.Unix(1059, 0), c.Now())
	c.Resume()
	c.Resume()
	now = now.Add(time.Second)
	require.Equal(t, time.Unix(1060, 0), c.Now())
	c.reset()
	require.Equal(t, now, c.Now())
}

// Users written for mockoidc work unchanged.
func TestMockoidcUser(t *testing.T) {
	t.Parallel()
	p := startRP(t, Config{Users: []User{mockoidc.DefaultUser()}})
	a := p.signIn(p.authorize("scope", "openid email profile groups address"), "jane.doe")
	got := p.exchange(p.callback(a).Get("code")).json(t)
	id := p.claims(got["id_token"])
	require.Equal(t, "1234567890", id["sub"])
	require.Equal(t, "jane.doe@example.com", id["email"])
	require.Equal(t, []any{"engineering", "design"}, id["groups"])
	require.NotContains(t, id, "nbf")
	info := p.userinfo(got["access_token"]).json(t)
	require.Equal(t, "1234567890", info["sub"])
	require.Equal(t, true, info["email_verified"])
	require.Equal(t, map[string]any{"formatted": "123 Main Street"}, info["address"])
}
