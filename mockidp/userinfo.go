package mockidp

import (
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/golang-jwt/jwt/v5"
)

// userinfo is the userinfo endpoint (OpenID Connect Core 1.0 §5.3). Its refusals are RFC 6750 §3.1's, with an empty
// body as Okta sends it.
func (c *call) userinfo() error {
	t, err := c.bearer()
	if err == nil && (t.grant == nil || !slices.Contains(t.scopes, "openid")) {
		err = insufficientScope
	}
	if err != nil {
		return c.challengeBearer(problemOf(err))
	}
	g := t.grant
	c.entry.Client, c.entry.User = t.client, g.account.person.Login
	claims, err := g.account.info(t.scopes)
	if err != nil {
		return err
	}
	if err := addUserInfo(claims, g); err != nil {
		return err
	}
	for _, f := range c.faults() {
		if f.userinfo != nil {
			f.userinfo(claims)
		}
	}
	return c.json(http.StatusOK, claims)
}

// addUserInfo adds what the claims parameter asks for (OpenID Connect Core 1.0 §5.5).
func addUserInfo(claims map[string]any, g *grant) error {
	requested := g.request.claims.UserInfo
	if len(requested) == 0 {
		return nil
	}
	all, err := g.account.info(oidcScopes)
	if err != nil {
		return err
	}
	maps.DeleteFunc(all, func(name string, _ any) bool { _, ok := requested[name]; return !ok })
	maps.Copy(claims, all)
	return nil
}

// bearer is the access token of a request: in the header, or in the body (RFC 6750 §2.1, §2.2), never in the query.
func (c *call) bearer() (*accessToken, error) {
	if err := c.readBearerBody(); err != nil {
		return nil, err
	}
	if c.r.URL.Query().Has("access_token") {
		return nil, tokenInQuery
	}
	scheme, value, _ := strings.Cut(c.r.Header.Get("Authorization"), " ")
	if body := c.get("access_token"); body != "" {
		if value != "" {
			return nil, malformedRequest.with("The access token came in more than one way.")
		}
		scheme, value = "Bearer", body
	}
	value = strings.TrimSpace(value)
	if value == "" {
		return nil, missingCredentials
	}
	c.s.mu.Lock()
	t, ok := c.s.access.get(tokenKey(value), c.now)
	ok = ok && t.live() && t.server == c.as
	c.s.mu.Unlock()
	if !ok {
		return nil, invalidToken
	}
	if t.jkt != "" {
		return t, c.resourceProof(t, scheme, value)
	}
	if !strings.EqualFold(scheme, "Bearer") { // RFC 9110 §11.1: in any case
		return nil, invalidToken
	}
	return t, nil
}

func (c *call) readBearerBody() error {
	if c.r.Method == "POST" && c.r.ContentLength != 0 {
		return c.read()
	}
	c.params = map[string][]string{}
	return nil
}

func (c *call) challengeBearer(p *problem) error {
	c.entry.Error, c.entry.Reason = p.Code, p.Reason
	header := `Bearer realm="` + c.as.issuer + `"`
	if p != missingCredentials { // RFC 6750 §3.1: then no error code
		header = `Bearer error="` + p.Code + `", error_description="` + strings.ReplaceAll(p.Description, `"`, `'`) + `"`
	}
	if strings.HasPrefix(p.Reason, "dpop") || strings.HasSuffix(p.Code, "dpop_proof") {
		header = strings.Replace(header, "Bearer ", "DPoP ", 1)
	}
	c.w.Header().Set("WWW-Authenticate", header)
	c.status(p.Status)
	return nil
}

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
	return map[string]any(jwt.MapClaims(claims))
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
