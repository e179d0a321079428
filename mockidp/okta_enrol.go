package mockidp

import (
	"encoding/base64"
	"net/url"
	"strings"
)

// enrol offers to set up Google Authenticator, and then shows its secret.
func (v *idxView) enrol() {
	m := methodNamed("google_otp")
	v.body["authenticators"] = list([]object{{"type": m.kind, "key": m.key, "id": m.id(), "displayName": m.label, "methods": []object{{"type": m.via}}}})
	v.body["authenticatorEnrollments"] = list([]object{})
	if secret := v.f.challenge.secret; secret != "" {
		current := v.authenticator(m, m.id())
		current["value"].(object)["contextualData"] = object{"sharedSecret": secret, "qrcode": qrCode(v.f.login, secret)}
		v.body["currentAuthenticator"], v.body["enrollmentAuthenticator"] = current, current
		form := v.offer(v.form("enroll-authenticator", "challenge/answer", group("credentials", m.fields(v.f)...)))
		form.RelatesTo = []string{"$.currentAuthenticator"}
	} else {
		v.offer(v.form("select-authenticator-enroll", "credential/enroll", ionField{Name: "authenticator", Type: "object", Required: true, Options: []ionOption{{
			Label: m.label, RelatesTo: "$.authenticators.value[0]", Value: object{"form": &ionFields{[]ionField{
				{Name: "id", Required: true, Value: m.id(), Mutable: no},
				{Name: "methodType", Value: m.via, Mutable: no},
			}}},
		}}}))
	}
	if v.f.screens[0] == "enrol-optional" {
		v.offer(v.form("skip", "skip"))
	}
}

// qrCode stands where Okta has a picture to scan: the URL in words, for whoever reads the answer.
func qrCode(login, secret string) object {
	u := url.URL{Scheme: "otpauth", Host: "totp", Path: "/" + login, RawQuery: url.Values{"secret": {secret}}.Encode()}
	text := strings.NewReplacer("&", "&amp;", "<", "&lt;").Replace(u.String())
	svg := `<svg xmlns="http://www.w3.org/2000/svg" width="200" height="40"><text y="20" font-size="6">` + text + `</text></svg>`
	return object{"method": "embedded", "type": "image/svg+xml", "href": "data:image/svg+xml;base64," + base64.StdEncoding.EncodeToString([]byte(svg))}
}

func (c *call) takeEnrol(f *oktaSignIn, path string, in idxInput) *refusal {
	m := methodNamed("google_otp")
	switch path {
	case "skip":
		return c.advance(f)
	case "credential/enroll":
		if in.Authenticator.ID != m.id() {
			return badRequest
		}
		f.challenge.secret = c.s.random.totpSecret()
		c.renew(f)
		return nil
	}
	key, err := decodeTOTP(f.challenge.secret)
	if err != nil {
		return badRequest
	}
	step, ok := totpStep(key, strings.ReplaceAll(in.Credentials.Passcode, " ", ""), c.now)
	if !ok {
		return wrongGoogleCode
	}
	a := f.account
	a.totp, a.person.TOTP = key, f.challenge.secret
	a.okta.used = map[string]int64{"google_otp": step}
	f.prove(c, m.amr)
	return c.advance(f)
}

const daysToExpiry = 4

// newPassword asks for a password in place of one that has expired, or soon will.
func (v *idxView) newPassword() {
	m, name := methodNamed("password"), "reenroll-authenticator"
	expiring := v.f.screens[0] == "password-expiring"
	current := v.authenticator(m, m.id())
	settings := object{"complexity": object{"minLength": 8, "minLowerCase": 0, "minUpperCase": 0, "minNumber": 0, "minSymbol": 0, "excludeUsername": true},
		"age": object{"minAgeMinutes": 0, "historyCount": 1}}
	if expiring {
		name += "-warning"
		settings["daysToExpiry"] = daysToExpiry
		org := v.c.s.cfg.Org.Name
		v.remark(refusal{key: "idx.password.expiring.message", class: "INFO"}.with(
			"When your password expires, you will have to change your password before you can login to your "+org+" account.", org))
	}
	current["value"].(object)["settings"] = settings
	v.authenticators([]*method{m})
	v.body["currentAuthenticator"] = current
	form := v.offer(v.form(name, "challenge/answer", group("credentials", ionField{Name: "passcode", Label: "New password", Required: true, Secret: true})))
	form.RelatesTo = []string{"$.currentAuthenticator"}
	if expiring {
		v.offer(v.form("skip", "skip"))
	}
}

func (c *call) takeNewPassword(f *oktaSignIn, path string, in idxInput) *refusal {
	if path == "skip" {
		return c.advance(f)
	}
	a, typed := f.account, in.Credentials.Passcode
	if !a.passwordMayBe(typed) {
		rule := "Password requirements: at least 8 characters, no parts of your username. Your password cannot be any of your last 1 passwords."
		return weakPassword.with("Password requirements were not met. "+rule, rule)
	}
	a.person.Password, a.okta.renewed = typed, true
	return c.advance(f)
}

// passwordMayBe reports whether the user's next password may be this one.
func (a *account) passwordMayBe(typed string) bool {
	return len(typed) >= 8 && typed != a.person.Password && !strings.Contains(strings.ToLower(typed), strings.ToLower(a.person.Login))
}
