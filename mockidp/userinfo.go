package mockidp

import (
	"maps"
	"net/http"
	"slices"
	"strings"
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
	c.entry.Client, c.entry.User, c.lie = t.client, g.account.person.Login, g.tokenLie
	claims, err := g.account.info(t.scopes)
	if err != nil {
		return err
	}
	if err := addUserInfo(claims, g); err != nil {
		return err
	}
	for _, f := range c.faults(func(f *Fault) bool { return f.userinfo != nil }) {
		f.userinfo(claims)
	}
	if c.lets("userinfo-signed") {
		return c.signedUserInfo(t, claims)
	}
	return c.json(http.StatusOK, claims)
}

// signedUserInfo is OpenID Connect Core 1.0 §5.3.2: then iss and aud are in it.
func (c *call) signedUserInfo(t *accessToken, claims map[string]any) error {
	claims["iss"], claims["aud"] = c.as.issuer, t.client
	key, err := c.as.ring.current()
	if err != nil {
		return err
	}
	body, err := key.mint(map[string]any{"kid": key.kid, "alg": key.alg}, claims)
	if err != nil {
		return err
	}
	c.write(http.StatusOK, "application/jwt", []byte(body))
	return nil
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
	scheme, value, _ := strings.Cut(c.r.Header.Get("Authorization"), " ")
	if query := c.r.URL.Query(); query.Has("access_token") {
		if !c.lets("userinfo-token-in-query") {
			return nil, tokenInQuery
		}
		scheme, value = "Bearer", query.Get("access_token")
	}
	if body := c.get("access_token"); body != "" {
		if value != "" {
			return nil, malformedRequest.with("The access token came in more than one way.")
		}
		scheme, value = "Bearer", body
	}
	value = strings.TrimSpace(value)
	if value == "" {
		if c.lets("userinfo-no-token") {
			return c.anybodys(), nil
		}
		return nil, missingCredentials
	}
	c.s.mu.Lock()
	t, ok := c.s.access.get(tokenKey(value), c.now)
	ok = ok && t.live() && t.server == c.as
	c.s.mu.Unlock()
	if _, err := c.as.readIDToken(value); !ok && err == nil && c.lets("userinfo-other-audience") {
		return c.anybodys(), nil
	}
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

// anybodys is a token of the first user, for faults that ask for none.
func (c *call) anybodys() *accessToken {
	a := c.s.accounts[0]
	return &accessToken{grant: &grant{account: a, request: &authRequest{}}, server: c.as, scopes: []string{"openid"}}
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
