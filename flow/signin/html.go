package signin

import (
	"io"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/andybalholm/cascadia"
	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// Bounds of what is read from one page, whatever a provider sends.
const (
	maxElements = 200  // fields, buttons and forms, each
	maxControls = 2000 // of all forms, hidden ones included
	maxMarked   = 1000 // elements that may be messages
	maxMessages = 10
	maxLabel    = 300
)

// document is a page as HTML: the View of it, and the nodes that the View's handles stand for.
type document struct {
	url   *url.URL
	base  *url.URL // what relative URLs are relative to: <base href>
	root  *html.Node
	forms []*html.Node
	owned [][]*html.Node // by form, its controls in the order of the page
	nodes []*html.Node   // by Ref
	view  *View

	labels map[string]string // text of label[for], by id
	ids    map[string]*html.Node
}

var (
	selectForms    = cascadia.MustCompile("form")
	selectLabels   = cascadia.MustCompile("label")
	selectHeadings = cascadia.MustCompile("h1, h2, h3, legend, [role=heading]")
	selectFields   = cascadia.MustCompile("input, select, textarea")
	selectButtons  = cascadia.MustCompile("button, input, a[href], [role=button]")
	selectFrames   = cascadia.MustCompile("iframe[src]")
	selectScripts  = cascadia.MustCompile("script")
	selectMessages = cascadia.MustCompile("[role=alert], [role=status], [aria-live=assertive], [aria-live=polite], [class]")
	selectCaptchas = cascadia.MustCompile(".g-recaptcha[data-sitekey], .h-captcha[data-sitekey], .cf-turnstile[data-sitekey]")
	selectBase     = cascadia.MustCompile("base[href]")
	selectTitle    = cascadia.MustCompile("title")
	selectControls = cascadia.MustCompile("input, select, textarea, button")
	selectOptions  = cascadia.MustCompile("option")
	selectIDs      = cascadia.MustCompile("[id]")
)

// parseHTML reads a page as a browser without scripts: what is in <noscript> counts. A page that nests deeper than
// x/net/html allows is an error.
func parseHTML(r io.Reader, at *url.URL, status int) (*document, error) {
	root, err := html.ParseWithOptions(r, html.ParseOptionEnableScripting(false))
	if err != nil {
		return nil, err
	}
	d := &document{url: at, base: at, root: root, labels: map[string]string{}, ids: map[string]*html.Node{}}
	if n := selectBase.MatchFirst(root); n != nil {
		if u, err := at.Parse(attr(n, "href")); err == nil && (u.Scheme == "http" || u.Scheme == "https") {
			d.base = u
		}
	}
	for _, n := range selectIDs.MatchAll(root) {
		if id := attr(n, "id"); d.ids[id] == nil {
			d.ids[id] = n
		}
	}
	for _, n := range first(selectLabels.MatchAll(root), maxControls) {
		if id := attr(n, "for"); id != "" && d.labels[id] == "" {
			d.labels[id] = rawText(n, maxLabel)
		}
	}
	d.forms = first(selectForms.MatchAll(root), maxElements)
	d.owned = make([][]*html.Node, len(d.forms))
	for _, n := range first(selectControls.MatchAll(root), maxControls) {
		if i := d.formOf(n); i != outside {
			d.owned[i] = append(d.owned[i], n)
		}
	}
	d.look(status)
	return d, nil
}

// look fills in the View.
func (d *document) look(status int) {
	v := &View{URL: d.url.String(), Status: status, Text: textOf(d.root, MaxViewText)}
	d.view = v
	if n := selectTitle.MatchFirst(d.root); n != nil {
		v.Title = rawText(n, maxLabel)
	}
	for _, n := range first(selectHeadings.MatchAll(d.root), maxElements) {
		if text := textOf(n, maxLabel); text != "" && visible(n) {
			v.Headings = append(v.Headings, text)
		}
	}
	for _, n := range d.forms {
		v.Actions = append(v.Actions, d.action(n))
	}
	for _, n := range first(selectFields.MatchAll(d.root), maxControls) {
		if f, ok := d.field(n); ok && len(v.Fields) < maxElements {
			f.Ref = d.ref(n)
			v.Fields = append(v.Fields, f)
		}
	}
	for _, n := range first(selectButtons.MatchAll(d.root), maxControls) {
		if b, ok := d.button(n); ok && len(v.Buttons) < maxElements {
			b.Ref = d.ref(n)
			v.Buttons = append(v.Buttons, b)
		}
	}
	for _, n := range first(selectFrames.MatchAll(d.root), maxElements) {
		if visible(n) {
			v.Frames = append(v.Frames, d.resolve(attr(n, "src")))
		}
	}
	d.captchas()
	d.messages()
	v.Scripts = slices.ContainsFunc(selectScripts.MatchAll(d.root), runs)
}

func (d *document) ref(n *html.Node) int {
	d.nodes = append(d.nodes, n)
	return len(d.nodes) - 1
}

// captchas adds the frames that a browser's scripts would put in the place of captcha elements.
func (d *document) captchas() {
	for _, n := range first(selectCaptchas.MatchAll(d.root), maxElements) {
		if !visible(n) {
			continue
		}
		frame := map[string]string{
			"g-recaptcha":  "https://www.google.com/recaptcha/api2/anchor",
			"h-captcha":    "https://newassets.hcaptcha.com/captcha",
			"cf-turnstile": "https://challenges.cloudflare.com/turnstile",
		}
		for class, src := range frame {
			if slices.Contains(strings.Fields(attr(n, "class")), class) {
				d.view.Frames = append(d.view.Frames, src+"?size="+url.QueryEscape(attr(n, "data-size")))
			}
		}
	}
}

// runs reports whether n is a script that a browser would run, rather than data.
func runs(n *html.Node) bool {
	switch t := strings.ToLower(attr(n, "type")); {
	case t == "", t == "module", strings.Contains(t, "javascript"), strings.Contains(t, "ecmascript"):
		return hasAttr(n, "src") || n.FirstChild != nil
	}
	return false
}

// field returns n as a Field; ok is false for what nobody sees or types into.
func (d *document) field(n *html.Node) (f Field, ok bool) {
	f = Field{Form: d.formOf(n), Tag: n.Data, Type: strings.ToLower(attr(n, "type")), Name: attr(n, "name"), ID: attr(n, "id"),
		Autocomplete: attr(n, "autocomplete"), InputMode: strings.ToLower(attr(n, "inputmode")), Label: d.label(n), Placeholder: attr(n, "placeholder"),
		Filled: attr(n, "value") != "", Checked: hasAttr(n, "checked"), Disabled: disabled(n), ReadOnly: hasAttr(n, "readonly")}
	f.MaxLength, _ = strconv.Atoi(attr(n, "maxlength")) // anything but a number is no limit
	if f.Tag != "input" {
		f.Type = f.Tag
	} else if !slices.Contains(inputTypes, f.Type) {
		f.Type = "text" // HTML §4.10.5: the invalid value default
	}
	switch f.Type {
	case "hidden", "submit", "button", "image", "reset":
		return f, false
	}
	return f, visible(n)
}

// inputTypes are the types of HTML §4.10.5.1.
var inputTypes = []string{"hidden", "text", "search", "tel", "url", "email", "password", "date", "month", "week", "time",
	"datetime-local", "number", "range",
	"color", "checkbox", "radio", "file", "submit", "image", "reset", "button"}

// label returns how the page names n. A name that is not seen counts too, as it does for a screen reader.
func (d *document) label(n *html.Node) string {
	if s := attr(n, "aria-label"); s != "" {
		return s
	}
	var parts []string
	for _, id := range first(strings.Fields(attr(n, "aria-labelledby")), 5) {
		if at := d.ids[id]; at != nil {
			parts = append(parts, rawText(at, maxLabel))
		}
	}
	if len(parts) > 0 {
		return strings.Join(parts, " ")
	}
	if s := d.labels[attr(n, "id")]; s != "" && attr(n, "id") != "" {
		return s
	}
	for p := n.Parent; p != nil; p = p.Parent {
		if p.DataAtom == atom.Label {
			return rawText(p, maxLabel)
		}
	}
	return attr(n, "title")
}

// button returns n as a Button; ok is false for what is none, or not seen.
func (d *document) button(n *html.Node) (b Button, ok bool) {
	b = Button{Form: d.formOf(n), Tag: n.Data, Type: strings.ToLower(attr(n, "type")), Name: attr(n, "name"), Value: attr(n, "value"), ID: attr(n, "id"),
		Disabled: disabled(n)}
	switch n.DataAtom {
	case atom.Input:
		if b.Type != "submit" && b.Type != "image" && b.Type != "button" {
			return b, false
		}
		if b.Text = b.Value; b.Type == "image" {
			b.Text = attr(n, "alt")
		}
	case atom.Button:
		if b.Type != "button" && b.Type != "reset" {
			b.Type = "submit" // HTML §4.10.8: the missing and invalid value default
		}
		b.Text = textOf(n, maxLabel)
	case atom.A:
		b.Type, b.Form, b.Action, b.Text = "link", outside, d.resolve(attr(n, "href")), textOf(n, maxLabel)
	default:
		b.Type, b.Text = "button", textOf(n, maxLabel)
	}
	if s := attr(n, "aria-label"); b.Text == "" {
		b.Text = s
	}
	if hasAttr(n, "formaction") && b.Type != "link" {
		b.Action = d.resolve(attr(n, "formaction"))
	}
	return b, visible(n) && b.Type != "reset"
}

// messageWords are the words in class names by which pages mark what went wrong; quietWords those of other notices.
var (
	messageWords = []string{"error", "errors", "alert", "danger", "invalid", "failure", "errorlist", "errornote",
		"errormessage", "error message",
		"feedback", "flash", "warning", "validation"}
	quietWords = []string{"success", "info", "hidden", "valid feedback", "icon"}
)

// messages collects the texts that the page marks as messages, the outermost of nested marks only.
func (d *document) messages() {
	var taken []*html.Node
	add := func(n *html.Node) {
		text := textOf(n, maxLabel)
		if text == "" || !visible(n) || len(d.view.Messages) == maxMessages || slices.Contains(d.view.Messages, text) ||
			slices.ContainsFunc(taken, func(t *html.Node) bool { return within(n, t) }) {
			return
		}
		taken = append(taken, n)
		d.view.Messages = append(d.view.Messages, text)
	}
	for _, n := range first(selectMessages.MatchAll(d.root), maxMarked) {
		class := foldName(attr(n, "class"))
		marked := attr(n, "role") == "alert" || attr(n, "aria-live") != "" || says(class, messageWords)
		if marked && !says(class, quietWords) && !holdsFields(n) {
			add(n)
		}
	}
	for _, f := range d.view.Fields {
		n := d.nodes[f.Ref]
		if attr(n, "aria-invalid") != "true" {
			continue
		}
		for _, id := range first(strings.Fields(attr(n, "aria-describedby")+" "+attr(n, "aria-errormessage")), 5) {
			if at := d.ids[id]; at != nil {
				add(at)
			}
		}
	}
}

// holdsFields reports whether n is around a whole form rather than a message: a class such as "form-invalid" marks all.
func holdsFields(n *html.Node) bool {
	return n.DataAtom == atom.Form || n.DataAtom == atom.Body || n.DataAtom == atom.Html || selectFields.MatchFirst(n) != nil
}

// formOf returns the index of the form that owns n (HTML §4.10.18.3): that of its form attribute, else the one around it.
func (d *document) formOf(n *html.Node) int {
	if id, ok := attrOK(n, "form"); ok {
		return slices.IndexFunc(d.forms, func(f *html.Node) bool { return attr(f, "id") == id && id != "" })
	}
	for p := n.Parent; p != nil; p = p.Parent {
		if p.DataAtom == atom.Form {
			return slices.Index(d.forms, p)
		}
	}
	return outside
}

// action returns the absolute URL that the form is sent to; an empty action is the page itself (HTML §4.10.21.3).
func (d *document) action(form *html.Node) string {
	if a := strings.TrimSpace(attr(form, "action")); a != "" {
		return d.resolve(a)
	}
	return d.url.String()
}

// resolve returns ref as an absolute URL, or as it is where it cannot be one.
func (d *document) resolve(ref string) string {
	u, err := d.base.Parse(strings.TrimSpace(ref))
	if err != nil {
		return ref
	}
	return u.String()
}
