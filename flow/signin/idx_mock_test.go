package signin_test

import (
	"context"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/oidcflow/oidcflow/flow/signin"
	"github.com/oidcflow/oidcflow/flow/trace"
	"github.com/oidcflow/oidcflow/mockidp"
	"github.com/stretchr/testify/require"
)

// startOkta starts a mock with Okta's engine and one user, alice, who has everything and signs in by policy.
func startOkta(t *testing.T, org mockidp.OktaOrg, policy ...string) *provider {
	alice := &mockidp.Person{Login: "alice", Password: "correct horse", TOTP: totpSecret, Question: "Where were you born?", Answer: "Paris", Phone: "+15550100", Policy: policy}
	if strings.HasPrefix(strings.Join(policy, " ")+" ", "password enrol") {
		alice.TOTP = ""
	}
	s := mockidp.StartT(t, mockidp.Config{
		Login: "okta", Org: org,
		Clients: []mockidp.Client{{ID: "web", RedirectURIs: []string{redirectURI}}},
		Users:   []mockidp.User{alice, &mockidp.Person{Login: "carol", Password: "carol's own", Locked: true}},
	})
	s.Clock().Freeze()
	return &provider{Server: s}
}

// mailbox answers with the latest code that the mock has sent.
type mailbox struct{ *provider }

func (m mailbox) CanAnswer(k signin.ChallengeKind) bool { return k == signin.ChallengeCode }

func (m mailbox) Answer(_ context.Context, c signin.Challenge) (trace.Secret, error) {
	if c.Kind != signin.ChallengeCode {
		return trace.Secret{}, signin.ErrNotMine
	}
	all := m.Messages()
	return trace.NewSecret("code", all[len(all)-1].Code), nil
}

// idx returns the driver for the user. It goes by the mock's clock, and waits by moving it.
func (p *provider) idx(u signin.User) *signin.IDX {
	x := signin.NewIDX(signin.Config{User: u})
	x.Now = p.Clock().Now
	x.Wait = func(_ context.Context, d time.Duration) error { p.Clock().Advance(d); return nil }
	return x
}

// everything is alice with all factors that a program can have.
func (p *provider) everything(t *testing.T) signin.User {
	t.Helper()
	answers, err := signin.ParseAnswers(strings.NewReader("Where were you born? = Paris"))
	require.NoError(t, err)
	return user("alice", "correct horse", mailbox{p}, answers, p.totp(t))
}

// asked returns what was asked of the mock, in short.
func (p *provider) asked() []string {
	var paths []string
	for _, r := range p.Requests() {
		paths = append(paths, strings.TrimPrefix(r.Path, "/idp/idx/"))
	}
	return paths
}

func TestIDXSignsInOnEveryPolicyOfTheMock(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		org    mockidp.OktaOrg
		policy []string
		params url.Values
		mode   string
	}{
		{name: "a password"},
		{name: "a password", org: mockidp.OktaOrg{Page: "custom"}, policy: []string{"password"}},
		{name: "a password", org: mockidp.OktaOrg{Page: "databag"}, policy: []string{"password"}},
		{name: "on one page", org: mockidp.OktaOrg{First: []string{"identify-password"}}, policy: []string{"password"}},
		{name: "past the device", org: mockidp.OktaOrg{First: []string{"device-challenge", "identify"}}, policy: []string{"password"}},
		{name: "limits that are kept", org: mockidp.OktaOrg{RateLimits: true}, policy: []string{"password", "google_otp", "question", "email", "keep-me-signed-in", "consent"}},
		{policy: []string{"password", "google_otp"}},
		{policy: []string{"password", "okta_verify"}},
		{policy: []string{"password", "question"}},
		{policy: []string{"password", "email"}},
		{policy: []string{"password", "magic_link"}},
		{policy: []string{"password", "sms"}},
		{policy: []string{"password", "push|google_otp"}},
		{policy: []string{"password", "email|sms|question|google_otp|okta_verify"}},
		{policy: []string{"google_otp|password", "sms|email"}},
		{policy: []string{"password", "enrol-optional"}},
		{policy: []string{"password", "password-expiring"}},
		{policy: []string{"password", "keep-me-signed-in"}},
		{policy: []string{"password", "device-grace"}},
		{policy: []string{"password", "consent"}},
		{policy: []string{"password", "granular-consent"}},
		{name: "form_post", policy: []string{"password"}, params: url.Values{"response_mode": {"form_post"}}, mode: "form_post"},
		{name: "fragment", policy: []string{"password"}, params: url.Values{"response_mode": {"fragment"}}, mode: "fragment"},
	}
	for _, test := range tests {
		t.Run(strings.TrimSpace(test.name+" "+test.org.Page+" "+strings.Join(test.policy, " ")), func(t *testing.T) {
			t.Parallel()
			p := startOkta(t, test.org, test.policy...)
			got, err := p.idx(p.everything(t)).SignIn(t.Context(), p.request(t, "web", test.params))
			require.NoError(t, err, "%v", p.asked())
			require.NotEmpty(t, got.Params.Get("code"), "%v", got.Params)
			require.Equal(t, "a-state", got.Params.Get("state"))
			if test.mode != "" {
				require.Equal(t, test.mode, got.Mode)
			}
		})
	}
}

func TestIDXSaysWhyTheMockRefuses(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		org     mockidp.OktaOrg
		policy  []string
		user    func(*provider) signin.User
		code    string
		says    string
		answers int // how often an answer was sent
	}{
		{name: "a wrong password is sent once", user: as("alice", "wrong"), code: "signin.invalid_credentials", says: "Password is incorrect", answers: 1},
		{name: "a wrong password beside the name", org: mockidp.OktaOrg{First: []string{"identify-password"}}, user: as("alice", "wrong"), code: "signin.invalid_credentials", says: "Authentication failed"},
		{name: "an unknown user", user: as("mallory", "mallory's own"), code: "signin.user_unknown", says: "no account"},
		{name: "an unknown user in an organisation that hides them", org: mockidp.OktaOrg{HideUnknownUsers: true}, user: as("mallory", "mallory's own"), code: "signin.invalid_credentials", answers: 1},
		{name: "a locked account", org: mockidp.OktaOrg{ShowLockOuts: true}, user: as("carol", "carol's own"), code: "signin.locked_out", says: "locked"},
		{name: "a locked account that is not shown as such", user: as("carol", "carol's own"), code: "signin.invalid_credentials", answers: 1},
		{policy: []string{"password", "push"}, code: "signin.mfa_unavailable", says: "a push message of Okta Verify", answers: 1},
		{policy: []string{"password", "google_otp"}, user: as("alice", "correct horse"), code: "signin.mfa_unavailable", says: "authenticator app", answers: 1},
		{policy: []string{"password", "email|sms"}, user: as("alice", "correct horse"), code: "signin.mfa_unavailable", says: "a code by e-mail, a code by text message", answers: 1},
		{policy: []string{"password", "enrol"}, code: "signin.enrolment_required", answers: 1},
		{policy: []string{"password", "password-expired"}, code: "signin.password_expired", answers: 1},
		{policy: []string{"password", "redirect-idp"}, code: "signin.external_idp", answers: 1},
		{policy: []string{"password", "not-assigned"}, code: "signin.not_assigned", says: "not assigned", answers: 1},
		{policy: []string{"password", "unsatisfiable"}, code: "signin.denied_by_policy", says: "oie.assurance.unsatisfiable", answers: 1},
		{policy: []string{"password", "denied"}, code: "signin.denied_by_policy", says: "security.access_denied", answers: 1},
		{name: "a sign-in that takes too long", policy: []string{"password", "question"}, user: slow, code: "signin.session_expired", says: "inactivity", answers: 2},
		{name: "another's authenticator app", policy: []string{"password", "google_otp"}, user: withWrongApp, code: "signin.invalid_credentials", says: "soft_token", answers: 3},
	}
	for _, test := range tests {
		t.Run(strings.TrimSpace(test.name+" "+strings.Join(test.policy, " ")), func(t *testing.T) {
			t.Parallel()
			p := startOkta(t, test.org, test.policy...)
			who := p.everything(t)
			if test.user != nil {
				who = test.user(p)
			}
			_, err := p.idx(who).SignIn(t.Context(), p.request(t, "web", nil))
			requireCode(t, err, test.code)
			require.ErrorContains(t, err, test.says)
			require.NotContains(t, err.Error(), who.Password.Reveal())
			n := 0
			for _, path := range p.asked() {
				if path == "challenge/answer" {
					n++
				}
			}
			require.Equal(t, test.answers, n, "%v", p.asked())
		})
	}
}

func as(name, password string) func(*provider) signin.User {
	return func(*provider) signin.User { return user(name, password) }
}

// slow is alice, who thinks about her question for a day.
func slow(p *provider) signin.User { return user("alice", "correct horse", thinker{p}) }

type thinker struct{ *provider }

func (s thinker) Answer(_ context.Context, c signin.Challenge) (trace.Secret, error) {
	s.Clock().Advance(24 * time.Hour)
	return trace.NewSecret("answer", "Paris"), nil
}

// withWrongApp is alice with somebody else's phone.
func withWrongApp(p *provider) signin.User {
	app, err := signin.NewTOTP(trace.NewSecret("totp", "GEZDGNBVGY3TQOJQ"))
	if err != nil {
		panic(err)
	}
	app.Now, app.Ledger = p.Clock().Now, &signin.Ledger{}
	app.Wait = func(_ context.Context, d time.Duration) error { p.Clock().Advance(d); return nil }
	return user("alice", "correct horse", app)
}

func TestIDXReturnsWhatTheClientIsTold(t *testing.T) {
	t.Parallel()
	t.Run("no consent", func(t *testing.T) {
		t.Parallel()
		p := startOkta(t, mockidp.OktaOrg{}, "password", "consent")
		x := p.idx(p.everything(t))
		x.Consent = signin.Deny
		got, err := x.SignIn(t.Context(), p.request(t, "web", nil))
		require.NoError(t, err)
		require.Equal(t, "access_denied", got.Params.Get("error"))
	})
	t.Run("nobody is signed in, and nobody may be asked", func(t *testing.T) {
		t.Parallel()
		p := startOkta(t, mockidp.OktaOrg{})
		got, err := p.idx(p.everything(t)).SignIn(t.Context(), p.request(t, "web", url.Values{"prompt": {"none"}}))
		require.NoError(t, err)
		require.Equal(t, "login_required", got.Params.Get("error"))
	})
	t.Run("a redirect URI that is not the client's", func(t *testing.T) {
		t.Parallel()
		p := startOkta(t, mockidp.OktaOrg{})
		_, err := p.idx(p.everything(t)).SignIn(t.Context(), p.request(t, "web", url.Values{"redirect_uri": {"https://elsewhere.example/cb"}}))
		requireCode(t, err, "authorize.invalid_request")
		require.ErrorContains(t, err, "(request ")
	})
}

func TestIDXMakesNoMoreRequestsThanItMust(t *testing.T) {
	t.Parallel()
	const begin, end = "/oauth2/v1/authorize introspect identify", "/login/token/redirect"
	for policy, between := range map[string]string{
		"password":                       "challenge/answer",
		"password google_otp":            "challenge/answer challenge/answer",
		"password email":                 "challenge/answer challenge challenge/answer",
		"password sms|google_otp":        "challenge/answer challenge challenge/answer",
		"password enrol-optional":        "challenge/answer skip",
		"password keep-me-signed-in":     "challenge/answer keep-me-signed-in",
		"password question consent":      "challenge/answer challenge/answer consent",
		"question password device-grace": "challenge/answer challenge/answer skip",
	} {
		t.Run(policy, func(t *testing.T) {
			t.Parallel()
			p := startOkta(t, mockidp.OktaOrg{}, strings.Fields(policy)...)
			_, err := p.idx(p.everything(t)).SignIn(t.Context(), p.request(t, "web", nil))
			require.NoError(t, err)
			require.Equal(t, begin+" "+between+" "+end, strings.Join(p.asked(), " "))
		})
	}
}

func TestACodeOfTheAppThatAnotherJobUsedIsFollowedByTheNext(t *testing.T) {
	t.Parallel()
	p := startOkta(t, mockidp.OktaOrg{}, "password", "google_otp")
	for range 2 { // each with a ledger of its own, as two jobs have
		_, err := p.idx(user("alice", "correct horse", p.totp(t))).SignIn(t.Context(), p.request(t, "web", nil))
		require.NoError(t, err)
	}
}

func TestSignInsOfOneUserShareOktasLimit(t *testing.T) {
	t.Parallel()
	p := startOkta(t, mockidp.OktaOrg{RateLimits: true}, "password")
	x := p.idx(user("alice", "correct horse"))
	begin := p.Clock().Now()
	for range 12 {
		_, err := x.SignIn(t.Context(), p.request(t, "web", nil))
		require.NoError(t, err)
	}
	require.Positive(t, p.Clock().Now().Sub(begin), "36 requests in no time are more than Okta takes")
	for _, r := range p.Requests() {
		require.NotEqual(t, 429, r.Status, r.Path)
	}
}
