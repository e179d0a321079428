package flow

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/oidcflow/oidcflow/flow/trace"
)

// serveTLS starts a server with a certificate of its own making, and returns a pool that trusts it.
func serveTLS(t *testing.T, change func(*x509.Certificate)) (string, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
	}
	change(template)
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	require.NoError(t, err)
	cert, err := x509.ParseCertificate(der)
	require.NoError(t, err)
	s := httptest.NewUnstartedServer(http.NotFoundHandler())
	s.Config.ErrorLog = log.New(io.Discard, "", 0) // handshakes that break off are the point
	s.TLS = &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}
	s.StartTLS()
	t.Cleanup(s.Close)
	pool := x509.NewCertPool()
	pool.AddCert(cert)
	return s.URL, pool
}

func TestTLSErrors(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(*x509.Certificate)
		trust  bool
		text   string
		hint   string
	}{
		"an authority that nobody knows": {func(*x509.Certificate) {}, false, "nobody we trust", "--ca-file"},
		"expired": {func(c *x509.Certificate) {
			c.NotAfter = time.Date(2020, 1, 2, 3, 4, 5, 0, time.UTC)
			c.NotBefore = time.Unix(0, 0)
		}, true, "expired at 2020-01-02T03:04:05Z", "clock"},
		"not yet valid": {func(c *x509.Certificate) {
			c.NotBefore = time.Date(2099, 1, 2, 3, 4, 5, 0, time.UTC)
			c.NotAfter = c.NotBefore.Add(time.Hour)
		}, true, "not valid before 2099-01-02T03:04:05Z", "clock"},
		"for another host": {func(c *x509.Certificate) { c.IPAddresses = []net.IP{net.IPv4(192, 0, 2, 1)} }, true, "192.0.2.1", "host name"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			issuer, pool := serveTLS(t, c.change)
			if !c.trust {
				pool = x509.NewCertPool()
			}
			transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}}
			t.Cleanup(transport.CloseIdleConnections)
			cl, err := New(Config{Issuer: issuer, ClientID: "tool", Transport: transport})
			require.NoError(t, err)
			_, err = cl.Discover(t.Context())
			e := requireCode(t, err, "env.tls")
			require.Contains(t, e.Error(), c.text)
			require.Contains(t, e.Hint, c.hint)
			require.Equal(t, trace.Discover, e.Step)
		})
	}
}

func TestServerWithoutTLS(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	u, err := url.Parse(f.URL)
	require.NoError(t, err)
	c, err := New(Config{Issuer: "https://" + u.Host, ClientID: "tool"})
	require.NoError(t, err)
	_, err = c.Discover(t.Context())
	e := requireCode(t, err, "env.tls")
	require.Contains(t, e.Hint, "http://")
}

func TestNobodyListens(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, l.Close())
	c, err := New(Config{Issuer: "http://" + l.Addr().String(), ClientID: "tool"})
	require.NoError(t, err)
	_, err = c.Discover(t.Context())
	requireCode(t, err, "env.unreachable")
}

type transportFunc func(*http.Request) (*http.Response, error)

func (f transportFunc) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func TestTransportErrors(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		err  error
		code string
	}{
		"a host that nobody knows":       {&net.OpError{Op: "dial", Err: &net.DNSError{Name: "id.example.com", Err: "no such host", IsNotFound: true}}, "env.unreachable"},
		"a name server that is silent":   {&net.DNSError{Name: "id.example.com", IsTimeout: true}, "discover.timeout"},
		"a connection that was reset":    {io.ErrUnexpectedEOF, "env.unreachable"},
		"something else":                 {errDriver, "env.unreachable"},
		"a secret for another host":      {&trace.RefusedError{Kind: "client_secret", Host: "evil.example"}, "discover.foreign_host"},
		"the end of time":                {context.DeadlineExceeded, "discover.timeout"},
		"a caller who lost interest":     {context.Canceled, "discover.canceled"},
		"a certificate that is unusable": {x509.CertificateInvalidError{Reason: x509.NotAuthorizedToSign}, "env.tls"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cl, err := New(Config{Issuer: "https://id.example.com", ClientID: "tool",
				Transport: transportFunc(func(*http.Request) (*http.Response, error) { return nil, c.err })})
			require.NoError(t, err)
			_, err = cl.Discover(t.Context())
			requireCode(t, err, c.code)
			require.True(t, errors.Is(err, c.err) || c.code == "discover.timeout")
		})
	}
}
