package signin

import (
	"bytes"
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"mime"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/oidcflow/oidcflow/flow"
	"github.com/oidcflow/oidcflow/flow/trace"
	"golang.org/x/net/html/charset"
)

// Bounds of one request.
const (
	requestTime = 10 * time.Second
	maxPage     = 1 << 20
)

// newClient returns a client that leaves redirects to its caller, with cookies of its own unless c has some.
func newClient(c Config) *http.Client {
	transport := c.Transport
	if _, traced := transport.(*trace.Transport); !traced {
		transport = &trace.Transport{Base: transport}
	}
	jar := c.Jar
	if jar == nil {
		jar = NewJar()
	}
	return &http.Client{
		Transport:     transport,
		Jar:           jar,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// loopbackJar treats http on this machine as a secure context, as browsers do (Secure Contexts §3.1): a cookie that is
// marked Secure is sent there.
type loopbackJar struct{ http.CookieJar }

// Cookies implements http.CookieJar.
func (j loopbackJar) Cookies(u *url.URL) []*http.Cookie {
	if u.Scheme == "http" && flow.IsLoopback(u.Hostname()) {
		secure := *u
		secure.Scheme = "https"
		u = &secure
	}
	return j.CookieJar.Cookies(u)
}

// response is an answer whose body was read.
type response struct {
	url    *url.URL
	status int
	header http.Header
	body   []byte
}

// page is a document and its response's header.
type page struct {
	*document
	header http.Header
}

// send makes the request, as a browser on the page q.from would.
func (w *walk) send(ctx context.Context, q *request) (*response, error) {
	limited, cancel := context.WithTimeout(ctx, requestTime)
	defer cancel()
	r, err := http.NewRequestWithContext(limited, q.method, q.url.String(), strings.NewReader(q.body))
	if err != nil {
		return nil, w.dialog.fail(w.view, codeUnknownPage, fmt.Sprintf("cannot ask for %s", cleanURL(q.url.String())), "")
	}
	r.Header = q.header()
	resp, err := w.client.Do(r)
	if err != nil {
		return nil, w.unreachable(ctx, q, err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxPage+1))
	if err != nil {
		return nil, w.unreachable(ctx, q, err)
	}
	if len(body) > maxPage {
		return nil, w.dialog.fail(w.view, codeUnknownPage, fmt.Sprintf("the page at %s is larger than %d bytes", cleanURL(q.url.String()), maxPage), "")
	}
	return &response{url: q.url, status: resp.StatusCode, header: resp.Header, body: body}, nil
}

// header returns what a browser sends. A Referer goes to the same origin in full and elsewhere as the origin alone
// (Referrer Policy §3.7, strict-origin-when-cross-origin); some providers' CSRF checks read it, others Origin.
func (q *request) header() http.Header {
	h := http.Header{
		"User-Agent":      {"Mozilla/5.0 (compatible; oidcflow; forms)"},
		"Accept":          {cmp.Or(q.accept, "text/html,application/xhtml+xml;q=0.9,*/*;q=0.5")},
		"Accept-Language": {"en-US,en;q=0.9"},
	}
	if q.from != nil && !(q.from.Scheme == "https" && q.url.Scheme == "http") {
		referer := url.URL{Scheme: q.from.Scheme, Host: q.from.Host, Path: "/"}
		if origin(q.from) == origin(q.url) {
			referer = *q.from
			referer.User, referer.Fragment = nil, ""
		}
		h.Set("Referer", referer.String())
	}
	if q.method == http.MethodPost {
		h.Set("Content-Type", cmp.Or(q.contentType, "application/x-www-form-urlencoded"))
		if q.from != nil {
			h.Set("Origin", origin(q.from))
		}
	}
	return h
}

// read returns got as a page. What is no HTML is a page of text: its status and its words are for the recognisers.
func (w *walk) read(got *response) (*page, error) {
	mediaType, _, _ := mime.ParseMediaType(got.header.Get("Content-Type")) // "" where it is malformed: text
	if mediaType != "text/html" && mediaType != "application/xhtml+xml" {
		view := &View{URL: got.url.String(), Status: got.status, RequestID: flow.RequestID(got.header), Text: textBody(mediaType, got)}
		return &page{document: &document{url: got.url, base: got.url, view: view, root: emptyRoot()}, header: got.header}, nil
	}
	// A charset that is not known is read as it is: names and forms are ASCII nearly always.
	reader, err := charset.NewReader(bytes.NewReader(got.body), got.header.Get("Content-Type"))
	if err != nil {
		reader = bytes.NewReader(got.body)
	}
	d, err := parseHTML(reader, got.url, got.status)
	if err != nil {
		return nil, w.dialog.fail(w.view, codeUnknownPage, fmt.Sprintf("the page at %s cannot be read as HTML", cleanURL(got.url.String())), "")
	}
	d.view.RequestID = flow.RequestID(got.header)
	return &page{document: d, header: got.header}, nil
}

// textBody returns the words of a response that is no HTML.
func textBody(mediaType string, got *response) string {
	switch {
	case strings.HasPrefix(mediaType, "text/") || strings.HasSuffix(mediaType, "json") || mediaType == "":
		return cut(strings.ToValidUTF8(string(got.body), ""), MaxViewText)
	}
	return "(" + mediaType + ")"
}

// unreachable returns the error for a request without an answer.
func (w *walk) unreachable(ctx context.Context, q *request, err error) error {
	var inside *url.Error
	if errors.As(err, &inside) {
		err = inside.Err // a url.Error repeats the URL with its query
	}
	if ctx.Err() != nil {
		return w.dialog.interrupted(w.view, ctx.Err())
	}
	at := cleanURL(q.url.String())
	fail := func(code, hint string, err error) error {
		return &flow.Error{Step: trace.SignIn, Code: code, Err: fmt.Errorf("%s %s: %w", q.method, at, err), Hint: hint}
	}
	var (
		refused *trace.RefusedError
		timeout net.Error
		cert    *tls.CertificateVerificationError
		name    x509.HostnameError
		record  tls.RecordHeaderError
	)
	switch {
	case errors.As(err, &refused):
		return fail(codeForeignHost, "", err)
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &timeout) && timeout.Timeout():
		return fail(codeTimeout, "", fmt.Errorf("no answer within %s: %w", requestTime, context.DeadlineExceeded))
	case errors.As(err, &cert), errors.As(err, &name), errors.As(err, &record):
		return fail("env.tls", "if the certificate is right, give its authority's with --ca-file", err)
	}
	return fail("env.unreachable", "see whether the host is right, and whether a proxy is needed", err)
}
