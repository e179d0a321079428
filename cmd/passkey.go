package cmd

import (
	"cmp"
	"encoding/base64"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/oidcflow/oidcflow/flow/signin"
	"github.com/oidcflow/oidcflow/flow/trace"
)

func (p *program) passkeyCommand() *cobra.Command {
	c := &cobra.Command{
		Use:     "passkey",
		Short:   "Passkeys of test users",
		Long:    "passkey sets up passkeys (WebAuthn) that --passkey-file signs in with, without a device and without a person.",
		Example: "  oidcflow passkey enrol --issuer https://example.okta.com --client-id tool --username alice --passkey-file alice.passkey",
		Args:    noArguments,
		RunE:    func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	e := &enrolment{want: signin.ChallengePasskey, what: "passkey", flag: "passkey-file", drivers: []string{"chrome"}}
	e.contents = func(en *signin.Enrolment, _ *options) ([]byte, error) {
		if en.Passkey == nil {
			return nil, nil
		}
		return en.Passkey.Reveal()
	}
	e.answer = func(en *signin.Enrolment, _ *options) any {
		return struct {
			RPID         string `json:"rpId"`
			User         string `json:"user"`
			CredentialID string `json:"credentialId"`
			File         string `json:"file"`
		}{en.Passkey.RPID, en.Passkey.User, base64.RawURLEncoding.EncodeToString(en.Passkey.ID), e.file}
	}
	c.AddCommand(e.command(p, &cobra.Command{
		Short: "Set up a passkey, and write it to a file",
		Long: `enrol signs a user in with Chrome, has the provider set up a passkey where it offers to, and writes the passkey with its
private key to a file: encrypted with age, by a passphrase or for recipients, unless --plain is given. From then on
--passkey-file signs that user in. A file that is there already is not replaced.

The passkey is bound to the provider's domain name: no other site is ever offered it.`,
		Example: `  # encrypted by a passphrase, which signing in needs, too
  export OIDCFLOW_PASSKEY_PASSPHRASE=…
  oidcflow passkey enrol --issuer https://example.okta.com --client-id tool \
    --username alice --password-file alice.txt --passkey-file alice.passkey
  oidcflow token --issuer https://example.okta.com --client-id tool --passkey-file alice.passkey

  # for somebody's age key
  oidcflow passkey enrol … --passkey-file alice.passkey --recipient age1…
  oidcflow token … --passkey-file alice.passkey --identity-file key.txt`,
	}))
	return c
}

// setPasskey takes a passkey, whose user signs in unless another one was named.
func setPasskey(o *options, s trace.Secret) error {
	k, err := signin.ParsePasskey([]byte(s.Reveal()))
	if err != nil {
		return err
	}
	if o.user.Name != "" && !strings.EqualFold(o.user.Name, k.User) {
		return fmt.Errorf("the passkey is that of user %q, and %q signs in", k.User, o.user.Name)
	}
	o.user.Name = cmp.Or(o.user.Name, k.User)
	o.user.Passkey = k
	return nil
}
