package cmd

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/hashicorp/hcl/v2"

	"github.com/oidcflow/oidcflow/flow"
	"github.com/oidcflow/oidcflow/flow/check"
	"github.com/oidcflow/oidcflow/flow/report"
	"github.com/oidcflow/oidcflow/flow/scenario"
	"github.com/oidcflow/oidcflow/flow/trace"
)

// teller tells what happens while files run: lines for people, or lines of JSON.
type teller struct {
	*trial

	mu  sync.Mutex
	err error // of stdout
}

func (t *trial) teller() *teller { return &teller{trial: t} }

// clean returns a text without secrets. It is asked for each text by itself: the names of runs and files are the file's own
// words, and a word of theirs such as "wrong" may also be what a run sent.
func (t *trial) clean(text string) string {
	if t.log.showSecrets {
		return text
	}
	return t.redactor.String(text)
}

func (t *trial) cleanAll(texts []string) (out []string) {
	for _, text := range texts {
		out = append(out, t.clean(text))
	}
	return out
}

// cleaned returns an outcome in which no text holds a secret.
func (t *trial) cleaned(o *scenario.Outcome) *scenario.Outcome {
	c := *o
	c.Description, c.Reason, c.Problems = t.clean(o.Description), t.clean(o.Reason), nil
	for _, p := range o.Problems {
		p.What, p.Hint, p.Values = t.clean(p.What), t.clean(p.Hint), slices.Clone(p.Values)
		for i := range p.Values {
			p.Values[i].Text = t.clean(p.Values[i].Text)
		}
		c.Problems = append(c.Problems, p)
	}
	return &c
}

// print writes to stdout. What is in text has been cleaned.
func (t *teller) print(text string) {
	if _, err := io.WriteString(t.stdout, text); err != nil && t.err == nil {
		t.err = &flow.Error{Code: "env.unwritable", Err: fmt.Errorf("standard output: %w", err)}
	}
}

func (t *teller) began(f *scenario.File) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.reports.json {
		t.event(testEvent{Type: "file_began", File: f.Path})
	}
}

func (t *teller) ran(f *scenario.File, o *scenario.Outcome) {
	t.mu.Lock()
	defer t.mu.Unlock()
	o = t.cleaned(o)
	for _, p := range o.Problems {
		t.annotate(placeOf(p, o), o.Name+": "+problemTitle(p))
	}
	if t.reports.json {
		t.event(testEvent{Type: "run", File: f.Path, Run: t.runEventOf(o)})
	}
}

// ended tells of a file as a whole, so that those that run at once are not mixed up.
func (t *teller) ended(o *scenario.FileOutcome) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.reports.json {
		t.event(testEvent{Type: "file_ended", File: o.File.Path, Status: o.Status().String(), Seed: o.Seed, Duration: o.Duration, Warnings: t.cleanAll(o.Warnings)})
		return
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s… %s\n", report.Plain(o.File.Path), o.Status())
	for _, r := range o.Runs {
		t.tellRun(&b, o, t.cleaned(r))
	}
	for _, w := range o.Warnings {
		fmt.Fprintf(&b, "  warning: cleaning up: %s\n", report.Plain(t.clean(w)))
	}
	if o.Seed != 0 && (o.Status() >= check.Fail || t.log.verbose) {
		fmt.Fprintf(&b, "  seed %d\n", o.Seed)
	}
	t.print(b.String())
}

// tellRun writes the line of a run, and a box for each of its problems.
func (t *teller) tellRun(b *strings.Builder, o *scenario.FileOutcome, r *scenario.Outcome) {
	line := fmt.Sprintf("  run %-32s %s", report.Plain(r.Name), r.Status)
	switch {
	case r.Reason != "":
		line += ": " + report.Plain(r.Reason)
	case r.Status != check.Skip:
		line += "  " + r.Duration.Round(time.Millisecond).String()
	}
	b.WriteString(line + "\n")
	if t.log.verbose && r.Description != "" {
		fmt.Fprintf(b, "    %s\n", report.Plain(r.Description))
	}
	if t.log.verbose && r.Expected != nil {
		fmt.Fprintf(b, "    expected: %s\n", report.Plain(t.clean(r.Expected.Error())))
	}
	for _, p := range r.Problems {
		t.box(b, problemTitle(p), placeOf(p, r), o.File.Sources(), problemLines(p))
	}
}

func placeOf(p scenario.Problem, o *scenario.Outcome) *hcl.Range {
	if p.At != nil {
		return p.At
	}
	return &o.At
}

// problemTitle is a problem in one line.
func problemTitle(p scenario.Problem) string {
	text := p.What
	if p.Name != "" {
		text = p.Name + ": " + text
	}
	var coded *flow.Error
	if errors.As(p.Err, &coded) {
		text += " (" + coded.Code + ")"
	}
	return map[check.Status]string{check.Fail: "Failure: ", check.Error: "Error: "}[p.Status] + report.Plain(text)
}

// problemLines are the values that a condition read, and what the reader can do.
func problemLines(p scenario.Problem) []string {
	var lines []string
	for _, v := range p.Values {
		lines = append(lines, report.Plain(v.Expression)+" is "+report.Plain(v.Text))
	}
	if p.Hint != "" {
		lines = append(lines, "→ "+report.Plain(p.Hint))
	}
	return lines
}

// box writes a title, the line of a file that it is about, and what else there is to know.
func (t *trial) box(b *strings.Builder, title string, at *hcl.Range, sources map[string]*hcl.File, lines []string) {
	fmt.Fprintf(b, "  ╷\n  │ %s\n", report.Plain(title))
	if at != nil {
		where := report.Plain(at.Filename)
		if at.Start.Line > 0 {
			where += fmt.Sprintf(":%d", at.Start.Line)
		}
		fmt.Fprintf(b, "  │   at %s\n", where)
		if text := t.clean(sourceLine(at, sources)); text != "" {
			fmt.Fprintf(b, "  │   %d: %s\n", at.Start.Line, text)
		}
	}
	for _, l := range lines {
		if l != "" {
			fmt.Fprintf(b, "  │     %s\n", l)
		}
	}
	b.WriteString("  ╵\n")
}

// sourceLine is the first line of a place in a file.
func sourceLine(at *hcl.Range, sources map[string]*hcl.File) string {
	file := sources[at.Filename]
	if file == nil || at.Start.Line < 1 {
		return ""
	}
	lines := strings.Split(string(file.Bytes), "\n")
	if at.Start.Line > len(lines) {
		return ""
	}
	text := report.Plain(lines[at.Start.Line-1])
	const widest = 160
	if len(text) > widest {
		text = strings.ToValidUTF8(text[:widest], "") + "…"
	}
	return text
}

// finish tells how many passed, and returns what went wrong with telling.
func (t *teller) finish(outcomes []*scenario.FileOutcome) error {
	all := &report.Suite{}
	for _, o := range outcomes {
		all.Cases = append(all.Cases, t.suite(o).Cases...)
	}
	if t.reports.json {
		t.event(summaryOf(all))
	} else {
		t.print("\n" + all.Tally() + "\n")
	}
	return t.err
}

// annotate marks a place of a file in the pages of GitHub, where the program runs in Actions.
func (t *trial) annotate(at *hcl.Range, message string) {
	if actions, _ := t.env("GITHUB_ACTIONS"); actions != "true" || at == nil {
		return
	}
	message = t.clean(message)
	property := strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A", ":", "%3A", ",", "%2C")
	fmt.Fprintf(t.stderr, "::error file=%s,line=%d::%s\n", property.Replace(at.Filename), max(at.Start.Line, 1), escapeCommand(report.Plain(message)))
}

// recorder is where what happens with a file goes: to stderr, to the artefacts, and to the log of the reports.
func (t *trial) recorder(f *scenario.File) trace.Recorder {
	sinks := t.recorders
	if log := t.logs[f]; log != nil {
		sinks = append(sinks[:len(sinks):len(sinks)], log)
	}
	return t.redactor.Recorder(sinks...)
}

// warnings lets warnings through alone: what else happens is told for each run in the end.
type warnings struct{ trace.Recorder }

// Record implements [trace.Recorder].
func (w warnings) Record(e trace.Event) {
	if e.Kind == trace.Warning {
		w.Recorder.Record(e)
	}
}
