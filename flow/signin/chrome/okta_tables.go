package chrome

import (
	"slices"
	"strings"

	"github.com/oidcflow/oidcflow/flow/signin"
)

// generation is one of the generations of Okta's Sign-In Widget, and how to know its page. Their marks are of the DOM:
// versions tell nothing about what an organisation has made of its page.
type generation struct {
	name   string
	number int // by which a user calls it; 0: a user does not
	mark   string
}

// generations are tried in order.
var generations = []generation{
	{"third", 3, "#okta-sign-in[data-version]"},
	{"second", 2, "#okta-sign-in .siw-main-view"},
	{"classic", 0, "#okta-sign-in .auth-content"}, // the others have that too, and what tells them comes with the first screen
}

// press says what is pressed for a step of Okta's sign-in, by generation, the best first. The fields of a step are called
// alike in all generations; what they are sent with is not. In the selectors, {method} stands for the authenticator that
// is chosen and its method, as the page joins them.
type press struct {
	step string // name of the remediation; empty: any other
	kind string // what the move has to be: a choice, a refusal; empty: anything
	at   map[string][]string
}

// What a move may have to be for a press.
const (
	ifDenied = "denied" // consent is refused
	ifOther  = "other"  // a code is to be sent in another way than the page proposes
	ifMade   = "made"   // a passkey is to be made
)

// presses are tried in order.
var presses = []press{
	{step: "select-authenticator-authenticate", at: map[string][]string{
		"second": {`.authenticator-button[data-se="{method}"] [data-se="button"]`},
		"third":  {`button[data-se="authenticator-button"]:has([data-se="{method}"])`},
	}},
	{step: "select-authenticator-enroll", at: map[string][]string{
		"second": {`.authenticator-button[data-se="{method}"] [data-se="button"]`},
		"third":  {`button[data-se="authenticator-button"]:has([data-se="{method}"])`},
	}},
	{step: "enroll-authenticator", kind: ifMade, at: map[string][]string{
		"second": {`.webauthn-setup`},
		"third":  {`form button[data-se="button"]`},
	}},
	{step: "authenticator-verification-data", kind: ifOther, at: map[string][]string{
		"second": {`.phone-authenticator-challenge__link`},
		"third":  {`button[role=link]:not([data-se])`},
	}},
	{step: "authenticator-verification-data", at: map[string][]string{
		"second": {`input[type=submit][data-type=save]`, `.authenticator-button[data-se="{method}"] [data-se="button"]`}, // a push is drawn as a list of one
		"third":  {`button[type=submit][data-se="save"]`, `button[data-se="authenticator-button"]:has([data-se="{method}"])`},
	}},
	{step: "skip", at: map[string][]string{
		"second":  {`a[data-se="skip"]`, `a.skip-all[data-se="button"]`, `a[data-se="button"]`},
		"third":   {`button[data-se="skip"]`, `button[data-se="save"]`},
		"classic": {`[data-se="skip-link"]`, `.enroll-choices input[type=submit]`},
	}},
	{step: "device-assurance-grace-period", at: map[string][]string{
		"second": {`a[data-se="button"]`, `a[data-se="skip"]`, `input[type=submit][data-type=save]`},
		"third":  {`button[data-se="skip"]`, `form button:not([data-se]):not([role=link])`},
	}},
	{step: "keep-me-signed-in", at: map[string][]string{
		"second": {`[data-se="do-not-stay-signed-in-btn"]`},
		"third":  {`[data-se="do-not-stay-signed-in-btn"]`},
	}},
	{step: "consent", kind: ifDenied, at: deny},
	{step: "granular-consent", kind: ifDenied, at: deny},
	{step: "admin-consent", kind: ifDenied, at: deny},
	{step: signin.AuthnVerify, at: classicOnly(`[data-se="inline-totp-verify"]`, `.mfa-verify input[type=submit]`)},
	{step: signin.AuthnSend, at: classicOnly(`[data-se="sms-send-code"]`, `[data-se="make-call"]`, `.mfa-verify input[type=submit]`)},
	{step: signin.AuthnRenewal, at: classicOnly(`.password-expired input[type=submit]`)},
	{step: signin.AuthnAllow, at: classicOnly(`.consent-required input[type=submit]`, `.admin-consent-required input[type=submit]`)},
	{step: signin.AuthnDeny, at: classicOnly(`.consent-required input[data-type=cancel]`, `.admin-consent-required input[data-type=cancel]`)},
	{at: map[string][]string{
		"second": {`input[type=submit][data-type=save]`, `.google-authenticator-verify`},
		"third":  {`button[type=submit][data-se="save"]`, `button[data-se="save"]`}, // those of consent are no submit buttons
	}},
}

var deny = map[string][]string{
	"second": {`input[type=button][data-type=cancel]`, `[data-se="cancel"]`},
	"third":  {`button[data-se="cancel"]`},
}

// reveals show the field for a code: one that was mailed, where the page would rather have the link in the mail used; one
// of an authenticator app, behind the picture that the app is to see first.
var reveals = map[string][]string{
	"second":  {`.enter-auth-code-instead-link`, `.google-authenticator-next`},
	"third":   {`form button.MuiButton-primary:not([data-se]):not([type=submit])`, `form button:not([data-se]):not([type=submit])`},
	"classic": {`[data-se="inline-totp-add"]`}, // the code of an app that may also be sent a push message
}

// proof is what Okta's page does a proof of work with. Until it is there, the page would send a form without one.
const proof = "altcha-widget *"

// way is what to press in pages of one generation, as our script takes it.
type way struct {
	When string
	At   []string
}

// ways returns selectors by generation, with what is chosen put in.
func ways(at map[string][]string, methods ...string) []way {
	var list []way
	for _, g := range generations {
		w := way{When: g.mark, At: []string{}}
		for _, selector := range at[g.name] {
			if !strings.Contains(selector, "{method}") {
				w.At = append(w.At, selector)
				continue
			}
			for _, m := range methods {
				w.At = append(w.At, strings.ReplaceAll(selector, "{method}", m))
			}
		}
		list = append(list, w)
	}
	return list
}

// pressesFor returns what to press for a move: what the user's own pages say before what ours do.
func pressesFor(m *signin.IDXMove, own []signin.Page) []way {
	var is string
	var methods []string
	for _, f := range m.Fill {
		if f.What == string(signin.ChallengePasskey) {
			is = ifMade
		}
		if f.What != "choice" {
			continue
		}
		if f.Way != "" {
			methods = append(methods, f.Key+"-"+f.Way)
		}
		methods = append(methods, f.Key)
		if f.Way == "voice" { // pages propose a text message
			is = ifOther
		}
	}
	if m.Body["consent"] == false {
		is = ifDenied
	}
	at := slices.IndexFunc(presses, func(p press) bool { return (p.step == "" || p.step == m.Remediation) && (p.kind == "" || p.kind == is) })
	all := map[string][]string{}
	for _, g := range generations {
		all[g.name] = append(g.own(m, is, own), presses[at].at[g.name]...)
	}
	return ways(all, methods...)
}

// own returns the selectors that the user's own pages have for a move in pages of that generation. Those by which consent
// is given are none by which it is refused.
func (g *generation) own(m *signin.IDXMove, is string, pages []signin.Page) []string {
	var selectors []string
	for _, p := range pages {
		switch {
		case p.Remediation != m.Remediation || p.Generation != 0 && p.Generation != g.number:
		case is == ifDenied:
			selectors = append(selectors, p.Deny...)
		default:
			selectors = append(selectors, p.Press...)
		}
	}
	return selectors
}
