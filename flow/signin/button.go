package signin

import (
	"slices"
	"strings"
)

// avoid are words of buttons that are not pressed to go on, even where they submit the form.
var avoid = []string{"cancel", "back", "forgot", "forgotten", "reset", "register", "sign up", "create account",
	"create an account", "resend", "send again",
	"send a new code", "show password", "hide password", "deny", "decline", "reject", "another way", "another method",
	"different method", "switch account",
	"use another account", "log out", "sign out", "continue with", "sign in with", "log in with", "help", "language",
	"passkey", "security key"}

// says returns what is written on the button.
func (b *Button) says() string {
	if b.Text == "" {
		return b.Value
	}
	return b.Text
}

// button returns the button that says exactly one of words, the best word first; nil where none does.
func (s *scan) button(words []string) *Button {
	return s.buttonIn(words, func(*Button) bool { return true })
}

func (s *scan) buttonIn(words []string, in func(*Button) bool) *Button {
	for _, w := range words {
		for i := range s.View.Buttons {
			if b := &s.View.Buttons[i]; s.buttons[i] == fold(w) && in(b) {
				return b
			}
		}
	}
	return nil
}

// submitter returns the button that sends that form: the one that says one of words, else one that submits and does not
// lead elsewhere. It returns nil where there is none: then the form is sent as by the Enter key.
func (s *scan) submitter(form int, words []string) *Button {
	mine := func(b *Button) bool { return b.Form == form && b.Tag != "a" }
	if b := s.buttonIn(words, mine); b != nil {
		return b
	}
	for i := range s.View.Buttons {
		if b := &s.View.Buttons[i]; mine(b) && (b.Type == "submit" || b.Type == "image") && !says(s.buttons[i], avoid) {
			return b
		}
	}
	return nil
}

// Method is a way of verification that a page offers, as data: how it is named, and what it will ask.
type Method struct {
	Asks  string // a ChallengeKind, or password
	Texts []string
	Not   []string
}

// Methods are the ways of verification that a user may be offered, those that need nobody's help first.
var Methods = []Method{
	{Asks: kindPassword, Texts: []string{"password"}, Not: []string{"forgot", "reset", "one time password", "change"}},
	{Asks: string(ChallengeTOTP), Texts: []string{"google authenticator", "authenticator app", "authentication app",
		"authenticator application", "authenticator code", "mobile app verification code", "use a verification code",
		"one time password", "one time code from", "totp", "microsoft authenticator", "enter a code"}, Not: []string{"approve", "push", "sms", "text", "email"}},
	{Asks: string(ChallengeQuestion), Texts: []string{"security question", "secret question"}},
	{Asks: string(ChallengeCode), Texts: []string{"email", "e mail", "text message", "sms", "text", "call", "phone"},
		Not: []string{"authenticator", "phone number or email", "sign in with", "continue with"}},
}

// offer is one way of verification that the page offers, by a button or by a radio button.
type offer struct {
	asks   string
	button *Button
	field  *Field
}

// methods returns what the page offers, in the order of Methods.
func (s *scan) methods() []offer {
	var offers []offer
	for _, m := range Methods {
		is := func(folded string) bool { return says(folded, m.Texts) && !says(folded, m.Not) }
		for i := range s.View.Buttons {
			if is(s.buttons[i]) {
				offers = append(offers, offer{asks: m.Asks, button: &s.View.Buttons[i]})
			}
		}
		for i := range s.View.Fields {
			if f := &s.View.Fields[i]; f.Type == "radio" && is(fold(f.Label)) {
				offers = append(offers, offer{asks: m.Asks, field: f})
			}
		}
	}
	return offers
}

// captchaHosts are parts of the URLs of the frames that captchas live in.
var captchaHosts = []string{"/recaptcha/api2/anchor", "/recaptcha/enterprise/anchor", "hcaptcha.com/",
	"challenges.cloudflare.com/", "arkoselabs.com/",
	"funcaptcha.com/", "captcha-delivery.com/", "geo.captcha"}

// captchaFrame reports whether the frame asks a person something. A captcha that works unseen does not: the page sends
// its token with the form.
func captchaFrame(url string) bool {
	url = strings.ToLower(url)
	return !strings.Contains(url, "size=invisible") && slices.ContainsFunc(captchaHosts, func(h string) bool { return strings.Contains(url, h) })
}
