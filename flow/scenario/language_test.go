package scenario

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/hashicorp/hcl/v2/gohcl"
	"github.com/stretchr/testify/require"
	"github.com/zclconf/go-cty/cty"
)

// idpNames is a provider that takes any idp block and knows alice and web.
type idpNames struct{ provider }

func (*idpNames) Names() Names {
	return Names{Clients: []string{"web"}, Users: []string{"alice"}, Faults: []string{"invalid-aud"}, Variations: []string{"key-rotation"}}
}

// load loads a text as a scenario file of that name.
func load(t *testing.T, name, text string, o Options) (*File, []string) {
	t.Helper()
	path := filepath.Join(filepath.Dir(write(t, map[string]string{name: text})), name)
	if o.Provider == nil {
		o.Provider = &idpNames{}
	}
	f, diags := Load(path, o)
	var wrong []string
	for _, d := range diags {
		wrong = append(wrong, strings.TrimPrefix(d.Error(), path+":"))
	}
	return f, wrong
}

// What can be told without a value is told by Load, with the place and what to write instead.
func TestMistakesInRuns(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, text string
		want       []string // "LINE,", and part of the message
	}{
		{"a run with a misspelt attribute", "idp {}\nrun \"a\" {\n  usr = \"alice\"\n}", []string{`3,`, `Did you mean "user"`}},
		{"a run whose name is no identifier", "idp {}\nrun \"a b\" {}", []string{`2,`, `The name of a run is an identifier`}},
		{"two runs of a name", "idp {}\nrun \"a\" {}\nrun \"a\" {}", []string{`3,`, `There is a run "a" already`}},
		{"no provider", "run \"a\" {\n  sign_in = \"none\"\n}", []string{`1,`, `Write an idp block`}},
		{"two providers", "issuer = \"https://a.example.com\"\nidp {}\nrun \"a\" {}", []string{`2,`, `leave one of them out`}},
		{"a user that is not there", "idp {}\nrun \"a\" {\n  user = \"alcie\"\n}", []string{`3,`, `There is no user "alcie". Did you mean "alice"?`}},
		{"a client that is not there", "idp {}\nrun \"a\" {\n  client = \"wbe\"\n}", []string{`3,`, `Did you mean "web"?`}},
		{"which of two users", "issuer = \"https://a.example.com\"\nclient \"c\" {}\nuser \"a\" {}\nuser \"b\" {}\nrun \"a\" {}", []string{`5,`, `there are "a", "b"`}},
		{"a driver that is not there", "idp {}\nrun \"a\" {\n  sign_in = \"chrom\"\n}", []string{`3,`, `Did you mean "chrome"?`}},
		{"a fault that is not there", "idp {}\nrun \"a\" {\n  faults = [\"invalid-audd\"]\n}", []string{`3,`, `Did you mean "invalid-aud"?`}},
		{"a fault of a provider of others", "issuer = \"https://a.example.com\"\nclient \"c\" {}\nuser \"u\" {}\nrun \"a\" {\n  faults = []\n}", []string{`5,`, `the file has none`}},
		{"a check that is not there", "idp {}\nrun \"a\" {\n  checks = [\"invalid-is\"]\n}", []string{`3,`, `Did you mean "invalid-iss"?`}},
		{"a step that is not there", "idp {}\nrun \"a\" {\n  then = [\"refesh\"]\n}", []string{`3,`, `Did you mean "refresh"?`}},
		{"a duration", "idp {}\nrun \"a\" {\n  advance = \"2 hours\"\n}", []string{`3,`, `want a duration such as 90s or 2h, got "2 hours"`}},
		{"text where a list belongs", "idp {}\nrun \"a\" {\n  scopes = \"openid\"\n}", []string{`3,`, `scopes: list of string required`}},
		{"a condition that is no condition", "idp {}\nrun \"a\" {\n  assert \"x\" {\n    condition = result.issuer\n  }\n}", nil},
		{"a condition of nothing", "idp {}\nrun \"a\" {\n  assert \"x\" {\n    condition = 1 == 1\n  }\n}", []string{`4,`, `It is the same whatever happens`}},
		{"an assert without a condition", "idp {}\nrun \"a\" {\n  assert \"x\" {}\n}", []string{`3,`, `The argument "condition" is required`}},
		{"an assert without a label", "idp {}\nrun \"a\" {\n  assert {\n    condition = result.issuer == \"\"\n  }\n}", []string{`3,`, `Missing name for assert`}},
		{"a run that comes later", "idp {}\nrun \"a\" {\n  scopes = [run.b.issuer]\n}\nrun \"b\" {}", []string{`3,`, `a run reads those before it`}},
		{"a run that reads itself", "idp {}\nrun \"a\" {\n  scopes = [run.a.issuer]\n}", []string{`3,`, `or is this one`}},
		{"a run that is not there", "idp {}\nrun \"first\" {}\nrun \"a\" {\n  scopes = [run.frist.issuer]\n}", []string{`4,`, `run has no "frist". Did you mean "first"?`}},
		{"a member of a result that is not there", "idp {}\nrun \"a\" {\n  assert \"x\" {\n    condition = result.tokens.acces_token != \"\"\n  }\n}", []string{`4,`, `result.tokens has no "acces_token". Did you mean "access_token"?`}},
		{"a member of a result of before", "idp {}\nrun \"a\" {}\nrun \"b\" {\n  scopes = [run.a.isuer]\n}", []string{`4,`, `Did you mean "issuer"?`}},
		{"a result before the sign-in", "idp {}\nrun \"a\" {\n  scopes = [result.issuer]\n}", []string{`3,`, `only asserts and requests have it`}},
		{"a response outside of a request", "idp {}\nrun \"a\" {\n  assert \"x\" {\n    condition = response.status == 200\n  }\n}", []string{`4,`, `only the asserts of a request block have it`}},
		{"each without for_each", "idp {}\nrun \"a\" {\n  user = each.key\n}", []string{`3,`, `only a run with for_each has it`}},
		{"for_each over a list", "idp {}\nrun \"a\" {\n  for_each = [\"x\"]\n}", []string{`3,`, `toset(["alice", "bob"])`}},
		{"for_each whose element names nobody", "idp {}\nrun \"a\" {\n  for_each = toset([\"alice\", \"bob\"])\n  user = each.key\n}", []string{`4,`, `There is no user "bob"`}},
		{"for_each over a secret", "idp {}\nrun \"a\" {\n  for_each = toset([env(\"X\")])\n}", []string{`3,`, `for_each is a secret`}},
		{"a secret in a message", "idp {}\nrun \"a\" {\n  assert \"x\" {\n    condition     = result.issuer != \"\"\n    error_message = \"token ${result.tokens.access_token}\"\n  }\n}", []string{`5,`, `error_message is shown, and the value is a secret`}},
		{"a variable that is not there", "idp {}\nvariable \"issuer\" {\n  default = \"x\"\n}\nrun \"a\" {\n  scopes = [var.isuer]\n}", []string{`6,`, `var has no "isuer". Did you mean "issuer"?`}},
		{"a variable in another block", "idp {}\nclient \"c\" {\n  redirect_uri = var.x\n}\nrun \"a\" {}", []string{`3,`, `there is no variable block`}},
		{"a default of another type", "idp {}\nvariable \"x\" {\n  type    = number\n  default = \"many\"\n}\nrun \"a\" {}", []string{`4,`, `variable "x": a number is required`}},
		{"locals in a circle", "idp {}\nlocals {\n  a = local.b\n  b = local.a\n}\nrun \"a\" {}", []string{`3,`, `local.a reads itself: a → b → a`}},
		{"a local that reads a run", "idp {}\nlocals {\n  a = run.a.issuer\n}\nrun \"a\" {}", []string{`3,`, `only a run reads the runs before it`}},
		{"an unknown function", "idp {}\nrun \"a\" {\n  scopes = spilt(\" \", \"a b\")\n}", []string{`3,`, `There is no function named "spilt". Did you mean "split"?`}},
		{"send with checks", "idp {}\nrun \"a\" {\n  checks = [\"all\"]\n  send {\n    code = \"x\"\n  }\n}", []string{`4,`, `leave send out`}},
		{"send without an exchange", "idp {}\nrun \"a\" {\n  sign_in = \"none\"\n  send {\n    code = \"x\"\n  }\n}", []string{`4,`, `there is no exchange to send anything in`}},
		{"a refresh token that is not redeemed", "idp {}\nrun \"a\" {\n  send {\n    refresh_token = \"x\"\n  }\n}", []string{`4,`, `The run redeems no refresh token`}},
		{"an error of any kind", "idp {}\nrun \"a\" {\n  expect_error {}\n}", []string{`3,`, `want step, code or message`}},
		{"two send blocks", "idp {}\nrun \"a\" {\n  send {}\n  send {}\n}", []string{`4,`, `There is one already`}},
		{"a request without a URL", "idp {}\nrun \"a\" {\n  request \"x\" {}\n}", []string{`3,`, `The argument "url" is required`}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			_, wrong := load(t, "x.oidctest.hcl", test.text, Options{})
			if test.want == nil {
				require.Empty(t, wrong)
				return
			}
			require.Len(t, wrong, 1, "%v", wrong)
			for _, want := range test.want {
				require.Contains(t, wrong[0], want)
			}
			require.True(t, strings.HasPrefix(wrong[0], test.want[0]), "%q", wrong[0])
		})
	}
}

// The same file in JSON makes the same runs, and the same mistakes.
func TestJSON(t *testing.T) {
	t.Parallel()
	f, wrong := load(t, "x.oidctest.json", `{
  "idp": {},
  "run": {
    "first": {"user": "alice", "send": {"code": "x"}, "expect_error": {"code": "exchange.invalid_grant"}},
    "second": {"refresh_token": "${run.first.tokens.refresh_token}",
      "assert": {"same": {"condition": "${result.id_token.sub == run.first.id_token.sub}"}}}
  }
}`, Options{})
	require.Empty(t, wrong)
	require.Len(t, f.Runs, 2)
	require.Equal(t, []string{"first"}, f.Runs[1].reads)

	_, wrong = load(t, "x.oidctest.json", `{"idp": {}, "run": {"a": {"user": "alcie"}}}`, Options{})
	require.Len(t, wrong, 1)
	require.Contains(t, wrong[0], `Did you mean "alice"?`)
}

// Every block and attribute that is decoded into a struct is in the table, and no other.
func TestSchemaIsWhatIsDecoded(t *testing.T) {
	t.Parallel()
	for _, pair := range []struct {
		table *Block
		into  any
	}{{Schema, fileBlock{}}, {Schema.block("client"), clientBlock{}}, {Schema.block("user"), userBlock{}}} {
		implied, _ := gohcl.ImpliedBodySchema(pair.into)
		want, got := map[string]bool{}, map[string]bool{}
		for _, a := range implied.Attributes {
			want[a.Name] = true
		}
		for _, b := range implied.Blocks {
			want[b.Type] = true
		}
		for _, a := range pair.table.Attributes {
			got[a.Name] = true
			require.NotEmpty(t, a.Doc, a.Name)
			require.NotEqual(t, cty.NilType, a.Type, a.Name)
		}
		for _, b := range pair.table.Blocks {
			got[b.Name] = true
			require.NotEmpty(t, b.Doc, b.Name)
		}
		require.Equal(t, want, got, pair.table.Name)
	}
}

func TestVariables(t *testing.T) {
	t.Parallel()
	const text = `
idp {}
variable "issuer" {}
variable "count" {
  type    = number
  default = 1
}
variable "users" {
  type    = set(string)
  default = ["alice"]
}
variable "key" {
  default   = "open"
  sensitive = true
}
locals {
  twice = local.once * 2
  once  = var.count
}
run "a" {}
`
	f, wrong := load(t, "x.oidctest.hcl", text, Options{Variables: map[string]Given{
		"issuer": {Text: "https://a.example.com", From: "--var"}, "count": {Text: "21", From: "--var"}}})
	require.Empty(t, wrong)
	require.Empty(t, Settle(t.Context(), []*File{f}))
	require.Equal(t, "https://a.example.com", f.values["var"].GetAttr("issuer").AsString())
	require.True(t, f.values["local"].GetAttr("twice").RawEquals(cty.NumberIntVal(42)))
	require.True(t, f.values["var"].GetAttr("key").IsMarked())
	require.True(t, f.values["var"].GetAttr("users").Type().IsSetType())

	f, _ = load(t, "x.oidctest.hcl", text, Options{Variables: map[string]Given{"count": {Text: "many", From: "--var"}}})
	diags := Settle(t.Context(), []*File{f})
	require.Len(t, diags, 2)
	require.Contains(t, diags.Errs()[0].Error(), `Give one with --var 'issuer=…'`)
	require.Contains(t, diags.Errs()[1].Error(), `variable "count": want number, and --var says something else`)
	require.ErrorContains(t, CheckGiven(map[string]Given{"coutn": {From: "--var"}}, []*File{f}), `--var: no file has a variable "coutn". Did you mean "count"?`)
}

// FuzzLoad feeds files to the reader and, where they are right, evaluates what can be without a provider.
func FuzzLoad(f *testing.F) {
	for _, seed := range []string{whole, "idp {}\nrun \"a\" {\n  for_each = { a = 1 }\n  scopes = [each.key]\n  assert \"x\" {\n    condition = result.id_token.a[0].b == try(run.a, 1)\n  }\n}",
		"locals {\n a = [for x in range(3) : x]\n}\nvariable \"v\" { type = object({a = optional(string)}) }", `{"run": {"a": {"assert": {"x": {"condition": "${result.a}"}}}}}`} {
		f.Add(seed, false)
		f.Add(seed, true)
	}
	f.Fuzz(func(t *testing.T, text string, asJSON bool) {
		name := "x.oidctest.hcl"
		if asJSON {
			name = "x.oidctest.json"
		}
		file, wrong := load(t, name, text, Options{})
		if len(wrong) > 0 {
			return
		}
		if diags := file.settle(t.Context()); diags.HasErrors() {
			return
		}
		for _, r := range file.Runs {
			_, _ = r.instances(file.context(t.Context())) // its mistakes are those of a file; it may only not panic
		}
	})
}
