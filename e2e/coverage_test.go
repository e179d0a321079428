package e2e

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/oidcflow/oidcflow/flow/check"
	"github.com/oidcflow/oidcflow/mockidp"
)

// sources are the catalogues of others that the mapping covers, with how many rows each has: a row that is taken out of
// the mapping is missed.
var sources = map[string]int{
	"OpenID Foundation, RP tests": 54, "OpenID Foundation, FAPI RP tests": 32,
	"OpenID Foundation, what its provider demands of a client": 10, "adversarial": 24, "RFC 9700": 39,
}

// TestCoverage holds that each row of others' catalogues is mapped to something that there is, or to a reason.
func TestCoverage(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(filepath.Join("..", "testdata", "coverage.tsv"))
	require.NoError(t, err)
	has := func(all []mockidp.Fault) func(string) bool {
		return func(name string) bool {
			return slices.ContainsFunc(all, func(f mockidp.Fault) bool { return f.Name == name })
		}
	}
	kinds := map[string]func(string) bool{
		"fault":     has(mockidp.Faults),
		"variation": has(mockidp.Variations),
		"check": func(name string) bool {
			return slices.ContainsFunc(check.Checks, func(c check.Check) bool { return c.Name == name })
		},
		"demand": func(name string) bool {
			return slices.ContainsFunc(mockidp.Demands, func(d mockidp.Demand) bool { return d.Name == name })
		},
		"n/a": func(why string) bool { return len(why) > 10 },
	}
	rows, seen := map[string]int{}, map[string]bool{}
	for line := range strings.Lines(string(text)) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		cells := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		require.Len(t, cells, 4, line)
		source, row, kind, name := cells[0], cells[1], cells[2], cells[3]
		require.Contains(t, kinds, kind, line)
		require.True(t, kinds[kind](name), "%s %q: there is none", kind, name)
		require.False(t, seen[source+row], "twice: %s", line)
		seen[source+row] = true
		rows[source]++
	}
	require.Equal(t, sources, rows)
}
