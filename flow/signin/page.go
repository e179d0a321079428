package signin

import (
	"fmt"
	"slices"
	"strings"
)

// Page is a recogniser as data: how to know a screen, and what to do there. A page with a Code ends the sign-in, one
// with Wait is about to change by itself, and on any other the fields of Fill are filled and a button is pressed.
//
// A page with a Remediation is a screen of Okta's Sign-In Widget. The engine's answer says which one it is and what to
// fill, so it has neither When nor Fill, and only mends where the driver chrome presses.
type Page struct {
	Name      string
	Doc       string
	When      []Sign        // any one of them is enough
	Fill      []string      // names of Kinds, in the order in which the fields are filled
	Challenge ChallengeKind // what the code or answer in Fill is
	Choose    bool          // press, or tick, the way of verification that the user can answer; see Methods
	Press     []string      // what the button says, the best first; where none does, the form's submit button
	Deny      []string      // on a page that asks for consent: what the button of refusal says
	Code      string        // of the error that ends the sign-in here; a password that has expired is replaced where there is a new one
	Hint      string        // of that error
	Wait      bool

	Remediation string // one of Remediations: Press and Deny are CSS selectors, which are tried before ours
	Generation  int    // of the widget, 2 or 3; 0: any
}

// Sign is one way to know a page. All that is set must hold.
type Sign struct {
	Fields   []string // kinds of fields that one form has
	Without  []string // kinds that this form has not
	Absent   []string // kinds that are nowhere on the page
	Head     []string // the title or a heading has one of these phrases
	Text     []string // the title, a heading, a message or the text has one of these phrases
	NoText   []string // none of these is there
	Button   []string // a button says exactly one of these
	NoButton []string // no button says one of these
	Captcha  bool     // there is a captcha, be it a field or a frame
	Method   bool     // a button, link or radio button offers one of Methods
	Verdict  string   // what Verdicts make of the page's words and status; "-": nothing
	OAuth    bool     // the title or text names an error code of the authorization endpoint
	Status   int      // the HTTP status is this or more
}

// outside is the form of fields and buttons that are in none.
const outside = -1

// scan is a View with what all recognisers ask about, worked out once.
type scan struct {
	*View
	kinds   []string // of each field; "" where it is none
	head    string   // folded
	text    string   // folded, head included
	buttons []string // folded
	said    string   // verdict on the page's messages
	verdict string   // verdict on all its words and its status
	oauth   string   // the error code of the authorization endpoint that it names
}

// newScan works v out.
func newScan(v *View) *scan {
	s := &scan{View: v, kinds: make([]string, len(v.Fields)), buttons: make([]string, len(v.Buttons))}
	for i, f := range v.Fields {
		if typed(f) {
			s.kinds[i] = kindOf(f)
		}
	}
	s.guessIdentifiers()
	s.head = fold(v.Title) + fold(strings.Join(v.Headings, " · "))
	s.text = s.head + fold(strings.Join(v.Messages, " · ")) + fold(v.Text)
	for i, b := range v.Buttons {
		s.buttons[i] = fold(b.says())
	}
	s.said = verdictOf(v.Messages...)
	s.oauth = oauthCodeIn(v.Title + " " + v.Text)
	if s.oauth != "" && s.oauth != "access_denied" {
		return s // the words around such a code are about the client's request, not about the user
	}
	for _, verdict := range []string{s.said, verdictOf(append(slices.Clone(v.Headings), v.Title)...), verdictOf(v.Text), verdictOfStatus(v.Status)} {
		if s.verdict == "" {
			s.verdict = verdict
		}
	}
	return s
}

// guessIdentifiers takes the text field before a password for the user's name where no mark says what it is: a page in
// a language that Kinds do not know has nothing but its order.
func (s *scan) guessIdentifiers() {
	for i, kind := range s.kinds {
		form := s.View.Fields[i].Form
		if kind != kindPassword || len(s.fields(form, kindIdentifier)) > 0 || len(s.fields(form, kindNewPassword)) > 0 {
			continue
		}
		for j := i - 1; j >= 0; j-- {
			if f := s.View.Fields[j]; f.Form == form && s.kinds[j] == "" && typed(f) && f.Type == "text" {
				s.kinds[j] = kindIdentifier
				break
			}
		}
	}
}

// fields returns the fields of that kind in that form.
func (s *scan) fields(form int, kind string) []Field {
	var found []Field
	for i, f := range s.View.Fields {
		if f.Form == form && (s.kinds[i] == kind || kind == kindTyped && typed(f)) {
			found = append(found, f)
		}
	}
	return found
}

// anywhere reports whether the page has a field of that kind, or, for captcha, a captcha's frame.
func (s *scan) anywhere(kind string) bool {
	if kind == kindCaptcha && slices.ContainsFunc(s.Frames, captchaFrame) {
		return true
	}
	for i, f := range s.View.Fields {
		if s.kinds[i] == kind || kind == kindTyped && typed(f) {
			return true
		}
	}
	return false
}

// forms returns the forms that fields are in.
func (s *scan) forms() []int {
	var forms []int
	for _, f := range s.View.Fields {
		if !slices.Contains(forms, f.Form) {
			forms = append(forms, f.Form)
		}
	}
	return forms
}

// form returns the first form that has all fields the sign asks for; ok is false where there is none.
func (g *Sign) form(s *scan) (form int, ok bool) {
	if len(g.Fields) == 0 {
		return outside, true
	}
	has := func(form int) func(string) bool {
		return func(kind string) bool { return len(s.fields(form, kind)) > 0 }
	}
	for _, f := range s.forms() {
		lacks := slices.ContainsFunc(g.Fields, func(kind string) bool { return !has(f)(kind) })
		if !lacks && !slices.ContainsFunc(g.Without, has(f)) {
			return f, true
		}
	}
	return outside, false
}

// unmet returns which conditions of the sign do not hold, and out of how many.
func (g *Sign) unmet(s *scan) (missing []string, of int) {
	need := func(set, holds bool, what string) {
		if !set {
			return
		}
		of++
		if !holds {
			missing = append(missing, what)
		}
	}
	_, found := g.form(s)
	need(len(g.Fields) > 0, found, "no form with "+strings.Join(g.Fields, " and "))
	for _, kind := range g.Absent {
		need(true, !s.anywhere(kind), "there is a field for "+kind)
	}
	need(len(g.Head) > 0, says(s.head, g.Head), "another heading")
	need(len(g.Text) > 0, says(s.text, g.Text), "other words")
	need(len(g.NoText) > 0, !says(s.text, g.NoText), "words of another page")
	need(len(g.Button) > 0, s.button(g.Button) != nil, "no button "+strings.Join(first(g.Button, 3), " or "))
	need(len(g.NoButton) > 0, s.button(g.NoButton) == nil, "a button of another page")
	need(g.Captcha, s.anywhere(kindCaptcha), "no captcha")
	need(g.Method, len(s.methods()) > 0, "no choice of methods")
	need(g.Verdict == "-", s.verdict == "", "words of an error")
	need(g.Verdict != "" && g.Verdict != "-", s.verdict == g.Verdict, "no words of that error")
	need(g.OAuth, s.oauth != "", "no error code")
	need(g.Status > 0, s.Status >= g.Status, fmt.Sprintf("status below %d", g.Status))
	return missing, of
}

// matches returns the form that p is about, if s is that page.
func (p *Page) matches(s *scan) (form int, ok bool) {
	for i := range p.When {
		g := p.sign(i)
		if missing, _ := g.unmet(s); len(missing) == 0 {
			form, _ := g.form(s)
			return form, true
		}
	}
	return outside, false
}

// sign returns a sign of p. What is to be filled has to be there, whether the sign says so or not.
func (p *Page) sign(i int) Sign {
	g := p.When[i]
	for _, kind := range p.Fill {
		if p.Code == "" && !slices.Contains(g.Fields, kind) {
			g.Fields = append(slices.Clone(g.Fields), kind)
		}
	}
	return g
}

// recognise returns the first page that s is, and the form it is about; nil where nobody knows it.
func recognise(pages []Page, s *scan) (p *Page, form int) {
	for i := range pages {
		if form, ok := pages[i].matches(s); ok {
			return &pages[i], form
		}
	}
	return nil, outside
}

// closest says which recogniser came nearest to s and what it missed, or "".
func closest(pages []Page, s *scan) string {
	best, text := 0.0, ""
	for i := range pages {
		for j := range pages[i].When {
			g := pages[i].sign(j)
			missing, of := g.unmet(s)
			if share := float64(of-len(missing)) / float64(of); of > 1 && share > best {
				best, text = share, fmt.Sprintf("the closest known page is %s, but %s", pages[i].Name, strings.Join(missing, ", "))
			}
		}
	}
	return text
}

// Recognise returns the names of all pages that claim v; on any page there should be one.
func Recognise(pages []Page, v *View) []string {
	var names []string
	s := newScan(v)
	for i := range pages {
		if _, ok := pages[i].matches(s); ok {
			names = append(names, pages[i].Name)
		}
	}
	return names
}
