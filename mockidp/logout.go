package mockidp

import (
	"net/http"
	"net/url"
)

// Of RP-initiated logout: pages, as no redirect may lead where nobody has said.
var (
	logoutHint     = &problem{400, "invalid_request", "invalid_id_token_hint", "The 'id_token_hint' parameter is missing, or not an ID token of this server.", false}
	logoutRedirect = &problem{400, "invalid_request", "illegal_post_logout_redirect_uri", "The 'post_logout_redirect_uri' parameter must be a Logout redirect URI in the client app settings.", false}
)

// logout is OpenID Connect RP-Initiated Logout 1.0. Okta demands id_token_hint; to the letter a client_id will do, and
// without either nothing is redirected.
func (c *call) logout() error {
	if err := c.read(); err != nil {
		return err
	}
	cl, err := c.logoutClient()
	if err != nil {
		return err
	}
	uri := c.get("post_logout_redirect_uri")
	if uri != "" && (cl == nil || !cl.allowsLogoutRedirect(uri)) {
		return logoutRedirect
	}
	c.endSession()
	if uri == "" {
		return c.html(http.StatusOK, "logout", nil)
	}
	params := url.Values{}
	if state := c.get("state"); state != "" {
		params.Set("state", state)
	}
	for _, f := range c.faults(func(f *Fault) bool { return f.logout != nil }) {
		f.logout(params)
	}
	if len(params) > 0 {
		uri = redirectURL(uri, "query", params)
	}
	c.redirect(uri)
	return nil
}

// logoutClient is the client of the hint or, to the letter, of client_id. It may be nil in profile strict.
func (c *call) logoutClient() (*client, error) {
	hint, id := c.get("id_token_hint"), c.get("client_id")
	if hint == "" {
		if !c.s.strict() {
			return nil, logoutHint
		}
		return c.s.findClient(id), nil
	}
	claims, err := c.as.readIDToken(hint)
	if err != nil {
		return nil, logoutHint
	}
	aud := audienceOf(claims)
	if id != "" && id != aud {
		return nil, logoutHint
	}
	c.entry.Client = aud
	return c.s.findClient(aud), nil
}
