package signin

import "strings"

// IDXStep says what to do about a remediation of Okta's Identity Engine, as data. One without Does cannot be done by a
// program: if nothing else on the same answer can, the sign-in ends with Code. One with both can be done for some users.
type IDXStep struct {
	Name string // of the remediation
	Doc  string
	Does string
	Code string
	Hint string
	Adds map[string]any // members that the form does not name, and Okta's page sends

	Alone  bool // Okta's page does it by itself
	Leaves bool // the page goes on by itself elsewhere, where a browser can follow it if that may be
}

// What is done about a remediation.
const (
	idxFill    = "fill"    // fill the form with what the user has
	idxChoose  = "choose"  // choose the authenticator that the user can answer
	idxPass    = "pass"    // go on, with nothing to say: skip, remind me later
	idxDecline = "decline" // say no
	idxConsent = "consent" // say what Config.Consent says
	idxPoll    = "poll"    // wait, and ask again
	idxFollow  = "follow"  // leave the engine for the address

	// These are done where the user, or Config, has what it takes; else they are as one without Does.
	idxLaunch = "launch" // ask for the user's passkey
	idxPush   = "push"   // wait for a person, as idxPoll does
	idxRenew  = "renew"  // set the password that User.NewPassword returns
	idxChoice = "enrol"  // choose the authenticator that Config.Enrol wants
	idxEnrol  = "set up" // set it up
)

// hintPolicy is for what only a change of the sign-on policy helps against.
const hintPolicy = "let the application's sign-on policy accept a password with a code of an authenticator app for this user"

// IDXSteps are the remediations that are known. Those of IDXAside are left alone wherever they are.
var IDXSteps = []IDXStep{
	{Name: "identify", Doc: "the user's name, and perhaps the password", Does: idxFill},
	{Name: "challenge-authenticator", Doc: "an answer for an authenticator", Does: idxFill},
	{Name: "authenticator-verification-data", Doc: "how to send a code, and whether to", Does: idxFill},
	{Name: "select-authenticator-authenticate", Doc: "a choice of authenticators", Does: idxChoose},
	{Name: "skip", Doc: "what is before it is optional", Does: idxPass},
	{Name: "device-assurance-grace-period", Doc: "the device has to be mended some day", Does: idxPass},
	{Name: "cancel-polling", Doc: "Okta's program is not on this machine", Does: idxPass, Alone: true,
		Adds: map[string]any{"reason": "OV_UNREACHABLE_BY_LOOPBACK", "statusCode": nil}},
	{Name: "keep-me-signed-in", Doc: "whether to stay signed in", Does: idxDecline},
	{Name: "consent", Doc: "what the application may do", Does: idxConsent},
	{Name: "granular-consent", Doc: "what the application may do, one by one", Does: idxConsent},
	{Name: "admin-consent", Doc: "what the application may do to the organisation", Does: idxConsent},
	{Name: "poll", Doc: "Okta is being maintained", Does: idxPoll},
	{Name: "success-redirect", Doc: "the sign-in is done", Does: idxFollow},
	{Name: "failure-redirect", Doc: "the sign-in is refused", Does: idxFollow},

	{Name: "challenge-poll", Doc: "Okta waits for a push message or Okta FastPass to be answered", Does: idxPush, Code: codeMFAUnavailable, Hint: hintPolicy},
	{Name: "resend", Doc: "a push message was not answered", Code: codeMFAUnavailable, Hint: hintPolicy},
	{Name: "device-challenge-poll", Doc: "Okta looks for Okta FastPass on this device", Code: codeMFAUnavailable, Hint: hintPolicy},
	{Name: "device-apple-sso-extension", Doc: "Okta looks for Okta FastPass on this device", Code: codeMFAUnavailable, Hint: hintPolicy},
	{Name: "launch-authenticator", Doc: "Okta wants Okta FastPass on this device", Code: codeMFAUnavailable, Hint: hintPolicy},
	{Name: "launch-webauthn-authenticator", Doc: "Okta wants a passkey", Does: idxLaunch, Code: codeMFAUnavailable, Hint: hintPasskey},
	{Name: "launch-passkeys-authenticator", Doc: "Okta wants a passkey", Does: idxFill, Code: codeMFAUnavailable, Hint: hintPasskey},
	{Name: "challenge-webauthn-autofillui-authenticator", Doc: "Okta wants a passkey", Does: idxFill, Code: codeMFAUnavailable, Hint: hintPasskey},

	{Name: "select-authenticator-enroll", Doc: "the user has to set up an authenticator first", Does: idxChoice, Code: codeEnrolment},
	{Name: "authenticator-enrollment-data", Doc: "the user has to set up an authenticator first", Code: codeEnrolment},
	{Name: "enroll-authenticator", Doc: "the user has to set up an authenticator first", Does: idxEnrol, Code: codeEnrolment},
	{Name: "enroll-authenticator-promotion", Doc: "the user has to set up a passkey first", Does: idxEnrol, Code: codeEnrolment},
	{Name: "enroll-poll", Doc: "the user has to set up an authenticator first", Code: codeEnrolment},
	{Name: "select-enrollment-channel", Doc: "the user has to set up Okta Verify first", Code: codeEnrolment},
	{Name: "enrollment-channel-data", Doc: "the user has to set up Okta Verify first", Code: codeEnrolment},
	{Name: "enroll-profile", Doc: "Okta wants the user's profile filled in", Code: codeEnrolment,
		Hint: "fill the user's profile in, or take the step out of the application's user profile policy"},
	{Name: "profile-update", Doc: "Okta wants the user's profile filled in", Code: codeEnrolment,
		Hint: "fill the user's profile in, or take the step out of the application's user profile policy"},

	{Name: "reenroll-authenticator", Doc: "the password has expired", Does: idxRenew, Code: codePasswordExpired},
	{Name: "reenroll-authenticator-warning", Doc: "the password is about to expire, and has to be changed now", Does: idxRenew, Code: codePasswordExpired},
	{Name: "reenroll-custom-password-expiry", Doc: "the password has expired", Does: idxRenew, Code: codePasswordExpired},
	{Name: "reenroll-custom-password-expiry-warning", Doc: "the password is about to expire, and has to be changed now", Does: idxRenew, Code: codePasswordExpired},
	{Name: "reset-authenticator", Doc: "an authenticator has to be set up anew", Code: codeEnrolment, Hint: "set it up anew once in a browser"},

	{Name: "redirect-idp", Doc: "the user signs in with another identity provider", Code: codeExternalIDP, Hint: hintExternalIDP, Leaves: true},
	{Name: "redirect-idverify", Doc: "an identity verification service has to be asked", Code: codeExternalIDP, Hint: hintExternalIDP},
	{Name: "piv-idp", Doc: "the user signs in with a smart card", Code: codeExternalIDP, Hint: hintExternalIDP},
}

const hintExternalIDP = "use a user whose password Okta itself checks, or --sign-in chrome with --sign-in-host of the other provider"

// IDXAside are remediations that lead away from signing in.
var IDXAside = []string{"select-enroll-profile", "select-identify", "unlock-account", "identify-recovery",
	"enroll-webauthn-residentkey", "cancel-transaction", "cancel"}

// IDXMethod is a way of verification, as data: which authenticator, by which of its methods, and what it asks. One
// without Asks needs a device, or a person, whom Config.AllowPush allows to wait for.
type IDXMethod struct {
	Key    string // of the authenticator
	Method string // methodType; empty: any
	Field  string // of the credentials that takes the answer
	Asks   string // a ChallengeKind, or password
	Person bool   // that answers it elsewhere
	Doc    string
	Hint   string
}

// IDXMethods are the ways of verification, the best first: where several can be answered the first is chosen, and
// Config.Order says otherwise.
var IDXMethods = []IDXMethod{
	{Key: "okta_password", Field: "passcode", Asks: kindPassword, Doc: "a password"},
	{Key: "webauthn", Field: "signatureData", Asks: string(ChallengePasskey), Doc: "a passkey or security key"},
	{Key: "google_otp", Field: "passcode", Asks: string(ChallengeTOTP), Doc: "a code of Google Authenticator"},
	{Key: "okta_verify", Method: "totp", Field: "totp", Asks: string(ChallengeTOTP), Doc: "a code of Okta Verify"},
	{Key: "custom_otp", Field: "passcode", Asks: string(ChallengeTOTP), Doc: "a code of an authenticator app"},
	{Key: "security_question", Field: "answer", Asks: string(ChallengeQuestion), Doc: "a security question"},
	{Key: "okta_email", Field: "passcode", Asks: string(ChallengeCode), Doc: "a code by e-mail"},
	{Key: "phone_number", Method: "sms", Field: "passcode", Asks: string(ChallengeCode), Doc: "a code by text message"},
	{Key: "phone_number", Method: "voice", Field: "passcode", Asks: string(ChallengeCode), Doc: "a code by phone call"},

	{Key: "okta_verify", Method: "push", Person: true, Doc: "a push message of Okta Verify", Hint: "a push message is answered by a person: " + hintPolicy},
	{Key: "okta_verify", Method: "signed_nonce", Doc: "Okta FastPass", Hint: "Okta FastPass needs an enrolled device: " + hintPolicy},
	{Key: "custom_app", Person: true, Doc: "a push message"},
	{Key: "duo", Doc: "Duo"},
	{Key: "external_idp", Doc: "another identity provider"},
	{Key: "smart_card_idp", Doc: "a smart card"},
	{Key: "symantec_vip", Doc: "a Symantec VIP token"},
	{Key: "yubikey_token", Doc: "a YubiKey"},
	{Key: "rsa_token", Doc: "an RSA token"},
	{Key: "onprem_mfa", Doc: "a token of the company's own"},
	{Key: "tac", Doc: "a temporary access code"},
	{Key: "nfc_pin", Doc: "a card with a PIN"},
}

// IDXVerdict is what a message of the engine means, by its key, whatever the language: the error's code. A key that ends
// with a star stands for all that begin so.
type IDXVerdict struct {
	Code string
	Keys []string
}

// IDXVerdicts are tried in order.
var IDXVerdicts = []IDXVerdict{
	{codeLockedOut, []string{"errors.E0000119", "E0000119", "authfactor.challenge.suspended_factor"}},
	{codeRateLimited, []string{"tooManyRequests", "errors.E0000047", "E0000047", "errors.E0000151", "E0000151"}},
	{codeSessionExpired, []string{"idx.session.expired", "error.expired.session", "core.system.transaction_resource_not_found",
		"errors.E0000011", "E0000011"}},
	{codeNotAssigned, []string{"idx.error.user.not.assigned.to.app", "idx.error.code.user_not_assigned"}},
	{codeUserUnknown, []string{"idx.unknown.user"}},
	{codeDenied, []string{"oie.assurance.unsatisfiable", "security.access_denied*", "idx.error.code.access_denied*", "errors.E0000006", "E0000006",
		"Forbidden", "access_denied"}},
	{codePasswordExpired, []string{"password.passwordRequirementsNotMet", "errors.E0000064", "E0000064"}},
	{codeInvalidCredentials, []string{"errors.E0000004", "E0000004", "incorrectPassword", "errors.E0000068", "E0000068",
		"authfactor.challenge.soft_token.*", "authfactor.challenge.question_factor.answer_invalid", "api.authn.error.PASSCODE_INVALID",
		"authfactor.webauthn.error*"}},
	{codeServerError, []string{"errors.E0000009", "E0000009", "errors.E0000010", "E0000010", "idx.error.server.*"}},
}

// idxVerdictOf returns the code for the first message whose key is known, or "".
func idxVerdictOf(messages []IDXMessage) string { return keyVerdict(IDXVerdicts, messages) }

func keyVerdict(verdicts []IDXVerdict, messages []IDXMessage) string {
	for _, m := range messages {
		for _, v := range verdicts {
			for _, k := range v.Keys {
				prefix, open := strings.CutSuffix(k, "*")
				if m.Key == k || open && strings.HasPrefix(m.Key, prefix) {
					return v.Code
				}
			}
		}
	}
	return ""
}

// stepOf returns what is known of a remediation, or nil.
func stepOf(name string) *IDXStep {
	for i := range IDXSteps {
		if IDXSteps[i].Name == name {
			return &IDXSteps[i]
		}
	}
	return nil
}
