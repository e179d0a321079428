package cmd

import (
	"bufio"
	"bytes"
	"context"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/spf13/cobra"
	"github.com/stretchr/testify/require"

	"github.com/oidcflow/oidcflow/mockidp"
)

// running is a call of `oidcflow serve`.
type running struct {
	t         *testing.T
	URL       string        `json:"url"`
	stderr    *bytes.Buffer // to be read after the end
	interrupt func()
	code      chan int
}

// runServe calls serve with nothing but env in the environment, and waits until it listens.
func runServe(t *testing.T, env map[string]string, args ...string) *running {
	t.Helper()
	stdout, answer := io.Pipe()
	c := newCall(env, "")
	c.stdout = answer
	r := &running{t: t, stderr: &c.err, code: make(chan int, 1)}
	ctx, cancel := context.WithCancelCause(t.Context())
	r.interrupt = func() { cancel(stopped{os.Interrupt}) }
	t.Cleanup(r.interrupt)
	command := serveAlone(c, args)
	go func() {
		code := c.finish(ctx, command.ExecuteContext(ctx))
		_ = answer.Close() // never fails
		r.code <- code
	}()
	line, err := bufio.NewReader(stdout).ReadBytes('\n')
	if err != nil {
		<-r.code
		require.NoError(t, err, r.stderr.String())
	}
	require.NoError(t, json.Unmarshal(line, r), string(line))
	return r
}

// serveAlone returns the command serve without the tree that it is in.
func serveAlone(c *call, args []string) *cobra.Command {
	command := c.serveCommand()
	command.SilenceErrors, command.SilenceUsage = true, true
	command.SetArgs(args)
	return command
}

// end interrupts the program, as Ctrl-C does, and returns its exit code.
func (r *running) end() int {
	r.t.Helper()
	r.interrupt()
	select {
	case code := <-r.code:
		return code
	case <-time.After(20 * time.Second):
		require.Fail(r.t, "serve does not end")
		return -1
	}
}

// What the script that serve replaces was given is enough: the issuer is inferred from the URLs.
func TestServeWithTheOldEnvironmentAlone(t *testing.T) {
	t.Parallel()
	idp := mockidp.StartT(t, mockidp.Config{Login: "auto"})
	r := runServe(t, map[string]string{
		"OKTA_OIDC_CLIENT_ID":           "oidcflow",
		"OKTA_OIDC_TOKEN_URL":           idp.URL + "/oauth2/default/v1/token",
		"OKTA_OIDC_AUTHORIZATION_URL":   idp.URL + "/oauth2/default/v1/authorize",
		"OKTA_OIDC_AUTHORIZATION_SCOPE": "openid,profile",
		"OKTA_OIDC_REDIRECT_URI":        "http://127.0.0.1:0/callback",
	})
	p := (&served{t: t}).person()
	a := p.get(r.URL + "login")
	require.Equal(t, http.StatusOK, a.StatusCode, a.body)
	require.Contains(t, a.body, "Signed in")
	require.Contains(t, a.body, idp.Issuer("default"))
	require.Equal(t, exitOK, r.end(), r.stderr.String())
	require.Contains(t, r.stderr.String(), "open "+r.URL)
}

func TestServeMockShowsItsTestUsersAndItsForm(t *testing.T) {
	t.Parallel()
	r := runServe(t, nil, "--mock", "--redirect-uri", "http://localhost:0/callback")
	p := (&served{t: t}).person()
	start := p.get(r.URL)
	require.Contains(t, start.body, "Test users")
	require.Contains(t, start.body, "<code>alice</code>")
	form := p.get(r.URL + "login")
	require.Equal(t, http.StatusOK, form.StatusCode)
	require.Contains(t, form.body, "<form", "a person signs in, so the provider asks")
	require.Equal(t, exitOK, r.end(), r.stderr.String())
	require.Contains(t, r.stderr.String(), "test user alice")
	require.NotContains(t, r.stderr.String(), "«", "the test users' passwords are there to be read")
}

func TestServeOverTLS(t *testing.T) {
	t.Parallel()
	idp := mockidp.StartT(t, mockidp.Config{Login: "auto"})
	known := httptest.NewTLSServer(nil) // for its certificate, which is for 127.0.0.1
	t.Cleanup(known.Close)
	key, err := x509.MarshalPKCS8PrivateKey(known.TLS.Certificates[0].PrivateKey)
	require.NoError(t, err)
	certFile := writePEM(t, "CERTIFICATE", known.Certificate().Raw)
	r := runServe(t, nil, "--issuer", idp.Issuer("org"), "--client-id", "oidcflow", "--redirect-uri", "https://127.0.0.1:0/callback",
		"--tls-cert", certFile, "--tls-key", writePEM(t, "PRIVATE KEY", key))
	p := (&served{t: t}).person()
	p.Transport = known.Client().Transport
	a := p.get(r.URL + "login")
	require.Equal(t, http.StatusOK, a.StatusCode, a.body)
	require.Contains(t, a.body, "Signed in")
	require.Equal(t, exitOK, r.end(), r.stderr.String())
}

func writePEM(t *testing.T, kind string, der []byte) (file string) {
	t.Helper()
	file = filepath.Join(t.TempDir(), "file.pem")
	require.NoError(t, os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600))
	return file
}

func TestServeRefusesCallsThatCannotWork(t *testing.T) {
	t.Parallel()
	target := []string{"--issuer", "https://login.example.com", "--client-id", "tool"}
	for _, c := range []struct {
		name, want string
		args       []string
	}{
		{"https without a certificate", "usage.missing_certificate", []string{"--redirect-uri", "https://localhost:8443/callback"}},
		{"a certificate for plain http", "usage.redirect_uri", []string{"--redirect-uri", "http://localhost:0/callback", "--tls-cert", "x", "--tls-key", "y"}},
		{"a certificate that is not there", "usage.invalid_tls_cert", []string{"--redirect-uri", "https://localhost:0/callback", "--tls-cert", "x", "--tls-key", "y"}},
		{"a redirect URI elsewhere without --listen", "--listen ADDRESS", []string{"--redirect-uri", "http://app.example.com/callback"}},
		{"a redirect URI that is no web address", "usage.redirect_uri", []string{"--redirect-uri", "com.example.app:/callback"}},
		{"an argument", "takes no argument", []string{"now"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			p := newCall(nil, "")
			command := serveAlone(p, append(slices.Clone(target), c.args...))
			require.Equal(t, exitUsage, p.finish(t.Context(), command.ExecuteContext(t.Context())))
			require.Contains(t, p.err.String(), c.want)
			require.Empty(t, p.out.String())
		})
	}
}
