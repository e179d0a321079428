package scenario

import (
	"reflect"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/oidcflow/oidcflow/flow/signin"
)

func TestPageBlock(t *testing.T) {
	t.Parallel()
	f, diags := Load(write(t, map[string]string{"oidcflow.hcl": `
page "badge" {
  doc       = "the number of a badge"
  fill      = ["identifier", "code"]
  challenge = "code"
  press     = ["Verify"]
  deny      = ["No"]
  hint      = "ask at the door"
  when {
    fields    = ["identifier"]
    without   = ["password"]
    absent    = ["captcha"]
    head      = ["badge"]
    text      = ["number"]
    no_text   = ["visitor"]
    button    = ["Verify"]
    no_button = ["Help"]
    captcha   = true
    method    = true
    verdict   = "-"
    oauth     = true
    status    = 200
  }
  when {
    head = ["number"]
  }
}
page "which" {
  choose = true
  when { method = true }
}
page "later" {
  wait = true
  when { text = ["soon"] }
}
page "closed" {
  code = "signin.denied_by_policy"
  when { head = ["closed"] }
}
page "verify-button" {
  remediation = "challenge-authenticator"
  generation  = 3
  press       = ["[data-se=verify]", "form button"]
}
page "password-expired" {
  fill = ["new-password"]
  code = "signin.password_expired"
  when { fields = ["new-password"] }
}
`}), Options{})
	require.Empty(t, diags)
	require.Equal(t, []signin.Page{
		{
			Name: "badge", Doc: "the number of a badge", Fill: []string{"identifier", "code"}, Challenge: signin.ChallengeCode,
			Press: []string{"Verify"}, Deny: []string{"No"}, Hint: "ask at the door",
			When: []signin.Sign{
				{Fields: []string{"identifier"}, Without: []string{"password"}, Absent: []string{"captcha"}, Head: []string{"badge"},
					Text: []string{"number"}, NoText: []string{"visitor"}, Button: []string{"Verify"}, NoButton: []string{"Help"},
					Captcha: true, Method: true, Verdict: "-", OAuth: true, Status: 200},
				{Head: []string{"number"}},
			},
		},
		{Name: "which", Choose: true, When: []signin.Sign{{Method: true}}},
		{Name: "later", Wait: true, When: []signin.Sign{{Text: []string{"soon"}}}},
		{Name: "closed", Code: "signin.denied_by_policy", When: []signin.Sign{{Head: []string{"closed"}}}},
		{Name: "verify-button", Remediation: "challenge-authenticator", Generation: 3, Press: []string{"[data-se=verify]", "form button"}},
		{Name: "password-expired", Fill: []string{"new-password"}, Code: "signin.password_expired", When: []signin.Sign{{Fields: []string{"new-password"}}}},
	}, f.Pages)
}

// A file can say all that a page of ours can.
func TestPageBlockHasAllOfAPage(t *testing.T) {
	t.Parallel()
	for _, pair := range [][2]reflect.Type{
		{reflect.TypeFor[pageBlock](), reflect.TypeFor[signin.Page]()},
		{reflect.TypeFor[signBlock](), reflect.TypeFor[signin.Sign]()},
	} {
		for i := range pair[1].NumField() {
			name := pair[1].Field(i).Name
			_, has := pair[0].FieldByName(name)
			require.True(t, has || name == "Name", name)
		}
	}
}

func TestPageBlockMistakes(t *testing.T) {
	t.Parallel()
	const sign = "\n when {\n head = [\"x\"]\n }\n"
	for _, test := range []struct{ name, text, want string }{
		{"an attribute", "page \"a\" {\n pres = [\"x\"]" + sign + "}", `:2,2-6: Unsupported argument; An argument named "pres" is not expected here. Did you mean "press"?`},
		{"an attribute of a sign", "page \"a\" {\n press = [\"x\"]\n when {\n heads = [\"x\"]\n }\n}", `:4,2-7: Unsupported argument; An argument named "heads" is not expected here. Did you mean "head"?`},
		{"a kind to fill", "page \"a\" {\n fill = [\"pasword\"]" + sign + "}", `:2,9-20: Unsuitable value; fill: there is no "pasword". Did you mean "password"?`},
		{"a kind that nobody fills", "page \"a\" {\n fill = [\"captcha\"]" + sign + "}", `fill: there is no "captcha". There are identifier, password, code, answer, new-password.`},
		{"a kind of a sign", "page \"a\" {\n press = [\"x\"]\n when {\n fields = [\"passwrd\"]\n }\n}", `fields: there is no "passwrd". Did you mean "password"?`},
		{"a kind that is absent", "page \"a\" {\n press = [\"x\"]\n when {\n head = [\"x\"]\n absent = [\"type\"]\n }\n}", `absent: there is no "type". Did you mean "typed"?`},
		{"a kind of challenge", "page \"a\" {\n fill = [\"code\"]\n challenge = \"ttop\"" + sign + "}", `:3,14-20: Unsuitable value; challenge: there is no "ttop". Did you mean "totp"?`},
		{"no challenge", "page \"a\" {\n fill = [\"answer\"]" + sign + "}", "It says what the answer is: want question."},
		{"a challenge for nothing", "page \"a\" {\n press = [\"x\"]\n challenge = \"totp\"" + sign + "}", "The page fills neither code nor answer."},
		{"a code", "page \"a\" {\n code = \"signin.captch\"" + sign + "}", `code: there is no "signin.captch". Did you mean "signin.captcha"?`},
		{"a verdict", "page \"a\" {\n press = [\"x\"]\n when {\n verdict = \"locked\"\n }\n}", `verdict: there is no "locked".`},
		{"a status", "page \"a\" {\n press = [\"x\"]\n when {\n status = 7\n }\n}", "status: want a status of HTTP, got 7."},
		{"no sign", `page "a" { press = ["x"] }`, "A when block says how to know the page."},
		{"a sign of every page", "page \"a\" {\n press = [\"x\"]\n when {\n no_text = [\"y\"]\n }\n}", "Want something that the page has"},
		{"no action", "page \"a\" {" + sign + "}", "Want fill, choose, press, code or wait."},
		{"two actions", "page \"a\" {\n wait = true\n choose = true" + sign + "}", "Want one of choose, wait."},
		{"a new password at any time", "page \"a\" {\n fill = [\"new-password\"]" + sign + "}", `code = "signin.password_expired"`},
		{"refusal without consent", "page \"a\" {\n wait = true\n deny = [\"x\"]" + sign + "}", "press says how to agree"},
		{"a remediation", "page \"a\" {\n remediation = \"challenge-authenticater\"\n press = [\"a\"]\n}", `:2,16-41: Unsuitable value; remediation: there is no "challenge-authenticater". Did you mean "challenge-authenticator"?`},
		{"a remediation that nothing is pressed for", "page \"a\" {\n remediation = \"success-redirect\"\n press = [\"a\"]\n}", `remediation: there is no "success-redirect".`},
		{"a generation of the widget", "page \"a\" {\n remediation = \"skip\"\n generation = 4\n press = [\"a\"]\n}", ":3,15-16: Unsuitable value; generation: want 2 or 3, got 4."},
		{"a generation of nothing", "page \"a\" {\n generation = 3\n press = [\"x\"]" + sign + "}", "remediation says of which of its screens"},
		{"a remediation with a sign", "page \"a\" {\n remediation = \"skip\"\n press = [\"a\"]" + sign + "}", "press, deny, generation and doc alone"},
		{"a remediation that fills", "page \"a\" {\n remediation = \"skip\"\n fill = [\"password\"]\n press = [\"a\"]\n}", "press, deny, generation and doc alone"},
		{"a remediation without presses", "page \"a\" {\n remediation = \"skip\"\n}", "Want press: the CSS selectors"},
		{"an empty selector", "page \"a\" {\n remediation = \"consent\"\n press = [\"a\"]\n deny = [\"\"]\n}", "CSS selectors in press and deny"},
		{"the same page twice", "page \"a\" {\n press = [\"x\"]" + sign + "}\npage \"a\" {\n press = [\"x\"]" + sign + "}", `Second page; There is a page "a" already`},
		{"a secret among words", "page \"a\" {\n press = [env(\"OIDCFLOW_PASSWORD\")]" + sign + "}", ":2,11-35: Function calls not allowed"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			_, diags := Load(write(t, map[string]string{"oidcflow.hcl": test.text}), Options{LookupEnv: variables(map[string]string{"OIDCFLOW_PASSWORD": "x"})})
			require.True(t, diags.HasErrors())
			var all string
			for _, d := range diags {
				all += d.Error() + "\n"
			}
			require.Contains(t, all, test.want)
		})
	}
}
