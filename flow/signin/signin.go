package signin

import (
	"context"
	"errors"
	"net/http"

	"github.com/oidcflow/oidcflow/flow/trace"
)

// User is who signs in, and with what.
type User struct {
	Name     string
	Password trace.Secret
	Factors  []Factor // asked in order
	Passkey  *Passkey // nil: none

	// NewPassword returns the password to set where the old one has expired. It is asked once, and only then; nil: an
	// expired password ends the sign-in.
	NewPassword func(context.Context) (trace.Secret, error)
}

// Factor answers a challenge of the provider. A challenge that is not its business is answered by an error that wraps
// [ErrNotMine]: the next factor is asked. One that implements [CanAnswer] too lets the right way be chosen where a page
// offers several.
type Factor interface {
	Answer(ctx context.Context, c Challenge) (trace.Secret, error)
}

// ErrNotMine says that a factor cannot answer this kind of challenge.
var ErrNotMine = errors.New("not this factor's challenge")

// ErrNeedsBrowser says that a page does nothing without a browser's scripts. It is returned only while no credential
// has been sent, so that another driver may begin anew.
var ErrNeedsBrowser = errors.New("the page needs a browser")

// ChallengeKind is what a challenge wants to see.
type ChallengeKind string

// The kinds of challenges.
const (
	ChallengeTOTP     ChallengeKind = "totp"     // a code from an authenticator app (RFC 6238)
	ChallengeQuestion ChallengeKind = "question" // a security question: Text is the question
	ChallengeCode     ChallengeKind = "code"     // a code that was sent by e-mail, text message or call
	ChallengePasskey  ChallengeKind = "passkey"  // a WebAuthn assertion: User.Passkey signs it, no Factor is asked
)

// Challenge is what a page asks besides name and password.
type Challenge struct {
	Kind    ChallengeKind
	Text    string // as the page shows it: the question, or where the code was sent
	Key     string // the question's key, where the provider has one
	Attempt int    // 1, or 2 when the provider refused the first answer
}

// Consent is what to answer when the provider asks for the user's consent.
type Consent string

// The answers to a consent page.
const (
	Grant Consent = "grant"
	Deny  Consent = "deny"
)

// Config is what the drivers that type credentials need to know.
type Config struct {
	User         User
	Consent      Consent           // empty: Grant
	Hosts        []string          // where credentials may be typed, besides the authorization endpoint's host: host (any port) or host:port
	InsecureHTTP bool              // type credentials on plain http pages elsewhere than on loopback hosts
	Pages        []Page            // nil: Pages; see WithPages
	Order        []ChallengeKind   // which kind of challenge to choose where several are offered, the best first; nil: passkey, totp, question, code
	AllowPush    bool              // wait for a person to answer a push message, whose number is recorded as a warning; else such a challenge ends the sign-in
	Enrol        *Enrolment        // nil: nothing is set up on the way
	Jar          *Jar              // cookies of a session that sign-ins share; nil: each has its own
	Transport    http.RoundTripper // of the drivers form and idx, wrapped in a trace.Transport if it is none; nil: http.DefaultTransport
}
