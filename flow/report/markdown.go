package report

import (
	"fmt"
	"io"
	"strings"

	"github.com/oidcflow/oidcflow/flow/check"
)

// MaxSummary is how many bytes of Markdown [Markdown] writes at most: GitHub shows no summary of more than 1 MiB.
const MaxSummary = 512 << 10

// Markdown writes suites as a summary, the verdict first: what did not pass is in a table, what did is counted. It is
// for $GITHUB_STEP_SUMMARY. What a provider wrote is text in it, whatever it looks like.
func Markdown(w io.Writer, suites ...*Suite) error {
	var b strings.Builder
	for _, s := range suites {
		s.markdown(&b)
	}
	text := b.String()
	if len(text) > MaxSummary {
		cut := strings.LastIndexByte(text[:MaxSummary], '\n')
		text = text[:cut+1] + "\nThe rest is left out: there is too much of it.\n"
	}
	_, err := io.WriteString(w, text)
	return err
}

func (s *Suite) markdown(b *strings.Builder) {
	fmt.Fprintf(b, "## %s: %s\n\n%s\n", escaped(s.Name), s.Verdict(), s.Tally())
	var rows []string
	for _, c := range s.Cases {
		if c.Status == check.Pass || c.Status == check.Skip {
			continue
		}
		rows = append(rows, fmt.Sprintf("| %s | %s | %s | %s |\n", c.Status, escaped(c.Name), escaped(c.told()), escaped(c.Ref)))
	}
	if len(rows) > 0 {
		fmt.Fprintf(b, "\n| | name | what | see |\n|---|---|---|---|\n%s", strings.Join(rows, ""))
	}
	b.WriteByte('\n')
}

// Verdict returns "passed", or "failed" where a case failed or could not be tried.
func (s *Suite) Verdict() string {
	if s.Status() >= check.Fail {
		return "failed"
	}
	return "passed"
}

// Tally returns how many cases there are of each status: "12 passed, 1 failed, 2 skipped."
func (s *Suite) Tally() string {
	n := s.Count()
	text := fmt.Sprintf("%d passed, %d failed, %d skipped", n[check.Pass]+n[check.Warn], n[check.Fail], n[check.Skip]+n[check.Pending])
	if n[check.Error] > 0 {
		text += fmt.Sprintf(", %d could not be tried", n[check.Error])
	}
	if n[check.Warn] > 0 {
		text += fmt.Sprintf(", %d with a warning", n[check.Warn])
	}
	return text + "."
}

// told is what a case says in one line.
func (c *Case) told() string {
	text := c.Message
	if c.Hint != "" {
		text += " — " + c.Hint
	}
	return text
}

// escaped returns s such that Markdown and the HTML in it take it for text, in one cell of a table.
func escaped(s string) string {
	var b strings.Builder
	for _, r := range Plain(s) {
		switch {
		case r == '&':
			b.WriteString("&amp;")
		case r == '<':
			b.WriteString("&lt;")
		case r == '>':
			b.WriteString("&gt;")
		case r == '@': // GitHub would notify whoever has that name
			b.WriteString("&#64;")
		case strings.ContainsRune("\\`*_{}[]()#+-.!|~:$", r):
			b.WriteByte('\\')
			b.WriteRune(r)
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}
