package trace

import (
	"html"
	"sort"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// A view is a text with one or more layers of escapes taken off: a link in JSON in an attribute of a page is still a
// link. Places in it can be told in the original.
type view struct {
	text    string
	of      *view    // with one layer more; nil: text is the original
	escapes []escape // what was taken off, in order
	depth   int
}

// An escape is what was decoded: text[at:end] of the view stands for text[from:to] of what it is a view of.
type escape struct{ at, end, from, to int32 }

// Providers nest up to three layers (a continuation URL within another, in HTML). The limits keep the time that one
// text takes within a multiple of its length.
const (
	maxDepth = 3
	maxViews = 20
)

// views returns s, and s with layers taken off.
func views(s string) []*view {
	all := []*view{{text: s}}
	for i := 0; i < len(all) && all[i].depth < maxDepth; i++ {
		for _, l := range layers {
			if v := all[i].without(l); v != nil && len(all) < maxViews && !has(all, v.text) {
				all = append(all, v)
			}
		}
	}
	return all
}

func has(all []*view, text string) bool {
	for _, v := range all {
		if v.text == text {
			return true
		}
	}
	return false
}

// span returns the place in the original of v.text[start:end].
func (v *view) span(start, end int) (int, int) {
	if v.of == nil || start >= end {
		return start, end
	}
	start, _ = v.outer(start)
	_, end = v.outer(end - 1)
	return v.of.span(start, end)
}

// outer returns the place of the byte at i in what v is a view of.
func (v *view) outer(i int) (start, end int) {
	n := sort.Search(len(v.escapes), func(n int) bool { return int(v.escapes[n].at) > i })
	if n == 0 {
		return i, i + 1
	}
	e := v.escapes[n-1]
	if i < int(e.end) {
		return int(e.from), int(e.to)
	}
	i += int(e.to - e.end)
	return i, i + 1
}

// A layer is one way of escaping. decode returns what the escape at the beginning of s stands for and its length; a
// length of 0 says that there is none.
type layer struct {
	marks  string // the bytes that an escape begins with
	must   byte   // without this byte the view has nothing that another one lacks
	decode func(s string) (string, int)
}

var (
	percent   = layer{"%", '%', decodePercent}
	form      = layer{"%+", '+', decodeForm}
	backslash = layer{`\`, '\\', decodeBackslash}
	entity    = layer{"&", '&', decodeEntity}

	layers = []layer{percent, form, backslash, entity}
)

// without returns v with one layer less, or nil if that changes nothing.
func (v *view) without(l layer) *view {
	s := v.text
	if strings.IndexByte(s, l.must) < 0 {
		return nil
	}
	var text []byte
	var escapes []escape
	done := 0 // s[:done] is in text
	for i := 0; i < len(s); {
		n := strings.IndexByte(s[i:], l.marks[0])
		if len(l.marks) > 1 {
			n = strings.IndexAny(s[i:], l.marks)
		}
		if n < 0 {
			break
		}
		i += n
		decoded, length := l.decode(s[i:])
		if length == 0 {
			i++
			continue
		}
		if text == nil {
			text = make([]byte, 0, len(s))
		}
		text = append(text, s[done:i]...)
		at := len(text)
		text = append(text, decoded...)
		done = i + length
		escapes = append(escapes, escape{int32(at), int32(len(text)), int32(i), int32(done)})
		i = done
	}
	if escapes == nil {
		return nil
	}
	return &view{text: string(append(text, s[done:]...)), of: v, escapes: escapes, depth: v.depth + 1}
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
