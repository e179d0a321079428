package e2e

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/oidcflow/oidcflow/mockidp"
)

// The secrets that are planted. Their characters are written differently in each encoding.
const (
	canaryPassword     = `canary "password" <ä&+/%41='>`
	canaryClientSecret = `canary client secret: <ö&+/%42=">`
	canaryTOTP         = "KNSWG4TFOQQGM33SEB2G65DQFQQG433U"
	canaryAnswer       = `canary answer <ü&+/%43=">`
	canaryProxy        = "canary-proxy-password"
	canaryCode         = "canary-authorization-code-0123456789"
)

// canaryPasskey is a passkey of alice's, as its file has it, with what its private key may be written as.
var canaryPasskey = newCanaryPasskey("localhost", "alice")

type plantedPasskey struct {
	file        string
	key         string // as the file has it
	der, number string // the bytes, and those of the number that a JWK has
}

func newCanaryPasskey(rpID, user string) plantedPasskey {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		panic(err)
	}
	number, err := key.Bytes()
	if err != nil {
		panic(err)
	}
	p := plantedPasskey{key: base64.StdEncoding.EncodeToString(der), der: string(der), number: string(number)}
	p.file = fmt.Sprintf(`{"version":1,"rpId":%q,"user":%q,"userHandle":"MDB1MQ","credentialId":"Y2FuYXJ5","alg":"ES256","privateKey":%q}`, rpID, user, p.key)
	return p
}

// TestCanary plants secrets in every input of the program, reads those that go over the wire, lets the program succeed
// and fail, and looks for all of them in everything that it leaves behind.
func TestCanary(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		args  []string
		env   []string
		fault string
		code  int
	}{
		"form succeeds":                {args: []string{"--sign-in", "form"}},
		"form succeeds, in text":       {args: []string{"--sign-in", "form", "--log-format", "text"}},
		"form, a wrong password":       {args: []string{"--sign-in", "form"}, env: []string{"OIDCFLOW_PASSWORD=not the " + canaryPassword}, code: 3},
		"form, a wrong client secret":  {args: []string{"--sign-in", "form"}, env: []string{"OIDCFLOW_CLIENT_SECRET=not the " + canaryClientSecret}, code: 4},
		"form, a wrong TOTP secret":    {args: []string{"--sign-in", "form"}, env: []string{"OIDCFLOW_TOTP_SECRET=" + canaryTOTP[:16]}, code: 3},
		"form, a token that is wrong":  {args: []string{"--sign-in", "form"}, fault: "invalid-aud", code: 1},
		"form, a response as a form":   {args: []string{"--sign-in", "form", "--response-mode", "form_post"}},
		"chrome succeeds":              {args: []string{"--sign-in", "chrome"}},
		"chrome, a wrong password":     {args: []string{"--sign-in", "chrome"}, env: []string{"OIDCFLOW_PASSWORD=not the " + canaryPassword}, code: 3},
		"chrome, a response as a form": {args: []string{"--sign-in", "chrome", "--response-mode", "form_post"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := startWiretap(t, c.fault)
			dir := t.TempDir()
			stdout, stderr, code := w.run(t, c.env, append([]string{"token", "-v", "--log-format", "json",
				"--artifacts", filepath.Join(dir, "artifacts"), "--scope", "openid email offline_access"}, c.args...)...)
			require.Equal(t, c.code, code, stderr)
			require.NotEmpty(t, stderr)

			outputs := files(t, dir)
			require.Contains(t, outputs, filepath.Join("artifacts", "bundle.json"))
			outputs["stderr"] = stderr
			secrets := w.secrets()
			require.True(t, secrets.some("cookie "), "the wiretap saw no cookie")
			require.True(t, secrets.some("password "), "the wiretap saw no password")
			secrets.mustNotBeIn(t, outputs)

			// The answer is the tokens, and none of the other secrets.
			secrets.withoutTokens().mustNotBeIn(t, map[string]string{"stdout": stdout})
		})
	}
}

// TestCanaryChildren looks at the environment of every program that is run: the tokens are in that of exec's, as
// promised, and no other secret is in any.
func TestCanaryChildren(t *testing.T) {
	t.Parallel()
	w := startWiretap(t, "")
	dir := t.TempDir()
	browser := wrapBrowser(t, filepath.Join(dir, "browser"))
	passwords := filepath.Join(dir, "password-command.env")
	stdout, stderr, code := w.run(t,
		[]string{"OIDCFLOW_PASSWORD=", "CANARY_PASSWORD=" + canaryPassword},
		"exec", "--sign-in", "chrome", "--browser", browser,
		"--password-command", fmt.Sprintf("environ --to %q --say-base64 %q", passwords, base64String(canaryPassword)),
		"--", "environ")
	require.Equal(t, 0, code, stderr)
	require.Contains(t, stdout, "OIDCFLOW_ACCESS_TOKEN=")

	secrets := w.secrets()
	outputs := files(t, dir)
	require.Contains(t, outputs, "browser.env")
	secrets.mustNotBeIn(t, map[string]string{"the browser's environment": outputs["browser.env"]})
	delete(secrets, "planted proxy") // HTTPS_PROXY is meant for all programs that are not a browser
	require.Contains(t, outputs, "password-command.env")
	secrets.mustNotBeIn(t, outputs)
	secrets.withoutTokens().mustNotBeIn(t, map[string]string{"the environment of exec's program": stdout})
}

// wiretap is a provider behind a proxy that keeps every secret that goes by.
type wiretap struct {
	idp    *mockidp.Server
	issuer string

	mu   sync.Mutex
	seen secrets
}

// startWiretap starts a provider whose client and user have the planted secrets.
func startWiretap(t *testing.T, fault string) *wiretap {
	t.Helper()
	w := &wiretap{seen: secrets{}}
	front := httptest.NewUnstartedServer(w)
	_, port, err := net.SplitHostPort(front.Listener.Addr().String())
	require.NoError(t, err)
	issuer := "http://localhost:" + port // a name, which passkeys need
	cfg := mockidp.Config{
		Login:     "form",
		IssuerURL: issuer,
		Clients:   []mockidp.Client{{ID: "canary", Secret: canaryClientSecret}},
		Users:     []mockidp.User{mockidp.Person{Login: "alice", Password: canaryPassword, TOTP: canaryTOTP}},
	}
	if fault != "" {
		cfg.Faults = []string{fault}
	}
	w.idp = mockidp.StartT(t, cfg)
	w.idp.QueueCode(canaryCode)
	w.issuer = w.idp.Issuer("org")
	front.Start()
	t.Cleanup(front.Close)
	return w
}

// ServeHTTP passes a request on to the provider and its response back, and keeps the secrets of both.
func (w *wiretap) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	w.request(r)
	answer := httptest.NewRecorder()
	w.idp.ServeHTTP(answer, r)
	w.response(answer)
	maps.Copy(rw.Header(), answer.Header())
	rw.WriteHeader(answer.Code)
	_, _ = rw.Write(answer.Body.Bytes()) // a client that hangs up is no failure of ours
}

// run calls the program with the planted secrets in its environment; env is added to it.
func (w *wiretap) run(t *testing.T, env []string, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	answers := filepath.Join(t.TempDir(), "answers")
	require.NoError(t, os.WriteFile(answers, []byte("* = "+canaryAnswer+"\n"), 0o600))
	c := exec.CommandContext(t.Context(), "oidcflow", args...)
	c.Dir = t.TempDir()
	c.Env = append([]string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + t.TempDir(), "TMPDIR=" + t.TempDir(),
		"OIDCFLOW_ISSUER=" + w.issuer,
		"OIDCFLOW_CLIENT_ID=canary",
		"OIDCFLOW_CLIENT_SECRET=" + canaryClientSecret,
		"OIDCFLOW_USERNAME=alice",
		"OIDCFLOW_PASSWORD=" + canaryPassword,
		"OIDCFLOW_TOTP_SECRET=" + canaryTOTP,
		"OIDCFLOW_PASSKEY=" + canaryPasskey.file,
		"OIDCFLOW_ANSWERS_FILE=" + answers,
		"HTTPS_PROXY=http://user:" + canaryProxy + "@127.0.0.1:1",
	}, env...)
	var out, err bytes.Buffer
	c.Stdout, c.Stderr = &out, &err
	if e := c.Run(); !errors.As(e, new(*exec.ExitError)) {
		require.NoError(t, e)
	}
	return out.String(), err.String(), c.ProcessState.ExitCode()
}

// request keeps what a client sends: codes, passwords, verifiers, cookies.
func (w *wiretap) request(r *http.Request) {
	if r.Body == nil {
		return
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return // the provider will see that the body is cut
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	form, err := url.ParseQuery(string(body))
	if err != nil {
		return
	}
	for _, name := range []string{"password", "code", "code_verifier", "client_assertion", "totp", "otp"} {
		if v := form.Get(name); len(v) >= 8 { // a code of six digits is found in too many numbers
			w.keep(name, v)
		}
	}
}

// response keeps what the provider sends: tokens and cookies.
func (w *wiretap) response(r *httptest.ResponseRecorder) {
	for _, c := range r.Result().Cookies() {
		if len(c.Value) >= 8 {
			w.keep("cookie "+c.Name, c.Value)
		}
	}
	var answer map[string]any
	if json.Unmarshal(r.Body.Bytes(), &answer) != nil {
		return // a page
	}
	for _, name := range []string{"access_token", "id_token", "refresh_token"} {
		if token, ok := answer[name].(string); ok {
			w.keep(name, token)
			if parts := strings.Split(token, "."); len(parts) == 3 {
				w.keep(name+"'s signature", parts[2])
			}
		}
	}
}

// keep keeps each value under a name of its own.
func (w *wiretap) keep(name, value string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for n := 1; ; n++ {
		numbered := fmt.Sprintf("%s %d", name, n)
		if old, taken := w.seen[numbered]; !taken || old == value {
			w.seen[numbered] = value
			return
		}
	}
}

// secrets returns what was planted and what went over the wire.
func (w *wiretap) secrets() secrets {
	w.mu.Lock()
	defer w.mu.Unlock()
	all := secrets{
		"planted password":      canaryPassword,
		"planted client secret": canaryClientSecret,
		"planted TOTP secret":   canaryTOTP,
		"planted passkey":       canaryPasskey.key,
		"planted passkey's key": canaryPasskey.der,
		"planted key's number":  canaryPasskey.number,
		"planted answer":        canaryAnswer,
		"planted proxy":         canaryProxy,
		"planted code":          canaryCode,
	}
	maps.Copy(all, w.seen)
	return all
}

// wrapBrowser returns a program that writes its environment to PATH.env and then becomes the browser.
func wrapBrowser(t *testing.T, path string) string {
	t.Helper()
	for _, name := range []string{os.Getenv("OIDCFLOW_BROWSER"), "chromium-headless-shell", "chromium", "google-chrome"} {
		real, err := exec.LookPath(name)
		if err != nil {
			continue
		}
		script := fmt.Sprintf("#!/bin/sh\nenv > '%s.env'\nexec '%s' \"$@\"\n", path, real)
		require.NoError(t, os.WriteFile(path, []byte(script), 0o700))
		return path
	}
	t.Fatal("there is no Chrome and no Chromium: make deps")
	return ""
}

// environ is a program for the tests: it writes its environment to stdout, or to the file of --to, and then what
// --say-base64 is.
func environ() int {
	to := flag.String("to", "", "")
	say := flag.String("say-base64", "", "")
	flag.Parse()
	text := strings.Join(os.Environ(), "\n") + "\n"
	if *to == "" {
		fmt.Print(text)
		return 0
	}
	answer, err := base64.StdEncoding.DecodeString(*say)
	if err := errors.Join(err, os.WriteFile(*to, []byte(text), 0o600)); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	fmt.Println(string(answer))
	return 0
}

// files reads everything below dir.
func files(t *testing.T, dir string) map[string]string {
	t.Helper()
	content := map[string]string{}
	require.NoError(t, filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		name, err := filepath.Rel(dir, path)
		if err == nil && name != "browser" {
			content[name] = read(t, path)
		}
		return err
	}))
	return content
}
