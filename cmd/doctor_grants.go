package cmd

import (
	"fmt"
	"slices"

	"github.com/oidcflow/oidcflow/flow"
)

// clientAuthRow says whether the provider takes the client's credentials, and where it did not say, whether it offers a
// way that the client has them for.
func (s *subject) clientAuthRow() finding {
	row := offeredAuthRow(s.m, s.cfg)
	switch r := s.redeem; {
	case row.Status == statusFail:
		return row
	case r.broken != nil:
		return rowError("client_auth", r.broken)
	case r.tokens:
		return rowSkip("client_auth", "not known: the token endpoint takes everything")
	case r.accepted != "":
		return rowOK("client_auth", string(s.method())+" is what the provider takes")
	case r.about == aboutClient && s.clientRow().Status == statusFail:
		return rowSkip("client_auth", "not examined, because there is no such client")
	case r.about == aboutClient:
		return s.refused("client_auth", aboutSecret, r)
	}
	return row
}

// method returns the way of authentication that was used at the token endpoint: the best that is offered.
func (s *subject) method() flow.ClientAuth {
	able := clientMethods(s.cfg)
	for _, method := range able {
		if slices.Contains(s.m.TokenAuthMethods, string(method)) {
			return method
		}
	}
	return able[0]
}

// offeredAuthRow looks whether the provider offers a way of authentication that the client has the credentials for.
func offeredAuthRow(m *flow.Metadata, cfg flow.Config) finding {
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

// grantsRow says whether the client may use the grants that it needs.
func (s *subject) grantsRow() finding {
	switch {
	case s.authorize.about == aboutCodeGrant:
		return s.refused("grants", aboutCodeGrant, s.authorize)
	case s.redeem.about == aboutCodeGrant:
		return s.refused("grants", aboutCodeGrant, s.redeem)
	case s.redeem.tokens:
		return rowWarn("grants", "the token endpoint gave tokens for a code that nobody issued", "that is no provider to rely on, unless it is a mock")
	case s.redeem.accepted == "":
		return rowSkip("grants", "not known: the token endpoint did not come to look at the code; "+s.redeem.said())
	case !slices.Contains(s.cfg.Scopes, "offline_access"):
		return rowOK("grants", "authorization_code is allowed; refresh_token is not asked for")
	case s.refresh.about == aboutCodeGrant:
		return s.refused("grants", aboutRefreshGrant, s.refresh)
	case s.refresh.accepted == "":
		return rowSkip("grants", "authorization_code is allowed; refresh_token is not known: "+s.refresh.said())
	}
	return rowOK("grants", "authorization_code and refresh_token are allowed")
}
