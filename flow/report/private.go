package report

import (
	"bytes"
	"fmt"
	"maps"
	"net/netip"
	"net/url"
	"slices"
	"strings"

	"github.com/oidcflow/oidcflow/flow/trace"
)

// privateSuffixes are of names that no public resolver knows (RFC 6762 §3, RFC 8375, and what companies use besides).
var privateSuffixes = []string{".local", ".internal", ".intranet", ".private", ".corp", ".home", ".lan", ".home.arpa"}

// hideHosts returns data with made-up names in place of the private hosts in seen, the same for each everywhere: how a
// company calls its machines is nobody's business.
func hideHosts(data []byte, seen []string) []byte {
	for i, host := range seen {
		made := fmt.Sprintf("private-%d.invalid", i+1)
		if strings.ContainsAny(host, ".:") {
			data = bytes.ReplaceAll(data, []byte(host), []byte(made))
			continue
		}
		for _, before := range []string{"//", "%2F%2F", "%2f%2f", `\/\/`} { // a word alone is no host's name
			data = bytes.ReplaceAll(data, []byte(before+host), []byte(before+made))
		}
	}
	return data
}

// privateHosts returns the private hosts that were asked, the longest first: one may be the end of another.
func privateHosts(events []trace.Event) []string {
	hosts := map[string]bool{}
	for _, e := range events {
		if e.HTTP == nil {
			continue
		}
		for _, s := range append([]string{e.HTTP.URL}, e.HTTP.ResponseHeader["Location"]...) {
			s, _, _ = strings.Cut(s, "?") // what a label makes of a query is no URL
			if u, err := url.Parse(s); err == nil && isPrivate(u.Hostname()) {
				hosts[u.Hostname()] = true
			}
		}
	}
	list := slices.Sorted(maps.Keys(hosts))
	slices.SortStableFunc(list, func(a, b string) int { return len(b) - len(a) })
	return list
}

// isPrivate reports whether host means something inside one network only. Loopback means the same everywhere.
func isPrivate(host string) bool {
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	if ip, err := netip.ParseAddr(host); err == nil {
		return ip.IsPrivate() || ip.IsLinkLocalUnicast() || netip.MustParsePrefix("100.64.0.0/10").Contains(ip)
	}
	if host == "" || host == "localhost" || strings.HasSuffix(host, ".localhost") {
		return false
	}
	return !strings.Contains(host, ".") ||
		slices.ContainsFunc(privateSuffixes, func(s string) bool { return strings.HasSuffix(host, s) })
}
