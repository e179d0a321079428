package trace

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"html"
	"net/url"
	"strconv"
	"strings"
	"unicode/utf16"
)

// needles returns v as it may be written: raw, and in each encoding that a request, a page, a log line or an error
// may have put it in. What has further layers on top is found in the views of a text (see view).
func needles(e *entry) []needle {
	v := e.value
	seen := map[string]bool{}
	var all []needle
	add := func(n needle) {
		if n.entry = e; !seen[n.text] {
			seen[n.text] = true
			all = append(all, n)
		}
	}
	for _, text := range spellings(v) {
		add(needle{text: text})
	}
	// RFC 6749 §2.3.1: HTTP Basic has the base64 of the form-encoded secret; a JWT that of the JSON-encoded.
	texts := []string{v}
	if !isUnreserved(v) {
		texts = append(texts, url.QueryEscape(v), jsonEscape(v))
	}
	for _, text := range texts {
		for _, n := range base64Needles(text) {
			add(n)
		}
	}
	h := hex.EncodeToString([]byte(v))
	add(needle{text: h})
	add(needle{text: strings.ToUpper(h)})
	return all
}

// spellings returns v raw and in the encodings that keep its characters apart.
func spellings(v string) []string {
	if isUnreserved(v) {
		all := escapeAll(v)
		return []string{v, all, lowerPercent(all)}
	}
	form := url.QueryEscape(v)
	percent := []string{
		form,
		strings.ReplaceAll(form, "+", "%20"),
		url.PathEscape(v),
		escapeExcept(v, "-_.~!*'()"),            // JavaScript's encodeURIComponent
		escapeExcept(v, "-_.~!*'();,/?:@&=+$#"), // and encodeURI
		strings.ReplaceAll(escapeExcept(v, "*-._ "), " ", "+"), // URL Standard §5.2, what browsers send
		escapeAll(v),
	}
	all := append([]string{v}, percent...)
	for _, p := range percent {
		all = append(all, lowerPercent(p))
	}
	js := jsonEscape(v)
	ascii := jsonASCII(v)
	all = append(all, js, strings.ReplaceAll(js, "/", `\/`), ascii, upperUnicode(ascii), jsonHTML(v))
	markup := html.EscapeString(v)
	named := strings.NewReplacer("&#34;", "&quot;", "&#39;", "&#x27;").Replace(markup)
	quoted, quotedASCII := strconv.Quote(v), strconv.QuoteToASCII(v) // %q in errors
	return append(all, markup, named, quoted[1:len(quoted)-1], quotedASCII[1:len(quotedASCII)-1])
}

// base64Needles returns the characters that text always has within a longer text in base64: they depend on how many
// bytes stand before it, modulo three.
func base64Needles(text string) []needle {
	var all []needle
	for _, enc := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
		for before, lead := range []int{0, 2, 3} {
			bits := (before + len(text)) * 8
			whole := enc.EncodeToString([]byte(strings.Repeat("\x00", before) + text))
			all = append(all, needle{text: whole[lead : bits/6], before: before > 0, after: bits%6 != 0})
		}
	}
	return all
}

// isUnreserved reports whether only an encoder of every byte changes v. Most tokens are such.
func isUnreserved(v string) bool {
	for i := range len(v) {
		if c := v[i]; !alphanumeric(c) && c != '-' && c != '_' && c != '.' {
			return false
		}
	}
	return true
}

// percentEncode returns v with the bytes escaped that keep does not know.
func percentEncode(v string, keep func(c byte) bool) string {
	const digits = "0123456789ABCDEF"
	b := make([]byte, 0, 3*len(v))
	for i := range len(v) {
		if c := v[i]; keep(c) {
			b = append(b, c)
		} else {
			b = append(b, '%', digits[c>>4], digits[c&15])
		}
	}
	return string(b)
}

func escapeExcept(v, keep string) string {
	return percentEncode(v, func(c byte) bool { return alphanumeric(c) || strings.IndexByte(keep, c) >= 0 })
}

func escapeAll(v string) string { return percentEncode(v, func(byte) bool { return false }) }

// lowerPercent returns s with its percent escapes in lower case.
func lowerPercent(s string) string {
	b := []byte(s)
	for i := 0; i+2 < len(b); i++ {
		if b[i] == '%' {
			b[i+1], b[i+2] = lower(b[i+1]), lower(b[i+2])
			i += 2
		}
	}
	return string(b)
}

func lower(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		c += 'a' - 'A'
	}
	return c
}

// jsonEscape returns v as in a JSON string, with <, > and & as they are.
func jsonEscape(v string) string {
	s := jsonHTML(v)
	if !strings.Contains(s, `\u00`) {
		return s
	}
	var b strings.Builder
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		panic(err) // a string is always encoded
	}
	return b.String()[1 : b.Len()-2]
}

// jsonHTML returns v as in a JSON string, with <, > and & escaped, as Go writes it.
func jsonHTML(v string) string {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err) // a string is always encoded
	}
	return string(b[1 : len(b)-1])
}

// jsonASCII returns v as in a JSON string of ASCII alone, as Python writes it.
func jsonASCII(v string) string {
	var b strings.Builder
	for _, r := range jsonEscape(v) {
		if r < 0x80 {
			b.WriteRune(r)
			continue
		}
		for _, u := range utf16.Encode([]rune{r}) {
			fmt.Fprintf(&b, `\u%04x`, u)
		}
	}
	return b.String()
}

// upperUnicode returns s with the digits of its \u escapes in upper case.
func upperUnicode(s string) string {
	b := []byte(s)
	for i := 0; i+5 < len(b); i++ {
		if b[i] != '\\' {
			continue
		}
		if b[i+1] == 'u' {
			copy(b[i+2:], strings.ToUpper(string(b[i+2:i+6])))
		}
		i++
	}
	return string(b)
}
