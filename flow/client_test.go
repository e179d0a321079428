package flow

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"net/url"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/oidcflow/oidcflow/flow/trace"
)

func TestNewSaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	negative, odd := -time.Second, 1500*time.Millisecond
	for name, c := range map[string]struct {
		change func(*Config)
		code   string
	}{
		"no client id":               {func(c *Config) { c.ClientID = "" }, "usage.missing_client_id"},
		"no issuer and no endpoints": {func(c *Config) { c.Issuer = "" }, "usage.missing_issuer"},
		"openid without issuer": {func(c *Config) {
			c.Issuer, c.Endpoints = "", Endpoints{Authorization: "https://a/x", Token: "https://a/y"}
		}, "usage.missing_issuer"},
		"openid with keys but no issuer": {func(c *Config) {
			c.Issuer, c.Endpoints = "", Endpoints{Authorization: "https://a/x", Token: "https://a/y", JWKS: "https://a/z"}
		}, "usage.missing_issuer"},
		"issuer is no URL":                   {func(c *Config) { c.Issuer = "https://[::1" }, "usage.bad_url"},
		"issuer without scheme":              {func(c *Config) { c.Issuer = "id.example.com" }, "usage.bad_url"},
		"issuer without host":                {func(c *Config) { c.Issuer = "https:///x" }, "usage.bad_url"},
		"issuer with query":                  {func(c *Config) { c.Issuer = "https://id.example.com?x=1" }, "usage.bad_url"},
		"issuer with fragment":               {func(c *Config) { c.Issuer = "https://id.example.com#x" }, "usage.bad_url"},
		"issuer with user":                   {func(c *Config) { c.Issuer = "https://me@id.example.com" }, "usage.bad_url"},
		"issuer of another scheme":           {func(c *Config) { c.Issuer = "file:///etc/passwd" }, "usage.bad_url"},
		"plain http elsewhere":               {func(c *Config) { c.Issuer = "http://id.example.com" }, "usage.insecure_http"},
		"endpoint is no URL":                 {func(c *Config) { c.Endpoints.UserInfo = "userinfo" }, "usage.bad_url"},
		"redirect URI relative":              {func(c *Config) { c.RedirectURI = "/callback" }, "usage.bad_redirect_uri"},
		"redirect URI with fragment":         {func(c *Config) { c.RedirectURI = "https://app/cb#x" }, "usage.bad_redirect_uri"},
		"redirect URI without host":          {func(c *Config) { c.RedirectURI = "https:/cb" }, "usage.bad_redirect_uri"},
		"redirect URI unreadable":            {func(c *Config) { c.RedirectURI = "https://app/%zz" }, "usage.bad_redirect_uri"},
		"scope with a blank":                 {func(c *Config) { c.Scopes = []string{"openid email"} }, "usage.bad_scope"},
		"scope empty":                        {func(c *Config) { c.Scopes = []string{""} }, "usage.bad_scope"},
		"response mode unknown":              {func(c *Config) { c.ResponseMode = "okta_post_message" }, "usage.bad_response_mode"},
		"max_age below zero":                 {func(c *Config) { c.MaxAge = &negative }, "usage.bad_max_age"},
		"max_age in fractions":               {func(c *Config) { c.MaxAge = &odd }, "usage.bad_max_age"},
		"client auth unknown":                {func(c *Config) { c.ClientAuth = "tls_client_auth" }, "usage.bad_client_auth"},
		"basic without secret":               {func(c *Config) { c.ClientAuth = AuthSecretBasic }, "usage.missing_client_secret"},
		"private_key_jwt without key":        {func(c *Config) { c.ClientAuth = AuthPrivateKeyJWT }, "usage.missing_client_key"},
		"parameter that replaces the state":  {func(c *Config) { c.Params = url.Values{"state": {"x"}} }, "usage.reserved_param"},
		"parameter that replaces the prompt": {func(c *Config) { c.Params = url.Values{"prompt": {"none"}} }, "usage.reserved_param"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cfg := Config{Issuer: "https://id.example.com", ClientID: "tool"}
			c.change(&cfg)
			_, err := New(cfg)
			requireCode(t, err, c.code)
		})
	}
}

func TestNewAccepts(t *testing.T) {
	t.Parallel()
	for name, cfg := range map[string]Config{
		"an issuer":                        {Issuer: "https://id.example.com"},
		"http on loopback":                 {Issuer: "http://localhost:1234"},
		"http on an IPv6 loopback address": {Issuer: "http://[::1]:1234"},
		"http elsewhere when asked":        {Issuer: "http://id.example.com", InsecureHTTP: true},
		"endpoints without openid":         {Endpoints: Endpoints{Authorization: "https://a/x", Token: "https://a/y"}, Scopes: []string{"api"}},
		"no scopes at all":                 {Issuer: "https://id.example.com", Scopes: []string{}},
		"a custom scheme to come back to":  {Issuer: "https://id.example.com", RedirectURI: "com.example.app:/cb"},
		"a urn to come back to":            {Issuer: "https://id.example.com", RedirectURI: "urn:ietf:wg:oauth:2.0:oob"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cfg.ClientID = "tool"
			_, err := New(cfg)
			require.NoError(t, err)
		})
	}
}

func TestIssuerIsInferredForOkta(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ authorization, token, want string }{
		"org server":          {"https://x.okta.com/oauth2/v1/authorize", "https://x.okta.com/oauth2/v1/token", "https://x.okta.com"},
		"custom server":       {"https://x.okta.com/oauth2/aus1/v1/authorize", "https://x.okta.com/oauth2/aus1/v1/token", "https://x.okta.com/oauth2/aus1"},
		"two servers":         {"https://x.okta.com/oauth2/aus1/v1/authorize", "https://x.okta.com/oauth2/v1/token", ""},
		"two hosts":           {"https://x.okta.com/oauth2/v1/authorize", "https://y.okta.com/oauth2/v1/token", ""},
		"another shape":       {"https://x.example.com/v1/authorize", "https://x.example.com/v1/token", ""},
		"a path in front":     {"https://x.example.com/a/oauth2/v1/authorize", "https://x.example.com/a/oauth2/v1/token", ""},
		"one of them missing": {"", "https://x.okta.com/oauth2/v1/token", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, c.want, inferIssuer(Endpoints{Authorization: c.authorization, Token: c.token}))
		})
	}
}

func TestRun(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	r, err := f.client(nil).Run(t.Context())
	require.NoError(t, err)
	require.Equal(t, []string{"state", "signature", "iss", "aud", "exp", "iat", "nonce", "at_hash"}, r.Verified)
	require.Equal(t, "alice", r.IDTokenClaims["sub"])
	require.Equal(t, map[string]any{"alg": "ES256", "kid": "k1"}, r.IDTokenHeader)
	require.Equal(t, "access-1", r.Tokens.AccessToken.Reveal())
	require.Equal(t, []string{"openid"}, r.Tokens.Scopes)
	require.Equal(t, f.URL, r.Issuer)
	require.Equal(t, map[string]int{"/.well-known/openid-configuration": 1, "/token": 1, "/keys": 1}, f.hits)
}

func TestRunReturnsWhatItHas(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	f.claims = set(map[string]any{"nonce": "another"})
	r, err := f.client(nil).Run(t.Context())
	requireCode(t, err, "verify.nonce")
	require.Equal(t, "access-1", r.Tokens.AccessToken.Reveal())
	require.Equal(t, []string{"state"}, r.Verified)
}

func TestRunWithoutOpenIDNeedsNoIDToken(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	f.tokens = set(map[string]any{"id_token": nil, "scope": nil})
	r, err := f.client(func(c *Config) { c.Scopes = []string{"api"} }).Run(t.Context())
	require.NoError(t, err)
	require.Equal(t, []string{"api"}, r.Tokens.Scopes)
	require.Equal(t, []string{"state"}, r.Verified)
	require.Zero(t, f.count("/keys"))
}

// An ID token that nobody asked for is verified as well.
func TestRunVerifiesAnUnaskedIDToken(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	f.claims = set(map[string]any{"aud": "somebody-else"})
	_, err := f.client(func(c *Config) { c.Scopes = []string{"api"} }).Run(t.Context())
	requireCode(t, err, "verify.aud")
}

type driver func(context.Context, Request) (*Callback, error)

func (d driver) SignIn(ctx context.Context, r Request) (*Callback, error) { return d(ctx, r) }

func TestSignIn(t *testing.T) {
	t.Parallel()
	own := &Error{Step: trace.SignIn, Code: "signin.locked_out", Err: errDriver}
	for name, c := range map[string]struct {
		driver SignIn
		code   string
	}{
		"no driver":              {nil, "usage.missing_sign_in"},
		"the driver's own error": {driver(func(context.Context, Request) (*Callback, error) { return nil, own }), "signin.locked_out"},
		"a foreign error":        {driver(func(context.Context, Request) (*Callback, error) { return nil, errDriver }), "signin.driver"},
		"neither":                {driver(func(context.Context, Request) (*Callback, error) { return nil, nil }), "usage.bad_sign_in"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFake(t)
			_, err := f.client(func(cfg *Config) { cfg.SignIn = c.driver }).Run(t.Context())
			requireCode(t, err, c.code)
			require.Zero(t, f.count("/token"))
		})
	}
}

func TestSignInEndsWithItsContext(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	ctx, cancel := context.WithCancel(t.Context())
	c := f.client(func(cfg *Config) {
		cfg.SignIn = driver(func(ctx context.Context, _ Request) (*Callback, error) {
			cancel()
			<-ctx.Done()
			return nil, ctx.Err()
		})
	})
	_, err := c.Run(ctx)
	requireCode(t, err, "signin.canceled")
	require.ErrorIs(t, err, context.Canceled)

	ctx, cancel = context.WithDeadline(t.Context(), time.Now().Add(-time.Second))
	defer cancel()
	_, err = c.SignIn(ctx, &Authorization{})
	requireCode(t, err, "signin.timeout")
}

// recorder keeps events and secrets in the order in which they come.
type recorder struct {
	mu      sync.Mutex
	events  []trace.Event
	secrets []trace.Secret
	order   []string
}

func (r *recorder) Record(e trace.Event) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.events = append(r.events, e)
	name := string(e.Kind)
	if e.Kind == trace.Begin || e.Kind == trace.End {
		name += " " + string(e.Step)
	}
	r.order = append(r.order, name)
}

func (r *recorder) Learn(secrets ...trace.Secret) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, s := range secrets {
		r.order = append(r.order, "learn "+s.Kind())
	}
	r.secrets = append(r.secrets, secrets...)
}

func TestRunIsRecorded(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	rec := &recorder{}
	_, err := f.client(func(c *Config) {
		c.ClientSecret = trace.NewSecret("client_secret", "s3cret-s3cret-s3cret-s3cret-s3cret")
	}).
		Run(trace.WithRecorder(t.Context(), rec))
	require.NoError(t, err)
	require.Equal(t, []string{
		"begin discover", "http", "end discover",
		"begin authorize", "learn client_secret", "learn code_verifier", "end authorize",
		"begin signin", "end signin",
		"begin callback", "learn code", "verified", "end callback",
		"begin exchange", "learn client_secret", "learn code", "learn code_verifier", "http",
		"learn access_token", "learn refresh_token", "learn id_token", "end exchange",
		"begin verify", "learn id_token", "http",
		"verified", "verified", "verified", "verified", "verified", "verified", "verified", "end verify",
	}, rec.order)
	host, err := url.Parse(f.URL)
	require.NoError(t, err)
	for _, s := range rec.secrets {
		require.Equal(t, []string{host.Host}, s.Hosts(), s.Kind())
	}
}

func TestClientServesManyAtOnce(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	c := f.client(func(cfg *Config) { cfg.ClientKey, cfg.ClientAuth = key, AuthPrivateKeyJWT })
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			_, err := c.Discover(t.Context())
			if err != nil {
				t.Errorf("Discover() = %v", err)
			}
			if _, err := c.Exchange(t.Context(), &Authorization{}, "code-1"); err != nil {
				t.Errorf("Exchange() = %v", err)
			}
		})
	}
	wg.Wait()
	require.Equal(t, 1, f.count("/.well-known/openid-configuration"))
	require.Equal(t, 20, f.count("/token"))
}

// The provider's document decides where secrets may go only as far as it may name the place.
func TestSecretsAreNotForForeignHosts(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	f.metadata = set(map[string]any{
		"userinfo_endpoint": "https://evil.example/u", "introspection_endpoint": "https://evil.example/i",
		"revocation_endpoint": "https://evil.example/r", "end_session_endpoint": "https://evil.example/l",
	})
	rec := &recorder{}
	_, err := f.client(func(c *Config) {
		c.ClientSecret, c.IDTokenHint = trace.NewSecret("client_secret", clientSecret), "h.i.nt"
		c.Endpoints.Revocation = "https://given.example/r"
	}).Run(trace.WithRecorder(t.Context(), rec))
	require.NoError(t, err)
	require.NotEmpty(t, rec.secrets)
	for _, s := range rec.secrets {
		require.NotContains(t, s.Hosts(), "evil.example", s.Kind())
		if s.Kind() == "access_token" {
			require.Equal(t, []string{"given.example"}, s.Hosts())
		}
	}
}
