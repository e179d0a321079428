package report_test

import (
	"context"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/oidcflow/oidcflow/flow"
	"github.com/oidcflow/oidcflow/flow/report"
	"github.com/oidcflow/oidcflow/flow/trace"
)

func TestErrors(t *testing.T) {
	t.Parallel()
	_, noFile := os.Open("/does/not/exist")
	for _, c := range []struct {
		name string
		err  error
		code string
		step trace.Step
		text string
		hint string
	}{
		{"of a step", &flow.Error{Step: trace.Callback, Code: "callback.state", Err: errors.New("state: want \"a\""), Hint: "try again"},
			"callback.state", trace.Callback, `callback: state: want "a"`, "try again"},
		{"within others", fmt.Errorf("run: %w", errors.Join(&flow.Error{Code: "usage.x", Err: errors.New("one")}, errors.New("two"))),
			"usage.x", "", "run: one; two", ""},
		{"in a provider's words", &flow.Error{Step: trace.Exchange, Code: "exchange.invalid_grant",
			Err: &flow.ProviderError{Code: "invalid_grant", Description: "no\x1b[2J\n::error::x"}},
			"exchange.invalid_grant", trace.Exchange, `exchange: the provider says "invalid_grant": no; ::error::x`, ""},
		{"out of time", fmt.Errorf("x: %w", context.DeadlineExceeded), "env.timeout", "", "x: context deadline exceeded", ""},
		{"interrupted", context.Canceled, "env.interrupted", "", "context canceled", ""},
		{"refused", &url.Error{Op: "Get", URL: "u", Err: &trace.RefusedError{Kind: "password", Host: "h"}}, "env.refused", "",
			`Get "u": refusing to send the password to "h": it is not for this host`, ""},
		{"tls", &url.Error{Op: "Get", URL: "u", Err: x509.UnknownAuthorityError{}}, "env.tls", "",
			`Get "u": x509: certificate signed by unknown authority`, ""},
		{"no such host", &net.DNSError{Err: "no such host", Name: "h"}, "env.unreachable", "", "lookup h: no such host", ""},
		{"slow network", &net.DNSError{Err: "slow", Name: "h", IsTimeout: true}, "env.timeout", "", "lookup h: slow", ""},
		{"file", noFile, "env.file", "", noFile.Error(), ""},
		{"other", errors.New("odd"), "env.error", "", "odd", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, c.code, report.ErrorCode(c.err))
			want := "error: " + c.text + " (" + c.code + ")\n"
			if c.hint != "" {
				want += "hint: " + c.hint + "\n"
			}
			require.Equal(t, want, report.ErrorText(c.err))

			line := map[string]any{"level": "error", "code": c.code, "message": c.text, "artifacts": "dir"}
			if c.hint != "" {
				line["hint"] = c.hint
			}
			if c.step != "" {
				line["step"] = string(c.step)
			}
			var got map[string]any
			require.NoError(t, json.Unmarshal(report.ErrorLine(c.err, "dir"), &got))
			require.Equal(t, line, got)
		})
	}
}

func TestErrorLineIsOneLine(t *testing.T) {
	t.Parallel()
	got := report.ErrorLine(errors.New("a\nb ##[error]x"), "")
	require.Equal(t, `{"level":"error","code":"env.error","message":"a; b ##\u005berror]x"}`, string(got))
}

// Who asks the provider for help needs the name that its logs have for the request.
func TestErrorNamesTheRequest(t *testing.T) {
	t.Parallel()
	err := fmt.Errorf("run: %w", &flow.Error{Step: trace.Exchange, Code: "exchange.x", Err: errors.New("no"), RequestID: "req\x00-1"})
	require.Equal(t, "error: run: exchange: no (request req-1) (exchange.x)\n", report.ErrorText(err))
	require.JSONEq(t, `{"level":"error","code":"exchange.x","step":"exchange","message":"run: exchange: no (request req-1)","request_id":"req-1"}`,
		string(report.ErrorLine(err, "")))
}
