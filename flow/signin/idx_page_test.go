package signin

import (
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// escaped is s as Okta writes it into a script.
func escaped(s string) string {
	var b strings.Builder
	for _, r := range s {
		switch {
		case r > 0xff:
			fmt.Fprintf(&b, `\u%04X`, r)
		case strings.ContainsRune("{}\":-/ '\\", r) || r > 0x7f:
			fmt.Fprintf(&b, `\x%02X`, r)
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

func TestTheStateTokenIsFoundInEveryStyleOfPage(t *testing.T) {
	t.Parallel()
	const token = "eyJ6aXAi..k-x_y.z"
	tests := []struct {
		name    string
		script  string
		want    string
		ok      bool
		classic bool
	}{
		{"the default page", `var stateToken = '` + escaped(token) + `'; var fromUri = '\x2Foauth2';`, token, true, false},
		{"a customised page", `var oktaData = {"signIn":{"f":function(){return 'a"b'},"stateToken":"` + escaped(token) + `","x":1}};`, token, true, false},
		{"a customised page in single quotes", `var oktaData = {"signIn": {"stateToken": '` + escaped(token) + `'}};`, token, true, false},
		{"a model in a string", `var modelDataBag = '` + escaped(`{"orgName":"Müller ☃","stateToken":"`+token+`"}`) + `'; use(modelData.stateToken)`, token, true, false},
		{"an empty one before", `var stateToken = ''; config.stateToken = '` + escaped(token) + `'`, token, true, false},
		{"Classic, resumed", `var stateToken = '00abc\x2Ddef'`, "00abc-def", true, true},
		{"Classic, at first", `var stateToken = '';`, "", true, true},
		{"half a string", `var stateToken = 'eyJ`, "", false, true},
		{"a comparison", `if (stateToken == 'x') {}`, "", false, true},
		{"a model that is none", `var modelDataBag = 'x'`, "", false, true},
		{"no script of the page's own", ``, "", false, true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			at, err := url.Parse(idxOrg + "/authorize")
			require.NoError(t, err)
			d, err := parseHTML(strings.NewReader(`<form id="x509_login"><input type="hidden" name="fromURI" value="var stateToken = 'fromform'"></form><script nonce="n">`+test.script+`</script>`), at, 200)
			require.NoError(t, err)
			got, ok := d.stateToken()
			require.Equal(t, test.want, got)
			require.Equal(t, test.ok, ok)
			require.Equal(t, test.classic, classic(got))
		})
	}
}

func TestUnescapeScript(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{`a\x2Db`: "a-b", `\u2603`: "☃", `\\\"\'\/`: `\"'/`, `\xZZ`: "xZZ", `\u12`: "u12", `x\`: `x\`, `plain`: "plain"} {
		require.Equal(t, want, unescapeScript(in), in)
	}
}
