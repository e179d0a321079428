package chrome

import (
	"context"
	"crypto/x509"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/oidcflow/oidcflow/flow/signin"
	"github.com/oidcflow/oidcflow/flow/trace"
	"github.com/oidcflow/oidcflow/mockidp"
)

// classic is an organisation whose engine is the Classic one.
func classic(o mockidp.OktaOrg) mockidp.OktaOrg {
	o.Engine = "classic"
	return o
}

// factorID is what is new in each organisation.
var factorID = regexp.MustCompile(`/factors/[^/]+/`)

// asked are the endpoints of the Classic engine that were asked, in their order.
func (o *okta) asked() string {
	var paths []string
	for _, r := range o.Requests() {
		if path, ok := strings.CutPrefix(r.Path, "/api/v1/"); ok {
			paths = append(paths, factorID.ReplaceAllString(path, "/factors/*/"))
		}
	}
	return strings.Join(paths, " ")
}

func TestOktaClassic(t *testing.T) {
	t.Parallel()
	b := sharedBrowser(t, binaries[0])
	const verify = " authn/factors/*/verify"
	for _, c := range []struct {
		name   string
		policy string
		org    mockidp.OktaOrg
		cfg    func(*signin.Config)
		asked  string // besides the password
	}{
		{name: "name and password at once"},
		{name: "identifier first", org: mockidp.OktaOrg{First: []string{"identify"}}},
		{name: "fingerprint", org: mockidp.OktaOrg{DeviceFingerprints: true}},
		{name: "a customised page", org: mockidp.OktaOrg{Page: "custom"}},
		{name: "a page with a bag", org: mockidp.OktaOrg{Page: "databag"}},
		{policy: "google_otp", asked: verify},
		{policy: "okta_verify", asked: verify},
		{policy: "question", asked: verify},
		{policy: "email", asked: verify + verify},
		{policy: "sms", asked: verify + verify},
		{name: "another than the page shows,", policy: "sms|question|google_otp", asked: verify},
		{name: "a code beside push,", policy: "push|okta_verify", asked: verify},
		{name: "what the user wants,", policy: "google_otp|sms|email", cfg: func(c *signin.Config) { c.Order = []signin.ChallengeKind{signin.ChallengeCode} }, asked: verify + verify},
		{policy: "enrol-optional", asked: " authn/skip"},
		{policy: "password-expiring", asked: " authn/skip"},
		{name: "a new password,", policy: "password-expired", cfg: func(c *signin.Config) {
			c.User.NewPassword = func(context.Context) (trace.Secret, error) {
				return trace.NewSecret("password", "another horse battery"), nil
			}
		}, asked: " authn/credentials/change_password"},
		{policy: "consent", asked: " authn/introspect authn/consent"},
		{policy: "google_otp password-expiring consent", asked: verify + " authn/skip authn/introspect authn/consent"},
	} {
		t.Run(strings.TrimSpace(c.name+" "+c.policy), func(t *testing.T) {
			t.Parallel()
			o := startOkta(t, classic(c.org), append([]string{"password"}, strings.Fields(c.policy)...)...)
			cfg := signin.Config{User: o.everything(t)}
			if c.cfg != nil {
				c.cfg(&cfg)
			}
			result, err := o.client(t, b, cfg).Run(within(t, patience))
			require.NoError(t, err, o.asked())
			require.Equal(t, "alice", result.IDTokenClaims["preferred_username"])
			require.Equal(t, "authn"+c.asked, o.asked())
		})
	}
}

// A passkey answers the page that asks for it by itself, and the one on which it has to be chosen. Who has none is led to
// another factor once the page has asked.
func TestOktaClassicPasskey(t *testing.T) {
	t.Parallel()
	b := sharedBrowser(t, binaries[0])
	key, public := newPasskey(t, "localhost")
	der, err := x509.MarshalPKIXPublicKey(public)
	require.NoError(t, err)
	const verify = " authn/factors/*/verify"
	for _, c := range []struct {
		name, policy, amr, asked string
		key                      *signin.Passkey
	}{
		{"the page asks", "passkey|google_otp", "hwk", "authn" + verify + verify, key},
		{"it is chosen", "question|passkey", "hwk", "authn" + verify + verify, key},
		{"another factor is chosen", "passkey|google_otp", "otp", "authn" + verify + verify, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			p := alicesPerson("password", c.policy)
			p.Passkeys = []mockidp.Passkey{{ID: key.ID, PublicKey: der}}
			o := startOktaBehind(t, at("", nil), mockidp.Config{Org: classic(mockidp.OktaOrg{}), Users: []mockidp.User{p}})
			user := o.everything(t)
			user.Passkey = c.key
			result, err := o.client(t, b, signin.Config{User: user}).Run(within(t, patience))
			require.NoError(t, err, o.asked())
			require.Contains(t, result.IDTokenClaims["amr"], c.amr)
			require.Equal(t, c.asked, o.asked())
		})
	}
}

// The number of a push message is told to the person who answers it.
func TestOktaClassicPush(t *testing.T) {
	t.Parallel()
	o := startOkta(t, classic(mockidp.OktaOrg{}), "password", "push")
	ctx := trace.WithRecorder(within(t, patience), person{t, o})
	result, err := o.client(t, sharedBrowser(t, binaries[0]), signin.Config{User: o.everything(t), AllowPush: true}).Run(ctx)
	require.NoError(t, err, o.asked())
	require.Contains(t, result.IDTokenClaims["amr"], "swk")
}

// person answers a push message as soon as they are told to.
type person struct {
	t testing.TB
	o *okta
}

func (p person) Record(e trace.Event) {
	number, told := strings.CutPrefix(e.Message, "a person has to choose ")
	if number, _, _ = strings.Cut(number, " "); told {
		assert.NoError(p.t, p.o.AnswerPush("alice", number))
	}
}
