package flow

import (
	"bytes"
	"fmt"
	"net/http"
	"strings"

	"github.com/oidcflow/oidcflow/flow/trace"
)

// object reads the answer as a JSON object, or returns what came instead.
func (a *answer) object() (object, error) {
	o, err := decodeObject(a.body)
	if err == nil {
		return o, nil
	}
	k := a.call
	if title, is := htmlTitle(a.contentType(), a.body); is {
		e := a.errorf("not_json", "%s: want JSON, got an HTML page titled %q", k.place(), a.clean(title))
		e.Hint = fmt.Sprintf("see whether this is the URL of the provider's %s", k.name)
		return nil, e
	}
	body := bytes.TrimSpace(a.body)
	if len(body) == 0 {
		return nil, a.errorf("not_json", "%s: want JSON, got an empty body with %s", k.place(), statusText(a.status))
	}
	if body[0] != '{' {
		return nil, a.errorf("not_json", "%s: want a JSON object, got %q", k.place(), a.contentType())
	}
	return nil, a.errorf("malformed", "%s: %w", k.place(), err)
}

// failure returns the error that the answer is, or nil: an error response of RFC 6749 §5.2, whatever its status; Okta's
// envelope of errorCode and errorSummary; or a status that is no success.
func (a *answer) failure() error {
	o, err := decodeObject(a.body)
	if err != nil {
		o = nil
	}
	p := providerError(o)
	if p == nil && a.status < 400 {
		return nil
	}
	k := a.call
	if p == nil {
		return a.statusError()
	}
	p.Status = a.status
	p.Code, p.Description, p.URI = a.clean(p.Code), a.clean(p.Description), a.clean(p.URI)
	code := codeWord(p.Code)
	switch {
	case a.status >= 500:
		code = "server_error"
	case a.status == http.StatusTooManyRequests:
		code = "rate_limited"
	}
	return a.named(&Error{Step: k.step, Code: string(k.step) + "." + code, Err: fmt.Errorf("%s: %w", k.name, p), Hint: hintFor(p)})
}

// statusError returns the error of an answer that says nothing in words for programs.
func (a *answer) statusError() error {
	k := a.call
	code := "http_error"
	switch {
	case a.status >= 500:
		code = "server_error"
	case a.status == http.StatusTooManyRequests:
		code = "rate_limited"
	case a.status == http.StatusNotFound:
		code = "not_found"
	}
	e := a.errorf(code, "%s: %s", k.place(), statusText(a.status))
	if title, is := htmlTitle(a.contentType(), a.body); is {
		e.Err = fmt.Errorf("%w, with an HTML page titled %q", e.Err, a.clean(title))
	}
	return e
}

// clean returns a provider's text for a message: on one line, bounded, and without the secrets that it was sent.
func (a *answer) clean(s string) string {
	for _, secret := range a.sent {
		s = trace.NewSecret("", secret).Hide(s)
	}
	return clip(s)
}

// providerError returns the error that o tells, or nil.
func providerError(o object) *ProviderError {
	for _, shape := range []struct{ code, description, uri string }{
		{"error", "error_description", "error_uri"},
		{"errorCode", "errorSummary", "errorLink"}, // Okta's API, for an unknown client too
	} {
		code, err := o.text(shape.code)
		if err != nil || code == "" {
			continue
		}
		p := &ProviderError{Code: code}
		// A description of another type than string is no reason to lose the error.
		p.Description, _ = o.text(shape.description)
		p.URI, _ = o.text(shape.uri)
		return p
	}
	return nil
}

// codeWord returns a provider's error code as a part of ours, which goes into exit codes, file names and logs.
func codeWord(code string) string {
	const maxCode = 40
	code = strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9', r == '_', r == '.':
			return r
		case r >= 'A' && r <= 'Z':
			return r + 'a' - 'A'
		case r == '-', r == ' ':
			return '_'
		}
		return -1
	}, code)
	if code = code[:min(len(code), maxCode)]; code == "" {
		return "unknown_error"
	}
	return code
}

// hints are what to do about a provider's error. The first that fits is given: code equal, text in the description.
var hints = []struct{ code, text, hint string }{
	{"", "redirect_uri", "register the redirect URI with the provider, letter by letter"},
	{"", "redirect uri", "register the redirect URI with the provider, letter by letter"},
	{"", "redirection uri", "register the redirect URI with the provider, letter by letter"},
	{"", "pkce", "see whether the client may use PKCE with S256"},
	{"", "code verifier", "see whether the client may use PKCE with S256"},
	{"invalid_client", "", "see whether client id and secret are right, and which client authentication the provider wants"},
	{"invalid_grant", "", "a code works once, for some minutes, and for the client and redirect URI that it was made for"},
	{"unauthorized_client", "", "allow this client the authorization code grant"},
	{"invalid_scope", "", "ask for scopes that the provider has and the client may use"},
	{"unsupported_grant_type", "", "allow this client the grant type"},
	{"unsupported_response_type", "", "allow this client the response type code"},
	{"login_required", "", "there is no session for prompt=none: leave the prompt out"},
	{"consent_required", "", "grant the consent once, or leave prompt=none out"},
	{"interaction_required", "", "leave prompt=none out"},
	{"invalid_dpop_proof", "", "see whether this machine's clock is right"},
	{"use_dpop_nonce", "", "the provider did not take the nonce that it gave"},
}

func hintFor(p *ProviderError) string {
	description := strings.ToLower(p.Description)
	for _, h := range hints {
		if (h.code == "" || h.code == p.Code) && strings.Contains(description, h.text) {
			return h.hint
		}
	}
	return ""
}

// usage returns an error of the call itself, before anything was sent.
func usage(code, hint, format string, args ...any) *Error {
	return &Error{Code: "usage." + code, Hint: hint, Err: fmt.Errorf(format, args...)}
}

// unsupported returns the error of an endpoint that the provider does not have.
func unsupported(step trace.Step, name string) *Error {
	return &Error{Step: step, Code: string(step) + ".unsupported", Err: fmt.Errorf("the provider has no %s", name)}
}
