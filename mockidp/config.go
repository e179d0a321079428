package mockidp

import (
	"crypto/tls"
	"time"

	"github.com/oauth2-proxy/mockoidc"
)

// User is a user of the provider. It is mockoidc's interface, so users written for it work unchanged; [Person] is the
// one to begin with.
type User = mockoidc.User

// Config of a provider. The zero value is a provider with the clients and users of [Defaults].
type Config struct {
	Profile     string           // okta (default): Okta's paths, claims and errors; strict: unusual paths, iss in the response, OpenID Connect to the letter
	Login       string           // form (default): server-rendered pages; auto: straight back; okta: Okta's pages, of the Identity Engine or of Classic, set up by Org
	Listen      string           // default 127.0.0.1:0; a host that is not loopback needs InsecureListen
	IssuerURL   string           // what the provider calls itself, behind a proxy or in a container; default: where it listens
	TLS         bool             // serve https with a certificate of a CA made at the start
	Certificate *tls.Certificate // serve https with this

	Org    OktaOrg // how login okta goes
	Widget string  // folder dist of npm's @okta/okta-signin-widget; empty: the page of login okta has no script

	Servers []AuthServer // besides the org server and "default", which are always there; one of these names replaces its settings
	Clients []Client     // nil: those of Defaults
	Users   []User       // nil: those of Defaults

	Faults         []string         // names from Faults, always on
	Variations     []string         // names from Variations, always on
	StrictClient   bool             // judge the client on every request, see Demands; StartT fails the test for what it did wrong
	Seed           uint64           // of every random choice but keys; 0: chosen and reported
	NoAdmin        bool             // no control under /_mock/
	InsecureListen bool             // listen on a host that is not loopback
	Now            func() time.Time // nil: time.Now; the server's Clock can still freeze and advance it
}

// AuthServer is an authorization server: an issuer with keys of its own.
type AuthServer struct {
	Name            string        // its issuer is …/oauth2/NAME; "org" is the org server, whose issuer is the host
	Audience        string        // default api://default
	Scopes          []string      // besides OpenID Connect's and groups
	AccessTokenTTL  time.Duration // default 1 h
	RefreshTokenTTL time.Duration // default 7 days
	Alg             string        // RS256 (default), ES256, PS256, EdDSA
}

// Client is a registered client.
type Client struct {
	ID                     string
	Secret                 string // empty: a public client, for which PKCE is required
	AuthMethod             string // token_endpoint_auth_method; empty: none without a secret, else basic and post
	Keys                   []byte // JWK set for private_key_jwt
	RequirePKCE            bool
	RequirePAR             bool
	RequireDPoP            bool
	RequireConsent         bool
	RedirectURIs           []string // compared exactly; nil: any port and path on localhost, 127.0.0.1 and [::1], and https://app.example.com/callback
	PostLogoutRedirectURIs []string
	GrantTypes             []string // nil: authorization_code, refresh_token, and with a secret client_credentials
	Scopes                 []string // nil: all of the server
	Server                 string   // the authorization server its faults and defaults refer to; empty: org
}

// Person is a [User] with a password and, perhaps, a second factor.
type Person struct {
	Login    string // what is typed; also preferred_username
	Password string // empty: any password does
	Email    string // default: Login if it has an @, else Login@example.com
	Name     string
	TOTP     string // base32 secret; empty: no second factor
	Groups   []string
	Extra    map[string]any // further claims of the ID token and userinfo
	Locked   bool

	Question string    // security question, as it is asked
	Answer   string    // to Question
	Phone    string    // where codes by SMS go
	Passkeys []Passkey // for login okta
	Policy   []string  // screens of login okta after the user name: see OktaOrg; nil: the password, and google_otp with a TOTP
}
