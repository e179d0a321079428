package cmd

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/spf13/cobra"
	"github.com/stretchr/testify/require"

	"github.com/oidcflow/oidcflow/flow"
)

// read reads the options of a call with these flags and variables, and this text on standard input.
func read(t *testing.T, env map[string]string, stdin string, args ...string) (*options, error) {
	t.Helper()
	return readWith(t, newCall(env, stdin), args...)
}

// readWith reads the options of a call with these flags.
func readWith(t *testing.T, p *call, args ...string) (*options, error) {
	t.Helper()
	var o *options
	c := &cobra.Command{SilenceErrors: true, SilenceUsage: true, RunE: func(c *cobra.Command, _ []string) (err error) {
		o, err = p.options(c)
		return err
	}}
	c.SetFlagErrorFunc(flagError)
	addTargetFlags(c.Flags())
	addUserFlags(c.Flags())
	addCommonFlags(c.Flags())
	c.SetArgs(args)
	return o, c.ExecuteContext(t.Context())
}

// file writes text to a new file and returns its path.
func file(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	return path
}

const target = `issuer = "https://file.example.com"
client "web" { scopes = ["openid", "file"] }
`

// A flag goes before its variable, a variable before the file, the file before the default.
func TestOrder(t *testing.T) {
	t.Parallel()
	profile := file(t, target)
	for _, test := range []struct {
		name          string
		env           map[string]string
		args          []string
		issuer, scope string
	}{
		{"the file", nil, nil, "https://file.example.com", "openid file"},
		{"an empty variable is not set", map[string]string{"OIDCFLOW_ISSUER": "", "OIDCFLOW_SCOPE": ""}, nil,
			"https://file.example.com", "openid file"},
		{"a variable before the file", map[string]string{"OIDCFLOW_ISSUER": "https://env.example.com", "OIDCFLOW_SCOPE": "openid,env"}, nil,
			"https://env.example.com", "openid env"},
		{"the old script's variables", map[string]string{"OKTA_OIDC_ISSUER": "https://old.example.com",
			"OKTA_OIDC_AUTHORIZATION_SCOPE": "openid  old, email"}, nil, "https://old.example.com", "openid old email"},
		{"ours before the old script's", map[string]string{"OIDCFLOW_ISSUER": "https://env.example.com", "OKTA_OIDC_ISSUER": "https://old.example.com"},
			nil, "https://env.example.com", "openid file"},
		{"a flag before all", map[string]string{"OIDCFLOW_ISSUER": "https://env.example.com", "OIDCFLOW_SCOPE": "env"},
			[]string{"--issuer", "https://flag.example.com", "--scope", "openid,flag", "--scope", "more"},
			"https://flag.example.com", "openid flag more"},
		{"the last of two flags", nil, []string{"--issuer=https://a.example.com", "--issuer=https://b.example.com"},
			"https://b.example.com", "openid file"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			o, err := read(t, test.env, "", append(test.args, "--config", profile)...)
			require.NoError(t, err)
			require.Equal(t, test.issuer, o.flow.Issuer)
			require.Equal(t, test.scope, strings.Join(o.flow.Scopes, " "))
		})
	}
}

// The environment of the script that this program replaces is enough.
func TestOldScriptsEnvironment(t *testing.T) {
	t.Parallel()
	o, err := read(t, map[string]string{
		"OKTA_OIDC_CLIENT_ID":           "0oa1",
		"OKTA_OIDC_CLIENT_SECRET":       "s3cret",
		"OKTA_OIDC_TOKEN_URL":           "https://x.okta.com/oauth2/v1/token",
		"OKTA_OIDC_AUTHORIZATION_URL":   "https://x.okta.com/oauth2/v1/authorize",
		"OKTA_OIDC_AUTHORIZATION_SCOPE": "openid email",
		"OKTA_OIDC_REDIRECT_URI":        "http://localhost:9000/cb",
	}, "")
	require.NoError(t, err)
	require.Equal(t, "0oa1", o.flow.ClientID)
	require.Equal(t, "s3cret", o.flow.ClientSecret.Reveal())
	require.Equal(t, flow.Endpoints{Authorization: "https://x.okta.com/oauth2/v1/authorize", Token: "https://x.okta.com/oauth2/v1/token"}, o.flow.Endpoints)
	require.Equal(t, []string{"openid", "email"}, o.flow.Scopes)
	require.Equal(t, "http://localhost:9000/cb", o.flow.RedirectURI)
	require.Equal(t, "auto", o.driver)
	require.Equal(t, time.Minute, o.timeout)
}

var targetFlags = []string{"--issuer", "https://login.example.com", "--client-id", "web"}

func TestSecrets(t *testing.T) {
	t.Parallel()
	first, second := file(t, "from the first file\n"), file(t, "from the second file\r\n")
	for _, test := range []struct {
		name  string
		env   map[string]string
		stdin string
		args  []string
		want  string
	}{
		{name: "the variable holds it", env: map[string]string{"OIDCFLOW_PASSWORD": "from the variable"}, want: "from the variable"},
		{name: "NAME_FILE names a file", env: map[string]string{"OIDCFLOW_PASSWORD_FILE": first}, want: "from the first file"},
		{name: "NAME before NAME_FILE", env: map[string]string{"OIDCFLOW_PASSWORD": "from the variable", "OIDCFLOW_PASSWORD_FILE": first}, want: "from the variable"},
		{name: "an empty NAME is not set", env: map[string]string{"OIDCFLOW_PASSWORD": "", "OIDCFLOW_PASSWORD_FILE": first}, want: "from the first file"},
		{name: "the flag before both", env: map[string]string{"OIDCFLOW_PASSWORD": "x", "OIDCFLOW_PASSWORD_FILE": first},
			args: []string{"--password-file", second}, want: "from the second file"},
		{name: "- is standard input", stdin: "from standard input\n", args: []string{"--password-file", "-"}, want: "from standard input"},
		{name: "NAME_FILE can be standard input", stdin: "from standard input", env: map[string]string{"OIDCFLOW_PASSWORD_FILE": "-"}, want: "from standard input"},
		{name: "a command's output", args: []string{"--password-command", `printf '%s\n' "from a 'command'"`}, want: "from a 'command'"},
		{name: "blanks in it stay", env: map[string]string{"OIDCFLOW_PASSWORD": " two  words "}, want: " two  words "},
		{name: "none", want: ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			o, err := read(t, test.env, test.stdin, append(test.args, targetFlags...)...)
			require.NoError(t, err)
			require.Equal(t, test.want, o.user.Password.Reveal())
		})
	}
}

func TestMistakes(t *testing.T) {
	t.Parallel()
	secret := file(t, "x")
	for _, test := range []struct {
		name       string
		env        map[string]string
		args       []string
		code, text string
	}{
		{"no target", nil, nil, "usage.missing_issuer", "no provider"},
		{"no client", nil, []string{"--issuer", "https://a"}, "usage.missing_client_id", "no client ID"},
		{"an authorization URL without a token URL", nil, []string{"--authorization-url", "https://a"}, "usage.missing_issuer", "no provider"},
		{"--mock and a target", nil, []string{"--mock", "--issuer", "https://a"}, "usage.mock_and_target", "--mock and --issuer"},
		{"a fault without --mock", nil, append(targetFlags, "--fault", "invalid-iss"), "usage.fault_without_mock", "embedded provider"},
		{"a variation without --mock", nil, append(targetFlags, "--variation", "x"), "usage.variation_without_mock", "embedded provider"},
		{"a fault that is not there", nil, []string{"--mock", "--fault", "invalid-is"}, "usage.unknown_fault", `no "invalid-is"`},
		{"a misspelt flag", nil, []string{"--isuer", "https://a"}, "usage.unknown_flag", "no flag --isuer"},
		{"a flag without its value", nil, []string{"--issuer"}, "usage.missing_value", "--issuer needs a value"},
		{"a flag's value of another kind", nil, []string{"--sign-in", "firefox"}, "usage.invalid_value", `want auto, form, chrome, idx or system, got "firefox"`},
		{"a variable's value of another kind", map[string]string{"OIDCFLOW_SIGN_IN": "firefox"}, targetFlags, "usage.invalid_sign_in", `OIDCFLOW_SIGN_IN: want auto`},
		{"a switch that is neither", nil, append(targetFlags, "--dpop=maybe"), "usage.invalid_dpop", `want true or false, got "maybe"`},
		{"a duration", map[string]string{"OIDCFLOW_TIMEOUT": "60"}, targetFlags, "usage.invalid_timeout", `OIDCFLOW_TIMEOUT: want a duration such as 90s or 2m, got "60"`},
		{"a duration below zero", nil, append(targetFlags, "--clock-skew", "-1s"), "usage.invalid_clock_skew", "want a duration"},
		{"max_age in half seconds", nil, append(targetFlags, "--max-age", "1500ms"), "usage.invalid_max_age", "want whole seconds"},
		{"a parameter without its value", nil, append(targetFlags, "--param", "x"), "usage.invalid_param", `want K=V, got "x"`},
		{"two files on standard input", nil, append(targetFlags, "--password-file", "-", "--totp-file", "-"), "usage.stdin_twice", "--password-file and --totp-file both read"},
		{"a file and a command", nil, append(targetFlags, "--password-file", secret, "--password-command", "true"), "usage.two_passwords", "both given"},
		{"a file that is not there", nil, append(targetFlags, "--password-file", "no-such-file"), "usage.unreadable_file", "no-such-file"},
		{"a variable's file that is not there", map[string]string{"OIDCFLOW_PASSWORD_FILE": "no-such-file"}, targetFlags, "usage.unreadable_file", "OIDCFLOW_PASSWORD_FILE"},
		{"a command for a shell", nil, append(targetFlags, "--password-command", "echo a | cat"), "usage.invalid_command", "no shell runs it"},
		{"a command with an open quote", nil, append(targetFlags, "--password-command", "echo 'a"), "usage.invalid_command", "unbalanced quotes"},
		{"a code command with an open quote", nil, append(targetFlags, "--code-command", "echo 'a"), "usage.invalid_code_command", "unbalanced quotes"},
		{"a TOTP secret that is none", map[string]string{"OIDCFLOW_TOTP_SECRET": "not base32!"}, targetFlags, "usage.invalid_totp", "OIDCFLOW_TOTP_SECRET"},
		{"answers without an equals sign", map[string]string{"OIDCFLOW_ANSWERS": "Favourite food soup"}, targetFlags, "usage.invalid_answers", "OIDCFLOW_ANSWERS"},
		{"a key that is none", map[string]string{"OIDCFLOW_CLIENT_KEY": "key"}, targetFlags, "usage.invalid_client_key", "want a private key"},
		{"a kind of factor that is none", nil, append(targetFlags, "--factor-order", "totp,pass-key"), "usage.invalid_factor_order", `no kind "pass-key"; did you mean "passkey"?`},
		{"a kind of factor like none", map[string]string{"OIDCFLOW_FACTOR_ORDER": "fingerprint"}, targetFlags, "usage.invalid_factor_order", "there are passkey, totp, question, code"},
		{"a kind of factor twice", nil, append(targetFlags, "--factor-order", "totp,totp"), "usage.invalid_factor_order", `"totp" is there twice`},
		{"a new password from a file and a program", nil, append(targetFlags, "--new-password-file", secret, "--new-password-command", "true"), "usage.two_new_passwords", "both given"},
		{"two passwords on standard input", nil, append(targetFlags, "--password-file", "-", "--new-password-file", "-"), "usage.stdin_twice", "--password-file and --new-password-file both read"},
		{"a new password that is no text", nil, []string{"--config", file(t, "user \"a\" {\n  new_password = [1]\n}")}, "config.syntax", `:2: Unsuitable value type`},
		{"a cache", nil, append(targetFlags, "--cache", "/tmp/x"), "usage.invalid_cache", "this version keeps no tokens"},
		{"a proxy's password in a flag", nil, append(targetFlags, "--proxy", "http://u:pw@proxy:3128"), "usage.invalid_proxy", "read from HTTPS_PROXY only"},
		{"a block without a file", nil, append(targetFlags, "--user", "alice"), "usage.missing_config", "there is none"},
		{"a file with mistakes", nil, []string{"--config", file(t, "isuer = 1")}, "config.syntax", `:1: Unsupported argument: An argument named "isuer" is not expected here. Did you mean "issuer"?`},
		{"a file that is not there", nil, []string{"--config", "no-such-file"}, "config.unreadable", `no file "no-such-file"`},
		{"a user whom the file does not have", nil, []string{"--config", file(t, target), "--user", "bob"}, "config.syntax", `Want "bob", have none.`},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			_, err := read(t, test.env, "on standard input", test.args...)
			var e *flow.Error
			require.ErrorAs(t, all(err)[0], &e)
			require.Equal(t, test.code, e.Code)
			require.ErrorContains(t, e, test.text)
			require.Equal(t, exitUsage, exitCode(e.Code))
		})
	}
}

// With --mock the variables were meant for another provider, and the password for another user.
func TestMockReadsNoVariables(t *testing.T) {
	t.Parallel()
	o, err := read(t, map[string]string{
		"OIDCFLOW_ISSUER":       "https://login.example.com",
		"OIDCFLOW_CLIENT_ID":    "web",
		"OIDCFLOW_SCOPE":        "openid email",
		"OIDCFLOW_USERNAME":     "bob",
		"OIDCFLOW_PASSWORD":     "correct horse",
		"OKTA_OIDC_TOKEN_URL":   "https://login.example.com/token",
		"OIDCFLOW_SIGN_IN":      "form",
		"OIDCFLOW_TIMEOUT":      "5s",
		"OIDCFLOW_TOTP_SECRET":  "not base32!",
		"OIDCFLOW_CODE_COMMAND": "'",
	}, "", "--mock", "--redirect-uri", "https://app.example.com/callback")
	require.NoError(t, err)
	require.Equal(t, flow.Config{RedirectURI: "https://app.example.com/callback"}, o.flow)
	require.Zero(t, o.user)
	require.Equal(t, "form", o.driver, "how to sign in is no matter of the target")
	require.Equal(t, 5*time.Second, o.timeout)
}

// One user's password never goes out under another's name, nor a client's secret under another's ID.
func TestFileSecretsStayWithTheirNames(t *testing.T) {
	t.Parallel()
	profile := file(t, `
issuer = "https://login.example.com"
client "web" {
  client_id = "0oa1"
  secret    = "client secret"
}
user "alice" {
  username = "alice@example.com"
  password = "correct horse"
}`)
	for _, test := range []struct {
		name                       string
		args                       []string
		client, secret, user, word string
	}{
		{"as the file says", nil, "0oa1", "client secret", "alice@example.com", "correct horse"},
		{"by label", []string{"--user", "alice", "--client", "web"}, "0oa1", "client secret", "alice@example.com", "correct horse"},
		{"another user", []string{"--username", "bob"}, "0oa1", "client secret", "bob", ""},
		{"another client", []string{"--client-id", "other"}, "other", "", "alice@example.com", "correct horse"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			o, err := read(t, nil, "", append(test.args, "--config", profile)...)
			require.NoError(t, err)
			require.Equal(t, test.client, o.flow.ClientID)
			require.Equal(t, test.secret, o.flow.ClientSecret.Reveal())
			require.Equal(t, test.user, o.user.Name)
			require.Equal(t, test.word, o.user.Password.Reveal())
		})
	}
}

func TestUserIsFoundByName(t *testing.T) {
	t.Parallel()
	profile := file(t, target+`
user "alice" { password = env("ALICE_PASSWORD") }
user "bob" { password = env("BOB_PASSWORD") }`)
	o, err := read(t, map[string]string{"BOB_PASSWORD": "b", "OIDCFLOW_USERNAME": "bob"}, "", "--config", profile)
	require.NoError(t, err)
	require.Equal(t, "bob", o.user.Name)
	require.Equal(t, "b", o.user.Password.Reveal())
}

func TestTypedSettings(t *testing.T) {
	t.Parallel()
	o, err := read(t, map[string]string{"HTTPS_PROXY": "http://u:pw@proxy.example.com:3128", "NO_PROXY": "a.example.com"}, "",
		append(targetFlags, "--max-age", "300", "--param", "a=1", "--param", "a=2", "--param", "b=x=y", "--client-auth", "client_secret_post",
			"--acr-values", "one two", "--consent", "deny", "--insecure-http", "--dpop", "--par=false", "--code-command", "mailbox 'a b'")...)
	require.NoError(t, err)
	require.Equal(t, 5*time.Minute, *o.flow.MaxAge)
	require.Equal(t, map[string][]string{"a": {"1", "2"}, "b": {"x=y"}}, map[string][]string(o.flow.Params))
	require.Equal(t, flow.AuthSecretPost, o.flow.ClientAuth)
	require.Equal(t, []string{"one", "two"}, o.flow.ACRValues)
	require.EqualValues(t, "deny", o.consent)
	require.True(t, o.flow.DPoP)
	require.False(t, o.flow.PAR)
	require.Len(t, o.warnings, 1)
	require.Equal(t, "proxy.example.com:3128", o.proxy.Host)
	require.Equal(t, "a.example.com", o.noProxy)
	require.Equal(t, []string{"mailbox", "a b"}, o.code.Args)
}
