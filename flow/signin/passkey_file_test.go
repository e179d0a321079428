package signin_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/oidcflow/oidcflow/flow/signin"
	"github.com/oidcflow/oidcflow/flow/trace"
	"github.com/stretchr/testify/require"
)

// newPasskey makes a passkey for user at rpID, and returns its public key.
func newPasskey(t testing.TB, rpID, user string) (*signin.Passkey, *ecdsa.PublicKey) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	id := make([]byte, 16)
	_, err = rand.Read(id)
	require.NoError(t, err)
	return &signin.Passkey{RPID: rpID, User: user, UserHandle: []byte("handle of " + user), ID: id, Key: privateKey(t, key)}, &key.PublicKey
}

func privateKey(t testing.TB, key any) trace.Secret {
	t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(key)
	require.NoError(t, err)
	return trace.NewSecret("private_key", base64.StdEncoding.EncodeToString(der))
}

func TestAPasskeyIsReadAsItWasWritten(t *testing.T) {
	t.Parallel()
	want, _ := newPasskey(t, "example.okta.com", "alice@example.com")
	data, err := want.Reveal()
	require.NoError(t, err)
	require.JSONEq(t, fmt.Sprintf(`{"version": 1, "rpId": "example.okta.com", "user": "alice@example.com", "userHandle": %q, "credentialId": %q, "alg": "ES256", "privateKey": %q}`,
		base64.RawURLEncoding.EncodeToString(want.UserHandle), base64.RawURLEncoding.EncodeToString(want.ID), want.Key.Reveal()), string(data))
	got, err := signin.ParsePasskey(data)
	require.NoError(t, err)
	require.Equal(t, want, got)
}

func TestAPasskeyShowsItsKeyOnlyWhereItIsRevealed(t *testing.T) {
	t.Parallel()
	k, _ := newPasskey(t, "example.okta.com", "alice")
	var log bytes.Buffer
	slog.New(slog.NewTextHandler(&log, nil)).Info("passkey", "pointer", k, "value", *k)
	seen := log.String()
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		seen += fmt.Sprintf(verb, k) + fmt.Sprintf(verb, *k)
	}
	data, err := json.Marshal(k)
	require.NoError(t, err)
	seen += string(data)
	require.Contains(t, seen, "example.okta.com")
	require.NotContains(t, seen, k.Key.Reveal()[20:])
	require.NotContains(t, seen, fmt.Sprintf("%x", k.Key.Reveal())[40:])
}

func TestParsePasskeyRefuses(t *testing.T) {
	t.Parallel()
	k, _ := newPasskey(t, "example.okta.com", "alice")
	good, err := k.Reveal()
	require.NoError(t, err)
	p384, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	require.NoError(t, err)
	_, edwards, err := ed25519.GenerateKey(rand.Reader)
	require.NoError(t, err)
	key := func(s trace.Secret) any { return s.Reveal() }

	tests := []struct {
		name   string
		member string
		value  any // nil: the member is left out
		says   string
	}{
		{"a version of another day", "version", 2, "version: want 1, got 2"},
		{"a version that is no number", "version", "1", "version: want a int"},
		{"no RP", "rpId", nil, "rpId is missing"},
		{"an RP that is an IP address", "rpId", "127.0.0.1", "want a domain"},
		{"an RP that is a URL", "rpId", "https://example.okta.com", "want a domain"},
		{"an RP in capitals", "rpId", "Example.okta.com", "want a domain"},
		{"an RP without a label", "rpId", "example..com", "want a domain"},
		{"no user", "user", "", "user: want 1 to"},
		{"a user on two lines", "user", "alice\nbob", "without control characters"},
		{"a user's name without end", "user", strings.Repeat("a", 400), "user: want 1 to 320"},
		{"a handle that is no base64url", "userHandle", "+/+/", "userHandle: want base64url"},
		{"a handle of 65 bytes", "userHandle", strings.Repeat("A", 87), "want at most 64 bytes, got 65"},
		{"no credential ID", "credentialId", "", "credentialId: want 1 to 1023 bytes, got 0"},
		{"a padded credential ID", "credentialId", "YQ==", "credentialId: want base64url"},
		{"a credential ID of 1024 bytes", "credentialId", strings.Repeat("A", 1366), "got 1024"},
		{"another algorithm", "alg", "RS256", "alg: want ES256"},
		{"no key", "privateKey", "", "privateKey: want PKCS #8"},
		{"a key that is no base64", "privateKey", "-----BEGIN-----", "privateKey: want base64"},
		{"a key that is none", "privateKey", "c2VjcmV0IHNlY3JldA==", "privateKey: want PKCS #8"},
		{"a key on P-384", "privateKey", key(privateKey(t, p384)), "want a key on P-256"},
		{"a key for EdDSA", "privateKey", key(privateKey(t, edwards)), "want a key on P-256"},
		{"a key that is a number", "privateKey", 7, "privateKey: want a string"},
		{"a member that is not known", "RPID", "example.okta.com", "member 1 is not known"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			var file map[string]any
			require.NoError(t, json.Unmarshal(good, &file))
			delete(file, test.member)
			if test.value != nil {
				file[test.member] = test.value
			}
			data, err := json.Marshal(file)
			require.NoError(t, err)
			requireNoKey(t, data, k, test.says)
		})
	}
	whole := string(good)
	for name, text := range map[string]struct{ data, says string }{
		"nothing":                {"", "want a JSON object"},
		"null":                   {"null", "want a JSON object"},
		"a list":                 {"[" + whole + "]", "want a JSON object"},
		"the key alone":          {k.Key.Reveal(), "want a JSON object"},
		"the key as a member":    {`{"` + k.Key.Reveal() + `": 1}`, "member 1 is not known"},
		"half of it":             {whole[:len(whole)-20], "want JSON"},
		"more behind it":         {whole + whole, "more behind it"},
		"a member twice":         {strings.Replace(whole, `"version": 1`, `"version": 1, "user": "mallory"`, 1), "user is there twice"},
		"more than anyone reads": {whole + strings.Repeat(" ", 16<<10), "want at most 16384 bytes"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			requireNoKey(t, []byte(text.data), k, text.says)
		})
	}
}

// requireNoKey reads data, which is refused with a text that says so and repeats nothing of the key.
func requireNoKey(t *testing.T, data []byte, k *signin.Passkey, says string) {
	t.Helper()
	_, err := signin.ParsePasskey(data)
	require.ErrorContains(t, err, says)
	require.NotContains(t, err.Error(), k.Key.Reveal()[40:60])
}

func FuzzParsePasskey(f *testing.F) {
	k, _ := newPasskey(f, "example.okta.com", "alice")
	good, err := k.Reveal()
	require.NoError(f, err)
	f.Add(good)
	f.Add([]byte(`{"version":1,"rpId":"a","user":"b","userHandle":"","credentialId":"YQ","alg":"ES256","privateKey":""}`))
	f.Add([]byte(`{"version":1e999}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		k, err := signin.ParsePasskey(data)
		if err != nil {
			return
		}
		again, err := k.Reveal()
		require.NoError(t, err)
		same, err := signin.ParsePasskey(again)
		require.NoError(t, err)
		require.Equal(t, k, same)
	})
}
