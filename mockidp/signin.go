package mockidp

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// signIn finds the user of a request: straight away with login auto; else who is signed in, or by asking.
func (c *call) signIn(req *authRequest) error {
	if c.s.cfg.Login == "auto" {
		return c.autoSignIn(req)
	}
	if c.s.classic() {
		if f := c.takeSessionToken(c.get("sessionToken")); f != nil {
			c.startSession(f.transaction(req))
			return c.enter(req, f)
		}
	}
	sess := c.session()
	p := c.needsSignIn(req, sess)
	if p == nil && req.hintSubject != "" && sess.account.user.ID() != req.hintSubject {
		p = hintMismatch
	}
	if p != nil {
		if req.noPrompt {
			return c.respondError(req, p)
		}
		return c.begin(&transaction{request: req, stage: stageIdentifier, login: c.loginHint(req, sess)})
	}
	t := &transaction{request: req, stage: stageConsent, account: sess.account, authTime: sess.authTime, amr: sess.amr}
	return c.afterSignIn(t)
}

// autoSignIn answers as the user of the hints, else of the queue, else as the first user. That user counts as signed in
// at this moment, with every factor they have.
func (c *call) autoSignIn(req *authRequest) error {
	a, err := c.autoUser(req)
	if err != nil {
		return err
	}
	if a == nil {
		return c.respondError(req, accessDenied)
	}
	c.s.mu.Lock()
	locked := a.locked
	c.s.mu.Unlock()
	if locked {
		return c.respondError(req, userLocked)
	}
	if !meetsACR(req.acr, a.factors()) {
		return c.respondError(req, unmetRequirements)
	}
	return c.finish(&transaction{request: req, account: a, authTime: c.now, amr: a.factors()})
}

func (c *call) autoUser(req *authRequest) (*account, error) {
	for _, login := range []string{req.loginHint, req.hintSubject} {
		if a := c.s.account(login); a != nil {
			return a, nil
		}
	}
	if u := c.s.queues.user(); u != nil {
		return newAccount(u)
	}
	c.s.mu.Lock()
	defer c.s.mu.Unlock()
	if len(c.s.accounts) == 0 {
		return nil, nil
	}
	return c.s.accounts[0], nil
}

// factors is amr of a full sign-in.
func (a *account) factors() []string {
	if a.totp != nil {
		return []string{"mfa", "otp", "pwd"}
	}
	return []string{"pwd"}
}

func meetsACR(acr string, amr []string) bool {
	return acr != "urn:okta:loa:2fa:any" || slices.Contains(amr, "mfa")
}

// needsSignIn says why the session, which may be nil, is not enough.
func (c *call) needsSignIn(req *authRequest, sess *session) *problem {
	switch {
	case sess == nil:
		return loginRequired
	case req.reLogin,
		req.hasMaxAge && c.now.Sub(sess.authTime) > req.maxAge,
		req.hasMaxAge && req.maxAge == 0,
		!meetsACR(req.acr, sess.amr):
		return reauthRequired
	}
	return nil
}

func (c *call) loginHint(req *authRequest, sess *session) string {
	if req.loginHint == "" && sess != nil {
		return sess.account.person.Login
	}
	return req.loginHint
}

// afterSignIn asks for consent where it is needed, and finishes.
func (c *call) afterSignIn(t *transaction) error {
	req := t.request
	if req.hintSubject != "" && t.account.user.ID() != req.hintSubject {
		return c.respondError(req, hintMismatch)
	}
	if !meetsACR(req.acr, t.amr) {
		return c.respondError(req, unmetRequirements)
	}
	if !c.needsConsent(t) {
		return c.finish(t)
	}
	if req.noPrompt {
		return c.respondError(req, consentRequired)
	}
	t.stage = stageConsent
	return c.begin(t)
}

func (c *call) needsConsent(t *transaction) bool {
	if t.request.reConsent {
		return true
	}
	if !t.request.client.RequireConsent {
		return false
	}
	c.s.mu.Lock()
	defer c.s.mu.Unlock()
	return !t.account.consentsTo(t.request.client.ID, t.request.scopes)
}

// finish answers the request with a code for the transaction's user.
func (c *call) finish(t *transaction) error {
	req := t.request
	c.entry.User = t.account.person.Login
	g := &grant{request: req, account: t.account, authTime: t.authTime, amr: t.amr, acr: req.acr, jkt: req.jkt}
	value := c.s.queues.code()
	if value == "" {
		value = c.s.random.token()
	}
	for _, f := range c.faults(func(f *Fault) bool { return f.code != nil }) {
		value = f.code(c.s, value)
	}
	c.s.mu.Lock()
	c.s.codes.put(value, &code{grant: g}, c.now, c.now.Add(codeTTL))
	c.s.mu.Unlock()
	lied(&g.lie, c.faults(func(f *Fault) bool { return f.callback != nil || f.mode != "" }))
	return c.respond(req, url.Values{"code": {value}})
}

// cookieName is a name of this server's own: cookies do not know ports (RFC 6265 §8.5), and a test may run several.
func (c *call) cookieName(what string) string {
	_, port, ok := strings.Cut(c.s.base.Host, ":")
	if !ok {
		return what
	}
	return what + "_" + strings.Trim(port[strings.LastIndex(port, ":")+1:], "]")
}

func (c *call) cookie(what string) string {
	k, err := c.r.Cookie(c.cookieName(what))
	if err != nil {
		return ""
	}
	return k.Value
}

// setCookie sets a cookie until expires; zero: until the browser is closed.
func (c *call) setCookie(what, value string, expires time.Time) {
	k := &http.Cookie{
		Name: c.cookieName(what), Value: value, Path: "/", Expires: expires,
		HttpOnly: true, SameSite: http.SameSiteLaxMode, Secure: c.s.base.Scheme == "https",
	}
	if !expires.IsZero() {
		// The browser has a clock of its own, the provider's may be anywhere: a span, not a date.
		k.MaxAge, k.Expires = max(int(expires.Sub(c.now)/time.Second), -1), time.Time{}
	}
	http.SetCookie(c.w, k)
}

// session is the browser's session, or nil.
func (c *call) session() *session {
	id := c.cookie(c.s.sessionCookie())
	if id == "" {
		return nil
	}
	c.s.mu.Lock()
	defer c.s.mu.Unlock()
	sess, ok := c.s.sessions.get(id, c.now)
	if !ok || sess.account.locked {
		return nil
	}
	return sess
}

// startSession signs the transaction's user in with the browser, under a new identifier.
func (c *call) startSession(t *transaction) {
	ttl, cookieUntil := sessionTTL, time.Time{}
	if t.remember {
		ttl = longSessionTTL
		cookieUntil = c.now.Add(ttl)
	}
	sess := &session{id: c.s.random.token(), account: t.account, authTime: t.authTime, amr: t.amr, expires: c.now.Add(ttl)}
	c.s.mu.Lock()
	c.s.sessions.drop(c.cookie(c.s.sessionCookie()))
	c.s.sessions.put(sess.id, sess, c.now, sess.expires)
	c.s.mu.Unlock()
	c.setCookie(c.s.sessionCookie(), sess.id, cookieUntil)
}

func (c *call) endSession() {
	if id := c.cookie(c.s.sessionCookie()); id != "" {
		c.s.mu.Lock()
		c.s.sessions.drop(id)
		c.s.mu.Unlock()
		c.setCookie(c.s.sessionCookie(), "", c.now.Add(-time.Second))
	}
}
