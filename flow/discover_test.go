package flow

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const wellKnown = "/.well-known/openid-configuration"

func TestDiscoverRefuses(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		metadata map[string]any
		handler  http.HandlerFunc
		change   func(*Config)
		code     string
	}{
		"another issuer":                 {metadata: map[string]any{"issuer": "https://evil.example"}, code: "discover.issuer_mismatch"},
		"no issuer":                      {metadata: map[string]any{"issuer": nil}, code: "discover.missing_issuer"},
		"issuer of another type":         {metadata: map[string]any{"issuer": 7}, code: "discover.malformed"},
		"no authorization endpoint":      {metadata: map[string]any{"authorization_endpoint": nil}, code: "discover.missing_endpoint"},
		"no token endpoint":              {metadata: map[string]any{"token_endpoint": nil}, code: "discover.missing_endpoint"},
		"no keys":                        {metadata: map[string]any{"jwks_uri": nil}, code: "discover.missing_endpoint"},
		"PAR required and not there":     {metadata: map[string]any{"require_pushed_authorization_requests": true}, code: "discover.missing_endpoint"},
		"token endpoint on another host": {metadata: map[string]any{"token_endpoint": "https://evil.example/token"}, code: "discover.foreign_endpoint"},
		"token endpoint on another port": {metadata: map[string]any{"token_endpoint": "http://127.0.0.1:1/token"}, code: "discover.foreign_endpoint"},
		"keys on another host":           {metadata: map[string]any{"jwks_uri": "https://evil.example/keys"}, code: "discover.foreign_endpoint"},
		"plain http on another host":     {metadata: map[string]any{"token_endpoint": "http://evil.example/token"}, code: "discover.insecure_http"},
		"an endpoint with a user":        {metadata: map[string]any{"token_endpoint": "https://me:you@evil.example/token"}, code: "discover.bad_endpoint"},
		"an endpoint that is a file":     {metadata: map[string]any{"jwks_uri": "file:///etc/passwd"}, code: "discover.bad_endpoint"},
		"a relative endpoint":            {metadata: map[string]any{"token_endpoint": "/token"}, code: "discover.bad_endpoint"},
		"algorithms as a string":         {metadata: map[string]any{"id_token_signing_alg_values_supported": "RS256"}, code: "discover.malformed"},
		"auth methods that are numbers":  {metadata: map[string]any{"token_endpoint_auth_methods_supported": []int{1}}, code: "discover.malformed"},
		"a flag as a string":             {metadata: map[string]any{"require_pushed_authorization_requests": "true"}, code: "discover.malformed"},
		"HTML":                           {handler: answerWith(200, "text/html", "<!doctype html><title>Sign in\n to X</title>"), code: "discover.not_json"},
		"an empty body":                  {handler: answerWith(200, "application/json", ""), code: "discover.not_json"},
		"an array":                       {handler: answerWith(200, "application/json", "[]"), code: "discover.not_json"},
		"null":                           {handler: answerWith(200, "application/json", "null"), code: "discover.not_json"},
		"an end too early":               {handler: answerWith(200, "application/json", `{"issuer": "https:`), code: "discover.malformed"},
		"issuer twice":                   {handler: answerWith(200, "application/json", `{"issuer": "a", "issuer": "b"}`), code: "discover.malformed"},
		"two documents":                  {handler: answerWith(200, "application/json", `{} {}`), code: "discover.malformed"},
		"not UTF-8":                      {handler: answerWith(200, "application/json", "{\"issuer\": \"\xff\"}"), code: "discover.malformed"},
		"too large":                      {handler: answerWith(200, "application/json", strings.Repeat(" ", maxBody+1)), code: "discover.too_large"},
		"not found anywhere":             {handler: http.NotFound, code: "discover.not_found"},
		"an error of the server":         {handler: answerWith(500, "text/plain", "oops"), code: "discover.server_error"},
		"unavailable without a time":     {handler: answerWith(503, "text/plain", ""), code: "discover.server_error"},
		"unavailable for ever":           {handler: answerWith(503, "text/plain", "", "Retry-After", "1"), code: "discover.server_error"},
		"rate limited for ever":          {handler: answerWith(429, "application/json", "{}", "Retry-After", "1"), code: "discover.rate_limited"},
		"a redirect to another origin":   {handler: answerWith(302, "", "", "Location", "https://evil.example/x"), code: "discover.redirect"},
		"a redirect to itself":           {handler: answerWith(302, "", "", "Location", wellKnown), code: "discover.redirect"},
		"an API error of Okta":           {handler: answerWith(400, "application/json", `{"errorCode":"E0000007","errorSummary":"Not found"}`), code: "discover.e0000007"},
		"plain http beside an https issuer on loopback": {
			change:   func(c *Config) { c.Issuer = "https://localhost:1"; c.Transport = toFake{} },
			metadata: map[string]any{"issuer": "https://localhost:1", "authorization_endpoint": "http://localhost:1/a"},
			code:     "discover.insecure_http"},
		"a public issuer naming a private address": {
			change:   func(c *Config) { c.Issuer = "https://id.example.com"; c.Transport = toFake{} },
			metadata: map[string]any{"issuer": "https://id.example.com", "authorization_endpoint": "https://id.example.com/a", "token_endpoint": "https://169.254.169.254/token"},
			code:     "discover.private_address"},
		"a private address though listed": {
			change: func(c *Config) {
				c.Issuer = "https://id.example.com"
				c.Transport = toFake{}
				c.EndpointHosts = []string{"127.0.0.1"}
			},
			metadata: map[string]any{"issuer": "https://id.example.com", "authorization_endpoint": "https://id.example.com/a", "token_endpoint": "https://127.0.0.1/token"},
			code:     "discover.private_address"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFake(t)
			f.metadata = set(c.metadata)
			if c.handler != nil {
				f.handlers[wellKnown] = c.handler
			}
			cl := f.client(func(cfg *Config) {
				if c.change != nil {
					c.change(cfg)
				}
				if _, is := cfg.Transport.(toFake); is {
					cfg.Transport = toFake{f}
				}
			})
			r, err := cl.Run(t.Context())
			requireCode(t, err, c.code)
			require.True(t, r.Tokens.AccessToken.IsZero())
			require.Zero(t, f.count("/token"))
		})
	}
}

// toFake sends every request to the fake, whatever its host.
type toFake struct{ *fake }

func (f toFake) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.URL.Scheme, r.URL.Host = "http", strings.TrimPrefix(f.URL, "http://")
	return http.DefaultTransport.RoundTrip(r)
}

func TestDiscoverBears(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		metadata map[string]any
		change   func(*Config)
	}{
		"unknown members":                   {metadata: map[string]any{"x": map[string]any{"y": []any{1, nil}}}},
		"null for a list":                   {metadata: map[string]any{"token_endpoint_auth_methods_supported": []any(nil)}},
		"a userinfo endpoint elsewhere":     {metadata: map[string]any{"userinfo_endpoint": "https://graph.example/userinfo"}},
		"a host that is listed":             {metadata: map[string]any{"authorization_endpoint": "https://login.example/a"}, change: func(c *Config) { c.EndpointHosts = []string{"login.example"} }},
		"a host that is listed with a port": {metadata: map[string]any{"authorization_endpoint": "https://login.example/a"}, change: func(c *Config) { c.EndpointHosts = []string{"LOGIN.example:443"} }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFake(t)
			f.metadata = set(c.metadata)
			_, err := f.client(c.change).Run(t.Context())
			require.NoError(t, err)
		})
	}
}

func TestDiscoverLooksInEveryPlace(t *testing.T) {
	t.Parallel()
	for _, place := range []string{
		"/oauth2/x/.well-known/openid-configuration",
		"/.well-known/oauth-authorization-server/oauth2/x",
		"/oauth2/x/.well-known/oauth-authorization-server",
	} {
		t.Run(place, func(t *testing.T) {
			t.Parallel()
			f := newFake(t)
			f.metadata = func(m map[string]any) { m["issuer"] = f.URL + "/oauth2/x" }
			f.handlers[place] = func(w http.ResponseWriter, _ *http.Request) { f.json(w, f.document()) }
			m, err := f.client(func(c *Config) { c.Issuer += "/oauth2/x" }).Discover(t.Context())
			require.NoError(t, err)
			require.Equal(t, f.URL+"/token", m.Endpoints.Token)
			require.NotNil(t, m.Document["jwks_uri"])
		})
	}
}

func TestDiscoverNamesTheSlash(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	_, err := f.client(func(c *Config) { c.Issuer += "/" }).Discover(t.Context())
	e := requireCode(t, err, "discover.issuer_mismatch")
	require.Contains(t, e.Hint, "slash")
	require.Equal(t, fmt.Sprintf("discover: issuer: want %q, got %q", f.URL+"/", f.URL), e.Error())
}

func TestDiscoverFollowsARedirectWithinItsOrigin(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	f.handlers[wellKnown] = answerWith(302, "", "", "Location", "/moved")
	f.handlers["/moved"] = func(w http.ResponseWriter, _ *http.Request) { f.json(w, f.document()) }
	_, err := f.client(nil).Discover(t.Context())
	require.NoError(t, err)
}

func TestEndpointsByHandNeedNoDiscovery(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	r, err := f.client(func(c *Config) {
		c.Endpoints = Endpoints{Authorization: f.URL + "/authorize", Token: f.URL + "/token", JWKS: f.URL + "/keys"}
	}).Run(t.Context())
	require.NoError(t, err)
	require.Contains(t, r.Verified, "signature")
	require.Zero(t, f.count(wellKnown))
}

func TestEndpointsByHandReplaceTheProviders(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	f.metadata = set(map[string]any{"token_endpoint": "https://evil.example/token"})
	_, err := f.client(func(c *Config) { c.Endpoints.Token = f.URL + "/token" }).Run(t.Context())
	require.NoError(t, err)
}

// The environment of the old script: two endpoints, no issuer. The issuer is inferred and its document read.
func TestOktaEndpointsAlone(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	f.metadata = func(m map[string]any) {
		m["authorization_endpoint"], m["token_endpoint"] = f.URL+"/oauth2/v1/authorize", f.URL+"/oauth2/v1/token"
	}
	f.handlers["/oauth2/v1/token"] = func(w http.ResponseWriter, _ *http.Request) { f.json(w, f.tokenResponse()) }
	r, err := f.client(func(c *Config) {
		c.Issuer = ""
		c.Endpoints = Endpoints{Authorization: f.URL + "/oauth2/v1/authorize", Token: f.URL + "/oauth2/v1/token"}
	}).Run(t.Context())
	require.NoError(t, err)
	require.Equal(t, f.URL, r.Issuer)
	require.Equal(t, 1, f.count(wellKnown))
}

func TestDiscoverTriesAgainAfterAnError(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	f.handlers[wellKnown] = func(w http.ResponseWriter, _ *http.Request) {
		if f.count(wellKnown) == 1 {
			w.WriteHeader(http.StatusInternalServerError)
			return
		}
		f.json(w, f.document())
	}
	c := f.client(nil)
	_, err := c.Discover(t.Context())
	requireCode(t, err, "discover.server_error")
	_, err = c.Discover(t.Context())
	require.NoError(t, err)
}

func TestAnUnlistedEndpointIsRefusedWhenItIsUsed(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	f.metadata = set(map[string]any{"userinfo_endpoint": "https://evil.example/userinfo", "introspection_endpoint": nil})
	c := f.client(nil)
	r, err := c.Run(t.Context())
	require.NoError(t, err)
	_, err = c.UserInfo(t.Context(), &r.Tokens, "alice")
	e := requireCode(t, err, "userinfo.foreign_endpoint")
	require.Contains(t, e.Hint, "evil.example")
	_, err = c.Introspect(t.Context(), r.Tokens.AccessToken, "")
	requireCode(t, err, "introspect.unsupported")
}
