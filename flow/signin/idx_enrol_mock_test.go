package signin_test

import (
	"context"
	"crypto/x509"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/oidcflow/oidcflow/flow/signin"
	"github.com/oidcflow/oidcflow/flow/trace"
	"github.com/oidcflow/oidcflow/mockidp"
	"github.com/stretchr/testify/require"
)

// startNewcomer starts a mock with alice, who has a password and nothing else.
func startNewcomer(t *testing.T, policy ...string) *provider {
	t.Helper()
	s := mockidp.StartT(t, mockidp.Config{
		Login: "okta", Listen: "localhost:0",
		Clients: []mockidp.Client{{ID: "web", RedirectURIs: []string{redirectURI}}},
		Users:   []mockidp.User{&mockidp.Person{Login: "alice", Password: "correct horse", Policy: policy}},
	})
	s.Clock().Freeze()
	return &provider{Server: s}
}

// app is the authenticator app that has the secret, by the mock's clock.
func (p *provider) app(t *testing.T, secret trace.Secret) *signin.TOTP {
	t.Helper()
	app, err := signin.NewTOTP(secret)
	require.NoError(t, err)
	app.Now, app.Wait = p.Clock().Now, func(_ context.Context, d time.Duration) error { p.Clock().Advance(d); return nil }
	return app
}

func TestIDXSetsUpAnAuthenticatorAppAndSignsInWithItNext(t *testing.T) {
	t.Parallel()
	for _, policy := range []string{
		"password enrol google_otp",
		"password enrol:passkey|google_otp|email google_otp",
		"password enrol-optional:passkey|google_otp",
		"enrol:google_otp password google_otp",
	} {
		t.Run(policy, func(t *testing.T) {
			t.Parallel()
			p := startNewcomer(t, strings.Fields(policy)...)
			x := p.idx(user("alice", "correct horse"))
			x.Enrol = &signin.Enrolment{Want: signin.ChallengeTOTP}
			log := trace.NewRedactor()
			var events []trace.Event
			ctx := trace.WithRecorder(t.Context(), log.Recorder(recorderFunc(func(e trace.Event) { events = append(events, e) })))
			got, err := x.SignIn(ctx, p.request(t, "web", nil))
			require.NoError(t, err, "%v", p.asked())
			require.NotEmpty(t, got.Params.Get("code"))
			secret := x.Enrol.TOTP
			require.False(t, secret.IsZero())
			require.Greater(t, len(events), 10)
			seen, err := json.Marshal(events)
			require.NoError(t, err)
			require.NotContains(t, string(seen), secret.Reveal())
			require.Contains(t, string(seen), "base64,«picture")

			_, err = p.idx(user("alice", "correct horse", p.app(t, secret))).SignIn(t.Context(), p.request(t, "web", nil))
			require.NoError(t, err, "the provider knows it: %v", p.asked())
		})
	}
}

func TestIDXSaysWhatAnEnrolmentFailsAt(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		policy string
		want   signin.ChallengeKind
		code   string
		says   string
		hint   string
	}{
		{"it is not offered", "password", signin.ChallengeTOTP, "signin.enrolment_not_offered", "authenticator app", "enrollment policy"},
		{"something else is offered, and may be skipped", "password enrol-optional:email|sms", signin.ChallengeTOTP, "signin.enrolment_not_offered", "authenticator app", "Google Authenticator"},
		{"something else must be set up", "password enrol:question|email", signin.ChallengeTOTP, "signin.enrolment_required", "set up an authenticator", "browser"},
		{"nothing is wanted, and something must be set up", "password enrol", "", "signin.enrolment_required", "set up an authenticator", "browser"},
		{"a passkey needs a browser", "password enrol:passkey", signin.ChallengePasskey, "usage.needs_browser", "passkey", "--sign-in chrome"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			p := startNewcomer(t, strings.Fields(test.policy)...)
			x := p.idx(user("alice", "correct horse"))
			if test.want != "" {
				x.Enrol = &signin.Enrolment{Want: test.want}
			}
			_, err := x.SignIn(t.Context(), p.request(t, "web", nil))
			coded := requireCode(t, err, test.code)
			require.ErrorContains(t, err, test.says)
			require.Contains(t, coded.Hint, test.hint)
			if test.code == "usage.needs_browser" {
				require.Empty(t, p.asked(), "it is known before anything is sent")
			}
		})
	}
}

func TestIDXSetsANewPassword(t *testing.T) {
	t.Parallel()
	renewing := func(p *provider, fresh string, asked *int) *signin.IDX {
		u := user("alice", "correct horse")
		u.NewPassword = func(context.Context) (trace.Secret, error) { *asked++; return trace.NewSecret("password", fresh), nil }
		return p.idx(u)
	}
	t.Run("where the old one has expired", func(t *testing.T) {
		t.Parallel()
		p, asked := startNewcomer(t, "password", "password-expired"), 0
		_, err := renewing(p, "battery staple", &asked).SignIn(t.Context(), p.request(t, "web", nil))
		require.NoError(t, err, "%v", p.asked())
		require.Equal(t, 1, asked)
		_, err = p.idx(user("alice", "battery staple")).SignIn(t.Context(), p.request(t, "web", nil))
		require.NoError(t, err, "the provider knows it")
	})
	t.Run("not where the old one will do for days", func(t *testing.T) {
		t.Parallel()
		p, asked := startNewcomer(t, "password", "password-expiring"), 0
		_, err := renewing(p, "battery staple", &asked).SignIn(t.Context(), p.request(t, "web", nil))
		require.NoError(t, err)
		require.Zero(t, asked)
	})
	t.Run("once: one that is too weak is not followed by another", func(t *testing.T) {
		t.Parallel()
		p, asked := startNewcomer(t, "password", "password-expired"), 0
		_, err := renewing(p, "short!!", &asked).SignIn(t.Context(), p.request(t, "web", nil))
		requireCode(t, err, "signin.password_expired")
		require.ErrorContains(t, err, "at least 8 characters")
		require.NotContains(t, err.Error(), "short!!")
		require.Equal(t, 1, asked)
	})
	t.Run("not where there is none", func(t *testing.T) {
		t.Parallel()
		p := startNewcomer(t, "password", "password-expired")
		u := user("alice", "correct horse")
		u.NewPassword = func(context.Context) (trace.Secret, error) { return trace.Secret{}, errors.New("the vault is closed") }
		_, err := p.idx(u).SignIn(t.Context(), p.request(t, "web", nil))
		requireCode(t, err, "signin.password_expired")
		require.ErrorContains(t, err, "the vault is closed")
	})
}

func TestIDXWaitsForAPersonWhereThatIsAllowed(t *testing.T) {
	t.Parallel()
	for _, policy := range []string{"password push", "password push|email"} {
		t.Run(policy, func(t *testing.T) {
			t.Parallel()
			p := startNewcomer(t, strings.Fields(policy)...)
			x := p.idx(user("alice", "correct horse", p.totp(t)))
			x.AllowPush = true
			var warnings []string
			polls := 0
			x.Wait = func(_ context.Context, d time.Duration) error {
				p.Clock().Advance(d)
				if polls++; polls == 3 {
					return p.AnswerPush("alice", p.Pushes()[0].Number)
				}
				return nil
			}
			number := ""
			ctx := trace.WithRecorder(t.Context(), recorderFunc(func(e trace.Event) {
				if e.Kind == trace.Warning {
					warnings = append(warnings, e.Message)
					number = p.Pushes()[0].Number
				}
			}))
			got, err := x.SignIn(ctx, p.request(t, "web", nil))
			require.NoError(t, err, "%v", p.asked())
			require.NotEmpty(t, got.Params.Get("code"))
			require.Equal(t, []string{"a person has to choose " + number + " on the user's phone"}, warnings, "once")
		})
	}
	t.Run("who says no", func(t *testing.T) {
		t.Parallel()
		p := startNewcomer(t, "password", "push")
		x := p.idx(user("alice", "correct horse"))
		x.AllowPush = true
		x.Wait = func(context.Context, time.Duration) error { return p.AnswerPush("alice", "") }
		_, err := x.SignIn(t.Context(), p.request(t, "web", nil))
		requireCode(t, err, "signin.mfa_unavailable")
		require.ErrorContains(t, err, "chosen to reject")
	})
}

// withPasskey starts a mock whose alice has a passkey, and returns it.
func withPasskey(t *testing.T, policy ...string) (*provider, *signin.Passkey) {
	t.Helper()
	k, public := newPasskey(t, "localhost", "alice")
	der, err := x509.MarshalPKIXPublicKey(public)
	require.NoError(t, err)
	s := mockidp.StartT(t, mockidp.Config{
		Login: "okta", Listen: "localhost:0",
		Clients: []mockidp.Client{{ID: "web", RedirectURIs: []string{redirectURI}}},
		Users: []mockidp.User{&mockidp.Person{Login: "alice", Password: "correct horse", TOTP: totpSecret, Policy: policy,
			Passkeys: []mockidp.Passkey{{ID: k.ID, PublicKey: der}}}},
	})
	s.Clock().Freeze()
	return &provider{Server: s}, k
}

func TestIDXSignsInWithAPasskey(t *testing.T) {
	t.Parallel()
	for _, policy := range []string{"passkey", "password passkey", "passkey|google_otp", "password google_otp|passkey"} {
		t.Run(policy, func(t *testing.T) {
			t.Parallel()
			p, k := withPasskey(t, strings.Fields(policy)...)
			u := user("alice", "correct horse") // no app: it has to be the passkey
			u.Passkey = k
			for range 3 { // in one second, of which each needs a count of its own
				got, err := p.idx(u).SignIn(t.Context(), p.request(t, "web", nil))
				require.NoError(t, err, "%v", p.asked())
				require.NotEmpty(t, got.Params.Get("code"))
			}
		})
	}
}

func TestIDXSaysWhyAPasskeyWillNotDo(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		change func(*testing.T, *signin.Passkey)
		code   string
		says   []string
	}{
		{"another's", func(_ *testing.T, k *signin.Passkey) { k.User = "bob" }, "signin.mfa_unavailable", []string{`"bob"`, `"alice"`}},
		{"another relying party's", func(_ *testing.T, k *signin.Passkey) { k.RPID = "example.com" }, "signin.mfa_unavailable", []string{`"example.com"`, `"localhost"`}},
		{"one that the provider does not know", func(_ *testing.T, k *signin.Passkey) { k.ID = []byte("else") }, "signin.mfa_unavailable", []string{"not among the 1"}},
		{"one with another key", func(t *testing.T, k *signin.Passkey) {
			other, _ := newPasskey(t, "localhost", "alice")
			k.Key = other.Key
		}, "signin.invalid_credentials", []string{"asks for the passkey again"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			p, k := withPasskey(t, "password", "passkey")
			test.change(t, k)
			u := user("alice", "correct horse")
			u.Passkey = k
			_, err := p.idx(u).SignIn(t.Context(), p.request(t, "web", nil))
			requireCode(t, err, test.code)
			for _, want := range test.says {
				require.ErrorContains(t, err, want)
			}
		})
	}
	t.Run("and takes another way where there is one", func(t *testing.T) {
		t.Parallel()
		p, k := withPasskey(t, "password", "passkey|google_otp")
		k.RPID = "example.com"
		u := user("alice", "correct horse", p.totp(t))
		u.Passkey = k
		_, err := p.idx(u).SignIn(t.Context(), p.request(t, "web", nil))
		require.NoError(t, err, "%v", p.asked())
	})
}
