package report

import (
	"cmp"
	"encoding/xml"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/oidcflow/oidcflow/flow/check"
)

// JUnit writes suites as the XML that CI servers read. There is no standard of it: this is what Jenkins, GitLab, GitHub
// actions and Azure have in common. A warning is a passed test with its message in system-out.
func JUnit(w io.Writer, suites ...*Suite) error {
	all := junitSuites{Name: "oidcflow"}
	for _, s := range suites {
		one := junitOf(s)
		all.Tests += one.Tests
		all.Failures += one.Failures
		all.Errors += one.Errors
		all.Skipped += one.Skipped
		all.Time += one.Time
		all.Suites = append(all.Suites, one)
	}
	if _, err := io.WriteString(w, xml.Header); err != nil {
		return err
	}
	e := xml.NewEncoder(w)
	e.Indent("", "  ")
	if err := e.Encode(all); err != nil {
		return err
	}
	_, err := io.WriteString(w, "\n")
	return err
}

// junitTime is a duration in seconds.
type junitTime time.Duration

// MarshalText implements [encoding.TextMarshaler].
func (t junitTime) MarshalText() ([]byte, error) {
	return fmt.Appendf(nil, "%.3f", time.Duration(t).Seconds()), nil
}

type junitCounts struct {
	Tests    int       `xml:"tests,attr"`
	Failures int       `xml:"failures,attr"`
	Errors   int       `xml:"errors,attr"`
	Skipped  int       `xml:"skipped,attr"`
	Time     junitTime `xml:"time,attr"`
}

type junitSuites struct {
	XMLName xml.Name `xml:"testsuites"`
	Name    string   `xml:"name,attr"`
	junitCounts
	Suites []junitSuite
}

type junitSuite struct {
	XMLName   xml.Name `xml:"testsuite"`
	Name      string   `xml:"name,attr"`
	Timestamp string   `xml:"timestamp,attr,omitempty"`
	junitCounts
	Properties []junitProperty `xml:"properties>property,omitempty"`
	Cases      []junitCase
}

type junitProperty struct {
	Name  string `xml:"name,attr"`
	Value string `xml:"value,attr"`
}

type junitCase struct {
	XMLName   xml.Name   `xml:"testcase"`
	Name      string     `xml:"name,attr"`
	Class     string     `xml:"classname,attr"`
	File      string     `xml:"file,attr,omitempty"`
	Line      int        `xml:"line,attr,omitempty"`
	Time      junitTime  `xml:"time,attr"`
	Failure   *junitText `xml:"failure"`
	Error     *junitText `xml:"error"`
	Skipped   *junitText `xml:"skipped"`
	SystemOut string     `xml:"system-out,omitempty"`
}

type junitText struct {
	Message string `xml:"message,attr,omitempty"`
	Type    string `xml:"type,attr,omitempty"`
	Text    string `xml:",chardata"`
}

func junitOf(s *Suite) junitSuite {
	n := s.Count()
	out := junitSuite{Name: Plain(s.Name), junitCounts: junitCounts{
		Tests: len(s.Cases), Failures: n[check.Fail], Errors: n[check.Error], Skipped: n[check.Skip] + n[check.Pending], Time: junitTime(s.Duration)}}
	if !s.Began.IsZero() {
		out.Timestamp = s.Began.UTC().Format("2006-01-02T15:04:05")
	}
	for _, p := range s.Properties {
		out.Properties = append(out.Properties, junitProperty{Plain(p.Name), Plain(p.Value)})
	}
	for _, c := range s.Cases {
		out.Cases = append(out.Cases, c.junit(out.Name))
	}
	return out
}

// junit returns the case. Its class is its file, by which servers group, else the suite.
func (c *Case) junit(suite string) junitCase {
	out := junitCase{Name: Plain(c.Name), Class: cmp.Or(Plain(c.File), suite), File: Plain(c.File), Line: c.Line, Time: junitTime(c.Duration)}
	text := &junitText{Message: Plain(c.Message)}
	switch c.Status {
	case check.Fail:
		text.Type, text.Text, out.Failure = "failure", c.details(), text
	case check.Error:
		text.Type, text.Text, out.Error = "error", c.details(), text
	case check.Skip:
		out.Skipped = text
	case check.Pending:
		text.Message = cmp.Or(text.Message, "not reached")
		out.Skipped = text
	case check.Warn:
		out.SystemOut = "warning: " + Plain(c.Message) + "\n" + c.details()
	}
	return out
}

// details are the lines that explain a case to a person.
func (c *Case) details() string {
	var b strings.Builder
	for _, line := range []struct{ name, text string }{
		{"", c.Title}, {"want: ", c.Want}, {"got: ", c.Got}, {"hint: ", c.Hint}, {"see: ", c.Ref},
	} {
		if text := Plain(line.text); text != "" {
			fmt.Fprintf(&b, "%s%s\n", line.name, text)
		}
	}
	return b.String()
}
