package scenario

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/ext/typeexpr"
	"github.com/hashicorp/hcl/v2/hclparse"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/convert"
)

// Given is a value for a variable, from outside of the file.
type Given struct {
	Value cty.Value // cty.NilVal: Text
	Text  string    // text for a variable of that type, else an expression
	From  string    // "--var", or the name of a file
}

// variable is a variable block.
type variable struct {
	*node
	ty        cty.Type
	sensitive bool
}

// definitions are what variable and locals blocks say, which all other blocks may read.
type definitions struct {
	variables []variable
	locals    map[string]*hcl.Attribute
}

// Variables returns the names of the file's variables.
func (f *File) Variables() []string {
	var out []string
	for _, v := range f.defined.variables {
		out = append(out, v.label)
	}
	return out
}

// top returns the blocks of one kind at the top level.
func (f *File) top(schema *Block) ([]*node, hcl.Diagnostics) {
	head := &Block{Blocks: []*Block{schema}}
	content, _, _ := f.body.PartialContent(head.bodySchema()) // what is wrong is told by whoever reads all of it
	var all []*node
	var diags hcl.Diagnostics
	for _, block := range content.Blocks {
		n, wrong := schema.read(block.Body, strings.Join(block.Labels, ""), block.DefRange)
		all, diags = append(all, n), append(diags, wrong...)
	}
	return all, append(diags, schema.twice(all)...)
}

// define reads the variable and locals blocks, and finds out of which types they are.
func (f *File) define() hcl.Diagnostics {
	d := &f.defined
	d.locals = map[string]*hcl.Attribute{}
	variables, diags := f.top(variableSchema)
	locals, wrong := f.top(localsSchema)
	diags = append(diags, wrong...)
	for _, n := range locals {
		for name, a := range n.attributes {
			if first, is := d.locals[name]; is {
				diags = append(diags, mistake(a.NameRange, "Second local", "There is a local %q already, at %s.", name, first.NameRange))
				continue
			}
			d.locals[name] = a
		}
	}
	f.dry = map[string]cty.Value{}
	for _, n := range variables {
		v, wrong := f.variable(n)
		d.variables, diags = append(d.variables, v), append(diags, wrong...)
	}
	dry := func(v variable) (cty.Value, hcl.Diagnostics) { return v.marked(cty.UnknownVal(v.ty)), nil }
	diags = append(diags, d.evaluate(f.dryContext(), f.dry, dry)...)
	return diags
}

func (f *File) variable(n *node) (variable, hcl.Diagnostics) {
	v := variable{node: n, ty: cty.DynamicPseudoType}
	var diags hcl.Diagnostics
	if a := n.attributes["type"]; a != nil {
		v.ty, diags = typeexpr.TypeConstraint(a.Expr)
		if diags.HasErrors() {
			v.ty = cty.DynamicPseudoType
		}
	}
	ctx := f.dryContext()
	for _, name := range []string{"description", "sensitive", "default"} {
		value, wrong := n.value(name, ctx)
		diags = append(diags, wrong...)
		value, _ = value.Unmark()
		if name == "sensitive" && !value.IsNull() && value.IsKnown() {
			v.sensitive = value.True()
		}
	}
	if value, wrong := v.fallback(ctx); !wrong.HasErrors() {
		_, wrong = v.fit(value, n.where("default"))
		diags = append(diags, wrong...)
	}
	return v, diags
}

func (v variable) fallback(ctx *hcl.EvalContext) (cty.Value, hcl.Diagnostics) {
	return v.value("default", ctx)
}

// fit converts a value to the variable's type.
func (v variable) fit(value cty.Value, at hcl.Range) (cty.Value, hcl.Diagnostics) {
	out, err := convert.Convert(value, v.ty)
	if err != nil {
		return cty.UnknownVal(v.ty), hcl.Diagnostics{mistake(at, "Unsuitable value type", "variable %q: %s.", v.label, err)}
	}
	return v.marked(out), nil
}

func (v variable) marked(value cty.Value) cty.Value {
	if v.sensitive {
		return value.Mark(sensitive{})
	}
	return value
}

// settle finds the values of variables and locals, once.
func (f *File) settle(ctx context.Context) hcl.Diagnostics {
	if f.values != nil {
		return nil
	}
	f.values = map[string]cty.Value{}
	eval := f.learning(ctx)
	diags := f.defined.evaluate(eval, f.values, func(v variable) (cty.Value, hcl.Diagnostics) { return f.given(v, eval) })
	if diags.HasErrors() {
		f.values = nil
	}
	return diags
}

// given returns the value of a variable: the one that was given, else its default.
func (f *File) given(v variable, ctx *hcl.EvalContext) (cty.Value, hcl.Diagnostics) {
	g, is := f.options.Variables[v.label]
	switch {
	case !is && !v.has("default"):
		return cty.UnknownVal(v.ty), hcl.Diagnostics{mistake(v.at, "Variable without a value", "Give one with --var '%s=…', or write a default.", v.label)}
	case !is:
		value, diags := v.fallback(ctx)
		if diags.HasErrors() {
			return value, diags
		}
		return v.fit(value, v.where("default"))
	case g.Value == cty.NilVal && v.ty == cty.String:
		return v.marked(cty.StringVal(g.Text)), nil
	case g.Value == cty.NilVal:
		parsed, diags := hclsyntax.ParseExpression([]byte(g.Text), g.From, hcl.InitialPos)
		if !diags.HasErrors() {
			g.Value, diags = parsed.Value(nil)
		}
		if diags.HasErrors() && v.ty == cty.DynamicPseudoType {
			g.Value, diags = cty.StringVal(g.Text), nil // --var name=alice needs no quotes
		}
		if diags.HasErrors() {
			return cty.UnknownVal(v.ty), hcl.Diagnostics{mistake(v.at, "Unsuitable value type", "variable %q: want %s, and %s says something else.", v.label, v.ty.FriendlyName(), g.From)}
		}
	}
	return v.fit(g.Value, v.at)
}

// evaluate puts var and local into values, which are those of ctx.
func (d *definitions) evaluate(ctx *hcl.EvalContext, values map[string]cty.Value, of func(variable) (cty.Value, hcl.Diagnostics)) hcl.Diagnostics {
	var diags hcl.Diagnostics
	ctx.Variables = values
	variables := map[string]cty.Value{}
	for _, v := range d.variables {
		value, wrong := of(v)
		variables[v.label], diags = value, append(diags, wrong...)
	}
	if len(variables) > 0 {
		values["var"] = cty.ObjectVal(variables)
	}
	if len(d.locals) == 0 {
		return diags
	}
	order, wrong := d.sorted()
	if diags = append(diags, wrong...); wrong.HasErrors() {
		values["local"] = cty.DynamicVal
		return diags
	}
	locals := map[string]cty.Value{}
	for _, name := range order {
		values["local"] = cty.ObjectVal(locals)
		e := d.locals[name].Expr
		locals[name] = cty.DynamicVal
		if wrong := references(e, ctx, nil); wrong.HasErrors() {
			diags = append(diags, wrong...)
			continue
		}
		value, wrong := e.Value(ctx)
		locals[name], diags = value, append(diags, wrong...)
	}
	values["local"] = cty.ObjectVal(locals)
	return diags
}

// sorted returns the locals, each after those that it reads. A cycle is a mistake.
func (d *definitions) sorted() (order []string, diags hcl.Diagnostics) {
	state := map[string]int{} // 1: being looked at, 2: done
	var visit func(name string, path []string)
	visit = func(name string, path []string) {
		a := d.locals[name]
		if a == nil || state[name] == 2 {
			return
		}
		path = append(path, name)
		if state[name] == 1 {
			begin := slices.Index(path, name)
			diags = append(diags, mistake(a.Range, "Cycle", "local.%s reads itself: %s.", name, strings.Join(path[begin:], " → ")))
			return
		}
		state[name] = 1
		for _, next := range localsIn(a.Expr) {
			visit(next, path)
		}
		state[name] = 2
		order = append(order, name)
	}
	for _, name := range slices.Sorted(maps.Keys(d.locals)) {
		visit(name, nil)
	}
	return order, diags
}

func localsIn(e hcl.Expression) []string {
	var out []string
	for _, t := range e.Variables() {
		if t.RootName() != "local" || len(t) < 2 {
			continue
		}
		if name, named := stepName(t[1]); named {
			out = append(out, name)
		}
	}
	return out
}

// ReadVariables reads a file of lines `name = value`, or one JSON object where its name ends in .json. The values are
// literal: nothing is looked up.
func ReadVariables(path string) (map[string]Given, hcl.Diagnostics) {
	src, err := read(path)
	if err != nil {
		return nil, unreadable(path, err)
	}
	body, diags := parse(hclparse.NewParser(), src, path)
	if diags.HasErrors() {
		return nil, diags
	}
	attributes, diags := body.JustAttributes()
	out := map[string]Given{}
	for name, a := range attributes {
		value, wrong := a.Expr.Value(nil)
		out[name], diags = Given{Value: value, From: path}, append(diags, wrong...)
	}
	return out, inOrder(diags)
}

// CheckGiven returns an error for a variable that was given and is in none of files.
func CheckGiven(given map[string]Given, files []*File) error {
	var have []string
	for _, f := range files {
		have = append(have, f.Variables()...)
	}
	for _, name := range slices.Sorted(maps.Keys(given)) {
		if !slices.Contains(have, name) {
			return fmt.Errorf("%s: no file has a variable %q. %s", given[name].From, name, offer(name, have))
		}
	}
	return nil
}
