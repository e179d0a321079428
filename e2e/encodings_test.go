package e2e

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"html"
	"maps"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// secrets are values by what they are.
type secrets map[string]string

// mustNotBeIn fails the test for every secret that is in an output, in whatever encoding. It does not print it.
func (s secrets) mustNotBeIn(t *testing.T, outputs map[string]string) {
	t.Helper()
	for kind, value := range s {
		for encoding, text := range encodings(value) {
			for name, output := range outputs {
				if i := strings.Index(output, text); i >= 0 {
					t.Errorf("%s: the %s, %s, after …%q", name, kind, encoding, output[max(0, i-60):i])
				}
			}
		}
	}
}

// some reports whether there is a secret whose kind begins so.
func (s secrets) some(prefix string) bool {
	for kind := range s {
		if strings.HasPrefix(kind, prefix) {
			return true
		}
	}
	return false
}

// withoutTokens returns the secrets that are not tokens.
func (s secrets) withoutTokens() secrets {
	rest := maps.Clone(s)
	maps.DeleteFunc(rest, func(kind, _ string) bool { return strings.Contains(kind, "_token") })
	return rest
}

// encodings returns what is to be found of value wherever it was written in one of the usual ways.
func encodings(value string) map[string]string {
	quoted := func(s string) string { return s[1 : len(s)-1] }
	encoded, err := json.Marshal(value)
	if err != nil {
		panic(err)
	}
	var plain strings.Builder
	e := json.NewEncoder(&plain)
	e.SetEscapeHTML(false)
	if err := e.Encode(value); err != nil {
		panic(err)
	}
	percent := url.QueryEscape(value)
	m := map[string]string{
		"as it is":                      value,
		"as a form value":               percent,
		"percent-encoded":               strings.ReplaceAll(percent, "+", "%20"),
		"percent-encoded in lower case": lowerEscapes(strings.ReplaceAll(percent, "+", "%20")),
		"as a part of a path":           url.PathEscape(value),
		"as a path":                     (&url.URL{Path: value}).EscapedPath(),
		"twice percent-encoded":         url.QueryEscape(percent),
		"in JSON":                       quoted(string(encoded)),
		"in JSON without HTML escapes":  quoted(strings.TrimSuffix(plain.String(), "\n")),
		"in ASCII":                      quoted(strconv.QuoteToASCII(value)),
		"in HTML":                       html.EscapeString(value),
		"in hex":                        hex.EncodeToString([]byte(value)),
		"in upper-case hex":             strings.ToUpper(hex.EncodeToString([]byte(value))),
	}
	for shift := range 3 {
		m[fmt.Sprintf("in base64 at %d", shift)] = base64Within(base64.StdEncoding, value, shift)
		m[fmt.Sprintf("in base64url at %d", shift)] = base64Within(base64.URLEncoding, value, shift)
	}
	return m
}

// base64Within returns the characters that value becomes wherever it begins shift bytes after a group of three: those
// that hold bits of its neighbours, too, are left out.
func base64Within(e *base64.Encoding, value string, shift int) string {
	padded := e.WithPadding(base64.NoPadding).EncodeToString([]byte(strings.Repeat("\x00", shift) + value))
	padded = padded[[]int{0, 2, 3}[shift]:]
	if (shift+len(value))%3 != 0 {
		padded = padded[:len(padded)-1]
	}
	return padded
}

// lowerEscapes writes the hex digits of percent-encoded octets in lower case.
func lowerEscapes(s string) string {
	b := []byte(s)
	for i := 0; i+2 < len(b); i++ {
		if b[i] == '%' {
			copy(b[i+1:i+3], strings.ToLower(string(b[i+1:i+3])))
		}
	}
	return string(b)
}

func base64String(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }

// TestEncodings tests what TestCanary looks with: in each of these outputs, the secret is found.
func TestEncodings(t *testing.T) {
	t.Parallel()
	const secret = `a "secret" <ä&+/%41='>`
	for name, output := range map[string]string{
		"raw":                 "password=" + secret + ".",
		"a form":              url.Values{"a": {"b"}, "p": {secret}}.Encode(),
		"a path":              (&url.URL{Path: "/" + secret}).EscapedPath(),
		"a part of a path":    (&url.URL{Path: "/"}).JoinPath(url.PathEscape(secret)).String(),
		"lower-case percents": "a%20%22secret%22%20%3c%c3%a4%26%2b%2f%2541%3d%27%3e",
		"JSON":                `{"p":"a \"secret\" \u003cä\u0026+/%41='\u003e"}`,
		"JSON, not escaped":   `{"p":"a \"secret\" <ä&+/%41='>"}`,
		"%+q":                 fmt.Sprintf("%+q", secret),
		"HTML":                "<p>" + html.EscapeString(secret) + "</p>",
		"basic":               "Basic " + base64.StdEncoding.EncodeToString([]byte("c:"+secret)),
		"basic, one on":       "Basic " + base64.StdEncoding.EncodeToString([]byte("cl:"+secret+"!")),
		"basic, two on":       "Basic " + base64.URLEncoding.EncodeToString([]byte("cli:"+secret+"!!")),
		"hex":                 fmt.Sprintf("%x", secret),
		"HEX":                 fmt.Sprintf("%X", "x"+secret),
	} {
		found := false
		for _, text := range encodings(secret) {
			found = found || strings.Contains(output, text)
		}
		require.True(t, found, "%s: %s", name, output)
	}
}
