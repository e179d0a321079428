package cmd

import (
	"regexp"
	"slices"
	"strings"

	"github.com/oidcflow/oidcflow/flow"
)

// topic is the setting of a client that a refusal is about.
type topic string

const (
	aboutNothing      topic = ""
	aboutOther        topic = "other" // a refusal in words that are not in the table
	aboutClient       topic = "client"
	aboutRedirectURI  topic = "redirect_uri"
	aboutScopes       topic = "scopes"
	aboutOrgScopes    topic = "org_scopes" // Okta's org server has a fixed set of them
	aboutCodeGrant    topic = "grants"
	aboutRefreshGrant topic = "refresh_token"
	aboutResponseMode topic = "response_mode"
	aboutPKCE         topic = "pkce"
	aboutPAR          topic = "par"
	aboutDPoP         topic = "dpop"
	aboutSecret       topic = "client_auth"
	aboutPolicy       topic = "policy"
)

// topics tell what a refusal is about: by its code, else by what its description or the page says. The first that fits
// counts, so what is narrower comes first.
var topics = []struct {
	topic topic
	codes []string
	words []string // in lower case
}{
	{aboutRedirectURI, []string{"invalid_redirect_uri", "redirect_uri_mismatch"}, []string{"aadsts50011"}},
	{aboutClient, nil, []string{"aadsts700016", "client not found", "unknown client", "client is unknown", "invalid client id"}},
	{aboutScopes, []string{"invalid_scope"}, nil},
	{aboutResponseMode, []string{"unsupported_response_type", "unsupported_response_mode"}, []string{"response_mode"}},
	{aboutCodeGrant, []string{"unauthorized_client", "unsupported_grant_type"}, []string{"grant type is not", "grant type not"}},
	{aboutDPoP, []string{"invalid_dpop_proof", "use_dpop_nonce"}, []string{"dpop"}},
	{aboutClient, []string{"invalid_client"}, nil},
	{aboutPKCE, nil, []string{"pkce", "code_challenge", "code challenge"}},
	{aboutPAR, nil, []string{"pushed authorization", "push its authorization", "pushed_authorization", "must be pushed"}},
	{aboutPolicy, nil, []string{"policy evaluation failed"}},
	{aboutRedirectURI, nil, []string{"redirect_uri", "redirect uri", "redirect url", "redirection uri", "callback url", "reply url"}},
	{aboutClient, nil, []string{"client_id", "client id", "invalid client", "client is invalid"}},
}

// topicOf returns what a refusal with code is about. Without a code, text is a page's, and the topic may be
// aboutNothing: pages say much.
func topicOf(code, text string) topic {
	text = strings.ToLower(text)
	names := func(s string) bool { return strings.Contains(text, s) }
	for _, t := range topics {
		if slices.Contains(t.codes, code) || slices.ContainsFunc(t.words, names) || code == "" && slices.ContainsFunc(t.codes, names) {
			return t.topic
		}
	}
	if code == "" {
		return aboutNothing
	}
	return aboutOther
}

// mend is what to change for a topic: in general, and in the words of Okta's admin console.
type mend struct{ plain, okta string }

const (
	oktaApp    = "Applications > Applications > the app > General > "
	oktaServer = "Security > API > Authorization Servers > the server > "
)

var mends = map[topic]mend{
	aboutClient: {"give --client-id as the provider has it, at the server that --issuer names",
		"give --client-id as in " + oktaApp + "Client ID; the app must be Active and in the org that --issuer names"},
	aboutRedirectURI: {"register the redirect URI with the client, letter by letter, or give the registered one with --redirect-uri",
		oktaApp + "General Settings > Edit > Sign-in redirect URIs: add it, letter by letter"},
	aboutScopes: {"allow the client these scopes, or leave them out of --scope", oktaServer + "Scopes > Add Scope, or leave them out of --scope"},
	aboutOrgScopes: {"", "the org server has openid, profile, email, address, phone, groups and offline_access alone: give the issuer of a " +
		"custom server (…/oauth2/default), or leave them out of --scope"},
	aboutCodeGrant: {"allow the client the authorization code grant (grant_types: authorization_code; response_types: code)",
		oktaApp + "General Settings > Edit > Grant type: tick Authorization Code"},
	aboutRefreshGrant: {"allow the client the refresh token grant, or leave offline_access out of --scope",
		oktaApp + "General Settings > Edit > Grant type: tick Refresh Token, or leave offline_access out of --scope"},
	aboutResponseMode: {"choose another with --response-mode, or allow the client the response type code",
		"choose query, fragment or form_post with --response-mode"},
	aboutPKCE: {"allow the client PKCE with S256", oktaApp + "Client Credentials > Edit: Require PKCE as additional verification, with S256"},
	aboutPAR:  {"add --par: this client has to push its requests", "add --par: this app has to push its requests"},
	aboutDPoP: {"add --dpop, or let the client do without",
		"add --dpop, or " + oktaApp + "General Settings > Edit: untick Require Demonstrating Proof of Possession (DPoP) header"},
	aboutSecret: {"compare the secret with the provider's, and --client-auth with the method that the client is registered for",
		"compare with " + oktaApp + "Client Credentials: Client authentication is None (no secret), Client secret " +
			"(--client-secret-file FILE) or Public key / Private key (--client-key-file FILE)"},
	aboutPolicy: {"see whether the provider has a policy that lets this client ask for this grant and these scopes",
		oktaServer + "Access Policies: one must be assigned to the app, with a rule for Authorization Code and these scopes"},
	aboutOther: {"compare what it says with the client's settings at the provider", "look for the reason in Reports > System Log"},
}

// oktaAuthorize is the path of Okta's authorization endpoints; the first group is the name of a custom server.
var oktaAuthorize = regexp.MustCompile(`^https?://[^/?#]+/oauth2/(?:([^/?#]+)/)?v1/authorize$`)

// mendFor returns the line that mends what t is about, in the words of the provider at hand.
func mendFor(t topic, m *flow.Metadata) string {
	server := oktaAuthorize.FindStringSubmatch(m.Endpoints.Authorization)
	switch {
	case server == nil:
		return mends[t].plain
	case t == aboutScopes && server[1] == "":
		t = aboutOrgScopes
	}
	return mends[t].okta
}
