package scenario

import (
	"errors"
	"fmt"
	"strings"

	"github.com/hashicorp/hcl/v2"

	"github.com/oidcflow/oidcflow/flow"
	"github.com/oidcflow/oidcflow/flow/check"
)

// problemOf is err as a problem of the whole run.
func problemOf(status check.Status, err error) Problem {
	var diags hcl.Diagnostics
	if errors.As(err, &diags) && len(diags) > 0 {
		d := diags[0]
		return Problem{Status: status, What: strings.TrimSpace(d.Summary + ": " + d.Detail), At: d.Subject}
	}
	p := Problem{Status: status, What: err.Error(), Err: err}
	var coded *flow.Error
	if errors.As(err, &coded) {
		p.Hint = coded.Hint
	}
	return p
}

// judge compares how the exchange ended with what was expected, and reports whether there is a result to look at.
func (p *play) judge(err error) bool {
	expect := p.run.one("expect_error")
	if expect == nil {
		if err != nil {
			p.outcome.add(problemOf(severity(err), err))
			return false
		}
		p.judgeChecks()
		return true
	}
	if err == nil {
		p.outcome.add(Problem{Status: check.Fail, Name: "expect_error", What: "the exchange ended well: want an error", At: &expect.at})
		return true
	}
	wrong, diags := expect.unlike(err, p.scope.context(BeforeRun))
	p.outcome.wrong(check.Error, "expect_error", diags)
	if len(wrong) > 0 {
		problem := problemOf(check.Fail, err)
		problem.Name, problem.At, problem.What = "expect_error", &expect.at, "another error than expected: "+strings.Join(wrong, ", ")+": "+problem.What
		p.outcome.add(problem)
		return false
	}
	p.outcome.Expected, p.exchange.made.err = err, err
	return true
}

// severity tells an exchange that was wrong from one that could not be tried.
func severity(err error) check.Status {
	var coded *flow.Error
	if !errors.As(err, &coded) {
		return check.Error
	}
	step, name, _ := strings.Cut(coded.Code, ".")
	if (step == "verify" || step == "callback") && name != "timeout" {
		return check.Fail
	}
	return check.Error
}

// unlike returns what of err is not as expected.
func (n *node) unlike(err error, ctx *hcl.EvalContext) (wrong []string, diags hcl.Diagnostics) {
	var coded *flow.Error
	if !errors.As(err, &coded) {
		coded = &flow.Error{}
	}
	for _, c := range []struct {
		name, got string
		like      func(got, want string) bool
	}{
		{"step", string(coded.Step), func(got, want string) bool { return got == want }},
		{"code", coded.Code, func(got, want string) bool { return got == want }},
		{"message", err.Error(), strings.Contains},
	} {
		want, bad := n.text(c.name, ctx)
		diags = append(diags, bad...)
		switch {
		case want == "" || c.like(c.got, want):
		case c.name == "message":
			wrong = append(wrong, fmt.Sprintf("message: want %q in it", want))
		default:
			wrong = append(wrong, fmt.Sprintf("%s: want %q, got %q", c.name, want, c.got))
		}
	}
	return wrong, diags
}

// judgeChecks adds the checks that were asked for and did not pass.
func (p *play) judgeChecks() {
	if len(p.checks) == 0 {
		return
	}
	at := p.run.where("checks")
	for _, f := range p.exchange.made.findings {
		if f.Status < check.Fail {
			continue
		}
		problem := Problem{Status: f.Status, Name: f.Name, What: f.Title + ": " + f.Message, At: &at, Hint: f.Hint}
		if f.Want != "" || f.Got != "" {
			problem.Values = []Value{{"want", f.Want}, {"got", f.Got}}
		}
		p.outcome.add(problem)
	}
}
