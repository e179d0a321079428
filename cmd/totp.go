package cmd

import (
	"net/url"

	"github.com/spf13/cobra"

	"github.com/oidcflow/oidcflow/flow/signin"
)

func (p *program) totpCommand() *cobra.Command {
	c := &cobra.Command{
		Use:     "totp",
		Short:   "Authenticator apps of test users",
		Long:    "totp sets up an authenticator app (TOTP) whose codes --totp-file signs in with, without a telephone.",
		Example: "  oidcflow totp enrol --issuer https://example.okta.com --client-id tool --username alice --totp-file alice.totp",
		Args:    noArguments,
		RunE:    func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	e := &enrolment{want: signin.ChallengeTOTP, what: "TOTP secret", flag: "totp-file", drivers: []string{"chrome", "idx"}}
	e.contents = func(en *signin.Enrolment, o *options) ([]byte, error) {
		if en.TOTP.IsZero() {
			return nil, nil
		}
		return []byte(otpauth(en, o) + "\n"), nil
	}
	e.answer = func(_ *signin.Enrolment, o *options) any {
		return struct {
			User string `json:"user"`
			File string `json:"file"`
		}{o.user.Name, e.file}
	}
	c.AddCommand(e.command(p, &cobra.Command{
		Short: "Set up an authenticator app, and write its secret to a file",
		Long: `enrol signs a user in, has the provider set up an authenticator app where it offers to, proves a code of it, and writes
its secret to a file, as an otpauth URI: encrypted with age, by a passphrase or for recipients, unless --plain is given.
From then on --totp-file signs that user in. A file that is there already is not replaced.`,
		Example: `  oidcflow totp enrol --issuer https://example.okta.com --client-id tool \
    --username alice --password-file alice.txt --totp-file alice.totp --plain
  oidcflow token --issuer https://example.okta.com --client-id tool \
    --username alice --password-file alice.txt --totp-file alice.totp`,
	}))
	return c
}

// otpauth is a TOTP secret as authenticator apps take it:
// https://github.com/google/google-authenticator/wiki/Key-Uri-Format.
func otpauth(e *signin.Enrolment, o *options) string {
	issuer := "oidcflow"
	if u, err := url.Parse(o.flow.Issuer); err == nil && u.Hostname() != "" {
		issuer = u.Hostname()
	}
	u := url.URL{Scheme: "otpauth", Host: "totp", Path: "/" + issuer + ":" + o.user.Name,
		RawQuery: url.Values{"secret": {e.TOTP.Reveal()}, "issuer": {issuer}}.Encode()}
	return u.String()
}
