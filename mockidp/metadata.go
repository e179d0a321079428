package mockidp

import (
	"encoding/json"
	"net/http"
	"slices"
	"sync"
)

// cachedDoc is a metadata document, which changes only while a fault is on.
type cachedDoc struct {
	once sync.Once
	body []byte
	err  error
}

// openIDConfiguration is OpenID Connect Discovery 1.0 §4.2.
func (c *call) openIDConfiguration() error { return c.metadata(0, (*Server).openIDMetadata) }

// oauthMetadata is RFC 8414 §3.2.
func (c *call) oauthMetadata() error { return c.metadata(1, (*Server).oauthMetadata) }

func (c *call) metadata(doc int, make func(*Server, *authServer) map[string]any) error {
	if changes := c.faults(func(f *Fault) bool { return f.metadata != nil }); len(changes) > 0 {
		m := make(c.s, c.as)
		for _, f := range changes {
			f.metadata(c.as, m)
		}
		return c.json(http.StatusOK, m)
	}
	d := &c.as.docs[doc]
	d.once.Do(func() { d.body, d.err = json.Marshal(make(c.s, c.as)) })
	if d.err != nil {
		return d.err
	}
	c.write(http.StatusOK, "application/json", d.body)
	return nil
}

var oidcScopes = []string{"openid", "profile", "email", "address", "phone", "offline_access", "groups"}

var authMethods = []string{"client_secret_basic", "client_secret_post", "client_secret_jwt", "private_key_jwt", "none"}

var acrValues = []string{
	"urn:okta:loa:1fa:any", "urn:okta:loa:1fa:pwd", "urn:okta:loa:2fa:any", "urn:okta:loa:2fa:any:ifpossible",
}

// oauthMetadata is what both documents have.
func (s *Server) oauthMetadata(as *authServer) map[string]any {
	m := map[string]any{
		"issuer":                                           as.issuer,
		"response_types_supported":                         []string{"code"},
		"response_modes_supported":                         []string{"query", "fragment", "form_post"},
		"grant_types_supported":                            []string{"authorization_code", "refresh_token", "client_credentials"},
		"scopes_supported":                                 append(slices.Clone(oidcScopes), as.Scopes...),
		"token_endpoint_auth_methods_supported":            authMethods,
		"introspection_endpoint_auth_methods_supported":    authMethods,
		"revocation_endpoint_auth_methods_supported":       authMethods,
		"token_endpoint_auth_signing_alg_values_supported": assertionAlgs,
		"code_challenge_methods_supported":                 []string{"S256"},
		"dpop_signing_alg_values_supported":                proofAlgs,
		"require_pushed_authorization_requests":            false,
		"mockidp_not_for_production":                       true, // a member that no client knows: RFC 8414 §3.2
	}
	for _, e := range endpoints() {
		m[e.metadata] = s.base.String() + s.endpointPath(as, e)
	}
	if s.strict() {
		m["authorization_response_iss_parameter_supported"] = true // RFC 9207 §3
	}
	return m
}

func (s *Server) openIDMetadata(as *authServer) map[string]any {
	m := s.oauthMetadata(as)
	m["subject_types_supported"] = []string{"public"}
	m["id_token_signing_alg_values_supported"] = []string{as.Alg}
	m["acr_values_supported"] = acrValues
	m["display_values_supported"] = []string{"page", "popup"}
	m["claims_supported"] = []string{"iss", "ver", "sub", "aud", "iat", "exp", "jti", "auth_time", "amr", "idp", "nonce",
		"acr", "at_hash", "name", "given_name", "family_name", "preferred_username", "email", "email_verified", "zoneinfo",
		"locale", "updated_at", "phone_number", "phone_number_verified", "address", "groups"}
	m["claims_parameter_supported"] = true
	// The default of request_uri_parameter_supported is true: both are said. Those of PAR are supported nonetheless.
	m["request_parameter_supported"] = false
	m["request_uri_parameter_supported"] = false
	return m
}

// jwks is the JWK set. Okta's answer may be cached until the next rotation, which here may come at any time.
func (c *call) jwks() error {
	set, err := c.as.ring.set()
	if err != nil {
		return err
	}
	for _, f := range c.faults(func(f *Fault) bool { return f.keys != nil }) {
		if set, err = f.keys(c.as, set); err != nil {
			return err
		}
	}
	c.write(http.StatusOK, "application/json", set)
	return nil
}
