package cmd

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/oidcflow/oidcflow/flow"
)

func (p *program) doctorCommand() *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use:   "doctor",
		Short: "What is missing here: browser, network, CA, clock, issuer, client settings",
		Long: `Doctor examines what a sign-in needs, and says for each thing ok, warn or fail, with the line that mends it.
Without a target it examines this machine alone.

Of a provider it asks what a sign-in asks, with prompt=none and with a code that it made up. Nobody is signed in, no
code is used up, and the redirect URI is never requested. The client's secret goes to the token endpoint, as it does in
a sign-in. Where the answer tells nothing, the line says skip, and why.

The exit code is 0 if nothing failed. Else it is that of the failure to mend first: 2 for a wrong call, then 5 for this
machine and the network, then 6 for a provider that is too slow, then 4 for what the provider says.`,
		Example: `  oidcflow doctor
  oidcflow doctor --issuer https://login.example.com --client-id tool
  oidcflow doctor --mock --json`,
		Args: noArguments,
		RunE: func(c *cobra.Command, _ []string) error { return p.doctor(c, asJSON) },
	}
	addFlags(c.Flags(), &targetSettings, &signInSettings, &commonSettings)
	c.Flags().BoolVar(&asJSON, "json", false, "print an array of objects with name, status, message and hint")
	inGroup("Output", c.Flags(), "json")
	return c
}

// doctor examines, prints what it found and returns the exit code as an error.
func (p *program) doctor(c *cobra.Command, asJSON bool) (err error) {
	o, target := p.options(c)
	if o == nil {
		return target
	}
	ctx, kept, err := p.record(c.Context(), o)
	if err != nil {
		return err
	}
	defer kept.closeInto(&err)
	if o.mock && target == nil {
		provider, startErr := o.startProvider()
		if startErr != nil {
			return startErr
		}
		defer closeInto(&err, provider)
	}
	d, err := p.newDoctor(o, target)
	if err != nil {
		return err
	}
	rows := d.examine(ctx)
	if err := context.Cause(ctx); err != nil { // interrupted: what failed by that is no finding
		return err
	}
	write := printRows
	if asJSON {
		write = printRowsJSON
	}
	if err := write(p.stdout, rows); err != nil {
		return &flow.Error{Code: "env.unwritable", Err: fmt.Errorf("standard output: %w", err)}
	}
	if code := doctorExit(rows); code != exitOK {
		return exit(code)
	}
	return nil
}

// newDoctor returns a doctor for o, with the same means of reaching the provider as a sign-in has.
func (p *program) newDoctor(o *options, target error) (*doctor, error) {
	d := &doctor{
		config: o.flow, target: target, timeout: o.timeout, now: time.Now,
		caFile: o.caFile, tempDir: os.TempDir(), terminal: isTerminal(p.stdin),
	}
	pem, err := o.caPEM()
	if err == nil {
		_, err = o.transport(pem)
	}
	if err != nil { // a finding, after which the others are examined without the file
		d.caError, o.caFile, pem = err, "", nil
	}
	if d.transport, err = o.transport(pem); err != nil {
		return nil, err
	}
	d.config.Transport = d.transport
	s, err := o.newSigner()
	if err != nil {
		return nil, err
	}
	d.browser = func(ctx context.Context) (browserReport, error) { return tryBrowser(ctx, s.browser) }
	return d, nil
}

// doctor is what is examined, and by what means; the means are fakes in tests.
type doctor struct {
	config    flow.Config
	target    error // why there is no provider to examine; nil: there is one
	caFile    string
	caError   error // why caFile cannot be used
	transport http.RoundTripper
	timeout   time.Duration // of everything that is asked of the provider
	now       func() time.Time
	tempDir   string
	terminal  bool
	browser   func(context.Context) (browserReport, error)
}

// examine returns what it found: this machine first, then the way to the provider, then what the provider says.
func (d *doctor) examine(ctx context.Context) []finding {
	rows := d.examineMachine(ctx)
	if isNoTarget(d.target) {
		return append(rows, rowSkip("target", "no provider was named, so network, clock, issuer and client settings were not examined; "+hintOf(d.target)))
	}
	if d.target != nil {
		rows = append(rows, rowError("settings", d.target))
	}
	if d.config.Issuer == "" && d.config.Endpoints.Authorization == "" {
		return rows
	}
	return append(rows, d.examineProvider(ctx)...)
}

func (d *doctor) examineProvider(ctx context.Context) []finding {
	ctx, cancel := context.WithTimeout(ctx, d.timeout)
	defer cancel()
	client, err := flow.New(d.askingConfig())
	if err != nil {
		if d.target != nil {
			return nil // that row is there
		}
		return []finding{rowError("settings", err)}
	}
	cfg := d.config.WithDefaults()
	place, err := examinedURL(cfg)
	if err != nil {
		return []finding{redirectRow(cfg), rowFail("settings", exitUsage, err.Error(), "give --issuer as the provider writes it")}
	}
	seen := visitProvider(ctx, d.transport, place, d.now)
	rows := networkRows(seen, cfg.ClockSkew)
	if seen.err != nil {
		return append(rows, redirectRow(cfg), rowSkip("discovery", "not examined, because the provider cannot be reached"))
	}
	metadata, err := client.Discover(ctx)
	if err != nil {
		return append(rows, redirectRow(cfg), rowError("discovery", err))
	}
	s := &subject{cfg, metadata, d.ask(ctx, client, metadata)}
	return append(rows, s.rows()...)
}

// examinedURL is where the way to the provider is tried.
func examinedURL(cfg flow.Config) (*url.URL, error) {
	if cfg.Issuer == "" {
		u, err := url.Parse(cfg.Endpoints.Authorization)
		if err != nil {
			return nil, err
		}
		return &url.URL{Scheme: u.Scheme, Host: u.Host, Path: "/"}, nil
	}
	return url.Parse(cfg.Issuer)
}

func isNoTarget(err error) bool {
	var e *flow.Error
	return errors.As(err, &e) && e.Code == "usage.missing_issuer"
}

func hintOf(err error) string {
	var e *flow.Error
	if errors.As(err, &e) {
		return e.Hint
	}
	return ""
}
