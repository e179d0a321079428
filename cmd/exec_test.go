package cmd

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestChildEnv(t *testing.T) {
	t.Parallel()
	o := &options{secrets: []string{"correct horse"}}
	got := o.childEnv([]string{
		"PATH=/bin",
		"OIDCFLOW_PASSWORD=x",
		"OIDCFLOW_PASSWORD_FILE=x",
		"OIDCFLOW_TOTP_SECRET=x",
		"OIDCFLOW_CLIENT_SECRET=x",
		"OKTA_OIDC_CLIENT_SECRET=x",
		"OIDCFLOW_OF_A_LATER_VERSION=x",
		"OIDCFLOW_ACCESS_TOKEN=of another call",
		"OIDCFLOW_ISSUER=https://login.example.com",
		"OKTA_OIDC_CLIENT_ID=tool",
		"ALICE_PASSWORD=correct horse",
		"HORSE=a correct horse",
		"EMPTY=",
	}, []variable{{"OIDCFLOW_ACCESS_TOKEN", "access", true}})
	require.Equal(t, []string{
		"PATH=/bin",
		"OIDCFLOW_ISSUER=https://login.example.com",
		"OKTA_OIDC_CLIENT_ID=tool",
		"HORSE=a correct horse",
		"EMPTY=",
		"OIDCFLOW_ACCESS_TOKEN=access",
	}, got)
}
