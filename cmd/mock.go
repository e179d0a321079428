package cmd

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/oidcflow/oidcflow/flow"
	"github.com/oidcflow/oidcflow/flow/report"
	"github.com/oidcflow/oidcflow/mockidp"
)

// mockOptions are the flags of mock. Those that were given replace what the file says.
type mockOptions struct {
	listen, issuerURL       string
	login, widget           string
	tls                     bool
	tlsCert, tlsKey         string
	faults, variations      []string
	seed                    uint64
	readyFile               string
	noAdmin, insecureListen bool
	strictClient            bool
	replay                  string
}

func (p *program) mockCommand() *cobra.Command {
	m := mockOptions{}
	c := &cobra.Command{
		Use:   "mock",
		Short: "Run the embedded provider until interrupted",
		Long: `mock runs the embedded OpenID provider as a server. When it listens it prints one JSON object on stdout, with the
issuers, clients, users and their secrets. It is for tests: everything is in memory, its keys are new at each start, and
whoever reaches it gets tokens. They are worth nothing anywhere else.

With --login okta it is an organisation of Okta's: alice is asked for her password and a code of Google Authenticator, bob
for his password. 'oidcflow help config' has the block that says what else a user may be asked for.

With --replay it serves what --artifacts has kept of another call: whoever signs in there, with any password, meets the
same pages and answers, in their order. Secrets are made up anew; what was signed cannot be, so that a call which came to
its tokens ends where they are verified. No script of a page runs.`,
		Example: `  oidcflow mock
  oidcflow mock --listen 127.0.0.1:9000 --tls --ready-file ready.json
  oidcflow mock --config idp.hcl --fault invalid-aud
  oidcflow mock --replay artifacts
  oidcflow mock --login okta --widget node_modules/@okta/okta-signin-widget/dist`,
		Args: noArguments,
		RunE: func(c *cobra.Command, _ []string) error {
			if m.replay != "" {
				return p.replay(c, &m)
			}
			config, err := p.mockConfig(c, &m)
			if err != nil {
				return err
			}
			return p.serveMock(c.Context(), config, m.readyFile)
		},
	}
	fs := c.Flags()
	fs.StringVar(&m.listen, "listen", "127.0.0.1:0", "where to listen, as HOST:PORT; port 0: a free one")
	fs.StringVar(&m.issuerURL, "issuer-url", "", "what the provider calls itself, behind a proxy or in a container")
	fs.BoolVar(&m.tls, "tls", false, "serve https with a certificate of a new CA")
	fs.StringVar(&m.tlsCert, "tls-cert", "", "serve https with the certificate in this PEM file")
	fs.StringVar(&m.tlsKey, "tls-key", "", "the private key of --tls-cert, a PEM file")
	fs.Var(oneOf{&m.login, mockLogins}, "login", "form: pages to sign in on (default); auto: straight back; okta: Okta's Identity Engine")
	fs.StringVar(&m.widget, "widget", "", "with --login okta: the folder dist of the npm package @okta/okta-signin-widget; without it the page is empty, and the API works")
	fs.StringArrayVar(&m.faults, "fault", nil, "what it does wrong (see 'oidcflow list faults')")
	fs.StringArrayVar(&m.variations, "variation", nil, "what it does unusually (see 'oidcflow list variations')")
	fs.BoolVar(&m.strictClient, "strict-client", false, "judge the client on every request, as 'oidcflow list demands' says; /_mock/report has what it did wrong")
	fs.Uint64Var(&m.seed, "seed", 0, "of its random choices; 0: chosen and printed")
	fs.StringVar(&m.readyFile, "ready-file", "", "write what it prints to this file as well, mode 0600")
	fs.BoolVar(&m.noAdmin, "no-admin", false, "no control under /_mock/")
	fs.BoolVar(&m.insecureListen, "insecure-listen", false, "allow --listen on a host that is not loopback: whoever reaches it gets tokens")
	fs.StringVar(&m.replay, "replay", "", "serve what is recorded in `BUNDLE`: the folder of --artifacts, or a HAR file")
	addFlags(fs, &fileSettings)
	return c
}

var mockLogins = []string{"form", "auto", "okta"}

// mockConfig is what the idp block of the file says, and what the flags say instead.
func (p *program) mockConfig(c *cobra.Command, m *mockOptions) (mockidp.Config, error) {
	r := &reader{program: p, flags: c.Flags(), options: &options{mock: true, provider: &provider{}}}
	if err := r.read(c.Context(), &fileSettings); err != nil {
		return mockidp.Config{}, err
	}
	file, err := r.loadFile()
	if err != nil {
		return mockidp.Config{}, err
	}
	if file != nil {
		if !file.HasIDP && r.options.config.path != "" {
			return mockidp.Config{}, &flow.Error{Code: "config.missing_idp", Err: fmt.Errorf("%s: no idp block", file.Path)}
		}
		if diags := file.ConfigureProvider(c.Context()); diags.HasErrors() {
			return mockidp.Config{}, configErrors(diags)
		}
	}
	config := r.options.provider.config
	config.Listen, config.IssuerURL = m.listen, m.issuerURL
	config.StrictClient = config.StrictClient || m.strictClient
	config.NoAdmin, config.InsecureListen, config.TLS = m.noAdmin, m.insecureListen, m.tls
	config.Faults = append(config.Faults, m.faults...)
	config.Variations = append(config.Variations, m.variations...)
	if m.login != "" {
		config.Login = m.login
	}
	if m.widget != "" {
		config.Widget = m.widget
	}
	if m.seed != 0 {
		config.Seed = m.seed
	}
	if err := checkFaults(m.faults, m.variations); err != nil {
		return config, err
	}
	return config, m.certificate(&config)
}

// certificate reads the certificate to serve with, if one was named.
func (m *mockOptions) certificate(config *mockidp.Config) error {
	switch {
	case m.tlsCert == "" && m.tlsKey == "":
		return nil
	case m.tlsCert == "" || m.tlsKey == "":
		return usageError("tls_pair", "", "--tls-cert and --tls-key belong together")
	case m.tls:
		return usageError("two_certificates", "leave one of them out", "--tls makes a certificate, and --tls-cert names one")
	}
	pair, err := tls.LoadX509KeyPair(m.tlsCert, m.tlsKey)
	if err != nil {
		return usageError("invalid_certificate", "", "--tls-cert and --tls-key: %w", err)
	}
	config.Certificate = &pair
	return nil
}

// checkFaults refuses names that the provider does not know.
func checkFaults(faults, variations []string) error {
	for _, known := range []struct {
		flag  string
		given []string
		names []string
	}{{"fault", faults, names(mockidp.Faults)}, {"variation", variations, names(mockidp.Variations)}} {
		for _, name := range known.given {
			if !contains(known.names, name) {
				hint := nearest(name, known.names, fmt.Sprintf("`oidcflow list %ss` lists them", known.flag))
				return usageError("unknown_"+known.flag, hint, "--%s: no %q", known.flag, name)
			}
		}
	}
	return nil
}

// serveMock runs the provider until ctx ends, which is no error, or the provider does, which is one.
func (p *program) serveMock(ctx context.Context, config mockidp.Config, readyFile string) (err error) {
	server, err := mockidp.Start(config)
	if err != nil {
		return providerError(err)
	}
	defer func() { err = errors.Join(err, server.Close()) }()
	p.say("A provider for tests, at %s. Not for production: whoever reaches it gets tokens. Ctrl-C ends it.", server.URL)
	if err := p.announce(server.Ready(), readyFile); err != nil {
		return err
	}
	if err := server.Wait(ctx); ctx.Err() == nil {
		return err
	}
	return nil
}

// announce prints that a server listens, and writes the same to the ready file, if one is wanted.
func (p *program) announce(server any, readyFile string) error {
	var ready bytes.Buffer
	if err := encode(&ready, server); err != nil {
		return err
	}
	if readyFile != "" {
		if err := report.WriteFile(readyFile, ready.Bytes(), 0o600); err != nil {
			return &flow.Error{Code: "env.unwritable", Err: fmt.Errorf("--ready-file: %w", err)}
		}
	}
	if _, err := p.stdout.Write(ready.Bytes()); err != nil {
		return &flow.Error{Code: "env.unwritable", Err: fmt.Errorf("standard output: %w", err)}
	}
	return nil
}
