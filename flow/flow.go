package flow

import (
	"context"
	"crypto"
	"net/http"
	"net/url"
	"time"

	"github.com/oidcflow/oidcflow/flow/trace"
)

// SignIn is the seam between the engine and a user: the engine knows no user, and a driver knows no token endpoint,
// verifier or nonce.
type SignIn interface {
	// SignIn opens r.URL as the user's browser would, answers what the provider asks, and returns the response sent to
	// r.RedirectURI. It returns the response even if that carries an error: judging it is the caller's business.
	SignIn(ctx context.Context, r Request) (*Callback, error)
}

// Request is what a driver is asked to do.
type Request struct {
	URL          *url.URL // the authorization request
	RedirectURI  string   // where the response will be sent; compared exactly
	ResponseMode string   // query, fragment or form_post; empty: query
}

// Callback is the authorization response as it came to the redirect URI.
type Callback struct {
	Mode   string // query, fragment or form_post
	Params url.Values
	Raw    string // the query, fragment or body as it arrived

	RequestID string // by which the provider's logs know the request that it answers; "" where the driver did not see it
}

// ClientAuth is how the client authenticates at the token endpoint, in the words of OpenID Connect Core 1.0 §9.
type ClientAuth string

// The ways of client authentication. AuthAuto takes the first that the client has the credentials for and the provider
// offers: private_key_jwt with a key; client_secret_basic, then _post, then _jwt with a secret; none without either.
const (
	AuthAuto          ClientAuth = ""
	AuthNone          ClientAuth = "none"
	AuthSecretBasic   ClientAuth = "client_secret_basic"
	AuthSecretPost    ClientAuth = "client_secret_post"
	AuthSecretJWT     ClientAuth = "client_secret_jwt"
	AuthPrivateKeyJWT ClientAuth = "private_key_jwt"
)

// Endpoints are the provider's. Those that are empty come from discovery.
type Endpoints struct {
	Authorization, Token, JWKS, UserInfo, Introspection, Revocation, EndSession, PAR string
}

// Config says which provider, which client and which authorization request. ClientID and one of Issuer and
// Endpoints.Authorization with Endpoints.Token are required; everything else has a default.
type Config struct {
	Issuer    string // compared exactly with discovery and the ID token; empty: inferred from Endpoints for Okta's URL shapes
	Endpoints Endpoints

	ClientID     string
	ClientSecret trace.Secret
	ClientKey    crypto.Signer // for private_key_jwt
	ClientKeyID  string        // kid of ClientKey; may be empty
	ClientAuth   ClientAuth

	RedirectURI  string   // empty: http://localhost:8080/callback
	Scopes       []string // nil: openid
	ResponseMode string   // query, fragment, form_post; empty: the provider's default for code, query
	Prompt       string
	MaxAge       *time.Duration // nil: not sent; whole seconds
	ACRValues    []string
	LoginHint    string
	IDTokenHint  string
	Params       url.Values // further parameters of the authorization request; they may not replace the engine's own

	PAR  bool // push the request (RFC 9126); done anyway where the provider requires it
	DPoP bool // bind the tokens to a key made for this client (RFC 9449)

	ClockSkew      time.Duration     // allowed between the provider's clock and ours; 0: 60 s
	RequestTimeout time.Duration     // of each request of the engine, inside the context's deadline; 0: 10 s
	InsecureHTTP   bool              // accept plain http elsewhere than on loopback hosts
	EndpointHosts  []string          // hosts, besides the issuer's, on which discovered endpoints may be
	Transport      http.RoundTripper // nil: http.DefaultTransport; wrapped in a trace.Transport
	SignIn         SignIn            // needed by SignIn, Run and Token
	Cache          Cache             // nil: none
	CacheKey       string            // what tells this user from others in Cache, such as the user's name
	MinTTL         time.Duration     // Token returns cached tokens only if valid for so long; 0: 60 s
	Now            func() time.Time  // nil: time.Now

	// Wait waits for d, or until ctx is done and returns its error; nil: a timer. It is called before a request that
	// the provider's rate limit held back.
	Wait func(ctx context.Context, d time.Duration) error
}

// Cache keeps results between runs. Load returns nil and no error where there is nothing.
type Cache interface {
	Load(ctx context.Context, key string) (*Result, error)
	Store(ctx context.Context, key string, r *Result) error
}

// Authorization is one authorization request, and all that callback, exchange and verification compare with. Its fields
// are plain, so that a negative test changes one and goes on.
type Authorization struct {
	URL              *url.URL
	Issuer           string
	ClientID         string
	RedirectURI      string
	Scopes           []string
	ResponseMode     string
	State            string
	Nonce            string
	Verifier         string // RFC 7636 §4.1
	MaxAge           *time.Duration
	ACRValues        []string
	IssuerInCallback bool // the provider promises iss in the response (RFC 9207 §2.3)
	Time             time.Time
}

// Tokens is a token response (RFC 6749 §5.1).
type Tokens struct {
	AccessToken  trace.Secret
	RefreshToken trace.Secret
	IDToken      trace.Secret
	TokenType    string         // Bearer or DPoP, in this spelling
	Expiry       time.Time      // zero: the provider did not say
	Scopes       []string       // granted; those asked for where the provider did not say (RFC 6749 §5.1)
	Extra        map[string]any // further members of the response
}

// Result is what one run found, complete or up to where it failed.
type Result struct {
	Issuer        string
	ClientID      string
	Tokens        Tokens
	IDTokenClaims map[string]any // numbers are json.Number
	IDTokenHeader map[string]any
	Verified      []string // by name, what was verified, in the order of Client.Verify: "state", "signature", "iss", "aud"
}
