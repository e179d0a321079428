package e2e

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"filippo.io/age"
	"filippo.io/age/armor"
	"github.com/stretchr/testify/require"
)

// oidcflow runs the program in dir, with these variables and no others of ours.
func oidcflow(t *testing.T, dir string, env []string, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	c := exec.CommandContext(t.Context(), "oidcflow", args...)
	c.Dir = dir
	c.Env = append([]string{"PATH=" + os.Getenv("PATH"), "HOME=" + dir, "TMPDIR=" + t.TempDir()}, env...)
	var out, err bytes.Buffer
	c.Stdout, c.Stderr = &out, &err
	if e := c.Run(); !errors.As(e, new(*exec.ExitError)) {
		require.NoError(t, e)
	}
	return out.String(), err.String(), c.ProcessState.ExitCode()
}

func widgetDir(t *testing.T) string {
	t.Helper()
	dir, err := filepath.Abs(filepath.Join("interop", "node_modules", "@okta", "okta-signin-widget", "dist"))
	require.NoError(t, err)
	require.DirExists(t, dir, "the npm packages are missing: make deps")
	return dir
}

// TestPasskeyEnrol has the program set up a passkey on Okta's own pages, and sign in with it by Chrome and without. The
// private key is in the file, and in nothing else that is left behind.
func TestPasskeyEnrol(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	idp := `idp {
  login  = "okta"
  widget = ` + string(mustJSON(t, widgetDir(t))) + `
  user "alice" {
    password = "a password for tests"
    policy   = ["password", "enrol:passkey|google_otp", "passkey"]
  }
}`
	require.NoError(t, os.WriteFile(filepath.Join(dir, "idp.hcl"), []byte(idp), 0o600))
	r, stop, err := startMock(dir, "--config", "idp.hcl", "--listen", "localhost:0")
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, stop()) })
	env := []string{"OIDCFLOW_ISSUER=" + r.Issuer, "OIDCFLOW_CLIENT_ID=oidcflow", "OIDCFLOW_PASSWORD=a password for tests",
		"OIDCFLOW_PASSKEY_PASSPHRASE=a passphrase for tests"}
	logged := []string{"-v", "--log-format", "json", "--artifacts", "artifacts"}

	stdout, stderr, code := oidcflow(t, dir, env, append([]string{"passkey", "enrol", "--username", "alice", "--passkey-file", "alice.passkey"}, logged...)...)
	require.Equal(t, 0, code, stderr)
	var answer struct{ RPID, User, CredentialID, File string }
	require.NoError(t, json.Unmarshal([]byte(stdout), &answer))
	require.Equal(t, []string{"localhost", "alice", "alice.passkey"}, []string{answer.RPID, answer.User, answer.File})
	require.Contains(t, read(t, filepath.Join(dir, "alice.passkey")), "BEGIN AGE ENCRYPTED FILE")
	told := map[string]string{"enrol's stdout": stdout, "enrol's stderr": stderr}
	for name, content := range files(t, filepath.Join(dir, "artifacts")) {
		told["enrol's "+name] = content
	}

	_, stderr, code = oidcflow(t, dir, env, "passkey", "enrol", "--username", "alice", "--passkey-file", "alice.passkey")
	require.Equal(t, 2, code, stderr)
	for _, driver := range []string{"chrome", "idx", "chrome"} {
		stdout, stderr, code := oidcflow(t, dir, env, append([]string{"token", "--sign-in", driver, "--passkey-file", "alice.passkey"}, logged...)...)
		require.Equal(t, 0, code, stderr)
		require.Contains(t, stdout, `"hwk"`)
		told[driver+"'s stderr"] = stderr
		for name, content := range files(t, filepath.Join(dir, "artifacts")) {
			told[driver+"'s "+name] = content
		}
	}

	// The file is opened by what it was encrypted with, here as anybody with age would.
	key := privateKey(t, filepath.Join(dir, "alice.passkey"))
	secrets{"passkey": key, "passkey's bytes": decoded(t, key)}.mustNotBeIn(t, told)
}

// privateKey returns the private key in a passkey's file.
func privateKey(t *testing.T, path string) string {
	t.Helper()
	id, err := age.NewScryptIdentity("a passphrase for tests")
	require.NoError(t, err)
	plain, err := age.Decrypt(armor.NewReader(strings.NewReader(read(t, path))), id)
	require.NoError(t, err)
	var file struct{ PrivateKey string }
	require.NoError(t, json.NewDecoder(plain).Decode(&file))
	require.NotEmpty(t, file.PrivateKey)
	return file.PrivateKey
}

func decoded(t *testing.T, text string) string {
	t.Helper()
	data, err := base64.StdEncoding.DecodeString(text)
	require.NoError(t, err)
	return string(data)
}

func mustJSON(t *testing.T, v any) []byte {
	t.Helper()
	text, err := json.Marshal(v)
	require.NoError(t, err)
	return text
}

// TestEnrolAtTheEmbeddedProvider needs nothing but Okta's script.
func TestEnrolAtTheEmbeddedProvider(t *testing.T) {
	t.Parallel()
	for command, flag := range map[string]string{"passkey": "--passkey-file", "totp": "--totp-file"} {
		dir := t.TempDir()
		stdout, stderr, code := oidcflow(t, dir, nil, command, "enrol", "--mock", "--widget", widgetDir(t), "--plain", flag, "new")
		require.Equal(t, 0, code, stderr)
		require.Contains(t, stdout, `"alice"`)
		require.NotEmpty(t, read(t, filepath.Join(dir, "new")))
	}
}
