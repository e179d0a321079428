package mockidp

import "strings"

const daysToExpiry = 4

// tooWeak refuses a new password.
func tooWeak() *refusal {
	rule := "Password requirements: at least 8 characters, no parts of your username. Your password cannot be any of your last 1 passwords."
	return weakPassword.with("Password requirements were not met. "+rule, rule)
}

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
		return tooWeak()
	}
	a.person.Password, a.okta.renewed = typed, true
	return c.advance(f)
}

// passwordMayBe reports whether the user's next password may be this one.
func (a *account) passwordMayBe(typed string) bool {
	return len(typed) >= 8 && typed != a.person.Password && !strings.Contains(strings.ToLower(typed), strings.ToLower(a.person.Login))
}
