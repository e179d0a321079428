package signin

import (
	"slices"
	"strings"
)

// Kind is a kind of field as data: the marks by which it is told from others. A field is of the kind with the most
// marks; of equals, of the one that comes first in [Kinds].
type Kind struct {
	Name         string
	Doc          string
	Autocomplete []string // tokens of the attribute (HTML §4.10.18.7)
	Types        []string // of the input
	Names        []string // words in name or id
	Labels       []string // words in label or placeholder
	Numeric      bool     // inputmode=numeric, or a maxlength of 4 to 8
	Not          []string // words in name, id, label or placeholder that rule the kind out
}

// The kinds of fields. Two more words are understood where a [Sign] names kinds: typed, any field that one types into;
// and captcha also for the frame of a captcha.
const (
	kindCaptcha     = "captcha"
	kindCode        = "code"
	kindAnswer      = "answer"
	kindNewPassword = "new-password"
	kindPassword    = "password"
	kindIdentifier  = "identifier"
	kindTyped       = "typed"
)

// Kinds are the kinds of fields that are known.
var Kinds = []Kind{
	{Name: kindCaptcha, Doc: "the text of a captcha",
		Names: []string{"captcha", "g recaptcha response", "h captcha response", "cf turnstile response"},
		Labels: []string{"captcha", "characters you see", "text you hear or see", "letters shown",
			"type the characters"}},
	{Name: kindCode, Doc: "a code from an app or a message",
		Autocomplete: []string{"one-time-code"},
		Types:        []string{"tel", "number"},
		Names: []string{"otp", "totp", "totpcode", "otc", "otpcode", "one time code", "onetimecode", "code",
			"passcode", "pass code", "verification code", "verificationcode", "mfa", "mfacode", "tfa", "two factor",
			"twofactor", "2fa", "token", "pin"},
		Labels: []string{"code", "otp", "totp", "one time password", "one time passcode", "one time pin", "passcode",
			"verification code", "security code", "authenticator", "token", "bestätigungscode",
			"code de vérification", "código"},
		Numeric: true,
		Not: []string{"phone number", "mobile number", "zip", "postal", "country code", "promo", "coupon", "invite",
			"invitation", "device name", "recovery code", "backup code"}},
	{Name: kindAnswer, Doc: "the answer to a security question",
		Names:  []string{"answer", "security answer", "securityanswer", "secret answer"},
		Labels: []string{"answer", "your answer", "security question", "antwort", "réponse", "respuesta"},
		Not:    []string{"captcha"}},
	{Name: kindNewPassword, Doc: "a password that is being set",
		Autocomplete: []string{"new-password"},
		Names: []string{"new password", "newpassword", "password new", "new passwd", "confirm password",
			"confirmpassword", "password confirm", "password confirmation", "passwordconfirm", "confirm passwd",
			"password2", "new password1", "new password2", "repeat password", "retype password", "verify password",
			"password again"},
		Labels: []string{"new password", "confirm password", "confirm new password", "repeat password",
			"re enter password", "reenter password", "retype password", "verify password", "password again",
			"password confirmation", "create a password", "create password"}},
	{Name: kindPassword, Doc: "the password",
		Autocomplete: []string{"current-password"},
		Types:        []string{"password"},
		Names:        []string{"password", "passwd", "passwort", "pass", "pwd", "passphrase", "userpassword", "loginpassword"},
		Labels: []string{"password", "passphrase", "passwort", "kennwort", "mot de passe", "contraseña", "senha",
			"wachtwoord", "lösenord", "hasło", "пароль", "パスワード", "密码"},
		Not: []string{"one time password", "otp", "totp", "new password", "confirm password"}},
	{Name: kindIdentifier, Doc: "the user's name",
		Autocomplete: []string{"username", "email"},
		Types:        []string{"email"},
		Names: []string{"username", "user name", "user", "userid", "user id", "login", "loginid", "login id",
			"loginname", "login name", "loginfmt", "identifier", "email", "e mail", "mail", "emailaddress", "uid",
			"uid field", "account", "account name", "accountname", "upn", "signinname", "sign in name", "signin name",
			"logon identifier"},
		Labels: []string{"username", "user name", "user id", "login", "login name", "email", "e mail", "account",
			"phone number or email", "benutzername", "identifiant", "nom d utilisateur", "usuario", "utilizador",
			"gebruikersnaam", "användarnamn", "логин", "ユーザー名", "用户名", "enter any login"},
		Not: []string{"otp", "totp", "code", "password", "passwd", "passcode", "token", "answer", "search",
			"first name", "last name", "display name", "label", "newsletter", "subscribe"}},
}

// What a mark weighs. An autocomplete token is the page's own word for the field; a name is a better witness than a
// label, which may be in any language.
const (
	weightAutocomplete = 6
	weightName         = 4
	weightType         = 3
	weightLabel        = 3
	weightNumeric      = 2
	weightEnough       = 3
)

// typedTypes are the inputs that one types into and that may be credentials. A search box is none.
var typedTypes = []string{"text", "email", "tel", "number", "password", "url"}

// typed reports whether a person could type into f.
func typed(f Field) bool {
	return !f.Disabled && !f.ReadOnly && (f.Tag == "textarea" || f.Tag != "select" && slices.Contains(typedTypes, f.Type))
}

// kindOf returns the name of f's kind, or "".
func kindOf(f Field) string {
	best, name := weightEnough-1, ""
	for i := range Kinds {
		if n := Kinds[i].weigh(f); n > best {
			best, name = n, Kinds[i].Name
		}
	}
	return name
}

// weigh returns how much speaks for f being of kind k.
func (k *Kind) weigh(f Field) int {
	name, id, label := foldName(f.Name), foldName(f.ID), fold(f.Label)+fold(f.Placeholder)
	if says(name, k.Not) || says(id, k.Not) || says(label, k.Not) {
		return 0
	}
	n := 0
	for _, token := range strings.Fields(strings.ToLower(f.Autocomplete)) {
		if slices.Contains(k.Autocomplete, token) {
			n += weightAutocomplete
			break
		}
	}
	if says(name, k.Names) || says(id, k.Names) {
		n += weightName
	}
	if slices.Contains(k.Types, f.Type) {
		n += weightType
	}
	if says(label, k.Labels) {
		n += weightLabel
	}
	if k.Numeric && (f.InputMode == "numeric" || f.MaxLength >= 4 && f.MaxLength <= 8) {
		n += weightNumeric
	}
	return n
}
