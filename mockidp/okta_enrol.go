package mockidp

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// enrolScreen reads the name of a screen that offers to set something up: enrol, enrol-optional, and what they offer
// after a colon. Without that it is google_otp.
func enrolScreen(name string) (offers []string, ok bool) {
	word, list, listed := strings.Cut(name, ":")
	if word != "enrol" && word != "enrol-optional" {
		return nil, false
	}
	if !listed {
		return []string{"google_otp"}, true
	}
	return strings.Split(list, "|"), true
}

// checkEnrol finds what cannot be offered.
func (a *account) checkEnrol(offers []string) error {
	for _, name := range offers {
		switch {
		case enrolmentOf(name) == nil:
			return fmt.Errorf("%q cannot be set up", name)
		case name == "google_otp" && a.totp != nil:
			return errors.New("the user has a TOTP secret")
		}
	}
	return nil
}

func (o *oktaAccount) has(name string) bool { return slices.Contains(o.enrolled, name) }

// isFresh reports whether a method was set up in this sign-in.
func (f *oktaSignIn) isFresh(name string) bool { return slices.Contains(f.fresh, name) }

// enrolled notes that the account has set up a method, so that it is not asked to again.
func (f *oktaSignIn) enrolled(name string) {
	f.fresh = append(f.fresh, name)
	f.account.okta.enrol(name)
}

func (o *oktaAccount) enrol(name string) {
	if !o.has(name) {
		o.enrolled = append(o.enrolled, name)
	}
}

// enrolTOTP gives the account an authenticator app, of which the code of a step has been used.
func (a *account) enrolTOTP(key []byte, step int64) {
	a.totp = key
	a.okta.used = map[string]int64{"google_otp": step}
	a.okta.enrol("google_otp")
}

// enrol offers to set something up; then it asks for what that takes, and at last for the proof of it.
func (v *idxView) enrol() {
	offers, _ := enrolScreen(v.f.screens[0])
	choices := v.enrolments(offers)
	chosen := v.f.challenge.enrol
	if chosen != nil {
		m := methodNamed(chosen.method)
		current := v.authenticator(m, m.id())
		v.body["currentAuthenticator"], v.body["enrollmentAuthenticator"] = current, current
		form := v.enrolment(chosen, m, current["value"].(object))
		form.RelatesTo = []string{"$.currentAuthenticator"}
	}
	if chosen == nil || len(offers) > 1 {
		v.offer(v.form("select-authenticator-enroll", "credential/enroll", ionField{Name: "authenticator", Type: "object", Required: true, Options: choices}))
	}
	if strings.HasPrefix(v.f.screens[0], "enrol-optional") {
		v.offer(v.form("skip", "skip"))
	}
}

// enrolments lists the authenticators on offer, and what the user has of them, and returns the options that stand for
// them.
func (v *idxView) enrolments(offers []string) (options []ionOption) {
	var authenticators []object
	for i, name := range offers {
		m := methodNamed(name)
		authenticators = append(authenticators, object{"type": m.kind, "key": m.key, "id": m.id(), "displayName": m.label, "methods": []object{{"type": m.via}}})
		options = append(options, ionOption{
			Label: m.label, RelatesTo: fmt.Sprintf("$.authenticators.value[%d]", i), Value: object{"form": &ionFields{[]ionField{
				{Name: "id", Required: true, Value: m.id(), Mutable: no},
				{Name: "methodType", Value: m.via, Mutable: no},
			}}},
		})
	}
	v.body["authenticators"] = list(authenticators)
	m := methodNamed("passkey")
	var had []object
	for _, k := range v.f.account.person.Passkeys {
		had = append(had, object{"type": m.kind, "key": m.key, "id": m.enrolmentID(v.f.login), "displayName": m.label, "credentialId": b64.EncodeToString(k.ID), "methods": []object{{"type": m.via}}})
	}
	v.body["authenticatorEnrollments"] = list(had)
	return options
}

// enrolment shows the form of what is being set up.
func (v *idxView) enrolment(e *enrolment, m *method, current object) *ionForm {
	ch := v.f.challenge
	if e.asks != nil && !ch.sent {
		fields := append([]ionField{{Name: "id", Required: true, Value: m.id(), Mutable: no, Visible: no}}, e.asks(m)...)
		return v.offer(v.form("authenticator-enrollment-data", "credential/enroll",
			ionField{Name: "authenticator", Type: "object", Label: m.label, Required: true, Form: &ionFields{fields}}))
	}
	if e.context != nil {
		current["contextualData"] = e.context(v)
	}
	if m.sends {
		current["resend"] = v.also(v.form("resend", "challenge/resend"))
	}
	proof := ionField{Name: "credentials", Type: "object", Required: true}
	if e.options != nil {
		proof.Options = e.options()
	} else {
		proof.Form = &ionFields{e.fields()}
	}
	return v.offer(v.form("enroll-authenticator", "challenge/answer", proof))
}

func (c *call) takeEnrol(f *oktaSignIn, path string, in idxInput) *refusal {
	switch path {
	case "skip":
		return c.advance(f)
	case "credential/enroll":
		return c.beginEnrol(f, in)
	case "challenge/resend":
		c.sendEnrol(f)
		return nil
	}
	e := f.challenge.enrol
	if r := e.take(c, f, in.Credentials); r != nil {
		return r
	}
	f.enrolled(e.method)
	f.prove(c, methodNamed(e.method).amr)
	return c.advance(f)
}

// beginEnrol takes the choice of what to set up, and what that asks to be told first.
func (c *call) beginEnrol(f *oktaSignIn, in idxInput) *refusal {
	offers, _ := enrolScreen(f.screens[0])
	i := slices.IndexFunc(offers, func(name string) bool { return methodNamed(name).id() == in.Authenticator.ID })
	if i < 0 {
		return badRequest
	}
	e := enrolmentOf(offers[i])
	f.challenge = challenge{enrol: e, phone: in.Authenticator.PhoneNumber}
	if e.asks == nil || f.challenge.phone != "" {
		c.sendEnrol(f)
	}
	c.renew(f)
	return nil
}

// sendEnrol makes what the proof will be about: a secret, a nonce, or a code that is sent.
func (c *call) sendEnrol(f *oktaSignIn) {
	ch, a := &f.challenge, f.account
	ch.sent, ch.at = true, c.now
	switch ch.enrol.method {
	case "google_otp":
		ch.secret = c.s.random.totpSecret()
	case "passkey":
		ch.nonce = c.s.random.token()
	case "email":
		ch.code = c.s.random.digits(6)
		c.s.deliver(Message{Login: a.person.Login, Channel: "email", To: a.person.email(), Code: ch.code})
	case "sms":
		ch.code = c.s.random.digits(6)
		c.s.deliver(Message{Login: a.person.Login, Channel: "sms", To: ch.phone, Code: ch.code})
	}
}
