package scenario

import (
	"cmp"

	"github.com/hashicorp/hcl/v2"

	"github.com/oidcflow/oidcflow/flow/check"
)

// assert judges assert blocks. All are judged, whatever the ones before say.
func (o *Outcome) assert(p *play, asserts []*node, when Phase) {
	ctx := p.scope.context(when)
	for _, n := range asserts {
		o.Asserts++
		p.assert(n, ctx)
	}
}

// assert judges one. A condition without a value, such as one on a claim that is not there, is false.
func (p *play) assert(n *node, ctx *hcl.EvalContext) {
	holds, diags := n.value("condition", ctx)
	if diags.HasErrors() {
		if named := references(n.attributes["condition"].Expr, ctx, nil); named.HasErrors() {
			diags = named // which names there are instead is known by now
		}
		p.outcome.wrong(check.Fail, n.label, diags)
		return
	}
	holds, _ = holds.Unmark()
	if !holds.IsNull() && holds.IsKnown() && holds.True() {
		return
	}
	message, diags := n.text("error_message", ctx)
	at := n.where("condition")
	p.outcome.add(Problem{Status: check.Fail, Name: n.label, What: cmp.Or(message, "the condition is false"), At: &at,
		Values: p.run.file.shown(n.attributes["condition"].Expr, ctx)})
	p.outcome.wrong(check.Error, n.label, diags)
}
