package scenario

import (
	"context"
	"sync"
	"time"

	"github.com/hashicorp/hcl/v2"

	"github.com/oidcflow/oidcflow/flow"
	"github.com/oidcflow/oidcflow/flow/check"
	"github.com/oidcflow/oidcflow/flow/trace"
)

// exchange is the exchange of one run, step by step.
type exchange struct {
	config   flow.Config
	client   *flow.Client
	send     *node            // nil: nothing is replaced
	eval     *hcl.EvalContext // of BeforeRun
	then     []string
	wants    map[string]bool
	redeemer *flow.Config // nil: config

	auth         *flow.Authorization
	callback     *flow.Callback
	refreshToken string // empty: the one that was got
	made         *made
	revoked      bool
	loggedOut    bool
}

// run signs in, and takes the steps after that.
func (x *exchange) run(ctx context.Context) error {
	var err error
	if _, err = x.client.Discover(ctx); err != nil {
		return err
	}
	if x.auth, err = x.client.Authorize(ctx); err != nil {
		return err
	}
	if diags := x.replaceRequest(x.auth.URL, x.eval); diags.HasErrors() {
		return diags
	}
	if x.callback, err = x.client.SignIn(ctx, x.auth); err != nil {
		return err
	}
	x.made.code, x.made.auth = x.callback.Params.Get("code"), copied(x.auth)
	redeemer, err := x.replaced()
	if err != nil {
		return err
	}
	x.made.Result, err = redeemer.Finish(ctx, x.auth, x.callback)
	if err != nil {
		return err
	}
	return x.goOn(ctx, redeemer)
}

// copied is a as it was sent, whatever is changed in a later.
func copied(a *flow.Authorization) *flow.Authorization {
	c := *a
	return &c
}

// redeem redeems the refresh token of an earlier run, from which before is known.
func (x *exchange) redeem(ctx context.Context, before *flow.Result) error {
	redeemer, err := x.replaced()
	if err != nil {
		return err
	}
	x.made.Result = before
	if err := x.refresh(ctx, redeemer); err != nil {
		return err
	}
	return x.goOn(ctx, redeemer)
}

// replaced makes the replacements that are to be made by now, and returns the client that goes on.
func (x *exchange) replaced() (*flow.Client, error) {
	if x.send == nil {
		return x.client, nil
	}
	if diags := x.replace(x.eval); diags.HasErrors() {
		return nil, diags
	}
	if x.redeemer == nil {
		return x.client, nil
	}
	return flow.New(*x.redeemer)
}

// thens are the steps that can follow the exchange.
var thens = []struct {
	step  trace.Step
	wants string // the member of result that makes a run take this step by itself
	take  func(x *exchange, ctx context.Context, redeemer *flow.Client) error
}{
	{trace.Refresh, "", (*exchange).refresh},
	{trace.UserInfo, "userinfo", (*exchange).askUserInfo},
	{trace.Introspect, "introspection", (*exchange).introspect},
	{trace.Revoke, "", (*exchange).revoke},
	{trace.Logout, "", (*exchange).logout},
}

func thenNames() []string {
	return []string{string(trace.Refresh), string(trace.UserInfo), string(trace.Introspect), string(trace.Revoke), string(trace.Logout)}
}

// goOn takes the steps that the run asks for, and then those whose outcome is read.
func (x *exchange) goOn(ctx context.Context, redeemer *flow.Client) error {
	taken := map[trace.Step]bool{}
	for _, name := range x.then {
		for _, t := range thens {
			if string(t.step) != name {
				continue
			}
			taken[t.step] = true
			if err := t.take(x, ctx, redeemer); err != nil {
				return err
			}
		}
	}
	for _, t := range thens {
		if t.wants == "" || !x.wants[t.wants] || taken[t.step] {
			continue
		}
		if err := t.take(x, ctx, redeemer); err != nil {
			return err
		}
	}
	return nil
}

func (x *exchange) refresh(ctx context.Context, redeemer *flow.Client) error {
	before := *x.made.Result
	if x.refreshToken != "" {
		before.Tokens.RefreshToken = trace.NewSecret("refresh_token", x.refreshToken)
	}
	fresh, err := redeemer.Refresh(ctx, &before)
	if fresh != nil {
		x.made.Result = fresh
	}
	return err
}

func (x *exchange) askUserInfo(ctx context.Context, _ *flow.Client) (err error) {
	sub, _ := x.made.IDTokenClaims["sub"].(string)
	x.made.userinfo, err = x.client.UserInfo(ctx, &x.made.Tokens, sub)
	return err
}

func (x *exchange) introspect(ctx context.Context, _ *flow.Client) (err error) {
	x.made.introspection, err = x.client.Introspect(ctx, x.made.Tokens.AccessToken, "access_token")
	return err
}

// revoke revokes all tokens, the refresh token first, from which others could be made.
func (x *exchange) revoke(ctx context.Context, _ *flow.Client) error {
	x.revoked = true
	if t := x.made.Tokens.RefreshToken; !t.IsZero() {
		if err := x.client.Revoke(ctx, t, "refresh_token"); err != nil {
			return err
		}
	}
	return x.client.Revoke(ctx, x.made.Tokens.AccessToken, "access_token")
}

func (x *exchange) logout(ctx context.Context, _ *flow.Client) error {
	x.loggedOut = true
	return x.client.Logout(ctx, x.made.Result, "")
}

// check lets package check make the exchange, and takes what it saw.
func (x *exchange) check(ctx context.Context, o check.Options, names []string) error {
	for _, name := range names {
		switch name {
		case allChecks:
			o.Only = nil
		case allProbes:
			o.Probes = true
		default:
			o.Only = append(o.Only, name)
		}
	}
	for _, c := range check.Checks {
		for _, name := range o.Only {
			o.Probes = o.Probes || c.Probe && c.Name == name
		}
	}
	found, subject, err := check.Run(ctx, x.config, o)
	if err != nil {
		return err
	}
	x.made.findings, x.auth, x.made.auth = found, subject.Authorization, subject.Authorization
	if subject.Result != nil {
		x.made.Result = subject.Result
		x.made.Tokens = *subject.Tokens
	}
	if subject.Callback != nil {
		x.made.code = subject.Callback.Params.Get("code")
	}
	x.made.userinfo, x.made.introspection = members(subject.UserInfo), members(subject.Introspection)
	return nil
}

func members(d check.Document) map[string]any {
	if d.Object == nil {
		return nil
	}
	return d.Object.Members
}

// stopwatch keeps how long steps took.
type stopwatch struct {
	next trace.Recorder // nil: none

	mu   sync.Mutex
	took map[trace.Step]time.Duration
}

// Record implements [trace.Recorder].
func (s *stopwatch) Record(e trace.Event) {
	if e.Kind == trace.End {
		s.mu.Lock()
		s.took[e.Step] += e.Duration
		s.mu.Unlock()
	}
	if s.next != nil {
		s.next.Record(e)
	}
}

// Learn tells the recorder behind of secrets.
func (s *stopwatch) Learn(secrets ...trace.Secret) {
	if l, ok := s.next.(interface{ Learn(...trace.Secret) }); ok {
		l.Learn(secrets...)
	}
}

// steps returns what was measured so far.
func (s *stopwatch) steps() map[trace.Step]time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := map[trace.Step]time.Duration{}
	for step, d := range s.took {
		all[step] = d
	}
	return all
}
