package cmd

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/oidcflow/oidcflow/flow/scenario"
)

// nearest returns a hint that names the one of names that was probably meant by got, or otherwise.
func nearest(got string, names []string, otherwise string) string {
	if name := scenario.Nearest(got, names); name != "" {
		return fmt.Sprintf("did you mean %q?", name)
	}
	return otherwise
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
		if near := scenario.Nearest(name, names); near != "" {
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
