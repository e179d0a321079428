package signin

import (
	"slices"
	"strconv"
	"strings"

	"github.com/andybalholm/cascadia"
	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// Bounds of pages that go on by themselves.
const (
	maxRefreshDelay = 10      // seconds; a page that waits longer wants to be read, or reloads itself
	maxSubmitScript = 1 << 10 // bytes; a page whose only purpose is to send its form has hardly any script
)

var (
	selectRefresh = cascadia.MustCompile("meta[http-equiv][content]")
	selectBody    = cascadia.MustCompile("body")
)

// relayed are the fields of forms that carry a message from one server to another: a SAML response, a WS-Federation
// result, an authorization response in form_post. A person has nothing to say to them.
var relayed = []string{"SAMLResponse", "SAMLRequest", "wresult", "id_token", "code"}

// forward returns the request of a page that goes on by itself: a form that a script sends as soon as the page is
// there, or a refresh. It returns nil where the page waits for a person. refresh is the header of that name.
func (d *document) forward(refresh string, toClient func(url string) bool) (*request, error) {
	for i, f := range d.forms {
		if !d.hiddenOnly(i) {
			continue
		}
		if toClient(d.action(f)) || d.relays(i) || len(d.forms) == 1 && d.submitsItself() && !d.anyButton(i) {
			return d.submitOnly(i)
		}
	}
	if slices.ContainsFunc(d.view.Fields, typed) {
		return nil, nil
	}
	for _, n := range selectRefresh.MatchAll(d.root) {
		// What is in <noscript> leads a browser without scripts to a page that says so.
		if strings.EqualFold(attr(n, "http-equiv"), "refresh") && refresh == "" && !inNoscript(n) {
			refresh = attr(n, "content")
		}
	}
	if target := refreshTarget(refresh); target != "" {
		return d.get(d.resolve(target))
	}
	return nil, nil
}

// onward is forward for a page that says it goes on, but does not say how: its only form is sent.
func (d *document) onward() (*request, error) {
	if len(d.forms) == 1 && d.hiddenOnly(0) {
		return d.submitOnly(0)
	}
	return nil, errUnusable
}

// submitOnly sends a form by its first button, if it has one.
func (d *document) submitOnly(form int) (*request, error) {
	var submitter *html.Node
	for _, b := range d.view.Buttons {
		if b.Form == form && b.Type == "submit" && submitter == nil {
			submitter = d.nodes[b.Ref]
		}
	}
	return d.submit(form, submitter, d.dataSet(form, submitter, nil, nil))
}

// hiddenOnly reports whether the form has hidden fields, and nothing that a person could fill or choose.
func (d *document) hiddenOnly(form int) bool {
	hidden := false
	for _, n := range d.owned[form] {
		if n.DataAtom == atom.Button {
			continue
		}
		switch strings.ToLower(attr(n, "type")) {
		case "hidden":
			hidden = true
		case "submit", "button", "image":
		default:
			if n.DataAtom != atom.Textarea || visible(n) {
				return false
			}
			hidden = true
		}
	}
	return hidden
}

// relays reports whether the form carries a message between servers.
func (d *document) relays(form int) bool {
	for _, n := range d.owned[form] {
		if attr(n, "value") != "" && slices.Contains(relayed, attr(n, "name")) {
			return d.submitsItself()
		}
	}
	return false
}

// anyButton reports whether the form has a button that a person with scripts would see.
func (d *document) anyButton(form int) bool {
	return slices.ContainsFunc(d.view.Buttons, func(b Button) bool { return b.Form == form && !inNoscript(d.nodes[b.Ref]) })
}

// submitsItself reports whether the page does little else than send its form.
func (d *document) submitsItself() bool {
	if n := selectBody.MatchFirst(d.root); n != nil && strings.Contains(strings.ToLower(attr(n, "onload")), "submit") {
		return true
	}
	var code strings.Builder
	for _, n := range selectScripts.MatchAll(d.root) {
		if runs(n) {
			code.WriteString(rawContent(n))
		}
	}
	return code.Len() <= maxSubmitScript && strings.Contains(strings.ToLower(code.String()), "submit")
}

func inNoscript(n *html.Node) bool {
	for ; n != nil; n = n.Parent {
		if n.DataAtom == atom.Noscript {
			return true
		}
	}
	return false
}

// refreshTarget returns the URL of a refresh, such as `0; url=/next` (HTML §4.2.5.3), or "" where it only reloads or is
// far off.
func refreshTarget(content string) string {
	i := strings.IndexAny(content, ";,")
	if i < 0 {
		return ""
	}
	seconds, err := strconv.ParseFloat(strings.TrimSpace(content[:i]), 64)
	if err != nil || !(seconds >= 0 && seconds <= maxRefreshDelay) { // NaN is neither
		return ""
	}
	rest := strings.TrimSpace(content[i+1:])
	if len(rest) >= 3 && strings.EqualFold(rest[:3], "url") {
		rest = strings.TrimSpace(rest[3:])
		if !strings.HasPrefix(rest, "=") {
			return ""
		}
		rest = strings.TrimSpace(rest[1:])
	}
	return strings.Trim(rest, `"'`)
}
