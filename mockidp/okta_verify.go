package mockidp

import (
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
	"time"
)

// resendAfter is how soon a code may be sent again, with RateLimits.
const resendAfter = 30 * time.Second

// authenticator describes what is asked for.
func (v *idxView) authenticator(m *method, id string) object {
	value := object{"type": m.kind, "key": m.key, "id": id, "displayName": m.label, "methods": []object{{"type": m.via}}}
	if m.profile != nil && v.f.account != nil {
		value["profile"] = m.profile(v.f.account)
	}
	return single(value)
}

// verify shows a factor, or the choice of one.
func (v *idxView) verify() {
	choices, m := v.f.choices(), v.f.method
	place := v.authenticators(choices)
	if m == nil {
		v.offer(v.selection(choices, place))
		return
	}
	member, id := "currentAuthenticator", m.id()
	if m.enrolment {
		member, id = "currentAuthenticatorEnrollment", m.enrolmentID(v.f.login)
	}
	current := v.authenticator(m, id)
	v.body[member] = current
	v.challenge(m, "$."+member, current["value"].(object))
	if len(choices) > 1 {
		v.offer(v.selection(choices, place))
	}
}

// challenge shows the forms of a method: send it, wait for it, type it.
func (v *idxView) challenge(m *method, about string, current object) {
	ch := v.f.challenge
	var form *ionForm
	switch {
	case m.sends && !ch.sent:
		form = v.offer(v.form("authenticator-verification-data", "challenge", v.sending(m)))
	case ch.verdict == "told":
		form = v.offer(v.form("resend", "challenge", v.again(m)))
	case m.name == "push":
		form = v.offer(v.form("challenge-poll", "authenticators/poll"))
		form.Refresh = 4000
		current["resend"] = v.also(v.form("resend", "challenge", fixed("authenticator", object{"id": m.id(), "methodType": m.via})))
	default:
		form = v.offer(v.form("challenge-authenticator", "challenge/answer", group("credentials", m.fields(v.f)...)))
		if m.sends {
			current["resend"] = v.also(v.form("resend", "challenge/resend"))
		}
	}
	form.RelatesTo = []string{about}
	if m.name == "magic_link" && ch.sent {
		poll := v.also(v.form("poll", "challenge/poll"))
		poll.Refresh = 4000
		current["poll"] = poll
	}
	if m.context != nil && (ch.sent || !m.sends) {
		current["contextualData"] = m.context(v)
	}
}

func (v *idxView) sending(m *method) ionField {
	id := ionField{Name: "id", Required: true, Value: m.id(), Mutable: no}
	label := m.short
	if label == "" {
		label = m.label
	}
	via := ionField{Name: "methodType", Type: "string", Required: true, Options: []ionOption{{Label: label, Value: m.via}}}
	fields := []ionField{id, via}
	if m.kind == "phone" {
		fields = append(fields, ionField{Name: "enrollmentId", Required: true, Value: m.enrolmentID(v.f.login), Mutable: no})
	}
	return ionField{Name: "authenticator", Type: "object", Label: m.label, Form: &ionFields{fields}}
}

func (v *idxView) again(m *method) ionField {
	return ionField{Name: "authenticator", Type: "object", Label: m.label, Value: object{"form": &ionFields{[]ionField{
		{Name: "id", Required: true, Value: m.id(), Mutable: no},
		{Name: "methodType", Label: strings.ToUpper(m.via), Required: true, Value: m.via, Mutable: no},
	}}}}
}

func (c *call) takeVerify(f *oktaSignIn, path string, in idxInput) *refusal {
	switch path {
	case "challenge":
		return c.choose(f, in.Authenticator.ID, in.Authenticator.MethodType)
	case "challenge/resend":
		if c.s.cfg.Org.RateLimits && c.now.Sub(f.challenge.at) < resendAfter {
			return tooManyRequests
		}
		c.send(f)
		return nil
	case "challenge/answer":
		if r := f.method.verify(c, f, in.Credentials); r != nil {
			return r
		}
		return c.proven(f)
	}
	switch { // a poll
	case f.challenge.linked, f.challenge.verdict == "approved":
		return c.proven(f)
	case f.challenge.verdict == "rejected":
		f.challenge.verdict = "told"
		return pushRejected
	}
	return nil
}

func (c *call) proven(f *oktaSignIn) *refusal {
	f.prove(c, f.method.amr)
	return c.advance(f)
}

// choose takes one of the present screen's methods, and sends what it sends. A phone is asked first how, if the client
// did not say.
func (c *call) choose(f *oktaSignIn, id, via string) *refusal {
	i := slices.IndexFunc(f.choices(), func(m *method) bool { return m.id() == id && (via == "" || m.via == via) })
	if i < 0 {
		return badRequest
	}
	f.method, f.challenge = f.choices()[i], challenge{}
	c.renew(f)
	if via != "" || f.method.kind != "phone" {
		c.send(f)
	}
	return nil
}

// send begins a challenge: with a code to where the method sends it, a push, or a nonce.
func (c *call) send(f *oktaSignIn) {
	f.challenge = challenge{sent: true, at: c.now}
	ch, a := &f.challenge, f.account
	switch f.method.name {
	case "email", "magic_link":
		ch.code = c.s.random.digits(6)
		m := Message{Login: a.person.Login, Channel: "email", To: a.person.email(), Code: ch.code}
		if f.method.name == "magic_link" {
			token := c.s.random.token()
			c.s.links.put(token, f, c.now, f.expires)
			m.Link = c.s.base.String() + linkPath + token
		}
		c.s.deliver(m)
	case "sms":
		ch.code = c.s.random.digits(6)
		c.s.deliver(Message{Login: a.person.Login, Channel: "sms", To: a.person.Phone, Code: ch.code})
	case "push":
		ch.number = c.s.random.digits(2)
		a.okta.pushes = append(a.waiting(c.now), f)
	case "passkey":
		ch.nonce = c.s.random.token()
	}
}

// digits returns n of them, nine at most.
func (r *random) digits(n int) string {
	var b [8]byte
	r.fill(b[:])
	return fmt.Sprintf("%09d", binary.BigEndian.Uint64(b[:])%1_000_000_000)[:n]
}

// magicLink is where the link in a mail leads.
func (c *call) magicLink() error {
	token := c.r.URL.Path[strings.LastIndex(c.r.URL.Path, "/")+1:]
	c.s.mu.Lock()
	f, ok := c.s.links.get(token, c.now)
	if ok = ok && !f.done() && f.method != nil && f.method.name == "magic_link"; ok {
		f.challenge.linked = true
		c.s.links.drop(token)
	}
	c.s.mu.Unlock()
	if !ok {
		return requestExpired
	}
	return c.html(200, "linked", nil)
}
