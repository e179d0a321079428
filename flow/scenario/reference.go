package scenario

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"
)

// roots are the names that an expression can begin with, and why one that is there is not there everywhere.
var roots = map[string]string{
	"var":      "there is no variable block",
	"local":    "there is no locals block",
	"run":      "only a run reads the runs before it, and its for_each does not",
	"each":     "only a run with for_each has it",
	"result":   "only asserts and requests have it, as it comes of the exchange",
	"response": "only the asserts of a request block have it",
}

// references reports the names in e that ctx does not have, each with the nearest that it has. hcl would name no other,
// and would take anything for a part of a value that is not known yet.
func references(e hcl.Expression, ctx *hcl.EvalContext, later []string) hcl.Diagnostics {
	var diags hcl.Diagnostics
	for _, t := range e.Variables() {
		root, is := ctx.Variables[t.RootName()]
		if !is {
			diags = append(diags, noRoot(t, ctx))
			continue
		}
		if diag := follow(t, root.Type(), later); diag != nil {
			diags = append(diags, diag)
		}
	}
	return diags
}

func noRoot(t hcl.Traversal, ctx *hcl.EvalContext) *hcl.Diagnostic {
	name := t.RootName()
	if why := roots[name]; why != "" {
		return mistake(t.SourceRange(), "Nothing to read", "There is no %q here: %s.", name, why)
	}
	names := slices.Sorted(maps.Keys(ctx.Variables))
	if len(t) == 1 && Nearest(name, names) == "" {
		return mistake(t.SourceRange(), "Unknown name", "There is no %[1]q. If it is text, write it in quotes: %[1]q.", name)
	}
	return mistake(t.SourceRange(), "Unknown name", "There is no %q. %s", name, offer(name, names))
}

// follow goes along a traversal as far as types are known.
func follow(t hcl.Traversal, ty cty.Type, later []string) *hcl.Diagnostic {
	path := t.RootName()
	for _, step := range t[1:] {
		name, named := stepName(step)
		switch {
		case ty.IsObjectType() && !named:
			return nil
		case ty.IsObjectType() && !ty.HasAttribute(name):
			return noAttribute(t, path, name, ty, later)
		case ty.IsObjectType():
			ty = ty.AttributeType(name)
		case ty.IsCollectionType():
			ty = ty.ElementType()
		default:
			return nil
		}
		path += "." + name
	}
	return nil
}

// stepName is the name that a step of a traversal goes to, if it is a name.
func stepName(step hcl.Traverser) (string, bool) {
	switch s := step.(type) {
	case hcl.TraverseAttr:
		return s.Name, true
	case hcl.TraverseIndex:
		if s.Key.Type() == cty.String && s.Key.IsKnown() && !s.Key.IsNull() {
			key, _ := s.Key.Unmark()
			return key.AsString(), true
		}
	}
	return "", false
}

func noAttribute(t hcl.Traversal, path, name string, ty cty.Type, later []string) *hcl.Diagnostic {
	if path == "run" && slices.Contains(later, name) {
		return mistake(t.SourceRange(), "Run that comes later", "run.%s stands further down, or is this one: a run reads those before it.", name)
	}
	return mistake(t.SourceRange(), "Unknown name", "%s has no %q. %s", path, name, offer(name, slices.Sorted(maps.Keys(ty.AttributeTypes()))))
}

// offer says which of names was probably meant, or which there are.
func offer(got string, names []string) string {
	if near := Nearest(got, names); near != "" {
		return fmt.Sprintf("Did you mean %q?", near)
	}
	if len(names) == 0 {
		return "There is none."
	}
	return "There are " + strings.Join(names, ", ") + "."
}
