package signin

// AuthnStep says what to do about a status of Okta's Classic engine, as data. One without Does cannot be done by a
// program: the sign-in ends with Code.
type AuthnStep struct {
	State string
	Doc   string
	Does  string
	Code  string
	Hint  string
}

// What is done about a status.
const (
	authnWait      = "wait"      // the page goes on by itself
	authnLook      = "look"      // what the page asks is not said
	authnChoose    = "choose"    // verify by the factor that the user can answer
	authnChallenge = "challenge" // answer the factor that asks
	authnSkip      = "skip"      // go on where the step is optional
	authnRenew     = "renew"     // set a new password where there is one and the step is not optional
	authnConsent   = "consent"   // say what Config.Consent says
	authnRecover   = "recover"   // the account is being recovered: nobody asked for that
)

// AuthnSteps are the statuses that are known.
var AuthnSteps = []AuthnStep{
	{State: "UNAUTHENTICATED", Doc: "the user's name and password", Does: authnLook},
	{State: "MFA_REQUIRED", Doc: "a choice of factors", Does: authnChoose},
	{State: "FACTOR_REQUIRED", Doc: "a choice of factors", Does: authnChoose},
	{State: "MFA_CHALLENGE", Doc: "a factor asks", Does: authnChallenge},
	{State: "FACTOR_CHALLENGE", Doc: "a factor asks", Does: authnChallenge},
	{State: "CONSENT_REQUIRED", Doc: "what the application may do", Does: authnConsent},
	{State: "ADMIN_CONSENT_REQUIRED", Doc: "what the application may do to the organisation", Does: authnConsent},
	{State: "PASSWORD_WARN", Doc: "the password is about to expire, and has to be changed now", Does: authnRenew, Code: codePasswordExpired},
	{State: "PASSWORD_EXPIRED", Doc: "the password has expired", Does: authnRenew, Code: codePasswordExpired},
	{State: "PASSWORD_RESET", Doc: "the password has to be set anew", Does: authnRenew, Code: codePasswordExpired},
	{State: "MFA_ENROLL", Doc: "the user has to set up a factor first", Does: authnSkip, Code: codeEnrolment},
	{State: "FACTOR_ENROLL", Doc: "the user has to set up a factor first", Does: authnSkip, Code: codeEnrolment},
	{State: "PROFILE_REQUIRED", Doc: "Okta wants the user's profile filled in", Does: authnSkip, Code: codeEnrolment,
		Hint: "fill the user's profile in, or take the step out of the organisation's registration policy"},
	{State: "POLL", Doc: "Okta has more to do", Does: authnWait},
	{State: "SUCCESS", Doc: "the sign-in is done", Does: authnWait},

	{State: "MFA_ENROLL_ACTIVATE", Doc: "the user has to set up a factor first", Code: codeEnrolment},
	{State: "FACTOR_ENROLL_ACTIVATE", Doc: "the user has to set up a factor first", Code: codeEnrolment},
	{State: "LOCKED_OUT", Doc: "the account is locked", Code: codeLockedOut},
	{State: "RECOVERY", Doc: "the account is being recovered", Does: authnRecover, Code: codeUnknownPage},
	{State: "RECOVERY_CHALLENGE", Doc: "the account is being recovered", Does: authnRecover, Code: codeUnknownPage},
	{State: "DEVICE_ACTIVATE", Doc: "a device is being signed in, and not a user", Code: codeUnknownPage},
}

// authnRecoveries say what is recovered, by what the answer calls it.
var authnRecoveries = map[string]AuthnStep{
	"PASSWORD": {Doc: "the password has to be recovered first", Code: codePasswordExpired},
	"UNLOCK":   {Doc: "the account has to be unlocked first", Code: codeLockedOut},
	"MFA":      {Doc: "a factor has to be recovered first", Code: codeEnrolment},
}

// What one does on Okta's Classic page, the Remediation of its moves.
const (
	AuthnVerify  = "verify"          // answer a factor, once the page shows it
	AuthnSend    = "send"            // have a factor send its code or its message, once the page shows it
	AuthnSelect  = "choose"          // have the page show another factor
	AuthnSkip    = "skip"            // not now
	AuthnAllow   = "allow"           // allow access
	AuthnDeny    = "deny"            // do not allow access
	AuthnRenewal = "change-password" // set a new password
	AuthnLook    = "authenticate"    // whatever the page asks
)

// AuthnMethod is a way of verification of the Classic engine, as data: which factor, and what it asks. One without Asks
// needs a person or a device.
type AuthnMethod struct {
	Type     string // factorType
	Provider string // empty: any
	Asks     string // a ChallengeKind, or password
	Sends    bool   // its code has to be sent first
	Auto     bool   // Okta's page has the factor ask as soon as it shows it
	Beside   bool   // while the factor asks, the page shows another one without going back to the choice
	Doc      string
	Hint     string
}

// AuthnMethods are the ways of verification; of those that ask the same, the best comes first.
var AuthnMethods = []AuthnMethod{
	{Type: "password", Asks: kindPassword, Doc: "a password"},
	{Type: "webauthn", Asks: string(ChallengePasskey), Auto: true, Beside: true, Doc: "a passkey or security key"},
	{Type: "token:software:totp", Provider: "GOOGLE", Asks: string(ChallengeTOTP), Doc: "a code of Google Authenticator"},
	{Type: "token:software:totp", Provider: "OKTA", Asks: string(ChallengeTOTP), Doc: "a code of Okta Verify"},
	{Type: "token:software:totp", Asks: string(ChallengeTOTP), Doc: "a code of an authenticator app"},
	{Type: "question", Asks: string(ChallengeQuestion), Doc: "a security question"},
	{Type: "email", Asks: string(ChallengeCode), Sends: true, Doc: "a code by e-mail"},
	{Type: "sms", Asks: string(ChallengeCode), Sends: true, Doc: "a code by text message"},
	{Type: "call", Asks: string(ChallengeCode), Sends: true, Doc: "a code by phone call"},

	{Type: "push", Sends: true, Doc: "a push message", Hint: "a push message is answered by a person: " + hintPolicy},
	{Type: "u2f", Auto: true, Beside: true, Doc: "a security key of the older kind"},
	{Type: "web", Provider: "DUO", Auto: true, Doc: "Duo"},
	{Type: "token", Provider: "RSA", Doc: "an RSA token"},
	{Type: "token", Provider: "SYMANTEC", Doc: "a Symantec VIP token"},
	{Type: "token", Provider: "DEL_OATH", Doc: "a token of the company's own"},
	{Type: "token:hotp", Doc: "a code that counts its uses"},
	{Type: "token:hardware", Doc: "a YubiKey"},
	{Type: "claims_provider", Doc: "another identity provider"},
	{Type: "assertion:saml2", Doc: "another identity provider"},
	{Type: "assertion:oidc", Doc: "another identity provider"},
}

// AuthnVerdicts are what Okta's error codes mean at the Classic engine, where it is not what [IDXVerdicts] say.
var AuthnVerdicts = []IDXVerdict{
	{codeLockedOut, []string{"E0000069"}},
	{codeRateLimited, []string{"E0000109", "E0000118", "E0000133", "E0000150"}},
	{codeSessionExpired, []string{"E0000005", "E0000079", "E0000107"}},
	{codeDenied, []string{"E0000015", "E0000057", "E0000058", "E0000085", "E0000092"}},
	{codePasswordExpired, []string{"E0000014", "E0000035", "E0000080"}},
	{codeMFAUnavailable, []string{"E0000066", "E0000067", "E0000073", "E0000074"}},
	{codeInvalidCredentials, []string{"E0000082", "E0000083", "E0000087", "E0000106", "E0000207"}},
}

// hintPasskey is for who is asked for a passkey and has none.
const hintPasskey = "give one with --passkey-file FILE, or let the policy accept something else"

// authnStepOf returns what is known of a status, or nil.
func authnStepOf(state string) *AuthnStep {
	for i := range AuthnSteps {
		if AuthnSteps[i].State == state {
			return &AuthnSteps[i]
		}
	}
	return nil
}

// method returns what is known of the factor, or nil.
func (f *AuthnFactor) method() *AuthnMethod {
	for i := range AuthnMethods {
		if m := &AuthnMethods[i]; m.is(f) {
			return m
		}
	}
	return nil
}

func (m *AuthnMethod) is(f *AuthnFactor) bool {
	return m.Type == f.Type && (m.Provider == "" || m.Provider == f.Provider)
}
