package flow

import (
	"context"
	"net/http"
	"net/url"
	"strings"

	"github.com/oidcflow/oidcflow/flow/trace"
)

// LogoutURL returns the URL at which the user's browser ends the session that r came from (OpenID Connect RP-Initiated
// Logout 1.0 §2). postLogoutRedirectURI, where the browser goes next with state, must be registered; both may be "". The
// URL holds the ID token.
func (c *Client) LogoutURL(ctx context.Context, r *Result, postLogoutRedirectURI, state string) (*url.URL, error) {
	m, err := c.provider(ctx)
	if err != nil {
		return nil, err
	}
	endpoint, err := c.endSession(m)
	if err != nil {
		return nil, err
	}
	trace.Learn(ctx, r.Tokens.IDToken.For(hostsOf(endpoint)...))
	u, err := withParams(endpoint, c.logoutParams(r, postLogoutRedirectURI, state))
	return u, asError(err, trace.Logout, "logout.bad_endpoint")
}

// Logout tells the provider to end the session that r came from, without a browser: by the ID token alone, in a body
// rather than in a URL. Providers that ask the user first, or find the session only by the browser's cookie, answer
// with a page: that is no error, and [Client.LogoutURL] is for them.
func (c *Client) Logout(ctx context.Context, r *Result, postLogoutRedirectURI string) (err error) {
	m, err := c.provider(ctx)
	if err != nil {
		return err
	}
	ctx, end := trace.Start(ctx, trace.Logout)
	defer func() { end(err) }()
	endpoint, err := c.endSession(m)
	if err != nil {
		return err
	}
	trace.Learn(ctx, r.Tokens.IDToken.For(hostsOf(endpoint)...))
	state := random()
	body := c.logoutParams(r, postLogoutRedirectURI, state).Encode()
	a, err := c.send(ctx, &call{step: trace.Logout, name: "end session endpoint", url: endpoint, mayRedirect: true,
		build: func(ctx context.Context) (*http.Request, error) {
			r, err := http.NewRequestWithContext(ctx, http.MethodPost, endpoint, strings.NewReader(body))
			if err != nil {
				return nil, err
			}
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			r.Header.Set("Accept", "text/html, application/json")
			return r, nil
		}})
	if err != nil {
		return err
	}
	a.sent = []string{r.Tokens.IDToken.Reveal()}
	if err := a.failure(); err != nil {
		return err
	}
	return checkLogoutRedirect(a, postLogoutRedirectURI, state)
}

// checkLogoutRedirect returns an error if the provider sends the browser back with another state than ours (§3). A
// redirect elsewhere is the provider's own business, such as its page that asks the user.
func checkLogoutRedirect(a *answer, redirectURI, state string) error {
	location := a.header.Get("Location")
	if redirectURI == "" || location == "" {
		return nil
	}
	cb, is := CallbackAt(redirectURI, location)
	if !is {
		return nil
	}
	if got := cb.Params.Get("state"); got != state {
		return a.errorf("state", "state: want %q, got %q", state, clip(got))
	}
	return nil
}

func (c *Client) endSession(m *Metadata) (string, error) {
	return c.endpoint(trace.Logout, "end session endpoint", c.cfg.Endpoints.EndSession, m.Endpoints.EndSession)
}

func (c *Client) logoutParams(r *Result, redirectURI, state string) url.Values {
	params := url.Values{"client_id": {c.cfg.ClientID}}
	for name, value := range map[string]string{
		"id_token_hint": r.Tokens.IDToken.Reveal(), "post_logout_redirect_uri": redirectURI, "state": state,
	} {
		if value != "" {
			params.Set(name, value)
		}
	}
	return params
}
