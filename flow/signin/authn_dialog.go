package signin

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/oidcflow/oidcflow/flow/trace"
)

// AuthnDialog decides, answer by answer of Okta's Classic engine, what a user does next, by the same rules as
// [IDXDialog] does for the Identity Engine. Its moves are for Okta's own page, which knows what to send: they have no
// Body. One serves one sign-in and is not safe for concurrent use.
type AuthnDialog struct {
	*Dialog
	factors []AuthnFactor   // to choose from, by the last answer that said so
	shown   string          // the factor that the page shows, by its name
	asked   *AuthnFactor    // that was turned to last
	pending *IDXMove        // the answer to it
	tried   map[string]bool // factors that the page was to show, and ledger names that no factor of the user answered
}

// Authn returns the dialog with Okta's Classic engine that goes on with what d has sent already.
func (d *Dialog) Authn() *AuthnDialog { return &AuthnDialog{Dialog: d, tried: map[string]bool{}} }

// Next returns the move for a, or an error of type *flow.Error that ends the sign-in. The values in the move have been
// learned by the recorder of ctx.
func (d *AuthnDialog) Next(ctx context.Context, a *AuthnAnswer) (*IDXMove, error) {
	v := a.view()
	if err := ctx.Err(); err != nil {
		return nil, d.interrupted(v, err)
	}
	d.kept = maps.Clone(d.sent)
	trace.Record(ctx, trace.Event{Kind: trace.Page, Name: d.clean(a.screen()), URL: cleanURL(a.URL), Fields: d.offers(a), Keys: d.keys(a.Messages)})
	if a.Expires > 0 && a.State == "PASSWORD_WARN" {
		trace.Record(ctx, trace.Event{Kind: trace.Warning, Message: fmt.Sprintf("the user's password expires in %d days", a.Expires)})
	}
	switch {
	case a.State == "" && len(a.Messages) == 0 && a.Status/100 == 2:
		return &IDXMove{Wait: true}, nil // the sign-in was broken off, as after a refused consent
	case a.State == "":
		return d.refused(ctx, a)
	}
	step := authnStepOf(a.State)
	switch {
	case step == nil:
		return nil, d.fail(v, codeUnknownPage, "nobody knows the status "+quoted(a.State)+" of Okta's sign-in", "--sign-in system lets a person sign in")
	case step.Does == authnWait:
		d.Accepted(ctx)
		return &IDXMove{Wait: true}, nil
	}
	if d.moves++; d.moves > maxMoves {
		return nil, d.fail(v, codePageStuck, fmt.Sprintf("the provider asks on and on: more than %d steps", maxMoves), "")
	}
	if step.Does != authnRenew {
		d.Accepted(ctx)
	}
	return d.do(ctx, a, step)
}

// do returns the move for a status.
func (d *AuthnDialog) do(ctx context.Context, a *AuthnAnswer, step *AuthnStep) (*IDXMove, error) {
	switch step.Does {
	case authnLook:
		if len(a.Factors) > 0 { // a sign-in without a password
			return d.choose(ctx, a)
		}
		return &IDXMove{Remediation: AuthnLook, Look: true}, nil
	case authnChoose:
		return d.choose(ctx, a)
	case authnChallenge:
		return d.challenge(ctx, a)
	case authnConsent:
		if d.cfg.Consent == Deny {
			return d.move(ctx, a, &IDXMove{Remediation: AuthnDeny})
		}
		return d.move(ctx, a, &IDXMove{Remediation: AuthnAllow})
	case authnSkip, authnRenew:
		return d.skip(ctx, a, step)
	case authnRecover:
		if r, ok := authnRecoveries[a.Recovery]; ok {
			return nil, d.end(a, &r)
		}
	}
	return nil, d.end(a, step)
}

// end returns the error for a step that no program can do.
func (d *AuthnDialog) end(a *AuthnAnswer, step *AuthnStep) error {
	hint := cmp.Or(step.Hint, hints[step.Code])
	if step.Does == authnRenew && !a.Elsewhere {
		hint = hintNewPassword
	}
	return d.fail(a.view(), step.Code, step.Doc, hint)
}

// skip returns the move that goes on without doing what the step wants, where it is optional.
func (d *AuthnDialog) skip(ctx context.Context, a *AuthnAnswer, step *AuthnStep) (*IDXMove, error) {
	switch {
	case a.Skip && step.Does == authnSkip && len(a.Factors) > 0 && !slices.ContainsFunc(a.Factors, AuthnFactor.missing):
		return &IDXMove{Wait: true}, nil // there is nothing to set up: the page skips by itself
	case a.Skip && a.skippable():
		return d.move(ctx, a, &IDXMove{Remediation: AuthnSkip})
	case step.Does == authnRenew:
		return d.renew(ctx, a, step)
	}
	return nil, d.end(a, step)
}

// skippable reports whether Okta's page can skip what can be skipped: it has no button for that where the user has none
// of the factors, none of which must be set up.
func (a *AuthnAnswer) skippable() bool {
	return len(a.Factors) == 0 || slices.ContainsFunc(a.Factors, func(f AuthnFactor) bool { return f.Enrolled })
}

// missing reports whether the user could set the factor up.
func (f AuthnFactor) missing() bool { return !f.Enrolled }

// renew returns the move that sets a new password.
func (d *AuthnDialog) renew(ctx context.Context, a *AuthnAnswer, step *AuthnStep) (*IDXMove, error) {
	if d.cfg.User.NewPassword == nil || a.Elsewhere {
		return nil, d.end(a, step)
	}
	if d.sent[kindNewPassword] > 0 {
		return nil, d.fail(a.view(), codePasswordExpired, "Okta asks for a new password again after it was sent", hintOtherPassword)
	}
	if err := d.hosts.check(a.URL); err != nil {
		return nil, err
	}
	m := &IDXMove{Remediation: AuthnRenewal}
	if a.State != "PASSWORD_RESET" { // there, another proof stood in for the old one
		old, err := d.own(kindPassword, a.view())
		if err != nil {
			return nil, err
		}
		m.Fill = append(m.Fill, IDXFill{Path: "oldPassword", What: kindPassword, Value: d.handOut(ctx, kindPassword, kindPassword, old.For(pageHost(a.URL)))})
	}
	fresh, err := d.newPassword(ctx, a.view())
	if err != nil {
		return nil, err
	}
	d.renewed = true
	fresh = d.handOut(ctx, kindNewPassword, kindNewPassword, fresh.For(pageHost(a.URL)))
	for _, path := range []string{"newPassword", "confirmPassword"} {
		m.Fill = append(m.Fill, IDXFill{Path: path, What: kindNewPassword, Value: fresh})
	}
	return d.move(ctx, a, m)
}

// move completes m and takes it.
func (d *AuthnDialog) move(ctx context.Context, a *AuthnAnswer, m *IDXMove) (*IDXMove, error) {
	m.URL = a.URL
	d.last = &Move{Page: a.screen()}
	for _, f := range m.Fill {
		trace.Record(ctx, trace.Event{Kind: trace.Action, Name: strings.TrimSpace("fill " + f.What + " " + d.clean(f.Key+" "+f.Way))})
	}
	trace.Record(ctx, trace.Event{Kind: trace.Action, Name: "submit " + m.Remediation})
	return m, nil
}

// refused returns the move for an error, which is the next code of an authenticator app after the first was refused, or
// the error that ends the sign-in.
func (d *AuthnDialog) refused(ctx context.Context, a *AuthnAnswer) (*IDXMove, error) {
	code := d.meaning(a)
	if f := d.asked; f != nil && code == codeInvalidCredentials {
		k := f.ask()
		if k.kind == ChallengeTOTP && d.sent[k.ledger] == 1 {
			return d.verify(ctx, a, f) // Another job may have used this step: the next one is tried, once.
		}
	}
	if d.renewed && (code == codePasswordExpired || code == codeUnknownPage) {
		return nil, d.fail(a.view(), codePasswordExpired, "Okta refuses the new password", hintOtherPassword)
	}
	return nil, d.fail(a.view(), code, "Okta refuses", idxHint(code))
}

// meaning returns the code for an error: by Okta's code, by its words, by the status of the response.
func (d *AuthnDialog) meaning(a *AuthnAnswer) string {
	code := cmp.Or(keyVerdict(AuthnVerdicts, a.Messages), idxVerdictOf(a.Messages))
	for _, m := range a.Messages {
		code = cmp.Or(code, verdictOf(m.Text))
	}
	switch {
	case code != "":
		return code
	case a.Status == 401:
		return codeSessionExpired
	case a.Status == 403:
		return codeDenied
	}
	return cmp.Or(verdictOfStatus(a.Status), codeUnknownPage)
}
