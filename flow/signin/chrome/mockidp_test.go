package chrome

import (
	"context"
	"crypto/x509"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/oidcflow/oidcflow/flow"
	"github.com/oidcflow/oidcflow/flow/signin"
	"github.com/oidcflow/oidcflow/flow/trace"
	"github.com/oidcflow/oidcflow/mockidp"
)

const totpSecret = "JBSWY3DPEHPK3PXP"

// mock is a provider with the users alice, bob and, with a second factor, carol.
func mock(t testing.TB, cfg mockidp.Config) *mockidp.Server {
	t.Helper()
	cfg.Login = "form"
	cfg.Clients = []mockidp.Client{{ID: "web", RedirectURIs: []string{testRedirect}}, {ID: "asks", RequireConsent: true, RedirectURIs: []string{testRedirect}}}
	cfg.Users = []mockidp.User{
		&mockidp.Person{Login: "alice", Password: "correct horse"},
		&mockidp.Person{Login: "carol", Password: "correct horse", TOTP: totpSecret},
		&mockidp.Person{Login: "mallory", Password: "correct horse", Locked: true},
	}
	for i := range 10 {
		cfg.Users = append(cfg.Users, &mockidp.Person{Login: fmt.Sprintf("user%d", i), Password: fmt.Sprintf("password of %d", i)})
	}
	return mockidp.StartT(t, cfg)
}

// client is an application that signs users in with b.
func client(t testing.TB, b *Browser, m *mockidp.Server, id string, c signin.Config) *flow.Client {
	t.Helper()
	client, err := flow.New(flow.Config{Issuer: m.Issuer("org"), ClientID: id, RedirectURI: testRedirect, Scopes: []string{"openid", "profile"},
		SignIn: b.Driver(c), Transport: m.Client().Transport, Now: m.Clock().Now})
	require.NoError(t, err)
	return client
}

func carol(t testing.TB, m *mockidp.Server) signin.User {
	t.Helper()
	totp, err := signin.NewTOTP(trace.NewSecret("totp", totpSecret))
	require.NoError(t, err)
	totp.Now = m.Clock().Now
	return signin.User{Name: "carol", Password: trace.NewSecret("password", "correct horse"), Factors: []signin.Factor{totp}}
}

func TestCodeFlow(t *testing.T) {
	t.Parallel()
	m := mock(t, mockidp.Config{})
	inEach(t, func(t *testing.T, b *Browser) {
		result, err := client(t, b, m, "asks", signin.Config{User: alice()}).Run(within(t, patience))
		require.NoError(t, err)
		require.Equal(t, "alice", result.IDTokenClaims["preferred_username"])
	})
	b := sharedBrowser(t, binaries[0])
	t.Run("a code from an app", func(t *testing.T) {
		result, err := client(t, b, m, "web", signin.Config{User: carol(t, m)}).Run(within(t, patience))
		require.NoError(t, err)
		require.Equal(t, "carol", result.IDTokenClaims["preferred_username"])
	})
	t.Run("form_post", func(t *testing.T) {
		c, err := flow.New(flow.Config{Issuer: m.Issuer("org"), ClientID: "web", RedirectURI: testRedirect, ResponseMode: "form_post",
			SignIn: b.Driver(signin.Config{User: alice()})})
		require.NoError(t, err)
		_, err = c.Run(within(t, patience))
		require.NoError(t, err)
	})
	for name, c := range map[string]struct {
		user    signin.User
		consent signin.Consent
		code    string
	}{
		"wrong password":  {signin.User{Name: "alice", Password: trace.NewSecret("password", "wrong horse")}, "", "signin.invalid_credentials"},
		"locked":          {signin.User{Name: "mallory", Password: trace.NewSecret("password", "correct horse")}, "", "signin.locked_out"},
		"no factor":       {signin.User{Name: "carol", Password: trace.NewSecret("password", "correct horse")}, "", "signin.mfa_unavailable"},
		"consent refused": {alice(), signin.Deny, "authorize.access_denied"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := client(t, b, m, "asks", signin.Config{User: c.user, Consent: c.consent}).Run(within(t, patience))
			requireCode(t, c.code, err)
			require.NotContains(t, err.Error(), "horse")
		})
	}
}

func TestTenUsersAtOnce(t *testing.T) {
	t.Parallel()
	tenUsers(t, sharedBrowser(t, binaries[0]), mock(t, mockidp.Config{}))
}

// tenUsers signs ten users in at once, each of whom must get their own tokens.
func tenUsers(t testing.TB, b *Browser, m *mockidp.Server) {
	t.Helper()
	ctx := within(t, patience)
	var wg sync.WaitGroup
	errs := make([]error, 10)
	for i := range errs {
		user := signin.User{Name: fmt.Sprintf("user%d", i), Password: trace.NewSecret("password", fmt.Sprintf("password of %d", i))}
		c := client(t, b, m, "web", signin.Config{User: user})
		wg.Go(func() {
			result, err := c.Run(ctx)
			if err == nil && result.IDTokenClaims["preferred_username"] != user.Name {
				err = fmt.Errorf("want the tokens of %s, got those of %v", user.Name, result.IDTokenClaims["preferred_username"])
			}
			errs[i] = err
		})
	}
	wg.Wait()
	for i, err := range errs {
		require.NoError(t, err, i)
	}
}

func TestPrivateCertificationAuthority(t *testing.T) {
	t.Parallel()
	m := mock(t, mockidp.Config{TLS: true})
	pool := x509.NewCertPool()
	require.True(t, pool.AppendCertsFromPEM(m.CAPEM()))
	for _, binary := range binaries {
		t.Run(binary, func(t *testing.T) {
			t.Parallel()
			b := startBrowser(t, Config{Path: binary, CA: pool})
			_, err := client(t, b, m, "web", signin.Config{User: alice()}).Run(within(t, patience))
			require.NoError(t, err)
		})
	}
	t.Run("not trusted by Chrome", func(t *testing.T) {
		t.Parallel()
		_, err := client(t, sharedBrowser(t, binaries[0]), m, "web", signin.Config{User: alice()}).Run(within(t, patience))
		requireCode(t, "env.tls", err)
	})
	t.Run("another authority", func(t *testing.T) {
		t.Parallel()
		_, err := client(t, startBrowser(t, Config{CA: x509.NewCertPool()}), m, "web", signin.Config{User: alice()}).Run(within(t, patience))
		e := requireCode(t, "env.tls", err)
		require.Contains(t, e.Error(), "unknown authority")
	})
	t.Run("a certificate for another name", func(t *testing.T) {
		t.Parallel()
		other := httptest.NewTLSServer(http.NotFoundHandler())
		t.Cleanup(other.Close)
		trusting := x509.NewCertPool()
		trusting.AddCert(other.Certificate())
		b := startBrowser(t, Config{CA: trusting})
		u, err := url.Parse(other.URL)
		require.NoError(t, err)
		_, err = b.Driver(signin.Config{User: alice()}).SignIn(within(t, patience), request(t, "https://localhost:"+u.Port(), testRedirect))
		e := requireCode(t, "env.tls", err)
		require.Contains(t, e.Error(), "localhost")
	})
	t.Run("nobody listens", func(t *testing.T) {
		t.Parallel()
		b := startBrowser(t, Config{CA: pool})
		_, err := b.Driver(signin.Config{User: alice()}).SignIn(within(t, patience), request(t, "https://localhost:9999/", testRedirect))
		requireCode(t, "env.unreachable", err)
	})
}

// A port on which a proxy of ours listens is of no use to others on the machine.
func TestTerminatorAsksForItsPassword(t *testing.T) {
	t.Parallel()
	tr, err := newTerminator(Config{CA: x509.NewCertPool()})
	require.NoError(t, err)
	t.Cleanup(tr.close)
	for _, user := range []*url.Userinfo{nil, url.UserPassword(terminatorUser, "guess")} {
		c := http.Client{Transport: &http.Transport{Proxy: http.ProxyURL(&url.URL{Scheme: "http", Host: tr.address(), User: user})}}
		r, err := http.NewRequestWithContext(within(t, patience), http.MethodGet, "http://provider.invalid/", nil)
		require.NoError(t, err)
		res, err := c.Do(r)
		require.NoError(t, err)
		require.NoError(t, res.Body.Close())
		require.Equal(t, http.StatusProxyAuthRequired, res.StatusCode)
	}
}

// proxy is a proxy that asks for a password, and sends all that it is asked for to a provider.
func proxy(t *testing.T, to *httptest.Server) (*url.URL, *atomic.Int64) {
	t.Helper()
	var served atomic.Int64
	target, err := url.Parse(to.URL)
	require.NoError(t, err)
	forward := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(target) }}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Proxy-Authorization") != "Basic dXNlcjpwYXNz" { // user:pass
			w.Header().Set("Proxy-Authenticate", `Basic realm="proxy"`)
			w.WriteHeader(http.StatusProxyAuthRequired)
			return
		}
		served.Add(1)
		forward.ServeHTTP(w, r)
	}))
	t.Cleanup(s.Close)
	u, err := url.Parse(s.URL)
	require.NoError(t, err)
	u.User = url.UserPassword("user", "pass")
	return u, &served
}

func TestProxy(t *testing.T) {
	t.Parallel()
	for _, binary := range binaries {
		t.Run(binary, func(t *testing.T) {
			t.Parallel()
			u, served := proxy(t, provider(t, map[string]string{"/{$}": login}))
			b := startBrowser(t, Config{Path: binary, Proxy: u.String(), NoProxy: []string{"direct.invalid"}})
			c := signin.Config{User: alice(), InsecureHTTP: true}
			cb, err := b.Driver(c).SignIn(within(t, patience), request(t, "http://provider.invalid/", testRedirect))
			require.NoError(t, err)
			require.Equal(t, loggedIn, cb.Params.Get("form"))
			require.NotZero(t, served.Load())
			_, err = b.Driver(c).SignIn(within(t, patience), request(t, "http://direct.invalid/", testRedirect))
			requireCode(t, "env.unreachable", err)
			_, err = signInAt(t, b, provider(t, map[string]string{"/{$}": login}))
			require.NoError(t, err, "loopback goes through no proxy")
		})
	}
}

func TestContextOfTheCaller(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := Start(ctx, Config{TempDir: testDir(t)})
	requireCode(t, "signin.interrupted", err)
}
