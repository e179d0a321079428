package report_test

import (
	"strings"
	"testing"
	"unicode"

	"github.com/stretchr/testify/require"

	"github.com/oidcflow/oidcflow/flow/report"
)

func TestPlain(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, in, want string }{
		{"text", "Prüfung «x 3f9a» 日本", "Prüfung «x 3f9a» 日本"},
		{"line breaks", "a\nb\r\nc\td\u2028e\vf", "a b c d e f"},
		{"blanks at the ends", "\n a \n", "a"},
		{"C0", "a\x00\x07\x08b\x7f", "ab"},
		{"colour", "\x1b[31;1mred\x1b[0m", "red"},
		{"cursor", "a\x1b[2J\x1b[Hb\x1b7\x1bc", "ab"},
		{"character set", "\x1b(Bab", "ab"},
		{"title, BEL", "a\x1b]0;owned\x07b", "ab"},
		{"title, ST", "a\x1b]8;;http://evil\x1b\\b", "ab"},
		{"title without an end", "a\x1b]0;owned", "a"},
		{"title up to the line's end", "a\x1b]0;owned\nb", "a b"},
		{"DCS, APC, PM", "\x1bPq\x1b\\a\x1b_x\x1b\\b\x1b^y\x1b\\", "ab"},
		{"C1", "a\u009b31mb\u009d0;x\u009cc\u0085", "abc"},
		{"C1 as bytes", "a\x9b31m", "a\uFFFD31m"},
		{"escape at the end", "a\x1b", "a"},
		{"bidirectional controls", "a\u202eb\u2066c\u200f\u061cd", "abcd"},
		{"invisible", "a\u200bb\ufeffc\u00add\U000e0041", "abcd"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, c.want, report.Plain(c.in))
		})
	}
}

func FuzzPlain(f *testing.F) {
	f.Add("a\x1b[31mb\x1b]0;t\x07\u009b1m\n\u202e")
	f.Fuzz(func(t *testing.T, s string) {
		got := report.Plain(s)
		if strings.ContainsFunc(got, func(r rune) bool { return unicode.IsControl(r) || unicode.Is(unicode.Cf, r) }) {
			t.Fatalf("Plain(%q) = %q", s, got)
		}
		if again := report.Plain(got); again != got {
			t.Fatalf("a second time: %q, then %q", got, again)
		}
	})
}

func TestWorkflow(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"::error::x":         ": :error::x",
		"  ::set-output::x":  "  : :set-output::x",
		"a ##[error]x":       "a ## [error]x",
		"a std::string in C": "a std::string in C",
		"":                   "",
	} {
		require.Equal(t, want, report.Workflow(in))
	}
}
