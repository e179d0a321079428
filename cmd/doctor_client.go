package cmd

import (
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/oidcflow/oidcflow/flow"
)

// subject is the client that is examined, and what is known of it.
type subject struct {
	cfg flow.Config // with defaults
	m   *flow.Metadata
	replies
}

// rows judges what the provider says of itself against what the client will do, and how it answered.
func (s *subject) rows() []finding {
	rows := []finding{rowWarn("issuer", "endpoints are given by hand and nothing was read from the provider",
		"give --issuer URL, so that issuer, keys and methods can be compared")}
	if s.m.Document != nil {
		rows = []finding{rowOK("issuer", s.m.Issuer+" is what its document says too"), endpointsRow(s.m)}
	}
	return append(rows, s.clientRow(), s.redirectRow(), s.requestRow(), s.pkceRow(), s.clientAuthRow(), s.grantsRow(),
		s.scopesRow(), s.responseModeRow(), s.parRow(), s.dpopRow())
}

// refused returns the failure of a row for what r was refused for.
func (s *subject) refused(name string, t topic, r reply) finding {
	return rowFail(name, exitProvider, r.words, mendFor(t, s.m))
}

// clientRow says whether the provider has the client. A refusal that came to the redirect URI, or for another reason,
// came after the client was found.
func (s *subject) clientRow() finding {
	id := fmt.Sprintf("%q", s.cfg.ClientID)
	switch {
	case s.authorize.about == aboutClient && (!s.authorize.pushed || s.authorize.namesClientID()):
		return s.refused("client", aboutClient, s.authorize)
	case s.authorize.accepted != "" || s.authorize.atClient || s.redeem.accepted != "":
		return rowOK("client", "the provider knows "+id)
	case s.redeem.about == aboutClient && s.redeem.namesClientID():
		return s.refused("client", aboutClient, s.redeem)
	case !slices.Contains([]topic{aboutNothing, aboutOther, aboutClient}, s.authorize.about):
		return rowOK("client", "the provider knows "+id)
	}
	return rowSkip("client", "whether the provider knows "+id+" is not known: "+s.authorize.said())
}

// namesClientID reports whether a refusal with invalid_client is about the ID and not about the credentials, which is
// what Okta's words tell apart.
func (r reply) namesClientID() bool { return strings.Contains(strings.ToLower(r.words), "client_id") }

// redirectRow judges the redirect URI by itself, and then by where the provider answered.
func (s *subject) redirectRow() finding {
	row := redirectRow(s.cfg)
	switch {
	case row.Status == statusFail:
		return row
	case s.authorize.about == aboutRedirectURI:
		return s.refused("redirect_uri", aboutRedirectURI, s.authorize)
	case row.Status == statusWarn:
		return row
	case s.authorize.accepted != "" || s.authorize.atClient:
		return rowOK("redirect_uri", s.cfg.RedirectURI+" is registered: the provider answers there")
	case s.authorize.about != aboutNothing:
		return rowSkip("redirect_uri", "not examined, because the request was refused before: see the other lines")
	}
	return rowSkip("redirect_uri", "whether "+s.cfg.RedirectURI+" is registered is not known: "+s.authorize.unknown)
}

// redirectRow judges the redirect URI as far as that can be done from here.
func redirectRow(cfg flow.Config) finding {
	u, err := url.Parse(cfg.RedirectURI)
	switch {
	case err != nil || !u.IsAbs():
		return rowFail("redirect_uri", exitUsage, fmt.Sprintf("%q: want an absolute URI", cfg.RedirectURI),
			"give --redirect-uri as the provider has it: letter by letter")
	case u.Scheme == "http" && !flow.IsLoopback(u.Hostname()):
		return rowWarn("redirect_uri", cfg.RedirectURI+" is plain http elsewhere than on this machine", "use https, or a loopback host")
	}
	return rowOK("redirect_uri", cfg.RedirectURI)
}

// requestRow says what became of the authorization request as a whole.
func (s *subject) requestRow() finding {
	switch a := s.authorize; {
	case a.accepted != "":
		return rowOK("request", "the authorization request is valid: "+a.accepted)
	case a.about == aboutOther || a.about == aboutPolicy:
		return s.refused("request", a.about, a)
	case a.about != aboutNothing:
		return rowSkip("request", "refused: see the lines that fail")
	case a.broken != nil:
		return rowError("request", a.broken)
	default:
		return rowSkip("request", "not known: "+a.unknown)
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

// pkceRow looks for S256, which the engine always sends, and for what becomes of a request without it. A provider that
// says nothing may still know it.
func (s *subject) pkceRow() finding {
	methods := members(s.m, "code_challenge_methods_supported")
	switch {
	case s.authorize.about == aboutPKCE:
		return s.refused("pkce", aboutPKCE, s.authorize)
	case slices.Contains(methods, "S256") && s.unprotected.about == aboutPKCE:
		return rowOK("pkce", "S256 is offered, and this client is refused without it")
	case slices.Contains(methods, "S256") && s.unprotected.accepted != "":
		return rowOK("pkce", "S256 is offered and used; a request without it is not refused")
	case slices.Contains(methods, "S256"):
		return rowOK("pkce", "S256 is offered")
	case s.unprotected.about == aboutPKCE:
		return rowOK("pkce", "this client is refused without a challenge, and accepted with S256")
	case methods == nil:
		return rowWarn("pkce", "the provider does not say whether it knows PKCE; it is sent all the same", "")
	}
	return rowFail("pkce", exitProvider, fmt.Sprintf("S256 is not among %q", methods), "the provider must allow S256 (RFC 7636 §4.2)")
}

// scopesRow tells which scopes were refused, and else compares them with the provider's list, which need not be
// complete (OpenID Connect Discovery 1.0 §3).
func (s *subject) scopesRow() finding {
	if s.authorize.about == aboutScopes {
		row := s.refused("scopes", aboutScopes, s.authorize)
		if len(s.scopes) > 0 {
			row.Message = strings.Join(s.scopes, " ") + ": refused; " + row.Message
		}
		return row
	}
	supported, all := members(s.m, "scopes_supported"), strings.Join(s.cfg.Scopes, " ")
	var unknown []string
	for _, scope := range s.cfg.Scopes {
		if !slices.Contains(supported, scope) {
			unknown = append(unknown, scope)
		}
	}
	switch {
	case supported == nil && s.authorize.accepted != "":
		return rowOK("scopes", all+": not refused")
	case supported == nil:
		return rowOK("scopes", "the provider does not say which scopes it has")
	case unknown != nil && s.authorize.accepted != "":
		return rowWarn("scopes", strings.Join(unknown, " ")+": not refused, and not in the provider's list, which need not be complete",
			"see in the answer which scopes were granted; the list has "+strings.Join(supported, " "))
	case unknown != nil:
		return rowWarn("scopes", strings.Join(unknown, " ")+": not in the provider's list, which need not be complete",
			"check --scope for a typing error; the provider has "+strings.Join(supported, " "))
	}
	return rowOK("scopes", all+": in the provider's list")
}

func (s *subject) responseModeRow() finding {
	mode := s.cfg.ResponseMode
	if mode == "" {
		mode = "query"
	}
	if s.authorize.about == aboutResponseMode {
		return s.refused("response_mode", aboutResponseMode, s.authorize)
	}
	if modes := members(s.m, "response_modes_supported"); modes != nil && !slices.Contains(modes, mode) {
		return rowFail("response_mode", exitProvider, fmt.Sprintf("%s is not among %q", mode, modes),
			"choose one of these with --response-mode")
	}
	return rowOK("response_mode", mode)
}

// parRow says whether requests are pushed (RFC 9126).
func (s *subject) parRow() finding {
	switch {
	case s.authorize.about == aboutPAR:
		return s.refused("par", aboutPAR, s.authorize)
	case s.m.RequirePAR:
		return rowOK("par", "requests are pushed, as the provider requires")
	case s.cfg.PAR && s.m.Endpoints.PAR == "":
		return rowFail("par", exitUsage, "the provider has no endpoint for pushed requests", "leave --par out")
	case s.cfg.PAR:
		return rowOK("par", "requests are pushed, as --par says")
	}
	return rowOK("par", "requests are not pushed, and need not be")
}

// dpopRow says whether tokens are bound to a key (RFC 9449).
func (s *subject) dpopRow() finding {
	switch {
	case s.redeem.about == aboutDPoP:
		return s.refused("dpop", aboutDPoP, s.redeem)
	case s.cfg.DPoP && s.m.Document != nil && members(s.m, "dpop_signing_alg_values_supported") == nil:
		return rowWarn("dpop", "tokens are asked for that are bound to a key, and the provider does not say that it knows them", "leave --dpop out if the token endpoint refuses")
	case s.cfg.DPoP:
		return rowOK("dpop", "tokens are asked for that are bound to a key, as --dpop says")
	case s.redeem.accepted == "":
		return rowSkip("dpop", "not asked for; whether the client must is not known")
	}
	return rowOK("dpop", "not asked for, and not demanded before the code is looked at")
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
