package chrome

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/chromedp/cdproto/fetch"

	"github.com/oidcflow/oidcflow/flow"
	"github.com/oidcflow/oidcflow/flow/trace"
)

const (
	terminatorUser    = "chrome"
	terminatorTimeout = 10 * time.Second // for a TCP connection or a TLS handshake
)

// terminator is a proxy of our own, for certification authorities that Chrome does not know. Chrome takes no pool of
// certificates; its switch to accept the chains of a key would accept any chain that merely lists the authority's
// certificate; and its stores belong to the user or the system. So Chrome's TLS ends here, with a key that only this
// process has and that Chrome is started to trust, and providers' certificates are verified in Go, name and all.
type terminator struct {
	listener  net.Listener
	server    *http.Server // what Chrome connects to
	inner     *http.Server // what is asked within its tunnels
	tunnels   *queue
	transport *http.Transport
	tls       *tls.Config
	password  string // without it, the port is of no use to others on this machine
	pin       string // Chrome's name for our key
}

// failure is the header by which the terminator tells why it has no answer. Its value begins with the password, so that
// no server can pretend.
const failure = "X-Oidcflow-Failure"

// newTerminator starts the proxy on a loopback port.
func newTerminator(cfg Config) (*terminator, error) {
	t := &terminator{password: rand.Text(), tunnels: &queue{conns: make(chan net.Conn), done: make(chan struct{})}}
	if err := t.makeKey(); err != nil {
		return nil, &flow.Error{Step: trace.SignIn, Code: "env.tls", Err: err}
	}
	dialer := &net.Dialer{Timeout: terminatorTimeout, Control: refuseLinkLocal}
	t.transport = &http.Transport{
		DialContext: dialer.DialContext, TLSClientConfig: &tls.Config{RootCAs: cfg.CA}, TLSHandshakeTimeout: terminatorTimeout,
		Proxy: upstream(cfg), ForceAttemptHTTP2: true, DisableCompression: true, MaxIdleConnsPerHost: 8, IdleConnTimeout: time.Minute,
	}
	var err error
	if t.listener, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
		return nil, &flow.Error{Step: trace.SignIn, Code: "env.port_in_use", Err: err}
	}
	quiet := log.New(io.Discard, "", 0) // what fails is told to Chrome, and so to the sign-in
	t.server = &http.Server{Handler: http.HandlerFunc(t.connect), ReadHeaderTimeout: terminatorTimeout, ErrorLog: quiet}
	t.inner = &http.Server{Handler: t.forward(quiet), ReadHeaderTimeout: terminatorTimeout, ErrorLog: quiet}
	go func() { _ = t.server.Serve(t.listener) }() // until close
	go func() { _ = t.inner.Serve(t.tunnels) }()
	return t, nil
}

// makeKey makes the key that Chrome is to trust, and a certificate around it. Chrome compares the key alone.
func (t *terminator) makeKey() error {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}, DNSNames: []string{"oidcflow.invalid"}}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		return err
	}
	spki, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	if err != nil {
		return err
	}
	sum := sha256.Sum256(spki)
	t.pin = base64.StdEncoding.EncodeToString(sum[:])
	t.tls = &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}, NextProtos: []string{"http/1.1"}}
	return nil
}

func (t *terminator) address() string { return t.listener.Addr().String() }

// close ends the proxy and its connections. Chrome is gone by now, and nobody waits for an answer.
func (t *terminator) close() {
	_ = t.server.Close()
	_ = t.inner.Close()
	t.transport.CloseIdleConnections()
}

// connect serves Chrome: a tunnel for https, in which TLS ends here, and plain requests.
func (t *terminator) connect(w http.ResponseWriter, r *http.Request) {
	_, password, _ := (&http.Request{Header: http.Header{"Authorization": r.Header["Proxy-Authorization"]}}).BasicAuth()
	if subtle.ConstantTimeCompare([]byte(password), []byte(t.password)) != 1 {
		w.Header().Set("Proxy-Authenticate", `Basic realm="oidcflow"`)
		w.WriteHeader(http.StatusProxyAuthRequired)
		return
	}
	if r.Method != http.MethodConnect {
		t.inner.Handler.ServeHTTP(w, r)
		return
	}
	conn, rw, err := http.NewResponseController(w).Hijack()
	if err != nil {
		http.Error(w, "no tunnel", http.StatusInternalServerError)
		return
	}
	if _, err := conn.Write([]byte("HTTP/1.1 200 Connection established\r\n\r\n")); err != nil || rw.Reader.Buffered() > 0 {
		_ = conn.Close() // nobody is there, or it speaks before it is its turn
		return
	}
	t.tunnels.push(tls.Server(conn, t.tls))
}

// forward passes what is asked within a tunnel on to where it is addressed, over TLS that is verified.
func (t *terminator) forward(quiet *log.Logger) http.Handler {
	return &httputil.ReverseProxy{
		Transport: t.transport, ErrorLog: quiet, FlushInterval: -1,
		Rewrite: func(r *httputil.ProxyRequest) {
			if r.In.TLS != nil {
				r.Out.URL.Scheme, r.Out.URL.Host = "https", r.In.Host
			}
			r.Out.Header.Del("Proxy-Authorization")
		},
		ErrorHandler: func(w http.ResponseWriter, _ *http.Request, err error) {
			w.Header().Set(failure, t.password+" "+url.QueryEscape(err.Error()))
			if verification(err) {
				w.Header().Add(failure, "tls")
			}
			w.WriteHeader(http.StatusBadGateway)
		},
		ModifyResponse: func(r *http.Response) error {
			r.Header.Del(failure)
			return nil
		},
	}
}

// verification reports whether err is about a certificate or TLS.
func verification(err error) bool {
	var bad *tls.CertificateVerificationError
	var header tls.RecordHeaderError
	var alert tls.AlertError
	return errors.As(err, &bad) || errors.As(err, &header) || errors.As(err, &alert)
}

// failureOf returns the error that the terminator answered a request to url with, or nil.
func (t *terminator) failureOf(values []string, url string) error {
	if len(values) == 0 {
		return nil
	}
	lines := strings.Split(strings.Join(values, "\n"), "\n") // Chrome joins equal names so
	what, ok := strings.CutPrefix(lines[0], t.password+" ")
	if !ok {
		return nil
	}
	e := &flow.Error{Step: trace.SignIn, Code: "env.unreachable"}
	if slices.Contains(lines, "tls") {
		e.Code, e.Hint = "env.tls", "trust the provider's certification authority with --ca-file"
	}
	e.Err = fmt.Errorf("loading %s: %s", withoutQuery(url), unescape(what))
	return e
}

// failures are the terminator's words in an answer.
func failures(headers []*fetch.HeaderEntry) []string {
	var values []string
	for _, h := range headers {
		if strings.EqualFold(h.Name, failure) {
			values = append(values, h.Value)
		}
	}
	return values
}

func unescape(s string) string {
	if u, err := url.QueryUnescape(s); err == nil {
		return printable(u)
	}
	return printable(s)
}

// upstream returns the proxy for a request of the terminator's: loopback goes through none.
func upstream(cfg Config) func(*http.Request) (*url.URL, error) {
	if cfg.Proxy == "" {
		return nil
	}
	return func(r *http.Request) (*url.URL, error) {
		host := r.URL.Hostname()
		if place(host) == loopback {
			return nil, nil
		}
		for _, n := range cfg.NoProxy {
			if n == "*" || strings.EqualFold(host, n) || strings.HasSuffix(strings.ToLower(host), "."+strings.ToLower(strings.TrimPrefix(n, "."))) {
				return nil, nil
			}
		}
		return url.Parse(cfg.Proxy)
	}
}

// refuseLinkLocal keeps connections from link-local and metadata addresses, whatever name led there.
func refuseLinkLocal(_, address string, _ syscall.RawConn) error {
	if placeOfAddr(address) == linkLocal {
		return fmt.Errorf("%s is a link-local or metadata address", address)
	}
	return nil
}

// queue is a listener whose connections are pushed.
type queue struct {
	conns chan net.Conn
	done  chan struct{}
}

func (q *queue) push(c net.Conn) {
	select {
	case q.conns <- c:
	case <-q.done:
		_ = c.Close()
	}
}

// Accept implements [net.Listener].
func (q *queue) Accept() (net.Conn, error) {
	select {
	case c := <-q.conns:
		return c, nil
	case <-q.done:
		return nil, net.ErrClosed
	}
}

// Close implements [net.Listener]; [http.Server] calls it once.
func (q *queue) Close() error {
	close(q.done)
	return nil
}

// Addr implements [net.Listener].
func (q *queue) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)} }
