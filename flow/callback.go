package flow

// CallbackAt returns the authorization response in location, if location is redirectURI with response parameters in
// its query or fragment. Scheme, host, port, path and the redirect URI's own query are compared exactly.
func CallbackAt(redirectURI, location string) (*Callback, bool) {
	return nil, false
}

// CallbackFromForm returns the authorization response in body, a form_post (OAuth 2.0 Form Post Response Mode).
func CallbackFromForm(body string) (*Callback, error) {
	return nil, nil
}
