package cmd

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/hashicorp/hcl/v2/hclwrite"
	"github.com/spf13/cobra"

	"github.com/oidcflow/oidcflow/flow"
	"github.com/oidcflow/oidcflow/flow/report"
)

// fmtMax is how many bytes of standard input are read: as many as of a file.
const fmtMax = 1 << 20

func (p *program) fmtCommand() *cobra.Command {
	var check bool
	c := &cobra.Command{
		Use:   "fmt [PATH...]",
		Short: "Put scenario files into their usual form",
		Long: `fmt indents and aligns the files PATH, and those that end in .oidctest.hcl in and below the folders PATH, and names those
that it changed. Without a PATH it looks in the current folder; - is standard input, which is written to standard output.
Files of JSON are left to their own tools, and a file whose syntax is wrong is not touched.`,
		Example: "  oidcflow fmt\n  oidcflow fmt --check testdata\n  oidcflow fmt - < alice.oidctest.hcl",
		RunE: func(c *cobra.Command, args []string) error {
			if slices.Equal(args, []string{"-"}) {
				return p.formatInput()
			}
			return p.formatFiles(c.Context(), args, check)
		},
	}
	c.Flags().BoolVar(&check, "check", false, "change nothing; name what is not in form, and end with exit code 1")
	return c
}

// formatInput writes standard input, in form, to standard output.
func (p *program) formatInput() error {
	src, err := io.ReadAll(io.LimitReader(p.stdin, fmtMax+1))
	if err != nil {
		return &flow.Error{Code: "env.unreadable", Err: fmt.Errorf("standard input: %w", err)}
	}
	if len(src) > fmtMax {
		return usageError("too_large", "", "standard input: more than %d bytes", fmtMax)
	}
	out, diags := inForm("standard input", src)
	if diags.HasErrors() {
		return configErrors(diags)
	}
	_, err = p.stdout.Write(out)
	return err
}

// formatFiles puts files into form. All are read first: where one is wrong, none is changed.
func (p *program) formatFiles(ctx context.Context, paths []string, check bool) error {
	names, err := scenarioFiles(paths)
	if err != nil {
		return err
	}
	var changes []string
	formed := map[string][]byte{}
	var wrong hcl.Diagnostics
	for _, name := range names {
		if strings.HasSuffix(name, ".json") {
			if slices.ContainsFunc(paths, func(path string) bool { return filepath.Clean(path) == name }) {
				return usageError("json", "", "%s is JSON, which fmt leaves to other tools", name)
			}
			continue
		}
		src, err := os.ReadFile(name)
		if err != nil {
			return &flow.Error{Code: "config.unreadable", Err: err}
		}
		out, diags := inForm(name, src)
		if wrong = append(wrong, diags...); !diags.HasErrors() && !bytes.Equal(src, out) {
			changes, formed[name] = append(changes, name), out
		}
	}
	if wrong.HasErrors() {
		return configErrors(wrong)
	}
	for _, name := range changes {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if !check {
			if err := rewrite(name, formed[name]); err != nil {
				return &flow.Error{Code: "env.unwritable", Err: err}
			}
		}
		if _, err := fmt.Fprintln(p.stdout, name); err != nil {
			return &flow.Error{Code: "env.unwritable", Err: errors.Join(errors.New("standard output"), err)}
		}
	}
	if check && len(changes) > 0 {
		return exit(exitFailed)
	}
	return nil
}

// rewrite replaces the content of a file, and keeps its mode.
func rewrite(name string, content []byte) error {
	info, err := os.Stat(name)
	if err != nil {
		return err
	}
	return report.WriteFile(name, content, info.Mode().Perm())
}

// inForm returns src in form, unless its syntax is wrong.
func inForm(name string, src []byte) ([]byte, hcl.Diagnostics) {
	if _, diags := hclsyntax.ParseConfig(src, name, hcl.InitialPos); diags.HasErrors() {
		return nil, diags
	}
	return hclwrite.Format(src), nil
}
