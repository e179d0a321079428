package cmd

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/oidcflow/oidcflow/flow"
	"github.com/oidcflow/oidcflow/flow/trace"
)

var noon = time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC)

// whole is an answer with everything in it.
func whole() *answer {
	return &answer{now: noon, Result: &flow.Result{
		Issuer:   "https://login.example.com",
		ClientID: "web",
		Tokens: flow.Tokens{
			AccessToken:  trace.NewSecret("access_token", "access"),
			RefreshToken: trace.NewSecret("refresh_token", "refresh"),
			IDToken:      trace.NewSecret("id_token", "head.body.signature"),
			TokenType:    "Bearer",
			Expiry:       noon.Add(time.Hour),
			Scopes:       []string{"openid", "email"},
		},
		IDTokenClaims: map[string]any{"sub": "00u1", "exp": json.Number("1767357000.5")},
		Verified:      []string{"signature", "nonce"},
	}}
}

func (a *answer) write(t *testing.T, name string) (string, error) {
	t.Helper()
	for _, f := range formats {
		if f.name == name {
			var b bytes.Buffer
			err := f.write(&b, a)
			return b.String(), err
		}
	}
	t.Fatalf("no format %q", name)
	return "", nil
}

func TestFormats(t *testing.T) {
	t.Parallel()
	bare := whole()
	bare.Tokens = flow.Tokens{AccessToken: trace.NewSecret("access_token", "access"), TokenType: "Bearer"}
	bare.IDTokenClaims, bare.Verified = nil, nil
	proved := whole()
	proved.Tokens.TokenType, proved.request = "DPoP", "GET https://api.example.com/x?y=z"
	proved.proof = func(method, url string) (string, error) { return "proof of " + method + " " + url, nil }

	for _, test := range []struct {
		name, format string
		answer       *answer
		want         string
	}{
		{"json", "json", whole(), `{
  "access_token": "access",
  "token_type": "Bearer",
  "expires_in": 3600,
  "expires_at": "2026-01-02T13:00:00Z",
  "refresh_token": "refresh",
  "id_token": "head.body.signature",
  "scope": "openid email",
  "issuer": "https://login.example.com",
  "client_id": "web",
  "id_token_claims": {
    "exp": 1767357000.5,
    "sub": "00u1"
  },
  "verified": [
    "signature",
    "nonce"
  ]
}
`},
		{"json leaves out what is not there", "json", bare, `{
  "access_token": "access",
  "token_type": "Bearer",
  "issuer": "https://login.example.com",
  "client_id": "web"
}
`},
		{"access", "access", whole(), "access\n"},
		{"id", "id", whole(), "head.body.signature\n"},
		{"refresh", "refresh", whole(), "refresh\n"},
		{"header", "header", whole(), "Authorization: Bearer access\n"},
		{"header of a bound token", "header", proved,
			"Authorization: DPoP access\nDPoP: proof of GET https://api.example.com/x?y=z\n"},
		{"env", "env", whole(), `export OIDCFLOW_ACCESS_TOKEN='access'
export OIDCFLOW_ID_TOKEN='head.body.signature'
export OIDCFLOW_REFRESH_TOKEN='refresh'
export OIDCFLOW_TOKEN_TYPE='Bearer'
export OIDCFLOW_EXPIRES_AT='2026-01-02T13:00:00Z'
export OIDCFLOW_SCOPE='openid email'
`},
		{"env leaves out what is not there", "env", bare,
			"export OIDCFLOW_ACCESS_TOKEN='access'\nexport OIDCFLOW_TOKEN_TYPE='Bearer'\n"},
		{"kubernetes ends with the ID token, not with the access token", "kubernetes", whole(), `{
  "apiVersion": "client.authentication.k8s.io/v1",
  "kind": "ExecCredential",
  "spec": {},
  "status": {
    "expirationTimestamp": "2026-01-02T12:30:00Z",
    "token": "head.body.signature"
  }
}
`},
		{"terraform", "terraform", whole(), `{
  "access_token": "access",
  "client_id": "web",
  "expires_at": "2026-01-02T13:00:00Z",
  "expires_in": "3600",
  "id_token": "head.body.signature",
  "issuer": "https://login.example.com",
  "refresh_token": "refresh",
  "scope": "openid email",
  "token_type": "Bearer"
}
`},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			got, err := test.answer.write(t, test.format)
			require.NoError(t, err)
			require.Equal(t, test.want, got)
		})
	}
}

func TestFormatsWithoutTheirToken(t *testing.T) {
	t.Parallel()
	for format, want := range map[string]string{
		"access":     "exchange.missing_access_token",
		"header":     "exchange.missing_access_token",
		"id":         "exchange.missing_id_token",
		"kubernetes": "exchange.missing_id_token",
		"refresh":    "exchange.missing_refresh_token",
	} {
		got, err := (&answer{Result: &flow.Result{}}).write(t, format)
		require.Empty(t, got, format)
		var e *flow.Error
		require.ErrorAs(t, err, &e, format)
		require.Equal(t, want, e.Code)
		require.Equal(t, exitProvider, exitCode(e.Code))
	}
	bound := whole()
	bound.Tokens.TokenType = "DPoP"
	_, err := bound.write(t, "header")
	require.ErrorContains(t, err, "--for is missing")
}

// nasty are values that would do harm where they are not quoted.
var nasty = []string{
	"plain",
	"it's",
	"'",
	"''; touch owned; '",
	`\'`,
	"$(touch owned)`touch owned`$HOME",
	"two\nlines",
	"EOF\nOIDCFLOW_SCOPE=evil",
	"percent % and %0A",
	"::add-mask::x",
	"blanks  and\ttabs ",
	"“typographic” and «labels»",
	"-n",
	"*?",
}

// A shell that reads the format env has the values, whatever is in them.
func TestEnvInAShell(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		return // the format is for POSIX shells
	}
	for _, value := range nasty {
		a := whole()
		a.Tokens.AccessToken = trace.NewSecret("access_token", value)
		script, err := a.write(t, "env")
		require.NoError(t, err)
		sh := exec.CommandContext(t.Context(), "sh", "-c", script+`printf %s "$OIDCFLOW_ACCESS_TOKEN"`)
		sh.Dir = t.TempDir()
		got, err := sh.Output()
		require.NoError(t, err, value)
		require.Equal(t, value, string(got))
		left, err := os.ReadDir(sh.Dir)
		require.NoError(t, err)
		require.Empty(t, left, "something ran")
	}
}

// runnerFile reads one of the runner's files as the runner does: NAME=VALUE, or NAME<<DELIMITER up to a line that is
// the delimiter.
func runnerFile(t *testing.T, path string) map[string]string {
	t.Helper()
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	values := map[string]string{}
	lines := strings.Split(string(text), "\n")
	for i := 0; i < len(lines); i++ {
		if lines[i] == "" {
			continue
		}
		equals, heredoc := strings.Index(lines[i], "="), strings.Index(lines[i], "<<")
		if heredoc < 0 || equals >= 0 && equals < heredoc {
			name, value, ok := strings.Cut(lines[i], "=")
			require.True(t, ok, "line %q", lines[i])
			values[name] = value
			continue
		}
		name, delimiter, _ := strings.Cut(lines[i], "<<")
		var value []string
		for i++; ; i++ {
			require.Less(t, i, len(lines), "no line %q", delimiter)
			if lines[i] == delimiter {
				break
			}
			value = append(value, lines[i])
		}
		values[name] = strings.Join(value, "\n")
	}
	return values
}

// masked applies the masks in commands to text, as the runner does to each line of a log.
func masked(commands, text string) string {
	for _, line := range strings.Split(commands, "\n") {
		if value, ok := strings.CutPrefix(line, "::add-mask::"); ok {
			value = strings.NewReplacer("%0D", "\r", "%0A", "\n", "%25", "%").Replace(value)
			text = strings.ReplaceAll(text, value, "***")
		}
	}
	return text
}

func TestGitHub(t *testing.T) {
	t.Parallel()
	for _, value := range nasty {
		dir := t.TempDir()
		files := map[string]string{"GITHUB_OUTPUT": filepath.Join(dir, "output"), "GITHUB_ENV": filepath.Join(dir, "env")}
		require.NoError(t, os.WriteFile(files["GITHUB_OUTPUT"], []byte("before=1\n"), 0o600))
		a := whole()
		a.Tokens.AccessToken = trace.NewSecret("access_token", value)
		a.env = newCall(files, "").env
		stdout, err := a.write(t, "github")
		require.NoError(t, err)

		require.Equal(t, map[string]string{
			"before": "1", "access_token": value, "id_token": "head.body.signature", "refresh_token": "refresh",
			"token_type": "Bearer", "expires_at": "2026-01-02T13:00:00Z", "scope": "openid email",
		}, runnerFile(t, files["GITHUB_OUTPUT"]))
		require.Equal(t, map[string]string{
			"OIDCFLOW_ACCESS_TOKEN": value, "OIDCFLOW_ID_TOKEN": "head.body.signature", "OIDCFLOW_REFRESH_TOKEN": "refresh",
			"OIDCFLOW_TOKEN_TYPE": "Bearer", "OIDCFLOW_EXPIRES_AT": "2026-01-02T13:00:00Z", "OIDCFLOW_SCOPE": "openid email",
		}, runnerFile(t, files["GITHUB_ENV"]))

		for _, line := range strings.Split(strings.TrimSuffix(stdout, "\n"), "\n") {
			require.True(t, strings.HasPrefix(line, "::add-mask::"), "stdout has %q", line)
		}
		for _, line := range strings.Split(value, "\n") {
			require.NotContains(t, masked(stdout, "a log with "+line+"."), line)
		}
		require.Equal(t, "***", masked(stdout, "head.body.signature"))
		require.Equal(t, "claims: ***", masked(stdout, "claims: body"), "a part of a JWT")
	}
}

func TestGitHubDelimitersAreRandom(t *testing.T) {
	t.Parallel()
	require.NotEqual(t, heredoc("a", "b"), heredoc("a", "b"))
}

func TestAnswerIsCompleteJSON(t *testing.T) {
	t.Parallel()
	a := whole()
	a.IDTokenClaims["html"] = "<a href='x'>&</a>"
	text, err := a.write(t, "json")
	require.NoError(t, err)
	var back tokenJSON
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	require.NoError(t, d.Decode(&back))
	require.Equal(t, a.json(), back)
	require.Contains(t, text, "<a href='x'>&</a>", "as people read it")
}
