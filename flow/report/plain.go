package report

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Plain returns s as one line for a terminal: without control characters, escape sequences of terminals, and invisible
// characters such as those that turn the direction of writing. Line breaks and tabs become blanks.
func Plain(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == 0x1b || 0x80 <= r && r <= 0x9f:
			n = sequence(s[i:])
		case r == ' ' || unicode.IsSpace(r):
			if b.Len() > 0 && !strings.HasSuffix(b.String(), " ") {
				b.WriteByte(' ')
			}
		case unicode.IsControl(r) || unicode.Is(unicode.Cf, r):
			// Cf has the bidirectional controls, zero-width characters and tags: what is not seen, misleads.
		default:
			b.WriteRune(r) // a byte that is not UTF-8 becomes U+FFFD
		}
		i += n
	}
	return strings.TrimSuffix(b.String(), " ")
}

// sequence returns the length of the escape sequence of a terminal at the beginning of s (ECMA-48 §5.4, §5.6), or of
// the control character alone.
func sequence(s string) int {
	r, n := utf8.DecodeRuneInString(s)
	if r == 0x1b {
		if len(s) == 1 {
			return 1
		}
		r, n = rune(s[1])+0x40, 2 // ESC [ is the C1 control CSI, and so on
		if s[1] < 0x40 || s[1] > 0x5f {
			return escapeLength(s)
		}
	}
	switch r {
	case 0x9b: // CSI: parameters, then one letter
		for n < len(s) && 0x20 <= s[n] && s[n] <= 0x3f {
			n++
		}
		if n < len(s) && 0x40 <= s[n] && s[n] <= 0x7e {
			n++
		}
	case 0x90, 0x98, 0x9d, 0x9e, 0x9f: // DCS, SOS, OSC, PM, APC: text up to the string terminator
		return n + stringLength(s[n:])
	}
	return n
}

// escapeLength returns the length of a sequence of ESC, intermediate bytes and a final one.
func escapeLength(s string) int {
	n := 1
	for n < len(s) && 0x20 <= s[n] && s[n] <= 0x2f {
		n++
	}
	if n < len(s) && 0x30 <= s[n] && s[n] <= 0x7e {
		n++
	}
	return n
}

// stringLength returns the length of a control string with its terminator. Without one a terminal would wait for it
// for ever: the string then ends with the line.
func stringLength(s string) int {
	for i, r := range s {
		switch {
		case r == 0x07:
			return i + 1
		case r == 0x9c:
			return i + 2
		case r == 0x1b && strings.HasPrefix(s[i:], "\x1b\\"):
			return i + 2
		case r == '\n':
			return i
		}
	}
	return len(s)
}

// Workflow returns a line such that GitHub Actions does not take it for a command of a workflow: a runner obeys :: at
// the beginning of a line, and ##[ anywhere in it.
func Workflow(line string) string {
	trimmed := strings.TrimLeft(line, " \t")
	if strings.HasPrefix(trimmed, "::") {
		line = line[:len(line)-len(trimmed)] + ": :" + trimmed[2:]
	}
	return strings.ReplaceAll(line, "##[", "## [")
}
