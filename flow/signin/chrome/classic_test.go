package chrome

import (
	"context"
	"strings"
	"testing"

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

// asked are the paths below /api/v1/authn that were asked for.
func (o *okta) asked() string {
	var paths []string
	for _, r := range o.Requests() {
		if path, ok := strings.CutPrefix(r.Path, "/api/v1/authn"); ok {
			paths = append(paths, "authn"+path)
		}
	}
	return strings.Join(paths, " ")
}

func TestOktaClassic(t *testing.T) {
	t.Parallel()
	b := sharedBrowser(t, binaries[0])
	for _, c := range []struct {
		name   string
		policy string
		org    mockidp.OktaOrg
		cfg    func(*signin.Config)
	}{
		{name: "name and password at once"},
		{name: "identifier first", org: mockidp.OktaOrg{First: []string{"identify"}}},
		{name: "fingerprint", org: mockidp.OktaOrg{DeviceFingerprints: true}},
		{name: "a customised page", org: mockidp.OktaOrg{Page: "custom"}},
		{name: "a page with a bag", org: mockidp.OktaOrg{Page: "databag"}},
		{policy: "google_otp"},
		{policy: "okta_verify"},
		{policy: "question"},
		{policy: "email"},
		{policy: "sms"},
		{name: "another than the page shows,", policy: "sms|question|google_otp"},
		{name: "a code beside push,", policy: "push|okta_verify"},
		{name: "what the user wants,", policy: "google_otp|sms|email", cfg: func(c *signin.Config) { c.Order = []signin.ChallengeKind{signin.ChallengeCode} }},
		{policy: "enrol-optional"},
		{policy: "password-expiring"},
		{name: "a new password,", policy: "password-expired", cfg: func(c *signin.Config) {
			c.User.NewPassword = func(context.Context) (trace.Secret, error) { return trace.NewSecret("password", "another horse battery"), nil }
		}},
		{policy: "consent"},
		{policy: "google_otp password-expiring consent"},
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
			t.Log(o.asked())
		})
	}
}
