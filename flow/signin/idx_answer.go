package signin

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/oidcflow/oidcflow/flow/trace"
)

// Bounds of one answer of Okta's Identity Engine, whatever a provider sends.
const (
	maxIDXList  = 200 // remediations, fields of one form, options, authenticators, each
	maxIDXDepth = 8   // of forms in forms
)

// IDXAnswer is an answer of Okta's Identity Engine (IDX, ion+json): where the sign-in stands, and what may be done.
type IDXAnswer struct {
	Status       int    // of the HTTP response; 0: not known
	RequestID    string // by which Okta's logs know the request
	URL          string // that was asked
	StateHandle  string
	Remediations []IDXRemediation // what may be done; Okta's own page shows the first
	Current      IDXAuthenticator // that is being asked; zero: none
	Enrolments   []IDXAuthenticator
	Messages     []IDXMessage // about the whole; those about a field are with the field
	User         string       // as Okta knows the user; empty: not yet
	Passkey      *IDXPasskey  // what a passkey may sign beside the user's name; nil: nothing
	Redirect     string       // to where the sign-in goes on outside of the engine; empty: it goes on here
	Captcha      string       // kind of the captcha that the page would show; empty: none
}

// IDXRemediation is something that may be done next: a form that describes itself.
type IDXRemediation struct {
	Name    string // "challenge-authenticator"
	Href    string
	Method  string
	Accepts string        // what the answer to it should be
	Refresh time.Duration // between two polls; 0: it is not one
	Fields  []IDXField
}

// IDXField is a field of a form, or a form inside it.
type IDXField struct {
	Name     string
	Label    string
	Hint     string // "captcha", "webauthn"
	Value    any    // that the form brings along; nil: none
	Required bool
	Fixed    bool        // Value is sent as it is
	Fields   []IDXField  // of an object
	Options  []IDXOption // one of these is the value
	Messages []IDXMessage
}

// IDXOption is a value to choose: a plain one, or a form of its own for an authenticator.
type IDXOption struct {
	Label  string
	Value  any
	Fields []IDXField
	Key    string // of the authenticator it stands for
}

// IDXAuthenticator is a way of verification, or the user's enrolment in it.
type IDXAuthenticator struct {
	Key      string // "google_otp"
	ID       string
	Name     string
	Methods  []string // "totp", "push"
	Sent     string   // where a code was sent, as far as it is shown
	Question string   // that the user chose
	Expires  int      // days until the password does; 0: not said

	Passkey    *IDXPasskey  // what a passkey is to sign; nil: nothing
	Credential []byte       // of an enrolled passkey, its credential ID
	Secret     trace.Secret // of an authenticator app that is being set up; zero: not shown
	Number     string       // that the user chooses in the app which a push message was sent to
}

// IDXMessage is what the engine says to the user.
type IDXMessage struct {
	Key   string // of the text, in any language: "incorrectPassword"
	Text  string
	Class string // ERROR, WARNING, INFO, or empty
}

// ParseIDX reads the body of an answer, or of one of the plain JSON errors that Okta gives in its place. What it does
// not know is left out, and what has another shape than it should counts as absent: only a body that is no JSON object
// is an error.
func ParseIDX(body []byte) (*IDXAnswer, error) {
	top, err := readION("idx", body)
	if err != nil {
		return nil, err
	}
	return top.answer(), nil
}

// readION reads the body of an answer of one of Okta's engines, a JSON object.
func readION(engine string, body []byte) (ion, error) {
	if len(body) > maxPage {
		return ion{}, fmt.Errorf("%s: want at most %d bytes, got %d", engine, maxPage, len(body))
	}
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	var top ion
	if err := d.Decode(&top.any); err != nil {
		return ion{}, fmt.Errorf("%s: the answer is not JSON", engine)
	}
	if _, err := d.Token(); err != io.EOF {
		return ion{}, fmt.Errorf("%s: want one JSON object, got more behind it", engine)
	}
	if _, ok := top.any.(map[string]any); !ok {
		return ion{}, fmt.Errorf("%s: want a JSON object", engine)
	}
	return top, nil
}

// ion is a value of JSON of whatever type. Its methods yield zero values where it is not what they are about.
type ion struct{ any any }

func (v ion) at(names ...string) ion {
	for _, n := range names {
		m, _ := v.any.(map[string]any)
		v = ion{m[n]}
	}
	return v
}

func (v ion) list() []ion {
	l, _ := v.any.([]any)
	values := make([]ion, 0, min(len(l), maxIDXList))
	for _, e := range first(l, maxIDXList) {
		values = append(values, ion{e})
	}
	return values
}

func (v ion) text() string {
	s, _ := v.any.(string)
	return s
}

// label is text for people.
func (v ion) label() string { return cut(v.text(), maxLabel) }

func (v ion) number() int {
	n, _ := v.any.(json.Number)
	i, err := strconv.Atoi(n.String())
	if err != nil {
		return 0
	}
	return i
}

// is reports whether v is true; some answers have it as a string.
func (v ion) is() bool { return v.any == true || v.any == "true" }

func (v ion) isFalse() bool { return v.any == false || v.any == "false" }

func (v ion) answer() *IDXAnswer {
	a := &IDXAnswer{
		StateHandle: v.at("stateHandle").text(),
		Current:     v.at("currentAuthenticator", "value").authenticator(),
		User:        v.at("user", "value", "identifier").label(),
		Passkey:     v.at("webauthnAutofillUIChallenge", "challengeData").passkey(),
		Redirect:    v.at("success", "href").text(),
		Captcha:     v.at("captcha", "value", "type").label(),
		Messages:    v.messages(),
	}
	if enrolment := v.at("currentAuthenticatorEnrollment", "value").authenticator(); enrolment.Key != "" {
		a.Current = enrolment
	}
	if a.Redirect == "" {
		a.Redirect = v.at("failure", "href").text()
	}
	for _, e := range v.at("authenticatorEnrollments", "value").list() {
		a.Enrolments = append(a.Enrolments, e.authenticator())
	}
	for _, r := range v.at("remediation", "value").list() {
		a.Remediations = append(a.Remediations, r.remediation(v))
	}
	// The page's way out of looking for Okta's program on this machine is not among the remediations.
	if r := v.at("authenticatorChallenge", "value", "cancel").remediation(v); r.Href != "" {
		a.Remediations = append(a.Remediations, r)
	}
	return a
}

// messages returns what v says: in ion's form, in the envelope of Okta's older errors, or in OAuth's.
func (v ion) messages() []IDXMessage {
	var messages []IDXMessage
	for _, m := range v.at("messages", "value").list() {
		messages = append(messages, IDXMessage{Key: m.at("i18n", "key").label(), Text: m.at("message").label(), Class: m.at("class").label()})
	}
	for _, names := range [][2]string{{"errorCode", "errorSummary"}, {"error", "error_description"}, {"error", "message"}} {
		key, text := v.at(names[0]).label(), v.at(names[1]).label()
		if len(messages) == 0 && key != "" && text != "" {
			messages = append(messages, IDXMessage{Key: key, Text: text, Class: "ERROR"})
		}
	}
	return messages
}

// idxKeys are the keys of authenticators by their types, for answers that leave the key out.
var idxKeys = map[string]string{"password": "okta_password", "email": "okta_email", "phone": "phone_number", "security_question": "security_question"}

func (v ion) authenticator() IDXAuthenticator {
	a := IDXAuthenticator{Key: cmp.Or(v.at("key").label(), v.at("catalogKey").label(), idxKeys[v.at("type").text()]),
		ID: v.at("id").label(), Name: v.at("displayName").label(),
		Question: v.at("profile", "question").label(), Expires: v.at("settings", "daysToExpiry").number(),
		Passkey: v.at("contextualData", "challengeData").passkey(), Credential: v.at("credentialId").binary(),
		Secret: v.at("contextualData", "sharedSecret").secret("totp"), Number: v.at("contextualData", "correctAnswer").label()}
	for _, m := range v.at("methods").list() {
		a.Methods = append(a.Methods, m.at("type").label())
	}
	if a.Sent = v.at("profile", "email").label(); a.Sent == "" {
		a.Sent = v.at("profile", "phoneNumber").label()
	}
	return a
}

// remediation reads a form of the answer top.
func (v ion) remediation(top ion) IDXRemediation {
	return IDXRemediation{
		Name: v.at("name").label(), Href: v.at("href").text(), Method: strings.ToUpper(v.at("method").label()), Accepts: v.at("accepts").label(),
		Refresh: time.Duration(v.at("refresh").number()) * time.Millisecond,
		Fields:  v.at("value").fields(top, 0),
	}
}

func (v ion) fields(top ion, depth int) []IDXField {
	if depth > maxIDXDepth {
		return nil
	}
	var fields []IDXField
	for _, f := range v.list() {
		if f.at("name").text() == "" {
			continue // nothing could be said to it
		}
		field := IDXField{Name: f.at("name").text(), Label: f.at("label").label(), Hint: f.at("hint").label(), Value: f.at("value").any,
			Required: f.at("required").is(), Fixed: f.at("mutable").isFalse(), Messages: f.messages(), Fields: f.at("form", "value").fields(top, depth+1)}
		for _, o := range f.at("options").list() {
			field.Options = append(field.Options, IDXOption{Label: o.at("label").label(), Value: o.at("value").any,
				Fields: o.at("value", "form", "value").fields(top, depth+1), Key: top.keyOf(o)})
		}
		fields = append(fields, field)
	}
	return fields
}

// related is a reference to a place in the same answer: $.authenticatorEnrollments.value[3].
var related = regexp.MustCompile(`^\$\.(\w+)\.value\[(\d{1,4})\]$`)

// keyOf returns the key of the authenticator that an option of top is about: of the one that it refers to, else of the
// one with its id. Its label is in the user's language, and the company's words.
func (v ion) keyOf(option ion) string {
	to := option.at("relatesTo").text()
	if l := option.at("relatesTo").list(); len(l) > 0 {
		to = l[0].text()
	}
	if m := related.FindStringSubmatch(to); m != nil {
		list := v.at(m[1], "value").list()
		if i, err := strconv.Atoi(m[2]); err == nil && i < len(list) && list[i].authenticator().Key != "" {
			return list[i].authenticator().Key
		}
	}
	var id string
	for _, f := range option.at("value", "form", "value").list() {
		if f.at("name").text() == "id" {
			id = f.at("value").text()
		}
	}
	if id == "" {
		return ""
	}
	list := append(v.at("authenticators", "value").list(), v.at("authenticatorEnrollments", "value").list()...)
	i := slices.IndexFunc(list, func(a ion) bool { return a.at("id").text() == id || a.at("authenticatorId").text() == id })
	if i < 0 {
		return ""
	}
	return list[i].authenticator().Key
}
