package cmd

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/zclconf/go-cty/cty"

	"github.com/oidcflow/oidcflow/flow/scenario"
)

// scenarioHelp is the reference of scenario files, made of the tables that they are read by.
func scenarioHelp() string {
	var b strings.Builder
	b.WriteString(`A scenario file, *.oidctest.hcl, says whom to sign in and what must come of it. 'oidcflow test' runs it.

  idp {
    user "alice" {
      password = "correct horse battery staple"
    }
  }

  client "web" {
    redirect_uri = "https://app.example.com/callback"
  }

  run "alice_signs_in" {
    assert "audience" {
      condition = result.id_token.aud == result.client_id
    }
  }

The same as JSON is *.oidctest.json, in HCL's JSON syntax; 'oidcflow test --schema' prints its JSON Schema. An expression
can read var.NAME and local.NAME everywhere; in a run also each.key, each.value, and what came of a run before it as
run.NAME, or run.NAME["KEY"] of one with for_each.
`)
	describe(&b, scenario.Schema, "At the top level")
	b.WriteString("\nresult, and run.NAME of a run before:\n" + columns(func(t *tabwriter.Writer) {
		for _, m := range scenario.Results {
			fmt.Fprintf(t, "  %s\t%s\n", m.Name, m.Doc)
			if m.Type.IsObjectType() {
				fmt.Fprintf(t, "  \t  %s\n", strings.Join(sorted(m.Type), ", "))
			}
		}
	}) + "\n\nresponse, in the asserts of a request: status, headers by their names in lower case, body, json, and time in seconds.\n")
	b.WriteString("\nFunctions:\n" + columns(func(t *tabwriter.Writer) {
		fmt.Fprint(t, "  env\tan environment variable; a secret\n  file\tthe content of a file below the file's folder, or below --allow-file; a secret\n"+
			"  command\twhat a program prints, with --allow-command; a secret\n")
		for _, f := range scenario.Library {
			fmt.Fprintf(t, "  %s\t%s\n", f.Name, f.Doc)
		}
	}))
	return b.String()
}

// describe writes what a block may hold, and then the blocks in it.
func describe(b *strings.Builder, block *scenario.Block, title string) {
	fmt.Fprintf(b, "\n%s: %s\n", title, block.Doc)
	if block.Free || block.Elsewhere {
		return
	}
	if len(block.Attributes) > 0 {
		b.WriteString(columns(func(t *tabwriter.Writer) {
			for _, a := range block.Attributes {
				required := ""
				if a.Required {
					required = "; required"
				}
				fmt.Fprintf(t, "  %s\t%s\t%s%s\n", a.Name, kindOfValue(a.Type), a.Doc, required)
			}
		}) + "\n")
	}
	for _, inner := range block.Blocks {
		head := inner.Name
		if inner.Label != "" {
			head += fmt.Sprintf(" %q", strings.ToUpper(inner.Label))
		}
		if block != scenario.Schema {
			head += " in " + block.Name
		}
		describe(b, inner, head)
	}
}

// kindOfValue names a type in one word.
func kindOfValue(ty cty.Type) string {
	switch {
	case ty == cty.String:
		return "text"
	case ty == cty.Bool:
		return "bool"
	case ty.IsListType():
		return "list"
	case ty.IsMapType():
		return "map"
	}
	return "any"
}

func sorted(object cty.Type) []string {
	return slices.Sorted(maps.Keys(object.AttributeTypes()))
}
