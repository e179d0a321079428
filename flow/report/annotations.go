package report

import (
	"fmt"
	"io"
	"strings"

	"github.com/oidcflow/oidcflow/flow/check"
)

// Annotations writes what did not pass as commands of a workflow of GitHub Actions, which shows each with the job: an
// error, or a warning.
func Annotations(w io.Writer, s *Suite) error {
	for _, c := range s.Cases {
		command := ""
		switch {
		case c.Status >= check.Fail:
			command = "error"
		case c.Status == check.Warn:
			command = "warning"
		default:
			continue
		}
		text, message := c.Title, c.Message
		if c.Want != "" || c.Got != "" {
			message = "" // it says the same in one sentence
		}
		for _, part := range []struct{ name, text string }{{"", message}, {"want ", c.Want}, {"got ", c.Got}, {"see ", c.Ref}, {"", c.Hint}} {
			if part.text != "" {
				text += "\n" + part.name + part.text
			}
		}
		if _, err := fmt.Fprintf(w, "::%s title=%s::%s\n", command, commandValue(c.Name, true), commandValue(text, false)); err != nil {
			return err
		}
	}
	return nil
}

// commandValue is a value of a command as the runner reads it (actions/toolkit, packages/core/src/command.ts): a provider's
// text ends no line and begins no other command. A property ends at a colon or comma as well.
func commandValue(s string, property bool) string {
	lines := strings.Split(s, "\n")
	for i := range lines {
		lines[i] = Plain(lines[i])
	}
	s = strings.NewReplacer("##[", "## [", "%", "%25", "\r", "%0D", "\n", "%0A").Replace(strings.Join(lines, "\n"))
	if property {
		s = strings.NewReplacer(":", "%3A", ",", "%2C").Replace(s)
	}
	return s
}
