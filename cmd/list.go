package cmd

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/oidcflow/oidcflow/flow/check"
	"github.com/oidcflow/oidcflow/flow/signin"
	"github.com/oidcflow/oidcflow/mockidp"
)

// listed is one row of a table, in the words of list --json.
type listed struct {
	Name string `json:"name"`
	Ref  string `json:"ref"`
	Doc  string `json:"doc"`
}

// tables are what list lists.
var tables = []struct {
	name, doc string
	rows      func() []listed
}{
	{"drivers", "ways to sign in, for --sign-in", func() []listed {
		return rows(drivers, func(d driver) listed { return listed{d.name, d.ref, d.doc} })
	}},
	{"outputs", "formats of the answer, for --output", func() []listed {
		return rows(formats, func(f format) listed { return listed{f.name, f.ref, f.doc} })
	}},
	{"pages", "pages that a sign-in knows, with those of the file of --config, in the order in which they are tried", func() []listed {
		return pageRows(signin.Pages)
	}},
	{"checks", "what check looks at, and what its probes send", func() []listed { return rows(check.Checks, checkRow) }},
	{"faults", "what the embedded provider can do wrong, for --fault", func() []listed { return rows(mockidp.Faults, fault) }},
	{"demands", "what the embedded provider demands of clients, with --strict-client", func() []listed {
		return rows(mockidp.Demands, func(d mockidp.Demand) listed { return listed{d.Name, d.Ref, d.Doc} })
	}},
	{"variations", "what the embedded provider can do unusually, for --variation", func() []listed {
		return rows(mockidp.Variations, fault)
	}},
}

func rows[T any](all []T, row func(T) listed) []listed {
	rs := []listed{}
	for _, t := range all {
		rs = append(rs, row(t))
	}
	return rs
}

func checkRow(c check.Check) listed {
	doc := c.Title
	if c.Probe {
		doc += "; a probe: sends " + c.Sends
	}
	return listed{c.Name, c.Ref, doc}
}

func pageRows(pages []signin.Page) []listed {
	return rows(pages, func(p signin.Page) listed { return listed{Name: p.Name, Doc: p.Doc} })
}

// filePages are the pages that a sign-in knows with the file of --config.
func (p *program) filePages(c *cobra.Command) ([]listed, error) {
	r := &reader{program: p, flags: c.Flags(), options: &options{provider: &provider{}}}
	if err := r.read(c.Context(), &fileSettings); err != nil {
		return nil, err
	}
	file, err := r.loadFile()
	if file == nil || err != nil {
		return pageRows(signin.Pages), err
	}
	return pageRows(signin.WithPages(file.Pages)), nil
}

func fault(f mockidp.Fault) listed { return listed{f.Name, f.Ref, f.Doc} }

func (p *program) listCommand() *cobra.Command {
	var asJSON bool
	var names, docs []string
	for _, t := range tables {
		names = append(names, t.name)
		docs = append(docs, fmt.Sprintf("  %-11s %s", t.name, t.doc))
	}
	c := &cobra.Command{
		Use:       "list " + strings.Join(names, "|"),
		Short:     "List what there is: " + enumeration(names),
		Long:      "list prints one of the program's tables:\n\n" + strings.Join(docs, "\n"),
		Example:   "  oidcflow list faults\n  oidcflow list outputs --json",
		ValidArgs: names,
		Args: func(_ *cobra.Command, args []string) error {
			hint := "there are " + strings.Join(names, ", ")
			switch {
			case len(args) != 1:
				return usageError("list", hint, "want the name of one table, got %d names", len(args))
			case !contains(names, args[0]):
				return usageError("unknown_table", nearest(args[0], names, hint), "no table %q", args[0])
			}
			return nil
		},
		RunE: func(c *cobra.Command, args []string) error {
			if args[0] == "pages" {
				pages, err := p.filePages(c)
				if err != nil {
					return err
				}
				return writeRows(p.stdout, pages, asJSON)
			}
			for _, t := range tables {
				if t.name == args[0] {
					return writeRows(p.stdout, t.rows(), asJSON)
				}
			}
			return nil
		},
	}
	addFlags(c.Flags(), &group{title: fileSettings.title, settings: fileSettings.settings[:1]}) // no secret is looked up
	c.Flags().BoolVar(&asJSON, "json", false, "an array of objects with name, ref and doc")
	return c
}

func writeRows(w io.Writer, rows []listed, asJSON bool) error {
	if asJSON {
		return encode(w, rows)
	}
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, r := range rows {
		doc := r.Doc
		if r.Ref != "" {
			doc += " (" + r.Ref + ")"
		}
		fmt.Fprintf(t, "%s\t%s\n", r.Name, doc)
	}
	return t.Flush()
}

func contains(names []string, name string) bool {
	for _, n := range names {
		if n == name {
			return true
		}
	}
	return false
}
