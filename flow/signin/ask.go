package signin

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/oidcflow/oidcflow/flow"
	"github.com/oidcflow/oidcflow/flow/trace"
)

// CanAnswer is what a [Factor] may implement too, so that the right way is picked where a page offers several. A Factor
// that does not is taken to answer any kind.
type CanAnswer interface {
	CanAnswer(ChallengeKind) bool
}

// errOtherWay says that the user cannot answer this page, and that the page offers another way.
var errOtherWay = errors.New("another way is offered")

// otherWords are what links to other ways of verification say.
var otherWords = []string{"try another way", "try another method", "use another method", "use a different method",
	"choose another method",
	"verify with something else", "verify another way", "use another way", "other ways to sign in",
	"i can't use my microsoft authenticator app right now",
	"sign in another way", "select another method", "return to authenticator list", "use a different verification option"}

// elsewhere returns the link to other ways of verification, or nil.
func (s *scan) elsewhere() *Button { return s.button(otherWords) }

// canAnswer reports whether the user has what a method asks.
func (d *Dialog) canAnswer(asks string) bool {
	if asks == kindPassword {
		return !d.cfg.User.Password.IsZero() && d.sent[kindPassword] == 0
	}
	return d.sent[asks] == 0 && d.hasFactor(ChallengeKind(asks))
}

// inOrder sorts what a page offers, the best first.
func (d *Dialog) inOrder(offers []offer) []offer {
	slices.SortStableFunc(offers, func(a, b offer) int { return cmp.Compare(d.cfg.rank(a.asks), d.cfg.rank(b.asks)) })
	return offers
}

// forPerson reports whether p is a push message that a person may be waited for.
func (d *Dialog) forPerson(p *Page, s *scan) bool {
	return d.cfg.AllowPush && p.Code == codeMFAUnavailable && says(s.text, pushTexts)
}

// waitForPerson returns the move that waits, and tells the person so, with what the page says: a number to choose may be
// in it.
func (d *Dialog) waitForPerson(ctx context.Context, p *Page, s *scan) *Move {
	if !d.waited {
		trace.Record(ctx, trace.Event{Kind: trace.Warning, Message: "a person has to answer the push message" + d.where(s.View)})
	}
	d.waited = true
	return &Move{Page: p.Name, Wait: true}
}

// hasFactor reports whether one of the user's factors may answer that kind of challenge.
func (d *Dialog) hasFactor(k ChallengeKind) bool {
	return slices.ContainsFunc(d.cfg.User.Factors, func(f Factor) bool {
		c, ok := f.(CanAnswer)
		return !ok || c.CanAnswer(k)
	})
}

// value returns what to type into a field of that kind.
func (d *Dialog) value(ctx context.Context, p *Page, what string, s *scan) (trace.Secret, error) {
	if what == kindIdentifier || what == kindPassword {
		return d.own(what, s.View)
	}
	c := Challenge{Kind: p.Challenge, Text: d.clean(s.question(p)), Attempt: d.sent[string(p.Challenge)] + 1}
	return d.ask(ctx, c, s)
}

// hintPassword says how to give the user's password.
const hintPassword = "--password-file FILE, --password-command CMD or OIDCFLOW_PASSWORD"

// own returns the user's name or password.
func (d *Dialog) own(what string, v *View) (trace.Secret, error) {
	if what == kindIdentifier {
		if d.cfg.User.Name == "" {
			return trace.Secret{}, d.fail(v, "usage.missing_username",
				"the page asks for the user's name, and none is given", "--username NAME")
		}
		return trace.NewSecret("username", d.cfg.User.Name), nil
	}
	if d.cfg.User.Password.IsZero() {
		return trace.Secret{}, d.fail(v, "usage.missing_password",
			"the page asks for the user's password, and none is given", hintPassword)
	}
	return d.cfg.User.Password, nil
}

// ask returns the answer to a challenge, or errOtherWay where the user has none and the page offers another.
func (d *Dialog) ask(ctx context.Context, c Challenge, s *scan) (trace.Secret, error) {
	value, err := d.askFactors(ctx, c, s.View)
	if !errors.Is(err, ErrNotMine) {
		return value, err
	}
	if s.elsewhere() != nil {
		return trace.Secret{}, errOtherWay
	}
	return trace.Secret{}, d.unanswered(c, s.View)
}

// unanswered returns the error for a challenge that is not the business of any of the user's factors.
func (d *Dialog) unanswered(c Challenge, v *View) error {
	known := challenges[c.Kind]
	what := "the page asks for the " + known.name
	if c.Kind == ChallengeQuestion {
		what += fmt.Sprintf(" %q", c.Text)
	}
	return d.fail(v, codeMFAUnavailable, what+", and the user has none", known.hint)
}

// askFactors asks the user's factors in order; the error is ErrNotMine where it is the business of none.
func (d *Dialog) askFactors(ctx context.Context, c Challenge, v *View) (trace.Secret, error) {
	for _, f := range d.cfg.User.Factors {
		value, err := f.Answer(ctx, c)
		switch {
		case errors.Is(err, ErrNotMine):
			continue
		case err == nil && value.IsZero():
			return trace.Secret{}, d.fail(v, codeMFAUnavailable, "the factor's answer is empty", "")
		case err == nil:
			return value, nil
		}
		var coded *flow.Error
		if errors.As(err, &coded) {
			return trace.Secret{}, err
		}
		if ctx.Err() != nil {
			return trace.Secret{}, d.interrupted(v, ctx.Err())
		}
		return trace.Secret{}, &flow.Error{Step: trace.SignIn, Code: codeMFAUnavailable, Err: fmt.Errorf("%s: %w", describe(string(c.Kind)), err)}
	}
	return trace.Secret{}, ErrNotMine
}

// challenges are what the kinds of challenges ask for, and what helps who cannot answer one.
var challenges = map[ChallengeKind]struct{ name, hint string }{
	ChallengeTOTP: {"code from an authenticator app",
		"give the app's secret with --totp-file FILE or OIDCFLOW_TOTP_SECRET"},
	ChallengeQuestion: {"answer to the question", "give it with --answers-file FILE, in a line \"question = answer\""},
	ChallengeCode:     {"code that was sent by mail or phone", "give a program that prints it with --code-command CMD"},
	ChallengePasskey:  {"passkey", hintPasskey},
}

// describe returns what a field or a challenge asks for, in words.
func describe(what string) string {
	switch what {
	case kindIdentifier:
		return "user's name"
	case kindNewPassword:
		return "new password"
	}
	if c, ok := challenges[ChallengeKind(what)]; ok {
		return c.name
	}
	return what
}

// question returns what the page asks in words: the label of its field unless that only says "answer", else the first
// sentence that ends in a question mark, else the heading.
func (s *scan) question(p *Page) string {
	if p.Challenge == ChallengeQuestion {
		for i, f := range s.View.Fields {
			if s.kinds[i] == kindAnswer && strings.Contains(f.Label, "?") {
				return f.Label
			}
		}
		for _, text := range append(slices.Clone(s.Headings), s.Text) {
			if q := firstQuestion(text); q != "" {
				return q
			}
		}
		for i, f := range s.View.Fields {
			if s.kinds[i] == kindAnswer && f.Label != "" {
				return f.Label
			}
		}
	}
	if len(s.Headings) > 0 {
		return s.Headings[0]
	}
	return s.Title
}

// firstQuestion returns the first sentence of text that ends in a question mark, or "".
func firstQuestion(text string) string {
	end := strings.IndexByte(text, '?')
	if end < 0 {
		return ""
	}
	begin := strings.LastIndexAny(text[:end], ".:!\n") + 1
	return strings.TrimSpace(text[begin : end+1])
}
