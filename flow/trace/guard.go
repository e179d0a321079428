package trace

import (
	"context"
	"encoding/base64"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
)

// RefusedError says that a request was not sent, as it carried a secret to a host that the secret is not for.
type RefusedError struct {
	Kind string // of the secret
	Host string // as in the request's URL
}

// Error names the kind and the host.
func (e *RefusedError) Error() string {
	return fmt.Sprintf("refusing to send the %s to %q: it is not for this host", e.Kind, e.Host)
}

// MaySend returns a *[RefusedError] if m carries, in any encoding, the value of a secret that was given to [Learn] in
// ctx with other hosts than that of m.URL. Values that a [Redactor] learned by their names have no such rule: they come
// from the provider, which did not say what they are for. [Transport] asks for each request; a driver that sends
// requests in another way asks itself.
func MaySend(ctx context.Context, m *Message) error {
	v, ok := ctx.Value(contextKey{}).(contextValue)
	if !ok {
		return nil
	}
	u, err := url.Parse(m.URL)
	if err != nil {
		return fmt.Errorf("url of a request: %w", err)
	}
	return v.guard.check(u, m)
}

// guard knows where secrets may be sent. It rides in the context beside the recorder, and not in the Redactor, for it
// holds where nothing is recorded, or recorded in clear, too.
type guard struct {
	mu    sync.RWMutex
	index index
	known map[string]*entry
}

func newGuard() *guard { return &guard{known: map[string]*entry{}} }

// learn adds secrets. Learned twice, a value may go to the hosts of either.
func (g *guard) learn(secrets []Secret) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, s := range secrets {
		if len(s.Reveal()) < shortest {
			continue
		}
		e := g.known[s.Reveal()]
		if e == nil {
			e = &entry{value: s.Reveal(), kind: s.Kind()}
			g.known[s.Reveal()] = e
			for _, n := range needles(e) {
				g.index.add(n, false)
			}
		}
		e.hosts = append(e.hosts, s.Hosts()...)
	}
}

func (g *guard) isEmpty() bool {
	g.mu.RLock()
	defer g.mu.RUnlock()
	return len(g.known) == 0
}

func (g *guard) check(u *url.URL, m *Message) error {
	if g.isEmpty() {
		return nil
	}
	texts := []string{m.URL, m.RequestBody}
	for name, values := range m.RequestHeader {
		texts = append(texts, name)
		for _, v := range values {
			texts = append(texts, v)
			// A short value has too little of itself in base64 to be told from chance: Basic is decoded.
			if _, credentials, ok := strings.Cut(v, " "); ok {
				if plain, err := base64.StdEncoding.DecodeString(credentials); err == nil {
					texts = append(texts, string(plain))
				}
			}
		}
	}
	for _, text := range texts {
		if kind, found := g.stranger(u, text); found {
			return &RefusedError{Kind: kind, Host: u.Host}
		}
	}
	return nil
}

// stranger returns the kind of a secret in text that is not for the host of u.
func (g *guard) stranger(u *url.URL, text string) (kind string, found bool) {
	all := views(text)
	g.mu.RLock()
	defer g.mu.RUnlock()
	for _, v := range all {
		g.index.find(v.text, false, func(start, end int, e *entry) {
			if !found && !isFor(e.hosts, u) && stands(v.text, start, end, e.value) {
				kind, found = e.kind, true
			}
		})
	}
	return kind, found
}

// stands reports whether the value at the place is meant. Six digits or a short word are in a random string by chance,
// so a value under eight bytes must stand by itself.
func stands(text string, start, end int, value string) bool {
	const short = 8
	if len(value) >= short {
		return true
	}
	before := start > 0 && alphanumeric(text[start-1])
	after := end < len(text) && alphanumeric(text[end])
	return !before && !after
}

// isFor reports whether u is at one of hosts: a host stands for all its ports, host:port for that one.
func isFor(hosts []string, u *url.URL) bool {
	name, port := hostname(u.Hostname()), portOf(u)
	for _, h := range hosts {
		want := &url.URL{Scheme: u.Scheme, Host: h}
		if strings.Count(h, ":") > 1 && !strings.HasPrefix(h, "[") {
			want.Host = "[" + h + "]" // an IPv6 address alone
		}
		if hostname(want.Hostname()) == name && (want.Port() == "" || want.Port() == port) {
			return true
		}
	}
	return false
}

// hostname returns a name as it is compared: DNS knows neither case nor a final dot.
func hostname(h string) string { return strings.ToLower(strings.TrimSuffix(h, ".")) }

func portOf(u *url.URL) string {
	if p := u.Port(); p != "" {
		return p
	}
	switch u.Scheme {
	case "https":
		return "443"
	case "http":
		return "80"
	}
	return ""
}

// headerOf returns h with Host, which net/http keeps elsewhere.
func headerOf(r *http.Request) http.Header {
	h := r.Header.Clone()
	if r.Host != "" && r.Host != r.URL.Host {
		if h == nil {
			h = http.Header{}
		}
		h.Set("Host", r.Host)
	}
	return h
}
