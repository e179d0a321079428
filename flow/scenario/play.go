package scenario

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"

	"github.com/oidcflow/oidcflow/flow"
	"github.com/oidcflow/oidcflow/flow/check"
	"github.com/oidcflow/oidcflow/flow/trace"
)

// result is what came of a run, for those that read it.
type result struct {
	value     cty.Value            // of one without for_each; cty.NilVal: none came of it
	instances map[string]cty.Value // of one with for_each, by each.key
	why       string               // why there is none
}

// each runs what for_each makes of r.
func (s *show) each(ctx context.Context, r *Run) {
	made := &result{instances: map[string]cty.Value{}, why: "it was not run"}
	s.results[r.Name] = made
	instances, diags := r.instances(s.file.context(ctx))
	if diags.HasErrors() {
		o := s.begin(instance{name: r.Name}, r)
		o.wrong(check.Error, "", diags)
		s.end(o)
		return
	}
	for _, in := range instances {
		if reason := s.whyNot(ctx, r); reason != "" {
			made.why = reason
			s.skip(r, in, reason)
			continue
		}
		value, why := s.one(ctx, r, in)
		made.why = cmp.Or(why, made.why)
		if value == cty.NilVal {
			continue
		}
		made.value = value
		if in.each != cty.NilVal {
			made.instances[in.key] = value
		}
	}
	if r.has("for_each") {
		made.value = cty.ObjectVal(made.instances)
	}
}

// whyNot returns why r is not run, or "".
func (s *show) whyNot(ctx context.Context, r *Run) string {
	var fast failFast
	switch {
	case errors.As(context.Cause(ctx), &fast):
		return fast.Error()
	case errors.Is(context.Cause(ctx), context.DeadlineExceeded):
		return "the time for all runs was over"
	case ctx.Err() != nil:
		return "it was interrupted before"
	}
	for _, name := range r.reads {
		if made := s.results[name]; made == nil || made.value == cty.NilVal {
			return fmt.Sprintf("it reads run.%s, and nothing came of that", name)
		}
	}
	return ""
}

// scope is what in reads. What came of the run is added to it later.
func (s *show) scope(ctx context.Context, in instance) scope {
	all := scope{functions: s.file.learning(ctx)}
	all.values[AtStart] = s.file.values
	runs := map[string]cty.Value{}
	for name, made := range s.results {
		if made.value != cty.NilVal {
			runs[name] = made.value
		}
	}
	all.values[BeforeRun] = map[string]cty.Value{"run": cty.ObjectVal(runs)}
	if in.each != cty.NilVal {
		all.values[BeforeRun]["each"] = in.each
	}
	return all
}

// one runs one run and returns what it yields to others; without a value, why.
func (s *show) one(ctx context.Context, r *Run, in instance) (cty.Value, string) {
	o := s.begin(in, r)
	defer func() { s.end(o) }()
	watch := &stopwatch{next: s.recorder, took: map[trace.Step]time.Duration{}}
	ctx = trace.WithRecorder(ctx, watch)
	p := &play{show: s, run: r, outcome: o, scope: s.scope(ctx, in), watch: watch}
	skip, diags := p.read()
	switch {
	case diags.HasErrors():
		o.wrong(check.Error, "", diags)
		return cty.NilVal, "it could not be tried"
	case skip != "":
		o.Status, o.Reason = check.Skip, skip
		return cty.NilVal, skip
	}
	runCtx, cancel := context.WithTimeout(ctx, p.timeout)
	defer cancel()
	return p.play(runCtx)
}

// play is one run under way.
type play struct {
	show    *show
	run     *Run
	outcome *Outcome
	scope   scope
	watch   *stopwatch

	client, user, session string
	signIn                string
	scopes                []string
	params                map[string]string
	token                 string // to redeem; empty: sign in
	then, checks          []string
	inject                []string
	advance, timeout      time.Duration
	exchange              *exchange
	config                flow.Config
}

// read evaluates what the run says before it begins.
func (p *play) read() (skip string, diags hcl.Diagnostics) {
	ctx := p.scope.context(BeforeRun)
	var advance, timeout string
	for name, to := range map[string]*string{"description": &p.outcome.Description, "client": &p.client, "user": &p.user, "session": &p.session,
		"sign_in": &p.signIn, "refresh_token": &p.token, "advance": &advance, "timeout": &timeout, "skip": &skip} {
		text, wrong := p.run.text(name, ctx)
		*to, diags = text, append(diags, wrong...)
	}
	var faults, variations []string
	for name, to := range map[string]*[]string{"scopes": &p.scopes, "then": &p.then, "checks": &p.checks, "faults": &faults, "variations": &variations} {
		all, wrong := p.run.list(name, ctx)
		*to, diags = all, append(diags, wrong...)
	}
	params, wrong := p.run.value("params", ctx)
	if diags = append(diags, wrong...); !wrong.HasErrors() {
		params, _ = params.UnmarkDeep()
		p.params = textsByName(params)
	}
	p.inject = slices.Concat(faults, variations)
	p.timeout = cmp.Or(p.show.program.Timeout, time.Minute)
	if !diags.HasErrors() {
		p.advance, _ = duration(advance) // value has checked both
		if timeout != "" {
			p.timeout, _ = duration(timeout)
		}
	}
	return skip, inOrder(diags)
}

func textsByName(v cty.Value) map[string]string {
	if v.IsNull() {
		return nil
	}
	all := map[string]string{}
	for name, value := range v.AsValueMap() {
		all[name] = strings.Join(stringsOf(value), "")
	}
	return all
}

// play makes the exchange and judges what came of it.
func (p *play) play(ctx context.Context) (cty.Value, string) {
	if err := p.prepare(ctx); err != nil {
		p.outcome.add(problemOf(check.Error, err))
		return cty.NilVal, "it could not be tried"
	}
	err := p.perform(ctx)
	if !p.judge(err) {
		return cty.NilVal, "its exchange failed"
	}
	m := p.exchange.made
	m.took, m.total = p.watch.steps(), time.Since(p.outcome.Began)
	p.scope.values[AfterRun] = map[string]cty.Value{"result": m.value()}
	for _, n := range p.run.all("request") {
		p.request(ctx, n)
		p.scope.values[AfterRun] = map[string]cty.Value{"result": m.value()}
	}
	p.outcome.assert(p, p.run.all("assert"), AfterRun)
	return m.value(), ""
}

// prepare sets the provider up and makes the client.
func (p *play) prepare(ctx context.Context) error {
	s := p.show
	profile, diags := s.file.look(ctx, cmp.Or(p.client, only(s.file.Clients)), cmp.Or(p.user, only(s.file.Users)))
	if diags.HasErrors() {
		return diags
	}
	if p.signIn != "" && p.signIn != noSignIn {
		profile.SignIn = p.signIn
	}
	if p.scopes != nil {
		profile.Client.Scopes = p.scopes
	}
	if e := s.stage.Embedded(); e != nil {
		if err := e.Inject(p.inject); err != nil {
			return err
		}
		e.Advance(p.advance)
	}
	config, err := s.stage.Client(ctx, profile, p.session)
	if err != nil {
		return err
	}
	if err := setParams(&config, p.params); err != nil {
		return err
	}
	p.config = config.WithDefaults()
	p.exchange = &exchange{config: p.config, send: p.run.one("send"), eval: p.scope.context(BeforeRun), then: p.then, wants: p.run.wants,
		made: &made{Result: &flow.Result{Issuer: p.config.Issuer, ClientID: p.config.ClientID}, responses: map[string]cty.Value{}, now: p.config.Now}}
	if p.signIn == noSignIn {
		return nil
	}
	p.exchange.client, err = flow.New(config)
	return err
}

// only returns the one name there is, or "".
func only(names []string) string {
	if len(names) == 1 {
		return names[0]
	}
	return ""
}

// setParams sets parameters of the authorization request: those that the engine writes itself by their fields.
func setParams(c *flow.Config, params map[string]string) error {
	for name, value := range params {
		switch name {
		case "prompt":
			c.Prompt = value
		case "login_hint":
			c.LoginHint = value
		case "response_mode":
			c.ResponseMode = value
		case "acr_values":
			c.ACRValues = strings.Fields(value)
		case "max_age":
			seconds, err := strconv.ParseInt(value, 10, 32)
			if err != nil {
				return fmt.Errorf("params: max_age: want seconds, got %q", value)
			}
			age := time.Duration(seconds) * time.Second
			c.MaxAge = &age
		default:
			if c.Params == nil {
				c.Params = url.Values{}
			}
			c.Params.Set(name, value)
		}
	}
	return nil
}

// perform makes the exchange, in the way that the run asks for.
func (p *play) perform(ctx context.Context) error {
	x := p.exchange
	if p.signIn == noSignIn {
		return nil
	}
	p.show.made = append(p.show.made, x)
	switch {
	case p.token != "":
		return x.redeem(ctx, p.show.before(p.token, p.config))
	case len(p.checks) > 0 || p.run.wants["checks"]:
		return x.check(ctx, p.show.stage.Checks(p.config), p.checks)
	default:
		return x.run(ctx)
	}
}

// before returns the result that a refresh token came with, or, if it came from elsewhere, one that is but it.
func (s *show) before(token string, config flow.Config) *flow.Result {
	secret := trace.NewSecret("refresh_token", token)
	for _, x := range s.made {
		if r := x.made.Result; r.Tokens.RefreshToken.Reveal() == token {
			before := *r
			return &before
		}
	}
	return &flow.Result{Issuer: config.Issuer, ClientID: config.ClientID, Tokens: flow.Tokens{RefreshToken: secret, Scopes: config.Scopes}}
}
