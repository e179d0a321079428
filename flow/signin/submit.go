package signin

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// request is what a browser would ask for next.
type request struct {
	method string
	url    *url.URL
	body   string // of a POST
	from   *url.URL

	accept      string // empty: pages
	contentType string // of a POST; empty: application/x-www-form-urlencoded
}

// pair is one entry of a form's data set. Their order is the page's.
type pair struct{ name, value string }

// encode returns pairs as application/x-www-form-urlencoded (URL Standard §5.2).
func encode(pairs []pair) string {
	var b strings.Builder
	for i, p := range pairs {
		if i > 0 {
			b.WriteByte('&')
		}
		b.WriteString(url.QueryEscape(p.name) + "=" + url.QueryEscape(p.value))
	}
	return b.String()
}

// errUnusable says that nothing can be sent without a browser's scripts.
var errUnusable = errors.New("only scripts can send this")

// follow returns the request that a move makes.
func (d *document) follow(m *Move) (*request, error) {
	if b := m.Press; b != nil && b.Type == "link" {
		return d.get(b.Action)
	}
	form := outside
	var submitter *html.Node
	switch {
	case m.Press != nil:
		form, submitter = m.Press.Form, d.nodes[m.Press.Ref]
	case len(m.Fill) > 0:
		form = m.Fill[len(m.Fill)-1].Field.Form
	}
	if form < 0 || form >= len(d.forms) || m.Press != nil && (m.Press.Type == "button" || m.Press.Disabled) {
		return nil, errUnusable
	}
	filled := map[*html.Node]string{}
	chosen := map[*html.Node]bool{}
	for _, f := range m.Fill {
		filled[d.nodes[f.Field.Ref]] = f.Value.Reveal()
		if f.What == "choice" {
			chosen[d.nodes[f.Field.Ref]] = true
		}
	}
	next, err := d.submit(form, submitter, d.dataSet(form, submitter, filled, chosen))
	if err == nil && next.method == http.MethodGet && slices.ContainsFunc(m.Fill, Fill.secret) {
		return nil, errUnusable // a script sends this form otherwise: nobody puts a password into a URL
	}
	return next, err
}

// secret reports whether the value must not be seen.
func (f Fill) secret() bool { return f.What != kindIdentifier && !f.Value.IsZero() }

// get returns the request for a link.
func (d *document) get(link string) (*request, error) {
	u, err := url.Parse(link)
	if err != nil || u.Scheme == "javascript" || u.Fragment != "" && sameDocument(u, d.url) {
		return nil, errUnusable
	}
	return &request{method: http.MethodGet, url: u, from: d.url}, nil
}

func sameDocument(a, b *url.URL) bool {
	x, y := *a, *b
	x.Fragment, y.Fragment = "", ""
	return x.String() == y.String()
}

// submit returns the request that sends a form (HTML §4.10.21.3). Only urlencoded forms are sent: no sign-in page with
// another encoding is known.
func (d *document) submit(form int, submitter *html.Node, data []pair) (*request, error) {
	f := d.forms[form]
	action, method, enctype := d.action(f), attr(f, "method"), attr(f, "enctype")
	if submitter != nil {
		if a, ok := attrOK(submitter, "formaction"); ok {
			action = d.resolve(a)
		}
		if m, ok := attrOK(submitter, "formmethod"); ok {
			method = m
		}
		if e, ok := attrOK(submitter, "formenctype"); ok {
			enctype = e
		}
	}
	u, err := url.Parse(action)
	if err != nil {
		return nil, fmt.Errorf("form: action %q is not a URL", clean(action, maxShown))
	}
	switch {
	case u.Scheme == "javascript" || strings.EqualFold(method, "dialog"):
		return nil, errUnusable
	case !strings.EqualFold(method, http.MethodPost):
		u.RawQuery, u.Fragment = encode(data), ""
		return &request{method: http.MethodGet, url: u, from: d.url}, nil
	case strings.EqualFold(enctype, "multipart/form-data") || strings.EqualFold(enctype, "text/plain"):
		return nil, fmt.Errorf("form: encoding %q is not supported", strings.ToLower(enctype))
	}
	u.Fragment = ""
	return &request{method: http.MethodPost, url: u, body: encode(data), from: d.url}, nil
}

// dataSet returns what a form sends (HTML §4.10.21.4): its controls in the order of the page, hidden ones included, the
// pressed button, and of the other buttons none.
func (d *document) dataSet(form int, submitter *html.Node, filled map[*html.Node]string, chosen map[*html.Node]bool) []pair {
	var data []pair
	for _, n := range d.owned[form] {
		name := attr(n, "name")
		if disabled(n) {
			continue
		}
		if n == submitter && strings.EqualFold(attr(n, "type"), "image") {
			data = append(data, pair{strings.TrimPrefix(name+".x", "."), "0"}, pair{strings.TrimPrefix(name+".y", "."), "0"})
			continue
		}
		if name == "" {
			continue
		}
		for _, value := range values(n, submitter, filled, chosen) {
			data = append(data, pair{name, value})
		}
	}
	return data
}

// values returns what one control adds to the data set.
func values(n, submitter *html.Node, filled map[*html.Node]string, chosen map[*html.Node]bool) []string {
	kind := strings.ToLower(attr(n, "type"))
	switch {
	case n.DataAtom == atom.Select:
		return selected(n)
	case n.DataAtom == atom.Button || kind == "submit" || kind == "image":
		if n == submitter {
			return []string{attr(n, "value")}
		}
		return nil
	case n.DataAtom == atom.Input && (kind == "button" || kind == "reset" || kind == "file"):
		return nil
	case kind == "checkbox" || kind == "radio":
		return ticked(n, kind, chosen)
	}
	if value, ok := filled[n]; ok {
		return []string{value}
	}
	if n.DataAtom == atom.Textarea {
		return []string{rawContent(n)}
	}
	if kind == "hidden" && attr(n, "name") == "_charset_" {
		return []string{"UTF-8"}
	}
	return []string{attr(n, "value")}
}

// ticked returns the value of a checkbox or radio button that is on. Where one of a group was chosen, no other is.
func ticked(n *html.Node, kind string, chosen map[*html.Node]bool) []string {
	on := hasAttr(n, "checked")
	for c := range chosen {
		if kind == "radio" && c != n && attr(c, "name") == attr(n, "name") {
			on = false
		}
	}
	if !on && !chosen[n] {
		return nil
	}
	if value, ok := attrOK(n, "value"); ok {
		return []string{value}
	}
	return []string{"on"}
}

// selected returns the values of the options that are selected; of a menu without any, the first.
func selected(n *html.Node) []string {
	var all, on []string
	for _, o := range selectOptions.MatchAll(n) {
		if hasAttr(o, "disabled") {
			continue
		}
		value, ok := attrOK(o, "value")
		if !ok {
			value = strings.Join(strings.Fields(rawContent(o)), " ")
		}
		all = append(all, value)
		if hasAttr(o, "selected") {
			on = append(on, value)
		}
	}
	switch {
	case hasAttr(n, "multiple"):
		return on
	case len(on) > 0:
		return slices.Clone(on[len(on)-1:])
	}
	return first(all, 1)
}

// rawContent returns the text in n as it stands.
func rawContent(n *html.Node) string {
	var b strings.Builder
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		if c.Type == html.TextNode {
			b.WriteString(c.Data)
		}
	}
	return b.String()
}
