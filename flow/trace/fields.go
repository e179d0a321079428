package trace

import (
	"html"
	"strings"
)

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
