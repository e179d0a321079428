package mockidp

import "net/http"

// introspect is RFC 7662: of live tokens of this server, for the client that they were given to.
func (c *call) introspect() error {
	cl, err := c.readAuthenticated()
	if err != nil {
		return err
	}
	token := c.get("token")
	if token == "" {
		return missingToken
	}
	for _, look := range []func(*client, string) map[string]any{c.lookAccess, c.lookRefresh, c.lookID} {
		if found := look(cl, token); found != nil {
			found["active"] = true
			for _, f := range c.faults(func(f *Fault) bool { return f.introspection != nil }) {
				f.introspection(found)
			}
			return c.json(http.StatusOK, found)
		}
	}
	return c.json(http.StatusOK, map[string]any{"active": false})
}

// readAuthenticated is the beginning of the endpoints that a client calls for itself. Okta lets public clients put their
// client_id into the query.
func (c *call) readAuthenticated() (*client, error) {
	if err := c.read(); err != nil {
		return nil, err
	}
	if id := c.r.URL.Query().Get("client_id"); id != "" && !c.params.Has("client_id") {
		c.params.Set("client_id", id)
	}
	return c.authenticate()
}

func (c *call) lookAccess(cl *client, token string) map[string]any {
	c.s.mu.Lock()
	defer c.s.mu.Unlock()
	t, ok := c.s.access.get(tokenKey(token), c.now)
	if !ok || !t.live() || t.server != c.as || t.client != cl.ID {
		return nil
	}
	i := &issue{call: c, client: cl, grant: t.grant, scopes: t.scopes, jkt: t.jkt}
	found := map[string]any(i.accessClaims(t))
	for _, name := range []string{"ver", "scp", "cid", "auth_time"} {
		delete(found, name)
	}
	found["token_type"], found["scope"], found["client_id"] = "Bearer", joinScopes(t.scopes), t.client
	if t.jkt != "" {
		found["token_type"] = "DPoP"
	}
	if t.grant != nil {
		found["username"] = t.grant.account.person.Login
	}
	return found
}

func (c *call) lookRefresh(cl *client, token string) map[string]any {
	c.s.mu.Lock()
	defer c.s.mu.Unlock()
	t, ok := c.s.refresh.get(token, c.now)
	if !ok || t.revoked || t.grant.revoked || t.grant.request.as != c.as || t.grant.request.client.ID != cl.ID {
		return nil
	}
	if !t.rotated.IsZero() && c.now.Sub(t.rotated) > rotationLeeway {
		return nil
	}
	return map[string]any{
		"token_type": "Refresh", "scope": joinScopes(t.grant.request.scopes), "client_id": cl.ID, "exp": t.expires.Unix(),
		"username": t.grant.account.person.Login, "sub": t.grant.account.user.ID(),
	}
}

func (c *call) lookID(cl *client, token string) map[string]any {
	claims, err := c.as.readIDToken(token)
	if err != nil || expired(claims, c.now) || audienceOf(claims) != cl.ID {
		return nil
	}
	claims["client_id"] = cl.ID
	return claims
}

// revoke is RFC 7009: an own token ends; of others nothing is said. A refresh token takes its family with it, and the
// access tokens (§2.1).
func (c *call) revoke() error {
	cl, err := c.readAuthenticated()
	if err != nil {
		return err
	}
	token := c.get("token")
	if token == "" {
		return missingToken
	}
	c.s.mu.Lock()
	if t, ok := c.s.access.get(tokenKey(token), c.now); ok && t.client == cl.ID && t.server == c.as {
		t.revoked = true
	}
	if t, ok := c.s.refresh.get(token, c.now); ok && t.grant.request.client.ID == cl.ID && t.grant.request.as == c.as {
		t.grant.revoked = true
	}
	c.s.mu.Unlock()
	c.status(http.StatusOK)
	return nil
}
