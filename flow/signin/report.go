package signin

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/oidcflow/oidcflow/flow"
	"github.com/oidcflow/oidcflow/flow/trace"
)

// maxShown is how many characters of a provider's text an error repeats.
const maxShown = 200

// hints say what a user can do, by code, where the recogniser does not say it better.
var hints = map[string]string{
	codeInvalidCredentials: "check the user's name, password and factor; what was refused was not sent again",
	codeUserUnknown:        "check --username",
	codeLockedOut:          "unlock the user with the provider; nothing was tried again",
	codePasswordExpired:    hintNewPassword,
	codeMFAUnavailable:     "give the user a factor: --passkey-file, --totp-file, --answers-file or --code-command",
	codeNotAssigned:        "assign the user, or a group the user is in, to the application",
	codeRisk:               "let the provider's policy trust this machine's network",
	codeEnrolment:          "set the factor up once in a browser, and give this program its secret",
	codeRateLimited:        "wait, or sign in less often: tokens can be kept and used again",
}

// Stuck returns the error for a page that did not change after the last move.
func (d *Dialog) Stuck(v *View) error {
	if code := verdictOf(v.Messages...); code != "" && d.last != nil {
		return d.fail(v, code, "the provider refuses", hints[code])
	}
	what := "the page does not change"
	if d.last != nil {
		what += " after " + d.lastMove()
	}
	return d.fail(v, codePageStuck, what, "--artifacts DIR keeps what was on screen")
}

// Timeout returns the error for a deadline that passed while v was on screen; v may be nil.
func (d *Dialog) Timeout(v *View) error { return d.interrupted(v, context.DeadlineExceeded) }

// interrupted returns the error for a context that ended with cause.
func (d *Dialog) interrupted(v *View, cause error) error {
	what := "the sign-in"
	if d.last != nil {
		what += ", after " + d.lastMove()
	}
	return d.onPage(v, ended(cause, what+d.where(v)))
}

// ended returns the error for a context that ended with cause while what was going on.
func ended(cause error, what string) *flow.Error {
	if errors.Is(cause, context.Canceled) {
		return &flow.Error{Step: trace.SignIn, Code: codeCanceled, Err: fmt.Errorf("interrupted: %s: %w", what, cause)}
	}
	return &flow.Error{Step: trace.SignIn, Code: codeTimeout, Err: fmt.Errorf("out of time: %s: %w", what, cause), Hint: "--timeout allows more"}
}

// lastMove says what was done last.
func (d *Dialog) lastMove() string {
	name := "the form was sent"
	if d.last.Press != nil {
		name = fmt.Sprintf("%q was pressed", d.clean(d.last.Press.says()))
	}
	return name + " on page " + d.last.Page
}

// unknown returns the error for a page that no recogniser claims.
func (d *Dialog) unknown(s *scan) error {
	what := "nobody knows this page"
	if near := closest(d.pages, s); near != "" {
		what += " (" + near + ")"
	}
	if says(s.text, scriptTexts) && !d.Sent() {
		return d.needsBrowser(s.View)
	}
	return d.fail(s.View, codeUnknownPage, what, "--artifacts DIR keeps the page's skeleton; --sign-in system lets a person sign in")
}

// endedBy returns the error that the page stands for.
func (d *Dialog) endedBy(p *Page, s *scan) error {
	code, hint := p.Code, p.Hint
	if code == codeErrorPage && s.oauth != "" {
		code = string(trace.Authorize) + "." + s.oauth
	}
	if hint == "" {
		hint = hints[code]
	}
	return d.fail(s.View, code, p.Doc, hint)
}

// fail returns the error that ends the sign-in on the page v.
func (d *Dialog) fail(v *View, code, what, hint string) error {
	return d.onPage(v, &flow.Error{Step: trace.SignIn, Code: code, Err: errors.New(what + d.where(v)), Hint: hint})
}

// needsBrowser returns the error for a page that does nothing without scripts.
func (d *Dialog) needsBrowser(v *View) error {
	return d.onPage(v, &flow.Error{Step: trace.SignIn, Code: codeUnknownPage, Err: fmt.Errorf("%w%s", ErrNeedsBrowser, d.where(v)), Hint: "--sign-in chrome"})
}

// onPage returns e, which is about v, with the name of the request for v.
func (d *Dialog) onPage(v *View, e *flow.Error) error {
	if v != nil {
		e.RequestID = d.clean(v.RequestID)
	}
	return e
}

// where returns the page's title, address and visible message for an error.
func (d *Dialog) where(v *View) string {
	if v == nil {
		return ""
	}
	at := fmt.Sprintf(": page %q at %s", d.clean(v.Title), d.clean(cleanURL(v.URL)))
	if message := d.message(v); message != "" {
		at += fmt.Sprintf(" says %q", message)
	}
	return at
}

// message returns what the page says: its error messages, else its text.
func (d *Dialog) message(v *View) string {
	if len(v.Messages) > 0 {
		return d.clean(strings.Join(v.Messages, " · "))
	}
	return d.clean(v.Text)
}

// clean returns a provider's text fit for an error, without the credentials that a page may repeat.
func (d *Dialog) clean(text string) string {
	for _, s := range append([]trace.Secret{d.cfg.User.Password}, d.secrets...) {
		text = s.Hide(text)
	}
	return clean(text, maxShown)
}
