package signin_test

import (
	"crypto/ecdsa"
	"crypto/sha256"
	"encoding/binary"
	"math"
	"slices"
	"testing"
	"time"

	"github.com/oidcflow/oidcflow/flow/signin"
	"github.com/stretchr/testify/require"
)

var noon = time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC)

func TestAnAssertionIsWhatWebAuthenticationSays(t *testing.T) {
	t.Parallel()
	k, public := newPasskey(t, "example.com", "alice")
	got, err := k.Assert(signin.PasskeyRequest{
		Origin: "https://Login.example.com:8443", RPID: "example.com", Challenge: []byte{0xfb, 0xff, 1}, Allow: [][]byte{{1}, k.ID}, User: "Alice",
	}, noon)
	require.NoError(t, err)
	require.Equal(t, `{"type":"webauthn.get","challenge":"-_8B","origin":"https://login.example.com:8443","crossOrigin":false}`, string(got.ClientDataJSON), "§5.8.1")
	rp := sha256.Sum256([]byte("example.com"))
	require.Equal(t, rp[:], got.AuthenticatorData[:32], "§6.1: rpIdHash")
	require.Equal(t, byte(0b101), got.AuthenticatorData[32], "§6.1: user present and verified, nothing else")
	require.Len(t, got.AuthenticatorData, 37, "§6.1: neither a credential nor extensions")
	require.Equal(t, k.UserHandle, got.UserHandle)
	hash := sha256.Sum256(got.ClientDataJSON)
	signed := sha256.Sum256(slices.Concat(got.AuthenticatorData, hash[:]))
	require.True(t, ecdsa.VerifyASN1(public, signed[:], got.Signature), "§7.2 step 20")
}

func TestTheSignatureCounterOfAPasskeyGoesUp(t *testing.T) {
	t.Parallel()
	k, _ := newPasskey(t, "example.com", "alice")
	count := func(now time.Time) uint32 {
		got, err := k.Assert(signin.PasskeyRequest{Origin: "https://example.com", Challenge: []byte("x")}, now)
		require.NoError(t, err)
		return binary.BigEndian.Uint32(got.AuthenticatorData[33:])
	}
	begin := uint32(noon.Unix())
	require.Equal(t, begin, count(noon), "it is seeded from Unix time")
	require.Equal(t, begin+1, count(noon), "two in one second")
	require.Equal(t, begin+2, count(noon.Add(-time.Hour)), "a clock that went back")
	require.Equal(t, begin+60, count(noon.Add(time.Minute)))
	_, err := k.NextCount(time.Unix(math.MaxUint32+1, 0))
	require.ErrorContains(t, err, "at its end")
}

func TestAPasskeyAnswersNobodyElse(t *testing.T) {
	t.Parallel()
	challenge := []byte("a challenge")
	tests := []struct {
		name string
		rpID string // of the passkey
		ask  signin.PasskeyRequest
		says []string
	}{
		{"another RP's challenge", "example.com", signin.PasskeyRequest{Origin: "https://evil.example", Challenge: challenge}, []string{`"example.com"`, `"evil.example"`}},
		{"a page that names an RP which is not its own", "example.com", signin.PasskeyRequest{Origin: "https://evil.example", RPID: "example.com", Challenge: challenge}, []string{`"example.com"`, `"evil.example"`}},
		{"a page whose host only ends alike", "example.com", signin.PasskeyRequest{Origin: "https://evilexample.com", RPID: "example.com", Challenge: challenge}, []string{`"evilexample.com"`}},
		{"an RP that is nobody's domain", "co.uk", signin.PasskeyRequest{Origin: "https://evil.co.uk", RPID: "co.uk", Challenge: challenge}, []string{`"evil.co.uk"`, `"co.uk"`}},
		{"another user", "example.com", signin.PasskeyRequest{Origin: "https://example.com", Challenge: challenge, User: "bob"}, []string{`"alice"`, `"bob"`}},
		{"a credential of hers that is not this one", "example.com", signin.PasskeyRequest{Origin: "https://example.com", Challenge: challenge, Allow: [][]byte{{1}}}, []string{`"example.com"`, `"alice"`}},
		{"a user who has no credential there", "example.com", signin.PasskeyRequest{Origin: "https://example.com", Challenge: challenge, Allow: [][]byte{}}, []string{"among the 0"}},
		{"plain http", "example.com", signin.PasskeyRequest{Origin: "http://example.com", Challenge: challenge}, []string{"want https"}},
		{"no origin", "example.com", signin.PasskeyRequest{Challenge: challenge}, []string{"want a URL"}},
		{"an origin with a user", "example.com", signin.PasskeyRequest{Origin: "https://example.com@example.com", Challenge: challenge}, []string{"want a URL"}},
		{"no challenge", "example.com", signin.PasskeyRequest{Origin: "https://example.com"}, []string{"want 1 to 4096 bytes, got 0"}},
		{"a challenge without end", "example.com", signin.PasskeyRequest{Origin: "https://example.com", Challenge: make([]byte, 5000)}, []string{"got 5000"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			k, _ := newPasskey(t, test.rpID, "alice")
			_, err := k.Assert(test.ask, noon)
			for _, want := range append(test.says, "passkey: ") {
				require.ErrorContains(t, err, want)
			}
		})
	}
	t.Run("localhost is as good as https", func(t *testing.T) {
		t.Parallel()
		k, _ := newPasskey(t, "localhost", "alice")
		_, err := k.Assert(signin.PasskeyRequest{Origin: "http://localhost:1234", Challenge: challenge}, noon)
		require.NoError(t, err)
	})
}
