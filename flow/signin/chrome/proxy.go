package chrome

import (
	"net/url"
	"strings"

	"github.com/chromedp/cdproto/fetch"
)

// proxyFlags are Chrome's switches for how it reaches providers: through the terminator, through a proxy, or by itself
// whatever the system's settings say.
func proxyFlags(cfg Config, t *terminator) []flag {
	if t != nil {
		return []flag{
			{"proxy-server", "http://" + t.address()},
			{"proxy-bypass-list", "<-loopback>"}, // not even loopback, which Chrome would reach by itself
			{"ignore-certificate-errors-spki-list", t.pin},
		}
	}
	u, err := url.Parse(cfg.Proxy)
	if cfg.Proxy == "" || err != nil {
		return []flag{{"no-proxy-server", true}}
	}
	var bypass []string
	for _, host := range cfg.NoProxy {
		if strings.HasPrefix(host, ".") {
			host = "*" + host
		}
		bypass = append(bypass, host)
	}
	return []flag{
		{"proxy-server", u.Scheme + "://" + u.Host},
		{"proxy-bypass-list", strings.Join(bypass, ";")},
	}
}

// hasCredentials reports whether a proxy may ask for what we have.
func (b *Browser) hasCredentials() bool {
	u, err := url.Parse(b.cfg.Proxy)
	return b.proxy != nil || err == nil && u.User != nil
}

// credentialsFor returns what a proxy of ours asks for.
func (b *Browser) credentialsFor(c *fetch.AuthChallenge) (user, password string, ok bool) {
	if c.Source != fetch.AuthChallengeSourceProxy {
		return "", "", false
	}
	if b.proxy != nil {
		return terminatorUser, b.proxy.password, true
	}
	u, err := url.Parse(b.cfg.Proxy)
	if err != nil || u.User == nil {
		return "", "", false
	}
	password, _ = u.User.Password()
	return u.User.Username(), password, true
}
