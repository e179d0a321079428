package e2e

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/hashicorp/hcl/v2/hclwrite"
	"github.com/stretchr/testify/require"
)

// TestTerraform holds that the module for Okta is one: each file is syntax that Terraform reads, formatted as "terraform
// fmt" leaves it, and each name that an expression uses is declared in the module, and each that is declared is used.
func TestTerraform(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("../testdata/okta-app/*.tf")
	require.NoError(t, err)
	require.Len(t, files, 4)
	m := &terraformModule{declared: map[string]bool{}, used: map[string]string{}}
	for _, file := range files {
		source, err := os.ReadFile(file)
		require.NoError(t, err)
		require.Equal(t, string(hclwrite.Format(source)), string(source), "%s is not formatted", file)
		parsed, diags := hclsyntax.ParseConfig(source, filepath.Base(file), hcl.InitialPos)
		require.False(t, diags.HasErrors(), diags.Error())
		m.read(t, parsed.Body.(*hclsyntax.Body))
	}
	for name, at := range m.used {
		require.True(t, m.declared[name], "%s: %s is not declared", at, name)
	}
	for name := range m.declared {
		if kind, _, _ := strings.Cut(name, "."); kind == "var" || kind == "local" || kind == "data" {
			require.Contains(t, m.used, name, "nothing uses %s", name)
		}
	}
	for _, name := range []string{"okta_app_oauth.app", "okta_group_rule.testers", "okta_user.tester", "okta_app_signon_policy_rule.testers",
		"okta_policy_mfa.testers", "okta_policy_password.testers", "okta_network_zone.egress", "var.egress"} {
		require.True(t, m.declared[name], name)
	}
}

// TestTerraformSecrets holds that what is secret is marked so.
func TestTerraformSecrets(t *testing.T) {
	t.Parallel()
	for file, want := range map[string][]string{"variables.tf": {"passwords"}, "outputs.tf": {"client_secret"}} {
		source := read(t, "../testdata/okta-app/"+file)
		parsed, diags := hclsyntax.ParseConfig([]byte(source), file, hcl.InitialPos)
		require.False(t, diags.HasErrors(), diags.Error())
		var sensitive []string
		for _, b := range parsed.Body.(*hclsyntax.Body).Blocks {
			if b.Body.Attributes["sensitive"] != nil {
				sensitive = append(sensitive, b.Labels[0])
			}
		}
		require.Equal(t, want, sensitive)
	}
}

// terraformModule is what the files of a Terraform module declare and use: var.NAME, local.NAME, data.TYPE.NAME, TYPE.NAME.
type terraformModule struct {
	declared map[string]bool
	used     map[string]string // to where
}

func (m *terraformModule) read(t *testing.T, body *hclsyntax.Body) {
	t.Helper()
	for _, b := range body.Blocks {
		switch b.Type {
		case "variable":
			m.declare(t, "var."+b.Labels[0])
		case "locals":
			for name := range b.Body.Attributes {
				m.declare(t, "local."+name)
			}
		case "resource":
			m.declare(t, strings.Join(b.Labels, "."))
		case "data":
			m.declare(t, "data."+strings.Join(b.Labels, "."))
		case "output", "terraform":
		default:
			require.Failf(t, "unknown block", "%s at %s", b.Type, b.DefRange())
		}
		if b.Type == "variable" { // its type is written as an expression: map(string)
			delete(b.Body.Attributes, "type")
		}
		diags := hclsyntax.VisitAll(b.Body, func(n hclsyntax.Node) hcl.Diagnostics {
			if e, ok := n.(*hclsyntax.ScopeTraversalExpr); ok {
				m.use(e.Traversal)
			}
			return nil
		})
		require.False(t, diags.HasErrors(), diags.Error())
	}
}

func (m *terraformModule) declare(t *testing.T, name string) {
	t.Helper()
	require.False(t, m.declared[name], "%s is declared twice", name)
	m.declared[name] = true
}

// use notes what a traversal refers to. What for_each and a for expression bind is no name of the module.
func (m *terraformModule) use(traversal hcl.Traversal) {
	parts := []string{traversal.RootName()}
	for _, step := range traversal[1:] {
		if attr, ok := step.(hcl.TraverseAttr); ok {
			parts = append(parts, attr.Name)
		} else {
			break
		}
	}
	length := 2
	switch parts[0] {
	case "each", "u":
		return
	case "data":
		length = 3
	}
	m.used[strings.Join(parts[:min(length, len(parts))], ".")] = traversal.SourceRange().String()
}
