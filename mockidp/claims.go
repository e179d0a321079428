package mockidp

import (
	"crypto/sha256"
	"fmt"
	"maps"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/oauth2-proxy/mockoidc"
)

// header is exactly kid and alg in profile okta: Okta's tokens have no typ.
func (i *issue) header(k *signingKey, typ string) map[string]any {
	h := map[string]any{"kid": k.kid, "alg": k.alg}
	if i.call.s.strict() {
		h["typ"] = typ
	}
	return h
}

// accessToken mints an access token and remembers it: the endpoints know their tokens by the record, never by the
// signature alone, so no token of another kind passes for one.
func (i *issue) accessToken() (string, error) {
	c, now := i.call, i.call.now
	expires := now.Add(c.as.AccessTokenTTL)
	t := &accessToken{
		grant: i.grant, client: i.client.ID, server: c.as, scopes: i.scopes, jti: c.s.random.jti("AT."),
		jkt: i.jkt, issued: now, expires: expires,
	}
	key := i.key
	if c.as.org() && !c.s.strict() {
		// Okta's org server signs access tokens for itself, with a key that it does not publish.
		var err error
		if key, err = c.as.hidden.current(); err != nil {
			return "", err
		}
	}
	claims := i.accessClaims(t)
	for _, f := range c.faults(func(f *Fault) bool { return f.access != nil }) {
		f.access(i, claims)
	}
	value, err := key.mint(i.header(key, "at+jwt"), claims)
	if err != nil {
		return "", err
	}
	for _, f := range c.faults(func(f *Fault) bool { return f.accessValue != nil }) {
		value = f.accessValue(value)
	}
	c.s.mu.Lock()
	defer c.s.mu.Unlock()
	c.s.access.put(tokenKey(value), t, now, expires)
	return value, nil
}

// tokenKey is under what a token is kept: its hash, which is shorter.
func tokenKey(token string) string {
	sum := sha256.Sum256([]byte(token))
	return string(sum[:])
}

// accessClaims are those of Okta's access tokens; in profile strict those of RFC 9068 §2.2 besides.
func (i *issue) accessClaims(t *accessToken) jwt.MapClaims {
	c := i.call
	claims := jwt.MapClaims{
		"ver": 1, "jti": t.jti, "iss": c.as.issuer, "aud": i.audience(), "iat": t.issued.Unix(), "exp": t.expires.Unix(),
		"cid": i.client.ID, "scp": i.scopes, "sub": i.client.ID,
	}
	if g := i.grant; g != nil {
		claims["uid"] = g.account.user.ID()
		claims["sub"] = g.account.person.Login
		claims["auth_time"] = g.authTime.Unix()
		if g.acr != "" {
			claims["acr"] = g.acr
		}
	}
	if c.s.strict() {
		claims["client_id"], claims["scope"] = i.client.ID, joinScopes(i.scopes)
		if i.grant != nil {
			claims["sub"] = i.grant.account.user.ID()
		}
	}
	if i.jkt != "" {
		claims["cnf"] = map[string]string{"jkt": i.jkt} // RFC 9449 §6.1
	}
	return claims
}

// audience of an access token: the org server's are for itself.
func (i *issue) audience() string {
	if i.call.as.org() {
		return i.call.as.issuer
	}
	return i.call.as.Audience
}

// idToken mints the ID token that goes with access (OpenID Connect Core 1.0 §2, §3.1.3.6).
func (i *issue) idToken(access string) (string, error) {
	claims, err := i.idClaims()
	if err != nil {
		return "", err
	}
	claims["at_hash"] = i.key.halfHash(access)
	header := i.header(i.key, "JWT")
	var mint func(*issue, map[string]any, jwt.MapClaims) (string, error)
	on := i.call.faults(func(f *Fault) bool { return f.claims != nil || f.header != nil || f.mint != nil })
	lied(&i.grant.tokenLie, on)
	for _, f := range on {
		if f.claims != nil && (!f.onRefresh || i.refreshed) {
			f.claims(i, claims)
		}
		if f.header != nil {
			f.header(header)
		}
		if f.mint != nil {
			mint = f.mint
		}
	}
	if mint != nil {
		return mint(i, header, claims)
	}
	return i.key.mint(header, claims)
}

// idClaims are the user's own claims under those of the protocol, which no user can replace.
func (i *issue) idClaims() (jwt.MapClaims, error) {
	c, g := i.call, i.grant
	base := &mockoidc.IDTokenClaims{RegisteredClaims: &jwt.RegisteredClaims{Issuer: c.as.issuer, Subject: g.account.user.ID()}}
	own, err := g.account.user.Claims(i.scopes, base)
	if err != nil {
		return nil, fmt.Errorf("claims of user %q: %w", g.account.person.Login, err)
	}
	claims := jwt.MapClaims{}
	if err := addClaims(claims, own); err != nil {
		return nil, fmt.Errorf("claims of user %q: %w", g.account.person.Login, err)
	}
	i.thin(claims)
	if err := i.addRequested(claims); err != nil {
		return nil, err
	}
	maps.Copy(claims, jwt.MapClaims{
		"iss": c.as.issuer, "sub": g.account.user.ID(), "aud": i.client.ID, "iat": c.now.Unix(),
		"exp": c.now.Add(idTokenTTL).Unix(), "jti": c.s.random.jti("ID."), "auth_time": g.authTime.Unix(),
		"amr": g.amr, "ver": 1, "idp": c.s.orgID(),
	})
	setOrDelete(claims, "nonce", g.request.nonce)
	setOrDelete(claims, "acr", g.acr)
	return claims, nil
}

func setOrDelete(claims jwt.MapClaims, name, value string) {
	if value == "" {
		delete(claims, name)
		return
	}
	claims[name] = value
}

// thin drops what an ID token should not have: to the letter of OpenID Connect Core 1.0 §5.4, claims of scopes come from
// userinfo where there is an access token. nbf is not Okta's.
func (i *issue) thin(claims jwt.MapClaims) {
	delete(claims, "nbf")
	if i.call.s.strict() {
		for _, name := range []string{"email", "email_verified", "name", "preferred_username", "phone_number", "address"} {
			delete(claims, name)
		}
	}
}

// addRequested adds the claims that the claims parameter asks for in the ID token (OpenID Connect Core 1.0 §5.5).
func (i *issue) addRequested(claims jwt.MapClaims) error {
	requested := i.grant.request.claims.IDToken
	if len(requested) == 0 {
		return nil
	}
	info, err := i.grant.account.info(oidcScopes)
	if err != nil {
		return err
	}
	for name := range requested {
		if v, ok := info[name]; ok {
			claims[name] = v
		}
	}
	return nil
}

func joinScopes(scopes []string) string { return strings.Join(scopes, " ") }

func (r *random) jti(prefix string) string { return prefix + r.token() }

// orgID is the identifier that Okta's idp claim has: of the organisation, or of a foreign identity provider.
func (s *Server) orgID() string { return stableID("00o", s.base.Host) }

// readIDToken verifies an ID token of this server, which may have expired: a hint often has.
func (as *authServer) readIDToken(raw string) (jwt.MapClaims, error) {
	claims := jwt.MapClaims{}
	parser := jwt.NewParser(jwt.WithValidMethods([]string{as.Alg}), jwt.WithoutClaimsValidation())
	_, err := parser.ParseWithClaims(raw, claims, func(t *jwt.Token) (any, error) {
		kid, named := t.Header["kid"].(string)
		k := as.ring.byID(kid)
		switch {
		case !named:
			return as.ring.publicKeys(), nil // a variation leaves it out
		case k == nil:
			return nil, fmt.Errorf("unknown kid %q", kid)
		}
		return k.signer.Public(), nil
	})
	if err != nil {
		return nil, err
	}
	if claims["iss"] != as.issuer || claims["idp"] == nil { // an access token has no idp
		return nil, fmt.Errorf("iss: want %q, got %q", as.issuer, claims["iss"])
	}
	return claims, nil
}

func expired(claims jwt.MapClaims, now time.Time) bool {
	exp, err := claims.GetExpirationTime()
	return err != nil || exp == nil || !exp.After(now)
}

// audienceOf is the client that an ID token is for.
func audienceOf(claims jwt.MapClaims) string {
	aud, err := claims.GetAudience()
	if err != nil || len(aud) == 0 {
		return ""
	}
	return aud[0]
}
