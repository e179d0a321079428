package cmd

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/oidcflow/oidcflow/flow"
	"github.com/oidcflow/oidcflow/flow/report"
	"github.com/oidcflow/oidcflow/flow/scenario"
	"github.com/oidcflow/oidcflow/flow/trace"
)

// testEvent is one line of test --json. Members are added, never renamed; testdata/schema/test.json describes it.
type testEvent struct {
	Version  int            `json:"version"`
	Type     string         `json:"type"` // file_began, run, file_ended, summary
	Time     time.Time      `json:"time"`
	File     string         `json:"file,omitempty"`
	Run      *runEvent      `json:"run,omitempty"`
	Status   string         `json:"status,omitempty"`
	Counts   map[string]int `json:"counts,omitempty"`
	Seed     uint64         `json:"seed,omitempty"`
	Duration time.Duration  `json:"duration_ns,omitempty"`
	Warnings []string       `json:"warnings,omitempty"`
}

type runEvent struct {
	Name        string         `json:"name"`
	Description string         `json:"description,omitempty"`
	Line        int            `json:"line"`
	Status      string         `json:"status"`
	Reason      string         `json:"reason,omitempty"`
	Asserts     int            `json:"asserts"`
	Expected    string         `json:"expected_error,omitempty"`
	Problems    []problemEvent `json:"problems,omitempty"`
	Duration    time.Duration  `json:"duration_ns"`
}

type problemEvent struct {
	Status  string       `json:"status"`
	Name    string       `json:"name,omitempty"`
	Message string       `json:"message"`
	Code    string       `json:"code,omitempty"`
	Line    int          `json:"line"`
	Hint    string       `json:"hint,omitempty"`
	Values  []valueEvent `json:"values,omitempty"`
}

type valueEvent struct {
	Expression string `json:"expression"`
	Value      string `json:"value"`
}

// event prints one line.
func (t *teller) event(e testEvent) {
	e.Version, e.Time = 1, time.Now().UTC()
	line, err := json.Marshal(e)
	if err != nil {
		panic(err) // its members are texts and numbers
	}
	t.print(string(line) + "\n")
}

func summaryOf(s *report.Suite) testEvent {
	e := testEvent{Type: "summary", Status: s.Verdict(), Counts: map[string]int{}}
	for status, n := range s.Count() {
		e.Counts[status.String()] = n
	}
	return e
}

func (t *trial) runEventOf(o *scenario.Outcome) *runEvent {
	e := &runEvent{Name: o.Name, Description: o.Description, Line: o.At.Start.Line, Status: o.Status.String(), Reason: o.Reason, Asserts: o.Asserts, Duration: o.Duration}
	if o.Expected != nil {
		e.Expected = t.clean(o.Expected.Error())
	}
	for _, p := range o.Problems {
		problem := problemEvent{Status: p.Status.String(), Name: p.Name, Message: p.What, Line: placeOf(p, o).Start.Line, Hint: p.Hint}
		if p.Err != nil {
			problem.Code = report.ErrorCode(p.Err)
		}
		for _, v := range p.Values {
			problem.Values = append(problem.Values, valueEvent{v.Expression, v.Text})
		}
		e.Problems = append(e.Problems, problem)
	}
	return e
}

// suite is what came of a file as reports have it.
func (t *trial) suite(o *scenario.FileOutcome) *report.Suite {
	s := &report.Suite{Name: o.File.Path, Began: o.Began, Duration: o.Duration, Properties: []report.Property{{Name: "oidcflow", Value: buildVersion().Version}}}
	if o.Seed != 0 {
		s.Properties = append(s.Properties, report.Property{Name: "seed", Value: fmt.Sprint(o.Seed)})
	}
	s.Log, _ = t.logs[o.File].(*report.Log)
	for _, r := range o.Runs {
		s.Cases = append(s.Cases, caseOf(o, t.cleaned(r)))
	}
	return s
}

// caseOf is a run as reports have it: its first problem in short, all of them in what it got.
func caseOf(o *scenario.FileOutcome, r *scenario.Outcome) report.Case {
	c := report.Case{Name: r.Name, Title: r.Description, Group: o.File.Path, File: o.File.Path, Line: r.At.Start.Line, Status: r.Status, Message: r.Reason, Duration: r.Duration}
	var details []string
	for _, p := range r.Problems {
		line := fmt.Sprintf("%s at line %d", problemTitle(p), placeOf(p, r).Start.Line)
		details = append(details, strings.Join(append([]string{line}, problemLines(p)...), "; "))
	}
	if len(details) > 0 {
		c.Message, c.Got, c.Hint = problemTitle(r.Problems[0]), strings.Join(details, " | "), r.Problems[0].Hint
		if n := len(details); n > 1 {
			c.Message = fmt.Sprintf("%d problems: %s", n, c.Message)
		}
	}
	return c
}

// prepareLogs makes a log for each file where a report shows it.
func (t *trial) prepareLogs(files []*scenario.File) {
	t.logs = map[*scenario.File]trace.Recorder{}
	if t.reports.html == "" {
		return
	}
	for _, f := range files {
		t.logs[f] = report.NewLog()
	}
}

// writeReports writes the reports that were asked for, and the summary of a job of GitHub Actions.
func (t *trial) writeReports(outcomes []*scenario.FileOutcome) error {
	var suites []*report.Suite
	for _, o := range outcomes {
		suites = append(suites, t.suite(o))
	}
	for _, f := range []struct {
		flag, path string
		to         func(io.Writer) error
	}{
		{"junit-xml", t.reports.junit, func(w io.Writer) error { return report.JUnit(w, suites...) }},
		{"html", t.reports.html, func(w io.Writer) error {
			return report.HTML(w, report.HTMLOptions{Creator: "oidcflow " + buildVersion().Version}, suites...)
		}},
	} {
		if f.path == "" {
			continue
		}
		if err := t.writeReport(f.path, f.to); err != nil {
			return &flow.Error{Code: "env.unwritable", Err: fmt.Errorf("--%s: %w", f.flag, err)}
		}
	}
	return t.summarize(suites...)
}

// listen opens what events go to: stderr, of warnings alone unless more was asked for, and the artefacts.
func (t *trial) listen(ctx context.Context) (context.Context, io.Closer, error) {
	told := t.sinks()
	if !t.log.verbose && t.log.format != "json" {
		for i, sink := range told {
			told[i] = warnings{sink}
		}
	}
	var closer io.Closer = io.NopCloser(nil)
	if dir := t.machine.artifacts; dir != "" {
		a, err := report.Artifacts(dir)
		if err != nil {
			return nil, nil, &flow.Error{Code: "env.unwritable", Err: fmt.Errorf("--artifacts: %w", err)}
		}
		t.artifacts = dir
		told, closer = append(told, a), a
	}
	t.recorders = told
	return trace.WithRecorder(ctx, t.redactor.Recorder(told...)), closer, nil
}
