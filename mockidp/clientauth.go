package mockidp

import (
	"crypto/subtle"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

const jwtBearer = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"

var assertionAlgs = []string{"HS256", "HS384", "HS512", "RS256", "RS384", "RS512", "PS256", "ES256", "ES384", "ES512", "EdDSA"}

// authenticate finds the client of a request and checks that it is who it says (RFC 6749 §2.3, OpenID Connect Core 1.0
// §9).
func (c *call) authenticate() (*client, error) {
	if c.r.URL.RawQuery != "" {
		if q := c.r.URL.Query(); q.Has("client_secret") || q.Has("client_assertion") {
			return nil, credentialsInQuery
		}
	}
	basicID, basicSecret, hasBasic, err := c.basic()
	if err != nil {
		return nil, err
	}
	secret, hasSecret := c.get("client_secret"), c.params.Has("client_secret")
	assertion := c.get("client_assertion")
	if moreThanOne(hasBasic, hasSecret, assertion != "") { // RFC 6749 §2.3
		return nil, manyCredentials
	}
	switch {
	case assertion != "":
		return c.byAssertion(assertion)
	case hasBasic:
		if id := c.get("client_id"); id != "" && id != basicID {
			return nil, differentClient
		}
		return c.bySecret(basicID, basicSecret, "client_secret_basic")
	case hasSecret:
		return c.bySecret(c.get("client_id"), secret, "client_secret_post")
	}
	return c.byName(c.get("client_id"))
}

func moreThanOne(ways ...bool) bool {
	n := 0
	for _, w := range ways {
		if w {
			n++
		}
	}
	return n > 1
}

// basic reads the Authorization header; id and secret in it are form-encoded (RFC 6749 §2.3.1).
func (c *call) basic() (id, secret string, ok bool, err error) {
	header := c.r.Header.Get("Authorization")
	if header == "" {
		return "", "", false, nil
	}
	id, secret, ok = c.r.BasicAuth()
	if !ok {
		return "", "", false, badBasicCredentials
	}
	id, err1 := url.QueryUnescape(id)
	secret, err2 := url.QueryUnescape(secret)
	if err1 != nil || err2 != nil {
		return "", "", false, badBasicCredentials
	}
	return id, secret, true, nil
}

func (c *call) known(id string) (*client, error) {
	if id == "" {
		return nil, missingCredentials
	}
	cl := c.s.findClient(id)
	if cl == nil {
		return nil, unknownClient
	}
	c.entry.Client = cl.ID
	return cl, nil
}

// byName is the method none: a public client has nothing but PKCE.
func (c *call) byName(id string) (*client, error) {
	cl, err := c.known(id)
	if err != nil {
		return nil, err
	}
	if !cl.allowsMethod("none") {
		return nil, missingCredentials
	}
	return cl, nil
}

func (c *call) bySecret(id, secret, method string) (*client, error) {
	cl, err := c.known(id)
	if err != nil {
		return nil, err
	}
	if cl.allowsMethod("none") && secret == "" { // some clients send an empty secret
		return cl, nil
	}
	if !cl.allowsMethod(method) {
		return nil, wrongAuthMethod
	}
	if subtle.ConstantTimeCompare([]byte(secret), []byte(cl.Secret)) != 1 && !c.lets("client-wrong-secret") {
		return nil, wrongSecret
	}
	return cl, nil
}

// byAssertion is RFC 7523 §3 with Okta's limits: the audience is the endpoint (to the letter, the issuer will do too),
// the time to live an hour, and each jti is good once.
func (c *call) byAssertion(assertion string) (*client, error) {
	if c.get("client_assertion_type") != jwtBearer {
		return nil, assertionType
	}
	claims := jwt.MapClaims{}
	unverified, _, err := jwt.NewParser().ParseUnverified(assertion, claims)
	if err != nil {
		return nil, assertionSignature
	}
	id, _ := claims["sub"].(string)
	cl, err := c.known(id)
	if err != nil {
		return nil, err
	}
	method := "private_key_jwt"
	if strings.HasPrefix(unverified.Method.Alg(), "HS") {
		method = "client_secret_jwt"
	}
	if !cl.allowsMethod(method) {
		return nil, wrongAuthMethod
	}
	parser := jwt.NewParser(jwt.WithValidMethods(assertionAlgs), jwt.WithoutClaimsValidation())
	if _, err := parser.Parse(assertion, cl.verificationKey); err != nil {
		return nil, assertionSignature
	}
	return cl, c.checkAssertion(cl, claims)
}

func (c *call) checkAssertion(cl *client, claims jwt.MapClaims) error {
	jti, _ := claims["jti"].(string)
	exp, err := claims.GetExpirationTime()
	if claims["iss"] != cl.ID || jti == "" || err != nil || exp == nil {
		return assertionClaims
	}
	if id := c.get("client_id"); id != "" && id != cl.ID {
		return differentClient
	}
	aud, err := claims.GetAudience()
	audiences := []string{c.s.base.String() + c.s.endpointPath(c.as, c.endpoint), c.as.issuer, c.s.endpointURL(c.as, "token")}
	if err != nil || !slices.ContainsFunc(aud, func(a string) bool { return slices.Contains(audiences, a) }) {
		return assertionAudience
	}
	switch {
	case !exp.After(c.now):
		return assertionExpired
	case exp.After(c.now.Add(time.Hour + time.Minute)):
		return assertionTooFar
	case !c.firstUse("assertion "+cl.ID+" "+jti, exp.Time):
		return assertionUsed
	}
	return nil
}

// firstUse reports whether what is seen for the first time, and remembers it until expires.
func (c *call) firstUse(what string, expires time.Time) bool {
	c.s.mu.Lock()
	defer c.s.mu.Unlock()
	if _, again := c.s.seen.get(what, c.now); again {
		return false
	}
	c.s.seen.put(what, struct{}{}, c.now, expires)
	return true
}

// verificationKey is the key of an assertion: the secret, or the registered key with its kid.
func (cl *client) verificationKey(t *jwt.Token) (any, error) {
	if strings.HasPrefix(t.Method.Alg(), "HS") {
		return []byte(cl.Secret), nil
	}
	if cl.keys == nil {
		return nil, fmt.Errorf("client %q has no keys", cl.ID)
	}
	set := jwt.VerificationKeySet{}
	kid, _ := t.Header["kid"].(string)
	for _, k := range cl.keys.Keys {
		if kid == "" || k.KeyID == kid {
			set.Keys = append(set.Keys, k.Key)
		}
	}
	if len(set.Keys) == 0 {
		return nil, fmt.Errorf("client %q has no key %q", cl.ID, kid)
	}
	return set, nil
}
