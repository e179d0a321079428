package cmd

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/oidcflow/oidcflow/flow"
	"github.com/oidcflow/oidcflow/flow/trace"
)

// issuerOf is a provider whose document is metadata changed by change, with a clock that is off by ahead.
func issuerOf(t *testing.T, secure bool, ahead time.Duration, change func(doc map[string]any)) *httptest.Server {
	t.Helper()
	var server *httptest.Server
	server = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if ahead != 0 {
			w.Header().Set("Date", time.Now().Add(ahead).UTC().Format(http.TimeFormat))
		}
		switch {
		case r.URL.Path == "/authorize":
			q := r.URL.Query()
			http.Redirect(w, r, q.Get("redirect_uri")+"?error=login_required&state="+q.Get("state"), http.StatusFound)
			return
		case r.URL.Path == "/token":
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(http.StatusBadRequest)
			_, _ = io.WriteString(w, `{"error":"invalid_grant"}`)
			return
		case !strings.HasSuffix(r.URL.Path, "/.well-known/openid-configuration"):
			http.NotFound(w, r)
			return
		}
		doc := map[string]any{
			"issuer": server.URL, "authorization_endpoint": server.URL + "/authorize", "token_endpoint": server.URL + "/token",
			"jwks_uri": server.URL + "/keys", "code_challenge_methods_supported": []string{"plain", "S256"},
			"scopes_supported": []string{"openid", "email"}, "response_modes_supported": []string{"query", "form_post"},
			"token_endpoint_auth_methods_supported": []string{"client_secret_basic", "none"},
		}
		if change != nil {
			change(doc)
		}
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(doc)
	}))
	server.Config.ErrorLog = log.New(io.Discard, "", 0) // a handshake that fails is what the test is about
	if secure {
		server.StartTLS()
	} else {
		server.Start()
	}
	t.Cleanup(server.Close)
	return server
}

// doctorFor returns a doctor on a healthy machine.
func doctorFor(t *testing.T, issuer string) *doctor {
	return &doctor{
		config:    flow.Config{Issuer: issuer, ClientID: "tool"},
		transport: &http.Transport{DisableKeepAlives: true},
		now:       time.Now,
		timeout:   20 * time.Second,
		tempDir:   t.TempDir(),
		browser: func(context.Context) (browserReport, error) {
			return browserReport{path: "/usr/bin/chromium", version: "Chromium 150", sandboxed: true}, nil
		},
	}
}

func row(t *testing.T, rows []finding, name string) finding {
	t.Helper()
	for _, r := range rows {
		if r.Name == name {
			return r
		}
	}
	require.Failf(t, "no such row", "%s in %v", name, rows)
	return finding{}
}

func TestDoctorFindsNothingWrongWhereNothingIs(t *testing.T) {
	t.Parallel()
	d := doctorFor(t, issuerOf(t, false, 0, nil).URL)
	rows := d.examine(t.Context())
	for _, r := range rows {
		require.Equal(t, statusOK, r.Status, r)
	}
	require.Equal(t, exitOK, doctorExit(rows))
	var names []string
	for _, r := range rows {
		names = append(names, r.Name)
	}
	require.Equal(t, []string{"browser", "sandbox", "temp", "terminal", "ca", "proxy", "dns", "connect", "tls", "answer", "clock",
		"issuer", "endpoints", "client", "redirect_uri", "request", "pkce", "client_auth", "grants", "scopes", "response_mode", "par", "dpop"}, names)
}

func TestDoctorRows(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name    string
		row     string
		status  string
		exit    int
		message string
		hint    string
		issuer  func(t *testing.T) string
		change  func(d *doctor)
	}{
		{name: "no browser", row: "browser", status: statusFail, exit: exitMachine, message: "no Chromium", hint: "apt-get install",
			change: func(d *doctor) {
				d.browser = func(context.Context) (browserReport, error) {
					return browserReport{}, &flow.Error{Code: "env.no_browser", Err: errors.New("no Chromium found"), Hint: "apt-get install chromium"}
				}
			}},
		{name: "a browser without sandbox", row: "sandbox", status: statusWarn, message: "without its sandbox", hint: "ordinary user",
			change: func(d *doctor) {
				d.browser = func(context.Context) (browserReport, error) { return browserReport{path: "/x", version: "1"}, nil }
			}},
		{name: "temp folder is not there", row: "temp", status: statusFail, exit: exitMachine, message: "missing", hint: "TMPDIR",
			change: func(d *doctor) { d.tempDir = filepath.Join(d.tempDir, "missing") }},
		{name: "CA file cannot be read", row: "ca", status: statusFail, exit: exitUsage, message: "no such file", hint: "--ca-file",
			change: func(d *doctor) {
				d.caFile, d.caError = "ca.pem", usageError("unreadable_file", "", "--ca-file: no such file")
			}},
		{name: "no target", row: "target", status: statusSkip, message: "--issuer",
			change: func(d *doctor) {
				d.config, d.target = flow.Config{}, usageError("missing_issuer", "give --issuer URL", "no provider")
			}},
		{name: "no client ID", row: "settings", status: statusFail, exit: exitUsage, message: "no client", hint: "--client-id",
			change: func(d *doctor) {
				d.config.ClientID, d.target = "", usageError("missing_client_id", "give --client-id ID", "no client ID")
			}},
		{name: "redirect URI on http elsewhere", row: "redirect_uri", status: statusWarn, message: "plain http", hint: "https",
			change: func(d *doctor) { d.config.RedirectURI = "http://app.example.com/callback" }},
		{name: "nobody listens", row: "connect", status: statusFail, exit: exitMachine, message: "refused", hint: "firewall",
			issuer: func(t *testing.T) string {
				l, err := net.Listen("tcp", "127.0.0.1:0")
				require.NoError(t, err)
				require.NoError(t, l.Close())
				return "http://" + l.Addr().String()
			}},
		{name: "name does not resolve", row: "dns", status: statusFail, exit: exitMachine, message: "no such host", hint: "typing error",
			issuer: func(*testing.T) string { return "https://nowhere.invalid" },
			change: func(d *doctor) {
				d.transport = &http.Transport{DialContext: func(context.Context, string, string) (net.Conn, error) {
					return nil, &net.DNSError{Err: "no such host", Name: "nowhere.invalid", IsNotFound: true}
				}}
			}},
		{name: "proxy is not there", row: "proxy", status: statusFail, exit: exitMachine, message: "refused", hint: "NO_PROXY",
			change: func(d *doctor) {
				d.config.Issuer = "https://login.example.com"
				d.transport = &http.Transport{Proxy: http.ProxyURL(&url.URL{Scheme: "http", Host: "127.0.0.1:1"})}
			}},
		{name: "unknown authority", row: "tls", status: statusFail, exit: exitMachine, message: "does not know", hint: "--ca-file",
			issuer: func(t *testing.T) string { return issuerOf(t, true, 0, nil).URL }},
		{name: "our clock is behind", row: "clock", status: statusFail, exit: exitMachine, message: "behind", hint: "set the clock",
			issuer: func(t *testing.T) string { return issuerOf(t, false, 5*time.Minute, nil).URL }},
		{name: "our clock is ahead a little", row: "clock", status: statusWarn, message: "ahead of", hint: "set the clock",
			issuer: func(t *testing.T) string { return issuerOf(t, false, -45*time.Second, nil).URL }},
		{name: "issuer differs", row: "discovery", status: statusFail, exit: exitProvider, message: "issuer: want", hint: "as the provider writes it",
			issuer: func(t *testing.T) string {
				return issuerOf(t, false, 0, func(doc map[string]any) { doc["issuer"] = "https://else.example.com" }).URL
			}},
		{name: "no discovery document", row: "discovery", status: statusFail, exit: exitProvider, message: "404", hint: "issuer is right",
			issuer: func(t *testing.T) string {
				server := httptest.NewServer(http.NotFoundHandler())
				t.Cleanup(server.Close)
				return server.URL
			}},
		{name: "no S256", row: "pkce", status: statusFail, exit: exitProvider, message: "plain", hint: "RFC 7636",
			issuer: func(t *testing.T) string {
				return issuerOf(t, false, 0, func(doc map[string]any) { doc["code_challenge_methods_supported"] = []string{"plain"} }).URL
			}},
		{name: "PKCE is not spoken of", row: "pkce", status: statusWarn, message: "does not say",
			issuer: func(t *testing.T) string {
				return issuerOf(t, false, 0, func(doc map[string]any) { delete(doc, "code_challenge_methods_supported") }).URL
			}},
		{name: "authentication that is not offered", row: "client_auth", status: statusFail, exit: exitProvider, message: "private_key_jwt", hint: "--client-auth",
			change: func(d *doctor) {
				d.config.ClientAuth = flow.AuthSecretPost
				d.config.ClientSecret = trace.NewSecret("client_secret", canarySecret)
			},
			issuer: func(t *testing.T) string {
				return issuerOf(t, false, 0, func(doc map[string]any) { doc["token_endpoint_auth_methods_supported"] = []string{"private_key_jwt"} }).URL
			}},
		{name: "a scope that is not listed", row: "scopes", status: statusWarn, message: "grups: not refused", hint: "email",
			change: func(d *doctor) { d.config.Scopes = []string{"openid", "grups"} }},
		{name: "a response mode that is not offered", row: "response_mode", status: statusFail, exit: exitProvider, message: "fragment", hint: "--response-mode",
			change: func(d *doctor) { d.config.ResponseMode = "fragment" }},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			issuer := ""
			if c.issuer != nil {
				issuer = c.issuer(t)
			} else {
				issuer = issuerOf(t, false, 0, nil).URL
			}
			d := doctorFor(t, issuer)
			if c.change != nil {
				c.change(d)
			}
			rows := d.examine(t.Context())
			got := row(t, rows, c.row)
			require.Equal(t, c.status, got.Status, got)
			require.Contains(t, got.Message, c.message)
			require.Contains(t, got.Hint, c.hint)
			require.Equal(t, c.exit, doctorExit(rows), rows)
			require.NotContains(t, fmt.Sprint(rows), canarySecret)
		})
	}
}

// What comes after a failure on the way is not examined, and said so.
func TestDoctorSkipsWhatCannotBeExamined(t *testing.T) {
	t.Parallel()
	rows := doctorFor(t, issuerOf(t, true, 0, nil).URL).examine(t.Context())
	require.Equal(t, statusOK, row(t, rows, "connect").Status)
	require.Equal(t, statusFail, row(t, rows, "tls").Status)
	require.Equal(t, statusSkip, row(t, rows, "clock").Status)
	require.Equal(t, statusSkip, row(t, rows, "discovery").Status)
}

func TestDoctorTrustsTheCAOfTheTransport(t *testing.T) {
	t.Parallel()
	server := issuerOf(t, true, 0, nil)
	d := doctorFor(t, server.URL)
	d.transport = server.Client().Transport
	d.config.Transport = d.transport
	rows := d.examine(t.Context())
	require.Equal(t, statusOK, row(t, rows, "tls").Status)
	require.Contains(t, row(t, rows, "tls").Message, tls.VersionName(tls.VersionTLS13))
	require.Equal(t, exitOK, doctorExit(rows))
}

// A provider that never answers does not hang doctor.
func TestDoctorEndsWithItsDeadline(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }))
	t.Cleanup(server.Close)
	d := doctorFor(t, server.URL)
	d.timeout = 200 * time.Millisecond
	rows := d.examine(t.Context())
	require.Equal(t, statusSkip, row(t, rows, "clock").Status)
	require.Equal(t, statusFail, row(t, rows, "answer").Status)
	require.Equal(t, exitTimeout, doctorExit(rows))
}

func TestDoctorExitIsOfTheFailureToMendFirst(t *testing.T) {
	t.Parallel()
	usage, machine, provider := rowFail("a", exitUsage, "", ""), rowFail("b", exitMachine, "", ""), rowFail("c", exitProvider, "", "")
	for _, c := range []struct {
		name string
		rows []finding
		want int
	}{
		{"nothing failed", []finding{rowOK("x", ""), rowWarn("y", "", ""), rowSkip("z", "")}, exitOK},
		{"a wrong call comes first", []finding{provider, machine, usage}, exitUsage},
		{"this machine before the provider", []finding{provider, machine}, exitMachine},
		{"the provider alone", []finding{provider}, exitProvider},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, c.want, doctorExit(c.rows))
		})
	}
}

func TestDoctorPrints(t *testing.T) {
	t.Parallel()
	rows := []finding{rowOK("dns", "a is 1.2.3.4"), rowFail("connect", exitMachine, "refused\x1b[2J", "start it")}
	var text, object bytes.Buffer
	require.NoError(t, printRows(&text, rows))
	require.Equal(t, `ok    dns      a is 1.2.3.4
fail  connect  refused
               → start it

1 ok, 0 to look at, 1 failed.
`, text.String())
	require.NoError(t, printRowsJSON(&object, rows))
	require.JSONEq(t, `[{"name":"dns","status":"ok","message":"a is 1.2.3.4"},
		{"name":"connect","status":"fail","message":"refused\u001b[2J","hint":"start it"}]`, object.String())
}

// What fails by an interrupt is no finding.
func TestDoctorInterrupted(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(stopped{os.Interrupt})
	c := newCall(nil, "")
	command := c.doctorCommand()
	command.SilenceErrors, command.SilenceUsage = true, true
	command.SetArgs([]string{"--issuer", issuerOf(t, false, 0, nil).URL, "--client-id", "tool"})
	require.Equal(t, exitInterrupted, c.finish(ctx, command.ExecuteContext(ctx)))
	require.Empty(t, c.out.String())
}
