package report

import (
	"time"

	"github.com/oidcflow/oidcflow/flow/check"
)

// Suite is what one call has found, whoever found it: a check of one provider, or a file of scenarios. What is in it has
// passed the redactor.
type Suite struct {
	Name       string // "https://login.example.com", or the path of a file
	Began      time.Time
	Duration   time.Duration
	Properties []Property // issuer, client, driver, seed, version
	Cases      []Case
	Log        *Log    // the events of the exchange; nil: none was kept
	Tokens     []Token // that were got, decoded; never the tokens themselves
}

// Property is something to know about a suite.
type Property struct{ Name, Value string }

// Case is one thing that was found.
type Case struct {
	Name     string // stable: what a machine compares
	Title    string // for people
	Group    string // under which heading it stands: a step, or a run
	Ref      string // the clause, or ""
	File     string // where it is written, for scenarios
	Line     int
	Status   check.Status
	Message  string // why it is not pass
	Want     string
	Got      string
	Hint     string
	Duration time.Duration
}

// Status returns the worst of the cases' statuses; Pending where there is none.
func (s *Suite) Status() check.Status {
	worst := check.Pending
	for _, c := range s.Cases {
		worst = check.Merge(worst, c.Status)
	}
	return worst
}

// Count returns how many cases have each status.
func (s *Suite) Count() map[check.Status]int {
	n := map[check.Status]int{}
	for _, c := range s.Cases {
		n[c.Status]++
	}
	return n
}
