package scenario

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hashicorp/hcl/v2"
	"github.com/stretchr/testify/require"

	"github.com/oidcflow/oidcflow/flow"
)

const whole = `
issuer            = env("ISSUER")
authorization_url = "https://login.example.com/authorize"
token_url         = "https://login.example.com/token"
jwks_url          = "https://login.example.com/keys"
userinfo_url      = "https://login.example.com/userinfo"
sign_in           = "chrome"
sign_in_hosts     = ["sso.example.com"]

client "web" {
  client_id                  = "0oa1"
  secret                     = file("web.secret")
  token_endpoint_auth_method = "client_secret_post"
  redirect_uri               = "https://app.example.com/callback"
  scopes                     = ["openid", "email"]
  server                     = "default"
}

client "other" {
  secret = env("NOT_SET")
}

user "alice" {
  username     = "alice@example.com"
  password     = env("ALICE_PASSWORD")
  totp         = command("totp", "alice")
  answers      = { "Favourite food?" = env("ALICE_FOOD"), "*" = "x" }
  code_command = "mailbox alice"
}
`

// write puts files into a new folder and returns the path of oidcflow.hcl in it.
func write(t testing.TB, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		path := filepath.Join(dir, name)
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o700))
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	}
	return filepath.Join(dir, "oidcflow.hcl")
}

func variables(m map[string]string) func(string) (string, bool) {
	return func(name string) (string, bool) { v, ok := m[name]; return v, ok }
}

func TestProfile(t *testing.T) {
	t.Parallel()
	path := write(t, map[string]string{"oidcflow.hcl": whole, "web.secret": "client secret\n"})
	f, diags := Load(path, Options{
		LookupEnv: variables(map[string]string{
			"ISSUER": "https://login.example.com", "ALICE_PASSWORD": "correct horse", "ALICE_FOOD": "soup",
		}),
		Command: func(_ context.Context, words []string) (string, error) { return strings.Join(words, "+"), nil },
	})
	require.Empty(t, diags)
	require.Equal(t, []string{"web", "other"}, f.Clients)
	require.Equal(t, []string{"alice"}, f.Users)
	require.False(t, f.HasIDP)

	p, diags := f.Profile(t.Context(), Selection{Client: "web"})
	require.Empty(t, diags)
	require.Equal(t, "https://login.example.com", p.Issuer)
	require.Equal(t, flow.Endpoints{
		Authorization: "https://login.example.com/authorize",
		Token:         "https://login.example.com/token",
		JWKS:          "https://login.example.com/keys",
		UserInfo:      "https://login.example.com/userinfo",
	}, p.Endpoints)
	require.Equal(t, "chrome", p.SignIn)
	require.Equal(t, []string{"sso.example.com"}, p.SignInHosts)
	require.Equal(t, "0oa1", p.Client.ID)
	require.Equal(t, "client secret", p.Client.Secret.Reveal())
	require.Equal(t, "client_secret_post", p.Client.AuthMethod)
	require.Equal(t, "https://app.example.com/callback", p.Client.RedirectURI)
	require.Equal(t, []string{"openid", "email"}, p.Client.Scopes)
	require.Equal(t, "default", p.Client.Server)
	require.Equal(t, "alice@example.com", p.User.Name)
	require.Equal(t, "correct horse", p.User.Password.Reveal())
	require.Equal(t, "totp+alice", p.User.TOTP.Reveal())
	require.Equal(t, "* = x\nFavourite food? = soup\n", p.User.Answers.Reveal())
	require.Equal(t, "mailbox alice", p.User.CodeCommand)
}

// What was not chosen is not looked up: the other client's secret is in a variable that nobody set.
func TestProfileLooksUpChosenBlocksOnly(t *testing.T) {
	t.Parallel()
	path := write(t, map[string]string{"oidcflow.hcl": `
client "web" {}
client "other" { secret = env("NOT_SET") }
user "alice" { password = command("never-run") }
user "bob" { password = file("no-such-file") }
`})
	f, diags := Load(path, Options{})
	require.Empty(t, diags)

	p, diags := f.Profile(t.Context(), Selection{Client: "web"})
	require.Empty(t, diags)
	require.Equal(t, "web", p.Client.ID)
	require.Zero(t, p.User, "with two users and none chosen, none is taken")

	_, diags = f.Profile(t.Context(), Selection{Client: "other", User: "alice"})
	require.Len(t, diags, 2)
	require.Contains(t, diags[0].Detail, `the environment variable "NOT_SET" is not set`)
	require.Contains(t, diags[1].Detail, `command() is off`)

	_, diags = f.Profile(t.Context(), Selection{User: "carol"})
	require.Len(t, diags, 1)
	require.Equal(t, `Want "carol", have "alice", "bob".`, diags[0].Detail)
}

func TestLoadMistakes(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, text string
		want       []string // "LINE: part of the message", in order
	}{
		{"a misspelt attribute", "isuer = \"https://a\"", []string{`1: Did you mean "issuer"`}},
		{"a misspelt block", "clinet \"web\" {}", []string{`1: Did you mean "client"`}},
		{"two mistakes are both told", "client \"web\" {\n  scope = []\n}\nuser \"alice\" {\n  pasword = \"x\"\n}",
			[]string{`2: Did you mean "scopes"`, `5: Did you mean "password"`}},
		{"a block without its label", "client {}", []string{"1: Missing name for client"}},
		{"syntax", "issuer = ", []string{"1: expression"}},
		{"a list where a string belongs", "issuer = [1]", []string{"1: string required"}},
		{"a function that is not there", "issuer = getenv(\"X\")", []string{`1: There is no function named "getenv"`}},
		{"a client twice", "client \"web\" {}\nclient \"web\" {}", []string{`2: There is a client "web" already`}},
		{"two providers", "idp {}\nidp {}", []string{"2: A file describes one provider"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			_, diags := Load(write(t, map[string]string{"oidcflow.hcl": test.text}), Options{})
			require.Len(t, diags, len(test.want), "%v", diags)
			for i, want := range test.want {
				line, text, _ := strings.Cut(want, ": ")
				require.Equal(t, line, string(rune('0'+diags[i].Subject.Start.Line)))
				require.Contains(t, diags[i].Summary+" "+diags[i].Detail, text)
			}
		})
	}
}

func TestLoadUnreadable(t *testing.T) {
	t.Parallel()
	_, diags := Load(filepath.Join(t.TempDir(), "none.hcl"), Options{})
	require.ErrorContains(t, diags, "no file")
	_, diags = Load(t.TempDir(), Options{})
	require.ErrorContains(t, diags, "is not a regular file")
	_, diags = Load(write(t, map[string]string{"oidcflow.hcl": strings.Repeat("#", maxFile+1)}), Options{})
	require.ErrorContains(t, diags, "more than 1048576")
}

func TestFileFunctionStaysBelowItsFolder(t *testing.T) {
	t.Parallel()
	outside := t.TempDir()
	secret := filepath.Join(outside, "secret")
	require.NoError(t, os.WriteFile(secret, []byte("outside"), 0o600))
	path := write(t, map[string]string{"oidcflow.hcl": "", "in/secret": "inside"})
	require.NoError(t, os.Symlink(secret, filepath.Join(filepath.Dir(path), "link")))

	for _, test := range []struct {
		name, file string
		allow      []string
		want, err  string
	}{
		{name: "in a folder below", file: "in/secret", want: "inside"},
		{name: "absolute, and below", file: filepath.Join(filepath.Dir(path), "in", "secret"), want: "inside"},
		{name: "up and out", file: "../" + filepath.Base(outside) + "/secret", err: "is not below the folder of oidcflow.hcl"},
		{name: "absolute, and outside", file: secret, err: "is not below the folder of oidcflow.hcl"},
		{name: "a link that leads out", file: "link", err: "is not below the folder of oidcflow.hcl"},
		{name: "a folder that is allowed", file: secret, allow: []string{outside}, want: "outside"},
		{name: "a link into a folder that is allowed", file: "link", allow: []string{outside}, want: "outside"},
		{name: "a file that is not there", file: "none", err: "no file"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			f := &File{Path: path, options: Options{AllowFile: test.allow}}
			got, err := f.file([]string{test.file})
			if test.err != "" {
				require.ErrorContains(t, err, test.err)
				return
			}
			require.NoError(t, err)
			require.Equal(t, test.want, got)
		})
	}
}

// A sensitive value may go into any attribute, also inside of another value.
func TestSensitiveValuesAnywhere(t *testing.T) {
	t.Parallel()
	path := write(t, map[string]string{"oidcflow.hcl": `
issuer        = "https://${env("HOST")}/"
sign_in_hosts = ["a.example.com", env("HOST")]
`})
	f, diags := Load(path, Options{LookupEnv: variables(map[string]string{"HOST": "h.example.com"})})
	require.Empty(t, diags)
	p, diags := f.Profile(t.Context(), Selection{})
	require.Empty(t, diags)
	require.Equal(t, "https://h.example.com/", p.Issuer)
	require.Equal(t, []string{"a.example.com", "h.example.com"}, p.SignInHosts)
}

type provider struct{ Login string }

func (p *provider) Configure(body hcl.Body, ctx *hcl.EvalContext) hcl.Diagnostics {
	var b struct {
		Login string `hcl:"login,optional"`
	}
	diags := Decode(body, ctx, &b)
	p.Login = b.Login
	return diags
}

func (p *provider) Names() Names { return Names{} }

func TestProviderReadsItsBlock(t *testing.T) {
	t.Parallel()
	env := variables(map[string]string{"LOGIN": "form"})
	p := &provider{}
	f, diags := Load(write(t, map[string]string{"oidcflow.hcl": `idp { login = env("LOGIN") }`}), Options{LookupEnv: env, Provider: p})
	require.Empty(t, diags)
	require.True(t, f.HasIDP)
	require.Empty(t, p.Login, "Load looks nothing up")
	require.Empty(t, f.ConfigureProvider(t.Context()))
	require.Equal(t, "form", p.Login)

	_, diags = Load(write(t, map[string]string{"oidcflow.hcl": "idp {\n  logn = 1\n}\nisuer = 1\n"}), Options{Provider: p})
	require.Len(t, diags, 2, "the provider's mistakes come with the others")
}

func TestDiagnosticsHoldNoValue(t *testing.T) {
	t.Parallel()
	path := write(t, map[string]string{"oidcflow.hcl": `
user "alice" {
  password = command("vault", "s3cret")
  totp     = env("TOTP") ? 1 : 2
}`})
	f, diags := Load(path, Options{
		LookupEnv: variables(map[string]string{"TOTP": "s3cret"}),
		Command:   func(context.Context, []string) (string, error) { return "", errors.New("exit status 1") },
	})
	require.Empty(t, diags)
	_, diags = f.Profile(t.Context(), Selection{})
	require.True(t, diags.HasErrors())
	require.NotContains(t, diags.Error(), "s3cret")
}
