package mockidp

import (
	"encoding/json"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/oauth2-proxy/mockoidc"
)

// authRequest is an authorization request that was found valid.
type authRequest struct {
	client      *client
	as          *authServer
	redirectURI string
	mode        string // query, fragment or form_post
	state       string
	nonce       string
	challenge   string
	scopes      []string
	noPrompt    bool // prompt=none
	reLogin     bool // prompt=login
	reConsent   bool // prompt=consent
	maxAge      time.Duration
	hasMaxAge   bool
	loginHint   string
	hintSubject string // of id_token_hint
	acr         string
	claims      claimsRequest
	jkt         string // dpop_jkt
}

// claimsRequest is the claims parameter (OpenID Connect Core 1.0 §5.5).
type claimsRequest struct {
	UserInfo map[string]*claimRequest `json:"userinfo"`
	IDToken  map[string]*claimRequest `json:"id_token"`
}

type claimRequest struct {
	Essential bool  `json:"essential"`
	Value     any   `json:"value"`
	Values    []any `json:"values"`
}

func (r *authRequest) has(scope string) bool { return slices.Contains(r.scopes, scope) }

// authorize is the authorization endpoint. What is wrong with client or redirect URI is a page, never a redirect
// (OpenID Connect Core 1.0 §3.1.2.6); everything else goes to the redirect URI.
func (c *call) authorize() error {
	if err := c.readAny(); err != nil {
		return err
	}
	req, err := c.authRequest()
	if err == nil {
		if e := c.s.queues.err("authorize"); e != nil {
			if err = queued(e); e.Code >= 400 {
				return err
			}
		}
	}
	if err != nil {
		if req == nil {
			return err
		}
		return c.respondError(req, problemOf(err))
	}
	return c.signIn(req)
}

// authRequest reads the request. With an error it returns the request too if the error may go to its redirect URI.
func (c *call) authRequest() (*authRequest, error) {
	cl, err := c.authClient()
	if err != nil {
		return nil, err
	}
	if c.params.Has("request_uri") {
		if pushed := c.takePushed(cl); pushed != nil {
			return pushed, nil
		}
	}
	req := &authRequest{client: cl, as: c.as, redirectURI: c.get("redirect_uri"), mode: "query"}
	if len(c.params["redirect_uri"]) != 1 || !cl.allowsRedirect(req.redirectURI) && !c.lets("redirect-uri-unregistered") {
		return nil, redirectURIPage
	}
	if len(c.params["state"]) == 1 {
		req.state = c.get("state")
	}
	if err := c.responseMode(req); err != nil {
		return req, err
	}
	if err := c.checkDuplicates(); err != nil {
		return req, err
	}
	if cl.RequirePAR && c.name != "par" {
		return req, parRequired
	}
	for _, step := range []func(*authRequest) error{
		c.unsupported, c.responseType, c.requestState, c.scopes, c.challenge, c.prompt, c.hints, c.requestedClaims,
	} {
		if err := step(req); err != nil {
			return req, err
		}
	}
	return req, nil
}

func (c *call) authClient() (*client, error) {
	if len(c.params["client_id"]) != 1 {
		return nil, unknownClientPage
	}
	cl := c.s.findClient(c.get("client_id"))
	if cl == nil {
		return nil, unknownClientPage
	}
	c.entry.Client = cl.ID
	if !cl.allowsGrant("authorization_code") {
		return nil, unauthorizedClient
	}
	return cl, nil
}

func (c *call) responseMode(req *authRequest) error {
	switch mode := c.get("response_mode"); mode {
	case "":
	case "query", "fragment", "form_post":
		req.mode = mode
	default:
		return unsupportedMode
	}
	return nil
}

func (c *call) unsupported(*authRequest) error {
	// OpenID Connect Core 1.0 §6.1: what is not supported is refused; ignoring it would drop what was signed.
	if c.params.Has("request") && !c.lets("request-object-ignored") {
		return requestNotSupported
	}
	if c.params.Has("request_uri") {
		if strings.HasPrefix(c.get("request_uri"), pushedPrefix) {
			return invalidRequestURI
		}
		return requestURIUnsupported
	}
	return nil
}

func (c *call) responseType(*authRequest) error {
	switch c.get("response_type") {
	case "code":
		return nil
	case "":
		return missingType
	}
	return unsupportedType
}

func (c *call) requestState(req *authRequest) error {
	req.nonce = c.get("nonce")
	if req.state == "" && !c.s.strict() { // Okta requires it; RFC 6749 §4.1.1 recommends it
		return invalidState
	}
	return nil
}

func (c *call) scopes(req *authRequest) (err error) {
	asked := strings.Fields(c.get("scope"))
	if i := slices.Index(asked, "openid"); i > 0 && c.lets("scope-order") {
		asked = slices.Delete(asked, i, i+1)
	}
	if req.scopes, err = c.grantable(req.client, asked); err != nil {
		return err
	}
	if !c.s.strict() && !req.has("openid") && slices.ContainsFunc(req.scopes, func(s string) bool { return slices.Contains(claimScopes, s) }) {
		return openIDScopeRequired
	}
	if !req.client.allowsGrant("refresh_token") { // then offline_access has no meaning
		req.scopes = slices.DeleteFunc(req.scopes, func(s string) bool { return s == "offline_access" })
	}
	return nil
}

var claimScopes = []string{"profile", "email", "address", "phone"}

// grantable returns those of scopes that a server gives to a client, in the server's own order: RFC 6749 §3.3 gives the
// order no meaning. Okta refuses a scope it does not know; to the letter of OpenID Connect Core 1.0 §3.1.2.1 it is
// ignored.
func (c *call) grantable(cl *client, scopes []string) ([]string, error) {
	if len(scopes) == 0 {
		return nil, missingScopes
	}
	var out, unknown []string
	for _, s := range scopes {
		known := slices.Contains(oidcScopes, s) || slices.Contains(c.as.Scopes, s)
		if known && (cl.Scopes == nil || s == "openid" || slices.Contains(cl.Scopes, s)) {
			out = append(out, s)
		} else {
			unknown = append(unknown, s)
		}
	}
	if len(unknown) > 0 && c.lets("scope-not-granted") {
		out, unknown = append(out, unknown...), nil
	}
	if len(unknown) > 0 && (!c.s.strict() || len(out) == 0) {
		return nil, noMatchingScope.with("These scopes are not configured for the authorization server: %s", strings.Join(unknown, " "))
	}
	slices.Sort(out)
	return slices.Compact(out), nil
}

// RFC 7636 §4.2: base64url of a SHA-256, without padding.
var challengeSyntax = regexp.MustCompile(`^[A-Za-z0-9_-]{43}$`)

func (c *call) challenge(req *authRequest) (err error) {
	req.challenge = c.get("code_challenge")
	req.jkt = c.get("dpop_jkt") // RFC 9449 §10
	if req.challenge == "" {
		if c.lets("pkce-not-required") || c.lets("pkce-downgrade") {
			return nil
		}
		if req.client.allowsMethod("none") || req.client.RequirePKCE || c.params.Has("code_challenge_method") {
			return missingChallenge
		}
		return nil
	}
	if c.get("code_challenge_method") == "plain" && c.lets("pkce-plain") {
		req.challenge, err = mockoidc.GenerateCodeChallenge("S256", req.challenge) // as the others are kept
		return err
	}
	if c.get("code_challenge_method") != "S256" { // RFC 7636 §4.3: none means plain, which is not supported
		return challengeMethod
	}
	if !challengeSyntax.MatchString(req.challenge) {
		return invalidChallenge
	}
	return nil
}

func (c *call) prompt(req *authRequest) error {
	prompts := strings.Fields(c.get("prompt"))
	for _, p := range prompts {
		switch p {
		case "none":
			req.noPrompt = true
		case "login", "select_account":
			req.reLogin = true
		case "consent":
			req.reConsent = true
		default:
			return invalidPrompt
		}
	}
	if req.noPrompt && len(prompts) > 1 { // OpenID Connect Core 1.0 §3.1.2.1
		if !c.lets("prompt-none-and-login") {
			return invalidPrompt
		}
		req.noPrompt = false
	}
	if !c.params.Has("max_age") {
		return nil
	}
	age, err := strconv.ParseInt(c.get("max_age"), 10, 32)
	if err != nil || age < 0 {
		return invalidMaxAge
	}
	req.maxAge, req.hasMaxAge = time.Duration(age)*time.Second, true
	if age == 0 && req.noPrompt {
		return promptForZeroMaxAge
	}
	return nil
}

func (c *call) hints(req *authRequest) (err error) {
	req.loginHint = c.get("login_hint")
	if hint := c.get("id_token_hint"); hint != "" {
		claims, err := c.as.readIDToken(hint)
		if err != nil {
			return invalidHint
		}
		req.hintSubject, _ = claims["sub"].(string)
	}
	req.acr, err = c.chooseACR(strings.Fields(c.get("acr_values")))
	return err
}

// chooseACR is the first of values that is known. To the letter acr_values is a voluntary wish (OpenID Connect Core 1.0
// §3.1.2.1); Okta refuses what it cannot meet.
func (c *call) chooseACR(values []string) (string, error) {
	for _, v := range values {
		if slices.Contains(acrValues, v) {
			return v, nil
		}
	}
	if len(values) > 0 && !c.s.strict() {
		return "", unmetRequirements
	}
	return "", nil
}

func (c *call) requestedClaims(req *authRequest) error {
	if raw := c.get("claims"); raw != "" {
		if err := json.Unmarshal([]byte(raw), &req.claims); err != nil {
			return invalidClaims
		}
	}
	return nil
}
