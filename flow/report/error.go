package report

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"io/fs"
	"net"
	"strings"

	"github.com/oidcflow/oidcflow/flow"
	"github.com/oidcflow/oidcflow/flow/trace"
)

// errorLine is the error of --log-format json.
type errorLine struct {
	Level     string     `json:"level"`
	Code      string     `json:"code"`
	Step      trace.Step `json:"step,omitempty"`
	Message   string     `json:"message"`
	Hint      string     `json:"hint,omitempty"`
	RequestID string     `json:"request_id,omitempty"` // by which the provider's logs know the request
	Artifacts string     `json:"artifacts,omitempty"`
}

// ErrorLine returns err as the JSON object that ends a log of [JSON]; artifacts is the folder that has more about it,
// or empty. An error that quotes what it was given, such as a [net/url.Error], may hold a secret: what is returned goes
// through [trace.Redactor.Bytes].
func ErrorLine(err error, artifacts string) json.RawMessage {
	line := errorLine{Level: "error", Code: ErrorCode(err), Message: Plain(message(err)), Artifacts: artifacts}
	var e *flow.Error
	if errors.As(err, &e) {
		line.Step, line.Hint, line.RequestID = e.Step, Plain(e.Hint), Plain(e.RequestID)
	}
	b := encode(line)
	return b[:len(b)-1]
}

// ErrorText returns err for people: one line, and one more if there is a hint. As with [ErrorLine] it goes through the
// redactor.
func ErrorText(err error) string {
	text := "error: " + Plain(message(err)) + " (" + ErrorCode(err) + ")\n"
	var e *flow.Error
	if errors.As(err, &e) && e.Hint != "" {
		text += "hint: " + Plain(e.Hint) + "\n"
	}
	return text
}

// message returns what err says, as one line also where several errors were joined.
func message(err error) string { return strings.ReplaceAll(err.Error(), "\n", "; ") }

// causes are the codes of errors that no step of the exchange and no driver has given one, in order of trial.
var causes = []struct {
	code string
	is   func(error) bool
}{
	{"env.timeout", func(err error) bool { return errors.Is(err, context.DeadlineExceeded) }},
	{"env.interrupted", func(err error) bool { return errors.Is(err, context.Canceled) }},
	{"env.refused", is[*trace.RefusedError]},
	{"env.tls", func(err error) bool {
		return is[*tls.CertificateVerificationError](err) || is[tls.RecordHeaderError](err) || is[tls.AlertError](err) ||
			is[x509.UnknownAuthorityError](err) || is[x509.HostnameError](err) || is[x509.CertificateInvalidError](err)
	}},
	{"env.timeout", func(err error) bool {
		var n net.Error
		return errors.As(err, &n) && n.Timeout()
	}},
	{"env.unreachable", func(err error) bool { return is[*net.OpError](err) || is[*net.DNSError](err) }},
	{"env.file", is[*fs.PathError]},
}

func is[E error](err error) bool {
	_, ok := errorAs[E](err)
	return ok
}

func errorAs[E error](err error) (e E, ok bool) {
	ok = errors.As(err, &e)
	return e, ok
}

// ErrorCode returns the code of err: that of the [flow.Error] in it, or one that begins with env and says what kind of
// error of this machine or the network it is; env.error where that is not known.
func ErrorCode(err error) string {
	var coded interface{ ErrorCode() string }
	if errors.As(err, &coded) && coded.ErrorCode() != "" {
		return coded.ErrorCode()
	}
	for _, c := range causes {
		if c.is(err) {
			return c.code
		}
	}
	return "env.error"
}
