package cmd

import (
	"context"
	"fmt"
	"strings"

	"github.com/hashicorp/hcl/v2"

	"github.com/oidcflow/oidcflow/flow"
	"github.com/oidcflow/oidcflow/flow/scenario"
	"github.com/oidcflow/oidcflow/flow/trace"
)

// setting is one thing that can be set: by a flag, by a variable, by a file. Flags, help, completion and look-ups are
// all made from the table.
type setting struct {
	flag   string
	arg    string // what the value is called in help; empty: a switch
	env    []string
	def    string // the default as help shows it
	doc    string
	values []string // all there are, where they are few
	repeat bool     // may be given several times; a variable's value is split at commas and blanks
	split  bool     // a flag's value is split as well
	set    func(o *options, values []string) error
	file   func(p *scenario.Profile) string // what a file says, or ""
	// mayHold refuses values that a flag may not hold, as other users of the machine see flags.
	mayHold func(values []string, flag bool) error

	// A secret has no flag of its own: --FLAG-file names a file with it, --FLAG-command a program that prints it, and
	// its variable with _FILE at the end of the name a file again.
	secret     string // its kind
	command    bool
	encrypted  bool // it may be encrypted with age
	setSecret  func(o *options, s trace.Secret) error
	fileSecret func(p *scenario.Profile) trace.Secret
	// One that may never be needed has these two instead: it is read when that function is called.
	setLater  func(o *options, read lateSecret)
	fileLater func(p *scenario.Profile) func(context.Context) (trace.Secret, hcl.Diagnostics)
}

// lateSecret reads a secret when it is needed.
type lateSecret = func(context.Context) (trace.Secret, error)

// group is a group of settings in help, and the unit in which commands take them.
type group struct {
	title    string
	target   bool // says which provider, client and user; with --mock, variables are not read for these
	settings []setting
}

var groups = []*group{&targetSettings, &userSettings, &ageSettings, &signInSettings, &fileSettings, &commonSettings}

var targetSettings = group{title: "Target", target: true, settings: []setting{
	{flag: "mock", doc: "use the embedded provider, started for this call: user alice, client oidcflow",
		set: on(func(o *options) *bool { return &o.mock })},
	{flag: "client", arg: "LABEL", doc: "the client block of the file", set: to(func(o *options) *string { return &o.config.selection.Client })},
	{flag: "issuer", arg: "URL", env: []string{"OIDCFLOW_ISSUER", "OKTA_OIDC_ISSUER"},
		doc:  "the provider; its endpoints come from discovery",
		set:  to(func(o *options) *string { return &o.flow.Issuer }),
		file: func(p *scenario.Profile) string { return p.Issuer }},
	{flag: "authorization-url", arg: "URL", env: []string{"OKTA_OIDC_AUTHORIZATION_URL"}, def: "from discovery",
		doc:  "the authorization endpoint",
		set:  to(func(o *options) *string { return &o.flow.Endpoints.Authorization }),
		file: func(p *scenario.Profile) string { return p.Endpoints.Authorization }},
	{flag: "token-url", arg: "URL", env: []string{"OKTA_OIDC_TOKEN_URL"}, def: "from discovery",
		doc:  "the token endpoint",
		set:  to(func(o *options) *string { return &o.flow.Endpoints.Token }),
		file: func(p *scenario.Profile) string { return p.Endpoints.Token }},
	{flag: "jwks-url", arg: "URL", def: "from discovery", doc: "the provider's keys",
		set:  to(func(o *options) *string { return &o.flow.Endpoints.JWKS }),
		file: func(p *scenario.Profile) string { return p.Endpoints.JWKS }},
	{flag: "userinfo-url", arg: "URL", def: "from discovery", doc: "the userinfo endpoint",
		set:  to(func(o *options) *string { return &o.flow.Endpoints.UserInfo }),
		file: func(p *scenario.Profile) string { return p.Endpoints.UserInfo }},
	{flag: "introspection-url", arg: "URL", def: "from discovery", doc: "the introspection endpoint",
		set: to(func(o *options) *string { return &o.flow.Endpoints.Introspection })},
	{flag: "revocation-url", arg: "URL", def: "from discovery", doc: "the revocation endpoint",
		set: to(func(o *options) *string { return &o.flow.Endpoints.Revocation })},
	{flag: "end-session-url", arg: "URL", def: "from discovery", doc: "the logout endpoint",
		set: to(func(o *options) *string { return &o.flow.Endpoints.EndSession })},
	{flag: "par-url", arg: "URL", def: "from discovery", doc: "the endpoint for pushed authorization requests",
		set: to(func(o *options) *string { return &o.flow.Endpoints.PAR })},
	{flag: "endpoint-host", arg: "HOST", env: []string{"OIDCFLOW_ENDPOINT_HOST"}, repeat: true,
		doc: "a host, besides the issuer's, on which discovered endpoints may be",
		set: list(func(o *options) *[]string { return &o.flow.EndpointHosts })},
	{flag: "client-id", arg: "ID", env: []string{"OIDCFLOW_CLIENT_ID", "OKTA_OIDC_CLIENT_ID"}, doc: "the client",
		set:  to(func(o *options) *string { return &o.flow.ClientID }),
		file: func(p *scenario.Profile) string { return p.Client.ID }},
	{flag: "client-secret", secret: "client_secret", env: []string{"OIDCFLOW_CLIENT_SECRET", "OKTA_OIDC_CLIENT_SECRET"},
		doc: "the client's secret; none: a public client",
		setSecret: func(o *options, s trace.Secret) error {
			o.flow.ClientSecret = s
			return nil
		},
		fileSecret: func(p *scenario.Profile) trace.Secret { return p.Client.Secret }},
	{flag: "client-auth", arg: "METHOD", env: []string{"OIDCFLOW_CLIENT_AUTH"}, def: "auto",
		doc: "how the client authenticates; auto: from discovery",
		values: []string{"auto", string(flow.AuthNone), string(flow.AuthSecretBasic), string(flow.AuthSecretPost),
			string(flow.AuthSecretJWT), string(flow.AuthPrivateKeyJWT)},
		set:  setClientAuth,
		file: func(p *scenario.Profile) string { return p.Client.AuthMethod }},
	{flag: "client-key", secret: "client_key", env: []string{"OIDCFLOW_CLIENT_KEY"},
		doc: "the client's private key for private_key_jwt, PEM or JWK", setSecret: setClientKey},
	{flag: "redirect-uri", arg: "URI", env: []string{"OIDCFLOW_REDIRECT_URI", "OKTA_OIDC_REDIRECT_URI"},
		def: "http://localhost:8080/callback", doc: "the client's redirect URI; nothing needs to listen there",
		set:  to(func(o *options) *string { return &o.flow.RedirectURI }),
		file: func(p *scenario.Profile) string { return p.Client.RedirectURI }},
	{flag: "scope", arg: "LIST", env: []string{"OIDCFLOW_SCOPE", "OKTA_OIDC_AUTHORIZATION_SCOPE"}, def: "openid",
		repeat: true, split: true, doc: "scopes, with commas or blanks between them",
		set:  list(func(o *options) *[]string { return &o.flow.Scopes }),
		file: func(p *scenario.Profile) string { return strings.Join(p.Client.Scopes, " ") }},
	{flag: "param", arg: "K=V", repeat: true, doc: "a further parameter of the authorization request", set: setParam},
	{flag: "prompt", arg: "LIST", doc: "the parameter prompt", set: to(func(o *options) *string { return &o.flow.Prompt })},
	{flag: "max-age", arg: "AGE", doc: "the parameter max_age, in seconds or as in 5m", set: setMaxAge},
	{flag: "acr-values", arg: "LIST", repeat: true, split: true, doc: "the parameter acr_values",
		set: list(func(o *options) *[]string { return &o.flow.ACRValues })},
	{flag: "login-hint", arg: "NAME", doc: "the parameter login_hint",
		set: to(func(o *options) *string { return &o.flow.LoginHint })},
	{flag: "response-mode", arg: "MODE", values: []string{"query", "fragment", "form_post"},
		doc: "the parameter response_mode", set: to(func(o *options) *string { return &o.flow.ResponseMode })},
	{flag: "dpop", doc: "bind the tokens to a key made for this call (RFC 9449)",
		set: on(func(o *options) *bool { return &o.flow.DPoP })},
	{flag: "par", doc: "push the authorization request (RFC 9126); done anyway where the provider requires it",
		set: on(func(o *options) *bool { return &o.flow.PAR })},
	{flag: "clock-skew", arg: "DURATION", def: "60s", doc: "allowed between the provider's clock and this one", set: setClockSkew},
	{flag: "insecure-http", doc: "accept plain http elsewhere than on loopback hosts",
		set: on(func(o *options) *bool { return &o.flow.InsecureHTTP })},
	{flag: "fault", arg: "NAME", repeat: true, doc: "with --mock: what the provider does wrong (see 'oidcflow list faults')",
		set: list(func(o *options) *[]string { return &o.faults })},
	{flag: "widget", arg: "DIR", doc: "with --mock: the folder dist of the npm package @okta/okta-signin-widget, for a sign-in as at Okta in Chrome",
		set: to(func(o *options) *string { return &o.widget })},
	{flag: "variation", arg: "NAME", repeat: true,
		doc: "with --mock: what the provider does unusually (see 'oidcflow list variations')",
		set: list(func(o *options) *[]string { return &o.variations })},
}}

var userSettings = group{title: "User", target: true, settings: []setting{
	{flag: "user", arg: "LABEL", doc: "the user block of the file", set: to(func(o *options) *string { return &o.config.selection.User })},
	{flag: "username", arg: "NAME", env: []string{"OIDCFLOW_USERNAME"}, doc: "who signs in",
		set:  to(func(o *options) *string { return &o.user.Name }),
		file: func(p *scenario.Profile) string { return p.User.Name }},
	{flag: "password", secret: "password", command: true, env: []string{"OIDCFLOW_PASSWORD"}, doc: "the password",
		setSecret: func(o *options, s trace.Secret) error {
			o.user.Password = s
			return nil
		},
		fileSecret: func(p *scenario.Profile) trace.Secret { return p.User.Password }},
	{flag: "new-password", secret: "new_password", command: true, env: []string{"OIDCFLOW_NEW_PASSWORD"},
		doc:      "the password to set where the old one has expired; read only then",
		setLater: func(o *options, read lateSecret) { o.user.NewPassword = read },
		fileLater: func(p *scenario.Profile) func(context.Context) (trace.Secret, hcl.Diagnostics) {
			return p.User.NewPassword
		}},
	{flag: "totp", secret: "totp", command: true, env: []string{"OIDCFLOW_TOTP_SECRET"},
		doc: "the secret of the authenticator app, base32 or an otpauth URI", encrypted: true, setSecret: setTOTP,
		fileSecret: func(p *scenario.Profile) trace.Secret { return p.User.TOTP }},
	{flag: "passkey", secret: "passkey", env: []string{"OIDCFLOW_PASSKEY"},
		doc: "the passkey, as 'oidcflow passkey enrol' writes it", encrypted: true, setSecret: setPasskey,
		fileSecret: func(p *scenario.Profile) trace.Secret { return p.User.Passkey }},
	{flag: "answers", secret: "answers", env: []string{"OIDCFLOW_ANSWERS"},
		doc: "answers to security questions, in lines 'question = answer'", setSecret: setAnswers,
		fileSecret: func(p *scenario.Profile) trace.Secret { return p.User.Answers }},
	{flag: "code-command", arg: "CMD", env: []string{"OIDCFLOW_CODE_COMMAND"},
		doc: "a program whose first line is the mailed or texted code", set: setCodeCommand,
		file: func(p *scenario.Profile) string { return p.User.CodeCommand }},
}}

// ageSettings are read before the secrets that may be encrypted. They are no matter of the target.
var ageSettings = group{title: "Encryption", settings: []setting{
	{flag: "passphrase", secret: "passphrase", command: true, env: []string{"OIDCFLOW_PASSKEY_PASSPHRASE"},
		doc: "the passphrase that a passkey or TOTP secret is encrypted with", setSecret: func(o *options, s trace.Secret) error {
			o.age.passphrase = s
			return nil
		}},
	{flag: "identity", secret: "identity", env: []string{"OIDCFLOW_IDENTITY"},
		doc: "the age identity that it is encrypted for", setSecret: func(o *options, s trace.Secret) error { return o.age.setIdentities(s) }},
}}

var signInSettings = group{title: "Sign-in", settings: []setting{
	{flag: "sign-in", arg: "DRIVER", env: []string{"OIDCFLOW_SIGN_IN"}, def: "auto",
		doc: "how to sign in (see 'oidcflow list drivers')", values: driverNames(),
		set:  to(func(o *options) *string { return &o.driver }),
		file: func(p *scenario.Profile) string { return p.SignIn }},
	{flag: "sign-in-host", arg: "HOST", env: []string{"OIDCFLOW_SIGN_IN_HOST"}, repeat: true,
		doc:  "a host, besides the issuer's, where credentials may be typed",
		set:  list(func(o *options) *[]string { return &o.signInHosts }),
		file: func(p *scenario.Profile) string { return strings.Join(p.SignInHosts, " ") }},
	{flag: "consent", arg: "ANSWER", def: "grant", values: []string{"grant", "deny"},
		doc: "what to answer when the provider asks for consent", set: setConsent},
	{flag: "factor-order", arg: "LIST", env: []string{"OIDCFLOW_FACTOR_ORDER"}, def: strings.Join(factorKinds, ","), repeat: true, split: true,
		doc: "which factor to use where the provider offers several, the best first", set: setFactorOrder,
		file: func(p *scenario.Profile) string { return strings.Join(p.FactorOrder, " ") }},
	{flag: "allow-push", doc: "wait for a person to answer a push message",
		set:  on(func(o *options) *bool { return &o.allowPush }),
		file: func(p *scenario.Profile) string { return switched(p.AllowPush) }},
	{flag: "browser", arg: "PATH", env: []string{"OIDCFLOW_BROWSER", "CHROME_PATH"},
		doc: "Chrome or Chromium", set: to(func(o *options) *string { return &o.browser.path })},
	{flag: "show", doc: "show the browser's window", set: on(func(o *options) *bool { return &o.browser.show })},
	{flag: "browser-sandbox", arg: "WHEN", def: "auto", values: []string{"auto", "on", "off"},
		doc: "Chrome's sandbox; auto: off only where it cannot be on", set: to(func(o *options) *string { return &o.browser.sandbox })},
}}

// fileSettings are read first: they say where the others may stand.
var fileSettings = group{title: "File", settings: []setting{
	{flag: "config", arg: "FILE", def: "./oidcflow.hcl where it exists", doc: "a file with settings (see 'oidcflow help config')",
		set: to(func(o *options) *string { return &o.config.path })},
	{flag: "allow-file", arg: "DIR", repeat: true, doc: "let file() in the file of --config read below DIR",
		set: list(func(o *options) *[]string { return &o.config.allowFile })},
	{flag: "allow-command", doc: "let command() in the file of --config run programs",
		set: on(func(o *options) *bool { return &o.config.allowCommand })},
}}

var commonSettings = group{title: "Common", settings: []setting{
	{flag: "ca-file", arg: "PEM", env: []string{"SSL_CERT_FILE"}, doc: "trust these certification authorities, too",
		set: to(func(o *options) *string { return &o.caFile })},
	{flag: "proxy", arg: "URL", env: []string{"HTTPS_PROXY", "https_proxy"},
		doc: "the proxy for all but loopback hosts and those in NO_PROXY", set: setProxy, mayHold: noPasswordInFlag},
	{flag: "timeout", arg: "DURATION", env: []string{"OIDCFLOW_TIMEOUT"}, def: "60s", doc: "for everything together", set: setTimeout},
	{flag: "artifacts", arg: "DIR", env: []string{"OIDCFLOW_ARTIFACTS"},
		doc: "keep a log, a HAR and what was on screen, without secrets", set: to(func(o *options) *string { return &o.artifacts })},
	{flag: "cache", arg: "DIR", env: []string{"OIDCFLOW_CACHE"}, def: "none", doc: "where tokens are kept; there is none so far", set: setCache},
	{flag: "min-ttl", arg: "DURATION", def: "60s", doc: "kept tokens are returned only if valid for so long", set: setMinTTL},
}}

// fileFlag and commandFlag are the flags of a secret.
func (s *setting) fileFlag() string    { return s.flag + "-file" }
func (s *setting) commandFlag() string { return s.flag + "-command" }

// to, on and list make the set function of a setting from where its value goes.
func to(field func(*options) *string) func(*options, []string) error {
	return func(o *options, v []string) error {
		*field(o) = v[len(v)-1]
		return nil
	}
}

func on(field func(*options) *bool) func(*options, []string) error {
	return func(o *options, v []string) error {
		switch last := v[len(v)-1]; last {
		case "true":
			*field(o) = true
		case "false":
			*field(o) = false
		default:
			return fmt.Errorf("want true or false, got %q", last)
		}
		return nil
	}
}

// switched is a switch of a file as a flag has it.
func switched(b bool) string {
	if b {
		return "true"
	}
	return ""
}

func list(field func(*options) *[]string) func(*options, []string) error {
	return func(o *options, v []string) error {
		*field(o) = v
		return nil
	}
}
