package mockidp

import "net/http"

const pushedPrefix = "urn:okta:"

// par is the pushed authorization request endpoint (RFC 9126). Okta answers 200 where the RFC has 201.
func (c *call) par() error {
	if err := c.read(); err != nil {
		return err
	}
	cl, err := c.authenticate()
	if err != nil {
		return err
	}
	if c.params.Has("request_uri") { // RFC 9126 §2.1
		return pushedRequestURI
	}
	c.params.Set("client_id", cl.ID)
	jkt, err := c.optionalProof()
	if err != nil {
		return err
	}
	req, err := c.authRequest()
	if err != nil {
		return err
	}
	if jkt != "" { // RFC 9449 §10.1
		if req.jkt != "" && req.jkt != jkt {
			return dpopKeyChange
		}
		req.jkt = jkt
	}
	uri := pushedPrefix + c.s.random.token()
	c.s.mu.Lock()
	c.s.pushed.put(uri, req, c.now, c.now.Add(pushedTTL))
	c.s.mu.Unlock()
	status := http.StatusOK
	if c.s.strict() {
		status = http.StatusCreated
	}
	return c.json(status, map[string]any{"request_uri": uri, "expires_in": int(pushedTTL.Seconds())})
}

// takePushed is the pushed request that request_uri names, if it is cl's at this server. It is good once (RFC 9126 §4).
func (c *call) takePushed(cl *client) *authRequest {
	uri := c.get("request_uri")
	c.s.mu.Lock()
	defer c.s.mu.Unlock()
	req, ok := c.s.pushed.get(uri, c.now)
	if !ok || req.client.ID != cl.ID || req.as != c.as || len(c.params["request_uri"]) != 1 {
		return nil
	}
	if !c.lets("par-request-uri-reuse") {
		c.s.pushed.drop(uri)
	}
	return req
}
