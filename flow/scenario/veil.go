package scenario

import (
	"errors"
	"slices"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
)

// veiled takes the details out of what is wrong with e where it reads a secret: functions and conversions repeat the
// values that they cannot take.
func veiled(e hcl.Expression, ctx *hcl.EvalContext, diags hcl.Diagnostics) hcl.Diagnostics {
	if !readsSecret(e, ctx) {
		return diags
	}
	var out hcl.Diagnostics
	for _, d := range diags {
		if ofLookup(d) {
			out = append(out, d)
			continue
		}
		told := &hcl.Diagnostic{Severity: d.Severity, Summary: d.Summary, Detail: "A value in it is a secret, so more is not told.", Subject: d.Subject}
		out = append(out, told)
	}
	return out
}

// ofLookup reports whether d is the error of env(), file() or command(), which names what was not found.
func ofLookup(d *hcl.Diagnostic) bool {
	call, is := hcl.DiagnosticExtra[hclsyntax.FunctionCallDiagExtra](d)
	var lookup *lookupError
	return is && errors.As(call.FunctionCallError(), &lookup)
}

// readsSecret reports whether a value that e reads is a secret or has one in it. What it does not know it takes for one.
func readsSecret(e hcl.Expression, ctx *hcl.EvalContext) bool {
	for _, t := range e.Variables() {
		v, diags := t.TraverseAbs(ctx)
		if diags.HasErrors() {
			v = ctx.Variables[t.RootName()] // the member is not there, or comes of an index
		}
		if v.IsWhollyKnown() && v.ContainsMarked() {
			return true
		}
	}
	node, is := e.(hclsyntax.Node)
	if !is {
		return false // of JSON: what its functions look up is behind the redactor alone
	}
	found := false
	_ = hclsyntax.VisitAll(node, func(n hclsyntax.Node) hcl.Diagnostics {
		call, is := n.(*hclsyntax.FunctionCallExpr)
		found = found || is && slices.Contains(secretFunctions, call.Name)
		return nil
	})
	return found
}
