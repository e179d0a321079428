package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/stretchr/testify/require"

	"github.com/oidcflow/oidcflow/flow"
	"github.com/oidcflow/oidcflow/flow/check"
	"github.com/oidcflow/oidcflow/flow/trace"
)

var update = flag.Bool("update", false, "write the golden files")

// joseCase is a token with the keys that the provider publishes, and what a client must make of it.
type joseCase struct {
	Name    string          `json:"name"`
	Why     string          `json:"why"` // the rule
	Token   string          `json:"token"`
	Keys    json.RawMessage `json:"keys,omitempty"`       // the key set; none: that of keys.json
	Algs    []string        `json:"algs,omitempty"`       // that the provider announces; none: all that are asymmetric
	Accept  bool            `json:"accept"`               // what is right
	Differ  string          `json:"differ,omitempty"`     // why others may see it otherwise; then Accept is what we do
	Foreign *bool           `json:"golang_jwt,omitempty"` // what golang-jwt makes of it, where that is not Accept
}

// joseFiles are the tables, by the name of their file in testdata/jose.
var joseFiles = map[string]func(*joseKeys) []joseCase{
	"header": headerCases, "form": formCases, "signature": signatureCases, "key": keyCases,
}

var asymmetric = []string{"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"}

// joseFolder is where the tables are kept for others to read.
var joseFolder = filepath.Join("..", "testdata", "jose")

// TestJoseFiles holds that the files are what the tables here make.
func TestJoseFiles(t *testing.T) {
	t.Parallel()
	k := makeKeys()
	all := map[string]any{"keys": json.RawMessage(publishedKeys(k))}
	total := 0
	for name, make := range joseFiles {
		cases := make(k)
		all[name], total = cases, total+len(cases)
	}
	require.GreaterOrEqual(t, total, 150)
	for name, v := range all {
		var out bytes.Buffer
		e := json.NewEncoder(&out)
		e.SetEscapeHTML(false)
		e.SetIndent("", " ")
		require.NoError(t, e.Encode(v))
		file := filepath.Join(joseFolder, name+".json")
		if *update {
			require.NoError(t, os.MkdirAll(joseFolder, 0o755))
			require.NoError(t, os.WriteFile(file, out.Bytes(), 0o644))
		}
		have, err := os.ReadFile(file)
		require.NoError(t, err, "make golden")
		require.True(t, bytes.Equal(have, out.Bytes()), "%s is not what the table makes: make golden", file)
	}
}

// TestJose holds that the engine and the checks, which share no code for it, are right about each token.
func TestJose(t *testing.T) {
	t.Parallel()
	published, err := os.ReadFile(filepath.Join(joseFolder, "keys.json"))
	require.NoError(t, err, "make golden")
	for file := range joseFiles {
		data, err := os.ReadFile(filepath.Join(joseFolder, file+".json"))
		require.NoError(t, err, "make golden")
		var cases []joseCase
		require.NoError(t, json.Unmarshal(data, &cases))
		seen := map[string]bool{}
		for _, c := range cases {
			require.False(t, seen[c.Name], "twice: %s", c.Name)
			seen[c.Name] = true
			t.Run(file+"/"+c.Name, func(t *testing.T) {
				t.Parallel()
				own := c.Keys == nil
				if own {
					c.Keys = published
				}
				if c.Algs == nil {
					c.Algs = asymmetric
				}
				err := engineVerifies(t, c)
				require.Equal(t, c.Accept, err == nil, "engine: %s: %v", c.Why, err)
				wrong := checkVerifies(t, c)
				require.Equal(t, c.Accept, wrong == "", "check: %s: %s", c.Why, wrong)
				if own {
					want := c.Accept
					if c.Foreign != nil {
						want = *c.Foreign
					}
					err := foreignVerifies(c)
					require.Equal(t, want, err == nil, "golang-jwt: %v", err)
				}
			})
		}
	}
}

// onPaper is a provider that says what a case has, without a network.
type onPaper struct{ joseCase }

func (p onPaper) RoundTrip(r *http.Request) (*http.Response, error) {
	const op = "https://op.example"
	var body []byte
	var err error
	switch r.URL.Path {
	case "/.well-known/openid-configuration":
		body, err = json.Marshal(map[string]any{"issuer": op, "authorization_endpoint": op + "/authorize", "token_endpoint": op + "/token", "jwks_uri": op + "/keys",
			"response_types_supported": []string{"code"}, "subject_types_supported": []string{"public"}, "id_token_signing_alg_values_supported": p.Algs})
	case "/token":
		body, err = json.Marshal(map[string]any{"access_token": "an opaque access token", "token_type": "Bearer", "id_token": p.Token})
	case "/keys":
		body = p.Keys
	}
	return &http.Response{StatusCode: 200, Status: "200 OK", Header: http.Header{"Content-Type": {"application/json"}}, Body: io.NopCloser(bytes.NewReader(body)), Request: r}, err
}

// SignIn implements [flow.SignIn]: everybody is in.
func (p onPaper) SignIn(_ context.Context, r flow.Request) (*flow.Callback, error) {
	params := url.Values{"code": {"a code that nobody looks at"}, "state": {r.URL.Query().Get("state")}}
	return &flow.Callback{Mode: "query", Params: params, Raw: params.Encode()}, nil
}

func (p onPaper) config() flow.Config {
	return flow.Config{Issuer: "https://op.example", ClientID: "tool", Scopes: []string{"openid"}, Transport: p, SignIn: p,
		Now: func() time.Time { return time.Unix(joseTime+60, 0) }, Wait: func(ctx context.Context, _ time.Duration) error { return ctx.Err() }}
}

func engineVerifies(t *testing.T, c joseCase) error {
	t.Helper()
	p := onPaper{c}
	client, err := flow.New(p.config())
	require.NoError(t, err)
	a := &flow.Authorization{Issuer: "https://op.example", ClientID: "tool", Nonce: "the nonce", Time: time.Unix(joseTime, 0)}
	id, err := client.Verify(t.Context(), a, &flow.Tokens{IDToken: trace.NewSecret("id_token", c.Token)})
	if err == nil {
		require.Equal(t, []string{"signature", "iss", "aud", "exp", "iat", "nonce"}, id.Verified)
	}
	return err
}

// signatureChecks are the checks that say whether an ID token is to be believed, whatever is in it.
var signatureChecks = []string{"idtoken-crit", "idtoken-jku", "idtoken-x5u", "idtoken-jwk", "kid-path-traversal", "idtoken-sig-none", "hs256-with-public-key",
	"invalid-alternate-alg", "kid-unknown", "invalid-sig-rs256", "idtoken-duplicate-claims"}

// checkVerifies returns what the checks find wrong. A token is right if its signature was proved, and nothing failed; a
// warning about a member of the header is given only where it was proved.
func checkVerifies(t *testing.T, c joseCase) string {
	t.Helper()
	found, _, err := check.Run(t.Context(), onPaper{c}.config(), check.Options{Only: signatureChecks})
	require.NoError(t, err)
	var wrong []string
	proved := false
	for _, f := range found {
		proved = proved || f.Status == check.Warn || f.Name == "invalid-sig-rs256" && f.Status == check.Pass
		if f.Status >= check.Fail {
			wrong = append(wrong, f.Name+": "+f.Message)
		}
	}
	if !proved {
		wrong = append(wrong, "the signature was not proved")
	}
	return strings.Join(wrong, "; ")
}

// foreignVerifies asks golang-jwt, which knows nothing of key sets: the key is the one of the header's kid.
func foreignVerifies(c joseCase) error {
	p := jwt.NewParser(jwt.WithValidMethods(c.Algs), jwt.WithTimeFunc(func() time.Time { return time.Unix(joseTime+60, 0) }))
	_, err := p.Parse(c.Token, func(t *jwt.Token) (any, error) {
		kid, _ := t.Header["kid"].(string)
		if key := makeKeys().public[kid]; key != nil {
			return key, nil
		}
		var all jwt.VerificationKeySet
		for _, name := range slices.Sorted(slices.Values([]string{"rs", "es", "es384", "es512", "ed"})) {
			if kid == "" {
				all.Keys = append(all.Keys, makeKeys().public[name])
			}
		}
		return all, nil
	})
	return err
}
