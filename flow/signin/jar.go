package signin

import (
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"slices"
	"sync"

	"golang.org/x/net/publicsuffix"
)

// Jar is the cookies of a session that several sign-ins share, of whichever drivers; see [Config].Jar. Only one sign-in
// at a time should use it.
type Jar struct {
	http.CookieJar // as the drivers form and idx use it

	mu   sync.Mutex
	kept []SetCookie
}

// SetCookie is a cookie, and the URL that set it.
type SetCookie struct {
	URL    *url.URL
	Cookie *http.Cookie
}

// NewJar returns a jar without cookies.
func NewJar() *Jar {
	// cookiejar.New has no error to return.
	jar, _ := cookiejar.New(&cookiejar.Options{PublicSuffixList: publicsuffix.List})
	return &Jar{CookieJar: loopbackJar{jar}}
}

// SetCookies implements [http.CookieJar].
func (j *Jar) SetCookies(u *url.URL, cookies []*http.Cookie) {
	j.CookieJar.SetCookies(u, cookies)
	j.mu.Lock()
	defer j.mu.Unlock()
	for _, c := range cookies {
		// A cookie takes the place of the one of its name, domain and path (RFC 6265 §5.3 item 11).
		j.kept = slices.DeleteFunc(j.kept, func(o SetCookie) bool {
			return o.Cookie.Name == c.Name && o.Cookie.Domain == c.Domain && o.Cookie.Path == c.Path && o.URL.Host == u.Host
		})
		if c.MaxAge >= 0 {
			j.kept = append(j.kept, SetCookie{u, c})
		}
	}
}

// All returns the cookies that were set, for a driver with a jar of its own such as a browser's.
func (j *Jar) All() []SetCookie {
	j.mu.Lock()
	defer j.mu.Unlock()
	return slices.Clone(j.kept)
}
