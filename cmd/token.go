package cmd

import (
	"context"

	"github.com/spf13/cobra"
)

func (p *program) tokenCommand() *cobra.Command {
	var output, out, request string
	c := &cobra.Command{
		Use:   "token",
		Short: "Get one user's tokens",
		Long: `token signs a user in through the authorization code flow, verifies what the provider returns, and writes the
tokens to stdout. Everything else goes to stderr.`,
		Example: `  # from the embedded provider: nothing to set up
  oidcflow token --mock

  # from your provider
  oidcflow token --issuer https://login.example.com --client-id tool \
    --username alice --password-file alice.txt --scope "openid email"

  # an API call
  curl -H "$(oidcflow token --mock --output header)" https://api.example.com

  # through Chrome, for a redirect URI where nothing of ours listens
  oidcflow token --mock --sign-in chrome --redirect-uri https://app.example.com/callback`,
		Args: noArguments,
		RunE: func(c *cobra.Command, _ []string) error {
			o, err := p.options(c)
			if err != nil {
				return err
			}
			if err := p.checkOutput(output, out, request, o); err != nil {
				return err
			}
			return p.withClient(c.Context(), o, func(ctx context.Context, s *session) error {
				a, err := s.token(ctx)
				if err != nil {
					return err
				}
				a.request, a.env = request, p.env
				return p.writeAnswer(output, out, a)
			})
		},
	}
	fs := c.Flags()
	addTargetFlags(fs)
	addUserFlags(fs)
	addCommonFlags(fs)
	output = "json"
	fs.Var(oneOf{&output, formatNames()}, "output", "how the tokens are written (see 'oidcflow help outputs')")
	fs.StringVar(&out, "out", "", "write them to this file, mode 0600, instead of stdout")
	fs.StringVar(&request, "for", "", "the request that a DPoP proof is for, as in 'GET https://api.example.com/'")
	inGroup("Output", fs, "output", "out", "for")
	return c
}

// checkOutput refuses, before anybody is signed in, what could not be written afterwards.
func (p *program) checkOutput(output, out, request string, o *options) error {
	switch {
	case output == "github" && out != "":
		return usageError("out_with_github", "leave --out out", "the format github writes to the files of the runner")
	case output == "github":
		_, _, err := (&answer{env: p.env}).gitHubFiles()
		return err
	case output == "header" && o.flow.DPoP && request == "":
		return errMissingFor()
	case request != "":
		_, _, err := splitRequest(request)
		return err
	}
	return nil
}

// noArguments refuses arguments of a command that takes flags only.
func noArguments(c *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	return usageError("argument", "`"+c.CommandPath()+" --help` lists the flags", "%s takes no argument, got %q", c.Name(), args[0])
}
