package signin

import (
	"fmt"
	"net"
	"net/url"
	"slices"
	"strings"

	"github.com/oidcflow/oidcflow/flow"
	"github.com/oidcflow/oidcflow/flow/trace"
)

// hosts are where credentials may be typed: https only, or http on this machine, and only on hosts that the user named
// by naming the provider or by --sign-in-host.
type hosts struct {
	origin       string   // of the authorization endpoint, host:port
	listed       []string // host, which is any port of it, or host:port
	insecureHTTP bool
}

// newHosts returns the hosts for a sign-in that begins at authorizationURL.
func newHosts(c Config, authorizationURL string) hosts {
	h := hosts{insecureHTTP: c.InsecureHTTP}
	if u, err := url.Parse(authorizationURL); err == nil && u.Host != "" {
		h.origin = hostPort(u)
	}
	for _, l := range c.Hosts {
		h.listed = append(h.listed, strings.ToLower(l))
	}
	return h
}

// check returns an error of type *flow.Error if no credential may be typed on, or sent to, the page at rawURL.
func (h hosts) check(rawURL string) error {
	u, err := url.Parse(rawURL)
	if err != nil || u.Host == "" {
		return foreign(fmt.Errorf("credentials may be typed on web pages only, got %q", clean(cleanURL(rawURL), maxShown)), "")
	}
	name := strings.ToLower(u.Hostname())
	switch {
	case u.Scheme == "https":
	case u.Scheme == "http" && (h.insecureHTTP || flow.IsLoopback(name)):
	case u.Scheme == "http":
		return foreign(fmt.Errorf("the page at %s is not encrypted: credentials are typed on https pages only", cleanURL(rawURL)),
			"let the provider use https, or accept it with --insecure-http")
	default:
		return foreign(fmt.Errorf("credentials may be typed on web pages only, got scheme %q", clean(u.Scheme, maxShown)), "")
	}
	if at := hostPort(u); at == h.origin || slices.Contains(h.listed, at) || slices.Contains(h.listed, name) {
		return nil
	}
	return foreign(fmt.Errorf("credentials are not typed on host %q, which is not the provider's", clean(u.Host, maxShown)),
		"if the user's password belongs there, allow it: --sign-in-host "+clean(u.Host, maxShown))
}

func foreign(err error, hint string) error {
	return &flow.Error{Step: trace.SignIn, Code: codeForeignHost, Err: err, Hint: hint}
}

// hostPort returns u's host in lower case with its port, the scheme's default where it has none.
func hostPort(u *url.URL) string {
	port := u.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[u.Scheme]
	}
	return net.JoinHostPort(strings.ToLower(u.Hostname()), port)
}

// cleanURL returns rawURL for people: without user, fragment and the values of its query.
func cleanURL(rawURL string) string {
	u, err := url.Parse(rawURL)
	if err != nil {
		return "(not a URL)"
	}
	if u.Opaque != "" { // data:, urn:, about:
		return clean(u.Scheme+":…", maxShown)
	}
	shown := url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path}
	text := shown.String()
	if u.RawQuery != "" {
		text += "?…"
	}
	return clean(text, maxShown)
}

// pageHost returns the host of a page in the form that trace.Secret takes, or "".
func pageHost(rawURL string) string {
	u, err := url.Parse(rawURL)
	if err != nil {
		return ""
	}
	return u.Host
}
