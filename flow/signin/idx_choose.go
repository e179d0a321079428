package signin

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
)

func quoted(s string) string { return strconv.Quote(clean(s, maxShown)) }

// help returns what a user can do who cannot answer by this method.
func (m *IDXMethod) help() string {
	if m.Hint != "" {
		return m.Hint
	}
	if known, ok := challenges[ChallengeKind(m.Asks)]; ok {
		return known.hint
	}
	if m.Asks == kindPassword {
		return hintPassword
	}
	return hintPolicy
}

// able reports whether the user can answer by m, and has not tried.
func (d *IDXDialog) able(m *IDXMethod) bool {
	switch m.Asks {
	case "":
		return m.Person && d.cfg.AllowPush
	case kindPassword:
		return d.canAnswer(kindPassword)
	}
	ledger := m.ask().ledger
	return d.sent[ledger] == 0 && !d.tried[ledger] && d.has(ChallengeKind(m.Asks))
}

// has reports whether the user has what answers that kind of challenge.
func (d *Dialog) has(k ChallengeKind) bool {
	if k == ChallengePasskey {
		return d.cfg.User.Passkey != nil
	}
	return d.hasFactor(k)
}

// defaultOrder is that of Config.Order: what is quickest, and cannot be asked of anybody else, first.
var defaultOrder = []ChallengeKind{ChallengePasskey, ChallengeTOTP, ChallengeQuestion, ChallengeCode}

// rank is the place of what a method asks: the password's is the first, for it is asked for in any case.
func (c *Config) rank(asks string) int {
	order := append(slices.Clone(c.Order), defaultOrder...)
	switch at := slices.Index(order, ChallengeKind(asks)); {
	case asks == kindPassword:
		return -1
	case at >= 0:
		return at
	}
	return len(order)
}

// methods returns IDXMethods in the order of Config.
func (d *IDXDialog) methods() []IDXMethod {
	byRank := func(a, b IDXMethod) int { return cmp.Compare(d.cfg.rank(a.Asks), d.cfg.rank(b.Asks)) }
	return slices.SortedStableFunc(slices.Values(IDXMethods), byRank)
}

// chooseMethod returns the move that picks the best authenticator that the user can answer.
func (d *IDXDialog) chooseMethod(a *IDXAnswer, r *IDXRemediation) (*IDXMove, error) {
	at := slices.IndexFunc(r.Fields, func(f IDXField) bool { return len(f.Options) > 0 })
	if at < 0 {
		return nil, d.stranger(a, "the step "+quoted(r.Name)+" of Okta's sign-in offers nothing", r)
	}
	field := &r.Fields[at]
	for _, m := range d.methods() {
		for j := range field.Options {
			o := &field.Options[j]
			id := m.Key + " " + m.Method + " " + o.identity()
			if o.Key != m.Key || !m.may(offers(o.Fields)) || !d.able(&m) || d.tried[id] {
				continue
			}
			move, err := d.form(a, r, idxValues{field.Name: o, field.Name + ".methodType": way(&m, o.Fields)}, nil)
			if err != nil {
				return nil, err
			}
			d.tried[id] = true
			move.Fill = []IDXFill{{Path: field.Name, What: "choice", Key: m.Key, Way: m.Method}}
			return move, nil
		}
	}
	return nil, obstacle{d.noneOf(a, field.Options)}
}

// way returns the methodType to send for m: what the form has where only one method is there.
func way(m *IDXMethod, fields []IDXField) any {
	if m.Method != "" {
		return m.Method
	}
	if offered := offers(fields); len(offered) > 0 {
		return offered[0]
	}
	return ""
}

// send returns the move that has a code sent, by the best method that the user can answer.
func (d *IDXDialog) send(a *IDXAnswer, r *IDXRemediation) (*IDXMove, error) {
	field := r.field("authenticator")
	if field == nil {
		return nil, obstacle{d.unanswerable(a, r)}
	}
	offered := offers(field.Fields)
	for _, m := range d.methods() {
		if m.Key != a.Current.Key || !m.may(offered) || !d.able(&m) {
			continue
		}
		move, err := d.form(a, r, idxValues{"authenticator.methodType": way(&m, field.Fields)}, nil)
		if err != nil {
			return nil, err
		}
		move.Fill = []IDXFill{{Path: "authenticator.methodType", What: "choice", Key: m.Key, Way: m.Method}}
		return move, nil
	}
	return nil, obstacle{d.noneOf(a, []IDXOption{{Key: a.Current.Key, Fields: field.Fields}})}
}

// noneOf returns the error for a choice of which the user can answer nothing.
func (d *IDXDialog) noneOf(a *IDXAnswer, options []IDXOption) error {
	var names []string
	hint := ""
	for i := range IDXMethods {
		m := &IDXMethods[i]
		offered := slices.ContainsFunc(options, func(o IDXOption) bool { return o.Key == m.Key && m.may(offers(o.Fields)) })
		if !offered || m.Asks != "" && d.sent[m.ask().ledger] > 0 {
			continue
		}
		if hint == "" {
			hint = m.help()
		}
		names = append(names, m.Doc)
	}
	for _, o := range options {
		if !slices.ContainsFunc(IDXMethods, func(m IDXMethod) bool { return m.Key == o.Key }) {
			names = append(names, quoted(o.Key+" "+o.Label))
		}
	}
	if len(names) == 0 {
		return d.fail(a.view(), codeMFAUnavailable, "Okta offers nothing that was not answered already", hintPolicy)
	}
	return d.fail(a.view(), codeMFAUnavailable, "Okta offers "+clean(strings.Join(slices.Compact(names), ", "), maxShown)+", and the user can answer none", cmp.Or(hint, hintPolicy))
}
