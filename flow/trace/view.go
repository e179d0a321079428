package trace

import (
	"html"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// A view is a text with one or more layers of escapes taken off: a link in JSON in an attribute of a page is still a
// link. Places in it can be told in the original.
type view struct {
	text  string
	at    []int32 // of each byte of text, and of its end: the place in the original; nil: the same
	depth int
}

// Providers nest up to three layers (a continuation URL within another, in HTML). The limits keep the time that one
// text takes within a multiple of its length.
const (
	maxDepth = 3
	maxViews = 12
)

// views returns s, and s with layers taken off.
func views(s string) []view {
	all := []view{{text: s}}
	for i := 0; i < len(all); i++ {
		if all[i].depth == maxDepth {
			break
		}
		for _, l := range layers {
			if v, ok := all[i].without(l); ok && len(all) < maxViews && !has(all, v.text) {
				all = append(all, v)
			}
		}
	}
	return all
}

func has(all []view, text string) bool {
	for _, v := range all {
		if v.text == text {
			return true
		}
	}
	return false
}

// span returns the place in the original of v.text[start:end].
func (v view) span(start, end int) (int, int) {
	if v.at == nil || start >= end {
		return start, end
	}
	// One escape may stand for several bytes: the place ends where the whole escape does.
	last := end - 1
	for end < len(v.text) && v.at[end] == v.at[last] {
		end++
	}
	return int(v.at[start]), int(v.at[end])
}

// A layer is one way of escaping. decode returns what the escape at the beginning of s stands for and its length; a
// length of 0 says that there is none.
type layer struct {
	marks  string // the bytes that an escape begins with
	must   byte   // without this byte the view has nothing that another one lacks
	decode func(s string) (string, int)
}

var layers = []layer{
	{"%", '%', decodePercent},
	{"%+", '+', decodeForm},
	{`\`, '\\', decodeBackslash},
	{"&", '&', decodeEntity},
}

// without returns v with one layer less, and whether that changed anything.
func (v view) without(l layer) (view, bool) {
	s := v.text
	if strings.IndexByte(s, l.must) < 0 {
		return view{}, false
	}
	var text strings.Builder
	at := make([]int32, 0, len(s)+1)
	changed := false
	for i := 0; i < len(s); {
		out, n := s[i:i+1], 0
		if strings.IndexByte(l.marks, s[i]) >= 0 {
			if decoded, length := l.decode(s[i:]); length > 0 {
				out, n, changed = decoded, length, true
			}
		}
		for range len(out) {
			at = append(at, v.origin(i))
		}
		text.WriteString(out)
		i += max(n, 1)
	}
	at = append(at, v.origin(len(s)))
	return view{text.String(), at, v.depth + 1}, changed
}

func (v view) origin(i int) int32 {
	if v.at == nil {
		return int32(i)
	}
	return v.at[i]
}

func decodePercent(s string) (string, int) {
	if len(s) < 3 {
		return "", 0
	}
	hi, lo := unhex(s[1]), unhex(s[2])
	if hi < 0 || lo < 0 {
		return "", 0
	}
	return string([]byte{byte(hi<<4 | lo)}), 3
}

func unhex(c byte) int {
	switch {
	case '0' <= c && c <= '9':
		return int(c - '0')
	case 'a' <= c && c <= 'f':
		return int(c-'a') + 10
	case 'A' <= c && c <= 'F':
		return int(c-'A') + 10
	}
	return -1
}

func decodeForm(s string) (string, int) {
	if s[0] == '+' {
		return " ", 1
	}
	return decodePercent(s)
}

// simple are the escapes of JSON, JavaScript and Go that are one character.
const simple = `""''\\//` + "b\bf\fn\nr\rt\ta\av\v"

// decodeBackslash decodes the escapes of JSON, JavaScript and Go. Okta's sign-in pages write \x2D in their JSON.
func decodeBackslash(s string) (string, int) {
	if len(s) < 2 {
		return "", 0
	}
	for i := 0; i < len(simple); i += 2 {
		if simple[i] == s[1] {
			return simple[i+1 : i+2], 2
		}
	}
	switch s[1] {
	case 'x':
		if n, ok := hexNumber(s, 2, 2); ok {
			return string([]byte{byte(n)}), 4
		}
	case 'u':
		if n, ok := hexNumber(s, 2, 4); ok {
			if low, ok := hexNumber(s, 8, 4); ok && s[6:8] == `\u` {
				if r := utf16.DecodeRune(rune(n), rune(low)); r != utf8.RuneError {
					return string(r), 12
				}
			}
			return string(rune(n)), 6
		}
	case 'U':
		if n, ok := hexNumber(s, 2, 8); ok {
			return string(rune(n)), 10
		}
	}
	return "", 0
}

func hexNumber(s string, from, digits int) (uint32, bool) {
	if len(s) < from+digits {
		return 0, false
	}
	n, err := strconv.ParseUint(s[from:from+digits], 16, 32)
	return uint32(n), err == nil
}

// longestEntity is the length of the longest name in HTML, &CounterClockwiseContourIntegral; and then some zeroes.
const longestEntity = 40

func decodeEntity(s string) (string, int) {
	end := strings.IndexByte(s[:min(len(s), longestEntity)], ';')
	if end < 0 {
		return "", 0
	}
	entity := s[:end+1]
	// An ampersand within means that the first one was not an entity's.
	if strings.IndexByte(entity[1:], '&') >= 0 {
		return "", 0
	}
	decoded := html.UnescapeString(entity)
	if decoded == entity || strings.HasSuffix(decoded, ";") && decoded != ";" {
		return "", 0
	}
	return decoded, len(entity)
}
