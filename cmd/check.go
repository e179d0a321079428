package cmd

import (
	"bytes"
	"context"
	"fmt"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/oidcflow/oidcflow/flow"
	"github.com/oidcflow/oidcflow/flow/check"
	"github.com/oidcflow/oidcflow/flow/report"
	"github.com/oidcflow/oidcflow/flow/trace"
	"github.com/oidcflow/oidcflow/mockidp"
)

// checking are the flags of check.
type checking struct {
	options     check.Options
	claims      []string
	expected    string // a file
	otherClient string
	otherSecret string // a file
	pause       time.Duration
	reports     reports
}

// How long a check takes at most, and how much time is left between its sign-ins, where nothing else is said.
const (
	checkTimeout = 10 * time.Minute
	tenantPause  = 5 * time.Second
)

// mockScopes are asked of the embedded provider where nothing else is said: there is more to look at with them.
var mockScopes = []string{"openid", "profile", "email", "offline_access"}

func (p *program) checkCommand() *cobra.Command {
	var k checking
	c := &cobra.Command{
		Use:   "check",
		Short: "Is everything right about this provider, step by step",
		Long: `check makes one whole exchange (discovery, sign-in, tokens, userinfo, introspection, refresh, logout) and says of
each step whether it is right: by name, with the clause of the specification. --probes adds what a right client never
sends: codes used twice, wrong verifiers and the like, each on a sign-in of its own. Nothing is changed at the provider.

The exit code is 1 if a check failed or could not be tried. Warnings change nothing.`,
		Example: `  oidcflow check --mock --probes
  oidcflow check --issuer https://login.example.com --client-id tool --username alice --password-file alice.txt
  oidcflow check --mock --expect-claim groups=admins --scope 'openid groups' --max-token-lifetime 1h
  oidcflow check --mock --fault invalid-aud --html report.html`,
		Args: noArguments,
		RunE: func(c *cobra.Command, _ []string) error {
			o, err := p.options(c)
			if err != nil {
				return err
			}
			if _, name := p.env("OIDCFLOW_TIMEOUT"); name == "" && !c.Flags().Changed("timeout") {
				o.timeout = checkTimeout
			}
			return p.check(c, o, &k)
		},
	}
	fs := c.Flags()
	addTargetFlags(fs)
	addUserFlags(fs)
	addCommonFlags(fs)
	k.addFlags(fs)
	k.reports.addFlags(fs)
	return c
}

func (k *checking) addFlags(fs *pflag.FlagSet) {
	o := &k.options
	fs.BoolVar(&o.Probes, "probes", false, "also send what a right client does not, and see it refused")
	fs.StringSliceVar(&o.Only, "only", nil, "these checks only, by name or by clause, as in 'RFC 9700'")
	fs.StringSliceVar(&o.Skip, "skip", nil, "all but these checks")
	fs.StringArrayVar(&k.claims, "expect-claim", nil, "a claim of the ID token, and the value that it must have, or have among its elements")
	fs.DurationVar(&o.Expect.MaxLifetime, "max-token-lifetime", 0, "access tokens must live no longer")
	fs.BoolVar(&o.Expect.RequirePKCE, "require-pkce", false, "requests without a challenge must be refused (public clients: always)")
	fs.BoolVar(&o.Expect.RequireRotation, "require-rotation", false, "refresh tokens must be replaced when they are used")
	fs.StringVar(&o.Expect.LogoutURI, "post-logout-redirect-uri", "", "a registered URI to return to after the logout")
	fs.StringVar(&k.otherClient, "other-client-id", "", "a second client, for probes that hand it what is the first one's")
	fs.StringVar(&k.otherSecret, "other-client-secret-file", "", "its secret; none: a public client")
	fs.StringVar(&k.expected, "expected-failures", "", "a file with a line for each check that is known to fail: its name, and why")
	fs.DurationVar(&k.pause, "pause", tenantPause, "between the sign-ins of probes; none at loopback hosts")
	for name, arg := range map[string]string{"only": "LIST", "skip": "LIST", "expect-claim": "NAME=VALUE", "max-token-lifetime": "DURATION",
		"post-logout-redirect-uri": "URI", "other-client-id": "ID", "other-client-secret-file": "FILE", "expected-failures": "FILE", "pause": "DURATION"} {
		fs.Lookup(name).Value = named{fs.Lookup(name).Value, arg}
	}
	inGroup("Checks", fs, "probes", "only", "skip", "expect-claim", "max-token-lifetime", "require-pkce", "require-rotation",
		"post-logout-redirect-uri", "other-client-id", "other-client-secret-file", "expected-failures", "pause")
}

// named is a flag's value under the name that help shows for it.
type named struct {
	pflag.Value
	arg string
}

// Type implements [pflag.Value].
func (n named) Type() string { return n.arg }

// check makes the checks, tells what was found, and writes the reports.
func (p *program) check(c *cobra.Command, o *options, k *checking) error {
	expected, err := k.read()
	if err != nil {
		return err
	}
	log := report.NewLog()
	began := time.Now()
	var failed bool
	err = p.withClient(c.Context(), o, func(ctx context.Context, s *session) error {
		if err := k.suit(o, s); err != nil {
			return err
		}
		found, subject, err := check.Run(ctx, s.config, k.options)
		if err != nil {
			return err
		}
		if err := context.Cause(ctx); err != nil && len(found) > 0 && check.Worst(found) == check.Error {
			return &flow.Error{Step: trace.Verify, Code: "check.timeout", Err: fmt.Errorf("after %s: %w", time.Since(began).Round(time.Second), err), Hint: "give it more with --timeout"}
		}
		found = expected.Apply(found)
		failed = check.Worst(found) >= check.Fail
		suite := p.suiteOf(s, subject, found, began)
		suite.Log = log
		return p.write(&k.reports, suite)
	}, log)
	if err == nil && failed {
		return exit(exitFailed)
	}
	return err
}

// read reads what flags stand for, before anybody is signed in.
func (k *checking) read() (check.Expected, error) {
	claims := map[string][]string{}
	for _, pair := range k.claims {
		name, value, ok := strings.Cut(pair, "=")
		if !ok || name == "" {
			return nil, usageError("expect_claim", "write --expect-claim groups=admins", "--expect-claim: want NAME=VALUE, got %q", pair)
		}
		claims[name] = append(claims[name], value)
	}
	k.options.Expect.Claims = claims
	if k.expected == "" {
		return nil, nil
	}
	text, err := os.ReadFile(k.expected)
	if err != nil {
		return nil, &flow.Error{Code: "config.unreadable", Err: fmt.Errorf("--expected-failures: %w", err)}
	}
	return check.ReadExpected(bytes.NewReader(text))
}

// suit completes the options for a provider.
func (k *checking) suit(o *options, s *session) error {
	u, err := url.Parse(s.config.WithDefaults().Issuer)
	if err == nil && !flow.IsLoopback(u.Hostname()) {
		k.options.Pause = k.pause
	}
	if s.provider != nil && s.config.Scopes == nil {
		s.config.Scopes = mockScopes
	}
	other := s.config
	other.ClientSecret, other.ClientKey, other.ClientAuth = trace.Secret{}, nil, ""
	switch {
	case k.otherClient != "":
		other.ClientID = k.otherClient
		if k.otherSecret != "" {
			text, err := report.ReadSecretFile(k.otherSecret)
			if err != nil {
				return &flow.Error{Code: "config.unreadable", Err: fmt.Errorf("--other-client-secret-file: %w", err)}
			}
			other.ClientSecret = trace.NewSecret("client_secret", strings.TrimRight(string(text), "\r\n"))
		}
		k.options.Other = &other
	case s.provider != nil:
		k.options.Other = secondClient(other, s.provider.Ready().Clients)
	}
	if s.provider != nil {
		clock := s.provider.Clock()
		k.options.Clock = func(d time.Duration) error {
			clock.Advance(d)
			return nil
		}
		if k.options.Expect.LogoutURI == "" && len(o.provider.config.Clients) == 0 {
			k.options.Expect.LogoutURI = "http://localhost:8080"
		}
	}
	return nil
}

// secondClient returns a client of the embedded provider besides the one that is checked, or nil.
func secondClient(other flow.Config, all []mockidp.ReadyClient) *flow.Config {
	for _, c := range all {
		if c.ID != other.ClientID {
			other.ClientID, other.ClientSecret = c.ID, trace.NewSecret("client_secret", c.Secret)
			return &other
		}
	}
	return nil
}
