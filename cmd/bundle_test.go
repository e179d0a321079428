package cmd

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/oidcflow/oidcflow/flow"
	"github.com/oidcflow/oidcflow/flow/trace"
)

// Every setting whose value is told is one of the table, and no secret nor anything that a person made up.
func TestHarmlessSettings(t *testing.T) {
	t.Parallel()
	seen := 0
	for _, g := range groups {
		for _, s := range g.settings {
			if slices.Contains(harmless, s.flag) {
				seen++
				require.Empty(t, s.secret, s.flag)
				require.NotContains(t, []string{"URL", "FILE", "DIR", "PATH", "HOST", "ID", "K=V", "PEM", "URI", "LABEL"}, s.arg, s.flag)
			}
		}
	}
	require.Len(t, harmless, seen, "each is a setting")
}

func TestBundleIsAsItsSchemaSays(t *testing.T) {
	t.Parallel()
	p := &program{redactor: trace.NewRedactor(), lookupEnv: os.LookupEnv, log: logOptions{quiet: true}}
	dir := t.TempDir()
	c := p.checkCommand()
	require.NoError(t, c.ParseFlags([]string{"--mock", "--sign-in", "form", "--probes", "--client-id", "c4nary", "--artifacts", dir, "--username", "c4nary"}))
	o, err := p.options(c)
	require.NoError(t, err)
	ctx, kept, err := p.record(t.Context(), o)
	require.NoError(t, err)
	kept.browser("Chrome/1.2.3.4")
	_, end := trace.Start(ctx, trace.SignIn)
	trace.Record(ctx, trace.Event{Kind: trace.Page, Name: "password", Fields: []string{"pw password"}, Keys: []string{"E1"}})
	trace.Record(ctx, trace.Event{Kind: trace.HTTP, HTTP: &trace.Message{Method: "GET", URL: "https://op.example/", Status: 200}})
	err = &flow.Error{Step: trace.SignIn, Code: "signin.captcha", Err: errors.New("asks for a captcha"), Hint: "none", RequestID: "r1"}
	end(err)
	kept.closeInto(&err)

	text, rerr := os.ReadFile(filepath.Join(dir, "bundle.json"))
	require.NoError(t, rerr)
	require.NotContains(t, string(text), "c4nary")
	var v map[string]any
	require.NoError(t, json.Unmarshal(text, &v))
	schema := readSchema(t, "bundle.json")
	require.Empty(t, schema.check("$", v))
	require.Contains(t, v["settings"], map[string]any{"name": "sign-in", "from": "flag", "value": "form"})
	require.Contains(t, v["settings"], map[string]any{"name": "username", "from": "flag"})
	require.Contains(t, v["settings"], map[string]any{"name": "probes", "from": "flag"})
	require.Equal(t, "signin.captcha", v["error"].(map[string]any)["code"])
	v["secret"] = "x"
	require.Equal(t, []string{"$.secret is not described"}, schema.check("$", v))
}
