package scenario

import (
	"encoding/json"
	"flag"
	"os"
	"testing"

	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "write the golden files")

// TestJSONSchema holds that the file that editors use is what the table says.
func TestJSONSchema(t *testing.T) {
	t.Parallel()
	const path = "../../testdata/schema/oidctest.json"
	got, err := JSONSchema()
	require.NoError(t, err)
	if *update {
		require.NoError(t, os.WriteFile(path, got, 0o600))
	}
	want, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, string(want), string(got), "make golden rewrites it")
}

// TestJSONSchemaNamesAll holds that each block and attribute of the table is described, where the table has it.
func TestJSONSchemaNamesAll(t *testing.T) {
	t.Parallel()
	text, err := JSONSchema()
	require.NoError(t, err)
	var top map[string]any
	require.NoError(t, json.Unmarshal(text, &top))
	body := func(s map[string]any, b *Block) map[string]any {
		s = s["properties"].(map[string]any)[b.Name].(map[string]any)
		switch {
		case b.Label != "":
			return s["additionalProperties"].(map[string]any)
		case b.Once:
			return s
		}
		return s["anyOf"].([]any)[0].(map[string]any)
	}
	var compare func(b *Block, s map[string]any)
	compare = func(b *Block, s map[string]any) {
		require.Equal(t, b.Doc, s["description"], b.Name)
		if b.Free || b.Elsewhere {
			require.NotContains(t, s, "properties")
			return
		}
		properties := s["properties"].(map[string]any)
		require.Len(t, properties, len(b.Attributes)+len(b.Blocks)+1, b.Name)
		for _, a := range b.Attributes {
			require.Equal(t, a.Doc, properties[a.Name].(map[string]any)["description"], a.Name)
		}
		for _, inner := range b.Blocks {
			compare(inner, body(s, inner))
		}
	}
	compare(Schema, top)
}

// TestLoadJSON reads what JSON says as HCL's own syntax says it.
func TestLoadJSON(t *testing.T) {
	t.Parallel()
	path := write(t, map[string]string{"oidcflow.hcl": "", "a.oidctest.json": `{
  "//": "a comment",
  "idp": {},
  "locals": {"scopes": ["openid"]},
  "client": {"web": {"redirect_uri": "https://app.example.com/callback"}},
  "user": {"alice": {"password": "${env(\"ALICE_PASSWORD\")}"}},
  "run": {
    "first": {"scopes": "${local.scopes}", "assert": {"user": {"condition": "${result.id_token.sub != \"\"}"}}},
    "second": {"refresh_token": "${run.first.tokens.refresh_token}", "expect_error": {"step": "refresh"}}
  }
}`})
	f, diags := Load(path[:len(path)-len("oidcflow.hcl")]+"a.oidctest.json", Options{})
	require.Empty(t, diags)
	require.Len(t, f.Runs, 2)
	require.Equal(t, []string{"first"}, f.Runs[1].reads)
}
