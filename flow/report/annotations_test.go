package report_test

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/oidcflow/oidcflow/flow/check"
	"github.com/oidcflow/oidcflow/flow/report"
)

func TestAnnotations(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	require.NoError(t, report.Annotations(&b, &report.Suite{Cases: []report.Case{
		{Name: "good", Title: "is right", Status: check.Pass},
		{Name: "left-out", Title: "is not there", Status: check.Skip},
		{Name: "a:b,c", Title: "is for this client", Status: check.Fail, Want: "\"tool\"", Got: "100%\r\n::set-output name=x::y##[group]\x1b[2J", Ref: "RFC 9700", Hint: "mend it"},
		{Name: "odd", Title: "is usual", Status: check.Warn, Message: "it is not"},
		{Name: "untried", Title: "can be tried", Status: check.Error},
	}}))
	require.Equal(t, `::error title=a%3Ab%2Cc::is for this client%0Awant "tool"%0Agot 100%25%0A::set-output name=x::y## [group]%0Asee RFC 9700%0Amend it
::warning title=odd::is usual%0Ait is not
::error title=untried::can be tried
`, b.String())
}
