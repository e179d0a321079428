package signin

import "slices"

// Kinds of fields that are on no page which asks for less.
var (
	noCredential = []string{kindPassword, kindNewPassword, kindCode, kindAnswer, kindCaptcha}
	noSignIn     = []string{kindPassword, kindNewPassword, kindIdentifier, kindCaptcha}
	noField      = []string{kindTyped}
)

// Pages are the recognisers that are built in, in the order in which they are tried. Each knows its page by itself: of
// the recorded pages in testdata/pages none is claimed by two.
var Pages = slices.Concat(credentialPages, choicePages, endPages)

// WithPages returns [Pages] with others: one that has the name of one of ours takes its place, and the rest is tried
// before ours, as is a screen of Okta's widget in any case. So pages of one's own can be added, and ours mended, for [Config.Pages].
func WithPages(others []Page) []Page {
	ours := slices.Clone(Pages)
	var added []Page
	for _, p := range others {
		if i := slices.IndexFunc(ours, func(our Page) bool { return our.Name == p.Name && p.Remediation == "" }); i >= 0 {
			ours[i] = p
		} else {
			added = append(added, p)
		}
	}
	return append(added, ours...)
}

// credentialPages ask for a name, a password, a code or an answer.
var credentialPages = []Page{
	{Name: "login", Doc: "the user's name and password on one page",
		Fill: []string{kindIdentifier, kindPassword}, Press: signInWords,
		When: []Sign{{Fields: []string{kindIdentifier, kindPassword}, Without: []string{kindNewPassword, kindCode}, Absent: []string{kindCaptcha}}}},
	{Name: "login-code", Doc: "the user's name, password and a code from an app on one page",
		Fill: []string{kindIdentifier, kindPassword, kindCode}, Challenge: ChallengeTOTP, Press: signInWords,
		When: []Sign{{Fields: []string{kindIdentifier, kindPassword, kindCode}, Without: []string{kindNewPassword}, Absent: []string{kindCaptcha}}}},
	{Name: "identifier", Doc: "the user's name; the rest comes later",
		Fill: []string{kindIdentifier}, Press: nextWords,
		When: []Sign{
			{Fields: []string{kindIdentifier}, Absent: noCredential, NoText: resetTexts},
			{Fields: []string{kindIdentifier}, Absent: noCredential, Button: []string{"next", "sign in", "log in", "login",
				"continue"}}}},
	{Name: "password", Doc: "the password; the user's name came before",
		Fill: []string{kindPassword}, Press: signInWords,
		When: []Sign{{Fields: []string{kindPassword}, Without: []string{kindAnswer, kindCode}, Absent: []string{kindIdentifier, kindNewPassword, kindCaptcha}}}},
	{Name: "totp", Doc: "a code from an authenticator app (RFC 6238)",
		Fill: []string{kindCode}, Challenge: ChallengeTOTP, Press: verifyWords,
		When: []Sign{{Fields: []string{kindCode}, Without: []string{kindAnswer}, Absent: noSignIn, NoText: slices.Concat(sentTexts, enrolTexts)}}},
	{Name: "sent-code", Doc: "a code that came by mail, text message or call",
		Fill: []string{kindCode}, Challenge: ChallengeCode, Press: verifyWords,
		When: []Sign{{Fields: []string{kindCode}, Without: []string{kindAnswer}, Absent: noSignIn, Text: sentTexts, NoText: enrolTexts}}},
	{Name: "question", Doc: "a security question",
		Fill: []string{kindAnswer}, Challenge: ChallengeQuestion, Press: verifyWords,
		When: []Sign{{Fields: []string{kindAnswer}, Absent: noSignIn, NoText: enrolTexts}}},
}

// choicePages ask for a decision.
var choicePages = []Page{
	{Name: "skip", Doc: "an offer or a warning that can be skipped", Press: skipWords,
		When: []Sign{{Button: skipWords, Absent: []string{kindPassword, kindIdentifier, kindAnswer, kindCaptcha}, NoText: slices.Concat(staySignedInTexts, consentTexts)}}},
	{Name: "stay-signed-in", Doc: "an offer to stay signed in, which is declined", Press: declineWords,
		When: []Sign{{Text: staySignedInTexts, Button: declineWords, Absent: noField}}},
	{Name: "consent", Doc: "what the application asks for, to be allowed or denied",
		Press: slices.Concat(consentWords, []string{"continue"}), Deny: denyWords,
		When: []Sign{
			{Button: consentWords, Text: consentTexts, Absent: noField, NoText: staySignedInTexts},
			{Button: []string{"continue"}, Text: consentTexts, Absent: noField, NoText: slices.Concat(staySignedInTexts, waitTexts)}}},
	{Name: "choose-method", Doc: "a choice of ways to verify", Choose: true, Press: verifyWords,
		When: []Sign{{Text: chooseTexts, Method: true, Absent: noField}}},
	{Name: "wait", Doc: "a page that goes on by itself", Wait: true,
		When: []Sign{{Text: waitTexts, Absent: []string{kindTyped, kindCaptcha}, NoText: slices.Concat(scriptTexts, unansweredTexts), Verdict: "-"}}},
}

// endPages are the end of a sign-in.
var endPages = []Page{
	{Name: "captcha", Doc: "a captcha, which no program answers", Code: codeCaptcha,
		Hint: "allow-list this machine or this user with the provider, or let a person sign in: --sign-in system",
		When: []Sign{{Captcha: true}, {Absent: noField, Verdict: codeCaptcha}}},
	{Name: "password-expired", Doc: "the password has to be changed, which ends the sign-in unless there is a new one", Code: codePasswordExpired,
		Fill: []string{kindNewPassword}, Press: renewWords,
		When: []Sign{
			{Fields: []string{kindNewPassword}, Absent: []string{kindIdentifier}, NoButton: skipWords},
			{Absent: noField, Verdict: codePasswordExpired}}},
	{Name: "enrolment", Doc: "the user has to set up a factor first", Code: codeEnrolment,
		When: []Sign{{Text: enrolTexts, Verdict: "-", NoButton: skipWords, Absent: []string{kindPassword, kindIdentifier, kindNewPassword}}}},
	{Name: "unanswerable", Doc: "a push message, a passkey or a device that this program has not", Code: codeMFAUnavailable,
		Hint: "give the test user a factor that a program can answer: an authenticator app with --totp-file, or a security question with --answers-file",
		When: []Sign{{Text: unansweredTexts, Verdict: "-", Absent: noField, NoText: slices.Concat(enrolTexts, consentTexts, chooseTexts)}}},
	verdictPage("locked", "the account is locked or disabled", codeLockedOut),
	verdictPage("not-assigned", "the user may not use this application", codeNotAssigned),
	verdictPage("denied", "a policy of the provider refuses the sign-in", codeDenied),
	verdictPage("risk", "the provider finds the sign-in unusual", codeRisk),
	verdictPage("session-expired", "the sign-in took too long, or its cookies are gone", codeSessionExpired),
	verdictPage("user-unknown", "there is no such user", codeUserUnknown),
	verdictPage("refused", "name, password or code were refused", codeInvalidCredentials),
	verdictPage("rate-limited", "too many requests (RFC 6585 §4)", codeRateLimited),
	verdictPage("server-error", "the provider is out of order", codeServerError),
	{Name: "provider-error", Doc: "the provider refuses the request of the client", Code: codeErrorPage,
		Hint: "compare client id, redirect URI and scopes with the provider's settings",
		When: []Sign{
			{Absent: noField, Verdict: "-", OAuth: true},
			{Absent: noField, Verdict: "-", Status: 400},
			{Absent: noField, Verdict: "-", Head: errorHeads}}},
}

// verdictPage is a page that has nothing to fill, and whose words mean that code.
func verdictPage(name, doc, code string) Page {
	return Page{Name: name, Doc: doc, Code: code, When: []Sign{{Absent: noField, Verdict: code}}}
}
