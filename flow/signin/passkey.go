package signin

import "github.com/oidcflow/oidcflow/flow/trace"

// Passkey is a WebAuthn credential with its private key: what a browser's authenticator keeps of it.
type Passkey struct {
	RPID       string       // the relying party it is bound to, a domain; it answers nobody else
	User       string       // the user name it was made for; it signs in nobody else
	UserHandle []byte       // the relying party's name for the user
	ID         []byte       // credential ID
	Key        trace.Secret // private key on P-256: PKCS #8 in DER, in base64
}

// Enrolment is a factor that is set up on the way, where the provider offers that, and what has come of it.
type Enrolment struct {
	Want ChallengeKind // passkey or totp

	Passkey *Passkey     // set by the driver once the provider has taken it
	TOTP    trace.Secret // base32; set by the driver once the provider has taken a code of it
}
