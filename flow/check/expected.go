package check

import (
	"bufio"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/oidcflow/oidcflow/flow"
)

// Expected are checks that are known to fail at a provider, by name, with the reason.
type Expected map[string]string

// ReadExpected reads a line for each: the name, and the reason behind a blank. Empty lines and what follows a # are left
// out. Its error names every line that is wrong.
func ReadExpected(r io.Reader) (Expected, error) {
	e := Expected{}
	var wrong []string
	lines := bufio.NewScanner(r)
	for n := 1; lines.Scan(); n++ {
		line, _, _ := strings.Cut(lines.Text(), "#")
		name, reason, _ := strings.Cut(strings.TrimSpace(line), " ")
		switch _, twice := e[name]; {
		case name == "":
		case twice:
			wrong = append(wrong, fmt.Sprintf("line %d: %q is there already", n, name))
		case !slices.ContainsFunc(Checks, func(c Check) bool { return c.Name == name }):
			wrong = append(wrong, fmt.Sprintf("line %d: no check %q", n, name))
		case strings.TrimSpace(reason) == "":
			wrong = append(wrong, fmt.Sprintf("line %d: %q has no reason", n, name))
		default:
			e[name] = strings.TrimSpace(reason)
		}
	}
	if err := lines.Err(); err != nil {
		return nil, err
	}
	if wrong != nil {
		return nil, &flow.Error{Code: "config.expected_failures", Err: fmt.Errorf("%s", strings.Join(wrong, "; ")),
			Hint: "a line is the name of a check, a blank, and why it fails"}
	}
	return e, nil
}

// Apply returns findings in which what was expected to fail, and does, is a warning, and what was expected to fail, and
// passes, a failure: the entry is stale.
func (e Expected) Apply(all []Finding) []Finding {
	out := slices.Clone(all)
	for i := range out {
		f := &out[i]
		reason, expected := e[f.Name]
		switch {
		case !expected:
		case f.Status >= Fail:
			f.Status, f.Hint = Warn, "expected: "+reason
		case f.Status == Pass:
			f.Status, f.Message, f.Hint = Fail, "this was expected to fail ("+reason+"), and passes", "take it out of the expected failures"
		}
	}
	return out
}
