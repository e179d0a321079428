package signin

import (
	"strconv"
	"strings"

	"golang.org/x/net/html"
)

// Bounds of what is told of a page's making.
const (
	maxOutline  = 100  // fields of a screen
	maxName     = 80   // of a field, and of an attribute
	maxSkeleton = 2000 // lines
	maxDepth    = 100
)

// fields returns the name and the type of each field on a page.
func (d *Dialog) fields(v *View) []string {
	var list []string
	for _, f := range first(v.Fields, maxOutline) {
		list = append(list, d.named(f.Name, f.Type))
	}
	return list
}

// outline returns the names of the fields of each form in an answer of Okta's, below that of the form: a form that
// describes itself is told from another by these.
func (d *Dialog) outline(a *IDXAnswer) []string {
	var list []string
	for _, r := range a.Remediations {
		list = append(list, d.named(r.Name, "form"))
		list = d.below(list, r.Name, r.Fields, 0)
	}
	return first(list, maxOutline)
}

func (d *Dialog) below(list []string, path string, fields []IDXField, depth int) []string {
	for _, f := range fields {
		if len(list) >= maxOutline || depth > 5 {
			return list
		}
		kind := f.Hint
		switch {
		case len(f.Options) > 0:
			kind = "options"
		case len(f.Fields) > 0:
			kind = "object"
		}
		name := path + "." + f.Name
		list = d.below(append(list, d.named(name, kind)), name, f.Fields, depth+1)
	}
	return list
}

// offers returns the factors in an answer of the Classic engine.
func (d *Dialog) offers(a *AuthnAnswer) []string {
	var list []string
	for i := range first(a.Factors, maxOutline) {
		list = append(list, d.named(a.Factors[i].name(), "factor"))
	}
	return list
}

// keys returns those of messages that have one.
func (d *Dialog) keys(messages []IDXMessage) []string {
	var list []string
	for _, m := range first(messages, maxMessages) {
		if m.Key != "" {
			list = append(list, d.named(m.Key, ""))
		}
	}
	return list
}

// named returns a name and a kind fit to be told. A name that a page makes up may hold what was typed before.
func (d *Dialog) named(name, kind string) string {
	return strings.TrimSpace(clean(d.clean(name), maxName) + " " + clean(kind, maxName))
}

// skeleton returns the page as tags with what an allow-list lets through: neither values nor text.
func (d *document) skeleton() string {
	var b strings.Builder
	lines := 0
	var walk func(n *html.Node, depth int)
	walk = func(n *html.Node, depth int) {
		if lines >= maxSkeleton || depth > maxDepth {
			return
		}
		if n.Type == html.ElementNode {
			switch n.Data {
			case "head", "script", "style", "template":
				return
			}
			lines++
			b.WriteString(strings.Repeat("  ", depth) + "<" + clean(n.Data, maxName))
			for _, name := range []string{"type", "name", "role", "data-se"} {
				if v, ok := attrOK(n, name); ok {
					b.WriteString(" " + name + "=" + strconv.Quote(clean(v, maxName)))
				}
			}
			b.WriteString(">\n")
			depth++
		}
		for c := n.FirstChild; c != nil; c = c.NextSibling {
			walk(c, depth)
		}
	}
	walk(d.root, 0)
	return b.String()
}
