package mockidp

import (
	"crypto"
	"encoding/json"
	"net/url"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/golang-jwt/jwt/v5"
)

var proofAlgs = []string{"RS256", "RS384", "RS512", "ES256", "ES384", "ES512"}

const (
	proofAge      = 5 * time.Minute
	dpopNonceTTL  = 24 * time.Hour
	dpopNonceLife = 4 * 24 * time.Hour // an old nonce is good for three days more
)

// proof is the thumbprint of the key of a token request's DPoP proof (RFC 9449 §5), or "" if there is none and the client
// need not have one. Who sends one without the nonce is told it.
func (c *call) proof(cl *client) (jkt string, err error) {
	jkt, err = c.optionalProof()
	if err == nil && jkt == "" && cl.RequireDPoP {
		return "", dpopRequired
	}
	return jkt, err
}

func (c *call) optionalProof() (string, error) {
	headers := c.r.Header.Values("DPoP")
	switch len(headers) {
	case 0:
		return "", nil
	case 1:
	default:
		return "", invalidProof.with("There is more than one DPoP header.")
	}
	jkt, claims, err := c.readProof(headers[0])
	if err != nil {
		return "", err
	}
	nonce, _ := claims["nonce"].(string)
	if !c.knownNonce(nonce) { // RFC 9449 §8
		c.w.Header().Set("DPoP-Nonce", c.nonce())
		return "", useDPoPNonce
	}
	return jkt, nil
}

// readProof is RFC 9449 §4.3.
func (c *call) readProof(raw string) (jkt string, claims jwt.MapClaims, err error) {
	claims = jwt.MapClaims{}
	var key jose.JSONWebKey
	parser := jwt.NewParser(jwt.WithValidMethods(proofAlgs), jwt.WithoutClaimsValidation())
	token, err := parser.ParseWithClaims(raw, claims, func(t *jwt.Token) (any, error) {
		header, err := json.Marshal(t.Header["jwk"])
		if err != nil {
			return nil, err
		}
		if err := json.Unmarshal(header, &key); err != nil {
			return nil, err
		}
		return key.Key, nil
	})
	if err != nil || !key.IsPublic() {
		return "", nil, invalidProof.with("The DPoP proof has no good signature by the public key in its header.")
	}
	if token.Header["typ"] != "dpop+jwt" {
		return "", nil, invalidProof.with("The DPoP proof is not of type dpop+jwt.")
	}
	if err := c.checkProof(claims); err != nil {
		return "", nil, err
	}
	thumb, err := key.Thumbprint(crypto.SHA256)
	if err != nil {
		return "", nil, invalidProof
	}
	return b64.EncodeToString(thumb), claims, nil
}

func (c *call) checkProof(claims jwt.MapClaims) error {
	jti, _ := claims["jti"].(string)
	htu, _ := claims["htu"].(string)
	iat, err := claims.GetIssuedAt()
	switch {
	case claims["htm"] != c.r.Method:
		return invalidProof.with("The htm of the DPoP proof is not the method.")
	case !sameURL(htu, c.s.base.String()+c.s.endpointPath(c.as, c.endpoint)):
		return invalidProof.with("The htu of the DPoP proof is not the URL.")
	case err != nil || iat == nil || jti == "":
		return invalidProof.with("The DPoP proof needs iat and jti.")
	case c.now.Sub(iat.Time) > proofAge:
		return invalidProof.with("The DPoP proof was issued more than five minutes ago.")
	case iat.Sub(c.now) > time.Minute:
		return invalidProof.with("The DPoP proof was issued in the future.")
	case !c.firstUse("proof "+jti, c.now.Add(2*proofAge)) && !c.lets("dpop-replay"):
		return invalidProof.with("The DPoP proof was used before.")
	}
	return nil
}

// sameURL compares without query and fragment (RFC 9449 §4.3 item 9).
func sameURL(got, want string) bool {
	u, err := url.Parse(got)
	if err != nil {
		return false
	}
	u.RawQuery, u.Fragment = "", ""
	return u.String() == want
}

// nonce is the one that proofs need now.
func (c *call) nonce() string {
	c.s.mu.Lock()
	defer c.s.mu.Unlock()
	if c.s.dpopNonce == "" || c.now.Sub(c.s.dpopSince) > dpopNonceTTL {
		c.s.dpopNonce, c.s.dpopSince = c.s.random.token(), c.now
		c.s.nonces.put(c.s.dpopNonce, struct{}{}, c.now, c.now.Add(dpopNonceLife))
	}
	return c.s.dpopNonce
}

func (c *call) knownNonce(nonce string) bool {
	c.s.mu.Lock()
	defer c.s.mu.Unlock()
	_, ok := c.s.nonces.get(nonce, c.now)
	return ok
}

// resourceProof checks the proof that goes with a bound access token (RFC 9449 §7): no nonce, but the token's hash.
func (c *call) resourceProof(t *accessToken, scheme, value string) error {
	headers := c.r.Header.Values("DPoP")
	if !strings.EqualFold(scheme, "DPoP") || len(headers) != 1 {
		return dpopScheme
	}
	jkt, claims, err := c.readProof(headers[0])
	if err != nil {
		p := *problemOf(err)
		p.Status = 401
		return &p
	}
	if jkt != t.jkt || claims["ath"] != b64.EncodeToString([]byte(tokenKey(value))) {
		return dpopScheme.with("The DPoP proof is not for this token.")
	}
	return nil
}
