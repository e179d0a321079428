package scenario

import (
	"context"
	"slices"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/gohcl"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/convert"

	"github.com/oidcflow/oidcflow/flow/trace"
)

// sensitive marks the values that env(), file() and command() return, and all that is made of them.
type sensitive struct{}

// Decode is gohcl.DecodeBody for bodies that may hold sensitive values. The structs they end up in keep them as
// strings, and whoever reads those makes secrets of them.
func Decode(body hcl.Body, ctx *hcl.EvalContext, into any) hcl.Diagnostics {
	return withoutEchoes(gohcl.DecodeBody(plainBody{body}, ctx, into))
}

// withoutEchoes leaves out that a value is of the wrong type, where it has none because a name in it is wrong.
func withoutEchoes(diags hcl.Diagnostics) hcl.Diagnostics {
	var out hcl.Diagnostics
	for _, d := range diags {
		echo := d.Summary == "Unsuitable value type" && slices.ContainsFunc(diags, func(o *hcl.Diagnostic) bool {
			return o.Summary != d.Summary && o.Subject != nil && d.Subject != nil && d.Subject.Overlaps(*o.Subject)
		})
		if !echo {
			out = append(out, d)
		}
	}
	return out
}

// plainBody takes the marks off the values of a body: gocty panics at a marked one.
type plainBody struct{ hcl.Body }

func (b plainBody) Content(schema *hcl.BodySchema) (*hcl.BodyContent, hcl.Diagnostics) {
	content, diags := b.Body.Content(schema)
	return plainContent(content), diags
}

func (b plainBody) PartialContent(schema *hcl.BodySchema) (*hcl.BodyContent, hcl.Body, hcl.Diagnostics) {
	content, remain, diags := b.Body.PartialContent(schema)
	return plainContent(content), plainBody{remain}, diags
}

func (b plainBody) JustAttributes() (hcl.Attributes, hcl.Diagnostics) {
	attributes, diags := b.Body.JustAttributes()
	return plainAttributes(attributes), diags
}

func plainContent(c *hcl.BodyContent) *hcl.BodyContent {
	if c == nil {
		return nil
	}
	plain := *c
	plain.Attributes = plainAttributes(c.Attributes)
	plain.Blocks = nil
	for _, block := range c.Blocks {
		b := *block
		b.Body = plainBody{block.Body}
		plain.Blocks = append(plain.Blocks, &b)
	}
	return &plain
}

func plainAttributes(attributes hcl.Attributes) hcl.Attributes {
	plain := make(hcl.Attributes, len(attributes))
	for name, attribute := range attributes {
		a := *attribute
		a.Expr = plainExpression{attribute.Expr}
		plain[name] = &a
	}
	return plain
}

type plainExpression struct{ hcl.Expression }

func (e plainExpression) Value(ctx *hcl.EvalContext) (cty.Value, hcl.Diagnostics) {
	if wrong := references(e.Expression, ctx, nil); wrong.HasErrors() {
		return cty.DynamicVal, wrong
	}
	v, diags := e.Expression.Value(ctx)
	v, _ = v.UnmarkDeep()
	return lookedUp(v), diags
}

// lookedUp replaces what is unknown, because it has not been looked up, by the zero value of its type.
func lookedUp(v cty.Value) cty.Value {
	if v.IsWhollyKnown() {
		return v
	}
	v, err := cty.Transform(v, func(_ cty.Path, v cty.Value) (cty.Value, error) {
		switch t := v.Type(); {
		case v.IsKnown():
			return v, nil
		case t == cty.String, t == cty.DynamicPseudoType:
			return cty.StringVal(""), nil
		case t == cty.Number:
			return cty.Zero, nil
		case t == cty.Bool:
			return cty.False, nil
		case t.IsListType():
			return cty.ListValEmpty(t.ElementType()), nil
		case t.IsMapType():
			return cty.MapValEmpty(t.ElementType()), nil
		default:
			return cty.NullVal(t), nil
		}
	})
	if err != nil {
		panic(err) // the function above returns none
	}
	return v
}

// text is the value of an expression that is to be text; "" where it is null.
func text(e hcl.Expression, ctx *hcl.EvalContext) (string, hcl.Diagnostics) {
	v, diags := plainExpression{e}.Value(ctx)
	if diags.HasErrors() || v.IsNull() {
		return "", diags
	}
	v, err := convert.Convert(v, cty.String)
	if err != nil {
		return "", append(diags, mistake(e.Range(), "Unsuitable value type", "Want text: %v.", err))
	}
	return v.AsString(), diags
}

// isText reports what is wrong with an expression that is to be text.
func isText(e hcl.Expression, ctx *hcl.EvalContext) hcl.Diagnostics {
	_, diags := text(e, ctx)
	return diags
}

// later returns a function that looks up a secret when it is called, or nil where the file has none.
func (f *File) later(kind string, e hcl.Expression) func(context.Context) (trace.Secret, hcl.Diagnostics) {
	if v, _ := e.Value(f.dryContext()); v.IsNull() {
		return nil
	}
	return func(ctx context.Context) (trace.Secret, hcl.Diagnostics) {
		s, diags := text(e, f.context(ctx))
		return trace.NewSecret(kind, s), diags
	}
}
