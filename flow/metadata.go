package flow

import (
	"fmt"
	"slices"

	"github.com/oidcflow/oidcflow/flow/trace"
)

// Metadata is what a provider says of itself (OpenID Connect Discovery 1.0 §3, RFC 8414 §2). Endpoints that the caller
// gave by hand are in it in place of the provider's.
type Metadata struct {
	Issuer    string
	Endpoints Endpoints

	IDTokenAlgs            []string       // id_token_signing_alg_values_supported; nil: not said
	TokenAuthMethods       []string       // token_endpoint_auth_methods_supported; nil: not said
	TokenAuthAlgs          []string       // token_endpoint_auth_signing_alg_values_supported; nil: not said
	CodeChallengeMethods   []string       // code_challenge_methods_supported; nil: not said
	ScopesSupported        []string       // nil: not said
	ResponseModesSupported []string       // nil: not said
	RequirePAR             bool           // require_pushed_authorization_requests (RFC 9126 §5)
	IssuerInCallback       bool           // authorization_response_iss_parameter_supported (RFC 9207 §3)
	Document               map[string]any // all of it, numbers as json.Number; nil without discovery
}

// ParseMetadata reads a provider's document. Members that the engine uses must have the right type; issuer must be
// there. Whether the issuer is the right one, and the endpoints where they should be, is for [Client.Discover] to judge.
func ParseMetadata(document []byte) (*Metadata, error) {
	if len(document) > maxBody {
		return nil, metadataError("too_large", "larger than %d bytes", maxBody)
	}
	o, err := decodeObject(document)
	if err != nil {
		return nil, metadataError("malformed", "%w", err)
	}
	m := &Metadata{Document: o}
	if err := m.read(o); err != nil {
		return nil, metadataError("malformed", "%w", err)
	}
	if m.Issuer == "" {
		return nil, metadataError("missing_issuer", "no issuer in the document")
	}
	return m, nil
}

func metadataError(code, format string, args ...any) error {
	return &Error{Step: trace.Discover, Code: "discover." + code, Err: fmt.Errorf("metadata: "+format, args...)}
}

// read takes from o what the engine uses.
func (m *Metadata) read(o object) error {
	e := &m.Endpoints
	for _, s := range []struct {
		name string
		to   *string
	}{
		{"issuer", &m.Issuer},
		{"authorization_endpoint", &e.Authorization},
		{"token_endpoint", &e.Token},
		{"jwks_uri", &e.JWKS},
		{"userinfo_endpoint", &e.UserInfo},
		{"introspection_endpoint", &e.Introspection},
		{"revocation_endpoint", &e.Revocation},
		{"end_session_endpoint", &e.EndSession},
		{"pushed_authorization_request_endpoint", &e.PAR},
	} {
		v, err := o.text(s.name)
		if err != nil {
			return err
		}
		*s.to = v
	}
	for _, l := range []struct {
		name string
		to   *[]string
	}{
		{"id_token_signing_alg_values_supported", &m.IDTokenAlgs},
		{"token_endpoint_auth_methods_supported", &m.TokenAuthMethods},
		{"token_endpoint_auth_signing_alg_values_supported", &m.TokenAuthAlgs},
		{"code_challenge_methods_supported", &m.CodeChallengeMethods},
		{"scopes_supported", &m.ScopesSupported},
		{"response_modes_supported", &m.ResponseModesSupported},
	} {
		v, err := o.list(l.name)
		if err != nil {
			return err
		}
		*l.to = v
	}
	for _, f := range []struct {
		name string
		to   *bool
	}{
		{"require_pushed_authorization_requests", &m.RequirePAR},
		{"authorization_response_iss_parameter_supported", &m.IssuerInCallback},
	} {
		v, err := o.flag(f.name)
		if err != nil {
			return err
		}
		*f.to = v
	}
	return nil
}

// override puts the endpoints that the caller gave in place of the provider's.
func (m *Metadata) override(by Endpoints) {
	e := &m.Endpoints
	for _, p := range []struct {
		to *string
		by string
	}{
		{&e.Authorization, by.Authorization}, {&e.Token, by.Token}, {&e.JWKS, by.JWKS}, {&e.UserInfo, by.UserInfo},
		{&e.Introspection, by.Introspection}, {&e.Revocation, by.Revocation}, {&e.EndSession, by.EndSession}, {&e.PAR, by.PAR},
	} {
		if p.by != "" {
			*p.to = p.by
		}
	}
}

// asymmetricAlgs are the signatures that can be verified with a published key. HMAC is not among them: its key is the
// client's secret, or, for who forges, the provider's public key.
var asymmetricAlgs = []string{
	"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA",
}

// signingAlgs returns the algorithms that an ID token may be signed with: those of the provider's metadata that a
// published key can verify. Where the provider does not say, the keys it publishes decide among all of these.
func (m *Metadata) signingAlgs() []string {
	if m.IDTokenAlgs == nil {
		return asymmetricAlgs
	}
	var algs []string
	for _, a := range asymmetricAlgs {
		if slices.Contains(m.IDTokenAlgs, a) {
			algs = append(algs, a)
		}
	}
	return algs
}
