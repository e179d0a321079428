package signin

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/oidcflow/oidcflow/flow"
	"github.com/oidcflow/oidcflow/flow/trace"
	"github.com/stretchr/testify/require"
)

// Pieces of answers of the Classic engine.
const (
	authnGoogle   = `{"id":"uft1","factorType":"token:software:totp","provider":"GOOGLE","vendorName":"GOOGLE","profile":{"credentialId":"alice"},"_links":{"verify":{"href":"/api/v1/authn/factors/uft1/verify"}}}`
	authnOktaTOTP = `{"id":"ost1","factorType":"token:software:totp","provider":"OKTA","vendorName":"OKTA","profile":{"credentialId":"alice"}}`
	authnPush     = `{"id":"opf1","factorType":"push","provider":"OKTA","vendorName":"OKTA","profile":{"name":"a phone"}}`
	authnQuestion = `{"id":"ufs1","factorType":"question","provider":"OKTA","vendorName":"OKTA","profile":{"question":"disliked_food","questionText":"What did you not like as a child?"}}`
	authnEmail    = `{"id":"emf1","factorType":"email","provider":"OKTA","vendorName":"OKTA","profile":{"email":"a***e@example.com"}}`
	authnSMS      = `{"id":"sms1","factorType":"sms","provider":"OKTA","vendorName":"OKTA","profile":{"phoneNumber":"+1 XXX-XXX-1234"}}`
	authnCall     = `{"id":"clf1","factorType":"call","provider":"OKTA","vendorName":"OKTA","profile":{"phoneNumber":"+1 XXX-XXX-1234"}}`
	authnPasskey  = `{"id":"fwf1","factorType":"webauthn","provider":"FIDO","vendorName":"FIDO","profile":{"authenticatorName":"a key"}}`
	authnDuo      = `{"id":"dsf1","factorType":"web","provider":"DUO","vendorName":"DUO"}`
	authnEyes     = `{"id":"xxx1","factorType":"eye-scan","provider":"ACME","vendorName":"Eyes of Acme"}`
	authnPassword = `{"id":"pwd1","factorType":"password","provider":"OKTA"}`

	wrongPassword = `{"errorCode":"E0000004","errorSummary":"Authentication failed","errorLink":"E0000004","errorId":"oae1","errorCauses":[]}`
	wrongCode     = `{"errorCode":"E0000068","errorSummary":"Invalid Passcode/Answer","errorLink":"E0000068","errorId":"oae2","errorCauses":[{"errorSummary":"Your token doesn't match our records. Please try again."}]}`
)

// authnJSON returns an answer with a status, what is embedded, and further members.
func authnJSON(state, embedded string, members ...string) string {
	return fmt.Sprintf(`{"stateToken":"00abc","expiresAt":"2026-01-01T00:00:00.000Z","status":%q,%s"_embedded":{"user":{"id":"00u1","profile":{"login":"alice"}}%s}}`,
		state, strings.Join(append(members, ""), ","), strings.TrimRight(","+embedded, ","))
}

func required(factors ...string) string {
	return authnJSON("MFA_REQUIRED", `"factors":[`+strings.Join(factors, ",")+`]`)
}

func challenged(factor string, members ...string) string {
	return authnJSON("MFA_CHALLENGE", `"factor":`+factor, members...)
}

// enrolling returns an answer that wants factors set up: each a status (ACTIVE, NOT_SETUP) and a need (OPTIONAL, REQUIRED).
func enrolling(skip bool, factors ...string) string {
	var list []string
	for _, f := range factors {
		status, need, _ := strings.Cut(f, " ")
		list = append(list, fmt.Sprintf(`{"factorType":"question","provider":"OKTA","status":%q,"enrollment":%q}`, status, need))
	}
	members := []string{}
	if skip {
		members = append(members, skipLink)
	}
	return authnJSON("MFA_ENROLL", `"factors":[`+strings.Join(list, ",")+`]`, members...)
}

const skipLink = `"_links":{"skip":{"name":"skip","href":"https://org.example.com/api/v1/authn/skip"}}`

func authnAnswer(t testing.TB, body string) *AuthnAnswer {
	t.Helper()
	a, err := ParseAuthn([]byte(body))
	require.NoError(t, err, body)
	a.URL, a.Status = idxOrg+"/api/v1/authn", 200
	switch {
	case strings.Contains(body, "E0000068"):
		a.Status = 403
	case a.State == "":
		a.Status = 401
	}
	return a
}

// pageDoes returns what a move does on the page, in short.
func pageDoes(m *IDXMove) string {
	var does []string
	if m.Wait {
		does = append(does, "wait")
	}
	does = append(does, m.Remediation)
	for _, f := range m.Fill {
		does = append(does, strings.Join(strings.Fields(f.Path+" "+f.Key+" "+f.Way+" "+f.Value.Reveal()), " "))
		if f.What == "passkey" {
			does = append(does, "passkey")
		}
	}
	return strings.Join(slices.DeleteFunc(does, func(s string) bool { return s == "" }), "; ")
}

// converse gives the dialog one answer after the other and returns what is done about the last.
func converse(t testing.TB, c Config, answers ...string) (*IDXMove, error) {
	t.Helper()
	d := NewDialog(c, idxOrg+"/authorize").Authn()
	for i, body := range answers {
		m, err := d.Next(t.Context(), authnAnswer(t, body))
		if i == len(answers)-1 {
			return m, err
		}
		require.NoError(t, err, body)
	}
	return nil, nil
}

func TestWhatIsDoneAboutAnAnswerOfTheClassicEngine(t *testing.T) {
	t.Parallel()
	totp, question, code := factor(ChallengeTOTP, "123456"), factor(ChallengeQuestion, "spinach"), factor(ChallengeCode, "654321")
	everything := []Factor{code, question, totp}
	all := required(authnCall, authnSMS, authnEmail, authnQuestion, authnPush, authnOktaTOTP, authnGoogle)
	key := func(c *Config) { c.User.Passkey = &Passkey{RPID: "org.example.com"} }
	pushes := func(c *Config) { c.AllowPush = true }
	fresh := func(c *Config) {
		c.User.NewPassword = func(context.Context) (trace.Secret, error) { return trace.NewSecret("password", "correct horse"), nil }
	}
	tests := []struct {
		name    string
		factors []Factor
		with    func(*Config)
		answers []string
		want    string
	}{
		{"the first page says by itself what it asks", nil, nil, []string{authnJSON("UNAUTHENTICATED", "")}, "authenticate"},
		{"no password at all", everything, nil, []string{authnJSON("UNAUTHENTICATED", `"factors":[`+authnGoogle+`]`)}, "verify; GOOGLE token:software:totp; answer 123456"},
		{"success: the page goes on", nil, nil, []string{authnJSON("SUCCESS", "", `"sessionToken":"20111x"`)}, "wait"},

		{"of all, the app of Google", everything, nil, []string{all}, "verify; GOOGLE token:software:totp; answer 123456"},
		{"Okta Verify takes a code too", everything, nil, []string{required(authnPush, authnOktaTOTP)}, "verify; OKTA token:software:totp; answer 123456"},
		{"the order that the user wants", everything, func(c *Config) { c.Order = []ChallengeKind{ChallengeCode, ChallengeQuestion} }, []string{all}, "send; OKTA email"},
		{"only what the user has", []Factor{question}, nil, []string{all}, "verify; OKTA question; answer spinach"},
		{"the password before all", everything, nil, []string{required(authnGoogle, authnPassword)}, "verify; OKTA password; password hunter2"},
		{"an e-mail before a text message", []Factor{code}, nil, []string{all}, "send; OKTA email"},
		{"a text message before a call", []Factor{code}, nil, []string{required(authnCall, authnSMS)}, "send; OKTA sms"},
		{"what was sent is answered", []Factor{code}, nil, []string{required(authnSMS), challenged(authnSMS, `"factorResult":"CHALLENGE"`)}, "verify; OKTA sms; answer 654321"},
		{"another way than a question that has no answer", []Factor{refusing{ChallengeQuestion}, code}, nil, []string{required(authnQuestion, authnSMS)}, "send; OKTA sms"},

		{"another way than Duo, once Duo has asked", everything, nil, []string{required(authnDuo, authnGoogle)}, "wait"},
		{"another way than Duo", everything, nil, []string{required(authnDuo, authnGoogle), challenged(authnDuo)}, "choose; GOOGLE token:software:totp"},
		{"and then its answer", everything, nil, []string{required(authnDuo, authnGoogle), challenged(authnDuo), required(authnDuo, authnGoogle)}, "verify; GOOGLE token:software:totp; answer 123456"},
		{"a push message that nobody asked for", everything, nil, []string{required(authnPush, authnQuestion), challenged(authnPush)}, "verify; OKTA question; answer spinach"},
		{"a challenge that the page begins with", everything, nil, []string{challenged(authnPush)}, "wait"},
		{"and the choice that it goes back to", everything, nil, []string{challenged(authnPush), required(authnPush, authnQuestion)}, "verify; OKTA question; answer spinach"},

		{"a passkey that the page asks for", everything, key, []string{required(authnPasskey, authnGoogle)}, "wait; passkey"},
		{"a passkey that has to be chosen", everything, key, []string{required(authnGoogle, authnPasskey)}, "choose; FIDO webauthn; passkey"},
		{"the challenge of a passkey", everything, key, []string{required(authnPasskey), challenged(authnPasskey)}, "wait; passkey"},
		{"the challenge of any of several passkeys", everything, key, []string{required(authnPasskey, authnPasskey), authnJSON("MFA_CHALLENGE", `"factors":[`+authnPasskey+`,`+authnPasskey+`],"challenge":{"challenge":"x"}`)}, "wait; passkey"},
		{"nobody has a passkey, and the page asks", everything, nil, []string{required(authnPasskey, authnGoogle), challenged(authnPasskey)}, "verify; GOOGLE token:software:totp; answer 123456"},
		{"a passkey that did not do", everything, key, []string{required(authnPasskey, authnGoogle), challenged(authnPasskey), challenged(authnPasskey)}, "verify; GOOGLE token:software:totp; answer 123456"},

		{"a push message where a person is there", nil, pushes, []string{required(authnPush)}, "send; OKTA push"},
		{"a push message only where nothing else is", everything, pushes, []string{required(authnPush, authnSMS)}, "send; OKTA sms"},
		{"a push message that is waited for", nil, pushes, []string{required(authnPush), challenged(authnPush, `"factorResult":"WAITING"`)}, "wait"},

		{"an expiring password is kept", nil, fresh, []string{authnJSON("PASSWORD_WARN", "", skipLink)}, "skip"},
		{"one that expires today is not", nil, fresh, []string{authnJSON("PASSWORD_WARN", "")}, "change-password; oldPassword hunter2; newPassword correct horse; confirmPassword correct horse"},
		{"an expired password", nil, fresh, []string{authnJSON("PASSWORD_EXPIRED", "")}, "change-password; oldPassword hunter2; newPassword correct horse; confirmPassword correct horse"},
		{"a password that is set anew", nil, fresh, []string{authnJSON("PASSWORD_RESET", "")}, "change-password; newPassword correct horse; confirmPassword correct horse"},

		{"an optional factor is not set up", nil, nil, []string{enrolling(true, "ACTIVE REQUIRED", "NOT_SETUP OPTIONAL")}, "skip"},
		{"a required factor with days of grace", nil, nil, []string{enrolling(true, "ACTIVE REQUIRED", "NOT_SETUP REQUIRED")}, "skip"},
		{"nothing is left to set up", nil, nil, []string{enrolling(true, "ACTIVE OPTIONAL")}, "wait"},

		{"consent", nil, nil, []string{authnJSON("CONSENT_REQUIRED", `"scopes":[{"name":"email"}]`)}, "allow"},
		{"no consent", nil, func(c *Config) { c.Consent = Deny }, []string{authnJSON("ADMIN_CONSENT_REQUIRED", "")}, "deny"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			c := idxConfig(test.factors...)
			if test.with != nil {
				test.with(&c)
			}
			m, err := converse(t, c, test.answers...)
			require.NoError(t, err)
			require.Equal(t, test.want, pageDoes(m))
			require.Nil(t, m.Body)
		})
	}
}

// refusing is a factor that says it can answer, and cannot.
type refusing struct{ kind ChallengeKind }

func (f refusing) CanAnswer(k ChallengeKind) bool { return k == f.kind }

func (f refusing) Answer(context.Context, Challenge) (trace.Secret, error) {
	return trace.Secret{}, ErrNotMine
}

func TestWhatEndsASignInOnTheClassicEngine(t *testing.T) {
	t.Parallel()
	totp, code := factor(ChallengeTOTP, "123456"), factor(ChallengeCode, "654321")
	failure := func(code, text string) string { return fmt.Sprintf(`{"errorCode":%q,"errorSummary":%q}`, code, text) }
	failing := func(err error) func(*Config) {
		return func(c *Config) {
			c.User.NewPassword = func(context.Context) (trace.Secret, error) { return trace.Secret{}, err }
		}
	}
	fresh := func(c *Config) {
		c.User.NewPassword = func(context.Context) (trace.Secret, error) { return trace.NewSecret("password", "correct horse"), nil }
	}
	tests := []struct {
		name    string
		with    func(*Config)
		factors []Factor
		answers []string
		code    string
		says    string
		hint    string
	}{
		{"one rejected password", nil, nil, []string{wrongPassword}, "signin.invalid_credentials", "Authentication failed", "not sent again"},
		{"a locked account where that is shown", nil, nil, []string{authnJSON("LOCKED_OUT", "")}, "signin.locked_out", "the account is locked", "unlock the user"},
		{"a locked account as an error", nil, nil, []string{failure("E0000119", "Your account is locked.")}, "signin.locked_out", "account is locked", "unlock the user"},
		{"too many wrong codes", nil, nil, []string{failure("E0000069", "User Locked")}, "signin.locked_out", "User Locked", "unlock the user"},
		{"too many requests", nil, nil, []string{failure("E0000047", "API call exceeded rate limit due to too many requests.")}, "signin.rate_limited", "rate limit", "less often"},
		{"a text message was just sent", nil, []Factor{code}, []string{required(authnSMS), failure("E0000109", "An SMS message was recently sent.")}, "signin.rate_limited", "recently sent", "less often"},
		{"the sign-in took too long", nil, nil, []string{failure("E0000011", "Invalid token provided")}, "signin.session_expired", "Invalid token", "begin anew"},
		{"the sign-in went on elsewhere", nil, nil, []string{failure("E0000079", "This operation is not allowed in the current authentication state.")}, "signin.session_expired", "not allowed", "begin anew"},
		{"no permission", nil, nil, []string{failure("E0000015", "You do not have permission to access the feature you are requesting")}, "signin.denied_by_policy", "permission", "policy"},
		{"a policy denies", nil, nil, []string{failure("E0000006", "You do not have permission to perform the requested action")}, "signin.denied_by_policy", "permission", "policy"},
		{"an error of Okta's own", nil, nil, []string{failure("E0000009", "Internal Server Error")}, "signin.server_error", "Internal Server Error", ""},
		{"an error that nobody knows", nil, nil, []string{failure("E9999999", "Mumble")}, "signin.session_expired", "Mumble", "begin anew"},
		{"an error that says nothing", nil, nil, []string{`{}`}, "signin.session_expired", "", "begin anew"},

		{"a wrong code twice", nil, []Factor{totp}, []string{required(authnGoogle), wrongCode, wrongCode}, "signin.invalid_credentials", "doesn't match our records", "not sent again"},
		{"a wrong code of a message", nil, []Factor{code}, []string{required(authnSMS), challenged(authnSMS), wrongCode}, "signin.invalid_credentials", "doesn't match our records", "not sent again"},

		{"nothing that the user has", nil, []Factor{totp}, []string{required(authnSMS, authnQuestion)}, "signin.mfa_unavailable", "a security question, a code by text message", "--answers-file"},
		{"a push message", nil, []Factor{totp}, []string{required(authnPush)}, "signin.mfa_unavailable", "a push message", "answered by a person"},
		{"a new password that Okta does not take", fresh, nil, []string{authnJSON("PASSWORD_EXPIRED", ""), failure("E0000014", "Update of credentials failed")}, "signin.password_expired", "Update of credentials failed", "rules allow"},
		{"a push message that was rejected", func(c *Config) { c.AllowPush = true }, nil, []string{required(authnPush), challenged(authnPush, `"factorResult":"REJECTED"`)},
			"signin.mfa_unavailable", "REJECTED", "sign-on policy"},
		{"a passkey that nobody has", nil, []Factor{totp}, []string{required(authnPasskey)}, "signin.mfa_unavailable", "a passkey or security key", "--passkey-file"},
		{"a factor that nobody knows", nil, []Factor{totp}, []string{required(authnEyes)}, "signin.mfa_unavailable", "Eyes of Acme", "sign-on policy"},
		{"no factors at all", nil, []Factor{totp}, []string{required()}, "signin.mfa_unavailable", "offers nothing", ""},
		{"a question without its answer", nil, []Factor{refusing{ChallengeQuestion}}, []string{required(authnQuestion)}, "signin.mfa_unavailable", "What did you not like as a child?", "--answers-file"},

		{"a required factor", nil, nil, []string{enrolling(false, "NOT_SETUP REQUIRED")}, "signin.enrolment_required", "set up a factor", "once in a browser"},
		{"optional factors of which the user has none: the page has no button", nil, nil, []string{enrolling(true, "NOT_SETUP OPTIONAL")}, "signin.enrolment_required", "set up a factor", "once in a browser"},
		{"a factor that is being set up", nil, nil, []string{authnJSON("MFA_ENROLL_ACTIVATE", `"factor":`+authnPush)}, "signin.enrolment_required", "set up a factor", ""},
		{"a profile", nil, nil, []string{authnJSON("PROFILE_REQUIRED", "")}, "signin.enrolment_required", "profile", "registration policy"},

		{"an expired password and no other", nil, nil, []string{authnJSON("PASSWORD_EXPIRED", "")}, "signin.password_expired", "has expired", "set a new password"},
		{"a password that expires today and no other", nil, nil, []string{authnJSON("PASSWORD_WARN", "")}, "signin.password_expired", "changed now", ""},
		{"a password that another site changes", failing(nil), nil, []string{authnJSON("PASSWORD_EXPIRED", "", `"_links":{"next":{"title":"Intranet","href":"https://intranet.example.com/"}}`)},
			"signin.password_expired", "has expired", ""},
		{"a new password that is not to be had", failing(errors.New("no such program")), nil, []string{authnJSON("PASSWORD_EXPIRED", "")}, "signin.password_expired", "no such program", ""},
		{"its own code", failing(&flow.Error{Step: trace.SignIn, Code: "usage.command", Err: errors.New("no")}), nil, []string{authnJSON("PASSWORD_EXPIRED", "")}, "usage.command", "no", ""},
		{"a recovery of the password", nil, nil, []string{authnJSON("RECOVERY", "", `"recoveryType":"PASSWORD"`)}, "signin.password_expired", "recovered first", ""},
		{"a recovery of the account", nil, nil, []string{authnJSON("RECOVERY_CHALLENGE", "", `"recoveryType":"UNLOCK"`)}, "signin.locked_out", "unlocked first", "unlock the user"},
		{"some other recovery", nil, nil, []string{authnJSON("RECOVERY", "")}, "signin.unknown_page", "being recovered", ""},
		{"a status that nobody knows", nil, nil, []string{authnJSON("BRAND_NEW", "")}, "signin.unknown_page", `"BRAND_NEW"`, "--sign-in system"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			c := idxConfig(test.factors...)
			if test.with != nil {
				test.with(&c)
			}
			_, err := converse(t, c, test.answers...)
			var e *flow.Error
			require.ErrorAs(t, err, &e)
			require.Equal(t, test.code, e.Code, e.Error())
			require.Contains(t, e.Error(), test.says)
			require.Contains(t, e.Hint, test.hint)
			require.NotContains(t, e.Error(), "hunter2")
		})
	}
}

// A page that asks for a passkey at once may be quicker than who looks on.
func TestAChoiceThatTheClassicPageHasGoneOnFrom(t *testing.T) {
	t.Parallel()
	d := NewDialog(idxConfig(factor(ChallengeTOTP, "123456")), idxOrg+"/authorize").Authn()
	d.Missed(authnAnswer(t, required(authnPasskey, authnGoogle)))
	d.Missed(authnAnswer(t, authnJSON("SUCCESS", "")))
	m, err := d.Next(t.Context(), authnAnswer(t, challenged(authnPasskey)))
	require.NoError(t, err)
	require.Equal(t, "verify; GOOGLE token:software:totp; answer 123456", pageDoes(m))
}

// Who does not consent breaks the sign-in off, and the page goes back to the application.
func TestTheClassicEngineIsBrokenOff(t *testing.T) {
	t.Parallel()
	c := idxConfig()
	c.Consent = Deny
	d := NewDialog(c, idxOrg+"/authorize").Authn()
	_, err := d.Next(t.Context(), authnAnswer(t, authnJSON("CONSENT_REQUIRED", "")))
	require.NoError(t, err)
	a := authnAnswer(t, `{"relayState":"x"}`)
	a.Status = 200
	m, err := d.Next(t.Context(), a)
	require.NoError(t, err)
	require.Equal(t, "wait", pageDoes(m))
}

// A code of an authenticator app may have been used by another job: the next one is tried, once.
func TestTheClassicEngineGetsTheNextCodeOnce(t *testing.T) {
	t.Parallel()
	f := factor(ChallengeTOTP, "123456")
	m, err := converse(t, idxConfig(f), required(authnSMS, authnGoogle), wrongCode)
	require.NoError(t, err)
	require.Equal(t, "verify; GOOGLE token:software:totp; answer 123456", pageDoes(m))
	require.Equal(t, []int{1, 2}, []int{f.asked[0].Attempt, f.asked[1].Attempt})
}

// What a question asks is told by its text and by its key.
func TestWhatTheClassicEngineAsksAFactor(t *testing.T) {
	t.Parallel()
	question, code := factor(ChallengeQuestion, "spinach"), factor(ChallengeCode, "1")
	_, err := converse(t, idxConfig(question), required(authnQuestion))
	require.NoError(t, err)
	require.Equal(t, Challenge{Kind: ChallengeQuestion, Text: "What did you not like as a child?", Key: "disliked_food", Attempt: 1}, question.asked[0])
	_, err = converse(t, idxConfig(code), required(authnEmail), challenged(authnEmail))
	require.NoError(t, err)
	require.Equal(t, Challenge{Kind: ChallengeCode, Text: "a code by e-mail a***e@example.com", Attempt: 1}, code.asked[0])
}

// No password, code or answer is typed where credentials may not be typed, and no factor is asked for one.
func TestTheClassicEngineElsewhereGetsNothing(t *testing.T) {
	t.Parallel()
	f := factor(ChallengeTOTP, "123456")
	a := authnAnswer(t, required(authnGoogle))
	a.URL = "https://evil.example.net/api/v1/authn"
	_, err := NewDialog(idxConfig(f), idxOrg+"/authorize").Authn().Next(t.Context(), a)
	var e *flow.Error
	require.ErrorAs(t, err, &e)
	require.Equal(t, "signin.foreign_host", e.Code)
	require.Empty(t, f.asked)
}

// What a push message's number is, is told once.
func TestTheNumberOfAPushMessageIsTold(t *testing.T) {
	t.Parallel()
	log := &teller{}
	ctx := trace.WithRecorder(t.Context(), log)
	c := idxConfig()
	c.AllowPush = true
	d := NewDialog(c, idxOrg+"/authorize").Authn()
	numbered := challenged(strings.Replace(authnPush, `"profile"`, `"_embedded":{"challenge":{"correctAnswer":92}},"profile"`, 1), `"factorResult":"WAITING"`)
	for _, body := range []string{required(authnPush), challenged(authnPush), numbered, numbered} {
		_, err := d.Next(ctx, authnAnswer(t, body))
		require.NoError(t, err)
	}
	var told []string
	for _, e := range log.events {
		if e.Kind == trace.Warning {
			told = append(told, e.Message)
		}
	}
	require.Equal(t, []string{"a person has to answer the push message", "a person has to choose 92 on the user's phone"}, told)
}

// A provider that asks for ever is left.
func TestTheClassicEngineDoesNotGoInCircles(t *testing.T) {
	t.Parallel()
	d := NewDialog(idxConfig(), idxOrg+"/authorize").Authn()
	for range maxMoves {
		_, err := d.Next(t.Context(), authnAnswer(t, authnJSON("CONSENT_REQUIRED", "")))
		require.NoError(t, err)
	}
	_, err := d.Next(t.Context(), authnAnswer(t, authnJSON("CONSENT_REQUIRED", "")))
	require.ErrorContains(t, err, "on and on")
}

// What the recognisers have sent on a page of Okta's counts here too.
func TestWhatWasSentOnAPageCountsInTheClassicEngine(t *testing.T) {
	t.Parallel()
	d := NewDialog(idxConfig(), idxOrg+"/authorize")
	classic := d.Authn()
	_, err := d.Next(t.Context(), &View{URL: idxOrg + "/login", Fields: []Field{
		{Tag: "input", Type: "text", Name: "username"}, {Ref: 1, Tag: "input", Type: "password", Name: "password"}}})
	require.NoError(t, err)
	require.True(t, classic.Sent())
	_, err = classic.Next(t.Context(), authnAnswer(t, required(authnPassword)))
	var e *flow.Error
	require.ErrorAs(t, err, &e)
	require.Equal(t, "signin.mfa_unavailable", e.Code)
}

// Whose password was changed is told so once Okta goes on, and not where it refuses.
func TestANewPasswordOfTheClassicEngineIsTold(t *testing.T) {
	t.Parallel()
	for answer, want := range map[string]int{authnJSON("SUCCESS", ""): 1, `{"errorCode":"E0000014","errorSummary":"Update of credentials failed"}`: 0} {
		l := &teller{}
		ctx := trace.WithRecorder(t.Context(), l)
		c := idxConfig()
		c.User.NewPassword = func(context.Context) (trace.Secret, error) { return trace.NewSecret("password", "correct horse"), nil }
		d := NewDialog(c, idxOrg+"/authorize").Authn()
		_, err := d.Next(ctx, authnAnswer(t, authnJSON("PASSWORD_EXPIRED", "")))
		require.NoError(t, err)
		_, err = d.Next(ctx, authnAnswer(t, answer))
		require.Equal(t, want == 0, err != nil)
		told := 0
		for _, e := range l.events {
			if e.Kind == trace.Warning && strings.Contains(e.Message, "was changed") {
				told++
			}
		}
		require.Equal(t, want, told)
	}
}
