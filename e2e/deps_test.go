package e2e

import (
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const module = "github.com/oidcflow/oidcflow"

// imports says what the non-test files of a package may import directly, besides the standard library. It is the
// design: change it in a commit of its own, with the reason. An entry that ends in /... allows what is below it, too.
var imports = map[string][]string{
	"flow/trace": {},
	"flow": {
		module + "/flow/trace",
		"golang.org/x/oauth2/...",
		"github.com/coreos/go-oidc/v3/oidc",
		"github.com/go-jose/go-jose/v4/...",
		"github.com/gofrs/flock",
	},
	"flow/signin": {
		module + "/flow", module + "/flow/trace",
		"golang.org/x/net/html/...", "golang.org/x/net/publicsuffix",
		"github.com/andybalholm/cascadia",
		"github.com/pquerna/otp/...",
	},
	"flow/signin/chrome": {
		module + "/flow", module + "/flow/trace", module + "/flow/signin",
		"github.com/chromedp/chromedp/...", "github.com/chromedp/cdproto/...",
	},
	"flow/check": {
		module + "/flow", module + "/flow/trace",
		"github.com/go-jose/go-jose/v4/...",
	},
	"flow/scenario": {
		module + "/flow", module + "/flow/trace", module + "/flow/signin", module + "/flow/check",
		"github.com/hashicorp/hcl/v2/...", "github.com/zclconf/go-cty/...",
	},
	"flow/report": {module + "/flow", module + "/flow/trace", module + "/flow/check"},
	// Nothing of flow: the two ends share no code, so that each can find the other's faults.
	"mockidp": {
		"github.com/oauth2-proxy/mockoidc",
		"github.com/golang-jwt/jwt/v5",
		"github.com/go-jose/go-jose/v4/...",
		"github.com/fxamacker/cbor/v2",
	},
	"cmd": {
		module + "/...",
		"github.com/spf13/cobra", "github.com/spf13/pflag",
		"github.com/hashicorp/hcl/v2/...", "github.com/zclconf/go-cty/...",
		"golang.org/x/term",
		"github.com/mattn/go-shellwords",
		"filippo.io/age/...",
	},
	"cmd/oidcflow":         {module + "/cmd"},
	"e2e":                  {},
	"e2e/failure":          {},
	"e2e/peers":            {module + "/flow", module + "/flow/trace", module + "/flow/signin", module + "/flow/signin/chrome", module + "/mockidp"},
	"e2e/soak":             {module + "/e2e/screens", module + "/flow/signin/chrome"},
	"e2e/screens":          {module + "/flow", module + "/flow/trace", module + "/flow/signin", module + "/flow/signin/chrome", module + "/mockidp"},
	"e2e/screens/pictures": {module + "/e2e/screens", module + "/flow/signin/chrome"},
}

func TestImports(t *testing.T) {
	t.Parallel()
	for _, p := range packages(t) {
		name := strings.TrimPrefix(p.ImportPath, module+"/")
		allowed, known := imports[name]
		if !known {
			t.Errorf("package %s is not in the table of imports", name)
		}
		for _, path := range p.Imports {
			if !standard(path) && !slices.ContainsFunc(allowed, func(a string) bool { return matches(a, path) }) {
				t.Errorf("%s imports %s, which the table does not allow", name, path)
			}
		}
	}
}

// TestImportsTable tests the two functions that TestImports believes.
func TestImportsTable(t *testing.T) {
	t.Parallel()
	require.True(t, standard("net/http"))
	require.True(t, standard("C"))
	require.False(t, standard("golang.org/x/net/html"))
	require.True(t, matches("golang.org/x/oauth2/...", "golang.org/x/oauth2"))
	require.True(t, matches("golang.org/x/oauth2/...", "golang.org/x/oauth2/jws"))
	require.False(t, matches("golang.org/x/oauth2/...", "golang.org/x/oauth2x"))
	require.False(t, matches(module+"/flow", module+"/flow/trace"))
}

type listed struct {
	ImportPath string
	Imports    []string
}

// packages lists the module's packages with what their non-test files import.
func packages(t *testing.T) []listed {
	t.Helper()
	c := exec.CommandContext(t.Context(), "go", "list", "-json=ImportPath,Imports", "./...")
	c.Dir = ".."
	stdout, err := c.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, c.Start())
	var all []listed
	for d := json.NewDecoder(stdout); ; {
		var p listed
		err := d.Decode(&p)
		if errors.Is(err, io.EOF) {
			break
		}
		require.NoError(t, err)
		all = append(all, p)
	}
	require.NoError(t, c.Wait())
	require.NotEmpty(t, all)
	return all
}

// standard reports whether path is of the standard library, whose first element has no dot.
func standard(path string) bool {
	first, _, _ := strings.Cut(path, "/")
	return !strings.Contains(first, ".")
}

// matches reports whether an entry of the table allows path.
func matches(entry, path string) bool {
	root, below := strings.CutSuffix(entry, "/...")
	return path == root || below && strings.HasPrefix(path, root+"/")
}
