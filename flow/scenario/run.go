package scenario

import (
	"fmt"
	"maps"
	"slices"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
)

// Run is a run block.
type Run struct {
	Name string
	At   hcl.Range // of its first line

	*node
	file  *File
	index int             // in the file
	reads []string        // the runs before that it reads
	wants map[string]bool // members of result that cost a request, read here or by a run that comes later
}

// readRuns reads the run blocks and checks all that can be checked without a value.
func (f *File) readRuns() hcl.Diagnostics {
	nodes, diags := f.top(runSchema)
	for i, n := range nodes {
		if n.label != "" && !hclsyntax.ValidIdentifier(n.label) {
			diags = append(diags, mistake(n.at, "Unsuitable name", "The name of a run is an identifier, as in signs_in; got %q.", n.label))
		}
		f.Runs = append(f.Runs, &Run{Name: n.label, At: n.at, node: n, file: f, index: i, wants: map[string]bool{}})
	}
	if len(f.Runs) == 0 {
		return diags
	}
	diags = append(diags, f.checkTarget()...)
	for _, r := range f.Runs {
		r.readsRuns()
		diags = append(diags, r.check()...)
	}
	return diags
}

// checkTarget refuses a file whose runs would not know where to go.
func (f *File) checkTarget() hcl.Diagnostics {
	issuer := f.parsed.Issuer != "" || f.parsed.AuthorizationURL != "" || f.says("issuer")
	switch at := f.Runs[0].At; {
	case issuer && f.HasIDP:
		return hcl.Diagnostics{mistake(f.parsed.IDP[0].Def, "Two providers", "Runs go to the issuer or to the idp block's provider: leave one of them out.")}
	case !issuer && !f.HasIDP:
		return hcl.Diagnostics{mistake(at, "No provider", "Write an idp block for the embedded provider, or an issuer at the top level.")}
	}
	return nil
}

// says reports whether the top level has an attribute.
func (f *File) says(name string) bool {
	content, _, _ := f.body.PartialContent(&hcl.BodySchema{Attributes: []hcl.AttributeSchema{{Name: name}}})
	return content.Attributes[name] != nil
}

// walk calls visit with all attributes of n and of the blocks in it.
func (n *node) walk(visit func(*node, *hcl.Attribute)) {
	for _, name := range slices.Sorted(maps.Keys(n.attributes)) {
		visit(n, n.attributes[name])
	}
	for _, b := range n.blocks {
		b.walk(visit)
	}
}

// readsRuns finds the runs that r reads, and what of results must be asked for.
func (r *Run) readsRuns() {
	r.walk(func(_ *node, a *hcl.Attribute) {
		for _, t := range a.Expr.Variables() {
			switch root := t.RootName(); {
			case root == "result":
				r.want(t[1:])
			case root == "run" && len(t) > 1:
				r.readsRun(t)
			}
		}
	})
}

func (r *Run) readsRun(t hcl.Traversal) {
	name, _ := stepName(t[1])
	i := slices.IndexFunc(r.file.Runs, func(o *Run) bool { return o.Name == name })
	if i < 0 || i >= r.index {
		return // a mistake that check finds
	}
	if !slices.Contains(r.reads, name) {
		r.reads = append(r.reads, name)
	}
	rest := t[2:]
	if other := r.file.Runs[i]; other.has("for_each") && len(rest) > 0 {
		rest = rest[1:]
	}
	r.file.Runs[i].want(rest)
}

func (r *Run) want(t hcl.Traversal) {
	if len(t) == 0 {
		return
	}
	if name, named := stepName(t[0]); named {
		r.wants[name] = true
	}
}

// check finds everything in r that can be told without a value.
func (r *Run) check() hcl.Diagnostics {
	instances, diags := r.instances(r.file.dryContext())
	if diags.HasErrors() {
		instances = []instance{{name: r.Name, each: dryEach}}
	}
	var later []string
	for _, o := range r.file.Runs[r.index:] {
		later = append(later, o.Name)
	}
	for _, in := range instances {
		found := r.node.check(r.dryScope(in), later)
		found = append(found, r.rules(in)...)
		for _, d := range found {
			diags = addOnce(diags, d)
		}
	}
	return diags
}

// addOnce adds d unless there is the like: instances of a run make the same mistakes.
func addOnce(diags hcl.Diagnostics, d *hcl.Diagnostic) hcl.Diagnostics {
	for _, o := range diags {
		if o.Summary == d.Summary && o.Detail == d.Detail && fmt.Sprint(o.Subject) == fmt.Sprint(d.Subject) {
			return diags
		}
	}
	return append(diags, d)
}

// check evaluates all attributes of n with what is known, and finds names that are not there.
func (n *node) check(s scope, later []string) hcl.Diagnostics {
	var diags hcl.Diagnostics
	for _, name := range slices.Sorted(maps.Keys(n.attributes)) {
		a := n.schema.attribute(name)
		if a == nil || a.Name == "for_each" {
			continue
		}
		e, ctx := n.attributes[name].Expr, s.context(a.When)
		if wrong := references(e, ctx, later); wrong.HasErrors() {
			diags = append(diags, wrong...)
			continue
		}
		_, wrong := n.value(name, ctx)
		diags = append(diags, wrong...)
		if name == "condition" && len(e.Variables()) == 0 && !wrong.HasErrors() {
			diags = append(diags, mistake(e.Range(), "Condition of nothing", "It is the same whatever happens: read result, response or run."))
		}
	}
	for _, b := range n.blocks {
		diags = append(diags, b.check(s, later)...)
	}
	return diags
}

// scope is what can be read at one place of a file, by the phase.
type scope struct {
	functions *hcl.EvalContext
	values    [AfterRequest + 1]map[string]cty.Value // each phase has those before, too
}

func (s scope) context(when Phase) *hcl.EvalContext {
	all := map[string]cty.Value{}
	for p := AtStart; p <= when; p++ {
		maps.Copy(all, s.values[p])
	}
	return &hcl.EvalContext{Functions: s.functions.Functions, Variables: all}
}

// dryScope is what in reads, by its types.
func (r *Run) dryScope(in instance) scope {
	s := scope{functions: functions(nil, nil, nil)}
	s.values[AtStart] = r.file.dry
	s.values[BeforeRun] = map[string]cty.Value{"run": r.dryRuns()}
	if in.each != cty.NilVal {
		s.values[BeforeRun]["each"] = in.each
	}
	s.values[AfterRun] = map[string]cty.Value{"result": dryResult(r)}
	s.values[AfterRequest] = map[string]cty.Value{"response": dryResponse}
	return s
}

// dryRuns are the results of the runs before r, by their types.
func (r *Run) dryRuns() cty.Value {
	before := map[string]cty.Value{}
	for _, o := range r.file.Runs[:r.index] {
		before[o.Name] = dryResult(o)
		if o.has("for_each") {
			before[o.Name] = cty.DynamicVal
		}
	}
	return cty.ObjectVal(before)
}

// instance is a run, or one of those that for_each makes of it.
type instance struct {
	name string
	key  string
	each cty.Value // cty.NilVal: there is no for_each
}

var dryEach = each(cty.UnknownVal(cty.String), cty.DynamicVal)

func each(key, value cty.Value) cty.Value {
	return cty.ObjectVal(map[string]cty.Value{"key": key, "value": value})
}

// instances returns what for_each makes of r: itself where there is none.
func (r *Run) instances(ctx *hcl.EvalContext) ([]instance, hcl.Diagnostics) {
	if !r.has("for_each") {
		return []instance{{name: r.Name}}, nil
	}
	at := r.where("for_each")
	if wrong := references(r.attributes["for_each"].Expr, ctx, nil); wrong.HasErrors() {
		return nil, wrong
	}
	v, diags := r.value("for_each", ctx)
	ty := v.Type()
	switch {
	case diags.HasErrors():
		return nil, diags
	case v.IsMarked():
		return nil, hcl.Diagnostics{mistake(at, "Secret in the open", "The names of runs are shown, and for_each is a secret.")}
	case !v.IsKnown():
		return []instance{{name: r.Name, each: dryEach}}, nil
	case v.IsNull() || !ty.IsMapType() && !ty.IsObjectType() && (!ty.IsSetType() || ty.ElementType() != cty.String):
		return nil, hcl.Diagnostics{mistake(at, "Unsuitable value type", "for_each: want a map or a set of texts, as in toset([\"alice\", \"bob\"]); got %s.", ty.FriendlyName())}
	case !ty.IsObjectType() && ty.IsSetType() && !v.IsWhollyKnown():
		return []instance{{name: r.Name, each: dryEach}}, nil
	}
	var all []instance
	for key, value := range v.Elements() {
		if key.IsMarked() || key.IsNull() {
			return nil, hcl.Diagnostics{mistake(at, "Unsuitable value", "for_each: the names of runs are shown, and one is a secret or null.")}
		}
		name := key.AsString()
		all = append(all, instance{name: fmt.Sprintf("%s[%q]", r.Name, name), key: name, each: each(key, value)})
	}
	return all, nil
}
