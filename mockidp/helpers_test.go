package mockidp

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/oauth2-proxy/mockoidc"
	"github.com/stretchr/testify/require"
	"golang.org/x/net/html"
)

const (
	testRedirect = "http://localhost:8080/callback"
	// RFC 7636 appendix B.
	testVerifier  = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
	testChallenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
)

// fast is cfg with ES256 keys, which are made at once.
func fast(cfg Config) Config {
	for _, name := range []string{"org", "default"} {
		cfg.Servers = append([]AuthServer{{Name: name, Alg: "ES256", Scopes: []string{"api:read", "api:write"}}}, cfg.Servers...)
	}
	return cfg
}

// rp is a relying party with a browser, as simple as can be. It is no part of the provider, but for the names of its
// endpoints, which come from discovery.
type rp struct {
	t        *testing.T
	s        *Server
	http     *http.Client
	issuer   string
	metadata map[string]any
	clientID string
	secret   string
	advance  func(time.Duration) // of a provider that is not ours
}

func newRP(t *testing.T, s *Server, server string) *rp {
	t.Helper()
	jar, err := cookiejar.New(nil)
	require.NoError(t, err)
	p := &rp{t: t, s: s, issuer: s.Issuer(server), clientID: "oidcflow"}
	p.http = &http.Client{
		Jar: jar, Transport: s.Client().Transport, Timeout: 20 * time.Second,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	p.metadata = p.getJSON(p.issuer + "/.well-known/openid-configuration")
	return p
}

func startRP(t *testing.T, cfg Config) *rp {
	t.Helper()
	return newRP(t, StartT(t, fast(cfg)), "")
}

func (p *rp) endpoint(name string) string {
	p.t.Helper()
	u, ok := p.metadata[name].(string)
	require.True(p.t, ok, "discovery lacks %s", name)
	return u
}

// answer is an HTTP answer that was read to its end.
type answer struct {
	status int
	header http.Header
	body   string
}

func (a answer) json(t *testing.T) map[string]any {
	t.Helper()
	var m map[string]any
	require.NoError(t, json.Unmarshal([]byte(a.body), &m), a.body)
	return m
}

func (p *rp) do(r *http.Request) answer {
	p.t.Helper()
	res, err := p.http.Do(r)
	require.NoError(p.t, err)
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	require.NoError(p.t, err)
	return answer{res.StatusCode, res.Header, string(body)}
}

func (p *rp) request(method, u string, form url.Values, headers ...string) answer {
	p.t.Helper()
	var body io.Reader
	if form != nil {
		body = strings.NewReader(form.Encode())
	}
	r, err := http.NewRequestWithContext(p.t.Context(), method, u, body)
	require.NoError(p.t, err)
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for i := 0; i < len(headers); i += 2 {
		r.Header.Add(headers[i], headers[i+1])
	}
	return p.do(r)
}

func (p *rp) getJSON(u string) map[string]any {
	p.t.Helper()
	a := p.request("GET", u, nil)
	require.Equal(p.t, 200, a.status, a.body)
	return a.json(p.t)
}

// params are an authorization request's, changed by pairs of name and value; "-" takes a parameter away.
func (p *rp) params(change ...string) url.Values {
	v := url.Values{
		"client_id": {p.clientID}, "redirect_uri": {testRedirect}, "response_type": {"code"}, "scope": {"openid"},
		"state": {"state-1"}, "nonce": {"nonce-1"}, "code_challenge": {testChallenge}, "code_challenge_method": {"S256"},
	}
	return changed(v, change)
}

func changed(v url.Values, change []string) url.Values {
	for i := 0; i < len(change); i += 2 {
		if change[i+1] == "-" {
			v.Del(change[i])
		} else {
			v.Set(change[i], change[i+1])
		}
	}
	return v
}

func (p *rp) authorize(change ...string) answer {
	p.t.Helper()
	return p.request("GET", p.endpoint("authorization_endpoint")+"?"+p.params(change...).Encode(), nil)
}

// callback is the response in a redirect to the redirect URI.
func (p *rp) callback(a answer) url.Values {
	p.t.Helper()
	u, err := url.Parse(a.header.Get("Location"))
	require.NoError(p.t, err)
	require.True(p.t, strings.HasPrefix(u.String(), testRedirect), "want a redirect to the client, got %d %s %s", a.status, u, a.body)
	return u.Query()
}

// code signs in by login auto.
func (p *rp) code(change ...string) string {
	p.t.Helper()
	v := p.callback(p.authorize(change...))
	require.NotEmpty(p.t, v.Get("code"), "no code in %v", v)
	return v.Get("code")
}

// token posts to the token endpoint, with the client's credentials.
func (p *rp) token(form url.Values, headers ...string) answer {
	p.t.Helper()
	if !form.Has("client_id") {
		form.Set("client_id", p.clientID)
	}
	if p.secret != "" && !form.Has("client_secret") {
		form.Set("client_secret", p.secret)
	}
	return p.request("POST", p.endpoint("token_endpoint"), form, headers...)
}

func (p *rp) exchange(code string, change ...string) answer {
	p.t.Helper()
	return p.token(changed(url.Values{
		"grant_type": {"authorization_code"}, "code": {code}, "redirect_uri": {testRedirect}, "code_verifier": {testVerifier},
	}, change))
}

// tokens are those of a whole flow.
func (p *rp) tokens(change ...string) map[string]any {
	p.t.Helper()
	a := p.exchange(p.code(change...))
	require.Equal(p.t, 200, a.status, a.body)
	return a.json(p.t)
}

// claims are those of a JWT, unverified.
func (p *rp) claims(token any) map[string]any {
	p.t.Helper()
	return p.part(token, 1)
}

func (p *rp) part(token any, n int) map[string]any {
	p.t.Helper()
	parts := strings.Split(token.(string), ".")
	require.Len(p.t, parts, 3)
	raw, err := b64.DecodeString(parts[n])
	require.NoError(p.t, err)
	var m map[string]any
	require.NoError(p.t, json.Unmarshal(raw, &m))
	return m
}

func (p *rp) userinfo(token any) answer {
	p.t.Helper()
	return p.request("GET", p.endpoint("userinfo_endpoint"), nil, "Authorization", "Bearer "+token.(string))
}

func requireError(t *testing.T, a answer, status int, code string) {
	t.Helper()
	require.Equal(t, status, a.status, a.body)
	require.Equal(t, code, a.json(t)["error"], a.body)
}

// form is the one form of a page, with the values of its fields.
type form struct {
	action string
	values url.Values
	alert  string
	title  string
}

// parseForm reads a page as a browser without scripts does.
func parseForm(t *testing.T, page string) form {
	t.Helper()
	doc, err := html.Parse(strings.NewReader(page))
	require.NoError(t, err)
	f := form{values: url.Values{}}
	for n := range doc.Descendants() {
		attr := map[string]string{}
		for _, a := range n.Attr {
			attr[a.Key] = a.Val
		}
		switch {
		case n.Type == html.ElementNode && n.Data == "form":
			f.action = attr["action"]
		case n.Type == html.ElementNode && n.Data == "input" && attr["type"] != "checkbox":
			f.values.Set(attr["name"], attr["value"])
		case n.Type == html.ElementNode && n.Data == "title":
			f.title = n.FirstChild.Data
		case attr["role"] == "alert":
			f.alert = n.FirstChild.Data
		}
	}
	return f
}

// open follows a redirect to a page and reads its form.
func (p *rp) open(a answer) form {
	p.t.Helper()
	if a.status/100 == 3 {
		a = p.request("GET", p.s.URL+a.header.Get("Location"), nil)
	}
	require.Equal(p.t, 200, a.status, a.body)
	return parseForm(p.t, a.body)
}

// submit sends f with some of its fields filled in.
func (p *rp) submit(f form, change ...string) answer {
	p.t.Helper()
	return p.request("POST", p.s.URL+f.action, changed(f.values, change))
}

// user is what Ready says of one.
func (p *rp) user(name string) ReadyUser {
	p.t.Helper()
	for _, u := range p.s.Ready().Users {
		if u.Username == name {
			return u
		}
	}
	p.t.Fatalf("no user %q", name)
	return ReadyUser{}
}

// signIn answers the pages that come after a, up to what comes then.
func (p *rp) signIn(a answer, name string) answer {
	p.t.Helper()
	u := p.user(name)
	a = p.submit(p.open(a), "identifier", name, "action", "next")
	password := u.Password
	if password == "" {
		password = "any"
	}
	a = p.submit(p.open(a), "password", password, "action", "verify")
	if u.TOTP != "" {
		a = p.submit(p.open(a), "code", p.totp(u.TOTP), "action", "verify")
	}
	return a
}

func (p *rp) totp(secret string) string {
	p.t.Helper()
	key, err := decodeTOTP(secret)
	require.NoError(p.t, err)
	return totpCode(key, p.s.Clock().Now().Unix()/30)
}

var _ mockoidc.User = Person{}
