package scenario

import (
	"fmt"
	"strings"
	"time"

	"github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/convert"
)

// node is a block of a file as its schema has it. Its attributes are not evaluated yet.
type node struct {
	schema     *Block
	label      string
	at         hcl.Range
	attributes hcl.Attributes
	blocks     []*node
}

// read takes a body apart, as b says.
func (b *Block) read(body hcl.Body, label string, at hcl.Range) (*node, hcl.Diagnostics) {
	n := &node{schema: b, label: label, at: at}
	if b.Free {
		attributes, diags := body.JustAttributes()
		n.attributes = attributes
		return n, diags
	}
	content, diags := body.Content(b.bodySchema())
	if content == nil {
		return n, diags
	}
	n.attributes = content.Attributes
	for _, block := range content.Blocks {
		child, wrong := b.block(block.Type).read(block.Body, strings.Join(block.Labels, ""), block.DefRange)
		n.blocks, diags = append(n.blocks, child), append(diags, wrong...)
	}
	for _, inner := range b.Blocks {
		diags = append(diags, inner.twice(n.all(inner.Name))...)
	}
	return n, diags
}

func (b *Block) bodySchema() *hcl.BodySchema {
	s := &hcl.BodySchema{}
	for _, a := range b.Attributes {
		s.Attributes = append(s.Attributes, hcl.AttributeSchema{Name: a.Name, Required: a.Required})
	}
	for _, c := range b.Blocks {
		header := hcl.BlockHeaderSchema{Type: c.Name}
		if c.Label != "" {
			header.LabelNames = []string{c.Label}
		}
		s.Blocks = append(s.Blocks, header)
	}
	return s
}

// twice reports blocks of which there may be but one, and labels that are there already.
func (b *Block) twice(all []*node) hcl.Diagnostics {
	if b.Label != "" {
		return unique(b.Name, labels(all, func(n *node) (string, hcl.Range) { return n.label, n.at }))
	}
	var diags hcl.Diagnostics
	for i, n := range all {
		if b.Once && i > 0 {
			diags = append(diags, mistake(n.at, "Second "+b.Name+" block", "There is one already, at %s.", all[0].at))
		}
	}
	return diags
}

// all returns the blocks of that name.
func (n *node) all(name string) []*node {
	var out []*node
	for _, b := range n.blocks {
		if b.schema.Name == name {
			out = append(out, b)
		}
	}
	return out
}

// one returns the block of that name, or nil.
func (n *node) one(name string) *node {
	if all := n.all(name); len(all) > 0 {
		return all[0]
	}
	return nil
}

func (n *node) has(name string) bool { return n != nil && n.attributes[name] != nil }

// where is the place of an attribute's value, or of the block where it has none.
func (n *node) where(name string) hcl.Range {
	if a := n.attributes[name]; a != nil {
		return a.Expr.Range()
	}
	return n.at
}

// value evaluates an attribute. One that is not there is null.
func (n *node) value(name string, ctx *hcl.EvalContext) (cty.Value, hcl.Diagnostics) {
	a := n.schema.attribute(name)
	written := n.attributes[name]
	if written == nil {
		return cty.NullVal(a.Type), nil
	}
	v, diags := written.Expr.Value(ctx)
	if diags.HasErrors() {
		return cty.UnknownVal(a.Type), veiled(written.Expr, ctx, diags)
	}
	at := written.Expr.Range()
	v, err := convert.Convert(v, a.Type)
	if err != nil {
		return cty.UnknownVal(a.Type), veiled(written.Expr, ctx, append(diags, mistake(at, "Unsuitable value type", "%s: %s; want %s.", name, err, wanted(a.Type))))
	}
	if a.Plain && v.ContainsMarked() {
		return v, append(diags, mistake(at, "Secret in the open", "%s is shown, and the value is a secret.", name))
	}
	return v, append(diags, a.judge(v, at)...)
}

// judge reports a value that is not among those there are.
func (a *Attribute) judge(v cty.Value, at hcl.Range) hcl.Diagnostics {
	v, _ = v.UnmarkDeep()
	if v.IsNull() || !v.IsWhollyKnown() {
		return nil
	}
	if a.Required && a.Type == cty.String && v.AsString() == "" {
		return hcl.Diagnostics{mistake(at, "Unsuitable value", "%s: want something, got nothing.", a.Name)}
	}
	if a.check != nil {
		if err := a.check(v); err != nil {
			return hcl.Diagnostics{mistake(at, "Unsuitable value", "%s: %v.", a.Name, err)}
		}
	}
	if a.Values == nil {
		return nil
	}
	return known(a.Name, stringsOf(v), at, a.Values())
}

// text is the value of an attribute that is text, without its marks; "" where there is none.
func (n *node) text(name string, ctx *hcl.EvalContext) (string, hcl.Diagnostics) {
	if n == nil {
		return "", nil
	}
	v, diags := n.value(name, ctx)
	if diags.HasErrors() {
		return "", diags
	}
	return strings.Join(stringsOf(v), ""), diags
}

// list is the value of an attribute that is a list of texts.
func (n *node) list(name string, ctx *hcl.EvalContext) ([]string, hcl.Diagnostics) {
	v, diags := n.value(name, ctx)
	if diags.HasErrors() {
		return nil, diags
	}
	return stringsOf(v), diags
}

// stringsOf returns the texts in a text or in a list of them, without marks.
func stringsOf(v cty.Value) []string {
	v, _ = v.UnmarkDeep()
	switch {
	case v.IsNull() || !v.IsKnown():
		return nil
	case v.Type() == cty.String:
		return []string{v.AsString()}
	case v.CanIterateElements():
		out := []string{}
		for _, e := range v.AsValueSlice() {
			out = append(out, stringsOf(e)...)
		}
		return out
	}
	return nil
}

func isDuration(v cty.Value) error {
	_, err := duration(v.AsString())
	return err
}

func duration(text string) (time.Duration, error) {
	d, err := time.ParseDuration(text)
	if err != nil || d <= 0 {
		return 0, fmt.Errorf("want a duration such as 90s or 2h, got %q", text)
	}
	return d, nil
}
