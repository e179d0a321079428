package cmd

import (
	"crypto/x509"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"

	"github.com/oidcflow/oidcflow/flow"
)

// transport returns the program's own way to the network: it trusts pem, too, and goes through the proxy.
func (o *options) transport(pem []byte) (*http.Transport, error) {
	t := http.DefaultTransport.(*http.Transport).Clone()
	t.Proxy = o.proxyFor
	if pem != nil {
		roots, err := x509.SystemCertPool()
		if err != nil { // there is none on this system
			roots = x509.NewCertPool()
		}
		if !roots.AppendCertsFromPEM(pem) {
			return nil, usageError("invalid_ca_file", "", "%s: no certificate in it", o.caFile)
		}
		t.TLSClientConfig.RootCAs = roots
	}
	return t, nil
}

// caPEM returns the content of --ca-file, or nil.
func (o *options) caPEM() ([]byte, error) {
	if o.caFile == "" {
		return nil, nil
	}
	pem, err := os.ReadFile(o.caFile)
	if err != nil {
		return nil, usageError("unreadable_file", "", "--ca-file: %w", err)
	}
	return pem, nil
}

// proxyFor is the Proxy of a transport.
func (o *options) proxyFor(r *http.Request) (*url.URL, error) {
	if o.proxy == nil || flow.IsLoopback(r.URL.Hostname()) || excluded(o.noProxy, r.URL) {
		return nil, nil
	}
	return o.proxy, nil
}

// excluded reports whether NO_PROXY names the host of u, as curl and Go read it: hosts with all below them, addresses,
// networks, or * for all; a port narrows an entry.
func excluded(noProxy string, u *url.URL) bool {
	host, ip := strings.ToLower(u.Hostname()), net.ParseIP(u.Hostname())
	for _, entry := range words(strings.ToLower(noProxy)) {
		if h, port, err := net.SplitHostPort(entry); err == nil {
			if port != portOf(u) {
				continue
			}
			entry = h
		}
		_, network, err := net.ParseCIDR(entry)
		domain := strings.TrimPrefix(strings.TrimPrefix(entry, "*"), ".")
		switch {
		case entry == "*", ip != nil && ip.Equal(net.ParseIP(entry)), err == nil && ip != nil && network.Contains(ip):
			return true
		case ip == nil && (host == domain || strings.HasSuffix(host, "."+domain)):
			return true
		}
	}
	return false
}

func portOf(u *url.URL) string {
	if port := u.Port(); port != "" {
		return port
	}
	return map[string]string{"http": "80", "https": "443"}[u.Scheme]
}
