package mockidp

import (
	"crypto/subtle"
	"strings"
)

// method is a way of proving who one is, and how the Identity Engine speaks of it.
type method struct {
	name  string // in a policy
	key   string // of its authenticator
	kind  string
	via   string // methodType
	label string // of the authenticator
	short string // of the method, where its authenticator has several
	amr   string
	has   func(*account) bool
	sends bool // a code or a push, when asked to

	enrolment bool // currentAuthenticatorEnrollment, not currentAuthenticator, says what is asked for
	profile   func(*account) object
	context   func(*idxView) object // contextualData
	fields    func(*oktaSignIn) []ionField
	verify    func(*call, *oktaSignIn, credentials) *refusal
}

// credentials are those of an answer.
type credentials struct {
	Passcode          string `json:"passcode"`
	TOTP              string `json:"totp"`
	QuestionKey       string `json:"questionKey"`
	Answer            string `json:"answer"`
	AuthenticatorData string `json:"authenticatorData"`
	ClientData        string `json:"clientData"`
	SignatureData     string `json:"signatureData"`
	Attestation       string `json:"attestation"`
	Question          string `json:"question"`
}

var methods = []*method{
	{
		name: "password", key: "okta_password", kind: "password", via: "password", label: "Password", amr: "pwd",
		has: anybody, enrolment: true,
		fields: func(*oktaSignIn) []ionField {
			return []ionField{{Name: "passcode", Label: "Password", Required: true, Secret: true}}
		},
		verify: (*call).verifyPassword,
	},
	{
		name: "google_otp", key: "google_otp", kind: "app", via: "otp", label: "Google Authenticator", amr: "otp",
		has:    func(a *account) bool { return a.totp != nil },
		fields: codeField("passcode", "Enter code"),
		verify: func(c *call, f *oktaSignIn, in credentials) *refusal {
			return c.verifyTOTP(f, in.Passcode, "google_otp", wrongGoogleCode)
		},
	},
	{
		name: "okta_verify", key: "okta_verify", kind: "app", via: "totp", label: "Okta Verify", short: "Enter a code", amr: "otp",
		has:     func(a *account) bool { return a.totp != nil },
		profile: deviceProfile,
		fields:  codeField("totp", "Enter code from Okta Verify app"),
		verify: func(c *call, f *oktaSignIn, in credentials) *refusal {
			return c.verifyTOTP(f, in.TOTP, "okta_verify", wrongCode.at("totp"))
		},
	},
	{
		name: "push", key: "okta_verify", kind: "app", via: "push", label: "Okta Verify", short: "Get a push notification", amr: "swk",
		has: anybody, sends: true, profile: deviceProfile,
		context: func(v *idxView) object { return object{"correctAnswer": v.f.challenge.number} },
	},
	{
		name: "question", key: "security_question", kind: "security_question", via: "security_question", label: "Security Question", amr: "kba",
		has: func(a *account) bool { return a.person.Question != "" && a.person.Answer != "" }, enrolment: true,
		profile: func(a *account) object {
			return object{"questionKey": "custom", "question": a.person.Question}
		},
		context: func(v *idxView) object {
			return object{"enrolledQuestion": object{"questionKey": "custom", "question": v.f.account.person.Question}}
		},
		fields: func(f *oktaSignIn) []ionField {
			key := fixed("questionKey", "custom")
			key.Label = f.account.person.Question
			return []ionField{key, {Name: "answer", Label: f.account.person.Question, Required: true}}
		},
		verify: (*call).verifyAnswer,
	},
	{
		name: "email", key: "okta_email", kind: "email", via: "email", label: "Email", amr: "email",
		has: anybody, sends: true, enrolment: true, profile: emailProfile,
		context: func(*idxView) object { return object{"useEmailMagicLink": false} },
		fields:  codeField("passcode", "Enter code"),
		verify:  (*call).verifySent,
	},
	{
		name: "magic_link", key: "okta_email", kind: "email", via: "email", label: "Email", amr: "email",
		has: anybody, sends: true, enrolment: true, profile: emailProfile,
		fields: codeField("passcode", "Enter code"),
		verify: (*call).verifySent,
	},
	{
		name: "sms", key: "phone_number", kind: "phone", via: "sms", label: "Phone", short: "SMS", amr: "sms",
		has: func(a *account) bool { return a.person.Phone != "" }, sends: true, enrolment: true,
		profile: func(a *account) object {
			return object{"phoneNumber": "+1 XXX-XXX-" + a.person.Phone[max(0, len(a.person.Phone)-4):]}
		},
		fields: codeField("passcode", "Enter code"),
		verify: (*call).verifySent,
	},
	{
		name: "passkey", key: "webauthn", kind: "security_key", via: "webauthn", label: "Security Key or Biometric", amr: "hwk",
		has: func(a *account) bool { return len(a.person.Passkeys) > 0 },
		context: func(v *idxView) object {
			return object{"challengeData": object{"challenge": v.f.challenge.nonce, "userVerification": "required", "extensions": object{}}}
		},
		fields: func(*oktaSignIn) []ionField {
			var out []ionField
			for _, name := range []string{"authenticatorData", "clientData", "signatureData"} {
				out = append(out, ionField{Name: name, Required: true, Visible: no})
			}
			return out
		},
		verify: (*call).verifyPasskey,
	},
}

func anybody(*account) bool { return true }

func methodNamed(name string) *method {
	for _, m := range methods {
		if m.name == name {
			return m
		}
	}
	return nil
}

func codeField(name, label string) func(*oktaSignIn) []ionField {
	return func(*oktaSignIn) []ionField { return []ionField{{Name: name, Label: label, Required: true}} }
}

func deviceProfile(*account) object { return object{"deviceName": "Phone"} }

// emailProfile shows the ends of the address, as Okta does.
func emailProfile(a *account) object {
	name, host, _ := strings.Cut(a.person.email(), "@")
	return object{"email": name[:min(1, len(name))] + "***" + name[max(0, len(name)-1):] + "@" + host}
}

// id is that of the method's authenticator, which is the organisation's.
func (m *method) id() string { return stableID("aut", m.key) }

func (m *method) enrolmentID(login string) string { return stableID("pae", m.key+" "+login) }

func (c *call) verifyPassword(f *oktaSignIn, in credentials) *refusal {
	a := f.account
	if a == nil { // HideUnknownUsers: nobody, who has no password
		return wrongPassword
	}
	if a.locked {
		return c.lockedOut(wrongPassword)
	}
	if !a.passwordIs(in.Passcode) {
		return c.wrong(a, wrongPassword, lockedOut)
	}
	return nil
}

func (a *account) passwordIs(typed string) bool {
	want := a.person.Password
	return typed != "" && (want == "" || subtle.ConstantTimeCompare([]byte(typed), []byte(want)) == 1)
}

func (c *call) verifyTOTP(f *oktaSignIn, typed, name string, wrong *refusal) *refusal {
	a := f.account
	if a.locked {
		return suspendedFactor
	}
	step, ok := totpStep(a.totp, strings.ReplaceAll(typed, " ", ""), c.now)
	if !ok || a.totp == nil {
		return c.wrong(a, wrong, suspendedFactor)
	}
	if step <= a.okta.used[name] { // RFC 6238 §5.2
		return usedCode.at(wrong.field)
	}
	if a.okta.used == nil {
		a.okta.used = map[string]int64{}
	}
	a.okta.used[name] = step
	return nil
}

// verifyAnswer compares as Okta does: without regard to case.
func (c *call) verifyAnswer(f *oktaSignIn, in credentials) *refusal {
	a := f.account
	if a.locked {
		return suspendedFactor
	}
	if !strings.EqualFold(strings.TrimSpace(in.Answer), a.person.Answer) {
		return c.wrong(a, wrongAnswer, suspendedFactor)
	}
	return nil
}

// verifySent checks the code that was sent.
func (c *call) verifySent(f *oktaSignIn, in credentials) *refusal {
	a := f.account
	if a.locked {
		return suspendedFactor
	}
	if f.challenge.code == "" || subtle.ConstantTimeCompare([]byte(strings.TrimSpace(in.Passcode)), []byte(f.challenge.code)) != 1 {
		return c.wrong(a, wrongCode.at("passcode"), suspendedFactor)
	}
	return nil
}

// wrong counts a wrong answer; the tenth is told otherwise, and locks the account.
func (c *call) wrong(a *account, r, last *refusal) *refusal {
	if a.wrong++; a.wrong < maxWrong {
		return r
	}
	a.locked = true
	if last == lockedOut {
		return c.lockedOut(r)
	}
	return last
}

// lockedOut says that an account is locked, where the organisation wants it told.
func (c *call) lockedOut(otherwise *refusal) *refusal {
	if c.s.cfg.Org.ShowLockOuts {
		return lockedOut
	}
	return otherwise
}
