package mockidp

import (
	"encoding/json"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
)

// FuzzIDX sends anything to a sign-in's endpoints: it gets a state of the sign-in or a refusal, and never in.
func FuzzIDX(f *testing.F) {
	s, err := Start(fast(Config{Login: "okta", Users: []User{
		oktaUser("password|google_otp|okta_verify|push|question|magic_link|sms|passkey", "consent"),
	}}))
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() {
		if err := s.Close(); err != nil {
			f.Error(err)
		}
	})
	email := stableID("aut", "okta_email")
	for i, name := range idxEndpoints() {
		f.Add(uint8(i), `{"stateHandle": "HANDLE"}`, "")
		if name == "idx/challenge" {
			f.Add(uint8(i), `{"stateHandle": "HANDLE", "authenticator": {"id": "`+email+`", "methodType": "email"}}`, `{"credentials": {"passcode": "000000"}, "stateHandle": "HANDLE"}`)
			f.Add(uint8(i), `{"stateHandle": "HANDLE", "authenticator": {"id": "`+stableID("aut", "webauthn")+`"}}`,
				`{"credentials": {"clientData": "e30", "authenticatorData": "AAAA", "signatureData": ""}, "stateHandle": "HANDLE"}`)
			f.Add(uint8(i), `{"stateHandle": "HANDLE", "authenticator": {"id": "`+stableID("aut", "okta_verify")+`", "methodType": "push"}}`, `{"credentials": [], "stateHandle": "HANDLE"}`)
		}
	}
	f.Add(uint8(5), `{"stateHandle":null,"credentials":{"passcode":{}},"optedScopes":{"x":1}}`, "[]")
	handle := regexp.MustCompile(`"stateHandle":"([^"]*)"`)
	f.Fuzz(func(t *testing.T, endpoint uint8, body, answer string) {
		w := httptest.NewRecorder()
		s.ServeHTTP(w, httptest.NewRequest("GET", "/oauth2/v1/authorize?client_id=oidcflow&response_type=code&scope=openid&state=s&redirect_uri="+
			testRedirect+"&code_challenge_method=S256&code_challenge="+testChallenge, nil))
		now := stateToken(t, w.Body.String())
		send := func(path, body string) {
			r := httptest.NewRequest("POST", idxPath+path, strings.NewReader(strings.ReplaceAll(body, "HANDLE", now)))
			r.Header.Set("Content-Type", "application/json")
			w := httptest.NewRecorder()
			s.ServeHTTP(w, r)
			switch w.Code {
			case 200, 400, 401, 403:
			default:
				t.Fatalf("%s: status %d: %s", path, w.Code, w.Body)
			}
			var state map[string]any
			if err := json.Unmarshal(w.Body.Bytes(), &state); err != nil {
				t.Fatalf("%s: %v: %s", path, err, w.Body)
			}
			if state["success"] != nil {
				t.Fatalf("%s: signed in with %q", path, body)
			}
			if m := handle.FindStringSubmatch(w.Body.String()); m != nil {
				now = m[1]
			}
		}
		send("identify", `{"identifier": "alice", "stateHandle": "HANDLE"}`)
		names := idxEndpoints()
		send(strings.TrimPrefix(names[int(endpoint)%len(names)], "idx/"), body)
		send("challenge/answer", answer)
	})
}
