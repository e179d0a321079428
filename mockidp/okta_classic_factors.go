package mockidp

import (
	"slices"
	"strings"
	"time"
)

// rememberFor is how long a device is remembered on which the user asked for it.
const rememberFor = 15 * time.Minute

// How soon a code may be sent again, with RateLimits.
const (
	smsAgainAfter   = 30 * time.Second
	emailAgainAfter = 5 * time.Second
)

// authnFactor is how the Classic engine speaks of a method.
type authnFactor struct {
	method   string // in a policy
	prefix   string // of its id
	kind     string // factorType
	provider string
	typed    string // the member that an answer is in; empty: there is none to type
	refused  string // what a wrong answer is told
	profile  func(*account) object
}

var authnFactors = []authnFactor{
	{"google_otp", "uft", "token:software:totp", "GOOGLE", "passCode", wrongToken, credentialProfile},
	{"okta_verify", "ost", "token:software:totp", "OKTA", "passCode", wrongToken, credentialProfile},
	{"push", "opf", "push", "OKTA", "", "", func(a *account) object {
		return object{"credentialId": a.person.Login, "deviceType": "SmartPhone_Android", "name": "Phone", "platform": "ANDROID", "version": "34"}
	}},
	{"question", "ufs", "question", "OKTA", "answer", "Your answer doesn't match our records. Please try again.", func(a *account) object {
		return object{"question": "custom", "questionText": a.person.Question}
	}},
	{"email", "emf", "email", "OKTA", "passCode", wrongToken, emailProfile},
	{"sms", "sms", "sms", "OKTA", "passCode", wrongToken, methodNamed("sms").profile},
	{"passkey", "fwf", "webauthn", "FIDO", "clientData", "Your security key or biometric doesn't match our records. Please try again.", nil},
}

const wrongToken = "Your token doesn't match our records. Please try again."

func credentialProfile(a *account) object { return object{"credentialId": a.person.Login} }

func authnFactorNamed(method string) *authnFactor {
	for i := range authnFactors {
		if authnFactors[i].method == method {
			return &authnFactors[i]
		}
	}
	return nil
}

// id is that of a user's factor.
func (k *authnFactor) id(a *account) string {
	return stableID(k.prefix, k.provider+" "+k.kind+" "+a.person.Login)
}

// ids are all that a factor goes by: each passkey has one, and several have one in common.
func (k *authnFactor) ids(a *account) []string {
	if k.method != "passkey" {
		return []string{k.id(a)}
	}
	out := []string{k.kind}
	for _, key := range a.person.Passkeys {
		out = append(out, passkeyID(key))
	}
	return out
}

func passkeyID(k Passkey) string { return stableID("fwf", string(k.ID)) }

// factorOf returns the method of the present screen that an id is of.
func (f *authnSignIn) factorOf(id string) *authnFactor {
	for _, m := range f.choices() {
		if k := authnFactorNamed(m.name); slices.Contains(k.ids(f.account), id) {
			return k
		}
	}
	return nil
}

// authnVerify asks for a factor, or takes an answer to it.
func (c *call) authnVerify(f *authnSignIn, in authnInput) *authnRefusal {
	k := f.factorOf(in.factor)
	if k == nil {
		return noSuchFactor
	}
	m := methodNamed(k.method)
	// The present state has no link to another one. While a passkey is asked for, though, Okta's page goes on to another
	// factor without asking to go back.
	if f.method != nil && f.method != m && f.method.name != "passkey" {
		return wrongState
	}
	typed := map[string]string{"passCode": in.PassCode, "answer": in.Answer, "clientData": in.ClientData}[k.typed]
	switch {
	case k.method == "push" && f.method == m && f.challenge.verdict != "told":
		return c.authnPoll(f)
	case typed == "" && (m.sends || m.name == "passkey"):
		f.collective = in.factor == k.kind
		return c.authnSend(f, m)
	}
	var refused *refusal
	switch k.method {
	case "google_otp", "okta_verify":
		refused = c.verifyTOTP(&f.oktaSignIn, typed, k.method, wrongGoogleCode)
	default:
		refused = m.verify(c, &f.oktaSignIn, credentials{
			Passcode: typed, Answer: typed, ClientData: typed, AuthenticatorData: in.AuthenticatorData, SignatureData: in.SignatureData,
		})
	}
	if refused == nil {
		return c.authnProven(f, m)
	}
	switch {
	case f.account.locked:
		return userIsLocked
	case refused.key == usedCode.key:
		return wrongPassCode.because(usedCode.text)
	}
	return wrongPassCode.because(k.refused)
}

// authnSend begins a challenge of m.
func (c *call) authnSend(f *authnSignIn, m *method) *authnRefusal {
	if c.s.cfg.Org.RateLimits && f.challenge.sent {
		switch since := c.now.Sub(f.challenge.at); {
		case m.name == "sms" && since < smsAgainAfter:
			return smsSentJustNow
		case m.name == "email" && since < emailAgainAfter:
			return emailSentJustNow
		}
	}
	f.method = m
	c.send(&f.oktaSignIn)
	for m.name == "push" && f.challenge.number[0] == '0' { // the number is one in JSON
		f.challenge.number = c.s.random.digits(2)
	}
	return nil
}

func (c *call) authnResend(f *authnSignIn, in authnInput) *authnRefusal {
	k := f.factorOf(in.factor)
	switch {
	case k == nil:
		return noSuchFactor
	case f.method.name != k.method || !f.method.sends:
		return wrongState
	}
	return c.authnSend(f, f.method)
}

// authnPoll looks what the phone says.
func (c *call) authnPoll(f *authnSignIn) *authnRefusal {
	switch f.challenge.verdict {
	case "approved":
		return c.authnProven(f, f.method)
	case "rejected":
		f.challenge.verdict = "told"
	}
	return nil
}

func (c *call) authnProven(f *authnSignIn, m *method) *authnRefusal {
	f.prove(c, m.amr)
	if c.r.URL.Query().Get("rememberDevice") == "true" && f.device != "" {
		if f.account.okta.devices == nil {
			f.account.okta.devices = map[string]time.Time{}
		}
		f.account.okta.devices[f.device] = c.now.Add(rememberFor)
	}
	return c.authnNext(f)
}

// authnEnrol begins to set up Google Authenticator.
func (c *call) authnEnrol(f *authnSignIn, in authnInput) *authnRefusal {
	k := authnFactorNamed("google_otp")
	if in.FactorType != k.kind || in.Provider != k.provider {
		return otherFactor
	}
	f.challenge.secret = c.s.random.totpSecret()
	return nil
}

func (c *call) authnActivate(f *authnSignIn, in authnInput) *authnRefusal {
	k, a := authnFactorNamed("google_otp"), f.account
	if in.factor != k.id(a) {
		return noSuchFactor
	}
	key, err := decodeTOTP(f.challenge.secret)
	if err != nil {
		return otherFactor
	}
	step, ok := totpStep(key, strings.ReplaceAll(in.PassCode, " ", ""), c.now)
	if !ok {
		return wrongPassCode.because(wrongToken)
	}
	a.enrolTOTP(key, step)
	f.enrolled("google_otp")
	f.prove(c, methodNamed("google_otp").amr)
	return c.authnNext(f)
}
