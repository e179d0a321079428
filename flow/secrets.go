package flow

import (
	"context"
	"net/url"
	"slices"

	"github.com/oidcflow/oidcflow/flow/trace"
)

// hostsOf returns the hosts of URLs, each once, for the secrets that may be sent there.
func hostsOf(urls ...string) []string {
	var hosts []string
	seen := map[string]bool{}
	for _, raw := range urls {
		if u, err := url.Parse(raw); err == nil && u.Host != "" && !seen[u.Host] {
			seen[u.Host] = true
			hosts = append(hosts, u.Host)
		}
	}
	return hosts
}

// hosts returns the hosts of those URLs of m to which secrets may be sent: given by hand, or where the issuer may name
// them.
func (c *Client) hosts(urls ...string) []string {
	hand := c.cfg.Endpoints
	given := []string{hand.Authorization, hand.Token, hand.UserInfo, hand.Introspection, hand.Revocation, hand.EndSession, hand.PAR}
	return hostsOf(slices.DeleteFunc(urls, func(u string) bool {
		return !slices.Contains(given, u) && c.checkEndpoint(trace.Discover, "endpoint", u) != nil
	})...)
}

// learnSecrets tells the recorder of what the configuration holds, and to which of the provider's hosts it may go.
func (c *Client) learnSecrets(ctx context.Context, m *Metadata) {
	e := m.Endpoints
	if s := c.cfg.ClientSecret; !s.IsZero() {
		trace.Learn(ctx, s.For(c.hosts(e.Token, e.Introspection, e.Revocation, e.PAR)...))
	}
	if hint := c.cfg.IDTokenHint; hint != "" {
		trace.Learn(ctx, trace.NewSecret("id_token", hint, c.hosts(e.Authorization, e.PAR, e.EndSession)...))
	}
}

// learnTokens tells the recorder of tokens, and of the provider's endpoints that they may be sent to.
func (c *Client) learnTokens(ctx context.Context, m *Metadata, t *Tokens) {
	e := m.Endpoints
	t.AccessToken = t.AccessToken.For(c.hosts(e.UserInfo, e.Introspection, e.Revocation)...)
	t.RefreshToken = t.RefreshToken.For(c.hosts(e.Token, e.Introspection, e.Revocation)...)
	t.IDToken = t.IDToken.For(c.hosts(e.EndSession, e.Authorization, e.Introspection)...)
	for _, s := range []trace.Secret{t.AccessToken, t.RefreshToken, t.IDToken} {
		if !s.IsZero() {
			trace.Learn(ctx, s)
		}
	}
}
