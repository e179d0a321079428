package signin

// What buttons say that lead on, in the order in which they are looked for.
var (
	nextWords    = []string{"next", "continue", "sign in", "log in", "login", "signin", "submit", "ok", "weiter", "suivant", "siguiente"}
	signInWords  = []string{"sign in", "log in", "login", "signin", "log on", "sign on", "continue", "next", "submit", "anmelden", "se connecter", "iniciar sesión"}
	verifyWords  = []string{"verify", "verify code", "confirm", "submit", "continue", "next", "sign in", "log in", "login", "validate", "authenticate", "ok"}
	consentWords = []string{"allow access", "allow", "authorize", "authorise", "accept", "approve", "grant access", "grant", "agree", "i agree", "consent", "submit consent",
		"yes allow", "yes", "confirm"}
	denyWords = []string{"deny", "deny access", "don't allow", "do not allow", "no do not allow", "decline", "reject", "refuse", "disagree", "cancel", "no thanks", "no", "abort"}
	skipWords = []string{"skip", "skip for now", "skip setup", "not now", "remind me later", "ask later", "ask me later", "maybe later", "do this later",
		"do it later", "later", "no thanks"}
)

// Words that tell pages apart.
var (
	consentTexts = []string{"consent", "would like to", "would like access", "wants to access", "wants access", "is requesting access", "requests access", "requesting permission",
		"requesting permissions", "wants permission", "asking for permission", "asking you to confirm", "grant access", "do you grant", "allow access",
		"permissions requested", "requested permissions", "authorize", "authorise", "have access to", "following scopes", "scopes", "will be able to", "claims"}
	sentTexts = []string{"sent to", "sent you", "sent a", "sent an", "have sent", "we sent", "we just sent", "texted", "we texted", "emailed", "we emailed", "check your email", "check your inbox",
		"check your phone", "verify with your email", "verify with your phone", "text message", "sms", "code from your email", "we called"}
	enrolTexts = []string{"scan the qr code", "scan the barcode", "scan this qr code", "scan this barcode", "scan the code below", "scan qr code", "set up authenticator", "set up your authenticator",
		"authenticator setup", "set up security methods", "set up two factor", "set up multifactor", "set up multi factor", "enroll", "enrol", "keep your account secure",
		"more information required", "install one of the following applications", "setup key"}
	unansweredTexts = []string{"push notification", "approve the sign in", "approve sign in request", "approve the request", "passkey", "security key", "windows hello",
		"touch id", "fingerprint", "okta fastpass", "duo security", "smart card", "insert your key"}
	chooseTexts = []string{"security method", "verification method", "authentication method", "another way to", "how do you want", "how would you like",
		"verify it's you", "verify your identity", "choose a method", "select a method", "select an authenticator", "choose an authenticator", "select authentication",
		"choose how"}
	staySignedInTexts = []string{"stay signed in", "keep me signed in", "keep you signed in", "stay logged in"}
	waitTexts         = []string{"please wait", "redirecting", "being redirected", "signing in to", "signing you in", "logging you in", "loading", "one moment",
		"just a moment", "working", "submit this form", "click continue to proceed", "press the continue button", "click the button below to continue"}
	errorHeads = []string{"error", "something went wrong", "bad request", "invalid request", "not found", "something is wrong", "we are sorry", "we're sorry", "sorry", "oops", "forbidden",
		"problem", "unable to"}
	scriptTexts = []string{"enable javascript", "javascript is required", "javascript is disabled", "javascript required", "requires javascript",
		"turn on javascript", "without javascript"}
)

// Pages are the recognisers that are built in, in the order in which they are tried. Each knows its page by itself: on
// the recorded pages of testdata/pages no other claims it.
var Pages = []Page{
	{Name: "captcha", Doc: "a captcha, which no program answers", Code: codeCaptcha,
		Hint: "allow-list this machine or this user with the provider, or let a person sign in: --sign-in system",
		When: []Sign{{Captcha: true}, {Absent: []string{kindTyped}, Verdict: codeCaptcha}}},
	{Name: "login", Doc: "the user's name and password on one page",
		Fill: []string{kindIdentifier, kindPassword}, Press: signInWords,
		When: []Sign{{Fields: []string{kindIdentifier, kindPassword}, Without: []string{kindNewPassword, kindCode}, Absent: []string{kindCaptcha}}}},
	{Name: "login-code", Doc: "the user's name, password and a code from an app on one page",
		Fill: []string{kindIdentifier, kindPassword, kindCode}, Challenge: ChallengeTOTP, Press: signInWords,
		When: []Sign{{Fields: []string{kindIdentifier, kindPassword, kindCode}, Without: []string{kindNewPassword}, Absent: []string{kindCaptcha}}}},
	{Name: "identifier", Doc: "the user's name; the rest comes later",
		Fill: []string{kindIdentifier}, Press: nextWords,
		When: []Sign{{Fields: []string{kindIdentifier}, NoText: []string{"unlock account", "forgot password", "reset your password", "password reset"},
			Absent: []string{kindPassword, kindNewPassword, kindCode, kindAnswer, kindCaptcha}},
			{Fields: []string{kindIdentifier}, Button: []string{"next", "sign in", "log in", "login", "continue"},
				Absent: []string{kindPassword, kindNewPassword, kindCode, kindAnswer, kindCaptcha}}}},
	{Name: "password", Doc: "the password; the user's name came before",
		Fill: []string{kindPassword}, Press: signInWords,
		When: []Sign{{Fields: []string{kindPassword}, Without: []string{kindIdentifier, kindNewPassword, kindAnswer, kindCode},
			Absent: []string{kindIdentifier, kindNewPassword, kindCaptcha}}}},
	{Name: "totp", Doc: "a code from an authenticator app (RFC 6238)",
		Fill: []string{kindCode}, Challenge: ChallengeTOTP, Press: verifyWords,
		When: []Sign{{Fields: []string{kindCode}, Absent: []string{kindPassword, kindNewPassword, kindIdentifier, kindAnswer, kindCaptcha},
			NoText: append(append([]string{}, sentTexts...), enrolTexts...)}}},
	{Name: "sent-code", Doc: "a code that came by mail, text message or call",
		Fill: []string{kindCode}, Challenge: ChallengeCode, Press: verifyWords,
		When: []Sign{{Fields: []string{kindCode}, Absent: []string{kindPassword, kindNewPassword, kindIdentifier, kindAnswer, kindCaptcha},
			Text: sentTexts, NoText: enrolTexts}}},
	{Name: "question", Doc: "a security question",
		Fill: []string{kindAnswer}, Challenge: ChallengeQuestion, Press: verifyWords,
		When: []Sign{{Fields: []string{kindAnswer}, NoText: enrolTexts, Absent: []string{kindPassword, kindNewPassword, kindIdentifier, kindCaptcha}}}},
	{Name: "skip", Doc: "an offer or a warning that can be skipped", Press: skipWords,
		When: []Sign{{Button: skipWords, Absent: []string{kindPassword, kindIdentifier, kindAnswer, kindCaptcha}, NoText: append(append([]string{}, staySignedInTexts...), consentTexts...)}}},
	{Name: "password-expired", Doc: "the password has to be changed", Code: codePasswordExpired,
		Hint: "set a new password for the user with the provider",
		When: []Sign{
			{Fields: []string{kindNewPassword}, Absent: []string{kindIdentifier}, NoButton: skipWords},
			{Absent: []string{kindTyped}, Verdict: codePasswordExpired}}},
	{Name: "enrolment", Doc: "the user has to set up a factor first", Code: codeEnrolment,
		Hint: "set the factor up once in a browser, and give this program its secret",
		When: []Sign{{Text: enrolTexts, Verdict: "-", NoButton: skipWords, Absent: []string{kindPassword, kindIdentifier, kindNewPassword}}}},
	{Name: "stay-signed-in", Doc: "an offer to stay signed in, which is declined",
		Press: []string{"no", "don't stay signed in", "do not stay signed in", "not now", "no thanks"},
		When: []Sign{{Text: staySignedInTexts, Absent: []string{kindTyped},
			Button: []string{"no", "don't stay signed in", "do not stay signed in", "not now", "no thanks"}}}},
	{Name: "consent", Doc: "what the application asks for, to be allowed or denied",
		Press: append(append([]string{}, consentWords...), "continue"), Deny: denyWords,
		When: []Sign{
			{Button: consentWords, Text: consentTexts, Absent: []string{kindTyped}, NoText: staySignedInTexts},
			{Button: []string{"continue"}, Text: consentTexts, Absent: []string{kindTyped}, NoText: append(append([]string{}, staySignedInTexts...), waitTexts...)}}},
	{Name: "choose-method", Doc: "a choice of ways to verify", Choose: true, Press: verifyWords,
		When: []Sign{{Text: chooseTexts, Method: true, Absent: []string{kindTyped}}}},
	{Name: "unanswerable", Doc: "a push message, a passkey or a device that this program has not", Code: codeMFAUnavailable,
		Hint: "give the test user a factor that a program can answer: an authenticator app with --totp-file, or a security question with --answers-file",
		When: []Sign{{Text: unansweredTexts, Absent: []string{kindTyped}, NoText: append(append(append([]string{}, enrolTexts...), consentTexts...), chooseTexts...), Verdict: "-"}}},
	{Name: "locked", Doc: "the account is locked or disabled", Code: codeLockedOut,
		Hint: "unlock the user with the provider; nothing was tried again",
		When: []Sign{{Absent: []string{kindTyped}, Verdict: codeLockedOut}}},
	{Name: "not-assigned", Doc: "the user may not use this application", Code: codeNotAssigned,
		Hint: "assign the user, or a group the user is in, to the application",
		When: []Sign{{Absent: []string{kindTyped}, Verdict: codeNotAssigned}}},
	{Name: "denied", Doc: "a policy of the provider refuses the sign-in", Code: codeDenied,
		When: []Sign{{Absent: []string{kindTyped}, Verdict: codeDenied}}},
	{Name: "risk", Doc: "the provider finds the sign-in unusual", Code: codeRisk,
		Hint: "let this machine's network be trusted by the provider's policy",
		When: []Sign{{Absent: []string{kindTyped}, Verdict: codeRisk}}},
	{Name: "session-expired", Doc: "the sign-in took too long or its cookies are gone", Code: codeSessionExpired,
		When: []Sign{{Absent: []string{kindTyped}, Verdict: codeSessionExpired}}},
	{Name: "user-unknown", Doc: "there is no such user", Code: codeUserUnknown,
		When: []Sign{{Absent: []string{kindTyped}, Verdict: codeUserUnknown}}},
	{Name: "refused", Doc: "name, password or code were refused", Code: codeInvalidCredentials,
		When: []Sign{{Absent: []string{kindTyped}, Verdict: codeInvalidCredentials}}},
	{Name: "rate-limited", Doc: "too many requests (RFC 6585 §4)", Code: codeRateLimited,
		Hint: "wait, or sign in less often: tokens can be kept and used again",
		When: []Sign{{Absent: []string{kindTyped}, Verdict: codeRateLimited}}},
	{Name: "server-error", Doc: "the provider is out of order", Code: codeServerError,
		When: []Sign{{Absent: []string{kindTyped}, Verdict: codeServerError}}},
	{Name: "provider-error", Doc: "the provider's page about a request it refuses, such as one with a wrong redirect URI", Code: codeErrorPage,
		Hint: "compare client id, redirect URI and scopes with the provider's settings",
		When: []Sign{
			{Absent: []string{kindTyped}, Verdict: "-", OAuth: true},
			{Absent: []string{kindTyped}, Verdict: "-", Status: 400},
			{Absent: []string{kindTyped}, Verdict: "-", Head: errorHeads}}},
	{Name: "wait", Doc: "a page that goes on by itself", Wait: true,
		When: []Sign{{Text: waitTexts, Absent: []string{kindTyped, kindCaptcha}, NoText: append(append([]string{}, scriptTexts...), unansweredTexts...), Verdict: "-"}}},
}
