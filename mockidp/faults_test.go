package mockidp

import (
	"compress/gzip"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/stretchr/testify/require"
)

// idTokenOf is the ID token of a flow.
func idTokenOf(p *rp) string { return p.tokens()["id_token"].(string) }

// wrongClaim wants a claim to be as a fault makes it.
func wrongClaim(name string, want func(p *rp, c map[string]any) any) func(*testing.T, *rp) {
	return func(t *testing.T, p *rp) {
		c := p.claims(idTokenOf(p))
		require.Equal(t, want(p, c), c[name])
	}
}

func noClaim(name string) func(*testing.T, *rp) {
	return func(t *testing.T, p *rp) { require.NotContains(t, p.claims(idTokenOf(p)), name) }
}

func always(v any) func(*rp, map[string]any) any {
	return func(*rp, map[string]any) any { return v }
}

func tokenAnswer(p *rp) answer { return p.exchange(p.code()) }

// effects say of faults and variations what they do, where more is to be said than that the check of the same name finds
// it, which the tests of the whole program hold.
var effects = map[string]func(*testing.T, *rp){
	"invalid-iss":           wrongClaim("iss", func(p *rp, _ map[string]any) any { return p.issuer + "1" }),
	"missing-sub":           noClaim("sub"),
	"invalid-aud":           wrongClaim("aud", always("oidcflow1")),
	"missing-aud":           noClaim("aud"),
	"missing-iat":           noClaim("iat"),
	"invalid-secondary-aud": wrongClaim("aud", always([]any{"oidcflow", "oidcflow1"})),
	"invalid-expired-exp": func(t *testing.T, p *rp) {
		require.Less(t, p.claims(idTokenOf(p))["exp"], float64(p.s.Clock().Now().Add(-5*time.Minute).Unix()))
	},
	"idtoken-sig-none": func(t *testing.T, p *rp) {
		raw := idTokenOf(p)
		require.Equal(t, "none", p.part(raw, 0)["alg"])
		require.True(t, strings.HasSuffix(raw, "."))
	},
	"invalid-sig-rs256": func(t *testing.T, p *rp) {
		require.Error(t, verifySignature(t, p, idTokenOf(p)))
	},
	"hs256-with-public-key": func(t *testing.T, p *rp) {
		raw := idTokenOf(p)
		require.Equal(t, "HS256", p.part(raw, 0)["alg"])
		i := strings.LastIndex(raw, ".")
		mac := hmac.New(sha256.New, publicPEM(t, p))
		mac.Write([]byte(raw[:i]))
		require.Equal(t, b64.EncodeToString(mac.Sum(nil)), raw[i+1:])
	},
	"nonce-invalid": wrongClaim("nonce", always("nonce-11")),
	"invalid-athash": func(t *testing.T, p *rp) {
		got := p.tokens()
		require.Equal(t, atHash(got["access_token"].(string))+"1", p.claims(got["id_token"])["at_hash"])
	},
	"refresh-token-invalid-issuer": refreshed("iss"),
	"refresh-token-invalid-sub":    refreshed("sub"),
	"userinfo-invalid-sub": func(t *testing.T, p *rp) {
		got := p.tokens()
		require.Equal(t, p.claims(got["id_token"])["sub"].(string)+"invalid", p.userinfo(got["access_token"]).json(t)["sub"])
	},
	"discovery-issuer-mismatch": func(t *testing.T, p *rp) {
		require.Equal(t, p.issuer+"INVALID", p.getJSON(p.issuer + "/.well-known/openid-configuration")["issuer"])
	},
	"invalid-authorization-response-iss": func(t *testing.T, p *rp) {
		require.Equal(t, p.issuer+"1", p.callback(p.authorize()).Get("iss"))
		require.Equal(t, true, p.getJSON(p.issuer + "/.well-known/openid-configuration")["authorization_response_iss_parameter_supported"])
	},
	"remove-authorization-response-iss": func(t *testing.T, p *rp) {
		require.False(t, p.callback(p.authorize()).Has("iss"))
		require.Equal(t, true, p.getJSON(p.issuer + "/.well-known/openid-configuration")["authorization_response_iss_parameter_supported"])
	},
	"invalid-state": func(t *testing.T, p *rp) { require.Equal(t, "state-11", p.callback(p.authorize()).Get("state")) },
	"missing-state": func(t *testing.T, p *rp) { require.False(t, p.callback(p.authorize()).Has("state")) },

	"token-html": func(t *testing.T, p *rp) {
		a := tokenAnswer(p)
		require.Equal(t, 200, a.status)
		require.Contains(t, a.body, "<title>")
	},
	"token-truncated-json": func(t *testing.T, p *rp) {
		require.Error(t, json.Unmarshal([]byte(tokenAnswer(p).body), new(any)))
	},
	"token-oversized": func(t *testing.T, p *rp) {
		a := tokenAnswer(p)
		require.Greater(t, len(a.body), 10<<20)
		require.NoError(t, json.Unmarshal([]byte(a.body), new(any)))
	},
	"token-redirect": func(t *testing.T, p *rp) {
		code := p.code()
		require.Equal(t, 307, p.exchange(code).status)
		follow := *p
		follow.http = &http.Client{Transport: p.http.Transport}
		require.Equal(t, 200, follow.exchange(code).status) // who follows gets tokens, and is found out
	},
	"token-500": func(t *testing.T, p *rp) { require.Equal(t, 500, tokenAnswer(p).status) },
	"token-429-forever": func(t *testing.T, p *rp) {
		for range 3 {
			require.Equal(t, 429, tokenAnswer(p).status)
			p.s.Clock().Advance(2 * time.Second)
		}
	},
	"gzip-bomb": func(t *testing.T, p *rp) {
		p.http.Transport.(*http.Transport).DisableCompression = true
		a := tokenAnswer(p)
		require.Less(t, len(a.body), 1<<20)
		z, err := gzip.NewReader(strings.NewReader(a.body))
		require.NoError(t, err)
		n, err := io.Copy(io.Discard, z)
		require.NoError(t, err)
		require.Greater(t, n, int64(64<<20))
	},
	"discovery-redirect-loop": func(t *testing.T, p *rp) {
		follow := *p.http
		follow.CheckRedirect = nil
		res, err := follow.Get(p.issuer + "/.well-known/openid-configuration")
		if err == nil {
			res.Body.Close()
		}
		require.ErrorContains(t, err, "stopped after 10 redirects")
	},
	"discovery-not-json": func(t *testing.T, p *rp) {
		a := p.request("GET", p.issuer+"/.well-known/openid-configuration", nil)
		require.Error(t, json.Unmarshal([]byte(a.body), new(any)))
	},
	"slow-login-page": func(t *testing.T, p *rp) {
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer cancel()
		r, err := http.NewRequestWithContext(ctx, "GET", p.s.URL+signInPath, nil)
		require.NoError(t, err)
		res, err := p.http.Do(r)
		if err == nil {
			res.Body.Close()
		}
		require.ErrorIs(t, err, context.DeadlineExceeded)
	},

	"signing-key-rotation-just-before-signing": func(t *testing.T, p *rp) {
		before := p.getJSON(p.endpoint("jwks_uri"))
		raw := idTokenOf(p)
		kid := p.part(raw, 0)["kid"].(string)
		encoded, err := json.Marshal(before)
		require.NoError(t, err)
		require.NotContains(t, string(encoded), kid)
		require.NoError(t, verifySignature(t, p, raw))
	},
	"kid-absent-single-jwks": func(t *testing.T, p *rp) {
		require.NotContains(t, p.part(idTokenOf(p), 0), "kid")
		require.Len(t, p.getJSON(p.endpoint("jwks_uri"))["keys"], 1)
	},
	"valid-aud-as-array": wrongClaim("aud", always([]any{"oidcflow"})),
	"clock-off-a-minute": func(t *testing.T, p *rp) {
		p.s.Clock().Freeze()
		require.EqualValues(t, p.s.Clock().Now().Unix()+60, p.claims(idTokenOf(p))["iat"])
	},
	"token-type-case": func(t *testing.T, p *rp) { require.Equal(t, "bEARER", p.tokens()["token_type"]) },
	"no-expires-in":   func(t *testing.T, p *rp) { require.NotContains(t, p.tokens(), "expires_in") },
	"no-scope":        func(t *testing.T, p *rp) { require.NotContains(t, p.tokens(), "scope") },
	"extra-members": func(t *testing.T, p *rp) {
		got := p.tokens()
		for _, m := range []map[string]any{got, p.claims(got["id_token"]), p.userinfo(got["access_token"]).json(t), p.getJSON(p.issuer + "/.well-known/openid-configuration")} {
			require.Contains(t, m, "x_object")
		}
	},
	"rate-limited-once": func(t *testing.T, p *rp) {
		p.s.Clock().Freeze()
		code := p.code()
		a := p.exchange(code)
		require.Equal(t, 429, a.status)
		require.Equal(t, "E0000047", a.json(t)["errorCode"])
		reset, err := strconv.ParseInt(a.header.Get("X-Rate-Limit-Reset"), 10, 64)
		require.NoError(t, err)
		date, err := http.ParseTime(a.header.Get("Date"))
		require.NoError(t, err)
		require.EqualValues(t, 1, reset-date.Unix())
		require.Equal(t, 429, p.exchange(code).status) // too early
		p.s.Clock().Advance(time.Second)
		require.Equal(t, 200, p.exchange(code).status)
	},
	"unavailable-once": func(t *testing.T, p *rp) {
		u := p.issuer + "/.well-known/openid-configuration"
		require.Equal(t, 503, p.request("GET", u, nil).status)
		require.Equal(t, 200, p.request("GET", u, nil).status)
	},
}

func refreshed(claim string) func(*testing.T, *rp) {
	return func(t *testing.T, p *rp) {
		got := p.tokens("scope", "openid offline_access")
		again := p.refresh(got["refresh_token"]).json(t)
		require.Equal(t, p.claims(got["id_token"])[claim].(string)+"1", p.claims(again["id_token"])[claim])
	}
}

func TestFaultsAndVariations(t *testing.T) {
	t.Parallel()
	for _, table := range [][]Fault{Faults, Variations} {
		for _, f := range table {
			t.Run(f.Name, func(t *testing.T) {
				t.Parallel()
				require.NotEmpty(t, f.Ref)
				require.NotEmpty(t, f.Doc)
				p := startRP(t, Config{Login: "auto"}) // reads discovery before the fault
				require.NoError(t, p.s.SetFault(f.Name))
				if effect := effects[f.Name]; effect != nil {
					effect(t, p)
				}
				require.NoError(t, p.s.ClearFaults())
				p.metadata = p.getJSON(p.issuer + "/.well-known/openid-configuration")
				got := p.tokens()
				require.NoError(t, verifySignature(t, p, got["id_token"].(string)))
				require.Equal(t, "oidcflow", p.claims(got["id_token"])["aud"])
			})
		}
	}
	for name := range effects {
		require.NotNil(t, findFault(slices.Concat(Faults, Variations), name), name)
	}
}

// TestFaultScope holds that a fault can be on for some requests, of one client, or about one user.
func TestFaultScope(t *testing.T) {
	t.Parallel()
	aud := func(p *rp) any { return p.claims(idTokenOf(p))["aud"] }
	for _, c := range []struct {
		name  string
		scope FaultScope
		want  []any
	}{
		{"every request", FaultScope{}, []any{"oidcflow1", "oidcflow1", "oidcflow1"}},
		{"two requests", FaultScope{Times: 2}, []any{"oidcflow1", "oidcflow1", "oidcflow"}},
		{"of this client", FaultScope{Client: "oidcflow", Times: 1}, []any{"oidcflow1", "oidcflow"}},
		{"of another client", FaultScope{Client: "oidcflow-web"}, []any{"oidcflow"}},
		{"about this user", FaultScope{User: "alice"}, []any{"oidcflow1"}},
		{"about another user", FaultScope{User: "bob"}, []any{"oidcflow"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			p := startRP(t, Config{Login: "auto"})
			require.NoError(t, p.s.SetFaultFor(c.scope, "invalid-aud"))
			for _, want := range c.want {
				require.Equal(t, want, aud(p))
			}
		})
	}
	p := startRP(t, Config{Login: "auto"})
	require.ErrorContains(t, p.s.SetFaultFor(FaultScope{Times: -1}, "invalid-aud"), "want 0 or more, got -1")
}

func TestFaultNames(t *testing.T) {
	t.Parallel()
	_, err := Start(Config{Faults: []string{"invalid-oud"}})
	require.ErrorContains(t, err, `unknown fault "invalid-oud": the nearest is "invalid-aud"`)
	_, err = Start(Config{Faults: []string{"no-scope"}})
	require.ErrorContains(t, err, `unknown fault "no-scope"`) // it is a variation
	_, err = Start(Config{Variations: []string{"no-scop"}})
	require.ErrorContains(t, err, `unknown variation "no-scop": the nearest is "no-scope"`)

	p := startRP(t, Config{Login: "auto", Faults: []string{"nonce-invalid"}, Variations: []string{"no-scope"}})
	require.NoError(t, p.s.SetFault("invalid-iss"))
	require.ErrorContains(t, p.s.SetFault("wrong"), `"wrong"`)
	got := p.tokens()
	require.Equal(t, p.issuer+"1", p.claims(got["id_token"])["iss"])
	require.NoError(t, p.s.ClearFaults())
	got = p.tokens() // those of the configuration stay
	require.Equal(t, p.issuer, p.claims(got["id_token"])["iss"])
	require.Equal(t, "nonce-11", p.claims(got["id_token"])["nonce"])
	require.NotContains(t, got, "scope")
}

// keySet is the published JWK set, read by go-jose.
func keySet(t *testing.T, p *rp) jose.JSONWebKeySet {
	t.Helper()
	var set jose.JSONWebKeySet
	a := p.request("GET", p.endpoint("jwks_uri"), nil)
	require.Equal(t, 200, a.status)
	require.NoError(t, json.Unmarshal([]byte(a.body), &set))
	return set
}

// verifySignature verifies by go-jose, which has no part in the signing.
func verifySignature(t *testing.T, p *rp, raw string) error {
	t.Helper()
	algs := []jose.SignatureAlgorithm{jose.RS256, jose.ES256, jose.PS256, jose.EdDSA}
	sig, err := jose.ParseSignedCompact(raw, algs)
	if err != nil {
		return err
	}
	set := keySet(t, p)
	_, err = sig.Verify(set)
	return err
}

func publicPEM(t *testing.T, p *rp) []byte {
	t.Helper()
	k, err := p.s.servers["org"].ring.current()
	require.NoError(t, err)
	der, err := x509.MarshalPKIXPublicKey(k.signer.Public())
	require.NoError(t, err)
	return pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})
}

// atHash is OpenID Connect Core 1.0 §3.1.3.6 for algorithms with SHA-256.
func atHash(access string) string {
	sum := sha256.Sum256([]byte(access))
	return b64.EncodeToString(sum[:16])
}
