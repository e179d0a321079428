package trace

import "strings"

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
		if !telling[s[i]] {
			i++
			continue
		}
		next := i + 1
		switch s[i] {
		case '=':
			next = assignment(s, i, whole, emit)
		case ':':
			userinfo(s, i, emit)
			picture(s, i, emit)
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

// telling are the bytes at which scan looks closer.
var telling = [256]bool{'=': true, ':': true, '<': true, 'e': true, ' ': true}

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
