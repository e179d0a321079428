package cmd

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/oidcflow/oidcflow/flow"
	"github.com/oidcflow/oidcflow/flow/check"
	"github.com/oidcflow/oidcflow/flow/scenario"
	"github.com/oidcflow/oidcflow/flow/signin"
	"github.com/oidcflow/oidcflow/mockidp"
)

// stage is where the runs of one file take place.
type stage struct {
	*trial
	file   *scenario.File
	server *mockidp.Server // nil: the file's issuer
	jars   map[string]*signin.Jar
	coded  bool // the embedded provider has been sent a code of an authenticator app

	last *options // of the run that goes on
}

var _ scenario.Stage = (*stage)(nil)

// open starts the embedded provider, if the file has one.
func (t *trial) open(ctx context.Context, f *scenario.File) (scenario.Stage, error) {
	s := &stage{trial: t, file: f, jars: map[string]*signin.Jar{}}
	if !f.HasIDP {
		return s, nil
	}
	if diags := f.ConfigureProvider(ctx); diags.HasErrors() {
		return nil, diags
	}
	config := t.provider[f].config
	if err := t.bound(f, &config); err != nil {
		return nil, err
	}
	config.Login = cmp.Or(config.Login, "form")
	if t.seed != 0 {
		config.Seed = t.seed
	}
	var err error
	if s.server, err = mockidp.Start(config); err != nil {
		return nil, providerError(err)
	}
	return s, nil
}

// bound keeps an idp block from reading files elsewhere, and from leading a browser to an issuer that is not allowed.
func (t *trial) bound(f *scenario.File, c *mockidp.Config) (err error) {
	if c.Widget != "" {
		if c.Widget, err = f.Below(c.Widget); err != nil {
			return &flow.Error{Code: "config.widget", Err: fmt.Errorf("widget: %w", err)}
		}
	}
	c.Widget = cmp.Or(t.machine.widget, c.Widget)
	if c.Org.IdP != "" {
		return t.allowed("okta: idp", c.Org.IdP)
	}
	return nil
}

// allowed returns an error for a URL that is not at one of --allow-issuer, where that was given.
func (t *trial) allowed(name, raw string) error {
	if raw == "" || t.allowIssuers == nil {
		return nil
	}
	at, err := url.Parse(raw)
	if err == nil && slices.ContainsFunc(t.allowIssuers, func(allowed string) bool {
		u, err := url.Parse(allowed)
		return err == nil && u.Scheme == at.Scheme && strings.EqualFold(u.Host, at.Host)
	}) {
		return nil
	}
	return notAllowed(name)
}

func notAllowed(name string) error {
	return &flow.Error{Code: "config.issuer_not_allowed", Err: fmt.Errorf("%s: not one of --allow-issuer", name), Hint: "add --allow-issuer URL if you trust the file with what it reads"}
}

// mayUse compares a profile with --allow-issuer and --allow-command.
func (s *stage) mayUse(p *scenario.Profile) error {
	if p.User.CodeCommand != "" && !s.machine.config.allowCommand {
		return &flow.Error{Code: "config.command", Err: errNoCommand}
	}
	if s.server != nil || s.allowIssuers == nil {
		return nil
	}
	same := func(allowed string) bool { return strings.TrimRight(allowed, "/") == strings.TrimRight(p.Issuer, "/") }
	if p.Issuer != "" && !slices.ContainsFunc(s.allowIssuers, same) {
		return notAllowed("issuer")
	}
	e := p.Endpoints
	for name, raw := range map[string]string{"authorization_url": e.Authorization, "token_url": e.Token, "jwks_url": e.JWKS, "userinfo_url": e.UserInfo} {
		if err := s.allowed(name, raw); err != nil {
			return err
		}
	}
	return nil
}

// Client implements [scenario.Stage].
func (s *stage) Client(ctx context.Context, p *scenario.Profile, session string) (flow.Config, error) {
	if err := s.mayUse(p); err != nil {
		return flow.Config{}, err
	}
	o, err := s.options(ctx, p)
	if err != nil {
		return flow.Config{}, err
	}
	s.last = o
	if s.server != nil {
		if err := s.provide(o); err != nil {
			return flow.Config{}, err
		}
	}
	signer, err := o.newSigner()
	if err != nil {
		return flow.Config{}, err
	}
	signer.limit, signer.running = s.limit, s.running
	if session != "" {
		if s.jars[session] == nil {
			s.jars[session] = signin.NewJar()
		}
		signer.config.Jar = s.jars[session]
	}
	return o.clientConfig(signer.driver(o.driver))
}

// provide makes the embedded provider the target of o. The clock of both is the provider's.
func (s *stage) provide(o *options) error {
	o.mock, o.provider = true, s.provider[s.file]
	o.flow.Issuer, o.flow.Endpoints = "", flow.Endpoints{}
	if err := o.target(s.server); err != nil {
		return err
	}
	s.nextStep(o)
	return nil
}

// nextStep moves the clock to a step whose code has not been sent, if the user has an authenticator app. Other files
// have the same secrets, and clocks of their own.
func (s *stage) nextStep(o *options) {
	for _, f := range o.user.Factors {
		app, is := f.(*signin.TOTP)
		if !is {
			continue
		}
		app.Ledger = &signin.Ledger{}
		if s.coded {
			s.server.Clock().Advance(stepTime)
		}
		s.coded = true
	}
}

// stepTime is the length of a step (RFC 6238 §5.2).
const stepTime = 30 * time.Second

// options are the settings of one run: those of the machine, and what the profile says of target and user.
func (s *stage) options(ctx context.Context, p *scenario.Profile) (*options, error) {
	o := *s.machine
	o.provider, o.fileClient, o.pages, o.secrets = &provider{}, p.Client, s.file.Pages, slices.Clone(o.secrets)
	r := &reader{program: s.program, flags: s.flags, options: &o, profile: p, path: s.file.Path}
	r.learn(p.Client.Secret, p.User.Password, p.User.TOTP, p.User.Passkey, p.User.Answers)
	groups := []*group{&targetSettings, &userSettings, {target: true, settings: some(&signInSettings, "sign-in", "sign-in-host", "factor-order", "allow-push")}}
	if err := r.read(ctx, groups...); err != nil { // mock is set: no variable stands in for what the file leaves out
		return nil, err
	}
	if o.user.Passkey != nil {
		r.learn(o.user.Passkey.Secrets()...)
	}
	o.mock = false
	return &o, nil
}

// Embedded implements [scenario.Stage].
func (s *stage) Embedded() scenario.Embedded {
	if s.server == nil {
		return nil
	}
	return embedded{s.server}
}

// Checks implements [scenario.Stage].
func (s *stage) Checks(c flow.Config) check.Options {
	k := checking{pause: tenantPause}
	// Without a secret of another client to read, there is nothing that could go wrong.
	_ = k.suit(s.last, &session{config: c, provider: s.server})
	return k.options
}

// Close ends the embedded provider.
func (s *stage) Close() error {
	if s.server == nil {
		return nil
	}
	return s.server.Close()
}

// embedded is the provider of an idp block.
type embedded struct{ *mockidp.Server }

// Inject implements [scenario.Embedded].
func (e embedded) Inject(names []string) error {
	return errors.Join(e.ClearFaults(), e.SetFault(names...))
}

// Advance implements [scenario.Embedded].
func (e embedded) Advance(d time.Duration) { e.Clock().Advance(d) }

// Seed implements [scenario.Embedded].
func (e embedded) Seed() uint64 { return e.Ready().Seed }
