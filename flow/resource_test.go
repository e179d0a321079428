package flow

import (
	"net/http"
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/oidcflow/oidcflow/flow/trace"
)

var access = &Tokens{AccessToken: trace.NewSecret("access_token", "access-1"), TokenType: "Bearer"}

func TestUserInfo(t *testing.T) {
	t.Parallel()
	const json = "application/json"
	signed := func(claims map[string]any) func(*fake) http.HandlerFunc {
		return func(f *fake) http.HandlerFunc {
			if claims["iss"] == "" {
				claims["iss"] = f.URL
			}
			return answerWith(200, "application/jwt", f.sign(kidOf("k1"), claims))
		}
	}
	plain := func(status int, body string, header ...string) func(*fake) http.HandlerFunc {
		return func(*fake) http.HandlerFunc { return answerWith(status, json, body, header...) }
	}
	for name, c := range map[string]struct {
		handler func(*fake) http.HandlerFunc
		code    string
	}{
		"JSON":                                {plain(200, `{"sub":"alice","n":1}`), ""},
		"signed":                              {signed(map[string]any{"sub": "alice"}), ""},
		"signed with iss and aud":             {signed(map[string]any{"sub": "alice", "iss": "", "aud": "tool"}), ""},
		"another sub":                         {plain(200, `{"sub":"aliceinvalid"}`), "userinfo.sub"},
		"no sub":                              {plain(200, `{"name":"alice"}`), "userinfo.sub"},
		"sub as a number":                     {plain(200, `{"sub":1}`), "userinfo.malformed"},
		"sub twice":                           {plain(200, `{"sub":"alice","sub":"bob"}`), "userinfo.malformed"},
		"signed, another sub":                 {signed(map[string]any{"sub": "bob"}), "userinfo.sub"},
		"signed, another issuer":              {signed(map[string]any{"sub": "alice", "iss": "https://evil"}), "userinfo.iss"},
		"signed, for another":                 {signed(map[string]any{"sub": "alice", "aud": "x"}), "userinfo.aud"},
		"signed, aud as a number":             {signed(map[string]any{"sub": "alice", "aud": 1}), "userinfo.aud"},
		"signed by nobody":                    {func(*fake) http.HandlerFunc { return answerWith(200, "application/jwt", "eyJhbGciOiJub25lIn0.e30.") }, "userinfo.alg"},
		"a token that is not valid":           {plain(401, "", "WWW-Authenticate", `Bearer error="invalid_token", error_description="The access token access-1 is invalid"`), "userinfo.invalid_token"},
		"a token without the scope":           {plain(403, "", "WWW-Authenticate", `Bearer error="insufficient_scope"`), "userinfo.insufficient_scope"},
		"refused without a word":              {plain(401, ""), "userinfo.http_error"},
		"refused in the body":                 {plain(403, `{"error":"nope"}`), "userinfo.nope"},
		"an error of the server":              {plain(500, ""), "userinfo.server_error"},
		"a redirect, which would lose tokens": {plain(302, "", "Location", "/elsewhere"), "userinfo.redirect"},
		"HTML":                                {func(*fake) http.HandlerFunc { return answerWith(200, "text/html", "<p>") }, "userinfo.not_json"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFake(t)
			f.handlers["/userinfo"] = c.handler(f)
			info, err := f.client(nil).UserInfo(t.Context(), access, "alice")
			_, header := f.form("/userinfo")
			require.Equal(t, "Bearer access-1", header.Get("Authorization"))
			require.Zero(t, f.count("/elsewhere"))
			if c.code != "" {
				requireCode(t, err, c.code)
				return
			}
			require.NoError(t, err)
			require.Equal(t, "alice", info["sub"])
		})
	}
}

// What may be asked twice is asked again after a 503 that says when.
func TestUserInfoWaitsForTheServer(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	f.handlers["/userinfo"] = func(w http.ResponseWriter, r *http.Request) {
		if f.count("/userinfo") == 1 {
			answerWith(503, "", "", "Retry-After", "2")(w, r)
			return
		}
		f.json(w, map[string]any{"sub": "alice"})
	}
	_, err := f.client(nil).UserInfo(t.Context(), access, "")
	require.NoError(t, err)
}

func TestIntrospect(t *testing.T) {
	t.Parallel()
	const json = "application/json"
	for name, c := range map[string]struct {
		handler http.HandlerFunc
		code    string
	}{
		"active":                   {answerWith(200, json, `{"active":true,"sub":"alice"}`), ""},
		"not active":               {answerWith(200, json, `{"active":false}`), ""},
		"active is missing":        {answerWith(200, json, `{}`), "introspect.malformed"},
		"active as a word":         {answerWith(200, json, `{"active":"true"}`), "introspect.malformed"},
		"the client is not known":  {answerWith(401, json, `{"error":"invalid_client"}`), "introspect.invalid_client"},
		"HTML":                     {answerWith(200, "text/html", `<p>`), "introspect.not_json"},
		"a redirect":               {answerWith(307, "", "", "Location", "/elsewhere"), "introspect.redirect"},
		"an error with the secret": {answerWith(400, json, `{"error":"invalid_request","error_description":"`+clientSecret+` access-1"}`), "introspect.invalid_request"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFake(t)
			f.handlers["/introspect"] = c.handler
			cl := f.client(func(cfg *Config) { cfg.ClientSecret = trace.NewSecret("client_secret", clientSecret) })
			answer, err := cl.Introspect(t.Context(), access.AccessToken, "access_token")
			form, header := f.form("/introspect")
			require.Equal(t, url.Values{"token": {"access-1"}, "token_type_hint": {"access_token"}}, form)
			_, secret, _ := (&http.Request{Header: header}).BasicAuth()
			require.Equal(t, clientSecret, secret)
			require.Zero(t, f.count("/elsewhere"))
			if c.code != "" {
				requireCode(t, err, c.code)
				return
			}
			require.NoError(t, err)
			require.Contains(t, answer, "active")
		})
	}
}

func TestRevoke(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	f.handlers["/revoke"] = answerWith(200, "", "")
	c := f.client(nil)
	require.NoError(t, c.Revoke(t.Context(), access.AccessToken, ""))
	form, _ := f.form("/revoke")
	require.Equal(t, url.Values{"token": {"access-1"}, "client_id": {"tool"}}, form)

	f.handlers["/revoke"] = answerWith(400, "application/json", `{"error":"unsupported_token_type"}`)
	requireCode(t, c.Revoke(t.Context(), access.AccessToken, "x"), "revoke.unsupported_token_type")
	f.handlers["/revoke"] = answerWith(503, "", "", "Retry-After", "1")
	requireCode(t, c.Revoke(t.Context(), access.AccessToken, ""), "revoke.server_error")
}

func TestLogout(t *testing.T) {
	t.Parallel()
	const back = "http://localhost:8080/bye"
	r := &Result{Tokens: Tokens{IDToken: trace.NewSecret("id_token", "id-1")}}
	for name, c := range map[string]struct {
		handler func(*fake) http.HandlerFunc
		code    string
	}{
		"back with the state": {func(f *fake) http.HandlerFunc {
			return func(w http.ResponseWriter, r *http.Request) {
				http.Redirect(w, r, back+"?state="+r.PostFormValue("state"), http.StatusFound)
			}
		}, ""},
		"a page":                  {func(*fake) http.HandlerFunc { return answerWith(200, "text/html", "<p>sure?") }, ""},
		"a redirect to a page":    {func(*fake) http.HandlerFunc { return answerWith(302, "", "", "Location", "/elsewhere") }, ""},
		"back with another state": {func(*fake) http.HandlerFunc { return answerWith(302, "", "", "Location", back+"?state=x") }, "logout.state"},
		"back without a state":    {func(*fake) http.HandlerFunc { return answerWith(302, "", "", "Location", back) }, "logout.state"},
		"a page that says no":     {func(*fake) http.HandlerFunc { return answerWith(400, "text/html", "<title>Bad Request</title>") }, "logout.http_error"},
		"an error of the provider": {func(*fake) http.HandlerFunc {
			return answerWith(400, "application/json", `{"error":"invalid_request"}`)
		}, "logout.invalid_request"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFake(t)
			f.handlers["/logout"] = c.handler(f)
			err := f.client(nil).Logout(t.Context(), r, back)
			form, _ := f.form("/logout")
			require.Equal(t, "id-1", form.Get("id_token_hint"))
			require.Equal(t, back, form.Get("post_logout_redirect_uri"))
			require.Zero(t, f.count("/elsewhere"))
			if c.code != "" {
				requireCode(t, err, c.code)
				return
			}
			require.NoError(t, err)
		})
	}
}

func TestLogoutURL(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	r := &Result{Tokens: Tokens{IDToken: trace.NewSecret("id_token", "id-1")}}
	u, err := f.client(nil).LogoutURL(t.Context(), r, "http://localhost:8080/bye", "s")
	require.NoError(t, err)
	require.Equal(t, url.Values{"client_id": {"tool"}, "id_token_hint": {"id-1"}, "state": {"s"},
		"post_logout_redirect_uri": {"http://localhost:8080/bye"}}, u.Query())
	f.metadata = set(map[string]any{"end_session_endpoint": nil})
	_, err = f.client(nil).LogoutURL(t.Context(), r, "", "")
	requireCode(t, err, "logout.unsupported")
}
