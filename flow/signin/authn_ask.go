package signin

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/oidcflow/oidcflow/flow/trace"
)

// ask returns the factor's question. The fields of Okta's page have the same names for all factors.
func (f *AuthnFactor) ask() idxAsk {
	m := f.method()
	if m == nil {
		return idxAsk{}
	}
	switch m.Asks {
	case kindPassword:
		return idxAsk{path: "password", what: kindPassword, ledger: kindPassword}
	case string(ChallengeQuestion):
		return idxAsk{path: "answer", what: kindAnswer, kind: ChallengeQuestion, ledger: m.Asks}
	}
	return idxAsk{path: "answer", what: kindCode, kind: ChallengeKind(m.Asks), ledger: m.Asks + " " + f.name()}
}

// able reports whether the user can answer the factor, and has not tried.
func (d *AuthnDialog) able(f *AuthnFactor) bool {
	m := f.method()
	if m == nil || d.tried[f.name()] {
		return false
	}
	k := f.ask()
	switch m.Asks {
	case "":
		return m.Type == "push" && d.cfg.AllowPush
	case kindPassword:
		return d.canAnswer(kindPassword)
	}
	return d.sent[k.ledger] == 0 && !d.tried[k.ledger] && d.has(k.kind)
}

// ranks are the methods, the best first.
func (d *AuthnDialog) ranks() []*AuthnMethod {
	var ranks []*AuthnMethod
	for i := range AuthnMethods {
		ranks = append(ranks, &AuthnMethods[i])
	}
	slices.SortStableFunc(ranks, func(a, b *AuthnMethod) int { return cmp.Compare(d.cfg.rank(a.Asks), d.cfg.rank(b.Asks)) })
	return ranks
}

// best returns the best of the factors that the user can answer, or nil.
func (d *AuthnDialog) best() *AuthnFactor {
	for _, m := range d.ranks() {
		for i := range d.factors {
			if f := &d.factors[i]; f.method() == m && d.able(f) {
				return f
			}
		}
	}
	return nil
}

// choose returns the move for a choice of factors. Okta's page shows the first at once, which may begin to ask by that.
func (d *AuthnDialog) choose(ctx context.Context, a *AuthnAnswer) (*IDXMove, error) {
	d.factors, d.pending = a.Factors, nil
	f := d.best()
	if f == nil {
		return nil, d.noneOf(a)
	}
	if d.shown == "" {
		d.shown = a.Factors[0].name()
		if m := a.Factors[0].method(); m != nil && m.Auto && d.shown != f.name() {
			return &IDXMove{Wait: true}, nil // the page can show another one once the challenge of this one has come
		}
	}
	return d.turn(ctx, a, f)
}

// Missed tells of an answer that Okta's page has gone on from by itself: a choice, after which the first factor asks at
// once. The next answer does not say what else there is to choose.
func (d *AuthnDialog) Missed(a *AuthnAnswer) {
	if step := authnStepOf(a.State); step == nil || step.Does != authnChoose || len(a.Factors) == 0 {
		return
	}
	d.factors, d.pending = a.Factors, nil
	if d.shown == "" {
		d.shown = a.Factors[0].name()
	}
}

// turn returns the move that answers f, or has it ask. The page has to show it for that.
func (d *AuthnDialog) turn(ctx context.Context, a *AuthnAnswer, f *AuthnFactor) (*IDXMove, error) {
	m, shown := f.method(), d.shown == f.name()
	d.shown, d.asked = f.name(), f
	switch {
	case m.Auto && shown:
		return f.wait(), nil
	case m.Auto:
		return d.move(ctx, a, &IDXMove{Remediation: AuthnSelect, Fill: []IDXFill{f.choice(), {What: m.Asks}}})
	case m.Sends:
		return d.move(ctx, a, &IDXMove{Remediation: AuthnSend, Fill: []IDXFill{f.choice()}})
	}
	return d.verify(ctx, a, f)
}

// wait returns the move for a passkey, which the browser's authenticator answers.
func (f *AuthnFactor) wait() *IDXMove {
	return &IDXMove{Wait: true, Fill: []IDXFill{{What: kindPasskey}}}
}

// choice says which factor the page is to show.
func (f *AuthnFactor) choice() IDXFill { return IDXFill{What: "choice", Key: f.Provider, Way: f.Type} }

// challenge returns the move for a factor that asks.
func (d *AuthnDialog) challenge(ctx context.Context, a *AuthnAnswer) (*IDXMove, error) {
	if d.factors == nil {
		return &IDXMove{Wait: true}, nil // a page that begins with this goes back to the choice by itself
	}
	if !a.Challenge {
		return nil, d.fail(a.view(), codeUnknownPage, "Okta does not say which factor asks", "")
	}
	f := &a.Factors[0]
	m := f.method()
	switch {
	case m == nil || d.shown != f.name() || m.Type == "push" && !d.cfg.AllowPush:
		return d.instead(ctx, a, f)
	case m.Type == "push":
		return d.push(ctx, a)
	case m.Asks == kindPasskey && d.able(f):
		d.tried[f.name()] = true
		return f.wait(), nil
	case m.Sends && d.able(f):
		d.asked = f
		return d.verify(ctx, a, f)
	}
	return d.instead(ctx, a, f)
}

// instead returns the move that has the page show another factor than f, which asks.
func (d *AuthnDialog) instead(ctx context.Context, a *AuthnAnswer, f *AuthnFactor) (*IDXMove, error) {
	if d.pending != nil {
		return d.pending, nil // f was asked by the page meanwhile
	}
	other := d.best()
	if other == nil || other.name() == f.name() {
		return nil, d.noneOf(a)
	}
	if m := f.method(); m != nil && m.Beside {
		return d.turn(ctx, a, other)
	}
	d.shown = other.name()
	return d.move(ctx, a, &IDXMove{Remediation: AuthnSelect, Fill: []IDXFill{other.choice()}})
}

// push returns the move for a push message that is under way.
func (d *AuthnDialog) push(ctx context.Context, a *AuthnAnswer) (*IDXMove, error) {
	if a.Result != "" && a.Result != "WAITING" && a.Result != "CHALLENGE" {
		return nil, d.fail(a.view(), codeMFAUnavailable, "the push message was not answered: "+quoted(a.Result), hintPolicy)
	}
	d.tellPerson(ctx, a.Number)
	return &IDXMove{Wait: true}, nil
}

// verify returns the move that answers f.
func (d *AuthnDialog) verify(ctx context.Context, a *AuthnAnswer, f *AuthnFactor) (*IDXMove, error) {
	// No factor is asked for an answer that could not be sent.
	if err := d.hosts.check(a.URL); err != nil {
		return nil, err
	}
	k := f.ask()
	value, err := d.said(ctx, a, f, &k)
	switch {
	case errors.Is(err, ErrNotMine):
		d.tried[k.ledger] = true
		return d.otherwise(ctx, a, f)
	case err != nil:
		return nil, err
	}
	value = d.handOut(ctx, k.ledger, k.what, value.For(pageHost(a.URL)))
	d.pending, err = d.move(ctx, a, &IDXMove{Remediation: AuthnVerify, Fill: []IDXFill{f.choice(), {Path: k.path, What: k.what, Value: value}}})
	return d.pending, err
}

// said returns what the user says to f.
func (d *AuthnDialog) said(ctx context.Context, a *AuthnAnswer, f *AuthnFactor, k *idxAsk) (trace.Secret, error) {
	if k.kind == "" {
		return d.own(k.what, a.view())
	}
	return d.askFactors(ctx, d.posed(f, k), a.view())
}

// posed is what f asks.
func (d *AuthnDialog) posed(f *AuthnFactor, k *idxAsk) Challenge {
	c := Challenge{Kind: k.kind, Text: d.clean(strings.TrimSpace(f.method().Doc + " " + f.Sent)), Attempt: d.sent[k.ledger] + 1}
	if k.kind == ChallengeQuestion {
		c.Text, c.Key = d.clean(f.Question), f.Key
	}
	return c
}

// otherwise returns the move for another factor than f, which the user cannot answer after all.
func (d *AuthnDialog) otherwise(ctx context.Context, a *AuthnAnswer, f *AuthnFactor) (*IDXMove, error) {
	other := d.best()
	switch k := f.ask(); {
	case other == nil || a.State == "":
		return nil, d.unanswered(d.posed(f, &k), a.view())
	case a.Challenge:
		return d.instead(ctx, a, f)
	}
	return d.turn(ctx, a, other)
}

// noneOf returns the error for factors of which the user can answer none.
func (d *AuthnDialog) noneOf(a *AuthnAnswer) error {
	var names []string
	hint := ""
	for _, m := range d.ranks() {
		for i := range d.factors {
			f := &d.factors[i]
			if f.method() != m || m.Asks != "" && d.sent[f.ask().ledger] > 0 {
				continue
			}
			names, hint = append(names, m.Doc), cmp.Or(hint, m.help())
		}
	}
	for i := range d.factors {
		if f := &d.factors[i]; f.method() == nil {
			names = append(names, quoted(f.name()+" "+f.Vendor))
		}
	}
	if len(names) == 0 {
		return d.fail(a.view(), codeMFAUnavailable, "Okta offers nothing that was not answered already", hintPolicy)
	}
	return d.fail(a.view(), codeMFAUnavailable, "Okta offers "+clean(strings.Join(slices.Compact(names), ", "), maxShown)+", and the user can answer none", cmp.Or(hint, hintPolicy))
}

// help returns what a user can do who cannot answer by this method.
func (m *AuthnMethod) help() string { return (&IDXMethod{Asks: m.Asks, Hint: m.Hint}).help() }
