package trace

import (
	"html"
	"strings"
)

// found is a secret that scan knew by its name or its shape.
type found struct {
	kind       string
	name       int // where the name begins
	start, end int
	value      string // decoded
	text       bool   // it may be mere words: not to be hidden elsewhere
}

// scan reports the secrets that it knows by their names in s: in a query, fragment or form, in JSON, scripts and
// headers, in a form's fields; and those of a plain shape, JWTs and what follows Bearer. It is no parser: what it reads
// may be cut, wrong, or one language within another.
func scan(s string, emit func(found)) {
	whole := isForm(s)
	for i := 0; i < len(s); {
		next := i + 1
		switch s[i] {
		case '=':
			next = assignment(s, i, whole, emit)
		case ':':
			userinfo(s, i, emit)
			next = member(s, i, emit)
		case '<':
			field(s, i, emit)
		case 'e':
			next = jwt(s, i, emit)
		case ' ':
			next = scheme(s, i, emit)
		}
		i = max(next, i+1)
	}
}

// isForm reports whether s can be a URL or a form's body as a whole, where only & and # end a value.
func isForm(s string) bool { return !strings.ContainsAny(s, " \t\r\n\"<>") }

// assignment reads name=value, name="value" and name = "value" around the = at i, and returns where to go on.
func assignment(s string, i int, whole bool, emit func(found)) int {
	stop := i
	for stop > 0 && i-stop < 2 && s[stop-1] == ' ' {
		stop--
	}
	from := nameBefore(s, stop)
	if strings.EqualFold(s[from:stop], "name") {
		return multipart(s, i, emit)
	}
	r, ok := ruleOf(s[from:stop])
	if !ok {
		return i + 1
	}
	start := blanks(s, i+1)
	if start < len(s) && (s[start] == '"' || s[start] == '\'') && !whole {
		return quoted(s, start, from, r, emit)
	}
	if stop != i || start != i+1 {
		return i + 1 // prose: "code = something"
	}
	end := start + formEnd(s[start:], whole)
	if end > start {
		value := unescape(s[start:end], form)
		emit(found{kind: r.kind, name: from, start: start, end: end, value: value})
	}
	return end
}

// formEnd returns where the value at the beginning of s ends.
func formEnd(s string, whole bool) int {
	if whole {
		if end := strings.IndexAny(s, "&#"); end >= 0 {
			return end
		}
		return len(s)
	}
	for i := range len(s) {
		switch s[i] {
		case '&', '#', ' ', '\t', '\r', '\n', '"', '\'', '<', '>':
			return i
		case '\\':
			// In JSON and scripts a backslash begins an escape: that of & or of a quote ends the value.
			if decoded, n := decodeBackslash(s[i:]); n > 0 && strings.ContainsAny(decoded, "&#\"' \n\r\t<>") {
				return i
			}
		}
	}
	return len(s)
}

// member reads "name": "value", name: 'value', "name": 123456, lists of them, {"name": {"value": "…"}}, and headers
// around the colon at i, and returns where to go on.
func member(s string, i int, emit func(found)) int {
	from, stop := memberName(s, i)
	r, ok := ruleOf(s[from:stop])
	if !ok {
		return i + 1
	}
	start := blanks(s, i+1)
	header := r.kind == "authorization" || r.kind == "cookie" || r.kind == "dpop_proof"
	if header && stop == i {
		return headerLine(s, start, from, r, emit)
	}
	list := start < len(s) && s[start] == '['
	if list {
		start = blanks(s, start+1)
	} else if start < len(s) && s[start] == '{' {
		start = valueMember(s, start)
	}
	for start < len(s) {
		switch c := s[start]; {
		case c == '"' || c == '\'':
			start = quoted(s, start, from, r, emit)
		case '0' <= c && c <= '9' && stop < i:
			end := start
			for end < len(s) && alphanumeric(s[end]) {
				end++
			}
			emit(found{kind: r.kind, name: from, start: start, end: end, value: s[start:end], text: true})
			start = end
		default:
			return start
		}
		next := blanks(s, start)
		if !list || next >= len(s) || s[next] != ',' {
			return start
		}
		start = blanks(s, next+1)
	}
	return start
}

// memberName returns the name before the colon at i, quoted or bare.
func memberName(s string, i int) (from, stop int) {
	stop = i
	for stop > 0 && i-stop < 4 && s[stop-1] == ' ' {
		stop--
	}
	if stop > 0 && (s[stop-1] == '"' || s[stop-1] == '\'') {
		stop--
		from = nameBefore(s, stop)
		if from > 0 && s[from-1] == s[stop] {
			return from, stop
		}
		return stop, stop
	}
	return nameBefore(s, i), i
}

// valueMember returns where the value is in {"value": …, as Okta's API writes credentials.
func valueMember(s string, start int) int {
	inner := blanks(s, start+1)
	if !strings.HasPrefix(s[inner:], `"value"`) {
		return start
	}
	if inner = blanks(s, inner+len(`"value"`)); inner < len(s) && s[inner] == ':' {
		return blanks(s, inner+1)
	}
	return start
}

// quoted reads the string whose quote is at start, and returns where to go on.
func quoted(s string, start, name int, r rule, emit func(found)) int {
	quote := s[start]
	start++
	end := start
	for end < len(s) && s[end] != quote && s[end] != '\n' {
		if s[end] == '\\' {
			end++
		}
		end++
	}
	end = min(end, len(s))
	value := unescape(s[start:end], backslash)
	words := isText(value)
	if end > start && !(r.word && words) {
		emit(found{kind: r.kind, name: name, start: start, end: end, value: value, text: words})
	}
	return end
}

// headerLine reads a header's value in a dump, up to the end of the line.
func headerLine(s string, start, name int, r rule, emit func(found)) int {
	end := len(s)
	if n := strings.IndexAny(s[start:], "\r\n\"]"); n >= 0 {
		end = start + n
	}
	between, list := " ", false
	if r.kind == "cookie" {
		between, list = "=", true
	}
	for start < end {
		part := s[start:end]
		if n := strings.IndexByte(part, ';'); list && n >= 0 {
			part = part[:n]
		}
		rest := start + len(part) + 1
		if before, after, ok := strings.Cut(part, between); ok {
			part, start = after, start+len(before)+1
		}
		if part != "" {
			emit(found{kind: r.kind, name: name, start: start, end: start + len(part), value: part, text: isText(part)})
		}
		start = rest
	}
	return end
}

// multipart reads the part of a multipart/form-data body (RFC 7578 §4.2) whose name="…" has its = at i.
func multipart(s string, i int, emit func(found)) int {
	name, rest, ok := strings.Cut(strings.TrimPrefix(s[i+1:min(len(s), i+longestName)], `"`), `"`)
	r, known := ruleOf(name)
	if !ok || !known || !strings.HasPrefix(rest, "\r\n") {
		return i + 1
	}
	const longest = 1 << 10 // of what a part's header has after the name
	n := strings.Index(s[i:min(len(s), i+longest)], "\r\n\r\n")
	if n < 0 {
		return i + 1
	}
	start := i + n + 4
	end := len(s)
	if n := strings.Index(s[start:], "\r\n--"); n >= 0 {
		end = start + n
	}
	if end > start {
		emit(found{kind: r.kind, name: i, start: start, end: end, value: s[start:end]})
	}
	return end
}

// field reads an <input> whose < is at i: hidden fields with a secret's name, and all of type password.
func field(s string, i int, emit func(found)) {
	const tag = "input"
	if len(s) < i+1+len(tag) || !strings.EqualFold(s[i+1:i+1+len(tag)], tag) {
		return
	}
	rest := s[i+1+len(tag):]
	if n := strings.IndexAny(rest, "<>"); n >= 0 {
		rest = rest[:n]
	}
	var r rule
	start, end := 0, 0
	for at := len(s) - len(s[i+1+len(tag):]); rest != ""; {
		name, from, to, next := attribute(rest)
		value := rest[from:to]
		switch strings.ToLower(name) {
		case "value":
			start, end = at+from, at+to
		case "type":
			if strings.EqualFold(value, "password") && r.kind == "" {
				r = rule{kind: "password"}
			}
		case "name", "id":
			if known, ok := ruleOf(html.UnescapeString(value)); ok {
				r = known
			}
		}
		rest, at = rest[next:], at+next
	}
	if value := html.UnescapeString(s[start:end]); r.kind != "" && value != "" && !(r.word && isText(value)) {
		emit(found{kind: r.kind, name: i, start: start, end: end, value: value, text: isText(value)})
	}
}

// attribute reads one attribute of a tag: its name, the place of its value, and where the next one begins.
func attribute(s string) (name string, from, to, next int) {
	const space = " \t\r\n\f/"
	i := len(s) - len(strings.TrimLeft(s, space))
	n := strings.IndexAny(s[i:], space+"=")
	if n < 0 {
		return s[i:], len(s), len(s), len(s)
	}
	name, i = s[i:i+n], i+n
	i += len(s[i:]) - len(strings.TrimLeft(s[i:], space))
	if i >= len(s) || s[i] != '=' {
		return name, i, i, i
	}
	i++
	i += len(s[i:]) - len(strings.TrimLeft(s[i:], space))
	if i < len(s) && (s[i] == '"' || s[i] == '\'') {
		if n = strings.IndexByte(s[i+1:], s[i]); n < 0 {
			return name, i + 1, len(s), len(s)
		}
		return name, i + 1, i + 1 + n, i + n + 2
	}
	if n = strings.IndexAny(s[i:], " \t\r\n\f"); n < 0 {
		n = len(s) - i
	}
	return name, i, i + n, i + n
}

// jwt reads a JWS or JWE in compact serialization that begins at i: eyJ is {" in base64url.
func jwt(s string, i int, emit func(found)) int {
	if !strings.HasPrefix(s[i:], "eyJ") || i > 0 && tokenByte(s[i-1]) {
		return i + 1
	}
	end, dots := i, 0
	for end < len(s) && tokenByte(s[end]) {
		if s[end] == '.' {
			dots++
		}
		end++
	}
	if dots >= 2 {
		emit(found{kind: "jwt", name: i, start: i, end: end, value: s[i:end]})
	}
	return end
}

func tokenByte(c byte) bool { return alphanumeric(c) || c == '-' || c == '_' || c == '.' }

// isScheme reports whether s ends with an authentication scheme after which a token stands (RFC 6750 §2.1, RFC 9449
// §7.1, RFC 7617 §2).
func isScheme(s string) bool {
	if s == "" {
		return false
	}
	name := ""
	switch s[len(s)-1] | 0x20 {
	case 'r':
		name = "bearer"
	case 'p':
		name = "dpop"
	case 'c':
		name = "basic"
	}
	return name != "" && len(s) >= len(name) && strings.EqualFold(s[len(s)-len(name):], name)
}

// scheme reads what follows the name of a scheme whose blank is at i. Less than 16 characters, and a parameter with its
// = and quote as in a challenge, are no token.
func scheme(s string, i int, emit func(found)) int {
	if !isScheme(s[:i]) {
		return i + 1
	}
	end := i + 1
	for end < len(s) && (base64Byte(s[end]) || strings.IndexByte(".~=", s[end]) >= 0) {
		end++
	}
	if end-i <= 16 || end < len(s) && s[end] == '"' || isText(s[i+1:end]) {
		return i + 1
	}
	emit(found{kind: "authorization", name: i, start: i + 1, end: end, value: s[i+1 : end]})
	return end
}

// userinfo reads the password of https://user:password@host whose first colon is at i.
func userinfo(s string, i int, emit func(found)) {
	const longest = 256
	if !strings.HasPrefix(s[i:], "://") {
		return
	}
	start := i + len("://")
	authority := s[start:min(len(s), start+longest)]
	if n := strings.IndexAny(authority, " /?#\"'<>\r\n"); n >= 0 {
		authority = authority[:n]
	}
	// RFC 3986 §3.2.1 lets no @ stand in userinfo; where one does, the last one ends it.
	at := strings.LastIndexByte(authority, '@')
	colon := strings.IndexByte(authority, ':')
	if colon < 0 || at <= colon+1 {
		return
	}
	value := unescape(authority[colon+1:at], percent)
	emit(found{kind: "password", name: i, start: start + colon + 1, end: start + at, value: value})
}

// nameBefore returns where the name begins that ends before stop. Bytes above ASCII count, so that what follows a label
// is no name that was not there before.
func nameBefore(s string, stop int) int {
	from := stop
	for from > 0 && stop-from <= longestName && nameByte(s[from-1]) {
		from--
	}
	return from
}

func nameByte(c byte) bool {
	return tokenByte(c) || c == '[' || c == ']' || c == '$' || c >= 0x80
}

// blanks returns the place of the first byte that is not blank, at or after i.
func blanks(s string, i int) int {
	for stop := min(len(s), i+longestName); i < stop; i++ {
		if strings.IndexByte(" \t\r\n", s[i]) < 0 {
			break
		}
	}
	return i
}

// unescape returns s with the escapes of one layer decoded.
func unescape(s string, l layer) string {
	if v := (&view{text: s}).without(l); v != nil {
		return v.text
	}
	return s
}
