package signin

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// fold returns the words of s in lower case, between single blanks, with a blank at both ends: "[ Don't allow ]" is
// " don t allow ". Texts of pages and of the tables are compared in this form, so that neither punctuation nor markup
// between words matters.
func fold(s string) string { return foldRunes(s, false) }

// foldName is fold for attributes: "loginID" and "user[login_id]" hold the words "login id".
func foldName(s string) string { return foldRunes(s, true) }

func foldRunes(s string, camel bool) string {
	var b strings.Builder
	b.WriteByte(' ')
	blank, lower := true, false
	for _, r := range s {
		if !unicode.IsLetter(r) && !unicode.IsDigit(r) && !unicode.IsMark(r) {
			if !blank {
				b.WriteByte(' ')
			}
			blank, lower = true, false
			continue
		}
		if camel && lower && unicode.IsUpper(r) {
			b.WriteByte(' ')
		}
		lower = unicode.IsLower(r)
		b.WriteRune(unicode.ToLower(r))
		blank = false
	}
	if !blank {
		b.WriteByte(' ')
	}
	return b.String()
}

// says reports whether folded holds one of the phrases as whole words.
func says(folded string, phrases []string) bool {
	for _, p := range phrases {
		if strings.Contains(folded, fold(p)) {
			return true
		}
	}
	return false
}

// clean makes a provider's text fit for one line of a terminal: no control or formatting characters, white space
// folded, at most limit characters.
func clean(s string, limit int) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case r == utf8.RuneError, unicode.IsControl(r), unicode.Is(unicode.Cf, r):
			return -1
		}
		return r
	}, s)
	s = strings.Join(strings.Fields(s), " ")
	if utf8.RuneCountInString(s) <= limit {
		return s
	}
	return string([]rune(s)[:limit]) + "…"
}
