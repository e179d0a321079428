package mockidp

import (
	"fmt"
	"time"
)

// The shapes of Okta's Identity Engine's answers: forms that describe themselves, after Ion
// (https://ionspec.org), in application/ion+json.

const ionType = "application/ion+json; okta-version=1.0.0"

type object = map[string]any

// ionForm is a remediation, or another form that may be sent.
type ionForm struct {
	Rel       []string   `json:"rel,omitempty"`
	Name      string     `json:"name"`
	RelatesTo any        `json:"relatesTo,omitempty"`
	Type      string     `json:"type,omitempty"` // of redirect-idp
	IdP       object     `json:"idp,omitempty"`
	Href      string     `json:"href"`
	Method    string     `json:"method"`
	Produces  string     `json:"produces,omitempty"`
	Refresh   int        `json:"refresh,omitempty"` // milliseconds between polls
	Scopes    []object   `json:"scopes,omitempty"`
	Value     []ionField `json:"value,omitempty"`
	Accepts   string     `json:"accepts,omitempty"`
}

type ionField struct {
	Name     string      `json:"name"`
	Label    string      `json:"label,omitempty"`
	Desc     string      `json:"desc,omitempty"`
	Hint     string      `json:"hint,omitempty"`
	Type     string      `json:"type,omitempty"`
	Required bool        `json:"required,omitempty"`
	Secret   bool        `json:"secret,omitempty"`
	Value    any         `json:"value,omitempty"`
	Visible  *bool       `json:"visible,omitempty"`
	Mutable  *bool       `json:"mutable,omitempty"`
	Form     *ionFields  `json:"form,omitempty"`
	Options  []ionOption `json:"options,omitempty"`
	Messages object      `json:"messages,omitempty"`
}

type ionFields struct {
	Value []ionField `json:"value"`
}

type ionOption struct {
	Label     string `json:"label"`
	Value     any    `json:"value"`
	RelatesTo string `json:"relatesTo,omitempty"`
}

var no = new(bool)

// fixed is a field that the client sends back as it came.
func fixed(name string, value any) ionField {
	return ionField{Name: name, Required: true, Value: value, Visible: no, Mutable: no}
}

func group(name string, fields ...ionField) ionField {
	return ionField{Name: name, Type: "object", Required: true, Form: &ionFields{fields}}
}

func list[T any](values []T) object {
	if values == nil {
		values = []T{}
	}
	return object{"type": "array", "value": values}
}

func single(value object) object { return object{"type": "object", "value": value} }

// form is a form of the present screen, sent to what is at path below /idp/idx/.
func (v *idxView) form(name, path string, fields ...ionField) *ionForm {
	return &ionForm{
		Rel: []string{"create-form"}, Name: name, Href: v.c.s.base.String() + idxPath + path, Method: "POST",
		Produces: ionType, Accepts: "application/json; okta-version=1.0.0",
		Value: append(fields, fixed("stateHandle", v.f.handle)),
	}
}

// refusal is what is wrong with an answer: a message over the screen, or at a field of it.
type refusal struct {
	status int
	key    string
	text   string
	params []string
	field  string // the field below credentials; empty: over the screen
	class  string // default ERROR
	ends   bool   // nothing can be done on
	failed bool   // ends, with a way back to the client
}

func (r *refusal) message() object {
	class, params := r.class, r.params
	if class == "" {
		class = "ERROR"
	}
	if params == nil {
		params = []string{}
	}
	return object{"message": r.text, "i18n": object{"key": r.key, "params": params}, "class": class}
}

// with is r with a text and parameters of its own.
func (r refusal) with(text string, params ...string) *refusal {
	r.text, r.params = text, params
	return &r
}

// at is r at a field.
func (r refusal) at(field string) *refusal {
	r.field = field
	return &r
}

// The refusals of the Identity Engine, by the keys that its own texts have.
var (
	sessionExpired  = &refusal{status: 401, key: "idx.session.expired", text: "You have been logged out due to inactivity. Refresh or return to the sign in screen.", ends: true}
	badRequest      = &refusal{status: 400, key: "E0000020", text: "Bad request.", ends: true}
	blankField      = &refusal{status: 400, key: "model.validation.field.blank", text: "This field cannot be left blank"}
	wrongLogin      = &refusal{status: 401, key: "errors.E0000004", text: "Authentication failed"}
	wrongPassword   = &refusal{status: 401, key: "incorrectPassword", text: "Password is incorrect"}
	unknownUser     = &refusal{status: 200, key: "idx.unknown.user", class: "INFO"}
	lockedOut       = &refusal{status: 401, key: "errors.E0000119", text: "Your account is locked. Please contact your administrator."}
	suspendedFactor = &refusal{status: 403, key: "authfactor.challenge.suspended_factor", text: "This factor is suspended for your account due to too many failed attempts"}
	wrongGoogleCode = &refusal{status: 401, key: "authfactor.challenge.soft_token.invalid_passcode", text: "Your code doesn't match our records. Please try again.", field: "passcode"}
	usedCode        = &refusal{status: 401, key: "authfactor.challenge.soft_token.used_passcode", text: "Each code can only be used once. Please wait for a new code and try again."}
	wrongCode       = &refusal{status: 401, key: "api.authn.error.PASSCODE_INVALID", text: "Invalid code. Try again."}
	wrongAnswer     = &refusal{status: 401, key: "authfactor.challenge.question_factor.answer_invalid", text: "Your answer doesn't match our records. Please try again.", field: "answer"}
	wrongPasskey    = &refusal{status: 401, key: "authfactor.webauthn.error", text: "Unable to authenticate with the security key or biometric."}
	shortAnswer     = &refusal{status: 400, key: "securityQuestion.answer.tooShort.arg", text: "The security question answer must be at least 4 characters in length", params: []string{"4"}}
	weakPassword    = &refusal{status: 400, key: "password.passwordRequirementsNotMet", field: "passcode"}
	tooManyRequests = &refusal{status: 429, key: "tooManyRequests", text: "Too many requests"}
	pushRejected    = &refusal{status: 200, key: "api.authn.poll.error.push_rejected", text: "You have chosen to reject this login."}
)

// refusals are the screens that refuse.
var refusals = map[string]*refusal{
	"not-assigned":     {status: 400, key: "idx.error.user.not.assigned.to.app", text: "User is not assigned to this application."},
	"unsatisfiable":    {status: 400, key: "oie.assurance.unsatisfiable"},
	"denied":           {status: 403, key: "security.access_denied", text: "You do not have permission to perform the requested action.", ends: true},
	"failure-redirect": {status: 200, key: "idx.error.code.user_not_assigned", text: "You are not allowed to access this app. To request access, contact an admin.", failed: true},
}

// check finds what is missing in an answer to the form, and what the client should not have changed.
func (f *ionForm) check(sent object) *refusal {
	if _, ok := sent["credentials"]; ok && !f.asks("credentials") {
		return badRequest.with("Cannot use credentials with this request")
	}
	return checkFields(f.Value, sent)
}

func (f *ionForm) asks(name string) bool {
	for _, fd := range f.Value {
		if fd.Name == name {
			return true
		}
	}
	return false
}

func checkFields(fields []ionField, sent object) *refusal {
	for _, fd := range fields {
		value, ok := sent[fd.Name]
		switch {
		case fd.Form != nil:
			inner, ok := value.(object)
			if !ok && !fd.Required {
				continue
			}
			if r := checkFields(fd.Form.Value, inner); r != nil {
				return r
			}
		case fd.Mutable != nil && !*fd.Mutable && (ok || fd.Required) && fmt.Sprint(value) != fmt.Sprint(fd.Value):
			return badRequest
		case fd.Required && (value == "" || value == nil && fd.Value == nil):
			return blankField.at(fd.Name)
		}
	}
	return nil
}

func ionTime(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }
