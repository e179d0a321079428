package signin_test

import (
	"context"
	"net/url"
	"testing"
	"time"

	"github.com/oidcflow/oidcflow/flow"
	"github.com/oidcflow/oidcflow/flow/signin"
	"github.com/oidcflow/oidcflow/flow/trace"
	"github.com/oidcflow/oidcflow/mockidp"
	"github.com/stretchr/testify/require"
)

const (
	totpSecret  = "JBSWY3DPEHPK3PXP"
	redirectURI = "https://app.example.com/callback"
)

// provider is a mock with one user of each kind, and what a sign-in there needs.
type provider struct {
	*mockidp.Server
}

func startProvider(t *testing.T) *provider {
	s := mockidp.StartT(t, mockidp.Config{
		Clients: []mockidp.Client{
			{ID: "web", RedirectURIs: []string{redirectURI}},
			{ID: "asks", RedirectURIs: []string{redirectURI}, RequireConsent: true},
		},
		Users: []mockidp.User{
			&mockidp.Person{Login: "alice", Password: "correct horse"},
			&mockidp.Person{Login: "bob", Password: "battery staple", TOTP: totpSecret},
			&mockidp.Person{Login: "carol", Password: "carol's own", Locked: true},
		},
	})
	s.Clock().Freeze()
	return &provider{Server: s}
}

// request returns an authorization request of client, changed by params.
func (p *provider) request(t *testing.T, client string, params url.Values) flow.Request {
	t.Helper()
	u, err := url.Parse(p.Issuer("org") + "/oauth2/v1/authorize")
	require.NoError(t, err)
	q := url.Values{"client_id": {client}, "redirect_uri": {redirectURI}, "response_type": {"code"}, "scope": {"openid"}, "state": {"a-state"},
		"nonce": {"a-nonce"}, "code_challenge": {"E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"}, "code_challenge_method": {"S256"}}
	for name, values := range params {
		q[name] = values
	}
	u.RawQuery = q.Encode()
	return flow.Request{URL: u, RedirectURI: redirectURI, ResponseMode: q.Get("response_mode")}
}

// totp returns bob's authenticator app. It goes by the mock's clock, and waits by moving it.
func (p *provider) totp(t *testing.T) *signin.TOTP {
	t.Helper()
	factor, err := signin.NewTOTP(trace.NewSecret("totp", totpSecret))
	require.NoError(t, err)
	factor.Now = p.Clock().Now
	factor.Wait = func(_ context.Context, d time.Duration) error { p.Clock().Advance(d); return nil }
	factor.Ledger = &signin.Ledger{}
	return factor
}

// posts returns how often a form was sent to the sign-in pages.
func (p *provider) posts() int {
	n := 0
	for _, r := range p.Requests() {
		if r.Method == "POST" {
			n++
		}
	}
	return n
}

func user(name, password string, factors ...signin.Factor) signin.User {
	return signin.User{Name: name, Password: trace.NewSecret("password", password), Factors: factors}
}

// requireCode fails the test unless err is a *flow.Error with that code, and returns it.
func requireCode(t *testing.T, err error, code string) *flow.Error {
	t.Helper()
	var coded *flow.Error
	require.ErrorAs(t, err, &coded)
	require.Equal(t, code, coded.Code, "%v", err)
	return coded
}

func TestFormSignsInOnTheMock(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		client string
		params url.Values
		mode   string
		totp   bool
		want   string // the parameter that the response must have
		reply  signin.Consent
	}{
		{name: "a name and a password", client: "web", mode: "query", want: "code"},
		{name: "a code from an app", client: "web", mode: "query", want: "code", totp: true},
		{name: "response mode fragment", client: "web", params: url.Values{"response_mode": {"fragment"}}, mode: "fragment", want: "code"},
		{name: "response mode form_post", client: "web", params: url.Values{"response_mode": {"form_post"}}, mode: "form_post", want: "code"},
		{name: "consent is granted", client: "asks", mode: "query", want: "code"},
		{name: "consent is denied", client: "asks", mode: "query", want: "error", reply: signin.Deny},
		{name: "an error comes straight back", client: "web", params: url.Values{"prompt": {"none"}}, mode: "query", want: "error"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			p := startProvider(t)
			who := user("alice", "correct horse")
			if test.totp {
				who = user("bob", "battery staple", p.totp(t))
			}
			got, err := signin.NewForm(signin.Config{User: who, Consent: test.reply}).SignIn(t.Context(), p.request(t, test.client, test.params))
			require.NoError(t, err)
			require.Equal(t, test.mode, got.Mode)
			require.NotEmpty(t, got.Params.Get(test.want), "params: %v", got.Params)
			require.Equal(t, "a-state", got.Params.Get("state"))
		})
	}
}

func TestFormSaysWhyAUserIsNotSignedIn(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		user  signin.User
		code  string
		says  string
		hint  string
		posts int
	}{
		{name: "a wrong password is sent once", user: user("alice", "wrong"), code: "signin.invalid_credentials", says: "Unable to sign in", posts: 2},
		{name: "an unknown user is told no more than a wrong password", user: user("mallory", "mallory's own"), code: "signin.invalid_credentials", posts: 2},
		{name: "a locked account", user: user("carol", "carol's own"), code: "signin.locked_out", says: "locked", posts: 2},
		{name: "a code that the user cannot give", user: user("bob", "battery staple"), code: "signin.mfa_unavailable", hint: "--totp-file", posts: 2},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			p := startProvider(t)
			_, err := signin.NewForm(signin.Config{User: test.user}).SignIn(t.Context(), p.request(t, "web", nil))
			coded := requireCode(t, err, test.code)
			require.ErrorContains(t, err, test.says)
			require.Contains(t, coded.Hint, test.hint)
			require.NotContains(t, err.Error(), test.user.Password.Reveal())
			require.Equal(t, test.posts, p.posts())
		})
	}
}

func TestARefusedCodeIsAnsweredOnceMoreWithTheNextStep(t *testing.T) {
	t.Parallel()
	t.Run("another job used the step", func(t *testing.T) {
		t.Parallel()
		p := startProvider(t)
		for range 2 { // each with a ledger of its own, as two jobs have
			_, err := signin.NewForm(signin.Config{User: user("bob", "battery staple", p.totp(t))}).SignIn(t.Context(), p.request(t, "web", nil))
			require.NoError(t, err)
		}
		require.Equal(t, 3+4, p.posts())
	})
	t.Run("the secret is another's", func(t *testing.T) {
		t.Parallel()
		p := startProvider(t)
		other, err := signin.NewTOTP(trace.NewSecret("totp", "GEZDGNBVGY3TQOJQ"))
		require.NoError(t, err)
		other.Now, other.Ledger = p.Clock().Now, &signin.Ledger{}
		other.Wait = func(_ context.Context, d time.Duration) error { p.Clock().Advance(d); return nil }
		_, err = signin.NewForm(signin.Config{User: user("bob", "battery staple", other)}).SignIn(t.Context(), p.request(t, "web", nil))
		requireCode(t, err, "signin.invalid_credentials")
		require.Equal(t, 4, p.posts())
	})
}

func TestTheProvidersErrorPageIsItsRefusal(t *testing.T) {
	t.Parallel()
	p := startProvider(t)
	r := p.request(t, "web", url.Values{"redirect_uri": {"https://elsewhere.example/cb"}})
	_, err := signin.NewForm(signin.Config{User: user("alice", "correct horse")}).SignIn(t.Context(), r)
	requireCode(t, err, "authorize.invalid_request")
	require.ErrorContains(t, err, "redirect_uri")
	require.NotContains(t, err.Error(), "a-nonce")
}
