package chrome

import (
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"strings"
)

// localPatterns are URLs, after the scheme, that Chrome stops for us whatever they are requested for: those of this
// machine and its neighbours. Patterns are rough; [egress.refuse] decides.
var localPatterns = []string{"localhost*", "*.localhost*", "127.*", "0.0.0.0*", "[::1]*", "[::]*", "[::ffff:*", "169.254.*", "[fe80:*", "[fd00:ec2:*", "metadata.*"}

// resolverRules keep Chrome from link-local and metadata addresses in whatever it does, workers and web sockets
// included, without a question to us.
func resolverRules() string {
	var rules []string
	for _, host := range []string{"169.254.*", "[fe80:*", "[fd00:ec2:*", "[::ffff:a9fe:*", "metadata.google.internal", "metadata.goog"} {
		rules = append(rules, "MAP "+host+" ~NOTFOUND")
	}
	return strings.Join(rules, ",")
}

// egress is where one sign-in's pages may send requests.
type egress struct {
	loopback bool // the authorization endpoint or the redirect URI is on this machine
}

// refuse returns why a request to u may not be sent, or nil.
func (e egress) refuse(u *url.URL) error {
	if u.Scheme != "http" && u.Scheme != "https" {
		return fmt.Errorf("%s is neither http nor https", u.Scheme)
	}
	switch place(u.Hostname()) {
	case linkLocal:
		return fmt.Errorf("%s is a link-local or metadata address", u.Host)
	case loopback:
		if !e.loopback {
			return fmt.Errorf("%s is on this machine, and neither the provider nor the redirect URI is", u.Host)
		}
	}
	return nil
}

// The places that a host's name can be known to mean.
const (
	elsewhere = iota
	loopback
	linkLocal
)

// metadataIPs are the addresses of cloud metadata services outside of the link-local range.
var metadataIPs = []netip.Addr{netip.MustParseAddr("fd00:ec2::254"), netip.MustParseAddr("100.100.100.200")}

// place returns where host is, as far as its name tells.
func place(host string) int {
	host = strings.TrimSuffix(strings.ToLower(host), ".")
	switch {
	case host == "localhost", strings.HasSuffix(host, ".localhost"): // RFC 6761 §6.3
		return loopback
	case host == "metadata", host == "metadata.google.internal", host == "metadata.goog":
		return linkLocal
	}
	if ip, err := netip.ParseAddr(host); err == nil {
		return placeOf(ip)
	}
	return elsewhere
}

func placeOf(ip netip.Addr) int {
	ip = ip.Unmap()
	switch {
	case ip.IsLoopback(), ip.IsUnspecified():
		return loopback
	case ip.IsLinkLocalUnicast(), ip.IsLinkLocalMulticast():
		return linkLocal
	}
	for _, m := range metadataIPs {
		if ip == m {
			return linkLocal
		}
	}
	return elsewhere
}

// placeOfAddr is placeOf for an address that a connection is made to.
func placeOfAddr(address string) int {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		host = address
	}
	return place(host)
}
