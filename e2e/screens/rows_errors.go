package screens

import (
	"github.com/oidcflow/oidcflow/flow"
	"github.com/oidcflow/oidcflow/mockidp"
)

// failures are what goes wrong.
func failures() []Row {
	shown := mockidp.OktaOrg{ShowLockOuts: true}
	return []Row{
		{Name: "wrong password", User: wrongPassword, Code: "signin.invalid_credentials", Says: "Password is incorrect", Asks: typed, Authn: "authn"},
		{Name: "wrong password on one page", Without: not("Classic has that screen anyway: it is the row above"), Org: mockidp.OktaOrg{First: []string{"identify-password"}}, User: wrongPassword,
			Code: "signin.invalid_credentials", Says: "Authentication failed", Asks: named},
		{Name: "wrong code", Policy: []string{"password", "sms"}, User: wrongCode, Code: "signin.invalid_credentials",
			Says: "Invalid code", Asks: typed + " challenge challenge/answer", Authn: "authn verify verify"},
		{Name: "wrong answer", Policy: []string{"password", "question"}, User: wrongAnswer, Code: "signin.invalid_credentials",
			Says: "answer", Asks: typed + " challenge/answer", Authn: "authn verify"},
		{Name: "code of another's app", Policy: []string{"password", "google_otp"}, User: anothersApp, Code: "signin.invalid_credentials",
			Says: "code", Asks: typed + " challenge/answer challenge/answer", Authn: "authn verify verify"},
		{Name: "code already used", Policy: []string{"password", "google_otp"}, User: usedCode, AMR: "mfa otp pwd",
			Asks: typed + " challenge/answer challenge/answer", Authn: "authn verify verify"},
		{Name: "locked", Org: shown, Person: locked, Code: "signin.locked_out", Says: "locked", Asks: named, Authn: "authn"},
		{Name: "locked, and not told", Person: locked, Code: "signin.invalid_credentials", Asks: typed, Authn: "authn"},
		{Name: "unknown user", Without: not("Classic never tells whether there is a user"), User: mallory, Code: "signin.user_unknown", Says: "no account", Asks: named},
		{Name: "unknown user, and not told", Org: mockidp.OktaOrg{HideUnknownUsers: true}, User: mallory, Code: "signin.invalid_credentials", Asks: typed, Authn: "authn"},
		{Name: "session expired", Policy: []string{"password", "question"}, User: thinksForADay, Code: "signin.session_expired",
			Says: "inactivity", Asks: typed + " challenge/answer", Authn: "authn verify"},
		{Name: "not assigned to the application", Policy: []string{"password", "not-assigned"}, Code: "signin.not_assigned", Says: "not assigned", Asks: typed, ClassicCode: "authorize.access_denied", Authn: "authn"},
		{Name: "policy denies", Policy: []string{"password", "denied"}, Code: "signin.denied_by_policy", Says: "security.access_denied", Asks: typed, Authn: "authn"},
		{Name: "policy cannot be satisfied", Without: not("Classic has no such answer"), Policy: []string{"password", "unsatisfiable"}, Code: "signin.denied_by_policy", Says: "oie.assurance.unsatisfiable", Asks: typed},
		{Name: "refused, with a way back", Without: not("Classic has no such answer"), Policy: []string{"password", "failure-redirect"}, Code: "signin.not_assigned", Asks: typed},
		{Name: "too many requests", Net: refuse(tooMany), Code: "signin.rate_limited", Asks: "introspect"},
		{Name: "server error", Net: refuse(broken), Code: "signin.server_error", Asks: "introspect"},
		{Name: "another redirect URI", Client: func(c *flow.Config) { c.RedirectURI = "https://elsewhere.example/callback" }, Code: "authorize.invalid_request", Says: "redirect_uri"},
		{Name: "nobody may be asked, with a session", Client: silent, User: signedInBefore, Net: keepSession, AMR: "pwd"},
		{Name: "nobody may be asked", Client: silent, Code: "authorize.login_required"},
		{Name: "without the device's cookie", Without: not("Classic does not ask for it"), Net: withoutDevice, Code: "signin.denied_by_policy", Asks: typed},
	}
}
