package signin

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/oidcflow/oidcflow/flow/trace"
)

// IDXMove is what to do about an answer of one of Okta's engines: send a form, leave the engine, or neither.
type IDXMove struct {
	Remediation string        // its name; of the Classic engine, one of the Authn constants
	Follow      bool          // leave the engine: open URL as a page
	Wait        bool          // in a browser nothing is to be done: Okta's page goes on by itself
	Proves      bool          // Okta's page has to do a proof of work, which takes its time
	Look        bool          // the answer does not say what the page asks: [Dialog.Next] decides, by what it looks like
	After       time.Duration // wait before
	Method      string        // of the request
	URL         string
	Accepts     string    // what the answer to it should be
	Fill        []IDXFill // what a person would type or choose
	Body        IDXBody   // all that is sent, in JSON; nil: only the page knows
}

// IDXFill is a value for a field of a form.
type IDXFill struct {
	Path  string // "credentials.passcode": in the DOM of Okta's page, the field's name
	What  string // identifier, password, new-password, code, answer, choice, or passkey, which is not typed: a browser's authenticator answers it
	Value trace.Secret
	Key   string // of a choice: the authenticator, or the factor's provider
	Way   string // of a choice: one of the authenticator's methods, or the factor's type
}

// IDXBody is the body of a request. The credentials in it are secrets, which only [IDXBody.Reveal] shows.
type IDXBody map[string]any

// Reveal returns the body as it is sent.
func (b IDXBody) Reveal() (string, error) {
	text, err := json.Marshal(revealed(map[string]any(b)))
	return string(text), err
}

func revealed(v any) any {
	switch v := v.(type) {
	case trace.Secret:
		return v.Reveal()
	case IDXBody:
		return revealed(map[string]any(v))
	case map[string]any:
		out := make(map[string]any, len(v))
		for name, value := range v {
			out[name] = revealed(value)
		}
		return out
	}
	return v
}

// idxValues are what a form is filled with, by the paths of its fields. An option stands for the form in it.
type idxValues map[string]any

// fill returns the body that the form asks for: what it brings along and nobody may change, as it is; the values; and
// for what it demands without there being a value, what it proposes. unmet are the paths of the demands that are left.
func (g idxValues) fill(fields []IDXField, at string) (body IDXBody, unmet []string) {
	body = IDXBody{}
	for _, f := range fields {
		path := f.Name
		if at != "" {
			path = at + "." + f.Name
		}
		value, given := g[path]
		option, chosen := value.(*IDXOption)
		inner := f.Fields
		if chosen {
			inner = option.Fields
		}
		switch {
		case f.Fixed && f.Value != nil:
			body[f.Name] = f.Value
		case len(inner) > 0:
			sub, missing := g.fill(inner, path)
			if unmet = append(unmet, missing...); len(sub) > 0 {
				body[f.Name] = sub
			}
		case chosen:
			body[f.Name] = option.Value
		case given:
			body[f.Name] = value
		case f.Required && f.Value != nil:
			body[f.Name] = f.Value
		case f.Required:
			unmet = append(unmet, path)
		}
	}
	return body, unmet
}

// field returns the field at a path, or nil.
func (r *IDXRemediation) field(path ...string) *IDXField {
	fields := r.Fields
	for i, name := range path {
		at := slices.IndexFunc(fields, func(f IDXField) bool { return f.Name == name })
		if at < 0 {
			return nil
		}
		if i == len(path)-1 {
			return &fields[at]
		}
		fields = fields[at].Fields
	}
	return nil
}

// hasHint reports whether one of the fields, or of those in them, is marked so.
func hasHint(fields []IDXField, hint string) bool {
	return slices.ContainsFunc(fields, func(f IDXField) bool { return f.Hint == hint || hasHint(f.Fields, hint) })
}

// shape says what a form is made of, for a person who has to teach us.
func shape(fields []IDXField) string { return clean(outline(fields), maxShown) }

func outline(fields []IDXField) string {
	var parts []string
	for _, f := range first(fields, maxMessages) {
		part := clean(f.Name, maxLabel)
		switch {
		case len(f.Fields) > 0:
			part += "{" + outline(f.Fields) + "}"
		case len(f.Options) > 0:
			part += fmt.Sprintf("[%d options]", len(f.Options))
		}
		if f.Required {
			part += "!"
		}
		parts = append(parts, part)
	}
	return strings.Join(parts, " ")
}

// offers returns the methods of its authenticator that an option, or a form about one, may stand for; nil where it does
// not say.
func offers(fields []IDXField) []string {
	var methods []string
	for _, f := range fields {
		if f.Name != "methodType" {
			continue
		}
		if s, ok := f.Value.(string); ok {
			return []string{s}
		}
		for _, o := range f.Options {
			if s, ok := o.Value.(string); ok {
				methods = append(methods, s)
			}
		}
	}
	return methods
}

// identity tells an option from another for the same authenticator: a user may have two phones.
func (o *IDXOption) identity() string {
	var ids []string
	for _, f := range o.Fields {
		if s, ok := f.Value.(string); ok && f.Fixed {
			ids = append(ids, s)
		}
	}
	return strings.Join(ids, " ")
}
