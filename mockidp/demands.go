package mockidp

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"
)

// Demand is something that a right client does, and that a provider sees. With [Config.StrictClient] each request is
// judged by all of them.
type Demand struct {
	Name, Ref, Doc string

	at      []string           // endpoints; nil: all
	reasons []string           // why a request was refused that shows it broken
	broken  func(*call) string // how a request breaks it, or ""
}

// Violation is a request that a right client would not have made.
type Violation struct {
	Time    time.Time `json:"time"`
	Demand  string    `json:"demand"`
	Ref     string    `json:"ref"`
	Client  string    `json:"client,omitempty"`
	Request string    `json:"request"` // method and path
	Message string    `json:"message"`
}

// String returns the violation in one line.
func (v Violation) String() string {
	return fmt.Sprintf("%s (%s): client %q: %s: %s", v.Demand, v.Ref, v.Client, v.Request, v.Message)
}

// Demands are those of the OpenID Foundation's provider for tests of clients, and of RFC 9700.
var Demands = []Demand{
	{Name: "client-id", Ref: "RFC 6749 §2.2", Doc: "the client is a registered one, and the same everywhere",
		reasons: []string{unknownClientPage.Reason, unknownClient.Reason, differentClient.Reason}},
	{Name: "redirect-uri", Ref: "RFC 9700 §2.1", Doc: "redirect_uri is one of those registered, letter by letter",
		reasons: []string{redirectURIPage.Reason}},
	{Name: "response-type", Ref: "RFC 6749 §3.1.1", Doc: "response_type is that of a code flow",
		reasons: []string{missingType.Reason, unsupportedType.Reason}},
	{Name: "openid-scope", Ref: "OpenID Connect Core 1.0 §3.1.2.1", Doc: "the scope openid is asked for",
		at: []string{"authorize", "par"}, broken: func(c *call) string {
			if c.direct() && !slices.Contains(strings.Fields(c.get("scope")), "openid") {
				return "the scope has no openid"
			}
			return ""
		}},
	{Name: "state-nonce", Ref: "RFC 9700 §2.1, OpenID Connect Core 1.0 §3.1.2.1", Doc: "the request has a state and a nonce that nobody guesses",
		at: []string{"authorize", "par"}, broken: weakNumbers},
	{Name: "state-nonce-fresh", Ref: "RFC 6749 §10.12", Doc: "each request has a state and a nonce of its own",
		at: []string{"authorize", "par"}, broken: repeatedNumbers},
	{Name: "code-challenge", Ref: "RFC 9700 §2.1.1", Doc: "the request has a challenge, by S256",
		at: []string{"authorize", "par"}, reasons: []string{missingChallenge.Reason, challengeMethod.Reason, invalidChallenge.Reason},
		broken: func(c *call) string {
			if c.direct() && c.get("code_challenge") == "" {
				return "there is no code_challenge"
			}
			return ""
		}},
	{Name: "code-verifier", Ref: "RFC 7636 §4.5", Doc: "the code is redeemed with the verifier of its challenge",
		reasons: []string{missingVerifier.Reason, verificationFailed.Reason, verifierUnasked.Reason}},
	{Name: "code-redirect-uri", Ref: "RFC 6749 §4.1.3", Doc: "the code is redeemed with the redirect_uri of its request",
		reasons: []string{mismatchedRedirect.Reason}},
	{Name: "code-once", Ref: "RFC 6749 §4.1.2", Doc: "a code is redeemed once, by the client that it was given to",
		reasons: []string{codeReused.Reason, mismatchedClient.Reason}},
	{Name: "refresh-token-once", Ref: "RFC 9700 §4.14.2", Doc: "a refresh token that was replaced is not used again",
		reasons: []string{invalidRefreshToken.Reason}},
	{Name: "client-authentication", Ref: "OpenID Connect Core 1.0 §9", Doc: "the client authenticates as it is registered, in one way",
		reasons: []string{missingCredentials.Reason, wrongSecret.Reason, wrongAuthMethod.Reason, badBasicCredentials.Reason, manyCredentials.Reason,
			credentialsInQuery.Reason, assertionType.Reason, assertionSignature.Reason, assertionClaims.Reason, assertionAudience.Reason,
			assertionExpired.Reason, assertionTooFar.Reason, assertionUsed.Reason}, at: []string{"token", "par", "introspect", "revoke"}},
	{Name: "token-in-query", Ref: "RFC 9700 §4.3.2", Doc: "a token is not put into a URL",
		broken: func(c *call) string {
			if c.r.URL.Query().Has("access_token") {
				return "the query has an access_token"
			}
			return ""
		}},
	{Name: "max-age-prompt-none", Ref: "OpenID Connect Core 1.0 §3.1.2.1", Doc: "prompt=none and max_age=0, which contradict each other, are not both asked",
		reasons: []string{promptForZeroMaxAge.Reason}},
	{Name: "parameters-once", Ref: "RFC 6749 §3.1", Doc: "no parameter is sent twice", reasons: []string{duplicateParameters.Reason}},
	{Name: "stops-at-fault", Ref: "OpenID Connect Core 1.0 §3.1.3.7", Doc: "after a wrong response or ID token, nothing further is asked",
		at: []string{"token", "userinfo"}, broken: func(c *call) string {
			if c.lie == "" {
				return ""
			}
			return "it went on after the fault " + c.lie
		}},
}

// direct reports whether the parameters of an authorization request are in the call itself: those of a pushed one were
// judged when it was pushed.
func (c *call) direct() bool { return c.params != nil && !c.params.Has("request_uri") }

// Numbers that are to be unguessable have this many letters at least: 96 bits in base64url.
const minNumber = 16

func weakNumbers(c *call) string {
	if !c.direct() {
		return ""
	}
	for _, name := range []string{"state", "nonce"} {
		if v := c.get(name); len(v) < minNumber {
			return fmt.Sprintf("%s has %d characters, want %d or more", name, len(v), minNumber)
		}
	}
	return ""
}

func repeatedNumbers(c *call) string {
	if !c.direct() {
		return ""
	}
	for _, name := range []string{"state", "nonce"} {
		if v := c.get(name); v != "" && !c.firstUse("demand "+name+" "+v, c.now.Add(24*time.Hour)) {
			return name + " was used before"
		}
	}
	return ""
}

// violations are those that were seen, the latest.
type violations struct {
	mu  sync.Mutex
	all []Violation
}

const maxViolations = 1000

// judge notes which demands the request breaks, after it was answered.
func (c *call) judge() {
	if !c.s.cfg.StrictClient {
		return
	}
	for _, d := range Demands {
		if d.at != nil && !slices.Contains(d.at, c.name) {
			continue
		}
		message := ""
		if slices.Contains(d.reasons, c.entry.Reason) && c.entry.Reason != "" {
			message = "it was refused: " + c.entry.Reason
		} else if d.broken != nil {
			message = d.broken(c)
		}
		if message == "" {
			continue
		}
		v := Violation{Time: c.now, Demand: d.Name, Ref: d.Ref, Client: c.entry.Client, Request: c.r.Method + " " + c.entry.Path, Message: message}
		c.s.broken.mu.Lock()
		if len(c.s.broken.all) < maxViolations {
			c.s.broken.all = append(c.s.broken.all, v)
		}
		c.s.broken.mu.Unlock()
	}
}

// Violations returns what clients did that a right client does not; nil without [Config.StrictClient].
func (s *Server) Violations() []Violation {
	s.broken.mu.Lock()
	defer s.broken.mu.Unlock()
	return slices.Clone(s.broken.all)
}

// harmless are the faults of an ID token after which a client may go on: they are wrong in what others have to see.
var harmless = []string{"expect-claim", "idtoken-is-access-token", "nonce-replay"}

// lied notes that a client was given a wrong response or ID token: it may not go on with what came of it.
func lied(to *string, on []*activeFault) {
	for _, f := range on {
		if f.wrong && !slices.Contains(harmless, f.Name) && !f.onRefresh {
			*to = f.Name
		}
	}
}
