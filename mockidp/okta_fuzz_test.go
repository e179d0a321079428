package mockidp

import (
	"encoding/json"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// bob is the bit of FuzzIDX's endpoint that says that he signs in, who has everything to set up yet.
const bob = 1 << 7

// FuzzIDX sends anything to a sign-in's endpoints: it gets a state of the sign-in or a refusal, and never in.
func FuzzIDX(f *testing.F) {
	s, err := Start(fast(Config{Login: "okta", Users: []User{
		oktaUser("password|google_otp|okta_verify|push|question|magic_link|sms|passkey", "consent"),
		Person{Login: "bob", Policy: []string{"enrol:google_otp|passkey|sms"}},
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
	enrol := uint8(slices.Index(idxEndpoints(), "idx/credential/enroll")) | bob
	for key, answer := range map[string]string{"google_otp": `{"passcode": "000000"}`, "phone_number": `{}`, "webauthn": `{"clientData": "e30", "attestation": "oA", "transports": "[]", "clientExtensions": "{}"}`} {
		f.Add(enrol, `{"stateHandle": "HANDLE", "authenticator": {"id": "`+stableID("aut", key)+`"}}`, `{"credentials": `+answer+`, "stateHandle": "HANDLE"}`)
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
		who := "alice"
		if endpoint&bob != 0 {
			who = "bob"
		}
		send("identify", `{"identifier": "`+who+`", "stateHandle": "HANDLE"}`)
		names := idxEndpoints()
		send(strings.TrimPrefix(names[int(endpoint&^bob)%len(names)], "idx/"), body)
		send("challenge/answer", answer)
	})
}
