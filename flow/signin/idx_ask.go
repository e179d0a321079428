package signin

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/oidcflow/oidcflow/flow/trace"
)

// idxAsk is a field that only the user can fill.
type idxAsk struct {
	path   string
	what   string // identifier, password, new-password, code, answer or passkey
	kind   ChallengeKind
	ledger string // the name under which it counts as sent
}

// asks returns what a form wants to be told by the user. It is nil where that is nothing that anybody here could say.
func (a *IDXAnswer) asks(r *IDXRemediation) []idxAsk {
	var asks []idxAsk
	if r.Name == "identify" {
		if f := r.field("identifier"); f != nil && !f.Fixed {
			asks = append(asks, idxAsk{path: "identifier", what: kindIdentifier, ledger: kindIdentifier + " " + pageHost(a.URL)})
		}
		if r.field("credentials", "passcode") != nil {
			asks = append(asks, idxAsk{path: "credentials.passcode", what: kindPassword, ledger: kindPassword})
		}
		return asks
	}
	if ask := a.asksFor(r); ask != nil {
		return []idxAsk{*ask}
	}
	for _, m := range IDXMethods {
		if m.Asks != "" && m.Key == a.Current.Key && m.may(a.Current.Methods) && r.field("credentials", m.Field) != nil {
			return []idxAsk{m.ask()}
		}
	}
	return nil
}

// may reports whether the method is among those of its authenticator that are offered, where that is said.
func (m *IDXMethod) may(offered []string) bool {
	return m.Method == "" || len(offered) == 0 || slices.Contains(offered, m.Method)
}

// ask returns the method's question.
func (m *IDXMethod) ask() idxAsk {
	k := idxAsk{path: "credentials." + m.Field, what: kindCode, kind: ChallengeKind(m.Asks), ledger: m.Asks + " " + m.Key}
	switch m.Asks {
	case kindPassword:
		k = idxAsk{path: k.path, what: kindPassword, ledger: kindPassword}
	case string(ChallengeQuestion):
		k.what = kindAnswer
	case string(ChallengePasskey):
		k = idxAsk{path: "credentials", what: kindPasskey, kind: ChallengePasskey, ledger: kindPasskey}
	}
	return k
}

// asksFor returns what a form asks for that is no challenge of an authenticator, or nil.
func (a *IDXAnswer) asksFor(r *IDXRemediation) *idxAsk {
	step := stepOf(r.Name)
	switch {
	case step == nil:
		return nil
	case step.Does == idxRenew:
		return &idxAsk{path: "credentials.passcode", what: kindNewPassword, ledger: kindNewPassword}
	case step.Does == idxEnrol:
		return a.asksToSetUp(r)
	case step.Does == idxFill && step.Code != "" && a.Passkey != nil: // beside the user's name
		return &idxAsk{path: "credentials", what: kindPasskey, kind: ChallengePasskey, ledger: kindPasskey}
	}
	return nil
}

// refused returns the error for an answer that says, or shows by asking again, that what was sent before was refused. An
// answer that asks for something new is progress, whatever it warns of, unless its message is known.
func (d *IDXDialog) refused(a *IDXAnswer, v *View) error {
	again := d.asksAgain(a)
	code := idxVerdictOf(a.says()) // of any class: that a user is unknown is no error to Okta
	switch {
	case again != nil && again.kind == ChallengeTOTP && d.sent[again.ledger] == 1 && (code == "" || code == codeInvalidCredentials):
		return nil // Another job may have used this step: the next one is tried, once.
	case again == nil && (code == "" || a.leads() == idxPass || code == codePasswordExpired && d.cfg.User.NewPassword != nil):
		return nil
	case code == "":
		code = d.meaning(a)
	}
	if again != nil && (code == "" || code == codeInvalidCredentials) {
		code = codeInvalidCredentials
		if again.what == kindIdentifier && d.sent[kindPassword] == 0 {
			code = codeUserUnknown // what else could be wrong: nothing but the name was sent
		}
	}
	what, hint := "Okta refuses", idxHint(code)
	if again != nil && again.what == kindNewPassword && (code == codeInvalidCredentials || code == codePasswordExpired) {
		code, hint = codePasswordExpired, hintOtherPassword
	}
	if again != nil {
		what = "Okta asks for the " + describe(again.name()) + " again after it was sent"
	}
	return d.fail(v, code, what, hint)
}

func (k *idxAsk) name() string {
	if k.kind != "" {
		return string(k.kind)
	}
	return k.what
}

// asksAgain returns what the answer asks for although it was sent, or nil.
func (d *IDXDialog) asksAgain(a *IDXAnswer) *idxAsk {
	for i := range a.Remediations {
		if stepOf(a.Remediations[i].Name) == nil {
			continue
		}
		for _, k := range slices.Backward(a.asks(&a.Remediations[i])) {
			if d.sent[k.ledger] > 0 {
				return &k
			}
		}
	}
	return nil
}

// leads returns what is done about the first remediation that can be done for everybody.
func (a *IDXAnswer) leads() string {
	for _, r := range a.Remediations {
		if step := stepOf(r.Name); step != nil && step.Does != "" && step.Code == "" {
			return step.Does
		}
	}
	return ""
}

// captchaProof is the kind of captcha that takes no person: Okta's page does a piece of work for it (ALTCHA), and says so
// in captchaField.
const captchaProof = "ALTCHA"

var captchaField = []string{"captchaVerify", "captchaToken"}

// fillForm returns the move that fills a form with what the user has.
func (d *IDXDialog) fillForm(ctx context.Context, a *IDXAnswer, r *IDXRemediation) (*IDXMove, error) {
	proves := a.Captcha == captchaProof && d.Browser
	if hasHint(r.Fields, "captcha") && !proves {
		return nil, d.fail(a.view(), codeCaptcha, strings.TrimSpace("Okta wants a captcha solved "+clean(a.Captcha, maxShown)),
			"take the captcha out of the organisation's sign-in policy, or let it trust this machine's network")
	}
	if r.Name == "authenticator-verification-data" {
		return d.send(a, r)
	}
	asks := a.asks(r)
	if len(asks) == 0 && r.Name != "identify" {
		return nil, obstacle{d.unanswerable(a, r)}
	}
	if len(asks) > 0 && asks[0].kind == ChallengePasskey {
		return d.sign(ctx, a, r, &asks[0])
	}
	// No address but the provider's gets a credential, and no factor is asked for one that could not be sent.
	to, err := d.address(a, r)
	if err != nil {
		return nil, err
	}
	values := idxValues{}
	m := &IDXMove{}
	for i := range asks {
		value, err := d.said(ctx, a, r, &asks[i])
		if err != nil {
			return nil, err
		}
		values[asks[i].path] = value.For(pageHost(to))
	}
	if proves && r.field(captchaField...) != nil {
		values[strings.Join(captchaField, ".")], m.Proves = "", true // the page's to fill
	}
	whole, err := d.form(a, r, values, nil)
	if err != nil {
		return nil, err
	}
	for _, k := range asks {
		value := d.handOut(ctx, k.ledger, k.what, values[k.path].(trace.Secret))
		m.Fill = append(m.Fill, IDXFill{Path: k.path, What: k.what, Value: value})
	}
	m.Body = whole.Body
	return m, nil
}

// said returns what the user says to k. That nobody can say it is an obstacle: another authenticator may be offered.
func (d *IDXDialog) said(ctx context.Context, a *IDXAnswer, r *IDXRemediation, k *idxAsk) (trace.Secret, error) {
	if k.kind == "" {
		value, err := d.own(k.what, a.view())
		if err != nil {
			return value, obstacle{err}
		}
		return value, nil
	}
	c := Challenge{Kind: k.kind, Text: d.clean(a.question(r, k)), Attempt: d.sent[k.ledger] + 1}
	if f := r.field("credentials", "questionKey"); f != nil && k.kind == ChallengeQuestion {
		c.Key, _ = f.Value.(string)
	}
	value, err := d.askFactors(ctx, c, a.view())
	if errors.Is(err, ErrNotMine) {
		d.tried[k.ledger] = true
		return value, obstacle{d.unanswered(c, a.view())}
	}
	return value, err
}

// question returns what is asked, in words: the question, or where a code was sent.
func (a *IDXAnswer) question(r *IDXRemediation, k *idxAsk) string {
	if k.kind != ChallengeQuestion {
		return strings.TrimSpace(a.Current.Name + " " + a.Current.Sent)
	}
	if f := r.field("credentials", "questionKey"); f != nil && f.Label != "" {
		return f.Label
	}
	if a.Current.Question != "" {
		return a.Current.Question
	}
	if f := r.field("credentials", "answer"); f != nil {
		return f.Label
	}
	return ""
}

// unanswerable returns the error for a challenge of an authenticator that takes more than a user's words.
func (d *IDXDialog) unanswerable(a *IDXAnswer, r *IDXRemediation) error {
	if m := a.waitsFor(); m != nil {
		return d.fail(a.view(), codeMFAUnavailable, "Okta asks for "+m.Doc, m.help())
	}
	return d.fail(a.view(), codeUnknownPage, "nobody knows how to answer authenticator "+quoted(a.Current.Key)+" ("+shape(r.Fields)+")", hintPolicy)
}
