package cmd

import (
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/oidcflow/oidcflow/flow"
)

// redirectRow judges the redirect URI as far as that can be done from here: only the provider knows its list.
func redirectRow(cfg flow.Config) finding {
	u, err := url.Parse(cfg.RedirectURI)
	const known = "whether it is registered is known to the provider alone"
	switch {
	case err != nil || !u.IsAbs():
		return rowFail("redirect_uri", exitUsage, fmt.Sprintf("%q: want an absolute URI", cfg.RedirectURI),
			"give --redirect-uri as the provider has it: letter by letter")
	case u.Scheme == "http" && !isLoopback(u.Hostname()):
		return rowWarn("redirect_uri", cfg.RedirectURI+" is plain http elsewhere than on this machine", "use https, or a loopback host")
	}
	return rowOK("redirect_uri", cfg.RedirectURI+"; "+known)
}

// metadataRows judges what the provider says of itself against what the client will do.
func metadataRows(m *flow.Metadata, cfg flow.Config) []finding {
	if m.Document == nil {
		return []finding{rowWarn("issuer", "endpoints are given by hand and nothing was read from the provider",
			"give --issuer URL, so that issuer, keys and methods can be compared")}
	}
	return []finding{
		rowOK("issuer", m.Issuer+" is what its document says too"),
		endpointsRow(m),
		pkceRow(m),
		clientAuthRow(m, cfg),
		scopesRow(m, cfg),
		responseModeRow(m, cfg),
	}
}

func endpointsRow(m *flow.Metadata) finding {
	var there, missing []string
	for _, e := range []struct{ name, url string }{
		{"authorization", m.Endpoints.Authorization}, {"token", m.Endpoints.Token}, {"jwks", m.Endpoints.JWKS},
		{"userinfo", m.Endpoints.UserInfo}, {"introspection", m.Endpoints.Introspection},
		{"revocation", m.Endpoints.Revocation}, {"end_session", m.Endpoints.EndSession}, {"par", m.Endpoints.PAR},
	} {
		if e.url == "" {
			missing = append(missing, e.name)
		} else {
			there = append(there, e.name)
		}
	}
	message := "there are " + enumerationAnd(there)
	if len(missing) > 0 {
		message += "; there is no " + enumeration(missing)
	}
	return rowOK("endpoints", message)
}

// pkceRow looks for S256, which the engine always sends. A provider that says nothing may still know it.
func pkceRow(m *flow.Metadata) finding {
	methods := members(m, "code_challenge_methods_supported")
	switch {
	case slices.Contains(methods, "S256"):
		return rowOK("pkce", "S256 is offered")
	case methods == nil:
		return rowWarn("pkce", "the provider does not say whether it knows PKCE; it is sent all the same", "")
	}
	return rowFail("pkce", exitProvider, fmt.Sprintf("S256 is not among %q", methods), "the provider must allow S256 (RFC 7636 §4.2)")
}

// clientAuthRow looks whether the provider takes a way of authentication that the client has the credentials for.
func clientAuthRow(m *flow.Metadata, cfg flow.Config) finding {
	offered, able := m.TokenAuthMethods, clientMethods(cfg)
	if offered == nil {
		return rowOK("client_auth", fmt.Sprintf("the provider does not say what it takes; %s is used", able[0]))
	}
	for _, method := range able {
		if slices.Contains(offered, string(method)) {
			return rowOK("client_auth", fmt.Sprintf("%s is offered; whether the client may use it is known to the provider alone", method))
		}
	}
	message := fmt.Sprintf("the provider offers %s, and the client has what it needs for %s", enumerationAnd(offered), enumeration(texts(able)))
	if len(able) == 1 && able[0] == flow.AuthNone {
		// Providers often leave none out of the list and still have public clients.
		return rowWarn("client_auth", message, "give --client-secret-file FILE, unless the client is a public one")
	}
	return rowFail("client_auth", exitProvider, message, "choose one that is offered with --client-auth")
}

// clientMethods are the ways of authentication that cfg allows, best first.
func clientMethods(cfg flow.Config) []flow.ClientAuth {
	switch {
	case cfg.ClientAuth != flow.AuthAuto:
		return []flow.ClientAuth{cfg.ClientAuth}
	case cfg.ClientKey != nil:
		return []flow.ClientAuth{flow.AuthPrivateKeyJWT}
	case !cfg.ClientSecret.IsZero():
		return []flow.ClientAuth{flow.AuthSecretBasic, flow.AuthSecretPost, flow.AuthSecretJWT}
	}
	return []flow.ClientAuth{flow.AuthNone}
}

func texts(methods []flow.ClientAuth) []string {
	var s []string
	for _, m := range methods {
		s = append(s, string(m))
	}
	return s
}

// scopesRow compares the scopes with the provider's list, which need not be complete (OpenID Connect Discovery 1.0 §3).
func scopesRow(m *flow.Metadata, cfg flow.Config) finding {
	supported := members(m, "scopes_supported")
	if supported == nil {
		return rowOK("scopes", "the provider does not say which scopes it has")
	}
	var unknown []string
	for _, s := range cfg.Scopes {
		if !slices.Contains(supported, s) {
			unknown = append(unknown, s)
		}
	}
	if unknown != nil {
		return rowWarn("scopes", fmt.Sprintf("%s: not in the provider's list, which need not be complete", strings.Join(unknown, " ")),
			"check --scope for a typing error; the provider has "+strings.Join(supported, " "))
	}
	return rowOK("scopes", strings.Join(cfg.Scopes, " ")+": in the provider's list")
}

func responseModeRow(m *flow.Metadata, cfg flow.Config) finding {
	mode := cfg.ResponseMode
	if mode == "" {
		mode = "query"
	}
	if modes := members(m, "response_modes_supported"); modes != nil && !slices.Contains(modes, mode) {
		return rowFail("response_mode", exitProvider, fmt.Sprintf("%s is not among %q", mode, modes),
			"choose one of these with --response-mode")
	}
	return rowOK("response_mode", mode)
}

// members returns the strings of a list in the provider's document; nil: there is none.
func members(m *flow.Metadata, name string) []string {
	list, ok := m.Document[name].([]any)
	if !ok {
		return nil
	}
	texts := []string{}
	for _, v := range list {
		if s, ok := v.(string); ok {
			texts = append(texts, s)
		}
	}
	return texts
}

// enumerationAnd writes names as in "a, b and c".
func enumerationAnd(names []string) string {
	if len(names) < 2 {
		return strings.Join(names, "")
	}
	last := len(names) - 1
	return strings.Join(names[:last], ", ") + " and " + names[last]
}
