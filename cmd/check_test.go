package cmd

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/oidcflow/oidcflow/flow/check"
	"github.com/oidcflow/oidcflow/flow/report"
)

// schema is as much of JSON Schema as the descriptions of our own output use.
type schema struct {
	Type       string             `json:"type"`
	Const      any                `json:"const"`
	Enum       []any              `json:"enum"`
	Required   []string           `json:"required"`
	Properties map[string]*schema `json:"properties"`
	Items      *schema            `json:"items"`
	Additional any                `json:"additionalProperties"`
}

// check returns what is wrong with v at path.
func (s *schema) check(path string, v any) (wrong []string) {
	if s.Const != nil && fmt.Sprint(s.Const) != fmt.Sprint(v) || s.Enum != nil && !slices.Contains(s.Enum, v) {
		wrong = append(wrong, fmt.Sprintf("%s: %v is none of %v%v", path, v, s.Const, s.Enum))
	}
	switch v := v.(type) {
	case map[string]any:
		for _, name := range s.Required {
			if _, there := v[name]; !there {
				wrong = append(wrong, path+"."+name+" is missing")
			}
		}
		for name, value := range v {
			switch {
			case s.Properties[name] != nil:
				wrong = append(wrong, s.Properties[name].check(path+"."+name, value)...)
			case s.Additional == false:
				wrong = append(wrong, path+"."+name+" is not described")
			}
		}
	case []any:
		for i, value := range v {
			wrong = append(wrong, s.Items.check(fmt.Sprintf("%s[%d]", path, i), value)...)
		}
	}
	kinds := map[string]bool{"": true, "object": is[map[string]any](v), "array": is[[]any](v), "string": is[string](v), "boolean": is[bool](v), "integer": is[float64](v), "number": is[float64](v)}
	if !kinds[s.Type] {
		wrong = append(wrong, fmt.Sprintf("%s: want %s, got %T", path, s.Type, v))
	}
	return wrong
}

func is[T any](v any) bool {
	_, ok := v.(T)
	return ok
}

func readSchema(t *testing.T, name string) *schema {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "testdata", "schema", name))
	require.NoError(t, err)
	s := &schema{}
	require.NoError(t, json.Unmarshal(text, s))
	return s
}

func TestCheckJSONIsAsItsSchemaSays(t *testing.T) {
	t.Parallel()
	s := &report.Suite{Name: "https://login.example.com", Began: time.Now(), Duration: time.Second, Properties: []report.Property{{Name: "client_id", Value: "tool"}}}
	for i, c := range check.Checks {
		s.Cases = append(s.Cases, report.Case{Name: c.Name, Title: c.Title, Ref: c.Ref, Status: check.Status(i % 6), Message: "m", Want: "w", Got: "g", Hint: "h"})
	}
	var b bytes.Buffer
	p := &program{stdout: &b}
	require.NoError(t, p.printSuite(&reports{json: true}, s))
	var v any
	require.NoError(t, json.Unmarshal(b.Bytes(), &v))
	require.Empty(t, readSchema(t, "check.json").check("$", v))

	v.(map[string]any)["findings"].([]any)[0].(map[string]any)["status"] = "passt"
	require.Equal(t, []string{"$.findings[0].status: passt is none of <nil>[pending skip pass warn fail error]"}, readSchema(t, "check.json").check("$", v))
}
