package signin

import (
	"regexp"
	"slices"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// attr returns the value of n's attribute, or "".
func attr(n *html.Node, name string) string {
	value, _ := attrOK(n, name)
	return value
}

func attrOK(n *html.Node, name string) (value string, ok bool) {
	for _, a := range n.Attr {
		if a.Namespace == "" && a.Key == name {
			return a.Val, true
		}
	}
	return "", false
}

func hasAttr(n *html.Node, name string) bool {
	_, ok := attrOK(n, name)
	return ok
}

// first returns the first limit of list.
func first[T any](list []T, limit int) []T { return list[:min(len(list), limit)] }

// within reports whether n is at or below top.
func within(n, top *html.Node) bool {
	for ; n != nil; n = n.Parent {
		if n == top {
			return true
		}
	}
	return false
}

// styleHides is an inline style that hides its element.
var styleHides = regexp.MustCompile(`(?i)(^|;)\s*(display\s*:\s*none|visibility\s*:\s*hidden)`)

// hidingClasses hide in every common style sheet. Without one's rules there is no other way to know.
var hidingClasses = []string{"hidden", "d-none", "hide", "is-hidden", "display-none"}

// hides reports whether n itself hides what is in it.
func hides(n *html.Node) bool {
	switch n.DataAtom {
	case atom.Script, atom.Style, atom.Template, atom.Head, atom.Svg, atom.Object:
		return true
	case atom.Dialog:
		return !hasAttr(n, "open")
	}
	return hasAttr(n, "hidden") || styleHides.MatchString(attr(n, "style")) ||
		slices.ContainsFunc(strings.Fields(attr(n, "class")), func(c string) bool { return slices.Contains(hidingClasses, c) })
}

// visible reports whether nothing in or around n hides it.
func visible(n *html.Node) bool {
	for ; n != nil; n = n.Parent {
		if n.Type == html.ElementNode && hides(n) {
			return false
		}
	}
	return true
}

// disabled reports whether n, or a fieldset around it, is disabled (HTML §4.10.18.5).
func disabled(n *html.Node) bool {
	if hasAttr(n, "disabled") {
		return true
	}
	for p := n.Parent; p != nil; p = p.Parent {
		if p.DataAtom == atom.Fieldset && hasAttr(p, "disabled") {
			return true
		}
	}
	return false
}

// textOf returns what is seen of n's text, white space folded, at most limit bytes.
func textOf(n *html.Node, limit int) string {
	var b strings.Builder
	addText(&b, n, limit, true)
	return cut(b.String(), limit)
}

// rawText is textOf for what counts unseen: the title, the label of a field.
func rawText(n *html.Node, limit int) string {
	var b strings.Builder
	addText(&b, n, limit, false)
	return cut(b.String(), limit)
}

// addText appends n's text to b until there is enough. The parser bounds how deep it goes.
func addText(b *strings.Builder, n *html.Node, limit int, seen bool) {
	switch {
	case b.Len() > limit:
		return
	case n.Type == html.TextNode:
		for _, word := range strings.Fields(n.Data) {
			if b.Len() > limit {
				return
			}
			if b.Len() > 0 {
				b.WriteByte(' ')
			}
			b.WriteString(word)
		}
		return
	case n.Type == html.ElementNode && (seen && hides(n) || n.DataAtom == atom.Option):
		return
	}
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		addText(b, c, limit, seen)
	}
}

// cut returns the first limit bytes of s, without half a character at the end.
func cut(s string, limit int) string {
	if len(s) <= limit {
		return s
	}
	return strings.ToValidUTF8(s[:limit], "")
}

// emptyRoot returns a document without anything in it.
func emptyRoot() *html.Node { return &html.Node{Type: html.DocumentNode} }
