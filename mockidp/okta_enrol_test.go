package mockidp

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// contextual is the contextualData of what is being asked for.
func (w *walker) contextual() map[string]any {
	w.t.Helper()
	current, ok := w.state["currentAuthenticator"].(map[string]any)
	require.True(w.t, ok, w.state)
	return current["value"].(map[string]any)["contextualData"].(map[string]any)
}

// newcomer is alice, who has a password and nothing else.
func newcomer(policy ...string) Person {
	return Person{Login: "alice", Password: oktaPassword, Policy: policy}
}

// TestOktaEnrolment sets each thing up, and is asked for it at the next sign-in.
func TestOktaEnrolment(t *testing.T) {
	t.Parallel()
	var secret string
	k := newSoftKey()
	k.kind, k.rpID, k.flags = "webauthn.create", "localhost", userPresent|userVerified|attestedData
	for name, c := range map[string]struct {
		method string
		setUp  []step
		next   []step
		amr    string
	}{
		"an authenticator app": {
			method: "google_otp", amr: "otp",
			setUp: []step{{"select-authenticator-enroll", "", choose("google_otp", "otp")}, {"enroll-authenticator", "", func(w *walker) object {
				secret = w.contextual()["sharedSecret"].(string)
				return object{"credentials.passcode": w.totp(secret)}
			}}},
			next: []step{{"challenge-authenticator", "", func(w *walker) object {
				w.s.Clock().Advance(time.Minute)
				return object{"credentials.passcode": w.totp(secret)}
			}}},
		},
		"a passkey": {
			method: "passkey", amr: "hwk",
			setUp: []step{{"select-authenticator-enroll", "", choose("webauthn", "webauthn")}, {"enroll-authenticator", "", func(w *walker) object {
				k.origin = w.s.URL
				return k.register(w.t, w.contextual()["activationData"].(map[string]any)["challenge"].(string))
			}}},
			next: []step{{"challenge-authenticator", "", func(w *walker) object {
				use := *k
				use.kind, use.flags, use.count = "webauthn.get", userPresent|userVerified, k.count+1
				return use.sign(w.t, w.contextual()["challengeData"].(map[string]any)["challenge"].(string))
			}}},
		},
		"a question of Okta's": {
			method: "question", amr: "kba",
			setUp: []step{{"select-authenticator-enroll", "", choose("security_question", "security_question")},
				{"enroll-authenticator", "", with("credentials.questionKey", "first_award", "credentials.answer", "a spoon")}},
			next: []step{{"challenge-authenticator", "", with("credentials.answer", "A Spoon")}},
		},
		"a question of the user's own": {
			method: "question", amr: "kba",
			setUp: []step{{"select-authenticator-enroll", "", choose("security_question", "security_question")},
				{"enroll-authenticator", "", with("credentials.questionKey", "custom", "credentials.question", "Why?", "credentials.answer", "because")}},
			next: []step{{"challenge-authenticator", "", with("credentials.answer", "because")}},
		},
		"an address, after a second code": {
			method: "email", amr: "email",
			setUp: []step{{"select-authenticator-enroll", "", choose("okta_email", "email")}, {"enroll-authenticator", "resend", nil}, {"enroll-authenticator", "", sent}},
			next:  []step{{"authenticator-verification-data", "", choose("okta_email", "email")}, {"challenge-authenticator", "", sent}},
		},
		"a phone, of which the number is asked for": {
			method: "sms", amr: "sms",
			setUp: []step{{"select-authenticator-enroll", "", choose("phone_number", "sms")},
				{"authenticator-enrollment-data", "", with("authenticator.methodType", "sms", "authenticator.phoneNumber", "+15550100")}, {"enroll-authenticator", "", sent}},
			next: []step{{"authenticator-verification-data", "", choose("phone_number", "sms")}, {"challenge-authenticator", "", sent}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := startRP(t, Config{Login: "okta", Listen: "localhost:0", Users: []User{newcomer("password", "enrol:"+c.method, c.method)}})
			amr := []any{"mfa", "pwd", c.amr}
			slices.SortFunc(amr, func(a, b any) int { return strings.Compare(a.(string), b.(string)) })
			begin := func(next []step) *walker {
				w := walk(t, p, "prompt", "login").identify().password()
				for _, s := range next {
					w.take(s)
				}
				return w
			}
			require.Equal(t, amr, begin(c.setUp).amr(), "setting it up proves it")
			require.Equal(t, amr, begin(c.next).amr(), "it is asked for the next time")
		})
	}
}

// take does one step, which is the present one.
func (w *walker) take(s step) {
	w.t.Helper()
	require.Equal(w.t, s.screen, w.screen(), w.state)
	form, fill := s.form, object(nil)
	if form == "" {
		form = s.screen
	}
	if s.fill != nil {
		fill = s.fill(w)
	}
	w.send(form, fill)
	require.Equal(w.t, 200, w.status, w.state)
}

func TestOktaEnrolmentOffersWhatThePolicySays(t *testing.T) {
	t.Parallel()
	p := startRP(t, Config{Login: "okta", Listen: "localhost:0", Users: []User{newcomer("password", "enrol-optional:passkey|google_otp|email", "keep-me-signed-in")}})
	w := walk(t, p).identify().password().send("select-authenticator-enroll", choose("google_otp", "otp")(nil))
	require.Equal(t, "enroll-authenticator", w.screen())
	first := w.contextual()["sharedSecret"]
	w.send("select-authenticator-enroll", choose("webauthn", "webauthn")(nil))
	require.Equal(t, "enroll-authenticator", w.screen())
	require.Nil(t, w.contextual()["sharedSecret"], "another was chosen")
	w.send("select-authenticator-enroll", choose("google_otp", "otp")(nil))
	require.NotEqual(t, first, w.contextual()["sharedSecret"])
	w.send("skip", nil)
	require.Equal(t, "keep-me-signed-in", w.screen(), "what is optional can be skipped in its middle")
	w = walk(t, p, "prompt", "login").identify().password()
	require.Equal(t, "select-authenticator-enroll", w.screen(), "what was skipped is offered again")
}

func TestOktaEnrolmentRefuses(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		method string
		steps  []step
		form   string
		fill   func(*walker) object
		key    string
		screen string
	}{
		"a wrong code of the app": {"google_otp", []step{{"select-authenticator-enroll", "", choose("google_otp", "otp")}}, "", with("credentials.passcode", "000000"),
			"passcode: api.authn.error.PASSCODE_INVALID", "enroll-authenticator"},
		"a wrong code by e-mail": {"email", []step{{"select-authenticator-enroll", "", choose("okta_email", "email")}}, "", with("credentials.passcode", "no code"),
			"passcode: api.authn.error.PASSCODE_INVALID", "enroll-authenticator"},
		"a phone without a number": {"sms", []step{{"select-authenticator-enroll", "", choose("phone_number", "sms")}}, "",
			with("authenticator.methodType", "sms", "authenticator.phoneNumber", ""), "phoneNumber: model.validation.field.blank", "authenticator-enrollment-data"},
		"an answer that is too short": {"question", []step{{"select-authenticator-enroll", "", choose("security_question", "security_question")}}, "",
			with("credentials.questionKey", "first_award", "credentials.answer", "abc"), "securityQuestion.answer.tooShort.arg", "enroll-authenticator"},
		"no question": {"question", []step{{"select-authenticator-enroll", "", choose("security_question", "security_question")}}, "",
			with("credentials.questionKey", "custom", "credentials.answer", "because"), "model.validation.field.blank", "enroll-authenticator"},
		"a question that nobody proposed": {"question", []step{{"select-authenticator-enroll", "", choose("security_question", "security_question")}}, "",
			with("credentials.questionKey", "shoe_size", "credentials.answer", "because"), "E0000020", ""},
		"a weak password": {"password", []step{{"select-authenticator-enroll", "", choose("okta_password", "password")}}, "", with("credentials.passcode", "short"),
			"passcode: password.passwordRequirementsNotMet", "enroll-authenticator"},
		"what is not offered":   {"email", nil, "", choose("google_otp", "otp"), "E0000020", ""},
		"a passkey of nonsense": {"passkey", []step{{"select-authenticator-enroll", "", choose("webauthn", "webauthn")}}, "", nonsense, "authfactor.webauthn.error", "enroll-authenticator"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := startRP(t, Config{Login: "okta", Listen: "localhost:0", Users: []User{newcomer("password", "enrol:"+c.method)}})
			w := walk(t, p).identify().password()
			for _, s := range c.steps {
				w.take(s)
			}
			w.send(w.screen(), c.fill(w))
			require.Contains(t, []int{400, 401}, w.status, w.state)
			require.Equal(t, []string{c.key}, w.keys())
			require.Equal(t, c.screen, w.screen())
			require.NotContains(t, w.forms(), "skip", "it is required")
			again := walk(t, p, "prompt", "login").identify().password()
			require.Equal(t, "select-authenticator-enroll", again.screen(), "nothing was set up")
		})
	}
}

func nonsense(*walker) object {
	return object{"credentials.clientData": "e30", "credentials.attestation": "oA", "credentials.transports": "[]", "credentials.clientExtensions": "{}"}
}

func TestWhatWasSetUpIsListedWithoutItsSecrets(t *testing.T) {
	t.Parallel()
	p := startRP(t, Config{Login: "okta", Listen: "localhost:0", Users: []User{newcomer("password", "enrol"), Person{Login: "bob", Password: "bob's own", TOTP: oktaTOTP}}})
	w := walk(t, p).identify().password()
	w.take(step{"select-authenticator-enroll", "", choose("google_otp", "otp")})
	secret := w.contextual()["sharedSecret"].(string)
	w.take(step{"enroll-authenticator", "", func(w *walker) object { return object{"credentials.passcode": w.totp(secret)} }})
	users, err := p.s.listUsers(nil)
	require.NoError(t, err)
	require.Equal(t, []listedUser{
		{ReadyUser: ReadyUser{Username: "alice", Password: oktaPassword}, Enrolled: []string{"google_otp"}},
		{ReadyUser: ReadyUser{Username: "bob", Password: "bob's own", TOTP: oktaTOTP}},
	}, users)
}

func TestAPolicyOffersWhatCanBeSetUp(t *testing.T) {
	t.Parallel()
	for policy, want := range map[string]string{
		"enrol:telepathy":                    `enrol:telepathy: "telepathy" cannot be set up`,
		"enrol:":                             `"" cannot be set up`,
		"enrol-optional:google_otp|push":     `"push" cannot be set up`,
		"enrolled":                           `unknown screen "enrolled"`,
		"enrol-optional:question question":   `question: the user has none`,
		"question enrol:question":            `question: the user has none`,
		"enrol:google_otp|passkey sms|email": `sms: the user has none`,
	} {
		_, err := Start(fast(Config{Login: "okta", Users: []User{newcomer(strings.Fields(policy)...)}}))
		require.ErrorContains(t, err, want, policy)
	}
}
