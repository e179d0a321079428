package signin

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/oidcflow/oidcflow/flow/trace"
)

// maxMoves bounds one sign-in: a provider that asks more often has gone in circles.
const maxMoves = 40

// Dialog decides, page by page, what a user does next. One serves one sign-in and is not safe for concurrent use.
// Drivers look at a page, ask [Dialog.Next], do what it says, and look again.
type Dialog struct {
	cfg   Config
	pages []Page
	hosts hosts

	moves   int
	last    *Move           // the last that was not a Wait
	sent    map[string]int  // how often was handed out: a kind of field or of challenge; the identifier by page
	kept    map[string]int  // sent, before the last move for an engine
	pressed map[string]bool // pages on which a button was pressed with nothing filled
	secrets []trace.Secret  // handed out, to be kept out of errors
	renewed bool            // a new password was handed out, and nobody has been told that it is set
	waited  bool            // a person was asked to answer a push message
	number  string          // that the person was told to choose
}

// NewDialog returns the dialog of one sign-in that begins at authorizationURL.
func NewDialog(c Config, authorizationURL string) *Dialog {
	pages := c.Pages
	if pages == nil {
		pages = Pages
	}
	return &Dialog{cfg: c, pages: pages, hosts: newHosts(c, authorizationURL), sent: map[string]int{}, pressed: map[string]bool{}}
}

// Next returns the move for v, or an error of type *flow.Error that ends the sign-in: a screen that nobody knows, a
// refused credential, a foreign host. The values in the move have been learned by the recorder of ctx.
func (d *Dialog) Next(ctx context.Context, v *View) (*Move, error) {
	if err := ctx.Err(); err != nil {
		return nil, d.interrupted(v, err)
	}
	s := newScan(v)
	p, form := recognise(d.pages, s)
	trace.Record(ctx, trace.Event{Kind: trace.Page, Name: nameOf(p), URL: cleanURL(v.URL), Title: d.clean(v.Title), Fields: d.fields(v)})
	if err := d.refusal(p, s); err != nil {
		return nil, err
	}
	if p != nil && p.Code == "" {
		d.Accepted(ctx)
	}
	switch {
	case p == nil && s.anywhere(kindTyped) && d.hosts.check(v.URL) != nil:
		return nil, d.hosts.check(v.URL)
	case p == nil:
		return nil, d.unknown(s)
	case d.forPerson(p, s):
		return d.waitForPerson(ctx, p, s), nil
	case p.Code != "" && !d.renews(p, s, form) && (p.Code != codeMFAUnavailable || s.elsewhere() == nil):
		return nil, d.endedBy(p, s)
	case p.Wait:
		return &Move{Page: p.Name, Wait: true}, nil
	}
	if d.moves++; d.moves > maxMoves {
		return nil, d.fail(v, codePageStuck, fmt.Sprintf("the provider asks on and on: more than %d pages", maxMoves), "")
	}
	if err := d.hosts.check(v.URL); err != nil {
		return nil, err
	}
	switch {
	case d.renews(p, s, form):
		return d.renew(ctx, p, s, form)
	case len(p.Fill) > 0:
		return d.fill(ctx, p, s, form)
	case p.Choose:
		return d.choose(ctx, p, s)
	case p.Code != "":
		return d.press(ctx, p, s, s.elsewhere())
	default:
		return d.press(ctx, p, s, d.answer(p, s))
	}
}

// Sent reports whether a credential has been handed out, after which no other driver may be tried.
func (d *Dialog) Sent() bool { return len(d.secrets) > 0 }

// Allowed returns an error of type *flow.Error if no credential may be sent to rawURL: for a driver whose request is
// sent on with its body (RFC 9110 §15.4.8).
func (d *Dialog) Allowed(rawURL string) error { return d.hosts.check(rawURL) }

// refusal returns the error for a page that says, or shows by asking again, that what was sent before was refused. A
// page that asks for something new is progress, whatever it warns of.
func (d *Dialog) refusal(p *Page, s *scan) error {
	if d.last == nil {
		return nil
	}
	again := d.asksAgain(p, s)
	if again == "" {
		if asksNothing(p) && s.said != "" && (p == nil || p.Code == codeCaptcha) {
			return d.fail(s.View, s.said, "the provider refuses", hints[s.said])
		}
		return nil
	}
	code := s.said
	if again == kindNewPassword {
		return d.fail(s.View, codePasswordExpired, "the provider refuses the new password", hintOtherPassword)
	}
	if again == string(ChallengeTOTP) && d.sent[again] == 1 && (code == "" || code == codeInvalidCredentials) {
		return nil // Another job may have used this step: the next one is tried, once.
	}
	if code == "" {
		code = codeInvalidCredentials
		if again == kindIdentifier && d.sent[kindPassword] == 0 {
			code = codeUserUnknown
		}
	}
	return d.fail(s.View, code, fmt.Sprintf("the provider asks for the %s again after it was sent", describe(again)), hints[code])
}

// asksAgain returns what the page asks for although it was sent, or "".
func (d *Dialog) asksAgain(p *Page, s *scan) string {
	if p == nil {
		return ""
	}
	for _, what := range []string{kindNewPassword, kindPassword, kindCode, kindAnswer, kindIdentifier} {
		if slices.Contains(p.Fill, what) && d.sent[d.ledgerName(p, what, s)] > 0 {
			if what == kindCode || what == kindAnswer {
				return string(p.Challenge)
			}
			return what
		}
	}
	return ""
}

// ledgerName returns the name under which sent counts. A password is sent once, wherever; the user's name once on each
// page of each host, since it may lead from one host's page to another's.
func (d *Dialog) ledgerName(p *Page, what string, s *scan) string {
	switch what {
	case kindIdentifier:
		return kindIdentifier + " " + p.Name + " " + pageHost(s.URL)
	case kindCode, kindAnswer:
		return string(p.Challenge)
	}
	return what
}

func asksNothing(p *Page) bool { return p == nil || len(p.Fill) == 0 }

// fill returns the move that fills the fields p names, in that form, and sends it.
func (d *Dialog) fill(ctx context.Context, p *Page, s *scan, form int) (*Move, error) {
	m := &Move{Page: p.Name, Press: s.submitter(form, p.Press)}
	destinations, err := d.destinations(s, form, m.Press)
	if err != nil {
		return nil, err
	}
	for _, what := range p.Fill {
		value, err := d.value(ctx, p, what, s)
		switch {
		case errors.Is(err, errOtherWay):
			return d.press(ctx, p, s, s.elsewhere())
		case err != nil:
			return nil, err
		}
		value = d.handOut(ctx, d.ledgerName(p, what, s), what, value.For(destinations...))
		m.Fill = append(m.Fill, spread(s.fields(form, what), what, value)...)
	}
	return d.done(ctx, m), nil
}

// destinations returns the hosts of the page and of where its form is sent by that button, or an error if one of them is
// none for a credential.
func (d *Dialog) destinations(s *scan, form int, press *Button) (allowed []string, err error) {
	targets := []string{s.View.URL}
	if press != nil && press.Action != "" {
		targets = append(targets, press.Action)
	} else if form >= 0 && form < len(s.Actions) && s.Actions[form] != "" {
		targets = append(targets, s.Actions[form])
	}
	for _, t := range targets {
		if err := d.hosts.check(t); err != nil {
			return nil, err
		}
		allowed = append(allowed, pageHost(t))
	}
	return allowed, nil
}

// handOut enters value into the books before it is given to a driver, and returns it.
func (d *Dialog) handOut(ctx context.Context, ledgerName, what string, value trace.Secret) trace.Secret {
	if what != kindIdentifier {
		trace.Learn(ctx, value)
		d.secrets = append(d.secrets, value)
	}
	d.sent[ledgerName]++
	return value
}

// spread returns the fills that put value into fields: one, or a character each where the page has a box for each.
func spread(fields []Field, what string, value trace.Secret) []Fill {
	runes := []rune(value.Reveal())
	if len(fields) == 1 || len(fields) != len(runes) || slices.ContainsFunc(fields, func(f Field) bool { return f.MaxLength != 1 }) {
		return []Fill{{Field: fields[0], What: what, Value: value}}
	}
	fills := make([]Fill, len(runes))
	for i, r := range runes {
		fills[i] = Fill{Field: fields[i], What: what, Value: trace.NewSecret(value.Kind(), string(r), value.Hosts()...)}
	}
	return fills
}

// choose returns the move that picks the way of verification the user can answer.
func (d *Dialog) choose(ctx context.Context, p *Page, s *scan) (*Move, error) {
	var offered []string
	for _, o := range d.inOrder(s.methods()) {
		offered = append(offered, o.asks)
		if !d.canAnswer(o.asks) {
			continue
		}
		if o.button != nil {
			return d.press(ctx, p, s, o.button)
		}
		if d.repeated(p, s) {
			break
		}
		m := &Move{Page: p.Name, Fill: []Fill{{Field: *o.field, What: "choice"}}, Press: s.submitter(o.field.Form, p.Press)}
		return d.done(ctx, m), nil
	}
	return nil, d.fail(s.View, codeMFAUnavailable, "the provider offers "+strings.Join(slices.Compact(offered), ", ")+", and the user can answer none",
		hints[codeMFAUnavailable])
}

// answer returns the button to press on a page without fields.
func (d *Dialog) answer(p *Page, s *scan) *Button {
	if len(p.Deny) > 0 && d.cfg.Consent == Deny {
		return s.button(p.Deny)
	}
	if b := s.button(p.Press); b != nil {
		return b
	}
	return s.submitter(0, p.Press)
}

// press returns the move that presses b and fills nothing.
func (d *Dialog) press(ctx context.Context, p *Page, s *scan, b *Button) (*Move, error) {
	if b == nil && len(p.Deny) > 0 && d.cfg.Consent == Deny {
		return nil, d.fail(s.View, codeConsentRefused, "consent is to be denied, and the page has no button for it", "")
	}
	if b == nil || d.repeated(p, s) {
		return nil, d.Stuck(s.View)
	}
	return d.done(ctx, &Move{Page: p.Name, Press: b}), nil
}

// repeated reports whether this very page has been answered before.
func (d *Dialog) repeated(p *Page, s *scan) bool {
	key := p.Name + " " + s.URL + " " + s.text
	again := d.pressed[key]
	d.pressed[key] = true
	return again
}

// done records the move as taken.
func (d *Dialog) done(ctx context.Context, m *Move) *Move {
	d.last = m
	for _, f := range m.Fill {
		trace.Record(ctx, trace.Event{Kind: trace.Action, Name: "fill " + f.What})
	}
	name := "submit"
	if m.Press != nil {
		name = "press " + d.clean(m.Press.says())
	}
	trace.Record(ctx, trace.Event{Kind: trace.Action, Name: name})
	return m
}

func nameOf(p *Page) string {
	if p == nil {
		return "unknown"
	}
	return p.Name
}
