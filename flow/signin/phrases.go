package signin

// What buttons say, in the order in which they are looked for. These and the phrases below are compared as whole words,
// case and punctuation aside.
var (
	nextWords = []string{"next", "continue", "sign in", "log in", "login", "signin", "submit", "ok", "weiter",
		"suivant", "siguiente"}
	signInWords = []string{"sign in", "log in", "login", "signin", "log on", "sign on", "continue", "next", "submit",
		"anmelden", "se connecter", "iniciar sesión"}
	verifyWords = []string{"verify", "verify code", "confirm", "submit", "continue", "next", "sign in", "log in",
		"login", "validate", "authenticate", "ok"}
	renewWords = []string{"change password", "update password", "reset password", "save password", "set password", "update",
		"change", "save", "submit", "continue", "next", "ok"}
	consentWords = []string{"allow access", "allow", "authorize", "authorise", "accept", "approve", "grant access",
		"grant", "agree", "i agree", "consent", "submit consent", "yes allow", "yes", "confirm"}
	denyWords = []string{"deny", "deny access", "don't allow", "do not allow", "no do not allow", "decline", "reject",
		"refuse", "disagree", "cancel", "no thanks", "no", "abort"}
	skipWords = []string{"skip", "skip for now", "skip setup", "not now", "remind me later", "ask later",
		"ask me later", "maybe later", "do this later", "do it later", "later", "no thanks"}
	declineWords = []string{"no", "don't stay signed in", "do not stay signed in", "not now", "no thanks"}
	resetTexts   = []string{"unlock account", "forgot password", "reset your password", "password reset"}
)

// What pages say.
var (
	consentTexts = []string{"consent", "would like to", "would like access", "wants to access", "wants access",
		"is requesting access", "requests access", "requesting permission", "requesting permissions",
		"wants permission", "asking for permission", "asking you to confirm", "grant access", "do you grant",
		"allow access", "permissions requested", "requested permissions", "authorize", "authorise", "have access to",
		"following scopes", "scopes", "will be able to", "claims"}
	sentTexts = []string{"sent to", "sent you", "sent a", "sent an", "have sent", "we sent", "we just sent", "texted",
		"we texted", "emailed", "we emailed", "check your email", "check your inbox", "check your phone",
		"verify with your email", "verify with your phone", "text message", "sms", "code from your email", "we called"}
	enrolTexts = []string{"scan the qr code", "scan the barcode", "scan this qr code", "scan this barcode",
		"scan the code below", "scan qr code", "set up authenticator", "set up your authenticator",
		"authenticator setup", "set up security methods", "set up two factor", "set up multifactor",
		"set up multi factor", "enroll", "enrol", "keep your account secure", "more information required",
		"install one of the following applications", "setup key"}
	unansweredTexts = []string{"push notification", "approve the sign in", "approve sign in request",
		"approve the request", "passkey", "security key", "windows hello", "touch id", "fingerprint", "okta fastpass",
		"duo security", "smart card", "insert your key"}
	pushTexts   = []string{"push notification", "approve the sign in", "approve sign in request", "approve the request"}
	chooseTexts = []string{"security method", "verification method", "authentication method", "another way to",
		"how do you want", "how would you like", "verify it's you", "verify your identity", "choose a method",
		"select a method", "select an authenticator", "choose an authenticator", "select authentication", "choose how"}
	staySignedInTexts = []string{"stay signed in", "keep me signed in", "keep you signed in", "stay logged in"}
	waitTexts         = []string{"please wait", "redirecting", "being redirected", "signing in to", "signing you in",
		"logging you in", "loading", "one moment", "just a moment", "working", "submit this form",
		"click continue to proceed", "press the continue button", "click the button below to continue"}
	errorHeads = []string{"error", "something went wrong", "bad request", "invalid request", "not found",
		"something is wrong", "we are sorry", "we're sorry", "sorry", "oops", "forbidden", "problem", "unable to"}
	scriptTexts = []string{"enable javascript", "javascript is required", "javascript is disabled",
		"javascript required", "requires javascript", "turn on javascript", "without javascript"}
)
