package flow

import (
	"net/netip"
	"net/url"
	"strings"
)

// hostPort returns host and port of u in lower case, with the scheme's port where u has none.
func hostPort(u *url.URL) string {
	port := u.Port()
	if port == "" {
		switch strings.ToLower(u.Scheme) {
		case "https":
			port = "443"
		case "http":
			port = "80"
		}
	}
	return strings.ToLower(u.Hostname()) + ":" + port
}

// sameOrigin reports whether a and b have the same scheme, host and port (RFC 6454 §5).
func sameOrigin(a, b *url.URL) bool {
	return strings.EqualFold(a.Scheme, b.Scheme) && hostPort(a) == hostPort(b)
}

// IsLoopback reports whether host, without a port, is this machine (RFC 8252 §7.3), as far as its name tells: an address
// of the loopback network, localhost, or a name below it (RFC 6761 §6.3), in whatever case.
func IsLoopback(host string) bool {
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	if host == "localhost" || strings.HasSuffix(host, ".localhost") {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.Unmap().IsLoopback()
}

// isPrivate reports whether host, without a port, is an address that is not the public internet's: loopback, RFC 1918,
// link-local (where cloud metadata services are), unspecified. A name other than localhost is taken to be public.
func isPrivate(host string) bool {
	if IsLoopback(host) {
		return true
	}
	ip, err := netip.ParseAddr(host)
	if err != nil {
		return false
	}
	ip = ip.Unmap()
	return ip.IsPrivate() || ip.IsLinkLocalUnicast() || ip.IsLinkLocalMulticast() || ip.IsUnspecified()
}
