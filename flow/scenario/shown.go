package scenario

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
	ctyjson "github.com/zclconf/go-cty/cty/json"
)

// Bounds of what is shown of values.
const (
	maxShown       = 200 // bytes of one
	maxDifferences = 10
)

// shown returns what e read, and what the sides of its comparisons are, each once.
func (f *File) shown(e hcl.Expression, ctx *hcl.EvalContext) []Value {
	var out []Value
	add := func(v Value) {
		if v.Expression != "" && !slices.ContainsFunc(out, func(o Value) bool { return o.Expression == v.Expression }) {
			out = append(out, v)
		}
	}
	for _, t := range e.Variables() {
		v, diags := t.TraverseAbs(ctx)
		if !diags.HasErrors() {
			add(Value{written(t), display(v)})
		}
	}
	for _, c := range comparisons(e) {
		left, wrong := c.LHS.Value(ctx)
		right, wrong2 := c.RHS.Value(ctx)
		if wrong.HasErrors() || wrong2.HasErrors() {
			continue
		}
		for _, side := range []hclsyntax.Expression{c.LHS, c.RHS} {
			if _, constant := side.Value(nil); constant.HasErrors() { // else it stands there
				v, _ := side.Value(ctx)
				add(Value{f.source(side.Range()), display(v)})
			}
		}
		for _, d := range differences("", left, right) {
			add(d)
		}
	}
	return out
}

// comparisons returns the comparisons that e is made of, with && and || between them.
func comparisons(e hcl.Expression) []*hclsyntax.BinaryOpExpr {
	switch e := e.(type) {
	case *hclsyntax.ParenthesesExpr:
		return comparisons(e.Expression)
	case *hclsyntax.TemplateWrapExpr:
		return comparisons(e.Wrapped)
	case *hclsyntax.UnaryOpExpr:
		return comparisons(e.Val)
	case *hclsyntax.BinaryOpExpr:
		if e.Op == hclsyntax.OpLogicalAnd || e.Op == hclsyntax.OpLogicalOr {
			return append(comparisons(e.LHS), comparisons(e.RHS)...)
		}
		return []*hclsyntax.BinaryOpExpr{e}
	}
	return nil
}

// source is the text of a file at a place.
func (f *File) source(at hcl.Range) string {
	file := f.sources[at.Filename]
	if file == nil || !at.CanSliceBytes(file.Bytes) {
		return ""
	}
	return strings.Join(strings.Fields(string(at.SliceBytes(file.Bytes))), " ")
}

// written is a traversal as one writes it.
func written(t hcl.Traversal) string {
	var b strings.Builder
	for _, step := range t {
		switch s := step.(type) {
		case hcl.TraverseRoot:
			b.WriteString(s.Name)
		case hcl.TraverseAttr:
			b.WriteString("." + s.Name)
		case hcl.TraverseIndex:
			b.WriteString("[" + display(s.Key) + "]")
		}
	}
	return b.String()
}

// display returns a value as JSON, cut where it is long. What is secret is not shown, nor what holds a secret.
func display(v cty.Value) string {
	switch {
	case v.ContainsMarked():
		return "(sensitive)"
	case !v.IsWhollyKnown():
		return "(not known)"
	}
	text, err := ctyjson.Marshal(v, v.Type())
	if err != nil {
		return "(" + v.Type().FriendlyName() + ")"
	}
	if len(text) > maxShown {
		return strings.ToValidUTF8(string(text[:maxShown]), "") + "…"
	}
	return string(text)
}

// differences returns where two objects or lists differ, by the path from them.
func differences(path string, got, want cty.Value) []Value {
	if !deep(got) || !deep(want) {
		if path == "" || got.ContainsMarked() || want.ContainsMarked() || display(got) == display(want) {
			return nil
		}
		return []Value{{path, fmt.Sprintf("%s on the left, %s on the right", display(got), display(want))}}
	}
	left, right := membersOf(got), membersOf(want)
	var out []Value
	for _, key := range slices.Sorted(maps.Keys(merged(left, right))) {
		l, in := left[key]
		r, too := right[key]
		switch {
		case in && too:
			out = append(out, differences(path+key, l, r)...)
		case in:
			out = append(out, Value{path + key, display(l) + " on the left, nothing on the right"})
		default:
			out = append(out, Value{path + key, "nothing on the left, " + display(r) + " on the right"})
		}
	}
	return out[:min(len(out), maxDifferences)]
}

// deep reports whether a value has members to compare.
func deep(v cty.Value) bool {
	return !v.IsMarked() && v.IsKnown() && !v.IsNull() && v.CanIterateElements() && !v.Type().IsSetType()
}

func membersOf(v cty.Value) map[string]cty.Value {
	all := map[string]cty.Value{}
	for key, value := range v.Elements() {
		if key.Type() == cty.String {
			all["."+key.AsString()] = value
		} else {
			all["["+display(key)+"]"] = value
		}
	}
	return all
}

func merged(a, b map[string]cty.Value) map[string]cty.Value {
	all := maps.Clone(a)
	maps.Copy(all, b)
	return all
}
