package mockidp

import (
	"encoding/json"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// FuzzAuthn sends anything to the endpoints of a sign-in at the Classic engine: it gets a state or a refusal, and never
// in.
func FuzzAuthn(f *testing.F) {
	u := oktaUser("password", "google_otp|okta_verify|push|question|email|sms|passkey")
	s, err := Start(fast(Config{Login: "okta", Org: OktaOrg{Engine: "classic"}, Users: []User{u}}))
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() {
		if err := s.Close(); err != nil {
			f.Error(err)
		}
	})
	var paths []string
	for _, o := range authnOperations() {
		if !strings.Contains(o.path, "*") {
			paths = append(paths, o.path)
			continue
		}
		for _, k := range authnFactors {
			for _, id := range k.ids(s.accounts[0]) {
				paths = append(paths, strings.Replace(o.path, "*", id, 1))
			}
		}
	}
	for i := range paths {
		f.Add(uint8(i), `{"stateToken": "TOKEN"}`, uint8(i), `{"stateToken": "TOKEN", "passCode": "000000"}`)
	}
	webauthn := uint8(slices.Index(paths, "factors/webauthn/verify"))
	f.Add(webauthn, `{"stateToken": "TOKEN"}`, webauthn, `{"stateToken": "TOKEN", "clientData": "e30", "authenticatorData": "AAAA", "signatureData": ""}`)
	f.Add(uint8(0), `{"username": "alice", "password": {}}`, uint8(0), `{"consent": []}`)
	token := regexp.MustCompile(`"stateToken":"([^"]*)"`)
	f.Fuzz(func(t *testing.T, first uint8, one string, second uint8, two string) {
		var now string
		send := func(path, body string) {
			r := httptest.NewRequest("POST", authnPath+"/"+path, strings.NewReader(strings.ReplaceAll(body, "TOKEN", now)))
			if path == "" {
				r.URL.Path = authnPath
			}
			r.Header.Set("Content-Type", "application/json")
			w := httptest.NewRecorder()
			s.ServeHTTP(w, r)
			if !slices.Contains([]int{200, 400, 401, 403, 404}, w.Code) {
				t.Fatalf("%s: status %d: %s", path, w.Code, w.Body)
			}
			var state map[string]any
			if err := json.Unmarshal(w.Body.Bytes(), &state); err != nil {
				t.Fatalf("%s: %v: %s", path, err, w.Body)
			}
			if state["status"] == "SUCCESS" || state["sessionToken"] != nil {
				t.Fatalf("%s: signed in with %q", path, body)
			}
			if m := token.FindStringSubmatch(w.Body.String()); m != nil {
				now = m[1]
			}
		}
		s.mu.Lock()
		s.accounts[0].wrong, s.accounts[0].locked = 0, false // guesses are no attack here
		s.mu.Unlock()
		send("", `{"username": "alice", "password": "`+oktaPassword+`"}`)
		send(paths[int(first)%len(paths)], one)
		send(paths[int(second)%len(paths)], two)
	})
}
