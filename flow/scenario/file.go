package scenario

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sort"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclparse"
	"github.com/zclconf/go-cty/cty"

	"github.com/oidcflow/oidcflow/flow/signin"
	"github.com/oidcflow/oidcflow/flow/trace"
)

// maxFile is how many bytes of a file are read.
const maxFile = 1 << 20

// Options say what a file may do. The zero value is the strictest: env() finds no variable, file() reads below the
// file's folder only, and command() is refused.
type Options struct {
	LookupEnv func(string) (string, bool)                               // what env() reads; nil: nothing is set
	AllowFile []string                                                  // folders, besides the file's own, below which file() may read
	Command   func(ctx context.Context, words []string) (string, error) // runs the program of command(); nil: refused
	Provider  Provider                                                  // nil: an idp block is not looked into
	Learn     func(...trace.Secret)                                     // is told of the secrets that runs look up; nil: nobody is
	Variables map[string]Given                                          // values for variables, by name; nil: their defaults
}

// Provider understands the idp block, which describes the embedded provider and is no business of this package.
type Provider interface {
	// Configure takes its settings from body. [Load] calls it first, with values that are not looked up, so that what is
	// wrong is reported with the file's other mistakes.
	Configure(body hcl.Body, ctx *hcl.EvalContext) hcl.Diagnostics
	// Names returns what runs can name of the provider that was configured.
	Names() Names
}

// Names are those that a provider knows.
type Names struct{ Clients, Users, Faults, Variations []string }

// File is a file that was read without a mistake.
type File struct {
	Path    string
	Clients []string // labels, as they stand in the file
	Users   []string
	HasIDP  bool          // there is an idp block
	Pages   []signin.Page // of page blocks, for [signin.WithPages]
	Runs    []*Run        // none: the file is a profile

	options Options
	body    hcl.Body
	parsed  fileBlock
	sources map[string]*hcl.File
	defined definitions
	dry     map[string]cty.Value // var and local by their types
	values  map[string]cty.Value // var and local; nil: not settled
}

// fileBlock is the top level of a file.
type fileBlock struct {
	Issuer           string   `hcl:"issuer,optional"`
	AuthorizationURL string   `hcl:"authorization_url,optional"`
	TokenURL         string   `hcl:"token_url,optional"`
	JWKSURL          string   `hcl:"jwks_url,optional"`
	UserInfoURL      string   `hcl:"userinfo_url,optional"`
	SignIn           string   `hcl:"sign_in,optional"`
	SignInHosts      []string `hcl:"sign_in_hosts,optional"`
	FactorOrder      []string `hcl:"factor_order,optional"`
	AllowPush        bool     `hcl:"allow_push,optional"`

	IDP     []idpBlock    `hcl:"idp,block"`
	Clients []clientBlock `hcl:"client,block"`
	Users   []userBlock   `hcl:"user,block"`
	Pages   []namedBody   `hcl:"page,block"`

	Variables []namedBody `hcl:"variable,block"` // these three are read by their schema
	Locals    []idpBlock  `hcl:"locals,block"`
	Runs      []namedBody `hcl:"run,block"`
}

// namedBody is a block that is not read yet.
type namedBody struct {
	Name string    `hcl:"name,label"`
	Def  hcl.Range `hcl:",def_range"`
	Body hcl.Body  `hcl:",remain"`
}

type idpBlock struct {
	Def  hcl.Range `hcl:",def_range"`
	Body hcl.Body  `hcl:",remain"`
}

// Load reads the file at path and reports everything that is wrong with it. It looks no value up.
func Load(path string, o Options) (*File, hcl.Diagnostics) {
	src, err := read(path)
	if err != nil {
		return nil, unreadable(path, err)
	}
	parser := hclparse.NewParser()
	body, diags := parse(parser, src, path)
	f := &File{Path: path, options: o, body: body, sources: parser.Files()}
	if diags.HasErrors() {
		return f, advised(diags)
	}
	diags = f.define()
	diags = append(diags, f.decode(f.dryContext(), &f.parsed)...)
	for _, c := range f.parsed.Clients {
		if !slices.Contains(f.Clients, c.Label) {
			f.Clients = append(f.Clients, c.Label)
		}
	}
	for _, u := range f.parsed.Users {
		if !slices.Contains(f.Users, u.Label) {
			f.Users = append(f.Users, u.Label)
		}
	}
	f.HasIDP = len(f.parsed.IDP) > 0
	diags = append(diags, f.readRuns()...)
	return f, advised(inOrder(diags))
}

func unreadable(path string, err error) hcl.Diagnostics {
	return hcl.Diagnostics{{Severity: hcl.DiagError, Summary: "Unreadable file", Detail: err.Error(), Subject: &hcl.Range{Filename: path}, Extra: err}}
}

// parse reads src as the name of its file says: JSON, or HCL's own syntax.
func parse(p *hclparse.Parser, src []byte, path string) (hcl.Body, hcl.Diagnostics) {
	parse := p.ParseHCL
	if strings.HasSuffix(path, ".json") {
		parse = p.ParseJSON
	}
	file, diags := parse(src, path)
	if file == nil {
		return hcl.EmptyBody(), diags
	}
	return file.Body, diags
}

// decode reads the body into b and checks what the schema cannot say.
func (f *File) decode(ctx *hcl.EvalContext, b *fileBlock) hcl.Diagnostics {
	diags := Decode(f.body, ctx, b)
	diags = append(diags, unique("client", labels(b.Clients, func(c clientBlock) (string, hcl.Range) { return c.Label, c.Def }))...)
	diags = append(diags, unique("user", labels(b.Users, func(u userBlock) (string, hcl.Range) { return u.Label, u.Def }))...)
	for _, u := range b.Users {
		diags = append(diags, isText(u.NewPassword, ctx)...)
	}
	own, wrong := pages(b.Pages)
	f.Pages, diags = own, append(diags, wrong...)
	for i, p := range b.IDP {
		if i > 0 {
			diags = append(diags, mistake(p.Def, "Second idp block", "A file describes one provider; the first is at %s.", b.IDP[0].Def))
			continue
		}
		if f.options.Provider != nil {
			diags = append(diags, f.options.Provider.Configure(p.Body, ctx)...)
		}
	}
	return diags
}

// Sources returns the text of the file by its name, for whoever shows a diagnostic with its line.
func (f *File) Sources() map[string]*hcl.File { return f.sources }

type label struct {
	name string
	at   hcl.Range
}

func labels[B any](blocks []B, of func(B) (string, hcl.Range)) []label {
	var ls []label
	for _, b := range blocks {
		name, at := of(b)
		ls = append(ls, label{name, at})
	}
	return ls
}

func unique(kind string, ls []label) hcl.Diagnostics {
	var diags hcl.Diagnostics
	first := map[string]hcl.Range{}
	for _, l := range ls {
		if at, seen := first[l.name]; seen {
			diags = append(diags, mistake(l.at, "Second "+kind, "There is %s %q already, at %s.", article(kind), l.name, at))
			continue
		}
		first[l.name] = l.at
	}
	return diags
}

func article(noun string) string {
	if strings.ContainsAny(noun[:1], "aeiou") {
		return "an " + noun
	}
	return "a " + noun
}

func mistake(at hcl.Range, summary, format string, args ...any) *hcl.Diagnostic {
	return &hcl.Diagnostic{Severity: hcl.DiagError, Summary: summary, Detail: fmt.Sprintf(format, args...), Subject: &at}
}

// inOrder sorts diags as their places stand in the file: gohcl walks its fields in random order.
func inOrder(diags hcl.Diagnostics) hcl.Diagnostics {
	at := func(i int) int {
		if diags[i].Subject == nil {
			return 0
		}
		return diags[i].Subject.Start.Byte
	}
	sort.SliceStable(diags, func(i, j int) bool { return at(i) < at(j) })
	return diags
}

// read returns the regular file at path, up to a limit that no honest file comes near.
func read(path string) ([]byte, error) {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("no file %q", path)
	case err != nil:
		return nil, err
	case !info.Mode().IsRegular():
		return nil, fmt.Errorf("%q is not a regular file", path)
	case info.Size() > maxFile:
		return nil, fmt.Errorf("%q has %d bytes, more than %d", path, info.Size(), maxFile)
	}
	return os.ReadFile(path)
}

// below reports whether path is folder or lies in it; both are absolute and free of symbolic links.
func below(folder, path string) bool {
	rel, err := filepath.Rel(folder, path)
	return err == nil && rel != ".." && !strings.HasPrefix(rel, ".."+string(filepath.Separator))
}
