package chrome

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"
	"time"

	"github.com/chromedp/cdproto/network"
	"github.com/stretchr/testify/require"

	"github.com/oidcflow/oidcflow/flow"
	"github.com/oidcflow/oidcflow/flow/signin"
	"github.com/oidcflow/oidcflow/mockidp"
)

// Whoever begins a session, the other goes on with it, and a sign-in without the jar has none.
func TestSessionIsSharedWithTheDriverWithoutABrowser(t *testing.T) {
	t.Parallel()
	m := mock(t, mockidp.Config{})
	b := sharedBrowser(t, binaries[0])
	with := func(driver flow.SignIn, prompt string) error {
		c, err := flow.New(flow.Config{Issuer: m.Issuer("org"), ClientID: "web", RedirectURI: testRedirect, SignIn: driver, Prompt: prompt})
		require.NoError(t, err)
		_, err = c.Run(within(t, patience))
		return err
	}
	inChrome := func(c signin.Config) flow.SignIn { return b.Driver(c) }
	byForms := func(c signin.Config) flow.SignIn { return signin.NewForm(c) }
	for name, order := range map[string][2]func(signin.Config) flow.SignIn{
		"chrome, then form": {inChrome, byForms}, "form, then chrome": {byForms, inChrome}, "chrome twice": {inChrome, inChrome},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := signin.Config{User: alice(), Jar: signin.NewJar()}
			require.NoError(t, with(order[0](c), ""))
			require.NoError(t, with(order[1](c), "none"))
			c.Jar = nil
			require.ErrorContains(t, with(order[1](c), "none"), "login_required")
		})
	}
}

// A cookie that goes through Chrome's form and back is the same.
func TestCookiesThereAndBack(t *testing.T) {
	t.Parallel()
	at := &url.URL{Scheme: "https", Host: "login.example.com", Path: "/a/b"}
	expires := time.Unix(2_000_000_000, 0)
	for name, c := range map[string]*http.Cookie{
		"of a host":   {Name: "sid", Value: "1", Path: "/", Secure: true, HttpOnly: true, SameSite: http.SameSiteNoneMode},
		"of a domain": {Name: "sid", Value: "1", Path: "/a", Domain: "example.com", Expires: expires, SameSite: http.SameSiteLaxMode},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := cookieParam(signin.SetCookie{URL: at, Cookie: c})
			kept := &network.Cookie{Name: p.Name, Value: p.Value, Path: p.Path, Secure: p.Secure, HTTPOnly: p.HTTPOnly, SameSite: p.SameSite, Expires: -1, Domain: at.Host}
			if p.Domain != "" {
				kept.Domain = "." + p.Domain // as Chrome writes those that hold for hosts below, too
			}
			if p.Expires > 0 {
				kept.Expires = float64(p.Expires)
			}
			_, back := cookieOf(kept)
			require.Equal(t, c, back)
		})
	}
}

// A cookie that is replaced or taken back is not in the jar twice.
func TestJarKeepsTheLast(t *testing.T) {
	t.Parallel()
	s := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(s.Close)
	u, err := url.Parse(s.URL)
	require.NoError(t, err)
	j := signin.NewJar()
	j.SetCookies(u, []*http.Cookie{{Name: "a", Value: "1", Path: "/"}, {Name: "b", Value: "1", Path: "/"}})
	j.SetCookies(u, []*http.Cookie{{Name: "a", Value: "2", Path: "/"}, {Name: "b", MaxAge: -1, Path: "/"}})
	require.Len(t, j.All(), 1)
	require.Equal(t, "2", j.All()[0].Cookie.Value)
	require.Len(t, j.Cookies(u), 1)
}
