package cmd

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// nearest returns a hint that names the one of names that was probably meant by got, or otherwise.
func nearest(got string, names []string, otherwise string) string {
	if name := nearestName(got, names); name != "" {
		return fmt.Sprintf("did you mean %q?", name)
	}
	return otherwise
}

// nearestName returns the name within a third of its letters of got, else the first that got begins or that begins got.
func nearestName(got string, names []string) string {
	best, bestDistance := "", len(got)/3+2
	for _, name := range names {
		if d := distance(strings.ToLower(got), name); d < bestDistance {
			best, bestDistance = name, d
		}
	}
	for _, name := range names {
		if best == "" && len(got) > 2 && (strings.HasPrefix(name, got) || strings.HasPrefix(got, name+"-")) {
			best = name
		}
	}
	return best
}

// distance is Levenshtein's: how many letters to change, add or take away to get from a to b.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		corner := row[0]
		row[0] = i + 1
		for j := range len(b) {
			change := corner
			if a[i] != b[j] {
				change++
			}
			corner = row[j+1]
			row[j+1] = min(change, row[j]+1, corner+1)
		}
	}
	return row[len(b)]
}

// flagError turns an error about a flag into ours, with the flag that was probably meant.
func flagError(c *cobra.Command, err error) error {
	var unknown *pflag.NotExistError
	var missing *pflag.ValueRequiredError
	var invalid *pflag.InvalidValueError
	switch help := fmt.Sprintf("`%s --help` lists the flags", c.CommandPath()); {
	case errors.As(err, &unknown):
		name := unknown.GetSpecifiedName()
		if unknown.GetSpecifiedShortnames() != "" {
			return usageError("unknown_flag", help, "no flag -%s", name[:1])
		}
		var names []string
		c.Flags().VisitAll(func(f *pflag.Flag) { names = append(names, f.Name) })
		hint := help
		if near := nearestName(name, names); near != "" {
			hint = fmt.Sprintf("did you mean --%s?", near)
		}
		return usageError("unknown_flag", hint, "no flag --%s", name)
	case errors.As(err, &missing):
		return usageError("missing_value", help, "--%s needs a value", missing.GetFlag().Name)
	case errors.As(err, &invalid):
		return usageError("invalid_value", "", "--%s: %w", invalid.GetFlag().Name, invalid.Unwrap())
	default:
		return usageError("flag", help, "%w", err)
	}
}
