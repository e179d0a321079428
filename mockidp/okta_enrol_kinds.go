package mockidp

import (
	"encoding/base64"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"
)

// enrolment is how a method is set up, and how the Identity Engine speaks of that.
type enrolment struct {
	method  string
	asks    func(*method) []ionField // what has to be told before; nil: nothing
	context func(*idxView) object    // contextualData
	fields  func() []ionField        // of the proof
	options func() []ionOption       // in place of fields: one of these
	take    func(*call, *oktaSignIn, credentials) *refusal
}

// enrolments is a function because what its rows do reads methods.
func enrolments() []enrolment {
	code := func() []ionField { return []ionField{{Name: "passcode", Label: "Enter code", Required: true}} }
	return []enrolment{
		{
			method: "google_otp", fields: code, take: (*call).takeTOTPSecret,
			context: func(v *idxView) object {
				return object{"sharedSecret": v.f.challenge.secret, "qrcode": qrCode(v.f.login, v.f.challenge.secret)}
			},
		},
		{
			method: "passkey", context: (*idxView).activation, take: (*call).takePasskey,
			fields: func() (out []ionField) {
				for _, name := range []string{"clientData", "attestation", "transports", "clientExtensions"} {
					// The widget's third generation sends no clientExtensions.
					out = append(out, ionField{Name: name, Label: name, Required: name != "clientExtensions", Visible: no, Hint: "webauthn"})
				}
				return out
			},
		},
		{
			method: "question", options: questionOptions, take: (*call).takeQuestion,
			context: func(*idxView) object {
				var keys []string
				var questions []object
				for _, q := range oktaQuestions {
					keys, questions = append(keys, q.key), append(questions, object{"questionKey": q.key, "question": q.text})
				}
				return object{"questionKeys": append(keys, "custom"), "questions": questions}
			},
		},
		{
			method: "email", fields: code, take: (*call).takeSentCode,
			context: func(*idxView) object { return object{"useEmailMagicLink": false} },
		},
		{
			method: "sms", fields: code, take: (*call).takeSentCode,
			asks: func(m *method) []ionField {
				return []ionField{
					{Name: "methodType", Type: "string", Required: true, Options: []ionOption{{Label: m.short, Value: m.via}}},
					{Name: "phoneNumber", Label: "Phone number", Type: "string", Required: true},
				}
			},
		},
		{
			method: "password", take: (*call).takeFirstPassword,
			fields: func() []ionField {
				return []ionField{{Name: "passcode", Label: "Enter password", Required: true, Secret: true}}
			},
		},
	}
}

// enrolmentOf returns how a method is set up, or nil.
func enrolmentOf(name string) *enrolment {
	all := enrolments()
	if i := slices.IndexFunc(all, func(e enrolment) bool { return e.method == name }); i >= 0 {
		return &all[i]
	}
	return nil
}

// qrCode stands where Okta has a picture to scan: the URL in words, for whoever reads the answer.
func qrCode(login, secret string) object {
	u := url.URL{Scheme: "otpauth", Host: "totp", Path: "/" + login, RawQuery: url.Values{"secret": {secret}}.Encode()}
	text := strings.NewReplacer("&", "&amp;", "<", "&lt;").Replace(u.String())
	svg := `<svg xmlns="http://www.w3.org/2000/svg" width="200" height="40"><text y="20" font-size="6">` + text + `</text></svg>`
	return object{"method": "embedded", "type": "image/svg+xml", "href": "data:image/svg+xml;base64," + base64.StdEncoding.EncodeToString([]byte(svg))}
}

func (c *call) takeTOTPSecret(f *oktaSignIn, in credentials) *refusal {
	key, err := decodeTOTP(f.challenge.secret)
	if err != nil {
		return badRequest
	}
	step, ok := totpStep(key, strings.ReplaceAll(in.Passcode, " ", ""), c.now)
	if !ok {
		return wrongCode.at("passcode")
	}
	f.account.enrolTOTP(key, step)
	return nil
}

func (c *call) takeSentCode(f *oktaSignIn, in credentials) *refusal {
	if r := c.verifySent(f, in); r != nil {
		return r
	}
	if f.challenge.phone != "" {
		f.account.person.Phone = f.challenge.phone
	}
	return nil
}

func (c *call) takeFirstPassword(f *oktaSignIn, in credentials) *refusal {
	if !f.account.passwordMayBe(in.Passcode) {
		return tooWeak()
	}
	f.account.person.Password = in.Passcode
	return nil
}

// oktaQuestions are some of those that Okta proposes.
var oktaQuestions = []struct{ key, text string }{
	{"disliked_food", "What is the food you least liked as a child?"},
	{"name_of_first_plush_toy", "What is the name of your first stuffed animal?"},
	{"first_award", "What did you earn your first medal or award for?"},
}

// questionOptions are a question of Okta's, or one of the user's own.
func questionOptions() []ionOption {
	var keys []ionOption
	for _, q := range oktaQuestions {
		keys = append(keys, ionOption{Label: q.text, Value: q.key})
	}
	answer := ionField{Name: "answer", Label: "Answer", Required: true}
	return []ionOption{
		{Label: "Choose a security question", Value: object{"form": &ionFields{[]ionField{
			{Name: "questionKey", Label: "Choose a security question", Type: "string", Required: true, Options: keys}, answer}}}},
		{Label: "Create my own security question", Value: object{"form": &ionFields{[]ionField{
			{Name: "questionKey", Required: true, Value: "custom", Mutable: no}, {Name: "question", Label: "Create a security question", Required: true}, answer}}}},
	}
}

const minAnswer = 4

func (c *call) takeQuestion(f *oktaSignIn, in credentials) *refusal {
	question := strings.TrimSpace(in.Question)
	if in.QuestionKey != "custom" {
		i := slices.IndexFunc(oktaQuestions, func(q struct{ key, text string }) bool { return q.key == in.QuestionKey })
		if i < 0 {
			return badRequest
		}
		question = oktaQuestions[i].text
	}
	switch answer := strings.TrimSpace(in.Answer); {
	case question == "":
		return blankField.at("question")
	case utf8.RuneCountInString(answer) < minAnswer:
		return shortAnswer
	default:
		f.account.person.Question, f.account.person.Answer = question, answer
	}
	return nil
}
