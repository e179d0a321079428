package cmd

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"github.com/oidcflow/oidcflow/flow"
	"github.com/oidcflow/oidcflow/flow/check"
	"github.com/oidcflow/oidcflow/flow/report"
	"github.com/oidcflow/oidcflow/flow/trace"
)

// reports are the files that are written about what was found.
type reports struct {
	json             bool // on stdout, instead of lines
	junit, har, html string
	personal         bool
}

func (r *reports) addFlags(fs *pflag.FlagSet) {
	fs.BoolVar(&r.json, "json", false, "print one JSON object")
	fs.StringVar(&r.html, "html", "", "write a report for people, in one file")
	fs.StringVar(&r.junit, "junit-xml", "", "write a report for CI servers")
	fs.StringVar(&r.har, "har", "", "write the requests, without secrets, for a browser's network panel")
	fs.BoolVar(&r.personal, "personal-claims", false, "unfold the claims about a person in the report of --html")
	for _, name := range []string{"html", "junit-xml", "har"} {
		fs.Lookup(name).Value = named{fs.Lookup(name).Value, "FILE"}
	}
	inGroup("Output", fs, "json", "html", "junit-xml", "har", "personal-claims")
}

// checkReport is what check --json prints. Members are added, never renamed; testdata/schema/check.json describes it.
type checkReport struct {
	Version  int             `json:"version"`
	Status   string          `json:"status"` // passed or failed
	Issuer   string          `json:"issuer"`
	ClientID string          `json:"client_id"`
	Began    time.Time       `json:"began"`
	Duration time.Duration   `json:"duration_ns"`
	Counts   map[string]int  `json:"counts"`
	Findings []check.Finding `json:"findings"`
}

// suiteOf returns what was found as reports have it.
func (p *program) suiteOf(s *session, subject *check.Subject, found []check.Finding, began time.Time) *report.Suite {
	config := s.config.WithDefaults()
	suite := &report.Suite{Name: config.Issuer, Began: began, Duration: time.Since(began), Properties: []report.Property{
		{Name: "issuer", Value: config.Issuer}, {Name: "client_id", Value: config.ClientID},
		{Name: "scope", Value: strings.Join(config.Scopes, " ")}, {Name: "oidcflow", Value: buildVersion().Version},
	}}
	if s.provider != nil {
		suite.Properties = append(suite.Properties, report.Property{Name: "seed", Value: fmt.Sprint(s.provider.Ready().Seed)})
	}
	for _, f := range found {
		f = p.cleaned(f)
		group := string(f.Step)
		if f.Probe {
			group = "probes"
		}
		suite.Cases = append(suite.Cases, report.Case{Name: f.Name, Title: f.Title, Group: group, Ref: f.Ref, Status: f.Status,
			Message: f.Message, Want: f.Want, Got: f.Got, Hint: f.Hint, Duration: f.Duration})
	}
	for _, t := range []struct {
		name string
		jwt  *check.JWT
	}{{"ID token", subject.IDToken}, {"Access token", subject.AccessToken}} {
		if t.jwt != nil {
			suite.Tokens = append(suite.Tokens, report.Token{Name: t.name, Header: t.jwt.Header.Members, Claims: t.jwt.Claims.Members})
		}
	}
	return suite
}

// cleaned returns a finding in which a provider's words hold no secret.
func (p *program) cleaned(f check.Finding) check.Finding {
	if p.log.showSecrets {
		return f
	}
	for _, s := range []*string{&f.Message, &f.Want, &f.Got, &f.Hint} {
		*s = p.redactor.String(*s)
	}
	return f
}

// write writes the reports that were asked for.
func (p *program) write(r *reports, s *report.Suite) error {
	if err := p.printSuite(r, s); err != nil {
		return &flow.Error{Code: "env.unwritable", Err: fmt.Errorf("standard output: %w", err)}
	}
	for _, f := range []struct {
		flag, path string
		to         func(io.Writer) error
	}{
		{"junit-xml", r.junit, func(w io.Writer) error { return report.JUnit(w, s) }},
		{"har", r.har, func(w io.Writer) error { return s.Log.HAR(w, "oidcflow") }},
		{"html", r.html, func(w io.Writer) error {
			return report.HTML(w, report.HTMLOptions{Creator: "oidcflow " + buildVersion().Version, Personal: r.personal}, s)
		}},
	} {
		if f.path == "" {
			continue
		}
		if err := p.writeReport(f.path, f.to); err != nil {
			return &flow.Error{Code: "env.unwritable", Err: fmt.Errorf("--%s: %w", f.flag, err)}
		}
	}
	p.annotate(s)
	return p.summarize(s)
}

// writeReport writes a file that is there complete or not at all. A claim may hold a secret, so it goes through the
// redactor like all else.
func (p *program) writeReport(path string, to func(io.Writer) error) error {
	var b bytes.Buffer
	if err := to(&b); err != nil {
		return err
	}
	data := b.Bytes()
	if !p.log.showSecrets {
		data = p.redactor.Bytes(data)
	}
	return report.WriteFile(path, data, 0o600)
}

// summarize adds to the summary of a job of GitHub Actions.
func (p *program) summarize(suites ...*report.Suite) (err error) {
	path, _ := p.env("GITHUB_STEP_SUMMARY")
	if path == "" {
		return nil
	}
	f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY|os.O_CREATE, 0o600)
	if err != nil {
		return &flow.Error{Code: "env.unwritable", Err: fmt.Errorf("GITHUB_STEP_SUMMARY: %w", err)}
	}
	defer closeInto(&err, f)
	return report.Markdown(f, suites...)
}

func (p *program) printSuite(r *reports, s *report.Suite) error {
	if !r.json {
		return tell(p.stdout, s, p.log.verbose)
	}
	out := checkReport{Version: 1, Status: s.Verdict(), Issuer: s.Name, Began: s.Began.UTC(), Duration: s.Duration, Counts: map[string]int{}, Findings: []check.Finding{}}
	for _, property := range s.Properties {
		if property.Name == "client_id" {
			out.ClientID = property.Value
		}
	}
	for status, n := range s.Count() {
		out.Counts[status.String()] = n
	}
	for i := range s.Cases {
		out.Findings = append(out.Findings, findingOf(&s.Cases[i]))
	}
	return encode(p.stdout, out)
}

// findingOf is the finding that a case was made of.
func findingOf(c *report.Case) check.Finding {
	f := check.Finding{Name: c.Name, Title: c.Title, Ref: c.Ref, Status: c.Status, Message: c.Message, Want: c.Want, Got: c.Got, Hint: c.Hint, Duration: c.Duration}
	for i := range check.Checks {
		if check.Checks[i].Name == c.Name {
			f.Step, f.Probe = check.Checks[i].Step, check.Checks[i].Probe
		}
	}
	return f
}

// tell writes what was found for people: a line for each step with its time, and whatever did not pass with all there is
// to know about it; with verbose also what did.
func tell(w io.Writer, s *report.Suite, verbose bool) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n", report.Plain(s.Name))
	for _, g := range groupsOf(s) {
		fmt.Fprintf(&b, "  %-10s  %-52s %s\n", g.Name, strings.TrimSuffix(g.Tally(), "."), g.Duration.Round(time.Millisecond))
		for _, c := range g.Cases {
			if verbose {
				fmt.Fprintf(&b, "    %-5s %s: %s\n", c.Status, c.Name, report.Plain(c.Title))
			}
		}
	}
	for _, c := range s.Cases {
		if c.Status >= check.Warn || verbose && c.Status == check.Skip {
			tellCase(&b, c)
		}
	}
	fmt.Fprintf(&b, "\n%s\n", s.Tally())
	_, err := io.WriteString(w, b.String())
	return err
}

// groupsOf returns the cases of each step, in the order of the steps, as suites of their own. A step took as long as the
// engine was at it, probes as long as they took.
func groupsOf(s *report.Suite) (out []*report.Suite) {
	for _, c := range s.Cases {
		at := slices.IndexFunc(out, func(g *report.Suite) bool { return g.Name == c.Group })
		if at < 0 {
			at = len(out)
			out = append(out, &report.Suite{Name: c.Group})
		}
		out[at].Cases = append(out[at].Cases, c)
		out[at].Duration += c.Duration
	}
	for _, e := range s.Log.Events() {
		at := slices.IndexFunc(out, func(g *report.Suite) bool { return g.Name == string(e.Step) })
		if e.Kind == trace.End && at >= 0 && out[at].Began.IsZero() {
			out[at].Duration += e.Duration
			out[at].Began = e.Time // the probes' own steps do not count
		}
	}
	return out
}

func tellCase(b *strings.Builder, c report.Case) {
	fmt.Fprintf(b, "\n%s  %s: %s\n", c.Status, c.Name, report.Plain(c.Title))
	message := c.Message
	if c.Want != "" || c.Got != "" {
		message = ""
	}
	for _, line := range []struct{ name, text string }{
		{"", message}, {"want  ", c.Want}, {"got   ", c.Got}, {"see   ", strings.TrimSpace(c.Ref + "  " + report.RefURL(c.Ref))}, {"→     ", c.Hint},
	} {
		if line.text != "" {
			fmt.Fprintf(b, "      %s%s\n", line.name, report.Plain(line.text))
		}
	}
}

// annotate shows what did not pass with a job of GitHub Actions, which reads commands in what is told as well.
func (p *program) annotate(s *report.Suite) {
	if actions, _ := p.env("GITHUB_ACTIONS"); actions != "true" {
		return
	}
	_ = report.Annotations(p.stderr, s) // where stderr cannot be written, there is nowhere to say so
}
