package screens

import (
	"slices"

	"github.com/oidcflow/oidcflow/mockidp"
)

// Rows are all that Okta's sign-in shows.
func Rows() []Row { return slices.Concat(factors(), steps(), failures()) }

// What the engine is asked up to the user's name, and up to the password.
const (
	named = "introspect identify"
	typed = named + " challenge/answer"
)

// not says why there are no cells of the Classic engine.
func not(why string) map[string]string { return map[string]string{"classic": why} }

const noDevices = "Classic does not look at devices"

// factors are the ways of proving who one is.
func factors() []Row {
	return []Row{
		{Name: "identifier first", Org: mockidp.OktaOrg{First: []string{"identify"}}, AMR: "pwd", Asks: typed, Authn: "authn"},
		{Name: "identifier and password on one page", Org: mockidp.OktaOrg{First: []string{"identify-password"}}, AMR: "pwd", Asks: named, Authn: "authn"},
		{Name: "password after another factor", Without: not("Classic asks for the password first"), Policy: []string{"question", "password"}, AMR: "kba mfa pwd", Asks: typed + " challenge/answer"},
		{Name: "choice of authenticators", Policy: []string{"password", "email|sms|question|google_otp|okta_verify"},
			AMR: "mfa otp pwd", Asks: typed + " challenge challenge/answer", Authn: "authn verify"},
		{Name: "Google Authenticator", Policy: []string{"password", "google_otp"}, AMR: "mfa otp pwd", Asks: typed + " challenge/answer", Authn: "authn verify"},
		{Name: "code of Okta Verify", Policy: []string{"password", "okta_verify"}, AMR: "mfa otp pwd", Asks: typed + " challenge/answer", Authn: "authn verify"},
		{Name: "security question", Policy: []string{"password", "question"}, AMR: "kba mfa pwd", Asks: typed + " challenge/answer", Authn: "authn verify"},
		{Name: "code by e-mail", Policy: []string{"password", "email"}, AMR: "email mfa pwd", Asks: typed + " challenge challenge/answer", Authn: "authn verify verify"},
		{Name: "e-mail with a magic link", Without: not("Classic mails codes alone"), Policy: []string{"password", "magic_link"}, AMR: "email mfa pwd", Asks: typed + " challenge challenge/answer"},
		{Name: "code by text message", Policy: []string{"password", "sms"}, AMR: "mfa pwd sms", Asks: typed + " challenge challenge/answer", Authn: "authn verify verify"},
		{Name: "push beside a code", Policy: []string{"password", "push|google_otp"}, AMR: "mfa otp pwd", Asks: typed + " challenge challenge/answer", Authn: "authn verify"},
		{Name: "passkey", Policy: []string{"password", "passkey"}, Person: hasPasskey, User: withPasskey, AMR: "hwk mfa pwd", Asks: typed + " challenge/answer", Authn: "authn verify verify"},
		{Name: "push that is answered", Policy: []string{"password", "push"}, User: allowPush, Net: phone, Warns: "has to choose", AMR: "mfa pwd swk", Asks: typed + " challenge", Authn: "authn verify verify"},
		{Name: "push alone", Policy: []string{"password", "push"}, Code: "signin.mfa_unavailable", Says: "a push message of Okta Verify", Asks: typed, Authn: "authn"},
	}
}

// steps are what stands between the factors and the application.
func steps() []Row {
	return []Row{
		{Name: "optional enrolment", Policy: []string{"password", "enrol-optional"}, Person: withoutApp, AMR: "pwd", Asks: typed + " skip", Authn: "authn skip"},
		{Name: "required enrolment", Policy: []string{"password", "enrol"}, Person: withoutApp, Code: "signin.enrolment_required", Asks: typed, Authn: "authn"},
		{Name: "password expired", Policy: []string{"password", "password-expired"}, Code: "signin.password_expired", Asks: typed, Authn: "authn"},
		{Name: "password expired, with a new one", Policy: []string{"password", "password-expired"}, User: withNewPassword, AMR: "pwd", Asks: typed + " challenge/answer", Authn: "authn credentials/change_password"},
		{Name: "password about to expire", Policy: []string{"password", "password-expiring"}, AMR: "pwd", Warns: "expires in 4 days", Asks: typed + " skip", Authn: "authn skip"},
		{Name: "keep me signed in", Without: not("Classic has a box for it on the first screen"), Policy: []string{"password", "keep-me-signed-in"}, AMR: "pwd", Asks: typed + " keep-me-signed-in"},
		{Name: "consent", Policy: []string{"password", "consent"}, AMR: "pwd", Asks: typed + " consent", Authn: "authn introspect consent"},
		{Name: "granular consent", Without: not("Classic asks for consent as a whole"), Policy: []string{"password", "granular-consent"}, AMR: "pwd", Asks: typed + " consent"},
		{Name: "consent denied", Policy: []string{"password", "consent"}, User: denyConsent, Code: "authorize.access_denied", Asks: typed + " consent", Authn: "authn introspect cancel"},
		{Name: "another identity provider", Org: mockidp.OktaOrg{First: []string{"identify"}}, Policy: []string{"redirect-idp"}, Net: anotherProvider, Code: "signin.external_idp", ClassicCode: "signin.foreign_host", Asks: named},
		{Name: "device challenge", Without: not(noDevices), Org: mockidp.OktaOrg{First: []string{"device-challenge", "identify"}}, AMR: "pwd", Asks: "introspect authenticators/poll/cancel identify challenge/answer"},
		{Name: "device to be mended some day", Without: not(noDevices), Policy: []string{"password", "device-grace"}, AMR: "pwd", Asks: typed + " skip"},
	}
}

// withoutApp takes alice's authenticator app from her: to set one up is offered to whoever has none.
func withoutApp(p *mockidp.Person) { p.TOTP = "" }
