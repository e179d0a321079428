package trace

import (
	"bytes"
	"strings"
)

// A rule says what the value is that stands under a name.
type rule struct {
	kind string
	// word says that in JSON and in scripts words stand under this name as well ("code": "invalid_grant"): these are
	// left alone.
	word bool
}

// names are those of parameters, headers, JSON members and form fields under which secrets stand, in lower case and
// without - and _. state is no credential, yet ties a response to a browser: its label lets two places be compared.
var names = map[string]rule{
	"code":                    {kind: "code", word: true},
	"state":                   {kind: "state", word: true},
	"accesstoken":             {kind: "access_token"},
	"refreshtoken":            {kind: "refresh_token"},
	"idtoken":                 {kind: "id_token"},
	"idtokenhint":             {kind: "id_token"},
	"logouttoken":             {kind: "logout_token"},
	"subjecttoken":            {kind: "subject_token"},
	"actortoken":              {kind: "actor_token"},
	"registrationaccesstoken": {kind: "registration_access_token"},
	"clientsecret":            {kind: "client_secret"},
	"clientassertion":         {kind: "client_assertion"},
	"assertion":               {kind: "assertion"},
	"codeverifier":            {kind: "code_verifier"},
	"devicecode":              {kind: "device_code"},
	"devicesecret":            {kind: "device_secret"},
	"usercode":                {kind: "user_code"},
	"privatekey":              {kind: "private_key"},
	"apikey":                  {kind: "api_key"},
	"xapikey":                 {kind: "api_key"},

	// What a user types.
	"pass":             {kind: "password"},
	"pwd":              {kind: "password"},
	"passcode":         {kind: "passcode"},
	"answer":           {kind: "answer"},
	"otp":              {kind: "otp"},
	"totp":             {kind: "totp"},
	"pin":              {kind: "pin"},
	"mfacode":          {kind: "otp"},
	"verificationcode": {kind: "otp"},
	"onetimecode":      {kind: "otp"},
	"recoverycode":     {kind: "recovery_code"},

	// What holds a sign-in together: Okta, and CSRF tokens.
	"statehandle":       {kind: "stateHandle"},
	"statetoken":        {kind: "stateToken"},
	"sessiontoken":      {kind: "sessionToken"},
	"interactioncode":   {kind: "interaction_code"},
	"interactionhandle": {kind: "interaction_handle"},
	"csrf":              {kind: "csrf_token"},
	"xsrf":              {kind: "csrf_token"},
	"samlresponse":      {kind: "SAMLResponse"},
	"samlrequest":       {kind: "SAMLRequest"},
	"relaystate":        {kind: "RelayState"},

	// Headers.
	"authorization":      {kind: "authorization"},
	"proxyauthorization": {kind: "authorization"},
	"cookie":             {kind: "cookie"},
	"setcookie":          {kind: "cookie"},
	"dpop":               {kind: "dpop_proof"},
}

// endings are what names of secrets end with that a provider or a site has made up: login_password, recoveryToken.
var endings = []rule{
	{kind: "password"}, {kind: "passwd"}, {kind: "passphrase"}, {kind: "token"}, {kind: "secret"},
}

// longestName bounds how far back a name is looked for.
const longestName = 64

// ruleOf returns the rule for a name as it stands in a text: user[password] and login.password are passwords.
func ruleOf(name string) (rule, bool) {
	if name == "" || len(name) > longestName {
		return rule{}, false
	}
	var buf [longestName]byte
	canonical := buf[:0]
	for i := range len(name) {
		switch c := name[i]; {
		case c == '-' || c == '_' || c == ']':
		case c == '.' || c == '[' || c == '$':
			canonical = canonical[:0]
		case 'A' <= c && c <= 'Z':
			canonical = append(canonical, c+'a'-'A')
		default:
			canonical = append(canonical, c)
		}
	}
	if r, ok := names[string(canonical)]; ok {
		return r, true
	}
	for _, r := range endings {
		if bytes.HasSuffix(canonical, []byte(r.kind)) {
			return r, true
		}
	}
	return rule{}, false
}

// isText reports whether v reads like words for people or of a protocol ("Password", "invalid_grant") rather than like
// something generated.
func isText(v string) bool {
	if len(v) > 40 {
		return false
	}
	for i := range len(v) {
		c := v[i]
		if !('a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || strings.IndexByte(" _-.,:!?'", c) >= 0) {
			return false
		}
	}
	return true
}
