package interop

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/oauth2-proxy/mockoidc"
	"github.com/stretchr/testify/require"

	"github.com/oidcflow/oidcflow/flow"
	"github.com/oidcflow/oidcflow/flow/check"
	"github.com/oidcflow/oidcflow/flow/trace"
)

// defect is what a check says of a provider, with the line of its source that explains it. The tests hold that the line
// still says what is quoted of it.
type defect struct {
	check  string
	status check.Status
	file   string // below the provider's folder
	line   int
	quote  string
	why    string // for readers: what that line does
}

// ofMockoidc is what fails at the unmodified server of mockoidc.
var ofMockoidc = []defect{
	{"expires-in-nanoseconds", check.Fail, "handlers.go", 183, "m.AccessTTL", "expires_in is a time.Duration, which encoding/json writes in nanoseconds"},
	{"userinfo-missing-sub", check.Fail, "user.go", 65, "&mockUserinfo{", "userinfo is made of five members, and sub is not among them"},
	{"code-other-redirect-uri", check.Fail, "session.go", 50, "&Session{", "a session does not keep the redirect_uri, so nothing can be compared with it"},
	{"code-expired", check.Fail, "handlers.go", 231, "session.Granted", "a code is refused when it is unknown or used; no time is looked at"},
	{"pkce-plain", check.Fail, "mockoidc.go", 77, `"plain"`, "the method plain is supported by default"},
	{"pkce-downgrade", check.Fail, "handlers.go", 242, `session.CodeChallenge == ""`, "without a challenge a code_verifier is not looked at"},
	{"pkce-not-required", check.Warn, "handlers.go", 83, `"redirect_uri"}`, "code_challenge is none of the parameters that must be there"},
	{"redirect-uri-unregistered", check.Fail, "handlers.go", 117, `url.Parse(req.Form.Get("redirect_uri"))`, "any redirect_uri that can be parsed is redirected to"},
	{"userinfo-other-audience", check.Fail, "handlers.go", 402, "m.authorizeToken", "any JWT by the server's key is an access token, also the ID token"},
	{"scope-order", check.Fail, "handlers.go", 298, "s.Scopes[0] == openidScope", "an ID token comes only where openid is the first scope"},
	{"request-parameter-twice", check.Fail, "handlers.go", 461, `req.Form.Get("scope")`, "Form.Get takes the first value, and nobody counts them"},
	{"request-object-ignored", check.Fail, "handlers.go", 83, `"redirect_uri"}`, "request is read nowhere"},
	{"prompt-none-and-login", check.Fail, "handlers.go", 83, `"redirect_uri"}`, "prompt is read nowhere"},
	{"token-by-get", check.Fail, "handlers.go", 146, "req.ParseForm()", "the method is not looked at, and Form has what is in the query"},
	{"token-error-status", check.Fail, "handlers.go", 233, "http.StatusUnauthorized", "a code that is refused is answered with 401"},
	{"refresh-with-access-token", check.Fail, "handlers.go", 278, "m.authorizeToken", "any JWT by the server's key is a refresh token"},
}

// basicOfMockoidc is what comes of believing its discovery document.
var basicOfMockoidc = []defect{
	{"exchange-completes", check.Error, "handlers.go", 201, `"client_secret"`, "id and secret are looked for in the form alone, though client_secret_basic is announced"},
}

const mockServer = "dist/oauth2-server-Bqq5vOCR.mjs"

// ofMockServer is what fails at npm oauth2-mock-server.
var ofMockServer = []defect{
	{"scope-widened", check.Fail, mockServer, 678, `scope ?? "dummy"`, "the scope of the authorization request is forgotten"},
	{"refresh-scope-widened", check.Fail, mockServer, 688, `scope ?? "dummy"`, "the same when a token is refreshed"},
	{"code-replay", check.Warn, mockServer, 652, `"code_challenge required"`, "a used code has no challenge any more; that is answered with invalid_request"},
	{"pkce-wrong-verifier", check.Warn, mockServer, 655, "does not match", "answered with invalid_request, where RFC 7636 §4.6 has invalid_grant"},
	{"code-other-redirect-uri", check.Fail, mockServer, 677, `case "authorization_code"`, "redirect_uri is not looked at"},
	{"code-other-client", check.Fail, mockServer, 710, "reqBody.client_id", "whoever sends the code is its client"},
	{"pkce-missing-verifier", check.Fail, mockServer, 648, `"code_verifier" in reqBody`, "the challenge is looked at only where a verifier came"},
	{"pkce-plain", check.Fail, mockServer, 297, `"plain"`, "the method plain is supported"},
	{"pkce-not-required", check.Fail, mockServer, 749, "if (code_challenge)", "a challenge is not demanded"},
	{"redirect-uri-unregistered", check.Fail, mockServer, 747, "new URL(redirectUri)", "every redirect_uri is redirected to"},
	{"refresh-reuse", check.Fail, mockServer, 687, `case "refresh_token"`, "refresh_token is not looked at"},
	{"refresh-race", check.Warn, mockServer, 687, `case "refresh_token"`, "refresh_token is not looked at"},
	{"refresh-other-client", check.Fail, mockServer, 687, `case "refresh_token"`, "refresh_token is not looked at"},
	{"refresh-with-access-token", check.Fail, mockServer, 687, `case "refresh_token"`, "refresh_token is not looked at"},
	{"userinfo-no-token", check.Fail, mockServer, 784, `"johndoe"`, "userinfo is the same for everybody"},
	{"userinfo-token-in-query", check.Fail, mockServer, 784, `"johndoe"`, "userinfo is the same for everybody"},
	{"userinfo-other-audience", check.Fail, mockServer, 784, `"johndoe"`, "userinfo is the same for everybody"},
	{"request-object-ignored", check.Fail, mockServer, 740, "req.query", "request is none of the parameters that are read"},
	{"prompt-none-and-login", check.Fail, mockServer, 740, "req.query", "prompt is none of the parameters that are read"},
}

// ofOIDCProvider is what fails at npm oidc-provider with its default settings.
var ofOIDCProvider = []defect{
	{"exchange-completes", check.Error, "lib/helpers/initialize_app.js", 227, "if (enableHttpPostMethods)", "the end session endpoint takes POST (RP-Initiated Logout 1.0 §2: MUST) only with this setting, which is off"},
}

// webOfOIDCProvider is what it lets a client with a secret do. That is a warning, for RFC 9700 §2.1.1 no more than
// recommends PKCE there.
var webOfOIDCProvider = []defect{
	{"pkce-not-required", check.Warn, "lib/helpers/defaults.js", 316, "client.clientAuthMethod === 'none'", "PKCE is required of public clients, and of FAPI 2.0"},
}

// odd are findings that a person should see.
func odd(found []check.Finding) map[string]check.Status {
	out := map[string]check.Status{}
	for _, f := range found {
		if f.Status >= check.Warn {
			out[f.Name] = f.Status
		}
	}
	return out
}

// requireDefects holds that found shows what all says, no more and no less, and that the sources say so too.
func requireDefects(t *testing.T, root string, all []defect, found []check.Finding) {
	t.Helper()
	want := map[string]check.Status{}
	for _, d := range all {
		want[d.check] = d.status
		require.Contains(t, sourceLine(t, filepath.Join(root, d.file), d.line), d.quote, "%s: %s", d.check, d.why)
	}
	for _, f := range found {
		if f.Status >= check.Warn {
			t.Logf("%s: %s: %s", f.Status, f.Name, f.Message)
		}
	}
	require.Equal(t, want, odd(found))
}

func sourceLine(t *testing.T, name string, line int) string {
	t.Helper()
	f, err := os.Open(name)
	require.NoError(t, err)
	defer f.Close()
	lines := bufio.NewScanner(f)
	for n := 1; lines.Scan(); n++ {
		if n == line {
			return lines.Text()
		}
	}
	require.Fail(t, "no such line", "%s:%d", name, line)
	return ""
}

// runCheck has the program check a provider with all probes, and returns what it found.
func runCheck(t *testing.T, env []string, args ...string) []check.Finding {
	t.Helper()
	o := run(t, env, append([]string{"check", "--probes", "--json", "--pause", "0s", "--redirect-uri", "https://app.example.com/callback"}, args...)...)
	var report struct{ Findings []check.Finding }
	require.NoError(t, json.Unmarshal([]byte(o.Stdout), &report), o.Stderr)
	require.NotEmpty(t, report.Findings)
	return report.Findings
}

// TestCheckOIDCProvider checks a certified provider. With the settings of its certification nothing fails, so a check
// that does is wrong itself.
func TestCheckOIDCProvider(t *testing.T) {
	t.Parallel()
	defaults, certified := serveNode(t, "oidc-provider.mjs", nil), serveNode(t, "oidc-provider.mjs", map[string]any{"post": true})
	signIn := []string{"--sign-in", "form", "--username", "alice", "--scope", "openid email offline_access", "--prompt", "consent"}
	for name, c := range map[string]struct {
		issuer string
		args   []string
		secret string
		want   []defect
	}{
		"default settings":    {defaults, []string{"--client-id", "public", "--other-client-id", "other"}, "", ofOIDCProvider},
		"public client":       {certified, []string{"--client-id", "public", "--other-client-id", "other"}, "", nil},
		"DPoP":                {certified, []string{"--client-id", "public", "--dpop"}, "", nil},
		"pushed request":      {certified, []string{"--client-id", "public", "--par"}, "", nil},
		"form_post":           {certified, []string{"--client-id", "public", "--response-mode", "form_post"}, "", nil},
		"client_secret_basic": {certified, []string{"--client-id", "basic", "--client-auth", "client_secret_basic"}, "a secret: with %, + and /", webOfOIDCProvider},
		"client_secret_post":  {certified, []string{"--client-id", "post", "--client-auth", "client_secret_post"}, "another-secret", webOfOIDCProvider},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			env := []string{"OIDCFLOW_ISSUER=" + c.issuer, "OIDCFLOW_PASSWORD=any password does", "OIDCFLOW_CLIENT_SECRET=" + c.secret}
			requireDefects(t, "node_modules/oidc-provider", c.want, runCheck(t, env, append(c.args, signIn...)...))
		})
	}
}

// TestCheckMockServer checks a provider that is no more than a mock, and says so.
func TestCheckMockServer(t *testing.T) {
	t.Parallel()
	issuer := serveNode(t, "oauth2-mock-server.mjs", map[string]any{"alg": "RS256"})
	found := runCheck(t, nil, "--issuer", issuer, "--client-id", "tool", "--other-client-id", "other", "--scope", "openid email offline_access")
	requireDefects(t, "node_modules/oauth2-mock-server", ofMockServer, found)
}

// TestCheckMockoidc convicts mockoidc, defect by defect.
func TestCheckMockoidc(t *testing.T) {
	t.Parallel()
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/oauth2-proxy/mockoidc").Output()
	require.NoError(t, err)
	root := strings.TrimSpace(string(out))
	for name, c := range map[string]struct {
		auth flow.ClientAuth
		want []defect
	}{
		"the secret in the form":   {"client_secret_post", ofMockoidc},
		"the secret in the header": {"client_secret_basic", basicOfMockoidc},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server, err := mockoidc.NewServer(nil)
			require.NoError(t, err)
			var one sync.Mutex // its session store has none
			require.NoError(t, server.AddMiddleware(func(next http.Handler) http.Handler {
				return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					one.Lock()
					defer one.Unlock()
					next.ServeHTTP(w, r)
				})
			}))
			listener, err := net.Listen("tcp", "127.0.0.1:0")
			require.NoError(t, err)
			require.NoError(t, server.Start(listener, nil))
			t.Cleanup(func() { require.NoError(t, server.Shutdown()) })
			found, _, err := check.Run(t.Context(), flow.Config{
				Issuer: server.Issuer(), ClientID: server.ClientID, ClientSecret: trace.NewSecret("client_secret", server.ClientSecret),
				ClientAuth: c.auth, RedirectURI: redirectURI, Scopes: []string{"openid", "email"}, SignIn: straight{},
				Now: func() time.Time { one.Lock(); defer one.Unlock(); return server.Now() },
			}, check.Options{Probes: true, Clock: func(d time.Duration) error {
				one.Lock()
				defer one.Unlock()
				server.FastForward(d)
				return nil
			}})
			require.NoError(t, err)
			requireDefects(t, root, c.want, found)
		})
	}
}

// straight signs in at a provider that lets everybody in: it takes the first redirect.
type straight struct{}

func (straight) SignIn(ctx context.Context, r flow.Request) (*flow.Callback, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, r.URL.String(), nil)
	if err != nil {
		return nil, err
	}
	resp, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	if cb, ok := flow.CallbackAt(r.RedirectURI, resp.Header.Get("Location")); ok {
		return cb, nil
	}
	return nil, &flow.Error{Step: trace.SignIn, Code: "authorize.error_page", Err: errors.New(resp.Status)}
}
