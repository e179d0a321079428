package cmd

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"reflect"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/oidcflow/oidcflow/flow/scenario"
	"github.com/oidcflow/oidcflow/flow/signin"
	"github.com/oidcflow/oidcflow/mockidp"
)

// configure reads an idp block as the program does.
func configure(t *testing.T, text string) (mockidp.Config, error) {
	t.Helper()
	p := &provider{}
	f, diags := scenario.Load(file(t, text), scenario.Options{
		LookupEnv: func(name string) (string, bool) { return "value of " + name, name == "SET" }, Provider: p,
	})
	if diags.HasErrors() {
		return mockidp.Config{}, diags
	}
	diags = f.ConfigureProvider(t.Context())
	if diags.HasErrors() {
		return mockidp.Config{}, diags
	}
	return p.config, nil
}

func TestProviderBlock(t *testing.T) {
	t.Parallel()
	got, err := configure(t, `
idp {
  profile    = "strict"
  login      = "auto"
  faults     = ["invalid-iss"]
  seed       = 7

  server "api" {
    audience          = "api://example"
    scopes            = ["api:read", "api:write"]
    access_token_ttl  = "5m"
    refresh_token_ttl = "168h"
    alg               = "ES256"
  }
  client "tool" {
    secret                     = env("SET")
    token_endpoint_auth_method = "client_secret_post"
    require_pkce               = true
    redirect_uris              = ["https://tool.example.com/cb"]
    post_logout_redirect_uris  = ["https://tool.example.com/"]
    grant_types                = ["authorization_code"]
    server                     = "api"
  }
  user "alice" {
    password = "correct horse"
    email    = "alice@example.org"
    totp     = "JBSWY3DPEHPK3PXP"
    groups   = ["admins"]
    claims   = { department = "qa", level = 3, roles = ["a", "b"], nested = { on = true } }
    locked   = true
  }
}`)
	require.NoError(t, err)
	require.Equal(t, mockidp.Config{
		Profile: "strict",
		Login:   "auto",
		Faults:  []string{"invalid-iss"},
		Seed:    7,
		Servers: []mockidp.AuthServer{{
			Name: "api", Audience: "api://example", Scopes: []string{"api:read", "api:write"},
			AccessTokenTTL: 5 * time.Minute, RefreshTokenTTL: 168 * time.Hour, Alg: "ES256",
		}},
		Clients: []mockidp.Client{{
			ID: "tool", Secret: "value of SET", AuthMethod: "client_secret_post", RequirePKCE: true,
			RedirectURIs: []string{"https://tool.example.com/cb"}, PostLogoutRedirectURIs: []string{"https://tool.example.com/"},
			GrantTypes: []string{"authorization_code"}, Server: "api",
		}},
		Users: []mockidp.User{mockidp.Person{
			Login: "alice", Password: "correct horse", Email: "alice@example.org", TOTP: "JBSWY3DPEHPK3PXP",
			Groups: []string{"admins"}, Locked: true,
			Extra: map[string]any{"department": "qa", "level": 3.0, "roles": []any{"a", "b"}, "nested": map[string]any{"on": true}},
		}},
	}, got)
}

func TestProviderBlockMistakes(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ name, text, want string }{
		{"a profile", `idp { profile = "okto" }`, `did you mean "okta"`},
		{"a login", `idp { login = "none" }`, `want form, auto or okta, got "none"`},
		{"a fault", `idp { faults = ["invalid-is"] }`, `did you mean "invalid-iss"`},
		{"a fault like none", `idp { faults = ["frobnicate"] }`, "`oidcflow list faults` lists them"},
		{"a duration", "idp {\n server \"x\" {\n access_token_ttl = \"soon\"\n }\n}", ":3,"},
		{"an algorithm", `idp {
  server "x" {
    alg = "HS256"
  }
}`, "RS256"},
		{"claims that are no object", `idp {
  user "a" {
    claims = "x"
  }
}`, "want an object, got string"},
		{"an engine", `idp {
  okta {
    engine = "clasic"
  }
}`, `:3,14-22: Unsuitable value; engine: no "clasic"; did you mean "classic"?`},
		{"a generation", "idp {\n okta {\n generation = 4\n }\n}", "generation: want 2 or 3, got 4"},
		{"a style of page", "idp {\n okta {\n page = \"customised\"\n }\n}", `did you mean "custom"?`},
		{"a first screen", "idp {\n okta {\n first = [\"password\"]\n }\n}", `first: want device-challenge, identify or identify-password, got "password"`},
		{"an attribute of the org", "idp {\n okta {\n rate_limit = true\n }\n}", `Did you mean "rate_limits"?`},
		{"two orgs", "idp {\n okta {}\n okta {}\n}", "there is one already"},
		{"an org that is not asked", "idp {\n login = \"form\"\n okta {}\n}", `the login is "form"`},
		{"what can be set up", "idp {\n user \"a\" {\n policy = [\"password\", \"enrol:paskey\"]\n }\n}", `policy: no screen "paskey"; did you mean "passkey"?`},
		{"a screen", "idp {\n user \"a\" {\n policy = [\"password\", \"email|google_totp\"]\n }\n}", `policy: no screen "google_totp"; did you mean "google_otp"?`},
		{"half a choice", "idp {\n user \"a\" {\n policy = [\"email|\"]\n }\n}", "a name is missing"},
		{"a credential ID", "idp {\n user \"a\" {\n passkey {\n id = \"?\"\n public_key = \"x\"\n }\n }\n}", "want the credential ID in base64url"},
		{"a public key", "idp {\n user \"a\" {\n passkey {\n id = \"aWQ\"\n public_key = \"x\"\n }\n }\n}", "want a public key (PKIX) in PEM or base64"},
		{"a variable that is not set", `idp {
  user "a" {
    password = env("UNSET")
  }
}`, `"UNSET" is not set`},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			_, err := configure(t, test.text)
			require.ErrorContains(t, err, test.want)
		})
	}
}

// What a file says of client and user is used with the embedded provider, too, and what it lacks is registered.
func TestTargetOfMock(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name                         string
		config                       mockidp.Config
		o                            options
		client, user, password, hint string
		factors                      int
	}{
		{name: "the defaults", o: options{driver: "auto"}, client: "oidcflow", user: "alice", hint: "alice", factors: 2},
		{name: "on pages", o: options{driver: "form"}, client: "oidcflow", user: "alice", factors: 2},
		{name: "another user", o: options{driver: "auto", user: signin.User{Name: "bob"}}, client: "oidcflow", user: "bob", hint: "bob", factors: 1},
		{name: "clients and users of the file", o: options{driver: "auto"},
			config: mockidp.Config{Clients: []mockidp.Client{{ID: "tool"}}, Users: []mockidp.User{mockidp.Person{Login: "carol", Password: "p"}}},
			client: "tool", user: "carol", password: "p", hint: "carol", factors: 1},
		{name: "a user with a security question", o: options{driver: "auto", code: &signin.Code{}},
			config: mockidp.Config{Users: []mockidp.User{mockidp.Person{Login: "carol", Password: "p", Question: "Food?", Answer: "soup"}}},
			client: "oidcflow", user: "carol", password: "p", hint: "carol", factors: 1},
		{name: "a client that the provider lacks", o: options{driver: "auto", fileClient: scenario.Client{ID: "new", RedirectURI: "https://new.example.com/"}},
			client: "oidcflow", user: "alice", hint: "alice", factors: 2},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			o := test.o
			o.provider = &provider{config: test.config}
			server, err := o.startProvider()
			require.NoError(t, err)
			defer func() { require.NoError(t, server.Close()) }()
			require.Equal(t, server.Issuer("org"), o.flow.Issuer)
			require.Equal(t, test.client, o.flow.ClientID)
			require.Equal(t, test.user, o.user.Name)
			require.NotEmpty(t, o.user.Password.Reveal())
			if test.password != "" {
				require.Equal(t, test.password, o.user.Password.Reveal())
			}
			require.Equal(t, test.hint, o.flow.LoginHint)
			require.Len(t, o.user.Factors, test.factors)
			if c := test.o.fileClient; c.ID != "" {
				ids := []string{}
				for _, r := range server.Ready().Clients {
					ids = append(ids, r.ID)
				}
				require.Contains(t, ids, c.ID)
			}
		})
	}
	o := options{driver: "auto", provider: &provider{}, fileClient: scenario.Client{Server: "nowhere"}}
	_, err := o.startProvider()
	require.ErrorContains(t, err, `no server "nowhere"`)
}

func TestOktaBlock(t *testing.T) {
	t.Parallel()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	der, err := x509.MarshalPKIXPublicKey(key.Public())
	require.NoError(t, err)
	got, err := configure(t, `
idp {
  okta {
    name                 = "Acme"
    engine               = "identity"
    page                 = "databag"
    generation           = 3
    first                = ["device-challenge", "identify-password"]
    idp                  = "https://idp.acme.example/"
    show_lock_outs       = true
    hide_unknown_users   = true
    granular_consent     = true
    redirect_remediation = true
    device_fingerprints  = true
    rate_limits          = true
  }
  user "alice" {
    password = "a long password"
    question = "Favourite food?"
    answer   = env("SET")
    phone    = "+1 555 0100"
    policy   = ["password", "question|email", "keep-me-signed-in"]
    passkey {
      id         = "aWQ"
      public_key = "`+base64.StdEncoding.EncodeToString(der)+`"
      sign_count = 7
    }
  }
}`)
	require.NoError(t, err)
	require.Equal(t, mockidp.Config{
		Login: "okta",
		Org: mockidp.OktaOrg{Name: "Acme", Engine: "identity", Page: "databag", Generation: 3,
			First: []string{"device-challenge", "identify-password"}, IdP: "https://idp.acme.example/",
			ShowLockOuts: true, HideUnknownUsers: true, GranularConsent: true, RedirectRemediation: true, DeviceFingerprints: true, RateLimits: true},
		Users: []mockidp.User{mockidp.Person{
			Login: "alice", Password: "a long password", Question: "Favourite food?", Answer: "value of SET", Phone: "+1 555 0100",
			Policy:   []string{"password", "question|email", "keep-me-signed-in"},
			Passkeys: []mockidp.Passkey{{ID: []byte("id"), PublicKey: der, SignCount: 7}},
		}},
	}, got)
	server, err := mockidp.Start(got)
	require.NoError(t, err, "the provider takes what the block says")
	require.NoError(t, server.Close())
}

// Everything about an organisation can be said in a file.
func TestOktaBlockHasAllOfTheOrg(t *testing.T) {
	t.Parallel()
	block, org := reflect.TypeFor[oktaBlock](), reflect.TypeFor[mockidp.OktaOrg]()
	for i := range org.NumField() {
		_, has := block.FieldByName(org.Field(i).Name)
		require.True(t, has, org.Field(i).Name)
	}
}
