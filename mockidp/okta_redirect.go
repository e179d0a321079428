package mockidp

import "crypto/subtle"

// tokenRedirect ends a sign-in: it is where success-redirect leads, good once, for the browser that began.
func (c *call) tokenRedirect() error {
	key := c.r.URL.Query().Get("stateToken")
	device, err := c.r.Cookie("DT")
	if err != nil {
		return missingDevice
	}
	c.s.mu.Lock()
	f, ok := c.s.signIns.get(key, c.now)
	ok = ok && f.done() && key == f.handle
	if ok && subtle.ConstantTimeCompare([]byte(device.Value), []byte(f.device)) != 1 {
		c.s.mu.Unlock()
		return missingDevice
	}
	if ok {
		c.s.signIns.drop(f.handle)
		c.s.signIns.drop(f.token)
	}
	c.s.mu.Unlock()
	if !ok {
		return requestExpired
	}
	c.as, c.entry.Client = f.request.as, f.request.client.ID
	return c.finishOkta(f)
}

func (c *call) finishOkta(f *oktaSignIn) error {
	req := f.request
	if f.refused != nil {
		return c.respondError(req, f.refused)
	}
	if f.opted != nil {
		narrowed := *req
		narrowed.scopes, req = f.opted, &narrowed
	}
	t := &transaction{request: req, account: f.account, remember: f.remember, authTime: f.authTime, amr: f.amr}
	c.startSession(t)
	if req.hintSubject != "" && f.account.user.ID() != req.hintSubject {
		return c.respondError(req, hintMismatch)
	}
	if !meetsACR(req.acr, f.amr) {
		return c.respondError(req, unmetRequirements)
	}
	return c.finish(t)
}

var missingDevice = &problem{403, "access_denied", "missing_device_token", "The sign-in was begun in another browser.", false}
