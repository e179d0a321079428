package scenario

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"regexp"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/oidcflow/oidcflow/flow"
	"github.com/oidcflow/oidcflow/flow/check"
	"github.com/oidcflow/oidcflow/flow/signin"
	"github.com/oidcflow/oidcflow/flow/trace"
	"github.com/oidcflow/oidcflow/mockidp"
)

const password = "correct horse battery staple"

// idpStage is a provider of its own for each file, at which alice and bob sign in by forms.
type idpStage struct {
	server  *mockidp.Server
	foreign bool
	jars    map[string]*signin.Jar
	hold    func(context.Context) error // before each sign-in; nil: nothing
}

func (s *idpStage) Client(_ context.Context, p *Profile, session string) (flow.Config, error) {
	user := signin.User{Name: p.User.Name, Password: trace.NewSecret("password", password)}
	if !p.User.Password.IsZero() {
		user.Password = p.User.Password
	}
	config := signin.Config{User: user}
	if session != "" {
		if s.jars[session] == nil {
			s.jars[session] = signin.NewJar()
		}
		config.Jar = s.jars[session]
	}
	id := p.Client.ID
	if id == "" {
		id = "oidcflow"
	}
	return flow.Config{Issuer: s.server.Issuer(""), ClientID: id, RedirectURI: p.Client.RedirectURI, Scopes: p.Client.Scopes, Now: s.server.Clock().Now,
		SignIn: held{signin.NewForm(config), s.hold}}, nil
}

// held is a driver that waits for something first.
type held struct {
	driver flow.SignIn
	hold   func(context.Context) error
}

func (h held) SignIn(ctx context.Context, r flow.Request) (*flow.Callback, error) {
	if h.hold != nil {
		if err := h.hold(ctx); err != nil {
			return nil, err
		}
	}
	return h.driver.SignIn(ctx, r)
}

func (s *idpStage) Embedded() Embedded {
	if s.foreign {
		return nil
	}
	return s
}
func (s *idpStage) Inject(names []string) error {
	return errors.Join(s.server.ClearFaults(), s.server.SetFault(names...))
}
func (s *idpStage) Advance(d time.Duration)          { s.server.Clock().Advance(d) }
func (s *idpStage) Seed() uint64                     { return s.server.Ready().Seed }
func (s *idpStage) Checks(flow.Config) check.Options { return check.Options{} }
func (s *idpStage) Close() error                     { return s.server.Close() }

// open starts the provider of a file. Its keys are of ES256, which cost nothing to make.
func open(context.Context, *File) (Stage, error) {
	server, err := mockidp.Start(mockidp.Config{Servers: []mockidp.AuthServer{{Name: "org", Alg: "ES256"}}, Users: []mockidp.User{
		mockidp.Person{Login: "alice", Password: password, Groups: []string{"admins", "staff"}},
		mockidp.Person{Login: "bob", Password: password},
	}})
	return &idpStage{server: server, jars: map[string]*signin.Jar{}}, err
}

// users is a file's beginning, with both users.
const users = `
idp {}
client "web" {
  client_id = "oidcflow"
  scopes    = ["openid", "groups", "offline_access"]
}
user "alice" {}
user "bob" {}
`

// loaded loads a file that is right.
func loaded(t testing.TB, text string, o Options) *File {
	t.Helper()
	path := write(t, map[string]string{"oidcflow.hcl": text})
	f, diags := Load(path, o)
	require.Empty(t, diags)
	return f
}

// told writes outcomes in lines: name, status, and what is wrong.
func told(all []*FileOutcome) string {
	var b strings.Builder
	for _, f := range all {
		for _, o := range f.Runs {
			fmt.Fprintf(&b, "%s %s %s\n", o.Name, o.Status, o.Reason)
			for _, p := range o.Problems {
				fmt.Fprintf(&b, "  %s %s: %s %v\n", p.Status, p.Name, p.What, p.Values)
			}
		}
		for _, w := range f.Warnings {
			fmt.Fprintf(&b, "warning %s\n", w)
		}
	}
	return b.String()
}

func TestRuns(t *testing.T) {
	t.Parallel()
	api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Method", r.Method)
		fmt.Fprintf(w, `{"token": %t, "type": %q}`, strings.HasPrefix(r.Header.Get("Authorization"), "Bearer ey"), r.Header.Get("Content-Type"))
	}))
	t.Cleanup(api.Close)
	for _, test := range []struct {
		name, text string
		want       []string // parts of what is told, in any order
	}{
		{"claims, userinfo and introspection", `
run "a" {
  user = "alice"
  assert "groups" { 
    condition = contains(result.id_token.groups, "staff") && !contains(result.verified, "nothing")
  }
  assert "userinfo" {
    condition = result.userinfo.sub == result.id_token.sub && result.introspection.active
  }
  assert "headers" {
    condition = result.id_token_header.alg == "ES256" && result.tokens.token_type == "Bearer" && result.tokens.expires_in > 3000
  }
  assert "jwt" {
    condition = jwtdecode(result.tokens.id_token).claims.sub == result.id_token.sub
  }
}`, []string{"a pass"}},
		{"a failed assert shows values, and none that is secret", `
run "a" {
  user = "alice"
  assert "groups" {
    condition     = length(result.id_token.groups) == 3 && result.tokens.access_token != "x"
    error_message = "there are ${length(result.id_token.groups)}"
  }
  assert "other" {
    condition = { a = result.id_token.groups[0], b = 1 } == { a = "staff", b = 1 }
  }
  assert "claim" {
    condition = result.id_token.rolls == ""
  }
}`, []string{"a fail", "fail groups: there are 2", `{result.id_token.groups ["admins","staff"]}`, "{result.tokens.access_token (sensitive)}",
			"{length(result.id_token.groups) 2}", `{.a "admins" on the left, "staff" on the right}`, `fail claim: Unknown name: result.id_token has no "rolls"`}},
		{"what is sent is refused", `
run "verifier" {
  user = "alice"
  send {
    code_verifier = "wrong"
  }
  expect_error {
    step    = "exchange"
    code    = "exchange.invalid_grant"
    message = "invalid_grant"
  }
  assert "error" {
    condition = result.error.code == "exchange.invalid_grant"
  }
}
run "state" {
  user = "alice"
  send {
    state = "another"
  }
  expect_error {
    code = "callback.state"
  }
}
run "nonce" {
  user = "alice"
  send {
    nonce = "another"
  }
  expect_error {
    code = "verify.nonce"
  }
}
run "redirect_uri" {
  user = "alice"
  send {
    redirect_uri = "https://elsewhere.example.com/"
  }
  expect_error {
    code = "exchange.invalid_grant"
  }
}
run "client" {
  user = "alice"
  send {
    client_id     = "oidcflow-web"
    client_secret = "guessed, and wrong"
  }
  expect_error {
    code = "exchange.invalid_client"
  }
}
run "pkce" {
  user = "alice"
  send {
    authorize = { code_challenge = null, code_challenge_method = null }
  }
  expect_error {
    step = "callback"
  }
}
run "good" {
  user = "alice"
}
run "replay" {
  user = "alice"
  send {
    code          = run.good.sent.code
    code_verifier = run.good.sent.code_verifier
  }
  expect_error {
    code = "exchange.invalid_grant"
  }
}`, []string{"verifier pass", "state pass", "nonce pass", "redirect_uri pass", "client pass", "good pass", "replay pass"}},
		{"an error that is not as expected, and one that does not come", `
run "other" {
  user = "alice"
  send {
    code = "guessed"
  }
  expect_error {
    code = "exchange.invalid_client"
  }
}
run "none" {
  user = "alice"
  expect_error {
    step = "exchange"
  }
}`, []string{"other fail", `code: want "exchange.invalid_client", got "exchange.invalid_grant"`, "none fail", "the exchange ended well: want an error"}},
		{"an exchange that is wrong fails, one that could not be made is an error", `
run "wrong" {
  user   = "alice"
  faults = ["invalid-aud"]
}
run "refused" {
  user = "alice"
  send {
    code = "guessed"
  }
}
run "reads" {
  user          = "alice"
  refresh_token = run.refused.tokens.refresh_token
}
run "right" {
  user = "alice"
}`, []string{"wrong fail", "refused error", "reads skip it reads run.refused, and nothing came of that", "right pass"}},
		{"refresh, rotation and the clock", `
run "a" {
  user = "alice"
  then = ["refresh", "introspect", "revoke"]
}
run "b" {
  user = "alice"
}
run "later" {
  user          = "alice"
  advance       = "2h"
  refresh_token = run.b.tokens.refresh_token
  assert "rotated" {
    condition = result.tokens.refresh_token != run.b.tokens.refresh_token && result.id_token.sub == run.b.id_token.sub
  }
}
run "used" {
  user          = "alice"
  advance       = "1m"
  refresh_token = run.b.tokens.refresh_token
  expect_error {
    step = "refresh"
    code = "refresh.invalid_grant"
  }
}
run "expired" {
  sign_in = "none"
  request "userinfo" {
    url     = "${run.b.issuer}/oauth2/v1/userinfo"
    headers = { Authorization = "Bearer ${run.b.tokens.access_token}" }
    assert "refused" {
      condition = response.status == 401
    }
  }
}`, []string{"a pass", "b pass", "later pass", "used pass", "expired pass"}},
		{"for_each, and sessions", `
run "each" {
  for_each = { alice = 2, bob = 0 }
  user     = each.key
  session  = each.key
  assert "groups" {
    condition = length(try(result.id_token.groups, [])) == each.value
  }
}
run "again" {
  user    = "bob"
  session = "bob"
  params  = { prompt = "none" }
  assert "same" {
    condition = result.id_token.sub == run.each["bob"].id_token.sub
  }
}
run "alone" {
  user   = "bob"
  params = { prompt = "none" }
  expect_error {
    code = "authorize.login_required"
  }
}
run "left_out" {
  user = "bob"
  skip = "not today"
}`, []string{`each["alice"] pass`, `each["bob"] pass`, "again pass", "alone pass", "left_out skip not today"}},
		{"requests to a service", `
run "a" {
  user = "alice"
  request "text" {
    url     = "` + api.URL + `"
    method  = "put"
    headers = { Authorization = "Bearer ${result.tokens.access_token}" }
    assert "token" {
      condition = response.json.token && response.headers["x-method"] == "PUT" && response.json.type == ""
    }
  }
  request "json" {
    url  = "` + api.URL + `"
    body = { a = 1 }
    assert "type" {
      condition = response.json.type == "application/json" && !response.json.token && response.headers["x-method"] == "POST"
    }
  }
  request "elsewhere" {
    url = "https://service.example.com"
  }
  request "plain" {
    url = "http://service.example.com"
  }
  assert "kept" {
    condition = result.response.text.status == 200
  }
}`, []string{"a error", `error elsewhere: Request that is not allowed: url: "service.example.com" is not the issuer's host; --allow-host service.example.com allows it`,
			"error plain: Request that is not allowed: url: want https"}},
		{"checks", `
run "right" {
  user   = "alice"
  checks = ["all"]
  assert "aud" {
    condition = result.checks["invalid-aud"] == "pass" && result.id_token.groups != null
  }
}
run "wrong" {
  user   = "alice"
  faults = ["invalid-aud"]
  checks = ["invalid-aud", "invalid-iss"]
}
run "known" {
  user   = "alice"
  faults = ["invalid-aud"]
  assert "convicted" {
    condition = result.checks["invalid-aud"] == "fail"
  }
}`, []string{"right pass", "wrong fail", "fail invalid-aud:", "known pass"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			p := &Program{Open: open}
			got := told(p.Run(t.Context(), []*File{loaded(t, users+test.text, Options{})}))
			for _, want := range test.want {
				require.Contains(t, got, want)
			}
			require.NotContains(t, got, "eyJ")
			require.NotContains(t, got, password)
		})
	}
}

const three = users + `
run "first" {
  user = "alice"
}
run "wrong" {
  user   = "alice"
  faults = ["invalid-iss"]
}
run "reads_first" {
  user          = "alice"
  refresh_token = run.first.tokens.refresh_token
}
`

func TestFilterAndFailFast(t *testing.T) {
	t.Parallel()
	f := func() []*File { return []*File{loaded(t, three, Options{})} }
	got := told((&Program{Open: open, Filter: regexp.MustCompile("^reads")}).Run(t.Context(), f()))
	require.Equal(t, "first pass \nreads_first pass \n", got, "with what it reads")
	require.Empty(t, told((&Program{Open: open, Filter: regexp.MustCompile("none")}).Run(t.Context(), f())))
	got = told((&Program{Open: open, FailFast: true}).Run(t.Context(), f()))
	require.Contains(t, got, "reads_first skip run wrong did not pass, and --fail-fast")
}

// A provider that cannot be set up is told once, and the rest of the file is skipped; other files go on.
func TestSetUpFails(t *testing.T) {
	t.Parallel()
	files := []*File{loaded(t, three, Options{}), loaded(t, users+"run \"a\" {\n  user = \"bob\"\n}", Options{})}
	p := &Program{Parallel: 2, Open: func(ctx context.Context, f *File) (Stage, error) {
		if f == files[0] {
			return nil, &flow.Error{Code: "env.listen", Err: errors.New("no port is free")}
		}
		return open(ctx, f)
	}}
	got := told(p.Run(t.Context(), files))
	require.Contains(t, got, "first error \n  error : no port is free")
	require.Contains(t, got, "wrong skip the provider of this file could not be set up\nreads_first skip")
	require.Contains(t, got, "a pass")
}

// When the program is interrupted in a sign-in, the tokens of the runs before are revoked all the same.
func TestInterruptedRunsCleanUp(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	var server *mockidp.Server
	var signIns atomic.Int32
	p := &Program{Open: func(ctx context.Context, f *File) (Stage, error) {
		s, err := open(ctx, f)
		if err != nil {
			return nil, err
		}
		stage := s.(*idpStage)
		server, stage.foreign = stage.server, true
		stage.hold = func(ctx context.Context) error {
			if signIns.Add(1) < 2 {
				return nil
			}
			cancel()
			<-ctx.Done()
			return ctx.Err()
		}
		return stage, nil
	}}
	outcomes := p.Run(ctx, []*File{loaded(t, strings.ReplaceAll(users, "idp {}", `issuer = "http://127.0.0.1:1"`)+`
run "signs_in" {
  user = "alice"
}
run "held" {
  user = "alice"
}
run "never" {
  user = "alice"
}`, Options{})})
	got := told(outcomes)
	require.Contains(t, got, "signs_in pass")
	require.Contains(t, got, "held error")
	require.Contains(t, got, "never skip it was interrupted before")
	require.NotContains(t, got, "warning")
	asked := map[string]int{}
	for _, r := range server.Requests() {
		asked[r.Endpoint]++
	}
	require.Equal(t, 2, asked["revoke"], "refresh token and access token: %v", asked)
	require.Equal(t, 1, asked["logout"], "%v", asked)
}

// A run that takes too long is an error, and the next goes on.
func TestTimeout(t *testing.T) {
	t.Parallel()
	p := &Program{Open: func(ctx context.Context, f *File) (Stage, error) {
		s, err := open(ctx, f)
		if err != nil {
			return nil, err
		}
		var signIns atomic.Int32
		s.(*idpStage).hold = func(ctx context.Context) error {
			if signIns.Add(1) > 1 {
				return nil
			}
			<-ctx.Done()
			return ctx.Err()
		}
		return s, nil
	}}
	got := told(p.Run(t.Context(), []*File{loaded(t, users+"run \"slow\" {\n  user = \"bob\"\n  timeout = \"50ms\"\n}\nrun \"next\" {\n  user = \"bob\"\n}", Options{})}))
	require.Contains(t, got, "slow error")
	require.Contains(t, got, "next pass")
}

// Files at once share nothing that one of them changes, and leave nothing behind.
func TestManyFilesAtOnce(t *testing.T) {
	before := runtime.NumGoroutine()
	var files []*File
	for range 12 {
		files = append(files, loaded(t, three, Options{}))
	}
	var ran, ended atomic.Int32
	transport := http.DefaultTransport.(*http.Transport)
	p := &Program{Open: open, Parallel: 6, Ran: func(*File, *Outcome) { ran.Add(1) }, Ended: func(*FileOutcome) { ended.Add(1) }}
	outcomes := p.Run(t.Context(), files)
	for _, o := range outcomes {
		require.Equal(t, "first pass \nwrong fail \n", regexp.MustCompile(`(?m)^  .*\n`).ReplaceAllString(told([]*FileOutcome{o}), "")[:len("first pass \nwrong fail \n")])
		require.Equal(t, check.Fail, o.Status())
	}
	require.EqualValues(t, 36, ran.Load())
	require.EqualValues(t, 12, ended.Load())
	transport.CloseIdleConnections()
	require.Eventually(t, func() bool { return runtime.NumGoroutine() <= before+2 }, 10*time.Second, 10*time.Millisecond, "goroutines are left")
}

// The canary: what a secret is, is in no text of an outcome, whatever a file does with it.
func TestNoSecretInOutcomes(t *testing.T) {
	t.Parallel()
	const canary = "canary-7f3e91"
	o := Options{LookupEnv: variables(map[string]string{"CANARY": canary}), Command: func(context.Context, []string) (string, error) { return canary, nil }}
	f := loaded(t, users+`
locals {
  secret = env("CANARY")
}
run "a" {
  user = "alice"
  assert "equal" {
    condition = local.secret == "x" || result.issuer == command("x")
  }
  assert "inside" {
    condition = { a = local.secret, b = result.issuer } == { a = "y", b = "z" }
  }
  assert "number" {
    condition = tonumber(local.secret) == length(result.issuer)
  }
  assert "json" {
    condition = jsondecode(local.secret) == result.issuer
  }
  assert "member" {
    condition = result.id_token[local.secret] == ""
  }
  assert "pattern" {
    condition = regex(local.secret, result.issuer) == ""
  }
  request "body" {
    url  = "https://${local.secret}.example.com"
    body = local.secret
  }
}
`, o)
	got := told((&Program{Open: open}).Run(t.Context(), []*File{f}))
	require.NotContains(t, got, canary)
	require.Contains(t, got, "(sensitive)")
}

// BenchmarkRuns makes 200 runs by forms against one provider.
func BenchmarkRuns(b *testing.B) {
	f := loaded(b, users+"run \"many\" {\n  for_each = toset([for i in range(200) : tostring(i)])\n  user = \"alice\"\n  assert \"sub\" {\n    condition = result.id_token.sub != each.key\n  }\n}\n", Options{})
	for b.Loop() {
		for _, o := range (&Program{Open: open}).Run(b.Context(), []*File{f})[0].Runs {
			if o.Status != check.Pass {
				b.Fatal(told([]*FileOutcome{{Runs: []*Outcome{o}}}))
			}
		}
	}
}
