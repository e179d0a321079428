package chrome

import (
	"crypto/x509"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/oidcflow/oidcflow/flow"
	"github.com/oidcflow/oidcflow/flow/signin"
	"github.com/oidcflow/oidcflow/flow/trace"
	"github.com/oidcflow/oidcflow/mockidp"
)

// startPasskeys is a provider with Okta's own pages, under a name, and alice, who is to set up what her policy says.
func startPasskeys(t testing.TB, generation int, policy ...string) *mockidp.Server {
	t.Helper()
	return mockidp.StartT(t, mockidp.Config{Login: "okta", Widget: widget(t), Listen: "localhost:0", Org: mockidp.OktaOrg{Generation: generation},
		Clients: []mockidp.Client{{ID: "web", RedirectURIs: []string{testRedirect}}},
		Users:   []mockidp.User{&mockidp.Person{Login: "alice", Password: "correct horse", Policy: policy}}})
}

// signInBy signs in with a driver and returns the claims of the ID token.
func signInBy(t testing.TB, m *mockidp.Server, driver flow.SignIn, recorder trace.Recorder) (map[string]any, error) {
	t.Helper()
	c, err := flow.New(flow.Config{Issuer: m.Issuer("org"), ClientID: "web", RedirectURI: testRedirect, SignIn: driver, Now: m.Clock().Now})
	require.NoError(t, err)
	result, err := c.Run(trace.WithRecorder(within(t, patience), recorder))
	if err != nil {
		return nil, err
	}
	return result.IDTokenClaims, nil
}

// A passkey that was set up on Okta's own pages signs in from then on, again and again: in other contexts of the browser,
// and without one. Its private key is in nothing that is told.
func TestPasskeyOnOktasPages(t *testing.T) {
	t.Parallel()
	b := sharedBrowser(t, binaries[0])
	inGenerations(t, func(t *testing.T, generation int) {
		m := startPasskeys(t, generation, "password", "enrol:passkey|google_otp", "passkey")
		enrol := &signin.Enrolment{Want: signin.ChallengePasskey}
		var told events
		_, err := signInBy(t, m, b.Driver(signin.Config{User: alice(), Enrol: enrol}), &told)
		require.NoError(t, err)
		require.NotNil(t, enrol.Passkey)
		require.NoError(t, enrol.Passkey.Check())
		require.Equal(t, "localhost", enrol.Passkey.RPID)
		require.Equal(t, "alice", enrol.Passkey.User)
		require.NotEmpty(t, enrol.Passkey.UserHandle)

		user := alice()
		user.Passkey = enrol.Passkey
		c := signin.Config{User: user}
		for _, driver := range []flow.SignIn{b.Driver(c), signin.NewIDX(c), b.Driver(c)} {
			claims, err := signInBy(t, m, driver, &told)
			require.NoError(t, err)
			require.Contains(t, claims["amr"], "hwk")
		}
		told.requireNoKey(t, enrol.Passkey)
	})
}

// A TOTP secret is set up on Okta's own pages, too.
func TestTOTPOnOktasPages(t *testing.T) {
	t.Parallel()
	inGenerations(t, func(t *testing.T, generation int) {
		m := startPasskeys(t, generation, "password", "enrol-optional:passkey|google_otp")
		enrol := &signin.Enrolment{Want: signin.ChallengeTOTP}
		_, err := signInBy(t, m, sharedBrowser(t, binaries[0]).Driver(signin.Config{User: alice(), Enrol: enrol}), &events{})
		require.NoError(t, err)
		_, err = signin.NewTOTP(enrol.TOTP)
		require.NoError(t, err)
	})
}

// Okta takes a counter that has not grown for a clone's (Web Authentication Level 2 §7.2 step 21). Ours has, by the time
// that has gone by, as long as nobody has gone on counting with another copy.
func TestPasskeyCounter(t *testing.T) {
	t.Parallel()
	now := time.Now().Unix()
	for name, c := range map[string]struct {
		seen uint32
		code string
	}{
		"was seen a moment ago": {seen: uint32(now) - 1},
		"of a clone":            {uint32(now) + 3600, "signin.invalid_credentials"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			key, public := newPasskey(t, "localhost")
			der, err := x509.MarshalPKIXPublicKey(public)
			require.NoError(t, err)
			m := mockidp.StartT(t, mockidp.Config{Login: "okta", Widget: widget(t), Listen: "localhost:0",
				Clients: []mockidp.Client{{ID: "web", RedirectURIs: []string{testRedirect}}},
				Users: []mockidp.User{&mockidp.Person{Login: "alice", Password: "correct horse", Policy: []string{"password", "passkey"},
					Passkeys: []mockidp.Passkey{{ID: key.ID, PublicKey: der, SignCount: c.seen}}}}})
			user := alice()
			user.Passkey = key
			_, err = signInBy(t, m, sharedBrowser(t, binaries[0]).Driver(signin.Config{User: user}), &events{})
			if c.code != "" {
				requireCode(t, c.code, err)
				return
			}
			require.NoError(t, err)
		})
	}
}
