package cmd

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"runtime"
	"strings"
	"sync"
	"time"

	"github.com/oidcflow/oidcflow/flow"
)

// visit is what one request shows of the way to the provider. It goes through the transport that the engine uses, so
// that the proxy and the CA file are those of a sign-in.
type visit struct {
	target *url.URL
	via    string   // host:port that is connected to: the target's or a proxy's
	addrs  []string // what its name resolves to
	remote string   // the address that answered
	tls    *tls.ConnectionState
	status int
	date   time.Time // the provider's clock; zero: not said
	sent   time.Time // by our clock
	took   time.Duration
	err    error
}

// visitProvider sends one GET to target and follows no redirect.
func visitProvider(ctx context.Context, transport http.RoundTripper, target *url.URL, now func() time.Time) visit {
	v := visit{target: target, via: hostPort(target)}
	var mu sync.Mutex // the hooks of racing dials run at once
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GetConn: func(via string) { mu.Lock(); defer mu.Unlock(); v.via = via },
		DNSDone: func(i httptrace.DNSDoneInfo) {
			mu.Lock()
			defer mu.Unlock()
			for _, a := range i.Addrs {
				v.addrs = append(v.addrs, a.String())
			}
		},
		GotConn: func(i httptrace.GotConnInfo) {
			mu.Lock()
			defer mu.Unlock()
			v.remote = i.Conn.RemoteAddr().String()
		},
		ConnectDone: func(_, addr string, err error) {
			mu.Lock()
			defer mu.Unlock()
			if err == nil {
				v.remote = addr
			}
		},
	})
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, target.String(), nil)
	if err != nil {
		v.err = err
		return v
	}
	v.sent = now()
	response, err := (&http.Client{
		Transport:     transport,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}).Do(req)
	mu.Lock()
	defer mu.Unlock()
	v.took = now().Sub(v.sent)
	if err != nil {
		v.err = err
		return v
	}
	_ = response.Body.Close() // nothing of it is read
	v.status, v.tls = response.StatusCode, response.TLS
	v.date, _ = http.ParseTime(response.Header.Get("Date")) // zero where it is missing or not a date
	return v
}

// proxied reports whether the request went through a proxy.
func (v *visit) proxied() bool { return v.via != hostPort(v.target) }

// networkRows judges the way to the provider, stage by stage; what comes after a failure is skipped.
func networkRows(v visit, skew time.Duration) []finding {
	rows := []finding{proxyRow(v), dnsRow(v), connectRow(v), tlsRow(v), answerRow(v), clockRow(v, skew)}
	failed := ""
	for i, r := range rows {
		switch {
		case failed != "":
			rows[i] = rowSkip(r.Name, "not examined, because "+failed+" failed")
		case r.Status == statusFail && r.Name != "clock":
			failed = r.Name
		}
	}
	return rows
}

func proxyRow(v visit) finding {
	var op *net.OpError
	switch {
	case errors.As(v.err, &op) && op.Op == "proxyconnect":
		return rowFail("proxy", exitMachine, fmt.Sprintf("%s: %v", v.via, op.Err),
			"set --proxy or HTTPS_PROXY to the right proxy, or NO_PROXY="+v.target.Hostname()+" if none is needed")
	case v.proxied():
		return rowOK("proxy", "requests go through "+v.via)
	}
	return rowOK("proxy", "none is used for "+v.target.Hostname())
}

func dnsRow(v visit) finding {
	host, _, err := net.SplitHostPort(v.via)
	if err != nil {
		host = v.via
	}
	var dns *net.DNSError
	switch {
	case errors.As(v.err, &dns):
		return rowFail("dns", exitMachine, fmt.Sprintf("%s: %s", host, dns.Err),
			"check the name for a typing error; inside a company it may need its VPN or --proxy")
	case net.ParseIP(host) != nil:
		return rowOK("dns", host+" is an address, so nothing is looked up")
	case len(v.addrs) > 0:
		return rowOK("dns", host+" is "+strings.Join(v.addrs, ", "))
	}
	return rowOK("dns", host+" was not looked up: a connection to it was open")
}

func connectRow(v visit) finding {
	if v.remote != "" {
		return rowOK("connect", fmt.Sprintf("%s answers at %s", v.via, v.remote))
	}
	message := v.via + ": no connection"
	if v.err != nil {
		message = v.via + ": " + rootCause(v.err)
	}
	return rowFail("connect", exitMachine, message,
		"let this machine reach "+v.via+" (firewall, VPN), or name the way with --proxy URL")
}

func tlsRow(v visit) finding {
	if v.target.Scheme != "https" {
		if flow.IsLoopback(v.target.Hostname()) {
			return rowOK("tls", "plain http, which is accepted on this machine itself")
		}
		return rowWarn("tls", "plain http: anybody on the way can read and change everything", "use the https URL of the issuer")
	}
	if v.tls != nil && len(v.tls.PeerCertificates) > 0 {
		c := v.tls.PeerCertificates[0]
		return rowOK("tls", fmt.Sprintf("%s, certificate of %q, valid until %s", tls.VersionName(v.tls.Version), issuerName(c), c.NotAfter.UTC().Format(time.DateOnly)))
	}
	message, hint := tlsFailure(v)
	return rowFail("tls", exitMachine, message, hint)
}

// tlsFailure says why the chain did not verify and what mends that.
func tlsFailure(v visit) (message, hint string) {
	var unknown x509.UnknownAuthorityError
	var name x509.HostnameError
	var invalid x509.CertificateInvalidError
	host := v.target.Hostname()
	switch {
	case errors.As(v.err, &unknown):
		by := "an unknown authority"
		if unknown.Cert != nil {
			by = fmt.Sprintf("%q, an authority that this machine does not know", issuerName(unknown.Cert))
		}
		return "the certificate of " + host + " is signed by " + by, "give the authority's certificate with --ca-file PEM or SSL_CERT_FILE"
	case errors.As(v.err, &name):
		return name.Error(), "use the name that the certificate is for"
	case errors.As(v.err, &invalid) && invalid.Reason == x509.Expired:
		what := "has expired"
		if invalid.Cert != nil && v.sent.Before(invalid.Cert.NotBefore) {
			what = "is not valid yet"
		}
		return "the certificate of " + host + " " + what + ": " + invalid.Detail, "check this machine's clock first; else the provider must renew its certificate"
	case v.err != nil:
		return rootCause(v.err), "check that " + host + " speaks TLS on this port, and that no proxy breaks it open"
	}
	return "the connection has no certificate", "check that " + host + " speaks TLS on this port"
}

func issuerName(c *x509.Certificate) string {
	if c.Issuer.CommonName != "" {
		return c.Issuer.CommonName
	}
	return c.Issuer.String()
}

// answerRow says whether the provider answers at all; what it answers is examined later.
func answerRow(v visit) finding {
	if v.err == nil {
		return rowOK("answer", fmt.Sprintf("%s answers in %s", v.target.Host, v.took.Round(time.Millisecond)))
	}
	if errors.Is(v.err, context.DeadlineExceeded) {
		return rowFail("answer", exitTimeout, v.target.Host+" takes the connection and does not answer in time", "give it longer with --timeout")
	}
	return rowFail("answer", exitMachine, rootCause(v.err), "check that "+v.target.Host+" is a web server, and that no proxy is in the way")
}

// clockRow compares the provider's Date, which is cut to whole seconds, with our clock at the middle of the request.
func clockRow(v visit, skew time.Duration) finding {
	if v.date.IsZero() {
		return rowWarn("clock", "the provider sends no Date, so its clock is not known", "compare this machine's clock with another one")
	}
	ahead := v.sent.Add(v.took / 2).Sub(v.date.Add(500 * time.Millisecond))
	uncertain := v.took/2 + 500*time.Millisecond
	off := max(ahead.Abs()-uncertain, 0)
	direction := "behind"
	if ahead > 0 {
		direction = "ahead of"
	}
	message := fmt.Sprintf("this machine's clock is %s %s the provider's; %s are allowed", ahead.Abs().Round(time.Second), direction, skew)
	switch {
	case off > skew:
		return rowFail("clock", exitMachine, message, clockHint())
	case off > skew/2:
		return rowWarn("clock", message, clockHint())
	}
	return rowOK("clock", "this machine's clock and the provider's agree within "+(off+time.Second).Round(time.Second).String())
}

func clockHint() string {
	switch runtime.GOOS {
	case "darwin":
		return "set the clock: sudo sntp -sS time.apple.com; --clock-skew allows more"
	case "windows":
		return "set the clock: w32tm /resync; --clock-skew allows more"
	default:
		return "set the clock: sudo timedatectl set-ntp true; --clock-skew allows more"
	}
}

// rootCause returns the innermost error's text, without the URL and addresses that are told elsewhere.
func rootCause(err error) string {
	if errors.Is(err, context.DeadlineExceeded) {
		return "no answer in time"
	}
	for {
		inner := errors.Unwrap(err)
		if inner == nil {
			return err.Error()
		}
		err = inner
	}
}
