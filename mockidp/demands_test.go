package mockidp

import (
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"
)

// broke returns the names of the demands that were broken, each once.
func broke(s *Server) []string {
	names := []string{}
	seen := map[string]bool{}
	for _, v := range s.Violations() {
		if !seen[v.Demand] {
			names = append(names, v.Demand)
		}
		seen[v.Demand] = true
	}
	return names
}

// strictRP starts a strict provider that does not fail the test by itself.
func strictRP(t *testing.T) *rp {
	t.Helper()
	s, err := Start(Config{Login: "auto", StrictClient: true})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	return newRP(t, s, "")
}

func TestDemands(t *testing.T) {
	t.Parallel()
	const long = "a-number-that-nobody-guesses-"
	good := []string{"state", long + "1", "nonce", long + "2"}
	for _, c := range []struct {
		name string
		do   func(p *rp)
		want []string
	}{
		{"a right client", func(p *rp) { p.userinfo(p.tokens(good...)["access_token"]) }, nil},
		{"no nonce", func(p *rp) { p.authorize("state", long, "nonce", "") }, []string{"state-nonce"}},
		{"a state that one can guess", func(p *rp) { p.authorize("state", "1", "nonce", long) }, []string{"state-nonce"}},
		{"the same state twice", func(p *rp) {
			p.authorize(good...)
			p.authorize("state", long+"1", "nonce", long+"3")
		}, []string{"state-nonce-fresh"}},
		{"no challenge", func(p *rp) { p.authorize(append(good, "code_challenge", "", "code_challenge_method", "")...) }, []string{"code-challenge"}},
		{"another client", func(p *rp) { p.authorize(append(good, "client_id", "nobody")...) }, []string{"client-id"}},
		{"another redirect URI", func(p *rp) { p.authorize(append(good, "redirect_uri", "https://evil.example/")...) }, []string{"redirect-uri"}},
		{"another response type", func(p *rp) { p.authorize(append(good, "response_type", "token")...) }, []string{"response-type"}},
		{"no openid", func(p *rp) { p.authorize(append(good, "scope", "groups")...) }, []string{"openid-scope"}},
		{"a code twice", func(p *rp) {
			code := p.code(good...)
			p.exchange(code)
			p.exchange(code)
		}, []string{"code-once"}},
		{"a wrong verifier", func(p *rp) {
			p.exchange(p.code(good...), "code_verifier", "wrong-wrong-wrong-wrong-wrong-wrong-wrong-wrong")
		}, []string{"code-verifier"}},
		{"another redirect URI with the code", func(p *rp) { p.exchange(p.code(good...), "redirect_uri", "http://localhost/other") }, []string{"code-redirect-uri"}},
		{"no client authentication", func(p *rp) { p.exchange(p.code(good...), "client_id", "oidcflow-web") }, []string{"client-authentication"}},
		{"a token in the query", func(p *rp) {
			p.request("GET", p.endpoint("userinfo_endpoint")+"?"+url.Values{"access_token": {"x"}}.Encode(), nil)
		}, []string{"token-in-query"}},
		{"goes on after a wrong ID token", func(p *rp) {
			require.NoError(p.t, p.s.SetFault("invalid-aud"))
			p.userinfo(p.tokens(good...)["access_token"])
		}, []string{"stops-at-fault"}},
		{"goes on after a wrong response", func(p *rp) {
			require.NoError(p.t, p.s.SetFault("invalid-state"))
			p.exchange(p.code(good...))
		}, []string{"stops-at-fault"}},
		{"bears a variation", func(p *rp) {
			require.NoError(p.t, p.s.SetFault("valid-aud-as-array"))
			p.userinfo(p.tokens(good...)["access_token"])
		}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			p := strictRP(t)
			c.do(p)
			if c.want == nil {
				c.want = []string{}
			}
			require.Equal(t, c.want, broke(p.s), "%v", p.s.Violations())
		})
	}
}

func TestDemandNamesAreDistinct(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, d := range Demands {
		require.False(t, seen[d.Name], d.Name)
		require.NotEmpty(t, d.Ref)
		require.NotEmpty(t, d.Doc)
		require.True(t, d.broken != nil || d.reasons != nil, d.Name)
		seen[d.Name] = true
	}
}
