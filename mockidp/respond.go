package mockidp

import (
	"cmp"
	"net/http"
	"net/url"
	"strings"
)

// respondError sends p to the redirect URI (RFC 6749 §4.1.2.1).
func (c *call) respondError(req *authRequest, p *problem) error {
	c.entry.Error, c.entry.Reason = p.Code, p.Reason
	return c.respond(req, url.Values{"error": {p.Code}, "error_description": {p.Description}})
}

// respond sends the authorization response by the request's response mode.
func (c *call) respond(req *authRequest, params url.Values) error {
	if req.state != "" {
		params.Set("state", req.state)
	}
	if c.s.strict() {
		params.Set("iss", c.as.issuer) // RFC 9207 §2
	}
	mode := req.mode
	for _, f := range c.faults(func(f *Fault) bool { return f.callback != nil || f.mode != "" }) {
		if f.callback != nil {
			f.callback(c.as, params)
		}
		mode = cmp.Or(f.mode, mode)
	}
	if mode == "form_post" {
		return c.formPost(req.redirectURI, params)
	}
	c.w.Header().Set("Referrer-Policy", "no-referrer")
	c.redirect(redirectURL(req.redirectURI, mode, params))
	return nil
}

// redirectURL adds params to uri, whose own query stays as it is (RFC 6749 §3.1.2).
func redirectURL(uri, mode string, params url.Values) string {
	switch {
	case mode == "fragment":
		return uri + "#" + params.Encode()
	case strings.HasSuffix(uri, "?"):
		return uri + params.Encode()
	case strings.Contains(uri, "?"):
		return uri + "&" + params.Encode()
	}
	return uri + "?" + params.Encode()
}

// redirect answers 303, after which every client asks with GET (RFC 9700 §2.1 forbids 307 here).
func (c *call) redirect(to string) {
	status := http.StatusFound
	if c.r.Method == "POST" {
		status = http.StatusSeeOther
	}
	c.w.Header()["Location"] = []string{to}
	c.status(status)
}
