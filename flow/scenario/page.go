package scenario

import (
	"cmp"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"

	"github.com/oidcflow/oidcflow/flow/signin"
)

// pageBlock is the body of a page block: a page of a sign-in, as [signin.Page] has it.
type pageBlock struct {
	Doc            string      `hcl:"doc,optional"`
	When           []signBlock `hcl:"when,block"`
	Fill           []string    `hcl:"fill,optional"`
	FillRange      hcl.Range   `hcl:"fill,attr_value_range"`
	Challenge      string      `hcl:"challenge,optional"`
	ChallengeRange hcl.Range   `hcl:"challenge,attr_value_range"`
	Choose         bool        `hcl:"choose,optional"`
	Press          []string    `hcl:"press,optional"`
	Deny           []string    `hcl:"deny,optional"`
	Code           string      `hcl:"code,optional"`
	CodeRange      hcl.Range   `hcl:"code,attr_value_range"`
	Hint           string      `hcl:"hint,optional"`
	Wait           bool        `hcl:"wait,optional"`

	Remediation      string    `hcl:"remediation,optional"`
	RemediationRange hcl.Range `hcl:"remediation,attr_value_range"`
	Generation       int       `hcl:"generation,optional"`
	GenerationRange  hcl.Range `hcl:"generation,attr_value_range"`
}

// signBlock is one way to know a page, as [signin.Sign] has it.
type signBlock struct {
	Def          hcl.Range `hcl:",def_range"`
	Fields       []string  `hcl:"fields,optional"`
	FieldsRange  hcl.Range `hcl:"fields,attr_value_range"`
	Without      []string  `hcl:"without,optional"`
	WithoutRange hcl.Range `hcl:"without,attr_value_range"`
	Absent       []string  `hcl:"absent,optional"`
	AbsentRange  hcl.Range `hcl:"absent,attr_value_range"`
	Head         []string  `hcl:"head,optional"`
	Text         []string  `hcl:"text,optional"`
	NoText       []string  `hcl:"no_text,optional"`
	Button       []string  `hcl:"button,optional"`
	NoButton     []string  `hcl:"no_button,optional"`
	Captcha      bool      `hcl:"captcha,optional"`
	Method       bool      `hcl:"method,optional"`
	Verdict      string    `hcl:"verdict,optional"`
	VerdictRange hcl.Range `hcl:"verdict,attr_value_range"`
	OAuth        bool      `hcl:"oauth,optional"`
	Status       int       `hcl:"status,optional"`
	StatusRange  hcl.Range `hcl:"status,attr_value_range"`
}

// pages reads page blocks. They hold the words of pages, which errors repeat: so there are no functions in them, by which
// a secret could get there.
func pages(bodies []namedBody) ([]signin.Page, hcl.Diagnostics) {
	var all []signin.Page
	diags := unique("page", labels(bodies, func(b namedBody) (string, hcl.Range) { return b.Name, b.Def }))
	for _, body := range bodies {
		var b pageBlock
		wrong := Decode(body.Body, &hcl.EvalContext{}, &b)
		if !wrong.HasErrors() {
			wrong = b.check(body.Def)
		}
		diags = append(diags, wrong...)
		all = append(all, b.page(body.Name))
	}
	return all, diags
}

// does is what a page may do, at most one of them.
func (b *pageBlock) does() []string {
	var does []string
	for _, d := range []struct {
		name string
		is   bool
	}{{"fill", len(b.Fill) > 0}, {"choose", b.Choose}, {"code", b.Code != ""}, {"wait", b.Wait}} {
		if d.is {
			does = append(does, d.name)
		}
	}
	if len(does) == 0 && len(b.Press) > 0 {
		does = []string{"press"}
	}
	return does
}

// renews reports whether the page takes a new password, or ends the sign-in where there is none.
func (b *pageBlock) renews() bool {
	return slices.Equal(b.Fill, []string{"new-password"}) && b.Code == "signin.password_expired"
}

// check finds what the schema cannot say.
func (b *pageBlock) check(at hcl.Range) hcl.Diagnostics {
	if b.Remediation != "" {
		return b.checkRemediation(at)
	}
	if b.Generation != 0 {
		return hcl.Diagnostics{mistake(b.GenerationRange, "Unsuitable value", "A generation is one of Okta's widget: remediation says of which of its screens.")}
	}
	diags := known("code", []string{b.Code}, b.CodeRange, signin.Codes())
	diags = append(diags, known("fill", b.Fill, b.FillRange, signin.Fillable())...)
	switch does := b.does(); {
	case len(b.When) == 0:
		diags = append(diags, mistake(at, "Page without a sign", "A when block says how to know the page."))
	case len(does) == 0:
		diags = append(diags, mistake(at, "Page without an action", "Want fill, choose, press, code or wait."))
	case len(does) > 1 && !b.renews():
		diags = append(diags, mistake(at, "Page with several actions", "Want one of %s.", strings.Join(does, ", ")))
	case slices.Contains(b.Fill, "new-password") && !b.renews():
		diags = append(diags, mistake(b.FillRange, "Unsuitable value", `A page that takes a new password has fill = ["new-password"] and code = "signin.password_expired".`))
	}
	if len(b.Deny) > 0 && len(b.Press) == 0 {
		diags = append(diags, mistake(at, "Page without an action", "Where deny says how to refuse, press says how to agree."))
	}
	diags = append(diags, b.checkChallenge(at)...)
	for _, s := range b.When {
		diags = append(diags, s.check()...)
	}
	return diags
}

// checkRemediation looks at a screen of Okta's widget, of which only what is pressed can be said.
func (b *pageBlock) checkRemediation(at hcl.Range) hcl.Diagnostics {
	diags := known("remediation", []string{b.Remediation}, b.RemediationRange, signin.Remediations())
	if b.Generation != 0 && b.Generation != 2 && b.Generation != 3 {
		diags = append(diags, mistake(b.GenerationRange, "Unsuitable value", "generation: want 2 or 3, got %d.", b.Generation))
	}
	does := b.does()
	switch {
	case len(b.When) > 0 || b.Hint != "" || b.Challenge != "" || !slices.Equal(does, []string{"press"}) && len(does) > 0:
		diags = append(diags, mistake(at, "Screen with more than presses", "The engine says what a screen of Okta's widget asks: a page with a remediation has press, deny, generation and doc alone."))
	case slices.Contains(slices.Concat(b.Press, b.Deny), ""):
		diags = append(diags, mistake(at, "Empty selector", "A page with a remediation has CSS selectors in press and deny."))
	case len(does) == 0:
		diags = append(diags, mistake(at, "Page without an action", "Want press: the CSS selectors of what is pressed, the best first."))
	}
	return diags
}

// checkChallenge compares the challenge with the fields that answer one.
func (b *pageBlock) checkChallenge(at hcl.Range) hcl.Diagnostics {
	var want []string
	switch {
	case slices.Contains(b.Fill, "code"):
		want = []string{string(signin.ChallengeTOTP), string(signin.ChallengeCode)}
	case slices.Contains(b.Fill, "answer"):
		want = []string{string(signin.ChallengeQuestion)}
	case b.Challenge != "":
		return hcl.Diagnostics{mistake(b.ChallengeRange, "Unsuitable value", "The page fills neither code nor answer.")}
	default:
		return nil
	}
	if b.Challenge == "" {
		return hcl.Diagnostics{mistake(at, "Page without a challenge", "It says what the %s is: want %s.", cmp.Or(b.Fill[len(b.Fill)-1], "code"), strings.Join(want, " or "))}
	}
	return known("challenge", []string{b.Challenge}, b.ChallengeRange, want)
}

// check finds kinds of fields and codes that are not there. A sign that holds on every page is none.
func (s *signBlock) check() hcl.Diagnostics {
	kinds := signin.KindNames()
	diags := known("fields", s.Fields, s.FieldsRange, kinds)
	diags = append(diags, known("without", s.Without, s.WithoutRange, kinds)...)
	diags = append(diags, known("absent", s.Absent, s.AbsentRange, kinds)...)
	diags = append(diags, known("verdict", []string{s.Verdict}, s.VerdictRange, append(signin.Codes(), "-"))...)
	if s.Status != 0 && (s.Status < 100 || s.Status > 599) {
		diags = append(diags, mistake(s.StatusRange, "Unsuitable value", "status: want a status of HTTP, got %d.", s.Status))
	}
	empty := len(s.Fields)+len(s.Head)+len(s.Text)+len(s.Button)+s.Status == 0 && !s.Captcha && !s.Method && !s.OAuth && strings.Trim(s.Verdict, "-") == ""
	if empty {
		diags = append(diags, mistake(s.Def, "Sign of every page", "Want something that the page has: fields, head, text, button, captcha, method, verdict, oauth or status."))
	}
	return diags
}

// known reports values that are not among names, each with the nearest.
func known(attribute string, values []string, at hcl.Range, names []string) hcl.Diagnostics {
	var diags hcl.Diagnostics
	for _, v := range values {
		if v == "" || slices.Contains(names, v) {
			continue
		}
		diags = append(diags, mistake(at, "Unsuitable value", "%s: there is no %q. %s", attribute, v, choice(attribute, v, names)))
	}
	return diags
}

func (b *pageBlock) page(name string) signin.Page {
	p := signin.Page{
		Name:      name,
		Doc:       b.Doc,
		Fill:      b.Fill,
		Challenge: signin.ChallengeKind(b.Challenge),
		Choose:    b.Choose,
		Press:     b.Press,
		Deny:      b.Deny,
		Code:      b.Code,
		Hint:      b.Hint,
		Wait:      b.Wait,

		Remediation: b.Remediation,
		Generation:  b.Generation,
	}
	for _, s := range b.When {
		p.When = append(p.When, signin.Sign{
			Fields:   s.Fields,
			Without:  s.Without,
			Absent:   s.Absent,
			Head:     s.Head,
			Text:     s.Text,
			NoText:   s.NoText,
			Button:   s.Button,
			NoButton: s.NoButton,
			Captcha:  s.Captcha,
			Method:   s.Method,
			Verdict:  s.Verdict,
			OAuth:    s.OAuth,
			Status:   s.Status,
		})
	}
	return p
}
