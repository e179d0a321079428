package scenario

import (
	"time"

	"github.com/hashicorp/hcl/v2"

	"github.com/oidcflow/oidcflow/flow/check"
)

// Outcome is what came of one run, or of one that for_each made of it.
type Outcome struct {
	Name        string // `signs_in`, or `signs_in["alice"]`
	Description string
	At          hcl.Range
	Status      check.Status // Skip, Pass, Fail, or Error: it could not be tried
	Reason      string       // why it was skipped
	Problems    []Problem    // why it did not pass
	Expected    error        // the error that was expected, and came
	Asserts     int          // how many were judged
	Began       time.Time
	Duration    time.Duration
}

// Problem is one reason why a run did not pass.
type Problem struct {
	Status check.Status // Fail or Error
	Name   string       // of the assert or the check; empty: it is about the whole run
	What   string       // in one line
	At     *hcl.Range   // nil: it has no place in the file
	Values []Value      // that the condition read
	Err    error        // nil: it is no error of a step
	Hint   string
}

// Value is an expression and what its value is, as it may be shown.
type Value struct{ Expression, Text string }

// FileOutcome is what came of a file.
type FileOutcome struct {
	File     *File
	Seed     uint64 // of the embedded provider; 0: there is none
	Runs     []*Outcome
	Warnings []string // of the clean-up
	Began    time.Time
	Duration time.Duration
}

// Status is the worst of its runs; Pending where there is none.
func (o *FileOutcome) Status() check.Status {
	worst := check.Pending
	for _, r := range o.Runs {
		worst = check.Merge(worst, r.Status)
	}
	return worst
}

func (o *Outcome) add(p Problem) {
	o.Problems = append(o.Problems, p)
	o.Status = check.Merge(o.Status, p.Status)
}

// wrong adds the mistakes that evaluating something brought up.
func (o *Outcome) wrong(status check.Status, name string, diags hcl.Diagnostics) {
	for _, d := range diags.Errs() {
		diag, is := d.(*hcl.Diagnostic)
		if !is {
			continue
		}
		text := diag.Summary
		if diag.Detail != "" {
			text += ": " + diag.Detail
		}
		o.add(Problem{Status: status, Name: name, What: text, At: diag.Subject})
	}
}
