package mockidp

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// control asks the control as its user would.
func (p *rp) control(method, path, body string, headers ...string) answer {
	p.t.Helper()
	r, err := http.NewRequestWithContext(p.t.Context(), method, p.s.Ready().Admin.URL+path, strings.NewReader(body))
	require.NoError(p.t, err)
	r.Header.Set("Authorization", "Bearer "+p.s.AdminToken())
	for i := 0; i < len(headers); i += 2 {
		if headers[i] == "Host" {
			r.Host = headers[i+1]
		}
		r.Header.Set(headers[i], headers[i+1])
	}
	return p.do(r)
}

func TestControl(t *testing.T) {
	t.Parallel()
	p := startRP(t, Config{Login: "auto"})
	ok := func(method, path, body string) answer {
		t.Helper()
		a := p.control(method, path, body)
		require.Equal(t, 200, a.status, a.body)
		require.Empty(t, a.header.Get("Access-Control-Allow-Origin"))
		return a
	}
	require.Len(t, ok("GET", "", "").json(t), len(controls()))

	ok("POST", "users", `{"username":"zoe","password":"p","groups":["admins"],"claims":{"department":"qa"}}`)
	require.Contains(t, ok("GET", "users", "").body, `"zoe"`)
	id := p.claims(p.tokens("login_hint", "zoe", "scope", "openid groups")["id_token"])
	require.Equal(t, "qa", id["department"])
	require.Equal(t, []any{"admins"}, id["groups"])

	ok("POST", "clients", `{"id":"tool","redirect_uris":["https://tool.example/cb"]}`)
	require.Contains(t, ok("GET", "clients", "").body, "https://tool.example/cb")
	require.Contains(t, p.authorize("client_id", "tool", "redirect_uri", "https://tool.example/cb").header.Get("Location"), "https://tool.example/cb?code=")

	ok("POST", "faults", `{"names":["invalid-iss"]}`)
	require.JSONEq(t, `{"on":["invalid-iss"]}`, ok("GET", "faults", "").body)
	require.Equal(t, p.issuer+"1", p.claims(idTokenOf(p))["iss"])
	ok("DELETE", "faults", "")
	require.Equal(t, p.issuer, p.claims(idTokenOf(p))["iss"])

	ok("POST", "queue", `{"user":"bob","code":"next","error":{"endpoint":"token","status":503,"error":"busy"}}`)
	code := p.code("scope", "openid profile")
	require.Equal(t, "next", code)
	requireError(t, p.exchange(code), 503, "busy")
	require.Equal(t, "bob", p.claims(p.exchange(code).json(t)["id_token"])["preferred_username"])

	ok("POST", "clock", `{"freeze":true}`)
	before := p.s.Clock().Now()
	ok("POST", "clock", `{"advance":"90s"}`)
	require.EqualValues(t, 90, p.s.Clock().Now().Sub(before).Seconds())
	ok("POST", "clock", `{"resume":true}`)
	require.NotEmpty(t, ok("GET", "clock", "").json(t)["now"])

	kid := keySet(t, p).Keys[1].KeyID
	ok("POST", "keys", `{"server":"org"}`)
	require.NotEqual(t, kid, keySet(t, p).Keys[1].KeyID)

	report := ok("GET", "report", "").json(t)
	require.Equal(t, 1.0, report["refused"].(map[string]any)["token: queued"])
	var log []LoggedRequest
	require.NoError(t, json.Unmarshal([]byte(ok("GET", "requests", "").body), &log))
	require.NotEmpty(t, log)
	ok("DELETE", "requests", "")
	require.Empty(t, p.s.Requests())

	ok("POST", "reset", "")
	require.Len(t, p.s.Ready().Users, 2)
}

func TestControlRefuses(t *testing.T) {
	t.Parallel()
	p := startRP(t, Config{})
	for _, tt := range []struct {
		name, method, path, body string
		headers                  []string
		status                   int
		want                     string
	}{
		{"no token", "GET", "users", "", []string{"Authorization", ""}, 401, "bearer token"},
		{"a wrong token", "GET", "users", "", []string{"Authorization", "Bearer x"}, 401, "bearer token"},
		{"a name that was rebound to this machine", "GET", "users", "", []string{"Host", "evil.example:80"}, 421, "evil.example"},
		{"no such path", "GET", "cars", "", nil, 404, "lists them"},
		{"no such method", "PATCH", "users", "", nil, 405, "GET, POST"},
		{"a misspelt member", "POST", "users", `{"user":"x"}`, nil, 400, "unknown field"},
		{"no JSON", "POST", "clients", `x`, nil, 400, "invalid character"},
		{"an unknown fault", "POST", "faults", `{"names":["x"]}`, nil, 400, "nearest"},
		{"an unknown user", "POST", "queue", `{"user":"x"}`, nil, 400, "unknown user"},
		{"a time that is none", "POST", "clock", `{"advance":"soon"}`, nil, 400, "soon"},
		{"an unknown server", "POST", "keys", `{"server":"x"}`, nil, 400, "unknown server"},
		{"a body beyond 1 MiB", "POST", "users", strings.Repeat(" ", maxBody+1), nil, 400, "too large"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p := *p
			p.t = t
			a := p.control(tt.method, tt.path, tt.body, tt.headers...)
			require.Equal(t, tt.status, a.status, a.body)
			require.Contains(t, a.body, tt.want)
			require.NotContains(t, a.body, p.s.AdminToken())
		})
	}
	s := StartT(t, fast(Config{NoAdmin: true}))
	require.Empty(t, s.AdminToken())
	res, err := s.Client().Get(s.URL + "/_mock/users")
	require.NoError(t, err)
	require.NoError(t, res.Body.Close())
	require.Equal(t, 404, res.StatusCode)
}
