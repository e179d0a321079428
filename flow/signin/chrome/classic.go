package chrome

import (
	"context"
	"strings"

	"github.com/oidcflow/oidcflow/flow/signin"
	"github.com/oidcflow/oidcflow/flow/trace"
)

// authnAnswer is one of the Classic engine.
type authnAnswer struct{ *signin.AuthnAnswer }

func readAuthn(body []byte) (answer, error) {
	a, err := signin.ParseAuthn(body)
	if err != nil {
		a = &signin.AuthnAnswer{}
	}
	return authnAnswer{a}, err
}

func (a authnAnswer) came(status int, url, requestID string, says ...signin.IDXMessage) {
	a.Status, a.URL, a.RequestID, a.Messages = status, url, requestID, append(a.Messages, says...)
}

func (a authnAnswer) step() string { return a.State }

func (a authnAnswer) about() string {
	parts := []string{a.State, a.Result, a.Number}
	for _, f := range a.Factors {
		parts = append(parts, f.Provider, f.Type, f.ID)
	}
	return strings.Join(parts, "\n")
}

// polls reports whether a push message is waited for: the page asks as it would to verify a code.
func (a authnAnswer) polls() bool { return a.Result == "WAITING" }

func (a authnAnswer) secrets() []trace.Secret { return nil }

func (a authnAnswer) missed(s *signIn) { s.dialog.authn.Missed(a.AuthnAnswer) }

func (a authnAnswer) next(ctx context.Context, s *signIn) (*signin.IDXMove, error) {
	return s.dialog.authn.Next(ctx, a.AuthnAnswer)
}

// classicFactor is how the Classic page marks a factor, in whatever language: where it shows it, and in its list.
type classicFactor struct {
	provider string // empty: any other
	kind     string // factorType
	Shown    string
	Listed   string
}

// classicFactors are those that are ever chosen. Okta Verify is one on the page, whether it is sent a push message or
// makes a code.
var classicFactors = []classicFactor{
	{"OKTA", "token:software:totp", "mfa-okta-verify", "mfa-okta-verify-30"},
	{"OKTA", "push", "mfa-okta-verify", "mfa-okta-verify-30"},
	{"", "token:software:totp", "mfa-google-auth", "mfa-google-auth-30"},
	{"OKTA", "question", "mfa-okta-security-question", "mfa-question-30"},
	{"OKTA", "email", "mfa-okta-email", "mfa-email-30"},
	{"OKTA", "sms", "mfa-okta-sms", "mfa-sms-30"},
	{"OKTA", "call", "mfa-okta-call", "mfa-call-30"},
	{"OKTA", "password", "mfa-okta-password", "mfa-password-30"},
	{"FIDO", "webauthn", "mfa-webauthn", "mfa-webauthn-30"},
}

// factorOf returns the factor that is chosen, or nil where it is none of the Classic engine.
func factorOf(choice signin.IDXFill) *classicFactor {
	for i := range classicFactors {
		if f := &classicFactors[i]; f.kind == choice.Way && (f.provider == "" || f.provider == choice.Key) {
			return f
		}
	}
	return nil
}

// classicOnly is what to press for a step that only the Classic engine has.
func classicOnly(selectors ...string) map[string][]string {
	return map[string][]string{"classic": selectors}
}
