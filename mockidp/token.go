package mockidp

import (
	"crypto/subtle"
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/oauth2-proxy/mockoidc"
)

// token is the token endpoint (RFC 6749 §3.2).
func (c *call) token() error {
	if err := c.read(); err != nil {
		return err
	}
	cl, err := c.authenticate()
	if err != nil {
		return err
	}
	grants := map[string]func(*client, string) (*issue, error){
		"authorization_code": c.codeGrant, "refresh_token": c.refreshGrant, "client_credentials": c.clientGrant,
	}
	name := c.get("grant_type")
	grant := grants[name]
	switch {
	case name == "":
		return missingGrantType
	case grant == nil:
		return unsupportedGrantType
	case !cl.allowsGrant(name):
		return unauthorizedClient
	}
	jkt, err := c.proof(cl)
	if err != nil {
		return err
	}
	i, err := grant(cl, jkt)
	if err != nil {
		return err
	}
	return c.answerTokens(i)
}

// issue is what a token response is made of.
type issue struct {
	call      *call
	client    *client
	grant     *grant // nil: client_credentials
	scopes    []string
	jkt       string
	refreshed bool
	refresh   string // the refresh token, if there is one
	key       *signingKey
}

// codeGrant is RFC 6749 §4.1.3. A request that is refused does not use the code up; one that is granted does.
func (c *call) codeGrant(cl *client, jkt string) (*issue, error) {
	c.s.mu.Lock()
	defer c.s.mu.Unlock()
	now := c.now
	if c.lets("code-expired") {
		now = time.Time{}
	}
	code, ok := c.s.codes.get(c.get("code"), now)
	if !ok && c.lets("token-error-status") {
		refused := *invalidCode
		refused.Status = http.StatusUnauthorized
		return nil, &refused
	}
	if !ok {
		return nil, invalidCode
	}
	g := code.grant
	c.lie = g.lie
	if err := c.checkCode(cl, g); err != nil {
		return nil, err
	}
	if code.used && !c.lets("code-replay") && !c.lets("code-race") { // RFC 6749 §4.1.2: its tokens are revoked
		g.revoked = true
		return nil, codeReused
	}
	if g.jkt != "" && g.jkt != jkt {
		return nil, dpopKeyChange
	}
	code.used = true
	g.jkt = jkt
	c.entry.User = g.account.person.Login
	i := &issue{call: c, client: cl, grant: g, scopes: g.request.scopes, jkt: jkt}
	if g.request.has("offline_access") { // OpenID Connect Core 1.0 §11
		i.refresh = c.newRefreshToken(g, c.now.Add(c.as.RefreshTokenTTL))
	}
	return i, nil
}

func (c *call) checkCode(cl *client, g *grant) error {
	switch {
	case g.request.client.ID != cl.ID && !c.lets("code-other-client"):
		return mismatchedClient
	case g.request.as != c.as:
		return mismatchedServer
	case g.request.redirectURI != c.get("redirect_uri") && !c.lets("code-other-redirect-uri"):
		return mismatchedRedirect
	}
	err := checkVerifier(g.request.challenge, c.get("code_verifier"))
	for p, fault := range map[error]string{
		verifierUnasked: "pkce-downgrade", missingVerifier: "pkce-missing-verifier", verificationFailed: "pkce-wrong-verifier",
	} {
		if err == p && c.lets(fault) {
			return nil
		}
	}
	return err
}

// RFC 7636 §4.1
var verifierSyntax = regexp.MustCompile(`^[A-Za-z0-9._~-]{43,128}$`)

// checkVerifier is RFC 7636 §4.6.
func checkVerifier(challenge, verifier string) error {
	switch {
	case challenge == "" && verifier != "":
		return verifierUnasked
	case challenge == "":
		return nil
	case verifier == "":
		return missingVerifier
	case !verifierSyntax.MatchString(verifier):
		return verificationFailed
	}
	want, err := mockoidc.GenerateCodeChallenge("S256", verifier)
	if err != nil || subtle.ConstantTimeCompare([]byte(want), []byte(challenge)) != 1 {
		return verificationFailed
	}
	return nil
}

// newRefreshToken makes a token of g's family. All of a family expire together. The caller holds Server.mu.
func (c *call) newRefreshToken(g *grant, expires time.Time) string {
	value := c.s.random.token()
	c.s.refresh.put(value, &refreshToken{grant: g, expires: expires}, c.now, expires)
	return value
}

// refreshGrant is RFC 6749 §6 with rotation: a token that was used is good for rotationLeeway more, for the client that
// did not get the answer. Its use after that is a theft, and ends the family (RFC 9700 §4.14.2).
func (c *call) refreshGrant(cl *client, jkt string) (*issue, error) {
	c.s.mu.Lock()
	defer c.s.mu.Unlock()
	t, ok := c.s.refresh.get(c.get("refresh_token"), c.now)
	if a, found := c.s.access.get(tokenKey(c.get("refresh_token")), c.now); !ok && found && a.grant != nil && c.lets("refresh-with-access-token") {
		t, ok = &refreshToken{grant: a.grant, expires: a.expires}, true
	}
	if !ok || t.revoked || t.grant.revoked {
		return nil, invalidRefreshToken
	}
	g := t.grant
	switch {
	case g.request.client.ID != cl.ID && !c.lets("refresh-other-client"):
		return nil, invalidRefreshToken
	case g.request.as != c.as:
		return nil, mismatchedServer
	case g.jkt != jkt:
		return nil, dpopKeyChange
	}
	if !t.rotated.IsZero() && c.now.Sub(t.rotated) > rotationLeeway && !c.lets("refresh-reuse") {
		g.revoked = true
		return nil, invalidRefreshToken
	}
	scopes, err := refreshScopes(g.request.scopes, strings.Fields(c.get("scope")))
	if err != nil {
		return nil, err
	}
	c.entry.User = g.account.person.Login
	i := &issue{call: c, client: cl, grant: g, scopes: scopes, jkt: jkt, refreshed: true}
	if c.lets("refresh-no-rotation") {
		i.refresh = c.get("refresh_token")
		return i, nil
	}
	if t.rotated.IsZero() {
		t.rotated = c.now
	}
	i.refresh = c.newRefreshToken(g, t.expires)
	return i, nil
}

// refreshScopes are those asked for, which cannot be more than those granted, or all.
func refreshScopes(granted, asked []string) ([]string, error) {
	if len(asked) == 0 {
		return granted, nil
	}
	for _, s := range asked {
		if !slices.Contains(granted, s) {
			return nil, refreshScopesDenied
		}
	}
	asked = slices.Clone(asked)
	slices.Sort(asked)
	return slices.Compact(asked), nil
}

// clientGrant is RFC 6749 §4.4. Okta's org server gives such tokens to private_key_jwt alone.
func (c *call) clientGrant(cl *client, jkt string) (*issue, error) {
	if c.as.org() && !c.s.strict() && cl.keys == nil {
		return nil, privateKeyRequired
	}
	scopes := strings.Fields(c.get("scope"))
	for _, s := range scopes {
		if slices.Contains(oidcScopes, s) {
			return nil, openIDNotAllowed
		}
	}
	if len(scopes) == 0 {
		scopes = c.as.Scopes
	}
	if len(scopes) == 0 {
		return nil, missingScopes
	}
	scopes, err := c.grantable(cl, scopes)
	if err != nil {
		return nil, err
	}
	return &issue{call: c, client: cl, scopes: scopes, jkt: jkt}, nil
}

// answerTokens mints the tokens of i and sends them (RFC 6749 §5.1, OpenID Connect Core 1.0 §3.1.3.3).
func (c *call) answerTokens(i *issue) (err error) {
	for _, f := range c.faults(func(f *Fault) bool { return f.beforeSigning != nil }) {
		if err := f.beforeSigning(i); err != nil {
			return err
		}
	}
	if i.key, err = c.as.ring.current(); err != nil {
		return fmt.Errorf("keys of %s: %w", c.as.Name, err)
	}
	access, err := i.accessToken()
	if err != nil {
		return err
	}
	body := map[string]any{
		"token_type": "Bearer", "expires_in": int64(c.as.AccessTokenTTL / time.Second), "access_token": access,
		"scope": strings.Join(i.scopes, " "), "mockidp": "not for production", // a member that no client knows: RFC 6749 §5.1
	}
	if i.jkt != "" {
		body["token_type"] = "DPoP"
	}
	if i.refresh != "" {
		body["refresh_token"] = i.refresh
	}
	if i.grant != nil && slices.Contains(i.scopes, "openid") {
		if body["id_token"], err = i.idToken(access); err != nil {
			return err
		}
	}
	for _, f := range c.faults(func(f *Fault) bool { return f.tokens != nil }) {
		f.tokens(i, body)
	}
	data, err := json.Marshal(body)
	if err != nil {
		return err
	}
	for _, f := range c.faults(func(f *Fault) bool { return f.encoded != nil }) {
		data = f.encoded(data)
	}
	c.write(http.StatusOK, "application/json", data)
	return nil
}
