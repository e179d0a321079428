package check

import (
	"context"
	"net/http"
	"time"

	"github.com/oidcflow/oidcflow/flow"
	"github.com/oidcflow/oidcflow/flow/trace"
)

// Subject is one exchange as it was seen on the wire, as far as it went, and what is needed for another.
type Subject struct {
	Config flow.Config  // as the exchange was made
	Other  *flow.Config // another client of the provider, for probes; nil: there is none
	Expect Expect
	Clock  func(time.Duration) error // moves the provider's clock; nil: nobody can
	Pause  time.Duration             // between the sign-ins of probes

	Metadata      Document
	Keys          Document
	Authorization *flow.Authorization
	Callback      *flow.Callback
	Token         Document
	Tokens        *flow.Tokens // as the engine read them
	IDToken       *JWT         // nil: none came, or it is none
	AccessToken   *JWT         // nil: none came, or it is opaque
	UserInfo      Document
	Introspection Document
	Refreshed     Document
	RefreshedID   *JWT
	Logout        *Message
	Result        *flow.Result // what the engine made of it all

	client *flow.Client
	tap    *tap
	errs   map[trace.Step]error // how each step ended that did not end well
	bad    map[string]error     // why a token could not be read, by name
}

// Expect is what the user demands of a provider beyond the specifications.
type Expect struct {
	Claims          map[string][]string // values that a claim of the ID token must have, or have among its elements
	MaxLifetime     time.Duration       // of an access token; 0: any
	RequirePKCE     bool                // a request without a challenge is refused
	RequireRotation bool                // a refresh token works once
	LogoutURI       string              // a registered post_logout_redirect_uri; empty: none is sent
}

// observe makes one exchange and keeps what it showed. It goes as far as it can: what the engine refuses in a token does
// not keep the rest from being looked at, what it refuses before a code has been sent does.
func (s *Subject) observe(ctx context.Context) error {
	s.errs, s.bad = map[trace.Step]error{}, map[string]error{}
	base := s.Config.Transport
	if base == nil {
		base = http.DefaultTransport
	}
	s.tap = &tap{base: base}
	config := s.Config
	config.Transport = s.tap
	var err error
	if s.client, err = flow.New(config); err != nil {
		return err
	}
	s.exchange(ctx)
	return ctx.Err()
}

// exchange takes the steps.
func (s *Subject) exchange(ctx context.Context) {
	m, err := s.client.Discover(ctx)
	s.Metadata = readDocument(s.tap.last(trace.Discover, ""))
	if s.failed(trace.Discover, err) {
		return
	}
	if s.Authorization, err = s.client.Authorize(ctx); s.failed(trace.Authorize, err) {
		return
	}
	if s.Callback, err = s.client.SignIn(ctx, s.Authorization); s.failed(trace.SignIn, err) {
		return
	}
	code, err := s.client.Code(ctx, s.Authorization, s.Callback)
	if s.failed(trace.Callback, err) {
		return
	}
	s.Tokens, err = s.client.Exchange(ctx, s.Authorization, code)
	s.Token = readDocument(s.tap.last(trace.Exchange, m.Endpoints.Token))
	if s.failed(trace.Exchange, err) {
		return
	}
	s.tokens(ctx, m)
}

// failed notes how a step ended.
func (s *Subject) failed(step trace.Step, err error) bool {
	if err != nil {
		s.errs[step] = err
	}
	return err != nil
}

// tokens looks at the tokens, and at what can be done with them.
func (s *Subject) tokens(ctx context.Context, m *flow.Metadata) {
	s.IDToken = s.decode("id token", s.Tokens.IDToken)
	s.AccessToken = s.decode("access token", s.Tokens.AccessToken)
	s.Result = &flow.Result{Issuer: s.Authorization.Issuer, ClientID: s.Authorization.ClientID, Tokens: *s.Tokens}
	id, err := s.client.Verify(ctx, s.Authorization, s.Tokens)
	if s.Keys = readDocument(s.tap.last(trace.Verify, "")); !s.failed(trace.Verify, err) {
		s.Result.IDTokenClaims, s.Result.IDTokenHeader, s.Result.Verified = id.Claims, id.Header, id.Verified
	} else if s.IDToken != nil {
		s.Result.IDTokenClaims = s.IDToken.Claims.Members
	}
	if m.Endpoints.UserInfo != "" {
		_, err := s.client.UserInfo(ctx, s.Tokens, "")
		s.failed(trace.UserInfo, err)
		s.UserInfo = readDocument(s.tap.last(trace.UserInfo, m.Endpoints.UserInfo))
	}
	if m.Endpoints.Introspection != "" {
		_, err := s.client.Introspect(ctx, s.Tokens.AccessToken, "access_token")
		s.failed(trace.Introspect, err)
		s.Introspection = readDocument(s.tap.last(trace.Introspect, ""))
	}
	s.refresh(ctx)
	if m.Endpoints.EndSession != "" && !s.Tokens.IDToken.IsZero() {
		s.failed(trace.Logout, s.client.Logout(ctx, s.Result, s.Expect.LogoutURI))
		s.Logout = s.tap.last(trace.Logout, "")
	}
}

func (s *Subject) refresh(ctx context.Context) {
	if s.Tokens.RefreshToken.IsZero() {
		return
	}
	fresh, err := s.client.Refresh(ctx, s.Result)
	s.failed(trace.Refresh, err)
	s.Refreshed = readDocument(s.tap.last(trace.Refresh, ""))
	if fresh == nil {
		return
	}
	if s.Refreshed.Object != nil && s.Refreshed.Object.Members["id_token"] != nil { // else it is the first one, kept
		s.RefreshedID = s.decode("refreshed id token", fresh.Tokens.IDToken)
	}
	s.Result.Tokens = fresh.Tokens
}

// decode reads a token. A token that is no JWT is nil, and why is kept.
func (s *Subject) decode(name string, token trace.Secret) *JWT {
	if token.IsZero() {
		return nil
	}
	t, err := readJWT(token.Reveal())
	if err != nil {
		s.bad[name] = err
		return nil
	}
	return t
}
