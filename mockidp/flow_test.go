package mockidp

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestCodeFlow(t *testing.T) {
	t.Parallel()
	for _, profile := range []string{"okta", "strict"} {
		t.Run(profile, func(t *testing.T) {
			t.Parallel()
			p := startRP(t, Config{Profile: profile, Login: "auto"})
			got := p.tokens("scope", "openid offline_access email")
			require.EqualValues(t, 3600, got["expires_in"])
			require.Equal(t, "Bearer", got["token_type"])
			require.Equal(t, "email offline_access openid", got["scope"])
			require.NotEmpty(t, got["refresh_token"])
			claims := p.claims(got["id_token"])
			require.Equal(t, p.issuer, claims["iss"])
			require.Equal(t, "oidcflow", claims["aud"])
			require.Equal(t, "nonce-1", claims["nonce"])
			info := p.userinfo(got["access_token"])
			require.Equal(t, 200, info.status, info.body)
			require.Equal(t, claims["sub"], info.json(t)["sub"])
		})
	}
}

func TestFormSignIn(t *testing.T) {
	t.Parallel()
	p := startRP(t, Config{})
	v := p.callback(p.signIn(p.authorize(), "alice"))
	require.Equal(t, "state-1", v.Get("state"))
	a := p.exchange(v.Get("code"))
	require.Equal(t, 200, a.status, a.body)
	require.ElementsMatch(t, []any{"mfa", "otp", "pwd"}, p.claims(a.json(t)["id_token"])["amr"])

	// the session answers the next request
	require.NotEmpty(t, p.callback(p.authorize("prompt", "none")).Get("code"))
}
