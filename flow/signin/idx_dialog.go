package signin

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/oidcflow/oidcflow/flow/trace"
)

// Bounds of polling: the time between two, whatever an answer says, and how many there are.
const (
	maxPoll  = 10 * time.Second
	maxPolls = 300
)

// IDXDialog decides, answer by answer of Okta's Identity Engine, what a user does next, by the same rules as [Dialog]
// does for pages. It sends nothing: a driver reads an answer, asks [IDXDialog.Next], does what it says, and reads again.
// One serves one sign-in and is not safe for concurrent use.
type IDXDialog struct {
	*Dialog
	Browser bool // the answers are those to Okta's page in a browser, which may be sent on elsewhere

	Now  func() time.Time                           // nil: time.Now
	Wait func(context.Context, time.Duration) error // for the next code of an authenticator app that is set up; nil: a timer

	kept      map[string]bool // tried, before the last move
	tried     map[string]bool // options that were chosen, and ledger names that no factor answered
	polls     int
	enrolling *idxSetUp
	enrolled  bool // what Config.Enrol wants was taken
}

// NewIDXDialog returns the dialog of one sign-in that begins at authorizationURL.
func NewIDXDialog(c Config, authorizationURL string) *IDXDialog {
	return &IDXDialog{Dialog: NewDialog(c, authorizationURL), tried: map[string]bool{}}
}

// obstacle is why one remediation cannot be done. Another one of the same answer may be.
type obstacle struct{ error }

// Next returns the move for a, or an error of type *flow.Error that ends the sign-in. The values in the move have been
// learned by the recorder of ctx.
func (d *IDXDialog) Next(ctx context.Context, a *IDXAnswer) (*IDXMove, error) {
	v := a.view()
	if err := ctx.Err(); err != nil {
		return nil, d.interrupted(v, err)
	}
	d.Dialog.kept, d.kept = maps.Clone(d.sent), maps.Clone(d.tried)
	if secret := a.Current.Secret; !secret.IsZero() {
		trace.Learn(ctx, secret)
	}
	trace.Record(ctx, trace.Event{Kind: trace.Page, Name: d.clean(a.screen()), URL: cleanURL(a.URL), Fields: d.outline(a), Keys: d.keys(a.says())})
	if days := a.Current.Expires; days > 0 {
		trace.Record(ctx, trace.Event{Kind: trace.Warning, Message: fmt.Sprintf("the user's password expires in %d days", days)})
	}
	if err := d.refused(a, v); err != nil {
		return nil, err
	}
	d.Accepted(ctx)
	d.taken(a)
	if d.moves++; d.moves > maxMoves {
		return nil, d.fail(v, codePageStuck, fmt.Sprintf("the provider asks on and on: more than %d steps", maxMoves), "")
	}
	if a.Redirect != "" {
		return d.move(ctx, a, &IDXRemediation{Name: "success-redirect", Href: a.Redirect}, &IDXMove{Follow: true})
	}
	return d.first(ctx, a, v)
}

// Undone tells that the last move for an answer, of whichever of Okta's engines, was not done, and nothing of it sent: the
// page was left before, or was told something else. What is asked for then may be what was asked for before, and nobody
// has refused it.
func (d *IDXDialog) Undone() {
	if d.Dialog.kept != nil {
		d.sent, d.Dialog.kept = d.Dialog.kept, nil
	}
	if d.kept != nil {
		d.tried, d.kept = d.kept, nil
	}
}

// first does the first remediation that can be done. Their order is Okta's.
func (d *IDXDialog) first(ctx context.Context, a *IDXAnswer, v *View) (*IDXMove, error) {
	var why error
	for i := range a.Remediations {
		r := &a.Remediations[i]
		if slices.Contains(IDXAside, r.Name) {
			continue
		}
		m, err := d.try(ctx, a, r)
		var in obstacle
		switch {
		case err == nil:
			return d.move(ctx, a, r, m)
		case !errors.As(err, &in):
			return nil, err
		case why == nil:
			why = in.error
		}
	}
	if why != nil {
		return nil, why
	}
	return nil, d.terminal(a, v)
}

// try returns the move for one remediation, or an obstacle.
func (d *IDXDialog) try(ctx context.Context, a *IDXAnswer, r *IDXRemediation) (*IDXMove, error) {
	step := stepOf(r.Name)
	if step == nil {
		return nil, d.stranger(a, "nobody knows the step "+quoted(r.Name)+" of Okta's sign-in", r)
	}
	switch step.Does {
	case idxFill:
		return d.fillForm(ctx, a, r)
	case idxChoose:
		return d.chooseMethod(a, r)
	case idxPass:
		return d.form(a, r, idxValues{}, step.Adds)
	case idxDecline:
		return d.form(a, r, idxValues{"keepMeSignedIn": false}, nil)
	case idxConsent:
		return d.consent(a, r)
	case idxPoll:
		return d.poll(a, r)
	case idxFollow:
		return &IDXMove{Follow: true}, nil
	case idxLaunch:
		return d.launch(a, r, step)
	case idxPush:
		return d.push(ctx, a, r, step)
	case idxRenew:
		return d.renew(ctx, a, r, step)
	case idxChoice:
		return d.chooseEnrolment(a, r, step)
	case idxEnrol:
		return d.setUp(ctx, a, r, step)
	}
	if step.Leaves && d.Browser && len(d.cfg.Hosts) > 0 {
		return &IDXMove{Follow: true}, nil
	}
	return nil, d.cannot(a, step)
}

// cannot returns the obstacle that a step stands for where it cannot be done.
func (d *IDXDialog) cannot(a *IDXAnswer, step *IDXStep) error {
	if m := a.waitsFor(); m != nil && step.Code == codeMFAUnavailable {
		return obstacle{d.fail(a.view(), step.Code, step.Doc+": "+m.Doc, m.help())}
	}
	return obstacle{d.fail(a.view(), step.Code, step.Doc, cmp.Or(step.Hint, hints[step.Code]))}
}

// poll returns the move that asks again, in time. Polls are no moves, of which there may be few.
func (d *IDXDialog) poll(a *IDXAnswer, r *IDXRemediation) (*IDXMove, error) {
	if d.polls++; d.polls > maxPolls {
		return nil, d.fail(a.view(), codePageStuck, fmt.Sprintf("the provider wants to be asked on and on: more than %d times", maxPolls), "")
	}
	d.moves--
	m, err := d.form(a, r, idxValues{}, nil)
	if m != nil {
		m.After = min(max(r.Refresh, time.Second), maxPoll)
	}
	return m, err
}

// push waits for a person to answer a push message, where that is allowed, and tells the number to choose.
func (d *IDXDialog) push(ctx context.Context, a *IDXAnswer, r *IDXRemediation, step *IDXStep) (*IDXMove, error) {
	asked := a.waitsFor()
	if !d.cfg.AllowPush || asked == nil || !asked.Person {
		return nil, d.cannot(a, step)
	}
	m, err := d.poll(a, r)
	if err == nil {
		d.tellPerson(ctx, a.Current.Number)
	}
	return m, err
}

// tellPerson says once what a person has to do, and again where the number to choose has changed.
func (d *Dialog) tellPerson(ctx context.Context, number string) {
	switch {
	case number != "" && number != d.number:
		trace.Record(ctx, trace.Event{Kind: trace.Warning, Message: "a person has to choose " + d.clean(number) + " on the user's phone"})
	case number == "" && !d.waited:
		trace.Record(ctx, trace.Event{Kind: trace.Warning, Message: "a person has to answer the push message"})
	}
	d.number, d.waited = number, true
}

func (d *IDXDialog) now() time.Time {
	if d.Now == nil {
		return time.Now()
	}
	return d.Now()
}

// stranger returns the obstacle that nobody knows what a form wants, with the form's shape.
func (d *IDXDialog) stranger(a *IDXAnswer, what string, r *IDXRemediation) error {
	return obstacle{d.fail(a.view(), codeUnknownPage, what+" ("+shape(r.Fields)+")", "--sign-in system lets a person sign in")}
}

// waitsFor returns the method that a person or a device has to answer, where the answer is about one.
func (a *IDXAnswer) waitsFor() *IDXMethod {
	for i, m := range IDXMethods {
		if m.Asks == "" && m.Key == a.Current.Key && m.may(a.Current.Methods) {
			return &IDXMethods[i]
		}
	}
	return nil
}

// form returns the move that sends the form of r with values, and adds.
func (d *IDXDialog) form(a *IDXAnswer, r *IDXRemediation, values idxValues, adds map[string]any) (*IDXMove, error) {
	if values["stateHandle"] == nil {
		values["stateHandle"] = a.StateHandle
	}
	body, unmet := values.fill(r.Fields, "")
	if len(unmet) > 0 {
		what := fmt.Sprintf("the step %s of Okta's sign-in demands %s, and nobody knows what to say", quoted(r.Name), clean(strings.Join(unmet, ", "), maxShown))
		return nil, d.stranger(a, what, r)
	}
	for name, value := range adds {
		body[name] = value
	}
	return &IDXMove{Body: body}, nil
}

// consent answers a page of consent. Of the scopes that one may choose, those are granted that Okta proposes.
func (d *IDXDialog) consent(a *IDXAnswer, r *IDXRemediation) (*IDXMove, error) {
	if r.field("consent") == nil {
		return nil, d.stranger(a, "the step "+quoted(r.Name)+" of Okta's sign-in has no field for the consent", r)
	}
	values := idxValues{"consent": d.cfg.Consent != Deny}
	if scopes := r.field("optedScopes"); scopes != nil {
		for _, f := range scopes.Fields {
			if f.Value != nil {
				values["optedScopes."+f.Name] = f.Value
			}
		}
	}
	return d.form(a, r, values, nil)
}

// address returns where the form of r is sent. Every address is checked: what is sent there may be a credential, and is
// at least the handle of the sign-in.
func (d *IDXDialog) address(a *IDXAnswer, r *IDXRemediation) (string, error) {
	base, err := url.Parse(a.URL)
	if err == nil && r.Href != "" {
		if to, err := base.Parse(r.Href); err == nil {
			return to.String(), d.hosts.check(to.String())
		}
	}
	return "", d.fail(a.view(), codeUnknownPage, "the step "+quoted(r.Name)+" of Okta's sign-in has no address", "")
}

// move completes m with what r says of its request, and takes it.
func (d *IDXDialog) move(ctx context.Context, a *IDXAnswer, r *IDXRemediation, m *IDXMove) (*IDXMove, error) {
	to, err := d.address(a, r)
	if err != nil {
		return nil, err
	}
	m.Remediation, m.URL, m.Accepts, m.Method = r.Name, to, r.Accepts, http.MethodPost
	// The page has a passkey sign by itself. A new one is made once a button is pressed.
	signs := m.Body != nil && slices.ContainsFunc(m.Fill, func(f IDXFill) bool { return f.What == "passkey" })
	m.Wait = m.Follow || m.After > 0 || signs
	if step := stepOf(r.Name); step != nil {
		m.Wait = m.Wait || step.Alone
	}
	if m.Follow {
		m.Method = http.MethodGet
	} else if r.Method != "" && r.Method != http.MethodPost {
		return nil, d.fail(a.view(), codeUnknownPage, "the step "+quoted(r.Name)+" of Okta's sign-in wants method "+quoted(r.Method), "")
	}
	d.last = &Move{Page: a.screen()}
	for _, f := range m.Fill {
		trace.Record(ctx, trace.Event{Kind: trace.Action, Name: strings.TrimSpace("fill " + f.What + " " + d.clean(f.Key+" "+f.Way))})
	}
	trace.Record(ctx, trace.Event{Kind: trace.Action, Name: "submit " + d.clean(r.Name)})
	return m, nil
}

// terminal returns the error for an answer with nothing to do.
func (d *IDXDialog) terminal(a *IDXAnswer, v *View) error {
	code := d.meaning(a)
	switch {
	case code != "":
	case a.Status == http.StatusUnauthorized:
		code = codeSessionExpired
	case a.Status == http.StatusForbidden:
		code = codeDenied
	default:
		code = codeUnknownPage
	}
	return d.fail(v, code, "Okta goes no further", idxHint(code))
}

// meaning returns the code for what the answer says: by the keys of its messages, by their words, by its status.
func (d *IDXDialog) meaning(a *IDXAnswer) string {
	if code := idxVerdictOf(a.says()); code != "" {
		return code
	}
	for _, m := range a.errors() {
		if code := verdictOf(m.Text); code != "" {
			return code
		}
	}
	return verdictOfStatus(a.Status)
}

// idxHint returns what a user can do about a code that Okta's engine ends with.
func idxHint(code string) string {
	switch code {
	case codeDenied:
		return "Okta's system log says which rule it was; let the policy trust this machine, or this user"
	case codeSessionExpired:
		return "begin anew"
	}
	return hints[code]
}
