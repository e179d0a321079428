package signin

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
)

// AuthnAnswer is an answer of Okta's Classic engine (the authn API): where the sign-in stands. Unlike those of the
// Identity Engine it does not say what may be sent: that is known by heart.
type AuthnAnswer struct {
	Status    int    // of the HTTP response; 0: not known
	RequestID string // by which Okta's logs know the request
	URL       string // that was asked
	State     string // its status: "MFA_REQUIRED"; empty in an error
	Result    string // of a challenge that is going on: WAITING, REJECTED …
	Recovery  string // what is recovered: PASSWORD, UNLOCK; empty: nothing
	Factors   []AuthnFactor
	Challenge bool         // the first of Factors is being asked: they are not to be chosen from
	Skip      bool         // the step is optional
	Elsewhere bool         // what is asked is done on another site
	Expires   int          // days until the password does; 0: not said
	Number    string       // to be chosen on the phone
	Messages  []IDXMessage // what went wrong; their keys are Okta's error codes
}

// AuthnFactor is a way of verification of the Classic engine.
type AuthnFactor struct {
	ID       string
	Type     string // "token:software:totp"
	Provider string // "GOOGLE"
	Vendor   string // its name where the company brought it along
	Question string // security question, and the Key of it
	Key      string
	Sent     string // where a code goes, as far as it is shown
	Enrolled bool   // the user has it
	Required bool   // the user must have it
}

// ParseAuthn reads the body of an answer, or of one of Okta's errors in its place. What it does not know is left out,
// and what has another shape than it should counts as absent: only a body that is no JSON object is an error.
func ParseAuthn(body []byte) (*AuthnAnswer, error) {
	top, err := readION("authn", body)
	if err != nil {
		return nil, err
	}
	return top.authn(), nil
}

func (v ion) authn() *AuthnAnswer {
	in, links := v.at("_embedded"), v.at("_links")
	a := &AuthnAnswer{
		State: strings.ToUpper(v.at("status").label()), Result: strings.ToUpper(v.at("factorResult").label()),
		Recovery:  strings.ToUpper(v.at("recoveryType").label()),
		Skip:      links.at("skip", "href").text() != "",
		Elsewhere: links.at("next", "title").text() != "",
		Expires:   in.at("policy", "expiration", "passwordExpireDays").number(),
		Number:    in.at("factor", "_embedded", "challenge", "correctAnswer").digits(),
	}
	if a.State == "" {
		a.Messages = v.causes()
	}
	for _, f := range in.at("factors").list() {
		a.Factors = append(a.Factors, f.factor())
	}
	if f := in.at("factor").factor(); f.Type != "" && len(a.Factors) == 0 {
		a.Factors = []AuthnFactor{f}
	}
	a.Challenge = len(a.Factors) > 0 && strings.HasSuffix(a.State, "_CHALLENGE") // of several passkeys any may answer
	return a
}

// digits is a number, or a text that some answers have in its place.
func (v ion) digits() string {
	if s, ok := v.any.(string); ok {
		return cut(s, maxLabel)
	}
	if n := v.number(); n > 0 {
		return strconv.Itoa(n)
	}
	return ""
}

func (v ion) factor() AuthnFactor {
	profile := v.at("profile")
	return AuthnFactor{
		ID: v.at("id").label(), Type: strings.ToLower(v.at("factorType").label()), Provider: strings.ToUpper(v.at("provider").label()),
		Vendor: v.at("vendorName").label(), Question: profile.at("questionText").label(), Key: profile.at("question").label(),
		Sent:     cmp.Or(profile.at("email").label(), profile.at("phoneNumber").label()),
		Enrolled: v.at("status").text() == "ACTIVE", Required: v.at("enrollment").text() == "REQUIRED",
	}
}

// causes returns what an error says: the summary, and its causes, which tell more.
func (v ion) causes() []IDXMessage {
	messages := v.messages()
	for _, c := range first(v.at("errorCauses").list(), maxMessages) {
		if text := c.at("errorSummary").label(); text != "" && len(messages) > 0 {
			messages = append(messages, IDXMessage{Key: messages[0].Key, Text: text, Class: "ERROR"})
		}
	}
	return messages
}

// screen names what the answer is about: its status, and the factor of a challenge.
func (a *AuthnAnswer) screen() string {
	switch {
	case a.State == "" && len(a.Messages) > 0:
		return "error " + a.Messages[0].Key
	case a.State == "":
		return "error"
	case a.Challenge:
		return a.State + " " + a.Factors[0].name()
	}
	return a.State
}

// name tells a factor from another: a type alone may be of several providers.
func (f *AuthnFactor) name() string { return strings.TrimSpace(f.Provider + " " + f.Type) }

// view returns the answer as errors show it.
func (a *AuthnAnswer) view() *View {
	v := &View{URL: a.URL, Status: a.Status, Title: a.screen(), RequestID: a.RequestID}
	for _, m := range a.Messages {
		if text := strings.TrimSpace(m.Text); text != "" && !slices.Contains(v.Messages, text) {
			v.Messages = append(v.Messages, text)
		}
	}
	return v
}
