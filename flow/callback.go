package flow

import (
	"errors"
	"fmt"
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
		return nil, &Error{Step: trace.Callback, Code: "callback.too_large",
			Err: fmt.Errorf("form_post: want at most %d bytes, got %d", maxBody, len(body))}
	}
	params, err := url.ParseQuery(body)
	if err != nil {
		return nil, &Error{Step: trace.Callback, Code: "callback.malformed", Err: errors.New("form_post: the body is not a form")}
	}
	return &Callback{Mode: "form_post", Params: params, Raw: body}, nil
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
