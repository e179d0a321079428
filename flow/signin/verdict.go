package signin

import (
	"slices"
	"strings"
)

// Verdict is what the words of a page mean, as data: the error's code and the phrases by which providers say so.
type Verdict struct {
	Code  string
	Texts []string // whole words, case and punctuation aside
}

// The codes of errors that more than one place returns. Scripts branch on them: they do not change.
const (
	codeInvalidCredentials = "signin.invalid_credentials"
	codeUserUnknown        = "signin.user_unknown"
	codeLockedOut          = "signin.locked_out"
	codePasswordExpired    = "signin.password_expired"
	codeEnrolment          = "signin.enrolment_required"
	codeNotOffered         = "signin.enrolment_not_offered"
	codeMFAUnavailable     = "signin.mfa_unavailable"
	codeNotAssigned        = "signin.not_assigned"
	codeDenied             = "signin.denied_by_policy"
	codeRisk               = "signin.risk_stepup"
	codeSessionExpired     = "signin.session_expired"
	codeCaptcha            = "signin.captcha"
	codeUnknownPage        = "signin.unknown_page"
	codePageStuck          = "signin.page_stuck"
	codeForeignHost        = "signin.foreign_host"
	codeExternalIDP        = "signin.external_idp"
	codeConsentRefused     = "signin.consent_refused"
	codeRateLimited        = "signin.rate_limited"
	codeServerError        = "signin.server_error"
	codeTimeout            = "signin.timeout"
	codeNeedsBrowser       = "usage.needs_browser"
	codeCanceled           = "signin.canceled"
	codeErrorPage          = "authorize.error_page"
)

// Verdicts are tried in order: what says more comes first, since a locked account's message also speaks of a password.
var Verdicts = []Verdict{
	{codeLockedOut, []string{"account is locked", "account locked", "account has been locked", "account was locked",
		"locked out", "user is locked", "account is temporarily locked", "temporarily disabled",
		"account is disabled", "account disabled", "account has been disabled", "account is suspended",
		"account has been suspended", "account is deactivated", "account is blocked", "your account has been blocked",
		"factor is suspended", "user account is locked"}},
	{codeRateLimited, []string{"too many requests", "too many attempts", "too many failed", "too many login attempts",
		"maximum number of requests", "rate limit", "tried too many times"}},
	{codePasswordExpired, []string{"password has expired", "password is expired", "password expired",
		"must change your password", "change your password to continue", "need to change your password",
		"need to update your password", "update your password because"}},
	{codeSessionExpired, []string{"session has expired", "session expired", "session timed out",
		"session has timed out", "due to inactivity", "took too long to login", "took too long to log in",
		"page has expired", "login timeout", "request has expired", "session not found", "csrf verification failed",
		"invalid csrf token", "invalid authenticity token"}},
	{codeNotAssigned, []string{"not assigned to this application", "not assigned to the client application",
		"not assigned to a role", "not been assigned", "user is not assigned",
		"do not have access to this application", "does not have access to this application",
		"don't have access to this application", "not have access to this app",
		"not granted access to this application"}},
	{codeRisk, []string{"unusual sign in activity", "unusual activity", "suspicious activity", "suspicious sign in",
		"browser or app may not be secure", "noticed something unusual"}},
	{codeCaptcha, []string{"captcha", "not a robot", "verify you are human", "confirm you are human", "are you human",
		"checking your browser"}},
	{codeDenied, []string{"access denied", "access is denied", "access has been denied", "do not have permission",
		"don't have permission", "not authorized to", "not permitted to", "blocked by policy",
		"blocked by your administrator", "sign in was blocked", "login is not allowed", "unable to login to",
		"does not meet the criteria", "do not meet the requirements"}},
	{codeUserUnknown, []string{"no account with", "no account found", "couldn't find an account",
		"couldn't find your account", "could not find your account", "couldn't find that account",
		"account doesn't exist", "account does not exist", "user not found", "user does not exist", "no user found",
		"unknown user", "no such user", "user is unknown", "there is no account"}},
	{codeInvalidCredentials, []string{"invalid username", "invalid user name", "invalid user", "invalid email",
		"invalid login", "invalid password", "invalid credentials", "bad credentials", "wrong credentials",
		"wrong password", "wrong username", "wrong email", "wrong code", "incorrect", "not correct", "isn't correct",
		"correct username and password", "invalid code", "invalid passcode", "invalid token",
		"invalid authenticator code", "invalid verification code", "invalid otp", "code is invalid", "code is wrong",
		"code has expired", "password is invalid", "credentials are invalid", "unable to sign in",
		"authentication failed", "login failed", "log in failed", "sign in failed", "sign in unsuccessful",
		"didn't match", "did not match", "do not match", "don't match", "doesn't match", "does not match",
		"can only be used once", "already been used", "could not verify", "couldn't verify"}},
	{codeServerError, []string{"internal server error", "service unavailable", "temporarily unavailable",
		"bad gateway", "gateway timeout", "an error occurred on the server"}},
}

// verdictOf returns the code for the first text that one of the verdicts is about, or "".
func verdictOf(texts ...string) string {
	folded := make([]string, len(texts))
	for i, t := range texts {
		folded[i] = fold(t)
	}
	for _, v := range Verdicts {
		if slices.ContainsFunc(folded, func(t string) bool { return says(t, v.Texts) }) {
			return v.Code
		}
	}
	return ""
}

// verdictOfStatus returns the code for an HTTP status, for pages whose words say nothing.
func verdictOfStatus(status int) string {
	switch {
	case status == 429: // RFC 6585 §4
		return codeRateLimited
	case status >= 500:
		return codeServerError
	}
	return ""
}

// oauthCodes are the error codes of RFC 6749 §4.1.2.1 and its extensions that error pages repeat.
var oauthCodes = []string{"invalid_request_uri", "invalid_request", "unauthorized_client", "access_denied",
	"unsupported_response_type", "invalid_scope",
	"invalid_client", "invalid_redirect_uri", "redirect_uri_mismatch", "request_not_supported", "invalid_target"}

// oauthCodeIn returns the error code that text names, or "".
func oauthCodeIn(text string) string {
	for _, c := range oauthCodes {
		if strings.Contains(text, c) {
			return c
		}
	}
	return ""
}
