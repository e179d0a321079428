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
