package mockidp

import (
	"encoding/json"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
)

// FuzzAuthorize: whatever the request, nobody is sent to where the client has not registered.
func FuzzAuthorize(f *testing.F) {
	for _, login := range []string{"auto", "form"} {
		good := url.Values{
			"client_id": {"oidcflow"}, "redirect_uri": {testRedirect}, "response_type": {"code"}, "scope": {"openid"}, "state": {"s"},
			"code_challenge": {testChallenge}, "code_challenge_method": {"S256"}, "response_mode": {"fragment"},
		}
		f.Add(login == "auto", "GET", good.Encode())
		f.Add(login == "auto", "POST", good.Encode())
		good.Set("redirect_uri", `http://localhost\@evil.example/`)
		f.Add(login == "auto", "GET", good.Encode())
		good.Set("redirect_uri", "https://app.example.com/callback?x#y")
		f.Add(login == "auto", "GET", good.Encode())
		f.Add(login == "auto", "GET", "client_id=oidcflow&client_id=x&redirect_uri=javascript:alert(1)&claims={\"id_token\":{\"sub\":null}}&max_age=99")
		f.Add(login == "auto", "GET", "client_id=exact&redirect_uri=https://rp.example/cb%00&request_uri=urn:okta:x;&%zz")
	}
	servers := map[bool]*Server{}
	for auto, login := range map[bool]string{true: "auto", false: "form"} {
		s, err := Start(fast(Config{Login: login, Clients: []Client{{ID: "oidcflow"}, {ID: "exact", RedirectURIs: []string{"https://rp.example/cb"}}}}))
		if err != nil {
			f.Fatal(err)
		}
		f.Cleanup(func() {
			if err := s.Close(); err != nil {
				f.Error(err)
			}
		})
		servers[auto] = s
	}
	f.Fuzz(func(t *testing.T, auto bool, method, params string) {
		r := httptest.NewRequest("GET", "/oauth2/v1/authorize", nil)
		r.URL.RawQuery = params
		if method == "POST" {
			r = httptest.NewRequest("POST", "/oauth2/v1/authorize", strings.NewReader(params))
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		}
		w := httptest.NewRecorder()
		servers[auto].ServeHTTP(w, r)
		switch w.Code {
		case 200, 302, 303, 400:
		default:
			t.Fatalf("status %d: %s", w.Code, w.Body)
		}
		if to := w.Header().Get("Location"); to != "" && !registered(to) {
			t.Fatalf("%q was redirected to %q", params, to)
		}
	})
}

// registered is said in other words than isOpenRedirect.
func registered(to string) bool {
	if strings.HasPrefix(to, "/signin?tx=") {
		return true
	}
	for _, exact := range []string{"https://app.example.com/callback", "https://rp.example/cb"} {
		if rest, ok := strings.CutPrefix(to, exact); ok && (rest == "" || rest[0] == '?' || rest[0] == '#') {
			return true
		}
	}
	u, err := url.Parse(to)
	if err != nil || u.User != nil || u.Scheme != "http" && u.Scheme != "https" {
		return false
	}
	switch u.Hostname() {
	case "localhost", "127.0.0.1", "::1":
		return true
	}
	return strings.Trim(u.Hostname(), "0:") == "1" // [::1] in a longer spelling
}

// FuzzToken: nobody who has no code and no secret gets a token, and every answer is JSON.
func FuzzToken(f *testing.F) {
	form := url.Values{
		"grant_type": {"authorization_code"}, "code": {"x"}, "redirect_uri": {testRedirect}, "code_verifier": {testVerifier}, "client_id": {"oidcflow"},
	}
	f.Add(form.Encode(), "", "")
	f.Add(form.Encode(), "Basic b2lkY2Zsb3ctd2ViOng=", "a.b.c")
	f.Add("grant_type=client_credentials&scope=api:read&client_assertion=eyJhbGciOiJub25lIn0.eyJzdWIiOiJhIn0.&client_assertion_type="+jwtBearer, "", "")
	f.Add("grant_type=refresh_token&refresh_token=&client_id=oidcflow", "", `eyJhbGciOiJFUzI1NiIsImp3ayI6e319.e30.AA`)
	f.Add("grant_type=authorization_code&grant_type=x&%zz", "Basic !", "")
	s, err := Start(fast(Config{}))
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() {
		if err := s.Close(); err != nil {
			f.Error(err)
		}
	})
	f.Fuzz(func(t *testing.T, body, authorization, proof string) {
		r := httptest.NewRequest("POST", "/oauth2/default/v1/token", strings.NewReader(body))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		if authorization != "" {
			r.Header.Set("Authorization", authorization)
		}
		if proof != "" {
			r.Header.Set("DPoP", proof)
		}
		w := httptest.NewRecorder()
		s.ServeHTTP(w, r)
		if w.Code != 400 && w.Code != 401 {
			t.Fatalf("status %d: %s", w.Code, w.Body)
		}
		if !json.Valid(w.Body.Bytes()) {
			t.Fatalf("no JSON: %q", w.Body)
		}
	})
}
