package signin

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/oidcflow/oidcflow/flow"
	"github.com/oidcflow/oidcflow/flow/trace"
	"github.com/stretchr/testify/require"
)

const idxOrg = "https://org.example.com"

// idxJSON returns an answer of the engine: members of the top, and remediations.
func idxJSON(members string, remediations ...string) string {
	return fmt.Sprintf(`{"version":"1.0.0","stateHandle":"02.id.h",%s"remediation":{"type":"array","value":[%s]}}`, members, strings.Join(remediations, ","))
}

// step returns a remediation: a form with fields and the state handle.
func idxStepJSON(name, path string, fields ...string) string {
	fields = append(fields, `{"name":"stateHandle","required":true,"value":"02.id.h","visible":false,"mutable":false}`)
	return fmt.Sprintf(`{"rel":["create-form"],"name":%q,"href":%q,"method":"POST","accepts":"application/json; okta-version=1.0.0","value":[%s]}`,
		name, "/idp/idx/"+path, strings.Join(fields, ","))
}

// Pieces of answers.
const (
	idField       = `{"name":"identifier","label":"Username","required":true}`
	passcodeField = `{"name":"credentials","type":"object","required":true,"form":{"value":[{"name":"passcode","label":"x"}]}}`
	rememberField = `{"name":"rememberMe","type":"boolean"}`
	allMethods    = `"authenticatorEnrollments":{"value":[{"key":"okta_email","id":"e1"},{"key":"google_otp","id":"e2"},{"key":"okta_verify","id":"e3"},
		{"key":"phone_number","id":"e4"},{"key":"security_question","id":"e5"},{"key":"webauthn","id":"e6"},{"type":"password","id":"e7"}]},`
)

func current(key string, methods ...string) string {
	for i, m := range methods {
		methods[i] = fmt.Sprintf(`{"type":%q}`, m)
	}
	return fmt.Sprintf(`"currentAuthenticator":{"type":"object","value":{"key":%q,"id":"aut1","displayName":"the thing","methods":[%s]}},`, key, strings.Join(methods, ","))
}

// option returns one of a choice of authenticators, the number-th of allMethods, with its methods.
func option(number int, methods ...string) string {
	fields := fmt.Sprintf(`{"name":"id","required":true,"value":"aut%d","mutable":false}`, number)
	switch len(methods) {
	case 0:
	case 1:
		fields += fmt.Sprintf(`,{"name":"methodType","value":%q,"mutable":false}`, methods[0])
	default:
		for i, m := range methods {
			methods[i] = fmt.Sprintf(`{"label":"in the user's language","value":%q}`, m)
		}
		fields += `,{"name":"methodType","type":"string","options":[` + strings.Join(methods, ",") + `]}`
	}
	return fmt.Sprintf(`{"label":"Something","value":{"form":{"value":[%s]}},"relatesTo":"$.authenticatorEnrollments.value[%d]"}`, fields, number-1)
}

func choice(options ...string) string {
	return idxStepJSON("select-authenticator-authenticate", "challenge", `{"name":"authenticator","type":"object","options":[`+strings.Join(options, ",")+`]}`)
}

func idxChallenge(fields ...string) string {
	return idxStepJSON("challenge-authenticator", "challenge/answer", fields...)
}

func errorMessage(key, text string) string {
	return fmt.Sprintf(`"messages":{"type":"array","value":[{"message":%q,"i18n":{"key":%q},"class":"ERROR"}]},`, text, key)
}

func idxAnswer(t testing.TB, body string) *IDXAnswer {
	t.Helper()
	a, err := ParseIDX([]byte(body))
	require.NoError(t, err, body)
	a.URL, a.Status = idxOrg+"/idp/idx/introspect", 200
	return a
}

func idxConfig(factors ...Factor) Config {
	return Config{User: User{Name: "alice", Password: trace.NewSecret("password", "hunter2"), Factors: factors}}
}

// own are factors that say what they can answer.
type own struct{ fixed }

func (f *own) CanAnswer(k ChallengeKind) bool { return k == f.kind }

func factor(kind ChallengeKind, value string) *own { return &own{fixed{kind: kind, value: value}} }

// done returns what a move does, in short.
func did(t testing.TB, m *IDXMove) string {
	t.Helper()
	if m.Follow {
		return m.Method + " " + strings.TrimPrefix(m.URL, idxOrg)
	}
	body, err := m.Body.Reveal()
	require.NoError(t, err)
	return strings.TrimPrefix(m.URL, idxOrg+"/idp/idx/") + " " + strings.Replace(strings.Replace(body, `"stateHandle":"02.id.h"`, "H", 1), ",H}", "}", 1)
}

func TestWhatIsDoneAboutAnAnswer(t *testing.T) {
	t.Parallel()
	totp, question, code := factor(ChallengeTOTP, "123456"), factor(ChallengeQuestion, "Paris"), factor(ChallengeCode, "654321")
	everything := []Factor{code, question, totp}
	list := choice(option(6, "webauthn"), option(1, "email"), option(5), option(4, "voice", "sms"), option(3, "push", "totp"), option(2))
	tests := []struct {
		name    string
		answer  string
		factors []Factor
		consent Consent
		want    string
	}{
		{"the name alone, nothing that is optional", idxJSON("", idxStepJSON("identify", "identify", idField, rememberField), idxStepJSON("select-enroll-profile", "enroll")), nil, "",
			`identify {"identifier":"alice"}`},
		{"name and password where the form has both", idxJSON(current("okta_password"), idxStepJSON("identify", "identify", idField, passcodeField)), nil, "",
			`identify {"credentials":{"passcode":"hunter2"},"identifier":"alice"}`},
		{"a name that Okta knows already", idxJSON("", idxStepJSON("identify", "identify", `{"name":"identifier","required":true,"value":"alice@corp","mutable":false}`, passcodeField)), nil, "",
			`identify {"credentials":{"passcode":"hunter2"},"identifier":"alice@corp"}`},
		{"the password", idxJSON(current("okta_password", "password"), idxChallenge(passcodeField)), nil, "", `challenge/answer {"credentials":{"passcode":"hunter2"}}`},
		{"Google Authenticator takes a passcode", idxJSON(current("google_otp", "otp"), idxChallenge(passcodeField)), everything, "", `challenge/answer {"credentials":{"passcode":"123456"}}`},
		{"Okta Verify takes a totp", idxJSON(current("okta_verify", "totp"), idxChallenge(`{"name":"credentials","form":{"value":[{"name":"totp","required":true}]}}`)), everything, "",
			`challenge/answer {"credentials":{"totp":"123456"}}`},
		{"a code by e-mail", idxJSON(strings.Replace(current("okta_email", "email"), "currentAuthenticator", "currentAuthenticatorEnrollment", 1), idxChallenge(passcodeField)), everything, "",
			`challenge/answer {"credentials":{"passcode":"654321"}}`},
		{"a security question keeps its key", idxJSON(current("security_question"), idxChallenge(`{"name":"credentials","form":{"value":[
			{"name":"questionKey","label":"Where were you born?","required":true,"value":"birthplace","mutable":false},{"name":"answer","required":true}]}}`)), everything, "",
			`challenge/answer {"credentials":{"answer":"Paris","questionKey":"birthplace"}}`},

		{"of all, the app of Google", idxJSON(allMethods, list), everything, "", `challenge {"authenticator":{"id":"aut2"}}`},
		{"the password before all", idxJSON(allMethods, choice(option(2), option(7, "password"))), everything, "", `challenge {"authenticator":{"id":"aut7","methodType":"password"}}`},
		{"of Okta Verify, the code", idxJSON(allMethods, choice(option(1, "email"), option(3, "signed_nonce", "push", "totp"))), []Factor{totp}, "",
			`challenge {"authenticator":{"id":"aut3","methodType":"totp"}}`},
		{"only what the user has", idxJSON(allMethods, list), []Factor{question}, "", `challenge {"authenticator":{"id":"aut5"}}`},
		{"an e-mail before a text message", idxJSON(allMethods, list), []Factor{code}, "", `challenge {"authenticator":{"id":"aut1","methodType":"email"}}`},
		{"a text message before a call", idxJSON(allMethods, choice(option(4, "voice", "sms"))), []Factor{code}, "", `challenge {"authenticator":{"id":"aut4","methodType":"sms"}}`},
		{"have a code sent", idxJSON(current("phone_number", "sms", "voice"), idxStepJSON("authenticator-verification-data", "challenge",
			`{"name":"authenticator","form":{"value":[{"name":"id","value":"aut4","mutable":false,"required":true},{"name":"methodType","required":true,"options":[{"value":"voice"},{"value":"sms"}]},
			{"name":"enrollmentId","value":"sms1","mutable":false}]}}`)), []Factor{code}, "", `challenge {"authenticator":{"enrollmentId":"sms1","id":"aut4","methodType":"sms"}}`},
		{"no e-mail is sent that nobody reads", idxJSON(allMethods+current("okta_email", "email"), idxStepJSON("authenticator-verification-data", "challenge",
			`{"name":"authenticator","form":{"value":[{"name":"id","value":"aut1","mutable":false},{"name":"methodType","value":"email","mutable":false}]}}`), list), []Factor{totp}, "",
			`challenge {"authenticator":{"id":"aut2"}}`},
		{"another way than a push message", idxJSON(allMethods+current("okta_verify", "push"), idxStepJSON("challenge-poll", "challenge/poll"), list), []Factor{totp}, "",
			`challenge {"authenticator":{"id":"aut2"}}`},
		{"another way than a passkey", idxJSON(allMethods+current("webauthn", "webauthn"), idxChallenge(`{"name":"credentials","form":{"value":[{"name":"signatureData","required":true}]}}`), list),
			[]Factor{totp}, "", `challenge {"authenticator":{"id":"aut2"}}`},

		{"an optional enrolment is skipped", idxJSON("", idxStepJSON("select-authenticator-enroll", "credential/enroll", `{"name":"authenticator","required":true}`), idxStepJSON("skip", "skip")), nil, "", `skip {H}`},
		{"an unknown optional step is skipped", idxJSON("", idxStepJSON("brand-new-step", "new", `{"name":"x","required":true}`), idxStepJSON("skip", "skip")), nil, "", `skip {H}`},
		{"an expiring password is kept", idxJSON(current("okta_password"), idxStepJSON("reenroll-authenticator-warning", "challenge/answer", passcodeField), idxStepJSON("skip", "skip")), nil, "", `skip {H}`},
		{"errors of an enrolment that can be skipped", idxJSON(errorMessage("idx.error.server.safe.mode.enrollment.unavailable", "later"), idxStepJSON("skip", "skip")), nil, "", `skip {H}`},
		{"a device that has to be mended some day", idxJSON(errorMessage("idx.error.code.access_denied.device_assurance.x", "mend"), idxStepJSON("device-assurance-grace-period", "skip")), nil, "", `skip {H}`},
		{"not kept signed in", idxJSON("", idxStepJSON("keep-me-signed-in", "keep-me-signed-in", `{"name":"keepMeSignedIn","type":"boolean","required":true,"value":true}`)), nil, "",
			`keep-me-signed-in {"keepMeSignedIn":false}`},
		{"no Okta program on this machine", idxJSON(`"authenticatorChallenge":{"value":{"cancel":`+idxStepJSON("cancel-polling", "authenticators/poll/cancel")+`}},`,
			idxStepJSON("device-challenge-poll", "authenticators/poll")), nil, "", `authenticators/poll/cancel {"reason":"OV_UNREACHABLE_BY_LOOPBACK",H,"statusCode":null}`},
		{"the name beside an invitation for FastPass", idxJSON("", idxStepJSON("launch-authenticator", "launch"), idxStepJSON("identify", "identify", idField)), nil, "", `identify {"identifier":"alice"}`},

		{"what a form demands and proposes", idxJSON("", idxStepJSON("skip", "skip", `{"name":"until","required":true,"value":"tomorrow"}`, `{"name":"why","value":"no reason"}`)), nil, "",
			`skip {H,"until":"tomorrow"}`},

		{"consent", idxJSON("", idxStepJSON("consent", "consent", `{"name":"consent","type":"boolean","required":true,"options":[{"value":true},{"value":false}]}`)), nil, "", `consent {"consent":true}`},
		{"no consent", idxJSON("", idxStepJSON("admin-consent", "consent", `{"name":"consent","type":"boolean","required":true}`)), nil, Deny, `consent {"consent":false}`},
		{"granular consent, with scopes that have dots", idxJSON("", idxStepJSON("granular-consent", "consent", `{"name":"consent","type":"boolean","required":true}`,
			`{"name":"optedScopes","form":{"value":[{"name":"openid","value":true,"mutable":false},{"name":"a.b","value":true},{"name":"off","value":false}]}}`)), nil, "",
			`consent {"consent":true,"optedScopes":{"a.b":true,"off":false,"openid":true}}`},

		{"success", `{"stateHandle":"h","success":{"name":"success-redirect","href":"https://org.example.com/login/token/redirect?stateToken=x"}}`, nil, "", "GET /login/token/redirect?stateToken=x"},
		{"success among the remediations", idxJSON("", `{"name":"success-redirect","href":"/login/token/redirect?stateToken=x","method":"GET"}`), nil, "", "GET /login/token/redirect?stateToken=x"},
		{"a failure that says nothing", `{"stateHandle":"h","failure":{"name":"failure-redirect","href":"/login/failure?x"}}`, nil, "", "GET /login/failure?x"},
		{"Okta is being maintained", idxJSON("", idxStepJSON("poll", "poll")), nil, "", `poll {H}`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			c := idxConfig(test.factors...)
			c.Consent = test.consent
			m, err := NewIDXDialog(c, idxOrg+"/authorize").Next(t.Context(), idxAnswer(t, test.answer))
			require.NoError(t, err)
			require.Equal(t, test.want, did(t, m))
		})
	}
}

func TestWhatOktaIsLeftAt(t *testing.T) {
	t.Parallel()
	totp := factor(ChallengeTOTP, "123456")
	tests := []struct {
		name   string
		answer string
		code   string
		says   string
		hint   string
	}{
		{"a push message and nothing else", idxJSON(current("okta_verify", "push"), idxStepJSON("challenge-poll", "challenge/poll")), "signin.mfa_unavailable", "push message of Okta Verify", "answered by a person"},
		{"FastPass and nothing else", idxJSON(current("okta_verify", "signed_nonce"), idxStepJSON("challenge-poll", "challenge/poll")), "signin.mfa_unavailable", "Okta FastPass", "enrolled device"},
		{"a device's program", idxJSON("", idxStepJSON("launch-authenticator", "launch"), idxStepJSON("unlock-account", "unlock-account")), "signin.mfa_unavailable", "FastPass", "sign-on policy"},
		{"ways that the user has not", idxJSON(allMethods, choice(option(3, "push"), option(1, "email"))), "signin.mfa_unavailable", "a code by e-mail, a push message of Okta Verify", "--code-command"},
		{"a way that nobody knows", idxJSON(allMethods, choice(strings.Replace(option(9), "Something", "Eye scan", 1))), "signin.mfa_unavailable", "Eye scan", "policy"},
		{"a choice without a name", idxJSON(allMethods, strings.Replace(choice(option(2)), `"name":"authenticator"`, `"name":""`, 1)), "signin.unknown_page", "offers nothing", ""},
		{"a choice of options that refer to nothing", idxJSON("", choice(option(2))), "signin.mfa_unavailable", "Something", "policy"},
		{"a passkey and nothing else", idxJSON(current("webauthn"), idxChallenge(`{"name":"credentials","form":{"value":[{"name":"signatureData","required":true}]}}`)), "signin.mfa_unavailable", "passkey", "policy"},
		{"a captcha", idxJSON(`"captcha":{"value":{"type":"HCAPTCHA"}},`, idxStepJSON("identify", "identify", idField,
			`{"name":"captchaVerify","form":{"value":[{"name":"captchaId","value":"c","mutable":false,"required":true},{"name":"captchaToken","required":true,"hint":"captcha"}]}}`)), "signin.captcha", "HCAPTCHA", "captcha"},
		{"an enrolment that is required", idxJSON("", idxStepJSON("select-authenticator-enroll", "credential/enroll")), "signin.enrolment_required", "set up an authenticator", "in a browser"},
		{"a password that has expired", idxJSON(current("okta_password"), idxStepJSON("reenroll-authenticator", "challenge/answer", passcodeField)), "signin.password_expired", "expired", "new password"},
		{"another identity provider", idxJSON("", `{"name":"redirect-idp","href":"https://idp.example/","method":"GET"}`), "signin.external_idp", "identity provider", "chrome"},
		{"a locked account", idxJSON(errorMessage("errors.E0000119", "Your account is locked."), idxStepJSON("identify", "identify", idField)), "signin.locked_out", "locked", "unlock"},
		{"no such user", idxJSON(errorMessage("idx.unknown.user", "There is no account."), idxStepJSON("identify", "identify", idField)), "signin.user_unknown", "no account", "--username"},
		{"not assigned", idxJSON(errorMessage("idx.error.user.not.assigned.to.app", "No."), idxStepJSON("identify", "identify", idField)), "signin.not_assigned", "No.", "assign"},
		{"not assigned, with a way back to the client", `{"stateHandle":"h",` + errorMessage("idx.error.code.user_not_assigned", "No.") + `"failure":{"href":"/x"}}`, "signin.not_assigned", "No.", "assign"},
		{"a policy that cannot be met", idxJSON(errorMessage("oie.assurance.unsatisfiable", "Unable."), idxStepJSON("identify", "identify", idField)), "signin.denied_by_policy", "Unable.", "system log"},
		{"denied by a policy", `{` + errorMessage("security.access_denied", "No.") + `"version":"1.0.0"}`, "signin.denied_by_policy", "security.access_denied", "system log"},
		{"a device that does not do", `{` + errorMessage("idx.error.code.access_denied.device_assurance.remediation.title", "Mend it.") + `"version":"1"}`, "signin.denied_by_policy", "Mend it.", ""},
		{"an expired sign-in", `{` + errorMessage("idx.session.expired", "Inactivity.") + `"version":"1"}`, "signin.session_expired", "Inactivity", "anew"},
		{"an error of the API", `{"errorCode":"E0000009","errorSummary":"Internal Server Error"}`, "signin.server_error", "E0000009", ""},
		{"an unknown message in English", `{` + errorMessage("new.key", "Your account is locked.") + `"version":"1"}`, "signin.locked_out", "new.key", ""},
		{"an unknown message", `{` + errorMessage("new.key", "Es geht nicht.") + `"version":"1"}`, "signin.unknown_page", "Es geht nicht. [new.key]", ""},
		{"an unknown step, with its shape", idxJSON("", idxStepJSON("brand-new-step", "new", `{"name":"retina","required":true,"form":{"value":[{"name":"left"}]}}`)), "signin.unknown_page",
			`"brand-new-step" of Okta's sign-in (retina{left}! stateHandle!)`, "system"},
		{"a demand that nobody knows", idxJSON("", idxStepJSON("identify", "identify", idField, `{"name":"birthday","required":true}`)), "signin.unknown_page", "demands birthday", ""},
		{"an authenticator that nobody knows", idxJSON(current("telepathy"), idxChallenge(passcodeField)), "signin.unknown_page", `"telepathy"`, ""},
		{"another host", idxJSON("", strings.Replace(idxStepJSON("identify", "identify", idField), "/idp", "https://evil.example/idp", 1)), "signin.foreign_host", "evil.example", ""},
		{"another host for a credential", idxJSON(current("google_otp"), strings.Replace(idxChallenge(passcodeField), "/idp", "https://evil.example/idp", 1)), "signin.foreign_host", "evil.example", ""},
		{"success elsewhere", `{"success":{"href":"https://evil.example/?stateToken=x"}}`, "signin.foreign_host", "evil.example", ""},
		{"no address", idxJSON("", `{"name":"skip","method":"POST","value":[]}`), "signin.unknown_page", "no address", ""},
		{"another method", idxJSON("", strings.Replace(idxStepJSON("skip", "skip"), "POST", "DELETE", 1)), "signin.unknown_page", "DELETE", ""},
		{"nothing at all", `{}`, "signin.unknown_page", "no further", ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			c := idxConfig(totp)
			_, err := NewIDXDialog(c, idxOrg+"/authorize").Next(t.Context(), idxAnswer(t, test.answer))
			var coded *flow.Error
			require.ErrorAs(t, err, &coded)
			require.Equal(t, test.code, coded.Code, "%v", err)
			require.Equal(t, trace.SignIn, coded.Step)
			require.Contains(t, err.Error(), test.says)
			require.Contains(t, coded.Hint, test.hint)
		})
	}
}

// talk gives answers one after the other, and returns what was done, and the error of the last.
func talk(t testing.TB, d *IDXDialog, answers ...string) (moves []string, err error) {
	t.Helper()
	for _, body := range answers {
		var m *IDXMove
		if m, err = d.Next(t.Context(), idxAnswer(t, body)); err != nil {
			return moves, err
		}
		moves = append(moves, did(t, m))
	}
	return moves, nil
}

func idxDialog(factors ...Factor) *IDXDialog {
	return NewIDXDialog(idxConfig(factors...), idxOrg+"/authorize")
}

// refusedField returns a passcode field with a message.
func refusedField(key string) string {
	return fmt.Sprintf(`{"name":"credentials","required":true,"form":{"value":[{"name":"passcode","messages":{"value":[{"message":"Try again.","i18n":{"key":%q},"class":"ERROR"}]}}]}}`, key)
}

func TestARefusedAnswerOfTheEngine(t *testing.T) {
	t.Parallel()
	identify := idxJSON("", idxStepJSON("identify", "identify", idField))
	password := idxJSON(current("okta_password"), idxChallenge(passcodeField))
	google := idxJSON(current("google_otp"), idxChallenge(passcodeField))
	email := idxJSON(current("okta_email"), idxChallenge(passcodeField))
	wrongCode := idxJSON(current("google_otp"), idxChallenge(refusedField("authfactor.challenge.soft_token.invalid_passcode")))
	usedCode := idxJSON(current("google_otp"), idxChallenge(refusedField("authfactor.challenge.soft_token.used_passcode")))
	tests := []struct {
		name    string
		answers []string
		moves   int
		code    string
		says    string
	}{
		{"a password", []string{identify, password, idxJSON(errorMessage("incorrectPassword", "Password is incorrect")+current("okta_password"), idxChallenge(passcodeField))}, 2,
			"signin.invalid_credentials", "Password is incorrect"},
		{"a password, without a word", []string{identify, password, password}, 2, "signin.invalid_credentials", "asks for the password again"},
		{"name and password at once", []string{idxJSON("", idxStepJSON("identify", "identify", idField, passcodeField)),
			idxJSON(errorMessage("errors.E0000004", "Authentication failed"), idxStepJSON("identify", "identify", idField, passcodeField))}, 1, "signin.invalid_credentials", "Authentication failed"},
		{"a name alone", []string{identify, idxJSON(errorMessage("errors.E0000004", "Authentication failed"), idxStepJSON("identify", "identify", idField))}, 1, "signin.user_unknown", ""},
		{"a name, without a word", []string{identify, identify}, 1, "signin.user_unknown", "user's name again"},
		{"a code by e-mail", []string{email, idxJSON(current("okta_email"), idxChallenge(refusedField("api.authn.error.PASSCODE_INVALID")))}, 1, "signin.invalid_credentials", "PASSCODE_INVALID"},
		{"two codes of the app", []string{google, wrongCode, wrongCode}, 2, "signin.invalid_credentials", "soft_token"},
		{"a lock-out after a code", []string{google, idxJSON(errorMessage("authfactor.challenge.suspended_factor", "Suspended")+current("google_otp"), idxChallenge(passcodeField))}, 1, "signin.locked_out", ""},
		{"a code that was used, and the next", []string{google, usedCode, idxJSON("", idxStepJSON("skip", "skip"))}, 3, "", ""},
		{"another authenticator's code is no refusal", []string{google, email}, 2, "", ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			moves, err := talk(t, idxDialog(factor(ChallengeTOTP, "123456"), factor(ChallengeCode, "654321")), test.answers...)
			require.Len(t, moves, test.moves)
			if test.code == "" {
				require.NoError(t, err)
				return
			}
			var coded *flow.Error
			require.ErrorAs(t, err, &coded)
			require.Equal(t, test.code, coded.Code, "%v", err)
			require.Contains(t, err.Error(), test.says)
			require.NotContains(t, err.Error(), "hunter2")
		})
	}
}

func TestTheSecondCodeIsASecondAttempt(t *testing.T) {
	t.Parallel()
	app := factor(ChallengeTOTP, "123456")
	_, err := talk(t, idxDialog(app), idxJSON(current("google_otp"), idxChallenge(passcodeField)),
		idxJSON(current("google_otp"), idxChallenge(refusedField("authfactor.challenge.soft_token.used_passcode"))))
	require.NoError(t, err)
	require.Equal(t, []Challenge{{Kind: ChallengeTOTP, Text: "the thing", Attempt: 1}, {Kind: ChallengeTOTP, Text: "the thing", Attempt: 2}}, app.asked)
}

func TestAQuestionIsAskedByItsTextAndKey(t *testing.T) {
	t.Parallel()
	q := factor(ChallengeQuestion, "Paris")
	_, err := talk(t, idxDialog(q), idxJSON(current("security_question"), idxChallenge(`{"name":"credentials","form":{"value":[
		{"name":"questionKey","label":"Where were you born?","value":"birthplace","mutable":false},{"name":"answer"}]}}`)))
	require.NoError(t, err)
	require.Equal(t, []Challenge{{Kind: ChallengeQuestion, Text: "Where were you born?", Key: "birthplace", Attempt: 1}}, q.asked)
}

func TestAFactorThatHasNoAnswerLeadsToAnother(t *testing.T) {
	t.Parallel()
	none, err := ParseAnswers(strings.NewReader("another question = x"))
	require.NoError(t, err)
	question := idxJSON(allMethods+current("security_question"), idxChallenge(`{"name":"credentials","form":{"value":[
		{"name":"questionKey","label":"Where?","value":"k","mutable":false},{"name":"answer","required":true}]}}`), choice(option(5), option(1, "email")))
	moves, err := talk(t, idxDialog(none, factor(ChallengeCode, "1")), question)
	require.NoError(t, err)
	require.Equal(t, []string{`challenge {"authenticator":{"id":"aut1","methodType":"email"}}`}, moves)

	_, err = talk(t, idxDialog(none), question)
	var coded *flow.Error
	require.ErrorAs(t, err, &coded)
	require.Equal(t, "signin.mfa_unavailable", coded.Code)
	require.Contains(t, err.Error(), `"Where?"`)
}

func TestNothingIsChosenTwice(t *testing.T) {
	t.Parallel()
	list := idxJSON(allMethods, choice(option(2), option(1, "email")))
	moves, err := talk(t, idxDialog(factor(ChallengeTOTP, "123456"), factor(ChallengeCode, "654321")), list, list, list)
	require.Len(t, moves, 2, "the one, then the other")
	var coded *flow.Error
	require.ErrorAs(t, err, &coded)
	require.Equal(t, "signin.mfa_unavailable", coded.Code)

	moves, err = talk(t, idxDialog(factor(ChallengeTOTP, "123456"), factor(ChallengeCode, "654321")), idxJSON(current("google_otp"), idxChallenge(passcodeField)), list)
	require.NoError(t, err)
	require.Equal(t, `challenge {"authenticator":{"id":"aut1","methodType":"email"}}`, moves[1], "what was answered is not chosen again")
}

func TestAnEngineThatGoesInCirclesIsStopped(t *testing.T) {
	t.Parallel()
	skip := idxJSON("", idxStepJSON("skip", "skip"))
	d := idxDialog()
	for range maxMoves {
		_, err := talk(t, d, skip)
		require.NoError(t, err)
	}
	_, err := talk(t, d, skip)
	var coded *flow.Error
	require.ErrorAs(t, err, &coded)
	require.Equal(t, "signin.page_stuck", coded.Code)
}

func TestAnEndedContextStopsTheEngine(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := idxDialog().Next(ctx, idxAnswer(t, idxJSON("", idxStepJSON("skip", "skip"))))
	var coded *flow.Error
	require.ErrorAs(t, err, &coded)
	require.Equal(t, "signin.canceled", coded.Code)
}

// teller keeps events and the secrets it was told.
type teller struct {
	events  []trace.Event
	secrets []trace.Secret
}

func (l *teller) Record(e trace.Event)    { l.events = append(l.events, e) }
func (l *teller) Learn(s ...trace.Secret) { l.secrets = append(l.secrets, s...) }

func TestWhatIsSentIsLearnedWithItsHostFirst(t *testing.T) {
	t.Parallel()
	l := &teller{}
	d := NewIDXDialog(idxConfig(), idxOrg+"/authorize")
	_, err := d.Next(trace.WithRecorder(t.Context(), l), idxAnswer(t, idxJSON("", idxStepJSON("identify", "identify", idField, passcodeField))))
	require.NoError(t, err)
	require.Len(t, l.secrets, 1)
	require.Equal(t, []string{"org.example.com"}, l.secrets[0].Hosts())
	var names []string
	for _, e := range l.events {
		names = append(names, string(e.Kind)+" "+e.Name)
	}
	require.Equal(t, []string{"page identify", "action fill identifier", "action fill password", "action submit identify"}, names)
	require.True(t, d.Sent())
}

func TestAnExpiringPasswordIsWarnedOf(t *testing.T) {
	t.Parallel()
	l := &teller{}
	_, err := idxDialog().Next(trace.WithRecorder(t.Context(), l), idxAnswer(t, idxJSON(`"currentAuthenticator":{"value":{"key":"okta_password","settings":{"daysToExpiry":4}}},`,
		idxStepJSON("reenroll-authenticator-warning", "challenge/answer", passcodeField), idxStepJSON("skip", "skip"))))
	require.NoError(t, err)
	require.Contains(t, l.events, trace.Event{Time: l.events[1].Time, Kind: trace.Warning, Message: "the user's password expires in 4 days"})
}

func TestMissingNameOrPassword(t *testing.T) {
	t.Parallel()
	for code, c := range map[string]Config{
		"usage.missing_username": {User: User{Password: trace.NewSecret("password", "x")}},
		"usage.missing_password": {User: User{Name: "alice"}},
	} {
		_, err := NewIDXDialog(c, idxOrg+"/authorize").Next(t.Context(), idxAnswer(t, idxJSON("", idxStepJSON("identify", "identify", idField, passcodeField))))
		var coded *flow.Error
		require.ErrorAs(t, err, &coded)
		require.Equal(t, code, coded.Code)
	}
}

func TestTablesOfTheEngineAreWhole(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, s := range IDXSteps {
		require.False(t, seen[s.Name], "%s is there twice", s.Name)
		seen[s.Name] = true
		require.NotEmpty(t, s.Doc, s.Name)
		require.False(t, s.Does == "" && s.Code == "", "%s: either something is done, or the sign-in ends", s.Name)
		require.NotContains(t, IDXAside, s.Name)
		if s.Code != "" {
			require.NotEmpty(t, s.Hint+hints[s.Code], s.Name)
		}
	}
	for _, m := range IDXMethods {
		require.NotEmpty(t, m.Doc, m.Key)
		require.Equal(t, m.Asks == "", m.Field == "", m.Key)
	}
}

// An organisation may hand the sign-in on to another of Okta's, which asks for the name as well.
func TestAnotherOrganisationMayAskForTheNameAgain(t *testing.T) {
	t.Parallel()
	d := NewIDXDialog(Config{User: User{Name: "alice"}, Hosts: []string{"spoke.example.com"}}, idxOrg+"/authorize")
	identify := func(org string) error {
		a, err := ParseIDX([]byte(idxJSON("", idxStepJSON("identify", "identify", idField))))
		require.NoError(t, err)
		a.URL, a.Status = org+"/idp/idx/introspect", 200
		_, err = d.Next(t.Context(), a)
		return err
	}
	require.NoError(t, identify(idxOrg))
	require.NoError(t, identify("https://spoke.example.com"))
	var e *flow.Error
	require.ErrorAs(t, identify(idxOrg), &e)
	require.Equal(t, codeUserUnknown, e.Code)
}
