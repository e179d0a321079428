package signin

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/oidcflow/oidcflow/flow"
	"github.com/oidcflow/oidcflow/flow/trace"
	"github.com/stretchr/testify/require"
)

// Pieces of answers about passkeys and enrolments.
const (
	assertionFields = `{"name":"authenticatorData","required":true},{"name":"clientData","required":true},{"name":"signatureData","required":true}`
	attestation     = `{"name":"credentials","form":{"value":[{"name":"clientData","required":true,"hint":"webauthn"},{"name":"attestation","required":true,"hint":"webauthn"}]}}`
	noonChallenge   = `"challengeData":{"challenge":"c29tZSBieXRlcz8_","userVerification":"required"%s}`
)

func assertionForm(more string) string {
	return `{"name":"credentials","type":"object","required":true,"form":{"value":[` + assertionFields + more + `]}}`
}

// webauthn is what is asked for: the passkey, with members of its challenge.
func webauthn(more string) string {
	return `"currentAuthenticator":{"value":{"key":"webauthn","contextualData":{` + fmt.Sprintf(noonChallenge, more) + `}}},`
}

// showing is an authenticator app that is being set up, with its secret.
func showing(key, secret string) string {
	return fmt.Sprintf(`"currentAuthenticator":{"value":{"key":%q,"displayName":"the app","contextualData":{"sharedSecret":%q}}},`, key, secret)
}

func enrolChoice(options ...string) string {
	return idxStepJSON("select-authenticator-enroll", "credential/enroll", `{"name":"authenticator","type":"object","options":[`+strings.Join(options, ",")+`]}`)
}

// passkeyDialog is that of alice, with a passkey for idxOrg and these factors besides.
func passkeyDialog(t *testing.T, change func(*Config), factors ...Factor) *IDXDialog {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	der, err := x509.MarshalPKCS8PrivateKey(key)
	require.NoError(t, err)
	c := idxConfig(factors...)
	c.User.Passkey = &Passkey{RPID: "org.example.com", User: "alice", UserHandle: []byte("handle"), ID: []byte("mine"),
		Key: trace.NewSecret("private_key", base64.StdEncoding.EncodeToString(der))}
	if change != nil {
		change(&c)
	}
	d := NewIDXDialog(c, idxOrg+"/authorize")
	d.Now = func() time.Time { return time.Unix(1_700_000_000, 0) }
	return d
}

func TestAPasskeyIsSignedAsOktasPageSendsIt(t *testing.T) {
	t.Parallel()
	for name, answer := range map[string]string{
		"at its challenge":                   idxJSON(webauthn(""), idxChallenge(assertionForm(""))),
		"with a relying party of its own":    idxJSON(webauthn(`,"rpId":"org.example.com"`), idxChallenge(assertionForm(""))),
		"among the user's credentials":       idxJSON(webauthn("")+`"authenticatorEnrollments":{"value":[{"key":"webauthn","credentialId":"bWluZQ"},{"key":"webauthn","credentialId":"ZWxzZQ=="}]},`, idxChallenge(assertionForm(""))),
		"with the handle, where it is asked": idxJSON(webauthn(""), idxChallenge(assertionForm(`,{"name":"userHandle"}`))),
		"beside the user's name": idxJSON(`"webauthnAutofillUIChallenge":{`+fmt.Sprintf(noonChallenge, "")+`},`,
			idxStepJSON("launch-passkeys-authenticator", "challenge/answer", assertionForm(`,{"name":"userHandle"}`)), idxStepJSON("identify", "identify", idField)),
		"as the field fills itself": idxJSON(`"webauthnAutofillUIChallenge":{`+fmt.Sprintf(noonChallenge, "")+`},`,
			idxStepJSON("challenge-webauthn-autofillui-authenticator", "challenge/answer", assertionForm(`,{"name":"userHandle"}`))),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := passkeyDialog(t, nil)
			m, err := d.Next(t.Context(), idxAnswer(t, answer))
			require.NoError(t, err)
			require.Equal(t, []IDXFill{{Path: "credentials", What: "passkey"}}, m.Fill)
			sent := m.Body["credentials"].(IDXBody)
			client, err := base64.StdEncoding.DecodeString(sent["clientData"].(string))
			require.NoError(t, err)
			require.Equal(t, `{"type":"webauthn.get","challenge":"c29tZSBieXRlcz8_","origin":"https://org.example.com","crossOrigin":false}`, string(client))
			signature := sent["signatureData"].(trace.Secret)
			require.Equal(t, []string{"org.example.com"}, signature.Hosts())
			require.Equal(t, strings.Contains(answer, "userHandle"), sent["userHandle"] != nil)
			require.True(t, d.Sent())
		})
	}
}

func TestThePasskeyIsAskedForWhereTheUserHasOne(t *testing.T) {
	t.Parallel()
	launch := idxJSON("", idxStepJSON("launch-webauthn-authenticator", "authenticators/webauthn/launch"), idxStepJSON("unlock-account", "unlock"))
	moves, err := talk(t, passkeyDialog(t, nil), launch)
	require.NoError(t, err)
	require.Equal(t, []string{"authenticators/webauthn/launch {H}"}, moves)
	_, err = talk(t, idxDialog(), launch)
	requireIDXCode(t, err, "signin.mfa_unavailable", "passkey")
	_, err = talk(t, passkeyDialog(t, nil), launch, launch)
	requireIDXCode(t, err, "signin.mfa_unavailable", "passkey")
}

func requireIDXCode(t *testing.T, err error, code, says string) *flow.Error {
	t.Helper()
	var coded *flow.Error
	require.ErrorAs(t, err, &coded)
	require.Equal(t, code, coded.Code, "%v", err)
	require.ErrorContains(t, err, says)
	return coded
}

func TestTheOrderOfFactors(t *testing.T) {
	t.Parallel()
	list := choice(option(1, "email"), option(5), option(3, "push"), option(2, "otp"), option(6, "webauthn"))
	for order, want := range map[string]string{
		"":                      "aut6",
		"totp":                  "aut2",
		"question passkey":      "aut5",
		"code totp":             "aut1",
		"passkey":               "aut6",
		"totp passkey question": "aut2",
	} {
		d := passkeyDialog(t, func(c *Config) {
			c.AllowPush = true
			for _, k := range strings.Fields(order) {
				c.Order = append(c.Order, ChallengeKind(k))
			}
		}, factor(ChallengeTOTP, "123456"), factor(ChallengeQuestion, "Paris"), factor(ChallengeCode, "654321"))
		m, err := d.Next(t.Context(), idxAnswer(t, idxJSON(allMethods, list)))
		require.NoError(t, err)
		require.Equal(t, want, m.Body["authenticator"].(IDXBody)["id"], "order %q", order)
	}
	d := passkeyDialog(t, nil)
	d.cfg.Order = []ChallengeKind{ChallengePasskey}
	m, err := d.Next(t.Context(), idxAnswer(t, idxJSON(allMethods, choice(option(6, "webauthn"), option(7, "password")))))
	require.NoError(t, err)
	require.Equal(t, "aut7", m.Body["authenticator"].(IDXBody)["id"], "the password is no choice of a factor")
	people := NewIDXDialog(Config{AllowPush: true}, idxOrg+"/authorize")
	m, err = people.Next(t.Context(), idxAnswer(t, idxJSON(allMethods, choice(option(1, "email"), option(3, "push")))))
	require.NoError(t, err)
	require.Equal(t, "aut3", m.Body["authenticator"].(IDXBody)["id"], "a person, where nothing else will do")
}

func TestAPushIsWaitedForInBounds(t *testing.T) {
	t.Parallel()
	poll := strings.Replace(idxStepJSON("challenge-poll", "authenticators/poll"), `"method"`, `"refresh":99999,"method"`, 1)
	numbered := idxJSON(`"currentAuthenticator":{"value":{"key":"okta_verify","methods":[{"type":"push"}],"contextualData":{"correctAnswer":"73"}}},`, poll)
	c := idxConfig()
	c.AllowPush = true
	d, l := NewIDXDialog(c, idxOrg+"/authorize"), &teller{}
	ctx := trace.WithRecorder(t.Context(), l)
	for range maxPolls {
		m, err := d.Next(ctx, idxAnswer(t, numbered))
		require.NoError(t, err)
		require.Equal(t, maxPoll, m.After)
	}
	_, err := d.Next(ctx, idxAnswer(t, numbered))
	requireIDXCode(t, err, "signin.page_stuck", "on and on")
	var said []string
	for _, e := range l.events {
		if e.Kind == trace.Warning {
			said = append(said, e.Message)
		}
	}
	require.Equal(t, []string{"a person has to choose 73 on the user's phone"}, said)
	_, err = talk(t, NewIDXDialog(c, idxOrg+"/authorize"), idxJSON(current("okta_verify", "signed_nonce"), poll))
	requireIDXCode(t, err, "signin.mfa_unavailable", "Okta FastPass")
}

func TestEachFormOfANewPassword(t *testing.T) {
	t.Parallel()
	two := `{"name":"credentials","type":"object","required":true,"form":{"value":[{"name":"newPassword","required":true},{"name":"confirmPassword","required":true},{"name":"revokeSessions","type":"boolean"}]}}`
	skip := idxStepJSON("skip", "skip")
	for name, test := range map[string]struct{ answer, want, paths string }{
		"expired":           {idxJSON("", idxStepJSON("reenroll-authenticator", "challenge/answer", passcodeField)), `challenge/answer {"credentials":{"passcode":"fresh one"}}`, "credentials.passcode confirmPassword"},
		"with two fields":   {idxJSON("", idxStepJSON("reenroll-authenticator", "challenge/answer", two)), `challenge/answer {"credentials":{"confirmPassword":"fresh one","newPassword":"fresh one"}}`, "credentials.newPassword credentials.confirmPassword confirmPassword"},
		"kept elsewhere":    {idxJSON("", idxStepJSON("reenroll-custom-password-expiry", "challenge/answer", passcodeField)), `challenge/answer {"credentials":{"passcode":"fresh one"}}`, "credentials.passcode confirmPassword"},
		"soon, and not now": {idxJSON("", idxStepJSON("reenroll-authenticator-warning", "challenge/answer", passcodeField), skip), `skip {H}`, ""},
		"soon, but now":     {idxJSON("", idxStepJSON("reenroll-authenticator-warning", "challenge/answer", passcodeField)), `challenge/answer {"credentials":{"passcode":"fresh one"}}`, "credentials.passcode confirmPassword"},
		"although it is said": {idxJSON(errorMessage("errors.E0000064", "Password is expired."), idxStepJSON("reenroll-authenticator", "challenge/answer", passcodeField)),
			`challenge/answer {"credentials":{"passcode":"fresh one"}}`, "credentials.passcode confirmPassword"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := idxConfig()
			c.User.NewPassword = func(context.Context) (trace.Secret, error) { return trace.NewSecret("password", "fresh one"), nil }
			l := &teller{}
			m, err := NewIDXDialog(c, idxOrg+"/authorize").Next(trace.WithRecorder(t.Context(), l), idxAnswer(t, test.answer))
			require.NoError(t, err)
			require.Equal(t, test.want, did(t, m))
			var paths []string
			for _, f := range m.Fill {
				require.Equal(t, "new-password", f.What)
				require.Equal(t, []string{"org.example.com"}, f.Value.Hosts())
				paths = append(paths, f.Path)
			}
			require.Equal(t, test.paths, strings.Join(paths, " "))
			require.Equal(t, test.paths != "", len(l.secrets) > 0, "it is learned")
		})
	}
}

func TestWhatIsWantedIsSetUp(t *testing.T) {
	t.Parallel()
	const secret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
	over := `{"success":{"href":"/login/token/redirect"}}`
	app := idxJSON(showing("google_otp", secret), idxStepJSON("enroll-authenticator", "challenge/answer", passcodeField), enrolChoice(option(2)))
	verify := idxJSON(showing("okta_verify", secret), idxStepJSON("enroll-authenticator", "challenge/answer", `{"name":"credentials","form":{"value":[{"name":"totp","required":true}]}}`))
	key := idxJSON(`"currentAuthenticator":{"value":{"key":"webauthn"}},`, idxStepJSON("enroll-authenticator", "challenge/answer", attestation))
	promoted := idxJSON("", idxStepJSON("enroll-authenticator-promotion", "credential/enroll", attestation), idxStepJSON("skip", "skip"))
	offered := idxJSON(allMethods, enrolChoice(option(1), option(3, "push", "totp"), option(2), option(6)), idxStepJSON("skip", "skip"))
	other := idxJSON(allMethods+current("okta_email"), idxStepJSON("enroll-authenticator", "challenge/answer", passcodeField), enrolChoice(option(2)))
	refused := idxJSON(showing("google_otp", secret), idxStepJSON("enroll-authenticator", "challenge/answer", refusedField("api.authn.error.PASSCODE_INVALID")))
	tests := []struct {
		name    string
		want    ChallengeKind
		answers []string
		moves   string
		code    string
		done    bool
	}{
		{"an app", ChallengeTOTP, []string{offered, app, over}, "select-authenticator-enroll google_otp | enroll-authenticator credentials.passcode | success-redirect", "", true},
		{"Okta's own app, where its secret is shown", ChallengeTOTP, []string{verify, over}, "enroll-authenticator credentials.totp | success-redirect", "", true},
		{"a passkey, by a browser", ChallengePasskey, []string{offered, key, over}, "select-authenticator-enroll webauthn | enroll-authenticator credentials | success-redirect", "", true},
		{"a passkey that is promoted", ChallengePasskey, []string{promoted, over}, "enroll-authenticator-promotion credentials | success-redirect", "", true},
		{"not the one that was begun", ChallengeTOTP, []string{other},
			"select-authenticator-enroll google_otp", "", false},
		{"once: what is offered again is passed over", ChallengeTOTP, []string{offered, app, offered}, "select-authenticator-enroll google_otp | enroll-authenticator credentials.passcode | skip", "", true},
		{"Okta's own app, by a code of it", ChallengeTOTP, []string{idxJSON(allMethods, enrolChoice(option(3, "push", "totp")))}, "select-authenticator-enroll okta_verify", "", false},
		{"not Okta's own app on a phone", ChallengeTOTP, []string{idxJSON(allMethods, enrolChoice(option(3)), idxStepJSON("skip", "skip"))}, "skip", "", false},
		{"nothing that is not wanted", ChallengePasskey, []string{idxJSON(allMethods, enrolChoice(option(2)), idxStepJSON("skip", "skip"))}, "skip", "", false},
		{"a code that is refused", ChallengeTOTP, []string{app, refused}, "enroll-authenticator credentials.passcode", "signin.invalid_credentials", false},
		{"a sign-in that ends in the middle", ChallengeTOTP, []string{app, `{` + errorMessage("idx.session.expired", "Inactivity.") + `"version":"1"}`}, "enroll-authenticator credentials.passcode", "signin.session_expired", false},
		{"a secret that is none", ChallengeTOTP, []string{strings.Replace(app, secret, "no secret!", 1)}, "", "signin.unknown_page", false},
		{"a secret for elsewhere", ChallengeTOTP, []string{strings.Replace(app, "/idp/idx/challenge/answer", "https://evil.example/answer", 1)}, "", "signin.foreign_host", false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			c, l := idxConfig(), &teller{}
			c.Enrol = &Enrolment{Want: test.want}
			d := NewIDXDialog(c, idxOrg+"/authorize")
			d.Now = func() time.Time { return time.Unix(1_700_000_000, 0) }
			d.Wait = func(context.Context, time.Duration) error { return nil }
			var moves []string
			var err error
			for _, body := range test.answers {
				a := idxAnswer(t, body)
				if strings.Contains(body, "idx.session.expired") {
					a.Status = 401
				}
				var m *IDXMove
				if m, err = d.Next(trace.WithRecorder(t.Context(), l), a); err != nil {
					break
				}
				moves = append(moves, strings.TrimSpace(m.Remediation+" "+about(m)))
			}
			require.Equal(t, test.moves, strings.Join(moves, " | "))
			if test.code != "" {
				requireIDXCode(t, err, test.code, "")
				require.NotContains(t, err.Error(), secret)
			} else {
				require.NoError(t, err)
			}
			require.Equal(t, test.done, d.NotOffered(nil) == nil)
			require.Equal(t, test.done && test.want == ChallengeTOTP, !c.Enrol.TOTP.IsZero())
			learned := slices.ContainsFunc(l.secrets, func(s trace.Secret) bool { return s.Reveal() == secret })
			require.Equal(t, strings.Contains(strings.Join(test.answers, ""), secret), learned, "a secret that was shown is learned")
		})
	}
}

// about is what a move fills: the authenticator of a choice, else the path.
func about(m *IDXMove) string {
	if len(m.Fill) == 0 {
		return ""
	}
	if m.Fill[0].What == "choice" {
		return m.Fill[0].Key
	}
	return m.Fill[0].Path
}
