package signin

import (
	"slices"
	"strings"
)

// screen names what the answer is about: the first remediation and the authenticator.
func (a *IDXAnswer) screen() string {
	switch {
	case len(a.Remediations) == 0 && a.Redirect != "":
		return "redirect"
	case len(a.Remediations) == 0:
		return "terminal"
	case a.Current.Key != "":
		return a.Remediations[0].Name + " " + a.Current.Key
	}
	return a.Remediations[0].Name
}

// says returns the messages about the whole, and about the fields of the first form.
func (a *IDXAnswer) says() []IDXMessage {
	found := slices.Clone(a.Messages)
	if len(a.Remediations) > 0 {
		found = append(found, fieldMessages(a.Remediations[0].Fields)...)
	}
	return first(found, maxMessages)
}

// errors returns what went wrong. Messages about fields are about nothing else, whether they have a class or not.
func (a *IDXAnswer) errors() []IDXMessage {
	return slices.DeleteFunc(a.says(), func(m IDXMessage) bool { return m.Class == "INFO" || m.Class == "WARNING" })
}

func fieldMessages(fields []IDXField) []IDXMessage {
	var found []IDXMessage
	for _, f := range fields {
		found = append(append(found, f.Messages...), fieldMessages(f.Fields)...)
	}
	return found
}

// view returns the answer as errors show it.
func (a *IDXAnswer) view() *View {
	v := &View{URL: a.URL, Status: a.Status, Title: a.screen(), RequestID: a.RequestID}
	says := a.errors()
	if len(says) == 0 {
		says = a.says()
	}
	for _, m := range says {
		text := m.Text
		if m.Key != "" {
			text = strings.TrimSpace(text + " [" + m.Key + "]")
		}
		v.Messages = append(v.Messages, text)
	}
	return v
}
