package flow

import (
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestCallbackAt(t *testing.T) {
	t.Parallel()
	const app = "https://app.example.com/callback"
	for name, c := range map[string]struct {
		redirectURI, location string
		want                  *Callback
	}{
		"query":                               {app, app + "?code=a&state=b", &Callback{Mode: "query", Params: url.Values{"code": {"a"}, "state": {"b"}}, Raw: "code=a&state=b"}},
		"fragment":                            {app, app + "#code=a%2B&state=b", &Callback{Mode: "fragment", Params: url.Values{"code": {"a+"}, "state": {"b"}}, Raw: "code=a%2B&state=b"}},
		"query beside a fragment":             {app, app + "?code=a#_=_", &Callback{Mode: "query", Params: url.Values{"code": {"a"}}, Raw: "code=a"}},
		"nothing at all":                      {app, app, &Callback{Mode: "query", Params: url.Values{}, Raw: ""}},
		"the redirect URI's own query":        {app + "?a=1&b=2", app + "?b=2&a=1&code=x", &Callback{Mode: "query", Params: url.Values{"code": {"x"}}, Raw: "b=2&a=1&code=x"}},
		"own query and fragment":              {app + "?a=1", app + "?a=1#code=x", &Callback{Mode: "fragment", Params: url.Values{"code": {"x"}}, Raw: "code=x"}},
		"own query changed":                   {app + "?a=1", app + "?a=2&code=x", nil},
		"own query lost":                      {app + "?a=1", app + "?code=x", nil},
		"own parameter once more":             {app + "?a=1", app + "?a=1&a=1&code=x", &Callback{Mode: "query", Params: url.Values{"a": {"1"}, "code": {"x"}}, Raw: "a=1&a=1&code=x"}},
		"host and scheme in capitals":         {"HTTPS://App.example.com/callback", app + "?code=a", &Callback{Mode: "query", Params: url.Values{"code": {"a"}}, Raw: "code=a"}},
		"default port":                        {"https://app.example.com:443/callback", app + "?code=a", &Callback{Mode: "query", Params: url.Values{"code": {"a"}}, Raw: "code=a"}},
		"empty path":                          {"https://app.example.com", "https://app.example.com/?code=a", &Callback{Mode: "query", Params: url.Values{"code": {"a"}}, Raw: "code=a"}},
		"custom scheme":                       {"com.example.app:/cb", "com.example.app:/cb?code=a", &Callback{Mode: "query", Params: url.Values{"code": {"a"}}, Raw: "code=a"}},
		"custom scheme with host":             {"com.example.app://cb", "com.example.app://cb?code=a", &Callback{Mode: "query", Params: url.Values{"code": {"a"}}, Raw: "code=a"}},
		"urn":                                 {"urn:ietf:wg:oauth:2.0:oob", "urn:ietf:wg:oauth:2.0:oob?code=a", &Callback{Mode: "query", Params: url.Values{"code": {"a"}}, Raw: "code=a"}},
		"localhost with port":                 {"http://localhost:8080/cb", "http://localhost:8080/cb?code=a", &Callback{Mode: "query", Params: url.Values{"code": {"a"}}, Raw: "code=a"}},
		"localhost by another name":           {"http://localhost:8080/cb", "http://127.0.0.1:8080/cb?code=a", nil},
		"another port":                        {"http://localhost:8080/cb", "http://localhost:8081/cb?code=a", nil},
		"another scheme":                      {app, "http://app.example.com/callback?code=a", nil},
		"another host with the same start":    {app, "https://app.example.com.evil.example/callback?code=a", nil},
		"the host as a user":                  {app, "https://app.example.com@evil.example/callback?code=a", nil},
		"a user before the host":              {app, "https://me@app.example.com/callback?code=a", nil},
		"a longer path":                       {app, app + "/x?code=a", nil},
		"a slash more":                        {app, app + "/?code=a", nil},
		"a path in another case":              {app, "https://app.example.com/Callback?code=a", nil},
		"dots in the path":                    {app, "https://app.example.com/x/../callback?code=a", nil},
		"an encoded letter in the path":       {app, "https://app.example.com/c%61llback?code=a", nil},
		"another urn":                         {"urn:ietf:wg:oauth:2.0:oob", "urn:ietf:wg:oauth:2.0:oob:auto?code=a", nil},
		"a location that is no URL":           {app, "https://app.example.com/%zz", nil},
		"a redirect URI that is no URL":       {"://", app, nil},
		"a relative location":                 {app, "/callback?code=a", nil},
		"an escape that is none, found later": {app, app + "?code=%zz&state=b", &Callback{Mode: "query", Params: url.Values{"state": {"b"}}, Raw: "code=%zz&state=b"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, ok := CallbackAt(c.redirectURI, c.location)
			require.Equal(t, c.want, got)
			require.Equal(t, c.want != nil, ok)
		})
	}
}

func TestCallbackFromForm(t *testing.T) {
	t.Parallel()
	cb, err := CallbackFromForm("code=a+b&state=%26")
	require.NoError(t, err)
	require.Equal(t, &Callback{Mode: "form_post", Params: url.Values{"code": {"a b"}, "state": {"&"}}, Raw: "code=a+b&state=%26"}, cb)
	_, err = CallbackFromForm("code=%")
	requireCode(t, err, "callback.malformed")
	_, err = CallbackFromForm("code=" + strings.Repeat("a", maxBody))
	requireCode(t, err, "callback.too_large")
}

func TestCode(t *testing.T) {
	t.Parallel()
	const issuer = "https://id.example.com"
	for name, c := range map[string]struct {
		raw      string
		mode     string // how it came
		asked    string // the mode asked for
		promised bool   // iss
		code     string // of the error; empty: none
	}{
		"code and state":                    {raw: "code=x&state=s"},
		"unknown parameters are ignored":    {raw: "code=x&state=s&session_state=1&session_state=2"},
		"iss where it comes":                {raw: "code=x&state=s&iss=https://id.example.com"},
		"fragment as asked":                 {raw: "code=x&state=s", mode: "fragment", asked: "fragment"},
		"form_post as asked":                {raw: "code=x&state=s", mode: "form_post", asked: "form_post"},
		"another state":                     {raw: "code=x&state=s1", code: "callback.state"},
		"state in another case":             {raw: "code=x&state=S", code: "callback.state"},
		"no state":                          {raw: "code=x", code: "callback.state"},
		"an error without state":            {raw: "error=access_denied", code: "callback.state"},
		"nothing":                           {raw: "", code: "callback.state"},
		"iss of another":                    {raw: "code=x&state=s&iss=https://id.example.com1", code: "callback.iss"},
		"iss with a slash more":             {raw: "code=x&state=s&iss=https://id.example.com/", code: "callback.iss"},
		"iss empty":                         {raw: "code=x&state=s&iss=", code: "callback.iss"},
		"iss promised and not there":        {raw: "code=x&state=s", promised: true, code: "callback.iss"},
		"iss missing in an error":           {raw: "error=access_denied&state=s", promised: true, code: "callback.iss"},
		"iss of another in an error":        {raw: "error=access_denied&state=s&iss=https://evil", code: "callback.iss"},
		"no code":                           {raw: "state=s", code: "callback.empty"},
		"empty code":                        {raw: "code=&state=s", code: "callback.empty"},
		"two codes":                         {raw: "code=x&code=y&state=s", code: "callback.duplicate_parameter"},
		"the same code twice":               {raw: "code=x&code=x&state=s", code: "callback.duplicate_parameter"},
		"two states":                        {raw: "code=x&state=s&state=t", code: "callback.duplicate_parameter"},
		"code and error":                    {raw: "code=x&error=access_denied&state=s", code: "callback.code_and_error"},
		"a broken escape":                   {raw: "code=x&state=s&x=%zz", code: "callback.malformed"},
		"a semicolon":                       {raw: "code=x;state=s", code: "callback.malformed"},
		"the query where a form was asked":  {raw: "code=x&state=s", asked: "form_post", code: "callback.response_mode"},
		"a fragment where none was asked":   {raw: "code=x&state=s", mode: "fragment", code: "callback.response_mode"},
		"access denied":                     {raw: "error=access_denied&error_description=no&state=s", code: "authorize.access_denied"},
		"an error by another way":           {raw: "error=unsupported_response_mode&state=s", asked: "form_post", code: "authorize.unsupported_response_mode"},
		"an error of the provider's own":    {raw: "error=Not-Today!&state=s", code: "authorize.not_today"},
		"an error without a name":           {raw: "error=&state=s", code: "authorize.unknown_error"},
		"an error that would be a path":     {raw: "error=/../../etc&state=s", code: "authorize.....etc"},
		"an error that goes on for a while": {raw: "error=" + strings.Repeat("a", 900) + "&state=s", code: "authorize." + strings.Repeat("a", 40)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			// Endpoints by hand: nothing is fetched.
			cl, err := New(Config{Issuer: issuer, ClientID: "tool",
				Endpoints: Endpoints{Authorization: issuer + "/a", Token: issuer + "/t", JWKS: issuer + "/k"}})
			require.NoError(t, err)
			params, _ := url.ParseQuery(c.raw) // what is broken is left out, as CallbackAt does
			if c.mode == "" {
				c.mode = "query"
			}
			code, err := cl.Code(t.Context(),
				&Authorization{Issuer: issuer, State: "s", ResponseMode: c.asked, IssuerInCallback: c.promised},
				&Callback{Mode: c.mode, Params: params, Raw: c.raw})
			if c.code != "" {
				requireCode(t, err, c.code)
				return
			}
			require.NoError(t, err)
			require.Equal(t, "x", code)
		})
	}
}

// A callback without a state is nobody's answer, even to a request that lost its own.
func TestCodeWithoutAnyState(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	_, err := f.client(nil).Code(t.Context(), &Authorization{}, &Callback{Mode: "query", Params: url.Values{"code": {"x"}}})
	requireCode(t, err, "callback.state")
}

func TestProviderErrorAtTheRedirectURI(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	f.callback = func(v url.Values) {
		v.Del("code")
		v.Set("error", "access_denied")
		v.Set("error_description", "User is not\r\nassigned\x1b[31m to the client application.")
		v.Set("error_uri", "https://id.example.com/help")
	}
	_, err := f.client(nil).Run(t.Context())
	requireCode(t, err, "authorize.access_denied")
	var p *ProviderError
	require.ErrorAs(t, err, &p)
	require.Equal(t, &ProviderError{Code: "access_denied", URI: "https://id.example.com/help",
		Description: "User is not  assigned[31m to the client application."}, p)
	require.Zero(t, f.count("/token"))
}
