package cmd

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net"
	"slices"
	"syscall"
	"time"

	"github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"
	ctyjson "github.com/zclconf/go-cty/cty/json"

	"github.com/oidcflow/oidcflow/flow"
	"github.com/oidcflow/oidcflow/flow/scenario"
	"github.com/oidcflow/oidcflow/flow/signin"
	"github.com/oidcflow/oidcflow/flow/trace"
	"github.com/oidcflow/oidcflow/mockidp"
)

// provider is the embedded provider as the idp block of a file describes it.
type provider struct {
	config mockidp.Config
}

var _ scenario.Provider = (*provider)(nil)

// idpBlock is the body of an idp block. Everything in it is optional.
type idpBlock struct {
	Profile         string        `hcl:"profile,optional"`
	ProfileRange    hcl.Range     `hcl:"profile,attr_value_range"`
	Login           string        `hcl:"login,optional"`
	LoginRange      hcl.Range     `hcl:"login,attr_value_range"`
	Widget          string        `hcl:"widget,optional"`
	Faults          []string      `hcl:"faults,optional"`
	FaultsRange     hcl.Range     `hcl:"faults,attr_value_range"`
	Variations      []string      `hcl:"variations,optional"`
	VariationsRange hcl.Range     `hcl:"variations,attr_value_range"`
	Seed            uint64        `hcl:"seed,optional"`
	Okta            []oktaBlock   `hcl:"okta,block"`
	Servers         []serverBlock `hcl:"server,block"`
	Clients         []clientBlock `hcl:"client,block"`
	Users           []personBlock `hcl:"user,block"`
}

type serverBlock struct {
	Name            string    `hcl:"name,label"`
	Audience        string    `hcl:"audience,optional"`
	Scopes          []string  `hcl:"scopes,optional"`
	AccessTTL       string    `hcl:"access_token_ttl,optional"`
	AccessTTLRange  hcl.Range `hcl:"access_token_ttl,attr_value_range"`
	RefreshTTL      string    `hcl:"refresh_token_ttl,optional"`
	RefreshTTLRange hcl.Range `hcl:"refresh_token_ttl,attr_value_range"`
	Alg             string    `hcl:"alg,optional"`
	AlgRange        hcl.Range `hcl:"alg,attr_value_range"`
}

type clientBlock struct {
	ID                     string   `hcl:"name,label"`
	Secret                 string   `hcl:"secret,optional"`
	AuthMethod             string   `hcl:"token_endpoint_auth_method,optional"`
	JWKS                   string   `hcl:"jwks,optional"`
	RequirePKCE            bool     `hcl:"require_pkce,optional"`
	RequirePAR             bool     `hcl:"require_par,optional"`
	RequireDPoP            bool     `hcl:"require_dpop,optional"`
	RequireConsent         bool     `hcl:"require_consent,optional"`
	RedirectURIs           []string `hcl:"redirect_uris,optional"`
	PostLogoutRedirectURIs []string `hcl:"post_logout_redirect_uris,optional"`
	GrantTypes             []string `hcl:"grant_types,optional"`
	Scopes                 []string `hcl:"scopes,optional"`
	Server                 string   `hcl:"server,optional"`
}

type personBlock struct {
	Login       string    `hcl:"name,label"`
	Password    string    `hcl:"password,optional"`
	Email       string    `hcl:"email,optional"`
	Name        string    `hcl:"name,optional"`
	TOTP        string    `hcl:"totp,optional"`
	Groups      []string  `hcl:"groups,optional"`
	Claims      cty.Value `hcl:"claims,optional"`
	ClaimsRange hcl.Range `hcl:"claims,attr_value_range"`
	Locked      bool      `hcl:"locked,optional"`

	Question    string         `hcl:"question,optional"`
	Answer      string         `hcl:"answer,optional"`
	Phone       string         `hcl:"phone,optional"`
	Policy      []string       `hcl:"policy,optional"`
	PolicyRange hcl.Range      `hcl:"policy,attr_value_range"`
	Passkeys    []passkeyBlock `hcl:"passkey,block"`
}

// Configure implements [scenario.Provider].
func (p *provider) Configure(body hcl.Body, ctx *hcl.EvalContext) hcl.Diagnostics {
	var b idpBlock
	diags := scenario.Decode(body, ctx, &b)
	p.config = mockidp.Config{
		Profile:    b.Profile,
		Login:      b.Login,
		Widget:     b.Widget,
		Faults:     b.Faults,
		Variations: b.Variations,
		Seed:       b.Seed,
	}
	diags = append(diags, among("profile", b.Profile, b.ProfileRange, "okta", "strict")...)
	diags = append(diags, among("login", b.Login, b.LoginRange, mockLogins...)...)
	for _, name := range b.Faults {
		diags = append(diags, among("faults", name, b.FaultsRange, names(mockidp.Faults)...)...)
	}
	for _, name := range b.Variations {
		diags = append(diags, among("variations", name, b.VariationsRange, names(mockidp.Variations)...)...)
	}
	diags = append(diags, p.setOrg(&b)...)
	for _, s := range b.Servers {
		server, wrong := s.server()
		diags = append(diags, wrong...)
		p.config.Servers = append(p.config.Servers, server)
	}
	for _, c := range b.Clients {
		p.config.Clients = append(p.config.Clients, c.client())
	}
	for _, u := range b.Users {
		person, wrong := u.person()
		diags = append(diags, wrong...)
		p.config.Users = append(p.config.Users, person)
	}
	return diags
}

// Names implements [scenario.Provider].
func (p *provider) Names() scenario.Names {
	clients, users := p.config.Clients, p.config.Users
	usual, persons := mockidp.Defaults()
	if clients == nil {
		clients = usual
	}
	if users == nil {
		users = persons
	}
	all := scenario.Names{Faults: names(mockidp.Faults), Variations: names(mockidp.Variations)}
	for _, c := range clients {
		all.Clients = append(all.Clients, c.ID)
	}
	for _, u := range users {
		if person, is := u.(mockidp.Person); is {
			all.Users = append(all.Users, person.Login)
		}
	}
	return all
}

func (s serverBlock) server() (mockidp.AuthServer, hcl.Diagnostics) {
	diags := among("alg", s.Alg, s.AlgRange, "RS256", "ES256", "PS256", "EdDSA")
	ttl := func(text string, at hcl.Range) time.Duration {
		if text == "" {
			return 0
		}
		d, err := duration(text)
		if err != nil {
			diags = append(diags, unsuitable(at, "%v", err))
		}
		return d
	}
	return mockidp.AuthServer{
		Name:            s.Name,
		Audience:        s.Audience,
		Scopes:          s.Scopes,
		AccessTokenTTL:  ttl(s.AccessTTL, s.AccessTTLRange),
		RefreshTokenTTL: ttl(s.RefreshTTL, s.RefreshTTLRange),
		Alg:             s.Alg,
	}, diags
}

func (c clientBlock) client() mockidp.Client {
	var keys []byte
	if c.JWKS != "" {
		keys = []byte(c.JWKS)
	}
	return mockidp.Client{
		ID:                     c.ID,
		Secret:                 c.Secret,
		AuthMethod:             c.AuthMethod,
		Keys:                   keys,
		RequirePKCE:            c.RequirePKCE,
		RequirePAR:             c.RequirePAR,
		RequireDPoP:            c.RequireDPoP,
		RequireConsent:         c.RequireConsent,
		RedirectURIs:           c.RedirectURIs,
		PostLogoutRedirectURIs: c.PostLogoutRedirectURIs,
		GrantTypes:             c.GrantTypes,
		Scopes:                 c.Scopes,
		Server:                 c.Server,
	}
}

func (u personBlock) person() (mockidp.Person, hcl.Diagnostics) {
	claims, err := claimsOf(u.Claims)
	var diags hcl.Diagnostics
	if err != nil {
		diags = append(diags, unsuitable(u.ClaimsRange, "%v", err))
	}
	diags = append(diags, u.checkPolicy()...)
	var passkeys []mockidp.Passkey
	for _, k := range u.Passkeys {
		passkey, wrong := k.passkey()
		passkeys, diags = append(passkeys, passkey), append(diags, wrong...)
	}
	return mockidp.Person{
		Login:    u.Login,
		Password: u.Password,
		Email:    u.Email,
		Name:     u.Name,
		TOTP:     u.TOTP,
		Groups:   u.Groups,
		Extra:    claims,
		Locked:   u.Locked,
		Question: u.Question,
		Answer:   u.Answer,
		Phone:    u.Phone,
		Policy:   u.Policy,
		Passkeys: passkeys,
	}, diags
}

// claimsOf returns an object of HCL as encoding/json has it.
func claimsOf(v cty.Value) (claims map[string]any, err error) {
	if v == cty.NilVal || v.IsNull() {
		return nil, nil
	}
	if t := v.Type(); !t.IsObjectType() && !t.IsMapType() {
		return nil, fmt.Errorf("claims: want an object, got %s", t.FriendlyName())
	}
	text, err := ctyjson.SimpleJSONValue{Value: v}.MarshalJSON()
	if err != nil {
		return nil, err
	}
	return claims, json.Unmarshal(text, &claims)
}

// among returns a diagnostic if v is neither empty nor among values.
func among(what, v string, at hcl.Range, values ...string) hcl.Diagnostics {
	if v == "" || slices.Contains(values, v) {
		return nil
	}
	if hint := nearest(v, values, ""); hint != "" {
		return hcl.Diagnostics{unsuitable(at, "%s: no %q; %s", what, v, hint)}
	}
	if len(values) > 8 {
		return hcl.Diagnostics{unsuitable(at, "%s: no %q; `oidcflow list %s` lists them", what, v, what)}
	}
	return hcl.Diagnostics{unsuitable(at, "%s: want %s, got %q", what, enumeration(values), v)}
}

func unsuitable(at hcl.Range, format string, args ...any) *hcl.Diagnostic {
	return &hcl.Diagnostic{Severity: hcl.DiagError, Summary: "Unsuitable value", Detail: fmt.Sprintf(format, args...), Subject: &at}
}

func names(faults []mockidp.Fault) []string {
	var ns []string
	for _, f := range faults {
		ns = append(ns, f.Name)
	}
	return ns
}

// startProvider starts the provider, makes it the target, and takes user and password from it where nothing else is
// said. Its login page suits the driver, unless the file chose one.
func (o *options) startProvider() (*mockidp.Server, error) {
	config := &o.provider.config
	config.Faults = append(config.Faults, o.faults...)
	config.Variations = append(config.Variations, o.variations...)
	config.Widget = cmp.Or(o.widget, config.Widget)
	if o.enrol != nil {
		enrolling(config, o.enrol.Want)
	}
	config.Login = cmp.Or(config.Login, o.login())
	server, err := mockidp.Start(*config)
	if err != nil {
		return nil, providerError(err)
	}
	if err := o.target(server); err != nil {
		return nil, errors.Join(err, server.Close())
	}
	return server, nil
}

// login returns the login of the provider that the driver is tried with: pages for those that can fill them in.
func (o *options) login() string {
	switch {
	case o.widget != "", o.driver == "idx":
		return "okta"
	case o.driver == "form", o.driver == "chrome":
		return "form"
	}
	return "auto"
}

// enrolling sets a provider up for the enrolment of a factor: by Okta's pages, under a name, which passkeys need, and
// with a user who has no second factor yet.
func enrolling(c *mockidp.Config, want signin.ChallengeKind) {
	c.Login, c.Listen = "okta", "localhost:0"
	if c.Users != nil {
		return
	}
	_, users := mockidp.Defaults()
	alice := users[0].(mockidp.Person)
	alice.TOTP, alice.Policy = "", []string{"password", "enrol"}
	if want == signin.ChallengePasskey {
		alice.Policy = []string{"password", "enrol:passkey"}
	}
	c.Users = []mockidp.User{alice}
}

// providerError is an error of the start of the provider: a port that is taken, or a setting it refuses.
func providerError(err error) error {
	if errors.Is(err, syscall.EADDRINUSE) {
		return &flow.Error{Code: "env.port_in_use", Err: err, Hint: "stop what listens there, or give another port"}
	}
	var network *net.OpError
	if errors.As(err, &network) {
		return &flow.Error{Code: "env.listen", Err: err}
	}
	return &flow.Error{Code: "config.provider", Err: err}
}

// Who signs in at the embedded provider, and to which client, where nothing else is said.
const (
	defaultUser   = "alice"
	defaultClient = "oidcflow"
)

// target makes s the target of o.
func (o *options) target(s *mockidp.Server) error {
	ready := s.Ready()
	if err := o.register(s, ready); err != nil {
		return err
	}
	server := cmp.Or(o.fileClient.Server, "org")
	issuer, ok := ready.Servers[server]
	if !ok {
		return usageError("unknown_server", "", "the provider has no server %q, only %s", server, enumeration(slices.Sorted(maps.Keys(ready.Servers))))
	}
	o.flow.Issuer = issuer
	if o.flow.ClientID == "" {
		o.flow.ClientID = defaultClient
		if !slices.ContainsFunc(ready.Clients, func(c mockidp.ReadyClient) bool { return c.ID == defaultClient }) && len(ready.Clients) > 0 {
			o.flow.ClientID = ready.Clients[0].ID
		}
	}
	for _, c := range ready.Clients {
		if c.ID == o.flow.ClientID && o.flow.ClientSecret.IsZero() && o.flow.ClientKey == nil {
			o.flow.ClientSecret = trace.NewSecret("client_secret", c.Secret)
		}
	}
	if err := o.signInAs(ready.Users); err != nil {
		return err
	}
	if err := o.answerAs(s); err != nil {
		return err
	}
	o.shareClock(s.Clock())
	return nil
}

// shareClock lets both ends go by the provider's clock. Where a factor would wait for the next code of an authenticator
// app, the clock is moved on.
func (o *options) shareClock(c *mockidp.Clock) {
	o.flow.Now = c.Now
	for _, f := range o.user.Factors {
		if f, ok := f.(*signin.TOTP); ok {
			f.Now = c.Now
			f.Wait = func(_ context.Context, d time.Duration) error {
				c.Advance(d)
				return nil
			}
		}
	}
}

// register registers the client of the file where the provider lacks it.
func (o *options) register(s *mockidp.Server, ready mockidp.Ready) error {
	c := o.fileClient
	if c.ID == "" || slices.ContainsFunc(ready.Clients, func(r mockidp.ReadyClient) bool { return r.ID == c.ID }) {
		return nil
	}
	m := mockidp.Client{ID: c.ID, Secret: c.Secret.Reveal(), AuthMethod: c.AuthMethod, Server: c.Server}
	if c.RedirectURI != "" {
		m.RedirectURIs = []string{c.RedirectURI}
	}
	if err := s.AddClient(m); err != nil {
		return &flow.Error{Code: "config.provider", Err: err}
	}
	return nil
}

// signInAs takes what the provider knows of the user who signs in, for all that was not given.
func (o *options) signInAs(users []mockidp.ReadyUser) error {
	if o.user.Name == "" {
		o.user.Name = defaultUser
		if !slices.ContainsFunc(users, func(u mockidp.ReadyUser) bool { return u.Username == defaultUser }) && len(users) > 0 {
			o.user.Name = users[0].Username
		}
	}
	for _, u := range users {
		if u.Username != o.user.Name {
			continue
		}
		if o.user.Password.IsZero() {
			// A user without a password takes any.
			o.user.Password = trace.NewSecret("password", cmp.Or(u.Password, "any"))
		}
		if u.TOTP != "" && !o.hasTOTP {
			if err := setTOTP(o, trace.NewSecret("totp", u.TOTP)); err != nil {
				return err
			}
		}
	}
	if o.flow.LoginHint == "" && o.provider.config.Login == "auto" {
		o.flow.LoginHint = o.user.Name // login auto signs in whom the request names
	}
	return nil
}

// answerAs gives the user what the provider's file says of further factors, and the codes that it sends, where nothing
// else was given.
func (o *options) answerAs(s *mockidp.Server) error {
	if o.code == nil {
		o.user.Factors = append(o.user.Factors, mailbox{s, o.user.Name})
	}
	for _, u := range o.provider.config.Users {
		p, is := u.(mockidp.Person)
		if !is || p.Login != o.user.Name || p.Question == "" || p.Answer == "" {
			continue
		}
		if err := setAnswers(o, trace.NewSecret("answers", p.Question+" = "+p.Answer)); err != nil {
			return providerError(err)
		}
	}
	return nil
}

// mailbox answers with the codes that the embedded provider has sent its user.
type mailbox struct {
	server *mockidp.Server
	login  string
}

// CanAnswer implements [signin.CanAnswer].
func (m mailbox) CanAnswer(k signin.ChallengeKind) bool { return k == signin.ChallengeCode }

// Answer implements [signin.Factor].
func (m mailbox) Answer(_ context.Context, c signin.Challenge) (trace.Secret, error) {
	if c.Kind != signin.ChallengeCode {
		return trace.Secret{}, signin.ErrNotMine
	}
	for _, message := range slices.Backward(m.server.Messages()) {
		if message.Login == m.login {
			return trace.NewSecret("code", message.Code), nil
		}
	}
	return trace.Secret{}, fmt.Errorf("the embedded provider has sent %s no code: %w", m.login, signin.ErrNotMine)
}
