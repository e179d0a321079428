package mockidp

import "time"

// How long things live, as at Okta.
const (
	codeTTL        = 300 * time.Second
	sessionTTL     = 2 * time.Hour
	longSessionTTL = 30 * 24 * time.Hour // "keep me signed in"
	transactionTTL = time.Hour
	pushedTTL      = time.Hour
	idTokenTTL     = time.Hour
	rotationLeeway = 30 * time.Second
)

// state is what a provider remembers: in memory, bounded by expiry and by maxKept. Server.mu guards it.
type state struct {
	codes        store[*code]
	access       store[*accessToken]
	refresh      store[*refreshToken]
	sessions     store[*session]
	transactions store[*transaction]
	pushed       store[*authRequest]
	signIns      store[*oktaSignIn]  // by state token and by each state handle
	links        store[*oktaSignIn]  // by what is in the link that was mailed
	authns       store[*authnSignIn] // by state token or session token
	resumptions  store[*resumption]  // by okta_key
	outbox       []Message           // the latest maxLogged
	seen         store[struct{}]     // jti of assertions and DPoP proofs
	nonces       store[struct{}]     // of DPoP
	dpopNonce    string              // the newest
	dpopSince    time.Time
}

// grant is what a user allowed a client in one sign-in. All its tokens live and die with it.
type grant struct {
	request  *authRequest
	account  *account
	authTime time.Time
	amr      []string
	acr      string
	jkt      string // thumbprint of the DPoP key; empty: bearer tokens
	revoked  bool
	lie      string // the fault in the authorization response
	tokenLie string // the fault in the ID token
}

// code is an authorization code. It is kept after its use, so that a second use is seen.
type code struct {
	grant *grant
	used  bool
}

// accessToken is an access token as it was given out.
type accessToken struct {
	grant   *grant // nil: of client_credentials
	client  string
	server  *authServer
	scopes  []string
	jti     string
	jkt     string
	issued  time.Time
	expires time.Time
	revoked bool
}

func (t *accessToken) live() bool { return !t.revoked && (t.grant == nil || !t.grant.revoked) }

// refreshToken is one of a family: those of a grant.
type refreshToken struct {
	grant   *grant
	expires time.Time
	rotated time.Time // zero: not used yet
	revoked bool
}

// session is a user who is signed in with a browser.
type session struct {
	id       string
	account  *account
	authTime time.Time
	amr      []string
	expires  time.Time
}
