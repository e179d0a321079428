package flow

import (
	"context"
	"errors"
	"net/url"
	"slices"
	"strings"

	"github.com/oidcflow/oidcflow/flow/trace"
)

// CallbackAt returns the authorization response in location, if location is redirectURI with response parameters in
// its query or fragment. Scheme, host, port, path and the redirect URI's own query are compared exactly, after what
// every browser does to a URL: scheme and host in lower case, no default port, / for an empty path.
//
// A location that is the redirect URI without any parameter is one too: its Params are empty, and [Client.Code] refuses
// it. So a driver that stops where CallbackAt says so never requests the redirect URI.
func CallbackAt(redirectURI, location string) (*Callback, bool) {
	want, err := url.Parse(redirectURI)
	if err != nil {
		return nil, false
	}
	got, err := url.Parse(location)
	if err != nil || !samePlace(want, got) {
		return nil, false
	}
	// A malformed pair is left out here, and found by Code in Raw.
	params, _ := url.ParseQuery(got.RawQuery)
	own, _ := url.ParseQuery(want.RawQuery)
	if !removeAll(params, own) {
		return nil, false
	}
	if fragment := got.EscapedFragment(); len(params) == 0 && fragment != "" {
		params, _ = url.ParseQuery(fragment)
		return &Callback{Mode: "fragment", Params: params, Raw: fragment}, true
	}
	return &Callback{Mode: "query", Params: params, Raw: got.RawQuery}, true
}

// CallbackFromForm returns the authorization response in body, a form_post (OAuth 2.0 Form Post Response Mode).
func CallbackFromForm(body string) (*Callback, error) {
	if len(body) > maxBody {
		return nil, stepError(trace.Callback, "too_large", "form_post: want at most %d bytes, got %d", maxBody, len(body))
	}
	params, err := url.ParseQuery(body)
	if err != nil {
		return nil, stepError(trace.Callback, "malformed", "form_post: the body is not a form")
	}
	return &Callback{Mode: "form_post", Params: params, Raw: body}, nil
}

// Code returns the authorization code in cb, once cb has proved to be the answer to a.
func (c *Client) Code(ctx context.Context, a *Authorization, cb *Callback) (code string, err error) {
	ctx, end := trace.Start(ctx, trace.Callback)
	defer func() { end(err) }()
	m, err := c.provider(ctx)
	if err != nil {
		return "", err
	}
	if code = cb.Params.Get("code"); code != "" {
		trace.Learn(ctx, trace.NewSecret("code", code, c.hosts(m.Endpoints.Token)...))
	}
	if err := a.accept(cb); err != nil {
		return "", cb.named(err)
	}
	if code == "" {
		return "", cb.named(stepError(trace.Callback, "empty", "neither code nor error in the response"))
	}
	for _, name := range verifiedInCallback(a, cb) {
		trace.Record(ctx, trace.Event{Kind: trace.Verified, Name: name})
	}
	return code, nil
}

// named returns err, which is about cb, with the name of the request that cb answers.
func (cb *Callback) named(err error) error {
	var e *Error
	if errors.As(err, &e) {
		e.RequestID = clip(cb.RequestID)
	}
	return err
}

// accept returns why cb is not a successful answer to a.
func (a *Authorization) accept(cb *Callback) error {
	if _, err := url.ParseQuery(cb.Raw); err != nil {
		return stepError(trace.Callback, "malformed", "the response is not form-encoded")
	}
	// RFC 6749 §3.1: "Request and response parameters MUST NOT be included more than once."
	for _, name := range []string{"state", "iss", "code", "error", "error_description", "error_uri"} {
		if n := len(cb.Params[name]); n > 1 {
			return stepError(trace.Callback, "duplicate_parameter", "%s: want it once, got it %d times", name, n)
		}
	}
	// RFC 6749 §10.12: the state first, or the rest may be somebody else's.
	if got := cb.Params.Get("state"); a.State == "" || got != a.State {
		return stepError(trace.Callback, "state", "state: want %q, got %q", clip(a.State), clip(got))
	}
	// RFC 9207 §2.4: compared where it comes, and demanded where it was promised.
	switch got, has := cb.Params.Get("iss"), cb.Params.Has("iss"); {
	case !has && a.IssuerInCallback:
		return stepError(trace.Callback, "iss", "iss: want %q, got none, though the provider promises it", a.Issuer)
	case has && a.Issuer != "" && got != a.Issuer:
		return stepError(trace.Callback, "iss", "iss: want %q, got %q", a.Issuer, clip(got))
	}
	if cb.Params.Has("error") {
		return a.refusal(cb)
	}
	// An error may come by another way than the code: providers that cannot serve the mode say so in the query.
	if want := a.mode(); cb.Mode != want {
		e := stepError(trace.Callback, "response_mode", "response mode: want %q, got %q", want, cb.Mode)
		e.Hint = "leave the response mode out if the provider does not have it"
		return e
	}
	return nil
}

// refusal returns the provider's error in cb (RFC 6749 §4.1.2.1).
func (a *Authorization) refusal(cb *Callback) error {
	if cb.Params.Has("code") {
		return stepError(trace.Callback, "code_and_error", "both code and error in the response")
	}
	p := &ProviderError{
		Code:        clip(cb.Params.Get("error")),
		Description: clip(cb.Params.Get("error_description")),
		URI:         clip(cb.Params.Get("error_uri")),
	}
	return &Error{Step: trace.Callback, Code: "authorize." + codeWord(p.Code), Err: p, Hint: hintFor(p)}
}

// mode returns the response mode that a asks for.
func (a *Authorization) mode() string {
	if a.ResponseMode == "" {
		return "query" // OAuth 2.0 Multiple Response Type Encoding Practices §2.1, for the response type code
	}
	return a.ResponseMode
}

// verifiedInCallback returns the names of what Code has compared.
func verifiedInCallback(a *Authorization, cb *Callback) []string {
	if a.Issuer != "" && cb.Params.Has("iss") {
		return []string{"state", "callback_iss"}
	}
	return []string{"state"}
}

// samePlace reports whether got is want but for query and fragment.
func samePlace(want, got *url.URL) bool {
	return strings.EqualFold(want.Scheme, got.Scheme) &&
		want.Opaque == got.Opaque &&
		got.User.String() == want.User.String() &&
		hostPort(want) == hostPort(got) &&
		pathOf(want) == pathOf(got)
}

// pathOf returns the path of u as a browser sends it.
func pathOf(u *url.URL) string {
	if p := u.EscapedPath(); p != "" || u.Host == "" {
		return p
	}
	return "/"
}

// removeAll takes each value of own out of params once, and reports whether all were there.
func removeAll(params, own url.Values) bool {
	for name, values := range own {
		for _, v := range values {
			i := slices.Index(params[name], v)
			if i < 0 {
				return false
			}
			params[name] = slices.Delete(params[name], i, i+1)
		}
		if len(params[name]) == 0 {
			delete(params, name)
		}
	}
	return true
}
