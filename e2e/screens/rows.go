package screens

import (
	"slices"

	"github.com/oidcflow/oidcflow/flow/signin"
	"github.com/oidcflow/oidcflow/mockidp"
)

// Rows are all that Okta's sign-in shows.
func Rows() []Row { return slices.Concat(factors(), steps(), failures()) }

// What the engine is asked up to the user's name, and up to the password.
const (
	named = "introspect identify"
	typed = named + " challenge/answer"
)

// factors are the ways of proving who one is.
func factors() []Row {
	return []Row{
		{Name: "identifier first", AMR: "pwd", Asks: typed},
		{Name: "identifier and password on one page", Org: mockidp.OktaOrg{First: []string{"identify-password"}}, AMR: "pwd", Asks: named},
		{Name: "password after another factor", Policy: []string{"question", "password"}, AMR: "kba mfa pwd", Asks: typed + " challenge/answer"},
		{Name: "choice of authenticators", Policy: []string{"password", "email|sms|question|google_otp|okta_verify"},
			AMR: "mfa otp pwd", Asks: typed + " challenge challenge/answer"},
		{Name: "Google Authenticator", Policy: []string{"password", "google_otp"}, AMR: "mfa otp pwd", Asks: typed + " challenge/answer"},
		{Name: "code of Okta Verify", Policy: []string{"password", "okta_verify"}, AMR: "mfa otp pwd", Asks: typed + " challenge/answer"},
		{Name: "security question", Policy: []string{"password", "question"}, AMR: "kba mfa pwd", Asks: typed + " challenge/answer"},
		{Name: "code by e-mail", Policy: []string{"password", "email"}, AMR: "email mfa pwd", Asks: typed + " challenge challenge/answer"},
		{Name: "e-mail with a magic link", Policy: []string{"password", "magic_link"}, AMR: "email mfa pwd", Asks: typed + " challenge challenge/answer"},
		{Name: "code by text message", Policy: []string{"password", "sms"}, AMR: "mfa pwd sms", Asks: typed + " challenge challenge/answer"},
		{Name: "push beside a code", Policy: []string{"password", "push|google_otp"}, AMR: "mfa otp pwd", Asks: typed + " challenge challenge/answer"},
		{Name: "push alone", Policy: []string{"password", "push"}, Code: "signin.mfa_unavailable", Says: "a push message of Okta Verify", Asks: typed},
	}
}

// steps are what stands between the factors and the application.
func steps() []Row {
	deny := func(s *Scene) { s.Config.Consent = signin.Deny }
	return []Row{
		{Name: "optional enrolment", Policy: []string{"password", "enrol-optional"}, Person: withoutApp, AMR: "pwd", Asks: typed + " skip"},
		{Name: "required enrolment", Policy: []string{"password", "enrol"}, Person: withoutApp, Code: "signin.enrolment_required", Asks: typed},
		{Name: "password expired", Policy: []string{"password", "password-expired"}, Code: "signin.password_expired", Asks: typed},
		{Name: "password about to expire", Policy: []string{"password", "password-expiring"}, AMR: "pwd", Warns: "expires in 4 days", Asks: typed + " skip"},
		{Name: "keep me signed in", Policy: []string{"password", "keep-me-signed-in"}, AMR: "pwd", Asks: typed + " keep-me-signed-in"},
		{Name: "consent", Policy: []string{"password", "consent"}, AMR: "pwd", Asks: typed + " consent"},
		{Name: "granular consent", Policy: []string{"password", "granular-consent"}, AMR: "pwd", Asks: typed + " consent"},
		{Name: "consent denied", Policy: []string{"password", "consent"}, User: deny, Code: "authorize.access_denied", Asks: typed + " consent"},
		{Name: "another identity provider", Policy: []string{"password", "redirect-idp"}, Code: "signin.external_idp", Asks: typed},
		{Name: "device challenge", Org: mockidp.OktaOrg{First: []string{"device-challenge", "identify"}}, AMR: "pwd", Asks: "introspect authenticators/poll/cancel identify challenge/answer"},
		{Name: "device to be mended some day", Policy: []string{"password", "device-grace"}, AMR: "pwd", Asks: typed + " skip"},
	}
}

// withoutApp takes alice's authenticator app from her: to set one up is offered to whoever has none.
func withoutApp(p *mockidp.Person) { p.TOTP = "" }
