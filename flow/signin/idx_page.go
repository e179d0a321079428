package signin

import (
	"cmp"
	"encoding/json"
	"regexp"
	"strconv"
	"strings"
)

// The places where the hosted page of Okta has the token that stands for the sign-in: a variable of the default page, or
// a member of the customised page's oktaData, which is no JSON; and the bag that a newer default page has instead.
var (
	stateTokens = regexp.MustCompile(`\bstateToken["']?\s*[=:]\s*(?:'((?:[^'\\\n]|\\.)*)'|"((?:[^"\\\n]|\\.)*)")`)
	dataBag     = regexp.MustCompile(`\bmodelDataBag\s*=\s*(?:'((?:[^'\\\n]|\\.)*)'|"((?:[^"\\\n]|\\.)*)")`)
)

// stateToken returns the token that the page's scripts hold. It is empty on the first page of the Classic engine; ok is
// false where the page is not Okta's.
func (d *document) stateToken() (token string, ok bool) {
	for _, n := range selectScripts.MatchAll(d.root) {
		if !runs(n) {
			continue
		}
		script := rawContent(n)
		if m := dataBag.FindStringSubmatch(script); m != nil {
			var bag struct{ StateToken string }
			if json.Unmarshal([]byte(unescapeScript(m[1]+m[2])), &bag) == nil {
				token, ok = cmp.Or(token, bag.StateToken), true
			}
		}
		for _, m := range stateTokens.FindAllStringSubmatch(script, maxElements) {
			token, ok = cmp.Or(token, unescapeScript(m[1]+m[2])), true
		}
	}
	return token, ok
}

// classic reports whether the engine behind a token is the Classic one: Okta's page tells them apart in the same way.
func classic(token string) bool { return token == "" || strings.HasPrefix(token, "00") }

// scriptEscape is an escape in a string of a script. The page escapes all but letters, digits and , . _ as \xHH.
var scriptEscape = regexp.MustCompile(`\\(?:x[0-9A-Fa-f]{2}|u[0-9A-Fa-f]{4}|.)`)

// unescapeScript returns the string that a literal of a script stands for.
func unescapeScript(literal string) string {
	return scriptEscape.ReplaceAllStringFunc(literal, func(e string) string {
		if len(e) < 4 || e[1] != 'x' && e[1] != 'u' {
			return e[1:]
		}
		r, err := strconv.ParseUint(e[2:], 16, 32)
		if err != nil {
			return e
		}
		return string(rune(r))
	})
}
