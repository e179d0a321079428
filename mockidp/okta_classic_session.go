package mockidp

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// takeSessionToken returns the sign-in that a session token is of. It is good once.
func (c *call) takeSessionToken(token string) *authnSignIn {
	c.s.mu.Lock()
	defer c.s.mu.Unlock()
	f, ok := c.s.authns.get(token, c.now)
	if !ok || !strings.HasPrefix(token, "20111") {
		return nil
	}
	c.s.authns.drop(token)
	return f
}

// transaction is f as the transaction of a request, which asks for consent if the policy says so.
func (f *authnSignIn) transaction(req *authRequest) *transaction {
	if slices.Contains(f.later, "consent") {
		asking := *req
		asking.reConsent, req = true, &asking
	}
	return &transaction{request: req, stage: stageConsent, account: f.account, authTime: f.authTime, amr: f.amr}
}

// enter goes on with a request whose user has just signed in at the Classic engine.
func (c *call) enter(req *authRequest, f *authnSignIn) error {
	if slices.Contains(f.later, "not-assigned") {
		return c.respondError(req, accessDenied.with("User is not assigned to the client application."))
	}
	return c.afterSignIn(f.transaction(req))
}

// sessionRedirect makes a session of a session token, and goes on to where the page says: to this server alone.
func (c *call) sessionRedirect() error {
	q := c.r.URL.Query()
	to, err := url.Parse(q.Get("redirectUrl"))
	if err != nil || !c.ours(to) {
		return foreignRedirect
	}
	f := c.takeSessionToken(q.Get("token"))
	if f != nil {
		c.startSession(f.transaction(&authRequest{}))
		c.s.mu.Lock()
		if r, ok := c.s.resumptions.get(to.Query().Get("okta_key"), c.now); ok {
			r.signIn = f
		}
		c.s.mu.Unlock()
	}
	c.redirect(to.String()) // without a session the request asks for one again
	return nil
}

var foreignRedirect = &problem{400, "invalid_request", "illegal_redirect_url", "The 'redirectUrl' parameter leads to another server.", false}

// ours reports whether u leads to this server.
func (c *call) ours(u *url.URL) bool {
	if u.Host == "" && u.Scheme == "" {
		return strings.HasPrefix(u.Path, "/")
	}
	return u.Scheme == c.s.base.Scheme && u.Host == c.s.base.Host
}

// resumeAuthorize goes on with an authorization request, now that its user has a session.
func (c *call) resumeAuthorize() error {
	key := c.r.URL.Query().Get("okta_key")
	sess := c.session()
	c.s.mu.Lock()
	r, ok := c.s.resumptions.get(key, c.now)
	c.s.resumptions.drop(key)
	c.s.mu.Unlock()
	if !ok {
		return requestExpired
	}
	c.as, c.entry.Client = r.request.as, r.request.client.ID
	if r.signIn == nil || sess == nil || sess.account != r.signIn.account {
		return c.begin(&transaction{request: r.request, stage: stageIdentifier})
	}
	return c.enter(r.request, r.signIn)
}

// stepUpRedirect is where a consent ends: with a code, or with a refusal.
func (c *call) stepUpRedirect() error {
	token := c.r.URL.Query().Get("stateToken")
	sess := c.session()
	c.s.mu.Lock()
	f, ok := c.s.authns.get(token, c.now)
	ok = ok && f.request != nil && f.done() && sess != nil && sess.account == f.account
	if ok {
		c.s.authns.drop(token)
	}
	c.s.mu.Unlock()
	if !ok {
		return requestExpired
	}
	c.as, c.entry.Client = f.request.as, f.request.client.ID
	if f.refused != nil {
		return c.respondError(f.request, f.refused)
	}
	return c.finish(f.transaction(f.request))
}

// webfinger says where a user signs in: here, or at another provider (RFC 7033, in Okta's words).
func (c *call) webfinger() error {
	resource := c.r.URL.Query().Get("resource")
	login, ok := strings.CutPrefix(resource, "okta:acct:")
	if !ok {
		return c.refuseAuthn(noSuchResource)
	}
	id, kind := stableID("00o", c.s.cfg.Org.Name), "OKTA"
	href := c.s.base.String() + ssoPath + kind + "?" + url.Values{"username": {login}}.Encode()
	if a := c.s.account(login); a != nil && slices.Contains(a.person.Policy, "redirect-idp") {
		id, kind = stableID("0oa", c.s.cfg.Org.IdP), "OIDC"
		href = c.s.base.String() + ssoPath + id
	}
	return c.json(http.StatusOK, object{"subject": resource, "links": []object{{
		"rel": "okta:idp", "href": href, "titles": object{"und": c.s.cfg.Org.Name},
		"properties": object{"okta:idp:id": id, "okta:idp:type": kind},
	}}})
}

var noSuchResource = &authnRefusal{400, "E0000001", "Api validation failed: resource", "The resource has to begin with okta:acct:."}
