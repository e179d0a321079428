package flow_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/stretchr/testify/require"

	"github.com/oidcflow/oidcflow/flow"
	"github.com/oidcflow/oidcflow/flow/trace"
	"github.com/oidcflow/oidcflow/mockidp"
)

// straight is a driver for a provider that lets everybody in at once: it takes the first redirect.
type straight struct{ client *http.Client }

func (d straight) SignIn(ctx context.Context, r flow.Request) (*flow.Callback, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, r.URL.String(), nil)
	if err != nil {
		return nil, err
	}
	client := &http.Client{
		Transport:     d.client.Transport,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	resp, err := client.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	cb, ok := flow.CallbackAt(r.RedirectURI, resp.Header.Get("Location"))
	if !ok {
		return nil, fmt.Errorf("want a redirect to %s, got %s to %q", r.RedirectURI, resp.Status, resp.Header.Get("Location"))
	}
	return cb, nil
}

const mockSecret = "a-secret-of-more-than-thirty-two-bytes"

// startMock starts a provider that lets alice in at once, with a client for each way of authentication. Its clock stands
// still, and advances when the engine waits.
func startMock(t testing.TB, change func(*mockidp.Config)) (*mockidp.Server, flow.Config) {
	t.Helper()
	cfg := mockidp.Config{
		Login:   "auto",
		Servers: []mockidp.AuthServer{{Name: "org", Alg: "ES256"}, {Name: "default", Alg: "ES256"}}, // RSA keys take long to make
		Users:   []mockidp.User{mockidp.Person{Login: "alice", Email: "alice@example.com", Name: "Alice Example"}},
		Clients: []mockidp.Client{
			{ID: "tool"},
			{ID: "web", Secret: mockSecret},
			{ID: "bound", RequireDPoP: true},
			{ID: "pushed", RequirePAR: true},
		},
	}
	if change != nil {
		change(&cfg)
	}
	s := mockidp.StartT(t, cfg)
	s.Clock().Freeze()
	return s, flow.Config{
		Issuer: s.Issuer("default"), ClientID: "tool", Transport: s.Client().Transport, SignIn: straight{s.Client()},
		Scopes: []string{"openid", "email", "offline_access"},
		Now:    s.Clock().Now,
		Wait: func(ctx context.Context, d time.Duration) error {
			s.Clock().Advance(d)
			return ctx.Err()
		},
	}
}

func newClient(t testing.TB, cfg flow.Config) *flow.Client {
	t.Helper()
	c, err := flow.New(cfg)
	require.NoError(t, err)
	return c
}

// requests returns how many requests came to an endpoint of the mock.
func requests(s *mockidp.Server, endpoint string) int {
	n := 0
	for _, r := range s.Requests() {
		if r.Endpoint == endpoint {
			n++
		}
	}
	return n
}

func codeOf(t testing.TB, err error) string {
	t.Helper()
	var e *flow.Error
	require.ErrorAs(t, err, &e)
	return e.Code
}

func TestMockWhole(t *testing.T) {
	t.Parallel()
	for _, profile := range []string{"okta", "strict"} {
		for _, server := range []string{"org", "default"} {
			t.Run(profile+" "+server, func(t *testing.T) {
				t.Parallel()
				s, cfg := startMock(t, func(c *mockidp.Config) { c.Profile, c.Servers = profile, nil })
				cfg.Issuer = s.Issuer(server)
				c := newClient(t, cfg)
				r, err := c.Run(t.Context())
				require.NoError(t, err)
				want := []string{"state", "signature", "iss", "aud", "exp", "iat", "nonce", "at_hash"}
				if profile == "strict" {
					want = slices.Insert(want, 1, "callback_iss")
				}
				require.Equal(t, want, r.Verified)
				require.Equal(t, 1, requests(s, "token"))

				sub, ok := r.IDTokenClaims["sub"].(string)
				require.True(t, ok)
				info, err := c.UserInfo(t.Context(), &r.Tokens, sub)
				require.NoError(t, err)
				require.Equal(t, "alice@example.com", info["email"])

				answer, err := c.Introspect(t.Context(), r.Tokens.AccessToken, "access_token")
				require.NoError(t, err)
				require.Equal(t, true, answer["active"])

				fresh, err := c.Refresh(t.Context(), r)
				require.NoError(t, err)
				require.NotEqual(t, r.Tokens.AccessToken.Reveal(), fresh.Tokens.AccessToken.Reveal())
				require.Subset(t, fresh.Verified, []string{"signature", "iss", "sub", "aud", "exp", "iat", "auth_time"})

				require.NoError(t, c.Revoke(t.Context(), fresh.Tokens.RefreshToken, "refresh_token"))
				_, err = c.Refresh(t.Context(), fresh)
				require.Equal(t, "refresh.invalid_grant", codeOf(t, err))

				require.NoError(t, c.Logout(t.Context(), fresh, ""))
			})
		}
	}
}

func TestMockOverTLS(t *testing.T) {
	t.Parallel()
	_, cfg := startMock(t, func(c *mockidp.Config) { c.TLS = true })
	_, err := newClient(t, cfg).Run(t.Context())
	require.NoError(t, err)
}

func TestMockClientAuth(t *testing.T) {
	t.Parallel()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	jwks, err := json.Marshal(jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: key.Public(), KeyID: "mine", Algorithm: "ES256"}}})
	require.NoError(t, err)
	for _, method := range []flow.ClientAuth{
		flow.AuthNone, flow.AuthSecretBasic, flow.AuthSecretPost, flow.AuthSecretJWT, flow.AuthPrivateKeyJWT,
	} {
		t.Run(string(method), func(t *testing.T) {
			t.Parallel()
			client := mockidp.Client{ID: "one", AuthMethod: string(method)}
			if method != flow.AuthNone && method != flow.AuthPrivateKeyJWT {
				client.Secret = mockSecret
			}
			if method == flow.AuthPrivateKeyJWT {
				client.Keys = jwks
			}
			s, cfg := startMock(t, func(c *mockidp.Config) { c.Clients = []mockidp.Client{client} })
			cfg.ClientID, cfg.ClientAuth = "one", method
			cfg.ClientSecret = trace.NewSecret("client_secret", client.Secret)
			cfg.ClientKey, cfg.ClientKeyID = key, "mine"
			c := newClient(t, cfg)
			r, err := c.Run(t.Context())
			require.NoError(t, err)
			require.Equal(t, 1, requests(s, "token"))
			answer, err := c.Introspect(t.Context(), r.Tokens.RefreshToken, "refresh_token")
			require.NoError(t, err)
			require.Equal(t, true, answer["active"])
			_, err = c.Refresh(t.Context(), r)
			require.NoError(t, err)
		})
	}
}

func TestMockDPoP(t *testing.T) {
	t.Parallel()
	s, cfg := startMock(t, nil)
	cfg.ClientID, cfg.DPoP = "bound", true
	c := newClient(t, cfg)
	r, err := c.Run(t.Context())
	require.NoError(t, err)
	require.Equal(t, "DPoP", r.Tokens.TokenType)
	require.LessOrEqual(t, requests(s, "token"), 2) // one, and one more with the nonce
	sub, _ := r.IDTokenClaims["sub"].(string)
	_, err = c.UserInfo(t.Context(), &r.Tokens, sub)
	require.NoError(t, err)
	fresh, err := c.Refresh(t.Context(), r)
	require.NoError(t, err)

	// Another client has another key.
	_, err = newClient(t, cfg).UserInfo(t.Context(), &fresh.Tokens, sub)
	require.Error(t, err)
}

func TestMockPAR(t *testing.T) {
	t.Parallel()
	s, cfg := startMock(t, nil)
	cfg.ClientID, cfg.PAR = "pushed", true
	c := newClient(t, cfg)
	a, err := c.Authorize(t.Context())
	require.NoError(t, err)
	require.Len(t, a.URL.Query(), 2)
	_, err = c.Run(t.Context())
	require.NoError(t, err)
	require.Equal(t, 2, requests(s, "par"))
}

func TestMockResponseModes(t *testing.T) {
	t.Parallel()
	_, cfg := startMock(t, nil)
	for _, mode := range []string{"query", "fragment"} {
		cfg.ResponseMode = mode
		_, err := newClient(t, cfg).Run(t.Context())
		require.NoError(t, err, mode)
	}
}

// One value changed, and the provider says no. These are the calls of a negative check.
func TestMockRefuses(t *testing.T) {
	t.Parallel()
	s, cfg := startMock(t, nil)
	c := newClient(t, cfg)
	signIn := func() (*flow.Authorization, string) {
		a, err := c.Authorize(t.Context())
		require.NoError(t, err)
		cb, err := c.SignIn(t.Context(), a)
		require.NoError(t, err)
		code, err := c.Code(t.Context(), a, cb)
		require.NoError(t, err)
		return a, code
	}
	a, code := signIn()
	a.Verifier = "wrong-" + a.Verifier
	_, err := c.Exchange(t.Context(), a, code)
	require.Equal(t, "exchange.invalid_grant", codeOf(t, err))

	a, code = signIn()
	a.RedirectURI += "/x"
	_, err = c.Exchange(t.Context(), a, code)
	require.Equal(t, "exchange.invalid_grant", codeOf(t, err))
	var e *flow.Error
	require.True(t, errors.As(err, &e))
	require.Contains(t, e.Hint, "register the redirect URI")

	a, code = signIn()
	_, err = c.Exchange(t.Context(), a, code)
	require.NoError(t, err)
	_, err = c.Exchange(t.Context(), a, code)
	require.Equal(t, "exchange.invalid_grant", codeOf(t, err))

	cfg.ClientID, cfg.ClientSecret = "web", trace.NewSecret("client_secret", "not-the-secret-of-the-client-at-all")
	_, err = newClient(t, cfg).Run(t.Context())
	require.Equal(t, "exchange.invalid_client", codeOf(t, err))

	require.Equal(t, 5, requests(s, "token"))
}

// faults are what the engine says to faults of the mock, some of each step that Run takes. What it says to all others, and
// in the steps after Run, is the table of e2e's TestEngineRefusesFaults.
var faults = map[string]string{
	"invalid-iss":                        "verify.iss",
	"missing-sub":                        "verify.sub",
	"invalid-aud":                        "verify.aud",
	"missing-aud":                        "verify.aud",
	"missing-iat":                        "verify.iat",
	"invalid-secondary-aud":              "verify.azp",
	"invalid-expired-exp":                "verify.exp",
	"idtoken-sig-none":                   "verify.alg",
	"invalid-sig-rs256":                  "verify.signature",
	"hs256-with-public-key":              "verify.alg",
	"nonce-invalid":                      "verify.nonce",
	"invalid-athash":                     "verify.at_hash",
	"discovery-issuer-mismatch":          "discover.issuer_mismatch",
	"invalid-authorization-response-iss": "callback.iss",
	"remove-authorization-response-iss":  "callback.iss",
	"invalid-state":                      "callback.state",
	"missing-state":                      "callback.state",
	"token-html":                         "exchange.not_json",
	"token-truncated-json":               "exchange.malformed",
	"token-oversized":                    "exchange.too_large",
	"token-redirect":                     "exchange.redirect",
	"token-500":                          "exchange.server_error",
	"token-429-forever":                  "exchange.rate_limited",
	"gzip-bomb":                          "exchange.too_large",
	"discovery-redirect-loop":            "discover.redirect",
	"discovery-not-json":                 "discover.not_json",
}

// after are the endpoints that nobody may ask once a step has failed.
var after = map[string][]string{
	"discover": {"authorize", "token", "keys", "userinfo"},
	"callback": {"token", "keys", "userinfo"},
	"exchange": {"keys", "userinfo"},
	"verify":   {"userinfo"},
}

func TestMockFaults(t *testing.T) {
	t.Parallel()
	for name, want := range faults {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, cfg := startMock(t, func(c *mockidp.Config) { c.Faults = []string{name} })
			r, err := newClient(t, cfg).Run(t.Context())
			require.Equal(t, want, codeOf(t, err), "%v", err)
			require.Nil(t, r.IDTokenClaims)
			var e *flow.Error
			require.True(t, errors.As(err, &e))
			for _, endpoint := range after[string(e.Step)] {
				require.Zero(t, requests(s, endpoint), endpoint)
			}
			if name != "token-429-forever" {
				require.LessOrEqual(t, requests(s, "token"), 1)
			}
		})
	}
}

func TestMockVariations(t *testing.T) {
	t.Parallel()
	for _, v := range mockidp.Variations {
		t.Run(v.Name, func(t *testing.T) {
			t.Parallel()
			s, cfg := startMock(t, func(c *mockidp.Config) { c.Variations = []string{v.Name} })
			r, err := newClient(t, cfg).Run(t.Context())
			require.NoError(t, err)
			require.Subset(t, r.Verified, []string{"state", "signature", "iss", "aud", "exp", "iat", "nonce"})
			want := 1
			if v.Name == "rate-limited-once" {
				want = 2
			}
			require.Equal(t, want, requests(s, "token"))
		})
	}
}

func TestMockRotationBetweenTwoSignIns(t *testing.T) {
	t.Parallel()
	s, cfg := startMock(t, nil)
	c := newClient(t, cfg)
	_, err := c.Run(t.Context())
	require.NoError(t, err)
	require.NoError(t, s.RotateKeys("default"))
	_, err = c.Run(t.Context())
	require.NoError(t, err)
}

func TestMockMaxAgeAndACR(t *testing.T) {
	t.Parallel()
	_, cfg := startMock(t, nil)
	hour := time.Hour
	cfg.MaxAge, cfg.ACRValues = &hour, []string{"urn:okta:loa:1fa:any"}
	r, err := newClient(t, cfg).Run(t.Context())
	require.NoError(t, err)
	require.Subset(t, r.Verified, []string{"auth_time", "acr"})
}

func TestMockErrorAtTheRedirectURI(t *testing.T) {
	t.Parallel()
	s, cfg := startMock(t, nil)
	require.NoError(t, s.QueueError("authorize", mockidp.ServerError{Error: "access_denied", Description: "not today"}))
	_, err := newClient(t, cfg).Run(t.Context())
	require.Equal(t, "authorize.access_denied", codeOf(t, err))
	require.Zero(t, requests(s, "token"))
}
