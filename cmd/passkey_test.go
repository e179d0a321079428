package cmd

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"filippo.io/age"
	"github.com/stretchr/testify/require"

	"github.com/oidcflow/oidcflow/flow"
	"github.com/oidcflow/oidcflow/flow/signin"
	"github.com/oidcflow/oidcflow/flow/trace"
)

const testPassphrase = "a passphrase for tests"

// newPasskey returns a passkey of alice's.
func newPasskey(t *testing.T) *signin.Passkey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	der, err := x509.MarshalPKCS8PrivateKey(key)
	require.NoError(t, err)
	return &signin.Passkey{RPID: "login.example.com", User: "alice", UserHandle: []byte("00u1"), ID: []byte("credential"),
		Key: trace.NewSecret("private_key", base64.StdEncoding.EncodeToString(der))}
}

func revealed(t *testing.T, k *signin.Passkey) []byte {
	t.Helper()
	data, err := k.Reveal()
	require.NoError(t, err)
	return data
}

// What enrol writes is what --passkey-file reads, however it is encrypted; and its private key is hidden from then on, as
// it stands in the file and as others write it.
func TestPasskeyFile(t *testing.T) {
	t.Parallel()
	k := newPasskey(t)
	identity, err := age.GenerateX25519Identity()
	require.NoError(t, err)
	for name, c := range map[string]struct {
		plain      bool
		recipients []string
		env        map[string]string
	}{
		"plain":            {plain: true},
		"by a passphrase":  {env: map[string]string{"OIDCFLOW_PASSKEY_PASSPHRASE": testPassphrase}},
		"for a recipient":  {recipients: []string{identity.Recipient().String()}, env: map[string]string{"OIDCFLOW_IDENTITY": identity.String()}},
		"for one of two":   {recipients: []string{otherRecipient(t), identity.Recipient().String()}, env: map[string]string{"OIDCFLOW_IDENTITY": "# mine\n" + identity.String() + "\n"}},
		"both are offered": {recipients: []string{identity.Recipient().String()}, env: map[string]string{"OIDCFLOW_IDENTITY": identity.String(), "OIDCFLOW_PASSKEY_PASSPHRASE": "another one"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := &enrolment{want: signin.ChallengePasskey, what: "passkey", flag: "passkey-file", file: filepath.Join(t.TempDir(), "alice.passkey"),
				plain: c.plain, recipients: c.recipients, drivers: []string{"chrome"}}
			keys := &ageKeys{passphrase: trace.NewSecret("passphrase", c.env["OIDCFLOW_PASSKEY_PASSPHRASE"])}
			to, err := keys.recipients(e.plain, e.recipients)
			require.NoError(t, err)
			path, err := newCall(nil, "").keep(e, revealed(t, k), to)
			require.NoError(t, err)
			written, err := os.ReadFile(path)
			require.NoError(t, err)
			require.Equal(t, c.plain, strings.Contains(string(written), "privateKey"))

			call := newCall(c.env, "")
			o, err := readWith(t, call, append(targetFlags, "--passkey-file", path)...)
			require.NoError(t, err)
			require.Equal(t, "alice", o.user.Name)
			require.Equal(t, k.Key.Reveal(), o.user.Passkey.Key.Reveal())
			for _, s := range k.Secrets() {
				for _, spelt := range []string{s.Reveal(), base64.RawURLEncoding.EncodeToString([]byte(s.Reveal()))} {
					require.NotContains(t, call.redactor.String("key: "+spelt+"."), spelt)
				}
			}
		})
	}
}

func otherRecipient(t *testing.T) string {
	t.Helper()
	id, err := age.GenerateX25519Identity()
	require.NoError(t, err)
	return id.Recipient().String()
}

// The provider has taken a factor: where its file cannot be written it is kept elsewhere, and the error says where.
func TestEnrolmentIsNotLost(t *testing.T) {
	t.Parallel()
	content := []byte("the factor")
	taken := func(t *testing.T) *enrolment {
		path := filepath.Join(t.TempDir(), "alice.passkey")
		require.NoError(t, os.WriteFile(path, []byte("somebody was faster"), 0o600))
		return &enrolment{want: signin.ChallengePasskey, what: "passkey", flag: "passkey-file", file: path}
	}
	t.Run("beside it", func(t *testing.T) {
		t.Parallel()
		e := taken(t)
		_, err := newCall(nil, "").keep(e, content, nil)
		var failed *flow.Error
		require.ErrorAs(t, err, &failed)
		require.Equal(t, "env.unwritable", failed.Code)
		require.ErrorIs(t, err, os.ErrExist)
		other, err := filepath.Glob(filepath.Join(filepath.Dir(e.file), "oidcflow-passkey-*"))
		require.NoError(t, err)
		require.Len(t, other, 1)
		require.Contains(t, failed.Hint, other[0])
		got, err := os.ReadFile(other[0])
		require.NoError(t, err)
		require.Equal(t, content, got)
		got, err = os.ReadFile(e.file)
		require.NoError(t, err)
		require.Equal(t, "somebody was faster", string(got))
	})
	t.Run("with --force there is nothing to lose", func(t *testing.T) {
		t.Parallel()
		e := taken(t)
		e.force = true
		path, err := newCall(nil, "").keep(e, content, nil)
		require.NoError(t, err)
		got, err := os.ReadFile(path)
		require.NoError(t, err)
		require.Equal(t, content, got)
	})
}

// Where nothing can be written, an encrypted factor is shown, and a plain one only if that was asked for.
func TestEnrolmentThatCannotBeWritten(t *testing.T) {
	nowhere := filepath.Join(t.TempDir(), "missing")
	t.Setenv("TMPDIR", nowhere) // of Unix
	t.Setenv("TMP", nowhere)    // of Windows
	t.Setenv("TEMP", nowhere)
	e := &enrolment{want: signin.ChallengePasskey, what: "passkey", flag: "passkey-file", file: filepath.Join(nowhere, "alice.passkey")}
	for name, c := range map[string]struct {
		encrypted, showSecrets, shown bool
	}{
		"encrypted":               {encrypted: true, shown: true},
		"plain":                   {},
		"plain, --show-secrets":   {showSecrets: true, shown: true},
		"encrypted, and as asked": {encrypted: true, showSecrets: true, shown: true},
	} {
		t.Run(name, func(t *testing.T) {
			call := newCall(nil, "")
			call.log.showSecrets = c.showSecrets
			err := call.rescue(e, []byte("the factor"), c.encrypted, errors.New("disk full"))
			var failed *flow.Error
			require.ErrorAs(t, err, &failed)
			require.ErrorContains(t, err, "disk full")
			require.NoError(t, call.stderr.Close())
			require.Equal(t, c.shown, strings.Contains(call.err.String(), "the factor"))
			require.Equal(t, !c.shown, strings.Contains(failed.Hint, "it is lost"))
		})
	}
}

// An enrol command's own flag for its file is no file to read, whatever the variables say.
func TestEnrolReadsNoFactor(t *testing.T) {
	t.Parallel()
	call := newCall(map[string]string{"OIDCFLOW_PASSKEY": "no passkey", "OIDCFLOW_TOTP_SECRET": "no secret!"}, "")
	root := call.rootCommand()
	root.SetArgs([]string{"passkey", "enrol", "--mock", "--plain", "--passkey-file", filepath.Join(t.TempDir(), "new")})
	requireUsage(t, "usage.missing_widget", root.ExecuteContext(t.Context()))
}

func requireUsage(t *testing.T, code string, err error) {
	t.Helper()
	var e *flow.Error
	require.ErrorAs(t, err, &e)
	require.Equal(t, code, e.Code, e)
}

// What others have encrypted is read, too, whole and within bounds.
func TestAgeFiles(t *testing.T) {
	t.Parallel()
	id, err := age.GenerateX25519Identity()
	require.NoError(t, err)
	keys := &ageKeys{identities: []age.Identity{id}}
	armored, err := encrypt([]byte("sesame\n"), []age.Recipient{id.Recipient()})
	require.NoError(t, err)
	var binary strings.Builder
	w, err := age.Encrypt(&binary, id.Recipient())
	require.NoError(t, err)
	_, err = w.Write([]byte("sesame"))
	require.NoError(t, err)
	require.NoError(t, w.Close())
	large, err := encrypt([]byte(strings.Repeat("x", maxSecret+1)), []age.Recipient{id.Recipient()})
	require.NoError(t, err)
	for name, c := range map[string]struct{ text, want, code string }{
		"armored":   {string(armored), "sesame", ""},
		"binary":    {binary.String(), "sesame", ""},
		"plain":     {"sesame", "sesame", ""},
		"cut":       {binary.String()[:binary.Len()-1], "", "usage.damaged_file"},
		"a byte on": {binary.String() + "x", "", "usage.damaged_file"},
		"too large": {string(large), "", "usage.damaged_file"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := keys.open(c.text, "--passkey-file")
			if c.code != "" {
				requireUsage(t, c.code, err)
				return
			}
			require.NoError(t, err)
			require.Equal(t, c.want, got)
		})
	}
}
