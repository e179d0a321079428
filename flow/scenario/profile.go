package scenario

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"

	"github.com/oidcflow/oidcflow/flow"
	"github.com/oidcflow/oidcflow/flow/trace"
)

// Profile is what a file says about one target, one client and one user. What it does not say is zero.
type Profile struct {
	Issuer      string
	Endpoints   flow.Endpoints // those that a file can name
	SignIn      string
	SignInHosts []string
	FactorOrder []string
	AllowPush   bool
	Client      Client
	User        User
}

// Client is a client block.
type Client struct {
	Label       string
	ID          string // Label, unless the block says otherwise
	Secret      trace.Secret
	AuthMethod  string
	RedirectURI string
	Scopes      []string
	Server      string // of the embedded provider: the authorization server; empty: the org server
}

// User is a user block.
type User struct {
	Label       string
	Name        string // Label, unless the block says otherwise
	Password    trace.Secret
	TOTP        trace.Secret
	Passkey     trace.Secret
	Answers     trace.Secret // lines `question = answer`
	CodeCommand string

	// NewPassword looks up the password to set where the old one has expired; nil: there is none.
	NewPassword func(context.Context) (trace.Secret, hcl.Diagnostics)
}

type clientBlock struct {
	Label       string    `hcl:"name,label"`
	Def         hcl.Range `hcl:",def_range"`
	ID          string    `hcl:"client_id,optional"`
	Secret      string    `hcl:"secret,optional"`
	AuthMethod  string    `hcl:"token_endpoint_auth_method,optional"`
	RedirectURI string    `hcl:"redirect_uri,optional"`
	Scopes      []string  `hcl:"scopes,optional"`
	Server      string    `hcl:"server,optional"`
}

type userBlock struct {
	Label       string            `hcl:"name,label"`
	Def         hcl.Range         `hcl:",def_range"`
	Name        string            `hcl:"username,optional"`
	Password    string            `hcl:"password,optional"`
	TOTP        string            `hcl:"totp,optional"`
	Passkey     string            `hcl:"passkey,optional"`
	Answers     map[string]string `hcl:"answers,optional"`
	CodeCommand string            `hcl:"code_command,optional"`
	NewPassword hcl.Expression    `hcl:"new_password,optional"` // not looked up before it is needed
}

// Selection chooses the blocks of a profile by their labels. An empty one chooses the only block of its kind, and none
// where there are several.
type Selection struct {
	Client, User string
}

// Profile looks up the values of the top level and the chosen blocks. A label that the file does not have is a mistake
// that names those it has.
func (f *File) Profile(ctx context.Context, s Selection) (*Profile, hcl.Diagnostics) {
	var diags hcl.Diagnostics
	client, diag := choose("client", s.Client, f.Clients, f.Path)
	diags = append(diags, diag...)
	user, diag := choose("user", s.User, f.Users, f.Path)
	diags = append(diags, diag...)
	if diags.HasErrors() {
		return nil, diags
	}
	if diags := f.settle(ctx); diags.HasErrors() {
		return nil, diags
	}
	return f.lookUp(ctx, client, user)
}

// lookUp looks up the values of the top level and of the client and the user with these labels; "" is none.
func (f *File) lookUp(ctx context.Context, client, user string) (*Profile, hcl.Diagnostics) {
	var b fileBlock
	only := chosen{Body: f.body, labels: map[string]string{"client": client, "user": user, "idp": "", "run": "", "page": "", "variable": "", "locals": ""}}
	if diags := Decode(only, f.context(ctx), &b); diags.HasErrors() {
		return nil, inOrder(diags)
	}
	profile := b.profile()
	for _, u := range b.Users {
		profile.User.NewPassword = f.later("new_password", u.NewPassword)
	}
	return profile, nil
}

// look is lookUp for a client and a user that may also be the embedded provider's alone: of these the file knows no
// more than the names.
func (f *File) look(ctx context.Context, client, user string) (*Profile, hcl.Diagnostics) {
	ours := func(name string, have []string) string {
		if slices.Contains(have, name) {
			return name
		}
		return ""
	}
	profile, diags := f.lookUp(ctx, ours(client, f.Clients), ours(user, f.Users))
	if diags.HasErrors() {
		return nil, diags
	}
	profile.Client.Label, profile.Client.ID = cmp.Or(profile.Client.Label, client), cmp.Or(profile.Client.ID, client)
	profile.User.Label, profile.User.Name = cmp.Or(profile.User.Label, user), cmp.Or(profile.User.Name, user)
	return profile, nil
}

// ConfigureProvider looks up the values of the idp block and hands them to the provider of the options. Without such a
// block it does nothing.
func (f *File) ConfigureProvider(ctx context.Context) hcl.Diagnostics {
	if f.options.Provider == nil || !f.HasIDP {
		return nil
	}
	if diags := f.settle(ctx); diags.HasErrors() {
		return diags
	}
	return inOrder(f.options.Provider.Configure(f.parsed.IDP[0].Body, f.context(ctx)))
}

func choose(kind, want string, have []string, path string) (string, hcl.Diagnostics) {
	switch {
	case want == "" && len(have) == 1:
		return have[0], nil
	case want == "" || slices.Contains(have, want):
		return want, nil
	default:
		return "", hcl.Diagnostics{{
			Severity: hcl.DiagError,
			Summary:  "No " + kind + " of this name",
			Detail:   fmt.Sprintf("Want %q, have %s.", want, quoted(have)),
			Subject:  &hcl.Range{Filename: path},
		}}
	}
}

func quoted(names []string) string {
	if len(names) == 0 {
		return "none"
	}
	return `"` + strings.Join(names, `", "`) + `"`
}

// chosen is a body without the labelled blocks that were not chosen, so that their values are not looked up.
type chosen struct {
	hcl.Body
	labels map[string]string // block type → label; "" chooses none
}

func (c chosen) Content(schema *hcl.BodySchema) (*hcl.BodyContent, hcl.Diagnostics) {
	content, diags := c.Body.Content(schema)
	if content != nil {
		content.Blocks = slices.DeleteFunc(content.Blocks, func(b *hcl.Block) bool {
			label, labelled := c.labels[b.Type]
			return labelled && (label == "" || b.Labels[0] != label)
		})
	}
	return content, diags
}

func (b *fileBlock) profile() *Profile {
	p := &Profile{
		Issuer: b.Issuer,
		Endpoints: flow.Endpoints{
			Authorization: b.AuthorizationURL,
			Token:         b.TokenURL,
			JWKS:          b.JWKSURL,
			UserInfo:      b.UserInfoURL,
		},
		SignIn:      b.SignIn,
		SignInHosts: b.SignInHosts,
		FactorOrder: b.FactorOrder,
		AllowPush:   b.AllowPush,
	}
	for _, c := range b.Clients {
		p.Client = Client{
			Label:       c.Label,
			ID:          cmp.Or(c.ID, c.Label),
			Secret:      trace.NewSecret("client_secret", c.Secret),
			AuthMethod:  c.AuthMethod,
			RedirectURI: c.RedirectURI,
			Scopes:      c.Scopes,
			Server:      c.Server,
		}
	}
	for _, u := range b.Users {
		p.User = User{
			Label:       u.Label,
			Name:        cmp.Or(u.Name, u.Label),
			Password:    trace.NewSecret("password", u.Password),
			TOTP:        trace.NewSecret("totp", u.TOTP),
			Passkey:     trace.NewSecret("passkey", u.Passkey),
			Answers:     trace.NewSecret("answers", answerLines(u.Answers)),
			CodeCommand: u.CodeCommand,
		}
	}
	return p
}

// answerLines writes answers as an answers file has them.
func answerLines(answers map[string]string) string {
	var lines []string
	for question, answer := range answers {
		lines = append(lines, question+" = "+answer+"\n")
	}
	slices.Sort(lines)
	return strings.Join(lines, "")
}
