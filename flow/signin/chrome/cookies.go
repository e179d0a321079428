package chrome

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/storage"

	"github.com/oidcflow/oidcflow/flow/signin"
)

// takeCookies puts the cookies of the session, if it is shared, into the browser context.
func (s *signIn) takeCookies(ctx context.Context) error {
	if s.jar == nil || len(s.jar.All()) == 0 {
		return nil
	}
	var all []*network.CookieParam
	for _, c := range s.jar.All() {
		all = append(all, cookieParam(c))
	}
	_, err := cdp.Call(ctx, s.b.calls, storage.SetCookies, storage.SetCookiesParams{Cookies: all, BrowserContextID: s.contextID})
	return err
}

// keepCookies takes the cookies of the browser context into the session, if it is shared.
func (s *signIn) keepCookies(ctx context.Context) error {
	if s.jar == nil {
		return nil
	}
	res, err := cdp.Call(ctx, s.b.calls, storage.GetCookies, storage.GetCookiesParams{BrowserContextID: s.contextID})
	if err != nil {
		return err
	}
	for _, c := range res.Cookies {
		u, cookie := cookieOf(c)
		s.jar.SetCookies(u, []*http.Cookie{cookie})
	}
	return nil
}

func cookieParam(c signin.SetCookie) *network.CookieParam {
	u := *c.URL
	if c.Cookie.Secure {
		u.Scheme = "https" // Chrome takes no such cookie from http, and sends it to loopback hosts all the same
	}
	p := &network.CookieParam{Name: c.Cookie.Name, Value: c.Cookie.Value, URL: u.String(), Domain: c.Cookie.Domain, Path: c.Cookie.Path,
		Secure: c.Cookie.Secure, HTTPOnly: c.Cookie.HttpOnly, SameSite: sameSites[c.Cookie.SameSite]}
	if !c.Cookie.Expires.IsZero() {
		p.Expires = cdp.TimeSinceEpoch(c.Cookie.Expires.Unix())
	}
	return p
}

var sameSites = map[http.SameSite]network.CookieSameSite{
	http.SameSiteLaxMode:    network.CookieSameSiteLax,
	http.SameSiteStrictMode: network.CookieSameSiteStrict,
	http.SameSiteNoneMode:   network.CookieSameSiteNone,
}

// cookieOf is a cookie of Chrome's, and a URL that could have set it. A domain with a dot before it has all below it.
func cookieOf(c *network.Cookie) (*url.URL, *http.Cookie) {
	host, below := strings.CutPrefix(c.Domain, ".")
	out := &http.Cookie{Name: c.Name, Value: c.Value, Path: c.Path, Secure: c.Secure, HttpOnly: c.HTTPOnly}
	if below {
		out.Domain = host
	}
	for mode, name := range sameSites {
		if name == c.SameSite {
			out.SameSite = mode
		}
	}
	if c.Expires > 0 {
		out.Expires = time.Unix(int64(c.Expires), 0)
	}
	scheme := "http"
	if c.Secure {
		scheme = "https"
	}
	return &url.URL{Scheme: scheme, Host: host, Path: c.Path}, out
}
