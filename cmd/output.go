package cmd

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/oidcflow/oidcflow/flow"
	"github.com/oidcflow/oidcflow/flow/report"
	"github.com/oidcflow/oidcflow/flow/trace"
)

// answer is what a token command answers with.
type answer struct {
	*flow.Result
	now     time.Time
	request string                                    // METHOD URL of --for
	proof   func(method, url string) (string, error)  // a DPoP proof for a request
	env     func(names ...string) (text, name string) // for the formats that a variable tells where to write
}

// format is one way to write an answer.
type format struct {
	name, ref, doc string
	write          func(io.Writer, *answer) error
}

var formats = []format{
	{"json", "RFC 6749 §5.1", "all there is, as one JSON object", writeJSON},
	{"access", "RFC 6749 §1.4", "the access token", writeToken(accessToken)},
	{"id", "OpenID Connect Core 1.0 §2", "the ID token", writeToken(idToken)},
	{"refresh", "RFC 6749 §1.5", "the refresh token", writeToken(refreshToken)},
	{"header", "RFC 6750 §2.1, RFC 9449 §7.1", "the Authorization header; a DPoP token needs --for 'METHOD URL' and gives the DPoP header, too", writeHeader},
	{"env", "POSIX shell", "export lines with the names that exec sets, safely quoted", writeEnv},
	{"github", "GitHub Actions workflow commands", "masks every secret, then writes $GITHUB_OUTPUT and $GITHUB_ENV", writeGitHub},
	{"kubernetes", "client.authentication.k8s.io/v1", "an ExecCredential with the ID token", writeKubernetes},
	{"terraform", "Terraform external data source", "one flat JSON object of strings", writeTerraform},
}

func formatNames() []string {
	var names []string
	for _, f := range formats {
		names = append(names, f.name)
	}
	return names
}

// writeAnswer writes a in a format to stdout or, if out is not empty, to a file that is there complete or not at all.
func (p *program) writeAnswer(name, out string, a *answer) error {
	for _, f := range formats {
		if f.name != name {
			continue
		}
		var b bytes.Buffer
		if err := f.write(&b, a); err != nil {
			return err
		}
		if out != "" {
			if err := report.WriteFile(out, b.Bytes(), 0o600); err != nil {
				return &flow.Error{Code: "env.unwritable", Err: fmt.Errorf("--out: %w", err)}
			}
			return nil
		}
		if _, err := p.stdout.Write(b.Bytes()); err != nil {
			return &flow.Error{Code: "env.unwritable", Err: fmt.Errorf("standard output: %w", err)}
		}
		return nil
	}
	panic("no format " + name) // the flag has checked it
}

// token is one of the tokens, and what its absence is called.
type token struct {
	name string
	of   func(*flow.Result) trace.Secret
}

var (
	accessToken  = token{"access_token", func(r *flow.Result) trace.Secret { return r.Tokens.AccessToken }}
	idToken      = token{"id_token", func(r *flow.Result) trace.Secret { return r.Tokens.IDToken }}
	refreshToken = token{"refresh_token", func(r *flow.Result) trace.Secret { return r.Tokens.RefreshToken }}
)

// reveal returns the token, or the error that says that the provider gave none.
func (t token) reveal(r *flow.Result) (string, error) {
	s := t.of(r).Reveal()
	if s != "" {
		return s, nil
	}
	hint := map[string]string{
		"id_token":      "ask for it with --scope openid",
		"refresh_token": "ask for it with --scope 'openid offline_access', and see that the client may have it",
	}[t.name]
	return "", &flow.Error{Step: trace.Exchange, Code: "exchange.missing_" + t.name,
		Err: fmt.Errorf("the provider gave no %s", strings.ReplaceAll(t.name, "_", " ")), Hint: hint}
}

func writeToken(t token) func(io.Writer, *answer) error {
	return func(w io.Writer, a *answer) error {
		s, err := t.reveal(a.Result)
		if err != nil {
			return err
		}
		_, err = fmt.Fprintln(w, s)
		return err
	}
}

// tokenJSON is the format json. Members are added, never renamed.
type tokenJSON struct {
	AccessToken   string         `json:"access_token,omitempty"`
	TokenType     string         `json:"token_type,omitempty"`
	ExpiresIn     *int64         `json:"expires_in,omitempty"`
	ExpiresAt     string         `json:"expires_at,omitempty"` // RFC 3339, UTC
	RefreshToken  string         `json:"refresh_token,omitempty"`
	IDToken       string         `json:"id_token,omitempty"`
	Scope         string         `json:"scope,omitempty"`
	Issuer        string         `json:"issuer,omitempty"`
	ClientID      string         `json:"client_id,omitempty"`
	IDTokenClaims map[string]any `json:"id_token_claims,omitempty"`
	Verified      []string       `json:"verified,omitempty"`
}

func (a *answer) json() tokenJSON {
	j := tokenJSON{
		AccessToken:   a.Tokens.AccessToken.Reveal(),
		TokenType:     a.Tokens.TokenType,
		ExpiresAt:     a.expiresAt(),
		RefreshToken:  a.Tokens.RefreshToken.Reveal(),
		IDToken:       a.Tokens.IDToken.Reveal(),
		Scope:         strings.Join(a.Tokens.Scopes, " "),
		Issuer:        a.Issuer,
		ClientID:      a.ClientID,
		IDTokenClaims: a.IDTokenClaims,
		Verified:      a.Verified,
	}
	if !a.Tokens.Expiry.IsZero() {
		seconds := int64(max(0, a.Tokens.Expiry.Sub(a.now).Round(time.Second)) / time.Second)
		j.ExpiresIn = &seconds
	}
	return j
}

// expiresAt returns when the access token ends, or "" if the provider did not say.
func (a *answer) expiresAt() string {
	if a.Tokens.Expiry.IsZero() {
		return ""
	}
	return a.Tokens.Expiry.UTC().Format(time.RFC3339)
}

func writeJSON(w io.Writer, a *answer) error { return encode(w, a.json()) }

// encode writes v as JSON that people can read.
func encode(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(v)
}

func writeHeader(w io.Writer, a *answer) error {
	access, err := accessToken.reveal(a.Result)
	if err != nil {
		return err
	}
	if a.Tokens.TokenType != "DPoP" {
		_, err = fmt.Fprintf(w, "Authorization: Bearer %s\n", access)
		return err
	}
	if a.request == "" {
		return errMissingFor()
	}
	method, target, err := splitRequest(a.request)
	if err != nil {
		return err
	}
	proof, err := a.proof(method, target)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(w, "Authorization: DPoP %s\nDPoP: %s\n", access, proof)
	return err
}

func errMissingFor() error {
	return usageError("missing_for", "a proof is good for one request: add --for 'GET https://api.example.com/path'",
		"the access token is bound to a key (DPoP), and --for is missing")
}

// splitRequest splits METHOD URL.
func splitRequest(s string) (method, target string, err error) {
	method, target, _ = strings.Cut(s, " ")
	if u, err := url.Parse(target); err != nil || u.Host == "" || method != strings.ToUpper(method) {
		return "", "", usageError("invalid_for", "", "--for: want 'METHOD URL', got %q", s)
	}
	return method, target, nil
}

// variable is one of the variables that env, github and exec set.
type variable struct {
	name   string // OIDCFLOW_…; in lower case and without the prefix, the name of a GitHub output
	value  string
	secret bool
}

// variables returns those that have a value.
func (a *answer) variables() []variable {
	var vs []variable
	for _, v := range []variable{
		{"OIDCFLOW_ACCESS_TOKEN", a.Tokens.AccessToken.Reveal(), true},
		{"OIDCFLOW_ID_TOKEN", a.Tokens.IDToken.Reveal(), true},
		{"OIDCFLOW_REFRESH_TOKEN", a.Tokens.RefreshToken.Reveal(), true},
		{"OIDCFLOW_TOKEN_TYPE", a.Tokens.TokenType, false},
		{"OIDCFLOW_EXPIRES_AT", a.expiresAt(), false},
		{"OIDCFLOW_SCOPE", strings.Join(a.Tokens.Scopes, " "), false},
	} {
		if v.value != "" {
			vs = append(vs, v)
		}
	}
	return vs
}

func writeEnv(w io.Writer, a *answer) error {
	for _, v := range a.variables() {
		if _, err := fmt.Fprintf(w, "export %s=%s\n", v.name, shellQuote(v.value)); err != nil {
			return err
		}
	}
	return nil
}

// shellQuote quotes s for a POSIX shell: within single quotes nothing is special but the single quote. A NUL, which no
// variable can hold, is left out.
func shellQuote(s string) string {
	return "'" + strings.NewReplacer("'", `'\''`, "\x00", "").Replace(s) + "'"
}

func writeKubernetes(w io.Writer, a *answer) error {
	id, err := idToken.reveal(a.Result)
	if err != nil {
		return err
	}
	type status struct {
		ExpirationTimestamp string `json:"expirationTimestamp,omitempty"`
		Token               string `json:"token"`
	}
	var s = status{Token: id}
	if exp, ok := seconds(a.IDTokenClaims["exp"]); ok {
		s.ExpirationTimestamp = time.Unix(exp, 0).UTC().Format(time.RFC3339)
	}
	return encode(w, struct {
		APIVersion string   `json:"apiVersion"`
		Kind       string   `json:"kind"`
		Spec       struct{} `json:"spec"`
		Status     status   `json:"status"`
	}{APIVersion: "client.authentication.k8s.io/v1", Kind: "ExecCredential", Status: s})
}

// seconds returns a NumericDate (RFC 7519 §2), which may have a fraction, in whole seconds.
func seconds(claim any) (int64, bool) {
	switch n := claim.(type) {
	case float64:
		return int64(n), true
	case json.Number:
		f, err := n.Float64()
		return int64(f), err == nil
	default:
		return 0, false
	}
}

func writeTerraform(w io.Writer, a *answer) error {
	j := a.json()
	flat := map[string]string{}
	for name, value := range map[string]string{
		"access_token":  j.AccessToken,
		"token_type":    j.TokenType,
		"expires_at":    j.ExpiresAt,
		"refresh_token": j.RefreshToken,
		"id_token":      j.IDToken,
		"scope":         j.Scope,
		"issuer":        j.Issuer,
		"client_id":     j.ClientID,
	} {
		if value != "" {
			flat[name] = value
		}
	}
	if j.ExpiresIn != nil {
		flat["expires_in"] = strconv.FormatInt(*j.ExpiresIn, 10)
	}
	return encode(w, flat)
}
