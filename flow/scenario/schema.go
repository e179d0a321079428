package scenario

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/zclconf/go-cty/cty"

	"github.com/oidcflow/oidcflow/flow/check"
	"github.com/oidcflow/oidcflow/flow/signin"
	"github.com/oidcflow/oidcflow/flow/trace"
)

// Block says what a block of a file is, and what it may hold. [Schema] is the table of all of them: what is not in it
// is refused.
type Block struct {
	Name       string
	Label      string // what the label is called; empty: there is none
	Once       bool   // a second one is a mistake
	Free       bool   // its attributes have any names
	Elsewhere  bool   // what it holds is not in this table
	Doc        string
	Attributes []Attribute
	Blocks     []*Block
}

// Attribute says what an attribute of a block may be.
type Attribute struct {
	Name     string
	Type     cty.Type // what its value is converted to
	Required bool
	Values   func() []string // all that it, or each of its elements, may be; nil: anything
	When     Phase           // when it is evaluated, and so what it may read
	Plain    bool            // it is shown, so it may hold no secret
	Raw      bool            // it is no expression that has a value
	Doc      string

	check func(cty.Value) error // what the type cannot say; of a value that is known and not null
}

// Phase is how far a run has got when something is evaluated, and so what there is to read.
type Phase int

// The phases. Each can read what the ones before can.
const (
	AtStart      Phase = iota // var and local
	BeforeRun                 // also each, and run.NAME of the runs before
	AfterRun                  // also result
	AfterRequest              // also response
)

var (
	texts    = cty.List(cty.String)
	textMap  = cty.Map(cty.String)
	anything = cty.DynamicPseudoType
)

// Schema is the top level of a file.
var Schema = &Block{
	Doc: "a file: a provider, its clients and users, and runs that use them",
	Attributes: []Attribute{
		{Name: "issuer", Type: cty.String, Doc: "the provider; its endpoints come from discovery"},
		{Name: "authorization_url", Type: cty.String, Doc: "the authorization endpoint; left out: from discovery"},
		{Name: "token_url", Type: cty.String, Doc: "the token endpoint; left out: from discovery"},
		{Name: "jwks_url", Type: cty.String, Doc: "the provider's keys; left out: from discovery"},
		{Name: "userinfo_url", Type: cty.String, Doc: "the userinfo endpoint; left out: from discovery"},
		{Name: "sign_in", Type: cty.String, Doc: "how to sign in where a run does not say it: auto, form, chrome or idx"},
		{Name: "sign_in_hosts", Type: texts, Doc: "hosts, besides the issuer's, where credentials may be typed"},
		{Name: "factor_order", Type: texts, Doc: "which factor to use where several are offered, the best first"},
		{Name: "allow_push", Type: cty.Bool, Doc: "wait for a person to answer a push message"},
	},
	Blocks: []*Block{variableSchema, localsSchema,
		{Name: "idp", Once: true, Elsewhere: true, Doc: "the embedded provider, started for this file; see 'oidcflow help config'"},
		{Name: "client", Label: "name", Doc: "a client", Attributes: []Attribute{
			{Name: "client_id", Type: cty.String, Doc: "the client ID; left out: the label"},
			{Name: "secret", Type: cty.String, Doc: "the client's secret; left out: a public client"},
			{Name: "token_endpoint_auth_method", Type: cty.String, Doc: "how the client authenticates; left out: from discovery"},
			{Name: "redirect_uri", Type: cty.String, Doc: "the redirect URI; nothing needs to listen there"},
			{Name: "scopes", Type: texts, Doc: "the scopes it asks for; left out: openid"},
			{Name: "server", Type: cty.String, Doc: "the embedded provider's authorization server; left out: org"},
		}},
		{Name: "user", Label: "name", Doc: "a user", Attributes: []Attribute{
			{Name: "username", Type: cty.String, Doc: "what is typed; left out: the label"},
			{Name: "password", Type: cty.String, Doc: "the password"},
			{Name: "new_password", Type: cty.String, Doc: "the password to set where the old one has expired"},
			{Name: "totp", Type: cty.String, Doc: "the secret of the authenticator app, base32 or an otpauth URI"},
			{Name: "passkey", Type: cty.String, Doc: "a passkey, as 'oidcflow passkey enrol' writes it"},
			{Name: "answers", Type: textMap, Doc: "answers to security questions"},
			{Name: "code_command", Type: cty.String, Doc: "a program whose first line is the mailed or texted code; only with --allow-command"},
		}},
		{Name: "page", Label: "name", Elsewhere: true, Doc: "a page of a sign-in; see 'oidcflow help config'"},
		runSchema,
	},
}

var variableSchema = &Block{Name: "variable", Label: "name", Doc: "a value that --var and --var-file can set", Attributes: []Attribute{
	{Name: "type", Type: anything, Raw: true, Doc: "string, number, bool, list(…), set(…), map(…), object({…}) or any; left out: any"},
	{Name: "default", Type: anything, Doc: "its value where none is given; left out: one must be given"},
	{Name: "description", Type: cty.String, Plain: true, Doc: "what it is for"},
	{Name: "sensitive", Type: cty.Bool, Doc: "it is a secret, and never shown"},
}}

var localsSchema = &Block{Name: "locals", Free: true, Doc: "names for values, read as local.NAME"}

// noSignIn is the sign_in of a run that makes no exchange.
const noSignIn = "none"

func signIns() []string { return []string{"auto", "form", "chrome", "idx", noSignIn} }

var runSchema = &Block{Name: "run", Label: "name", Doc: "one exchange, and what must come of it", Attributes: []Attribute{
	{Name: "description", Type: cty.String, When: BeforeRun, Plain: true, Doc: "what it shows, for people"},
	{Name: "client", Type: cty.String, When: BeforeRun, Plain: true, Doc: "the label of a client; left out: the only one"},
	{Name: "user", Type: cty.String, When: BeforeRun, Plain: true, Doc: "the label of a user; left out: the only one"},
	{Name: "sign_in", Type: cty.String, When: BeforeRun, Plain: true, Values: signIns, Doc: "how to sign in; none: there is no exchange, only requests and asserts"},
	{Name: "scopes", Type: texts, When: BeforeRun, Doc: "the scopes to ask for, in place of the client's"},
	{Name: "params", Type: textMap, When: BeforeRun, Doc: "further parameters of the authorization request"},
	{Name: "for_each", Type: anything, Doc: "a map or a set: one run for each element, with each.key and each.value"},
	{Name: "refresh_token", Type: cty.String, When: BeforeRun, Doc: "a refresh token to redeem in place of a sign-in"},
	{Name: "then", Type: texts, When: BeforeRun, Plain: true, Values: thenNames, Doc: "steps beyond the exchange, in this order"},
	{Name: "faults", Type: texts, When: BeforeRun, Plain: true, Doc: "what the embedded provider does wrong in this run"},
	{Name: "variations", Type: texts, When: BeforeRun, Plain: true, Doc: "what the embedded provider does unusually in this run"},
	{Name: "advance", Type: cty.String, When: BeforeRun, Plain: true, check: isDuration, Doc: "how far to move the embedded provider's clock before this run, as in 2h"},
	{Name: "checks", Type: texts, When: BeforeRun, Plain: true, Values: checkNames, Doc: "checks that must pass, by name; all: all but the probes; probes: these, too"},
	{Name: "session", Type: cty.String, When: BeforeRun, Plain: true, Doc: "runs with the same session share a browser's cookies; left out: it signs in anew"},
	{Name: "timeout", Type: cty.String, When: BeforeRun, Plain: true, check: isDuration, Doc: "how long it may take, as in 90s; left out: --timeout"},
	{Name: "skip", Type: cty.String, When: BeforeRun, Plain: true, Doc: "the reason not to run it"},
}, Blocks: []*Block{sendSchema, expectSchema, assertSchema, requestSchema}}

var sendSchema = &Block{Name: "send", Once: true, Doc: "values of the exchange that are replaced after the sign-in, to see them refused", Attributes: sendAttributes()}

var expectSchema = &Block{Name: "expect_error", Once: true, Doc: "the error that the exchange must end with; all that is given must hold", Attributes: []Attribute{
	{Name: "step", Type: cty.String, When: BeforeRun, Plain: true, Values: stepNames, Doc: "the step that fails"},
	{Name: "code", Type: cty.String, When: BeforeRun, Plain: true, check: isErrorCode, Doc: "the error's code, as in exchange.invalid_grant"},
	{Name: "message", Type: cty.String, When: BeforeRun, Plain: true, Doc: "a part of its message"},
}}

var assertSchema = assertion(AfterRun, "what must hold after the exchange")

func assertion(when Phase, doc string) *Block {
	return &Block{Name: "assert", Label: "name", Doc: doc, Attributes: []Attribute{
		{Name: "condition", Type: cty.Bool, Required: true, When: when, Doc: "true where it holds"},
		{Name: "error_message", Type: cty.String, When: when, Plain: true, Doc: "what to say where it does not"},
	}}
}

var requestSchema = &Block{Name: "request", Label: "name", Doc: "a request to the service under test, after the exchange; asserts in it read response", Attributes: []Attribute{
	{Name: "url", Type: cty.String, Required: true, When: AfterRun, Doc: "on the issuer's host, on loopback where the issuer is, or on one of --allow-host"},
	{Name: "method", Type: cty.String, When: AfterRun, Plain: true, Doc: "left out: GET, or POST with a body"},
	{Name: "headers", Type: textMap, When: AfterRun, Doc: `as in { Authorization = "Bearer ${result.tokens.access_token}" }`},
	{Name: "body", Type: anything, When: AfterRun, Doc: "text as it is; anything else as JSON"},
}, Blocks: []*Block{assertion(AfterRequest, "what must hold of the response")}}

// steps are the steps of an exchange.
var steps = []trace.Step{trace.Discover, trace.Authorize, trace.SignIn, trace.Callback, trace.Exchange, trace.Verify,
	trace.UserInfo, trace.Introspect, trace.Refresh, trace.Revoke, trace.Logout}

// isErrorCode refuses what no error has: a code begins with the step that failed, or with what else was at fault.
func isErrorCode(v cty.Value) error {
	begins := append(stepNames(), "env", "config", "usage")
	step, name, _ := strings.Cut(v.AsString(), ".")
	switch {
	case name == "":
		return fmt.Errorf("want STEP.NAME, as in exchange.%s; got %q", cmp.Or(step, "invalid_grant"), v.AsString())
	case !slices.Contains(begins, step):
		return fmt.Errorf("no step is called %q: want one of %s", step, strings.Join(begins, ", "))
	case step == string(trace.SignIn):
		if near := Nearest(v.AsString(), signin.Codes()); near != "" && !slices.Contains(signin.Codes(), v.AsString()) {
			return fmt.Errorf("no sign-in ends with %q: want %q or the like", v.AsString(), near)
		}
	}
	return nil
}

func stepNames() []string {
	var names []string
	for _, s := range steps {
		names = append(names, string(s))
	}
	return names
}

// The names that stand for many checks.
const (
	allChecks = "all"
	allProbes = "probes"
)

func checkNames() []string {
	names := []string{allChecks, allProbes}
	for _, c := range check.Checks {
		names = append(names, c.Name)
	}
	return names
}

// attribute returns the attribute of that name, or nil.
func (b *Block) attribute(name string) *Attribute {
	if i := slices.IndexFunc(b.Attributes, func(a Attribute) bool { return a.Name == name }); i >= 0 {
		return &b.Attributes[i]
	}
	return nil
}

// block returns the block of that name, or nil.
func (b *Block) block(name string) *Block {
	if i := slices.IndexFunc(b.Blocks, func(c *Block) bool { return c.Name == name }); i >= 0 {
		return b.Blocks[i]
	}
	return nil
}
