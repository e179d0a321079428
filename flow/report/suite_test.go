package report_test

import (
	"bytes"
	"encoding/xml"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/oidcflow/oidcflow/flow/check"
	"github.com/oidcflow/oidcflow/flow/report"
)

// suite has a case of each status, and words that a provider could have chosen.
func suite() *report.Suite {
	return &report.Suite{
		Name: "https://login.example.com", Began: time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC), Duration: 1500 * time.Millisecond,
		Properties: []report.Property{{Name: "client_id", Value: "tool"}},
		Cases: []report.Case{
			{Name: "invalid-iss", Title: "the ID token is of this issuer", Group: "verify", Status: check.Pass, Duration: time.Millisecond},
			{Name: "invalid-aud", Title: "the ID token is for this client", Group: "verify", Ref: "OpenID Connect Core 1.0 §3.1.3.7 item 3",
				Status: check.Fail, Message: `id token: aud: want "tool", got "</failure>|<b>@octocat \x1b[31m"`, Want: `"tool"`, Got: "]]>\x00\x1b[31m", Hint: "ask the provider"},
			{Name: "userinfo-500", Title: "userinfo answers", Group: "userinfo", Status: check.Error, Message: "no connection"},
			{Name: "token-cacheable", Title: "the token response is not kept", Group: "exchange", Status: check.Warn, Message: "Cache-Control is missing", Want: "no-store"},
			{Name: "code-expired", Title: "an old code is refused", Group: "exchange", Status: check.Skip, Message: "only the embedded provider's clock can be moved"},
			{Name: "refresh-race", Group: "refresh", File: "a.oidctest.hcl", Line: 12},
		},
	}
}

func TestJUnit(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	require.NoError(t, report.JUnit(&b, suite(), &report.Suite{Name: "nothing"}))
	golden(t, "junit.xml", b.Bytes())

	var read struct {
		Tests    int `xml:"tests,attr"`
		Failures int `xml:"failures,attr"`
		Errors   int `xml:"errors,attr"`
		Skipped  int `xml:"skipped,attr"`
		Suites   []struct {
			Cases []struct {
				Failure *struct {
					Message string `xml:"message,attr"`
				} `xml:"failure"`
			} `xml:"testcase"`
		} `xml:"testsuite"`
	}
	require.NoError(t, xml.Unmarshal(b.Bytes(), &read))
	require.Equal(t, []int{6, 1, 1, 2}, []int{read.Tests, read.Failures, read.Errors, read.Skipped})
	require.Contains(t, read.Suites[0].Cases[1].Failure.Message, "</failure>|<b>@octocat")
}

func TestMarkdown(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	require.NoError(t, report.Markdown(&b, suite()))
	golden(t, "summary.md", b.Bytes())
}

func TestMarkdownIsNoLongerThanWhatIsShown(t *testing.T) {
	t.Parallel()
	s := suite()
	for range 20000 {
		s.Cases = append(s.Cases, s.Cases[1])
	}
	var b bytes.Buffer
	require.NoError(t, report.Markdown(&b, s))
	require.Less(t, b.Len(), report.MaxSummary+100)
	require.True(t, strings.HasSuffix(b.String(), "too much of it.\n"))
}

func TestSuiteStatusIsTheWorst(t *testing.T) {
	t.Parallel()
	s := &report.Suite{}
	require.Equal(t, check.Pending, s.Status())
	for _, c := range []struct {
		add  check.Status
		want check.Status
	}{{check.Skip, check.Skip}, {check.Pass, check.Pass}, {check.Warn, check.Warn}, {check.Pass, check.Warn}, {check.Fail, check.Fail}, {check.Error, check.Error}} {
		s.Cases = append(s.Cases, report.Case{Status: c.add})
		require.Equal(t, c.want, s.Status(), c.add.String())
	}
}
