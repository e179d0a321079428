package flow

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"syscall"
	"time"

	"github.com/oidcflow/oidcflow/flow/trace"
)

// networkError returns why k got no answer: out of time, no way to trust the server, or no way to reach it.
func (c *Client) networkError(ctx context.Context, k *call, err error) error {
	var e *Error
	if errors.As(err, &e) {
		return e
	}
	if ctx.Err() != nil && !errors.Is(err, ctx.Err()) {
		err = fmt.Errorf("%w: %w", ctx.Err(), cause(err))
	}
	err = cause(err)
	fail := func(code, hint string, reason error) error {
		return &Error{Step: k.step, Code: code, Hint: hint, Err: fmt.Errorf("%s: %w", k.place(), reason)}
	}
	var timeout net.Error
	switch {
	case errors.Is(err, context.Canceled):
		return fail(string(k.step)+".canceled", "", context.Canceled)
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &timeout) && timeout.Timeout():
		return fail(string(k.step)+".timeout", "", fmt.Errorf("no answer in time: %w", context.DeadlineExceeded))
	}
	var refused *trace.RefusedError
	if errors.As(err, &refused) {
		return fail(string(k.step)+".foreign_host", "", refused)
	}
	if hint, reason, is := c.tlsError(err); is {
		return fail("env.tls", hint, reason)
	}
	hint := "see whether the URL is right, and whether a proxy is needed"
	var dns *net.DNSError
	switch {
	case errors.As(err, &dns):
		return fail("env.unreachable", hint, fmt.Errorf("host %q is not known: %w", clip(dns.Name), err))
	case errors.Is(err, syscall.ECONNREFUSED):
		return fail("env.unreachable", "see whether the server runs", fmt.Errorf("nothing listens there: %w", err))
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		return fail("env.unreachable", "", fmt.Errorf("the connection ended within the answer: %w", err))
	}
	return fail("env.unreachable", hint, err)
}

// tlsError returns what is wrong with the server's certificate, or with its TLS at all.
func (c *Client) tlsError(err error) (hint string, reason error, is bool) {
	var (
		authority x509.UnknownAuthorityError
		invalid   x509.CertificateInvalidError
		host      x509.HostnameError
		chain     *tls.CertificateVerificationError
		record    tls.RecordHeaderError
	)
	switch {
	case errors.As(err, &authority):
		return "if the certificate is right, give its authority's with --ca-file",
			fmt.Errorf("nobody we trust signed the certificate: %w", err), true
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return "see whether this machine's clock is right", expired(invalid.Cert, c.now(), err), true
	case errors.As(err, &host):
		return "use the host name that the certificate is for", err, true
	case errors.As(err, &invalid), errors.As(err, &chain):
		return "", err, true
	case errors.As(err, &record), errors.Is(err, http.ErrSchemeMismatch):
		return "see whether the URL should begin with http://", fmt.Errorf("the server does not speak TLS: %w", err), true
	}
	return "", nil, false
}

// expired returns err with the date that the certificate is beyond.
func expired(cert *x509.Certificate, now time.Time, err error) error {
	switch {
	case cert == nil:
		return err
	case now.Before(cert.NotBefore):
		return fmt.Errorf("the certificate is not valid before %s: %w", cert.NotBefore.UTC().Format(time.RFC3339), err)
	default:
		return fmt.Errorf("the certificate expired at %s: %w", cert.NotAfter.UTC().Format(time.RFC3339), err)
	}
}

// cause returns what is inside of a url.Error: that repeats the URL with its query, which is not for messages.
func cause(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		return u.Err
	}
	return err
}
