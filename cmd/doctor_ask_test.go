package cmd

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/oauth2-proxy/mockoidc"
	"github.com/stretchr/testify/require"

	"github.com/oidcflow/oidcflow/flow"
	"github.com/oidcflow/oidcflow/flow/trace"
	"github.com/oidcflow/oidcflow/mockidp"
)

const toolSecret = "a secret of the client tool, long enough for HS256"

// doctorAt returns a doctor for the client tool, whose requests are counted, at a provider that has it as tool says.
func doctorAt(t *testing.T, profile string, tool mockidp.Client) (*doctor, *counter) {
	t.Helper()
	tool.ID = "tool"
	if tool.RedirectURIs == nil {
		tool.RedirectURIs = []string{"https://app.example.com/callback"}
	}
	provider := mockidp.StartT(t, mockidp.Config{Profile: profile, Clients: []mockidp.Client{tool}})
	d := doctorFor(t, provider.Issuer(""))
	c := &counter{below: d.transport}
	d.transport = c
	d.config.Transport = c
	d.config.RedirectURI = "https://app.example.com/callback"
	if tool.Secret != "" {
		d.config.ClientSecret = trace.NewSecret("client_secret", tool.Secret)
	}
	return d, c
}

// counter counts the requests by path, and fails those for another host than this machine.
type counter struct {
	below http.RoundTripper
	mu    sync.Mutex
	paths []string
}

func (c *counter) RoundTrip(r *http.Request) (*http.Response, error) {
	c.mu.Lock()
	c.paths = append(c.paths, r.URL.Path)
	c.mu.Unlock()
	if !flow.IsLoopback(r.URL.Hostname()) {
		return nil, fmt.Errorf("request for %s", r.URL.Host)
	}
	return c.below.RoundTrip(r)
}

func (c *counter) ending(suffix string) (n int) {
	for _, p := range c.paths {
		if strings.HasSuffix(p, suffix) {
			n++
		}
	}
	return n
}

// statuses returns the names of rows by status.
func statuses(rows []finding, status string) []string {
	names := []string{}
	for _, r := range rows {
		if r.Status == status {
			names = append(names, r.Name)
		}
	}
	return names
}

// Each client is wrong in one way, and the row of that setting alone fails.
func TestDoctorNamesTheSettingOfTheClient(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name     string
		tool     mockidp.Client
		change   func(*flow.Config)
		row      string // that fails; "": none
		message  string // of it
		okta     string // of its hint
		plain    string
		tolerant bool // of what Okta refuses: to the letter it is no mistake
	}{
		{name: "a public client as it should be"},
		{name: "a confidential client as it should be", tool: mockidp.Client{Secret: toolSecret}},
		{name: "an unknown client", change: func(c *flow.Config) { c.ClientID = "stranger" },
			row: "client", message: "client_id", okta: "Client ID", plain: "--client-id"},
		{name: "an unknown client that pushes", change: func(c *flow.Config) { c.ClientID, c.PAR = "stranger", true },
			row: "client", message: "client_id", okta: "Client ID", plain: "--client-id"},
		{name: "a redirect URI with a slash too many", change: func(c *flow.Config) { c.RedirectURI += "/" },
			row: "redirect_uri", message: "redirect_uri", okta: "Sign-in redirect URIs", plain: "register the redirect URI"},
		{name: "a pushed redirect URI with a slash too many", change: func(c *flow.Config) { c.RedirectURI += "/"; c.PAR = true },
			row: "redirect_uri", message: "redirect_uri", okta: "Sign-in redirect URIs", plain: "register the redirect URI"},
		{name: "one scope of three with a typing error", change: func(c *flow.Config) { c.Scopes = []string{"openid", "email", "grups"} },
			row: "scopes", message: "grups: refused", okta: "org server", tolerant: true},
		{name: "a pushed scope with a typing error", change: func(c *flow.Config) { c.Scopes, c.PAR = []string{"openid", "grups"}, true },
			row: "scopes", message: "grups: refused", okta: "org server", tolerant: true},
		{name: "a wrong secret", tool: mockidp.Client{Secret: toolSecret},
			change: func(c *flow.Config) { c.ClientSecret = trace.NewSecret("client_secret", "another secret") },
			row:    "client_auth", message: "invalid_client", okta: "Client Credentials", plain: "compare the secret"},
		{name: "a wrong secret with a pushed request", tool: mockidp.Client{Secret: toolSecret},
			change: func(c *flow.Config) { c.ClientSecret, c.PAR = trace.NewSecret("client_secret", "another secret"), true },
			row:    "client_auth", message: "invalid_client", okta: "Client Credentials", plain: "compare the secret"},
		{name: "no secret where one is needed", tool: mockidp.Client{Secret: toolSecret},
			change: func(c *flow.Config) { c.ClientSecret = trace.Secret{} },
			row:    "client_auth", message: "invalid_client", okta: "--client-secret-file", plain: "--client-auth"},
		{name: "a secret of a public client", change: func(c *flow.Config) { c.ClientSecret = trace.NewSecret("client_secret", toolSecret) },
			row: "client_auth", message: "invalid_client", okta: "None (no secret)", plain: "--client-auth"},
		{name: "a method that the client is not registered for", tool: mockidp.Client{Secret: toolSecret, AuthMethod: "client_secret_post"},
			change: func(c *flow.Config) { c.ClientAuth = flow.AuthSecretBasic },
			row:    "client_auth", message: "invalid_client", okta: "Client Credentials", plain: "--client-auth"},
		{name: "no authorization code grant", tool: mockidp.Client{GrantTypes: []string{"refresh_token"}},
			row: "grants", message: "may not use this grant", okta: "Authorization Code", plain: "authorization code grant"},
		{name: "no refresh token grant, and offline_access asked for", tool: mockidp.Client{GrantTypes: []string{"authorization_code"}},
			change: func(c *flow.Config) { c.Scopes = []string{"openid", "offline_access"} },
			row:    "grants", message: "unauthorized_client", okta: "Refresh Token", plain: "refresh token grant"},
		{name: "no refresh token grant, and none needed", tool: mockidp.Client{GrantTypes: []string{"authorization_code"}}},
		{name: "a client that has to push", tool: mockidp.Client{RequirePAR: true}, row: "par", message: "push", okta: "--par", plain: "--par"},
		{name: "a client that has to push, and does", tool: mockidp.Client{RequirePAR: true}, change: func(c *flow.Config) { c.PAR = true }},
		{name: "a client that has to prove possession", tool: mockidp.Client{RequireDPoP: true}, row: "dpop", message: "DPoP", okta: "--dpop", plain: "--dpop"},
		{name: "a client that has to prove possession, and does", tool: mockidp.Client{RequireDPoP: true}, change: func(c *flow.Config) { c.DPoP = true }},
		{name: "a response as a form", change: func(c *flow.Config) { c.ResponseMode = "form_post" }},
		{name: "a response in the fragment", change: func(c *flow.Config) { c.ResponseMode = "fragment" }},
		{name: "a sign-in that must be new", change: func(c *flow.Config) { zero := time.Duration(0); c.MaxAge = &zero }},
	} {
		for _, profile := range []string{"okta", "strict"} {
			t.Run(profile+": "+c.name, func(t *testing.T) {
				t.Parallel()
				d, seen := doctorAt(t, profile, c.tool)
				if c.change != nil {
					c.change(&d.config)
				}
				rows := d.examine(t.Context())
				require.NotContains(t, fmt.Sprint(rows), toolSecret)
				require.LessOrEqual(t, len(seen.paths), 12, seen.paths)
				if c.row == "" || c.tolerant && profile == "strict" {
					require.Empty(t, statuses(rows, statusFail), rows)
					require.Equal(t, exitOK, doctorExit(rows))
					return
				}
				require.Equal(t, []string{c.row}, statuses(rows, statusFail), rows)
				got := row(t, rows, c.row)
				require.Contains(t, got.Message, c.message)
				hint := c.plain
				if profile == "okta" {
					hint = c.okta
				}
				require.Contains(t, got.Hint, hint)
				require.Equal(t, exitProvider, doctorExit(rows))
			})
		}
	}
}

// A custom server of Okta's has scopes of its own, so the hint names where they are added.
func TestDoctorKnowsOktasServersApart(t *testing.T) {
	t.Parallel()
	d, _ := doctorAt(t, "okta", mockidp.Client{})
	d.config.Issuer += "/oauth2/default"
	d.config.Scopes = []string{"openid", "grups"}
	require.Contains(t, row(t, d.examine(t.Context()), "scopes").Hint, "Security > API > Authorization Servers")
}

// What is asked is what a sign-in asks, once each: nothing is guessed that was answered.
func TestDoctorAsksLittle(t *testing.T) {
	t.Parallel()
	d, seen := doctorAt(t, "okta", mockidp.Client{})
	d.config.Scopes = []string{"openid", "offline_access"}
	rows := d.examine(t.Context())
	require.Empty(t, statuses(rows, statusFail), rows)
	require.Equal(t, 2, seen.ending("/authorize"), "with and without a challenge")
	require.Equal(t, 2, seen.ending("/token"), "a code and a refresh token")
	require.Len(t, seen.paths, 6, "besides those the visit and the metadata: %v", seen.paths)
	require.Equal(t, "S256 is offered, and this client is refused without it", row(t, rows, "pkce").Message)
	require.Equal(t, "authorization_code and refresh_token are allowed", row(t, rows, "grants").Message)
}

// mockoidc has no pages, gives a code to everybody, and takes a secret in the body alone, though it offers Basic too.
func TestDoctorAtMockoidc(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		change func(*flow.Config)
		fails  []string
		skips  []string
	}{
		{name: "as it should be", change: func(c *flow.Config) { c.ClientAuth = flow.AuthSecretPost }, fails: []string{}, skips: []string{}},
		{name: "Basic, which it does not read", change: func(*flow.Config) {}, fails: []string{"client_auth"}, skips: []string{"grants", "dpop"}},
		{name: "an unknown client", change: func(c *flow.Config) { c.ClientAuth, c.ClientID = flow.AuthSecretPost, "stranger" },
			fails: []string{"client"}, skips: []string{"redirect_uri", "request", "client_auth", "grants", "dpop"}},
		{name: "a scope that it does not have", change: func(c *flow.Config) { c.ClientAuth, c.Scopes = flow.AuthSecretPost, []string{"openid", "grups"} },
			fails: []string{"scopes"}, skips: []string{"redirect_uri", "request"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			server, err := mockoidc.Run()
			require.NoError(t, err)
			t.Cleanup(func() { require.NoError(t, server.Shutdown()) })
			d := doctorFor(t, server.Issuer())
			d.config.ClientID = server.ClientID
			d.config.ClientSecret = trace.NewSecret("client_secret", server.ClientSecret)
			c.change(&d.config)
			rows := d.examine(t.Context())
			require.Equal(t, c.fails, statuses(rows, statusFail), rows)
			require.Equal(t, c.skips, statuses(rows, statusSkip), rows)
		})
	}
}

// A provider that says something else than the table knows is not accused: the row is skipped, and says what came.
func TestDoctorDoesNotGuess(t *testing.T) {
	t.Parallel()
	page := func(status int, body string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/html")
			w.WriteHeader(status)
			_, _ = w.Write([]byte("<!doctype html><title>Example Login</title>" + body)) // who has gone away misses nothing
		}
	}
	for _, c := range []struct {
		name      string
		authorize http.HandlerFunc
		says      string
	}{
		{"a page to sign in on", page(200, `<form method="post"><input name="username"><input type="hidden" name="redirect_uri"></form>`), "a page to sign in on"},
		{"a page of scripts", page(200, `<div id="root"></div><script>config = {client_id: 1}</script>`), `status 200 and a page titled "Example Login"`},
		{"a gateway", page(403, `<h1>Blocked</h1>`), "status 403"},
		{"a server that is down", page(503, `<h1>redirect_uri service down</h1>`), "status 503"},
		{"too many requests", page(429, `<h1>client_id has sent too many requests</h1>`), "status 429"},
		{"a redirect without an end", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/authorize", http.StatusFound) }, "redirects in a row"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			below := issuerOf(t, false, 0, nil)
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Path == "/token" {
					page(502, "")(w, r)
					return
				}
				c.authorize(w, r)
			}))
			t.Cleanup(server.Close)
			d := doctorFor(t, below.URL)
			d.config.Endpoints = flow.Endpoints{Authorization: server.URL + "/authorize", Token: server.URL + "/token"}
			rows := d.examine(t.Context())
			require.Empty(t, statuses(rows, statusFail), rows)
			require.Equal(t, []string{"client", "redirect_uri", "request", "grants", "dpop"}, statuses(rows, statusSkip), rows)
			require.Contains(t, row(t, rows, "redirect_uri").Message, c.says)
			require.Equal(t, exitOK, doctorExit(rows))
		})
	}
}

// An answer at the redirect URI that a sign-in would not take is a failure, though the request was valid.
func TestDoctorJudgesTheAnswer(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, r.URL.Query().Get("redirect_uri")+"?error=login_required&state=another", http.StatusFound)
	}))
	t.Cleanup(server.Close)
	d := doctorFor(t, issuerOf(t, false, 0, nil).URL)
	d.config.Endpoints.Authorization = server.URL + "/authorize"
	rows := d.examine(t.Context())
	require.Equal(t, []string{"request"}, statuses(rows, statusFail), rows)
	require.Contains(t, row(t, rows, "request").Message, "state")
	require.Equal(t, statusOK, row(t, rows, "redirect_uri").Status)
}

// Credentials that cannot be used are the call's fault, and are found without a request.
func TestDoctorFindsCredentialsThatCannotBeUsed(t *testing.T) {
	t.Parallel()
	d, seen := doctorAt(t, "okta", mockidp.Client{Secret: "too short", AuthMethod: "client_secret_jwt"})
	d.config.ClientAuth = flow.AuthSecretJWT
	rows := d.examine(t.Context())
	require.Equal(t, []string{"client_auth"}, statuses(rows, statusFail), rows)
	require.Contains(t, row(t, rows, "client_auth").Message, "want a secret of 32 bytes")
	require.Equal(t, exitUsage, doctorExit(rows))
	require.Zero(t, seen.ending("/token"))
}

// The words of providers that are not at hand, as they are known from their error pages and answers.
func TestTopicOf(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		code, text string
		want       topic
	}{
		{"", "400 Bad Request Your request resulted in an error. The 'redirect_uri' parameter must be a Login redirect URI in the client app settings", aboutRedirectURI},
		{"", "Invalid parameter: redirect_uri", aboutRedirectURI},
		{"", "Error 400: redirect_uri_mismatch", aboutRedirectURI},
		{"", "AADSTS50011: The reply URL specified in the request does not match", aboutRedirectURI},
		{"", "Callback URL mismatch. The provided redirect_uri is not in the list of allowed callback URLs.", aboutRedirectURI},
		{"invalid_redirect_uri", "redirect_uri did not match any of the client's registered redirect_uris", aboutRedirectURI},
		{"", "Invalid value for 'client_id' parameter.", aboutClient},
		{"", "We are sorry... Client not found.", aboutClient},
		{"invalid_client", "client is invalid", aboutClient},
		{"unauthorized_client", "AADSTS700016: Application with identifier 'x' was not found in the directory", aboutClient},
		{"unauthorized_client", "Client is not allowed to initiate browser login with given response_type.", aboutCodeGrant},
		{"invalid_request", "requested grant type is not allowed for this client", aboutCodeGrant},
		{"invalid_scope", "One or more scopes are not configured for the authorization server resource.", aboutScopes},
		{"invalid_request", "PKCE code challenge is required by the application.", aboutPKCE},
		{"unsupported_response_mode", "The response mode is not supported.", aboutResponseMode},
		{"access_denied", "Policy evaluation failed for this request, please check the policy configurations.", aboutPolicy},
		{"invalid_dpop_proof", "The DPoP proof JWT header is missing.", aboutDPoP},
		{"temporarily_unavailable", "", aboutOther},
		{"", "Sign in to your account", aboutNothing},
	} {
		require.Equal(t, c.want, topicOf(c.code, c.text), "%s: %s", c.code, c.text)
	}
}

// Each setting has words for a provider of any kind, and for Okta's console.
func TestMendsAreComplete(t *testing.T) {
	t.Parallel()
	for _, tt := range topics {
		require.NotEmpty(t, mends[tt.topic].plain, tt.topic)
		require.NotEmpty(t, mends[tt.topic].okta, tt.topic)
	}
	for name, m := range mends {
		require.NotEmpty(t, m.okta, name)
	}
}
