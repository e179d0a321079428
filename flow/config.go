package flow

import (
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"
)

// WithDefaults returns cfg as [New] takes it: with everything filled in that has a default, the issuer that Okta's URLs
// imply included.
func (cfg Config) WithDefaults() Config {
	if cfg.RedirectURI == "" {
		cfg.RedirectURI = "http://localhost:8080/callback"
	}
	if cfg.Scopes == nil {
		cfg.Scopes = []string{"openid"}
	}
	if cfg.Issuer == "" {
		cfg.Issuer = inferIssuer(cfg.Endpoints)
	}
	if cfg.ClockSkew == 0 {
		cfg.ClockSkew = 60 * time.Second
	}
	if cfg.RequestTimeout == 0 {
		cfg.RequestTimeout = 10 * time.Second
	}
	if cfg.MinTTL == 0 {
		cfg.MinTTL = 60 * time.Second
	}
	if cfg.Transport == nil {
		cfg.Transport = http.DefaultTransport
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Wait == nil {
		cfg.Wait = timer
	}
	return cfg
}

// check returns the first thing in cfg that cannot work.
func (cfg *Config) check() error {
	for _, check := range []func(*Config) error{
		(*Config).checkClient, (*Config).checkProvider, (*Config).checkRequest, (*Config).checkParams,
	} {
		if err := check(cfg); err != nil {
			return err
		}
	}
	return nil
}

func (cfg *Config) checkClient() error {
	if cfg.ClientID == "" {
		return usage("missing_client_id", "give the client id that the provider has for this application", "no client id")
	}
	switch m := cfg.ClientAuth; m {
	case AuthAuto, AuthNone:
	case AuthSecretBasic, AuthSecretPost, AuthSecretJWT:
		if cfg.ClientSecret.IsZero() {
			return usage("missing_client_secret", "", "client authentication %s needs a client secret", m)
		}
	case AuthPrivateKeyJWT:
		if cfg.ClientKey == nil {
			return usage("missing_client_key", "", "client authentication %s needs a client key", m)
		}
	default:
		return usage("bad_client_auth", "use none, client_secret_basic, client_secret_post, client_secret_jwt or private_key_jwt",
			"client authentication %q is not known", clip(string(m)))
	}
	return nil
}

func (cfg *Config) checkProvider() error {
	e := cfg.Endpoints
	for _, u := range []struct{ name, url string }{
		{"issuer", cfg.Issuer}, {"authorization endpoint", e.Authorization}, {"token endpoint", e.Token},
		{"jwks URL", e.JWKS}, {"userinfo endpoint", e.UserInfo}, {"introspection endpoint", e.Introspection},
		{"revocation endpoint", e.Revocation}, {"end session endpoint", e.EndSession}, {"PAR endpoint", e.PAR},
	} {
		if u.url == "" {
			continue
		}
		if err := cfg.checkURL(u.name, u.url); err != nil {
			return err
		}
	}
	// OpenID Connect Discovery 1.0 §3: an issuer has no query.
	if strings.Contains(cfg.Issuer, "?") {
		return usage("bad_url", "", "issuer %q: want no query", clip(cfg.Issuer))
	}
	if cfg.Issuer != "" {
		return nil
	}
	if e.Authorization == "" || e.Token == "" {
		return usage("missing_issuer", "give the issuer, or the authorization and the token endpoint", "no issuer and no endpoints")
	}
	if slices.Contains(cfg.Scopes, "openid") {
		return usage("missing_issuer", "give the issuer, or leave openid out of the scopes",
			"with the scope openid there will be an ID token, and without an issuer it cannot be verified")
	}
	return nil
}

// checkURL returns what is wrong with a URL that the caller gave.
func (cfg *Config) checkURL(name, raw string) error {
	u, err := parseEndpoint(raw)
	if err != nil {
		return usage("bad_url", "", "%s %q: %w", name, clip(raw), err)
	}
	if u.Scheme == "http" && !cfg.InsecureHTTP && !IsLoopback(u.Hostname()) {
		return usage("insecure_http", "use https, or accept plain http with --insecure-http",
			"%s %q: plain http is for loopback hosts only", name, clip(raw))
	}
	return nil
}

// parseEndpoint returns raw as an absolute http or https URL without userinfo and fragment (RFC 6749 §3.1, §3.2).
func parseEndpoint(raw string) (*url.URL, error) {
	u, err := url.Parse(raw)
	switch {
	case err != nil:
		return nil, cause(err)
	case u.Scheme != "https" && u.Scheme != "http":
		return nil, fmt.Errorf("want https, got scheme %q", clip(u.Scheme))
	case u.Hostname() == "":
		return nil, fmt.Errorf("want a host, got none")
	case u.User != nil:
		return nil, fmt.Errorf("want no user in the URL")
	case strings.Contains(raw, "#"):
		return nil, fmt.Errorf("want no fragment")
	}
	return u, nil
}

// scopeToken is RFC 6749 §3.3.
var scopeToken = regexp.MustCompile(`^[\x21\x23-\x5b\x5d-\x7e]+$`)

func (cfg *Config) checkRequest() error {
	u, err := url.Parse(cfg.RedirectURI)
	switch {
	case err != nil:
		return usage("bad_redirect_uri", "", "redirect URI %q: %w", clip(cfg.RedirectURI), cause(err))
	case u.Scheme == "" || (u.Host == "" && (u.Scheme == "https" || u.Scheme == "http")):
		return usage("bad_redirect_uri", "give it as it is registered: https://app.example.com/callback",
			"redirect URI %q: want an absolute URI", clip(cfg.RedirectURI))
	case strings.Contains(cfg.RedirectURI, "#"): // RFC 6749 §3.1.2
		return usage("bad_redirect_uri", "", "redirect URI %q: want no fragment", clip(cfg.RedirectURI))
	}
	for _, s := range cfg.Scopes {
		if !scopeToken.MatchString(s) {
			return usage("bad_scope", "give scopes one by one", "scope %q: want printable ASCII without blanks and quotes", clip(s))
		}
	}
	if !slices.Contains([]string{"", "query", "fragment", "form_post"}, cfg.ResponseMode) {
		return usage("bad_response_mode", "use query, fragment or form_post", "response mode %q is not known", clip(cfg.ResponseMode))
	}
	if cfg.MaxAge != nil && (*cfg.MaxAge < 0 || *cfg.MaxAge%time.Second != 0) {
		return usage("bad_max_age", "", "max_age %s: want whole seconds, not below zero", *cfg.MaxAge)
	}
	return nil
}

// ownParams are the parameters of the authorization request that the engine writes, with the field that sets them.
var ownParams = map[string]string{
	"client_id": "ClientID", "redirect_uri": "RedirectURI", "scope": "Scopes", "response_mode": "ResponseMode",
	"prompt": "Prompt", "max_age": "MaxAge", "acr_values": "ACRValues", "login_hint": "LoginHint",
	"id_token_hint": "IDTokenHint", "dpop_jkt": "DPoP",
	"response_type": "", "state": "", "nonce": "", "code_challenge": "", "code_challenge_method": "", "request_uri": "",
}

func (cfg *Config) checkParams() error {
	for name := range cfg.Params {
		field, own := ownParams[name]
		if !own {
			continue
		}
		hint := "leave it out: it is made anew for every request"
		if field != "" {
			hint = "set it by its own name, " + field
		}
		return usage("reserved_param", hint, "parameter %q is not for free use", name)
	}
	return nil
}

// Okta's URL shapes: the org server's endpoints are https://H/oauth2/v1/… and its issuer is https://H; a custom
// server's are https://H/oauth2/ID/v1/… and its issuer is https://H/oauth2/ID.
var oktaEndpoint = regexp.MustCompile(`^(https?://[^/?#]+)/oauth2/v1/[a-z]+$|^(https?://[^/?#]+/oauth2/[^/?#]+)/v1/[a-z]+$`)

// inferIssuer returns the issuer that endpoints of Okta's URL shapes belong to, or "" if they have another shape or
// belong to two.
func inferIssuer(e Endpoints) string {
	token, authorization := oktaEndpoint.FindStringSubmatch(e.Token), oktaEndpoint.FindStringSubmatch(e.Authorization)
	if token == nil || authorization == nil || token[1]+token[2] != authorization[1]+authorization[2] {
		return ""
	}
	return token[1] + token[2]
}
