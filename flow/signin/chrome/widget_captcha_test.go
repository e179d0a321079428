package chrome

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/oidcflow/oidcflow/flow/signin"
	"github.com/oidcflow/oidcflow/mockidp"
)

// A proof of work, as ALTCHA has it: the number that comes after the salt in what has that SHA-256.
const (
	proofSalt   = "2c5f0e9d41aa6b7c"
	proofNumber = 300
)

func proofChallenge(number int) string {
	sum := sha256.Sum256([]byte(proofSalt + strconv.Itoa(number)))
	return hex.EncodeToString(sum[:])
}

// captcha has the page that asks for the user's name want a captcha of that kind, too.
func captcha(kind string, proofs *atomic.Int32) between {
	field := `{"name":"captchaVerify","form":{"value":[{"name":"captchaId","value":"altcha","required":true,"mutable":false},{"name":"captchaToken","required":true,"hint":"captcha"}]}},`
	return func(okta http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			switch r.URL.Path {
			case "/api/v1/altcha":
				w.Header().Set("Content-Type", "application/json")
				fmt.Fprintf(w, `{"algorithm":"SHA-256","challenge":%q,"maxnumber":1000,"salt":%q,"signature":"x"}`, proofChallenge(proofNumber), proofSalt)
				return
			case "/idp/idx/identify":
				if proved(r) {
					proofs.Add(1)
				}
			}
			got := httptest.NewRecorder()
			okta.ServeHTTP(got, r)
			body := got.Body.String()
			if r.URL.Path == "/idp/idx/introspect" {
				body = strings.Replace(body, `{"name":"rememberMe"`, field+`{"name":"rememberMe"`, 1)
				body = strings.Replace(body, "{", `{"captcha":{"type":"object","value":{"id":"altcha","siteKey":"s","type":"`+kind+`"}},`, 1)
			}
			for name, values := range got.Header() {
				if name != "Content-Security-Policy" && name != "Content-Length" {
					w.Header()[name] = values
				}
			}
			w.WriteHeader(got.Code)
			_, _ = io.WriteString(w, body) // the browser may be gone
		})
	}
}

// proved takes the proof out of a request, which Okta's engine of the test does not know, and reports whether it is one.
func proved(r *http.Request) bool {
	var in map[string]json.RawMessage
	var verify struct{ CaptchaToken string }
	if json.NewDecoder(r.Body).Decode(&in) != nil {
		return false
	}
	is := json.Unmarshal(in["captchaVerify"], &verify) == nil
	delete(in, "captchaVerify")
	rest, err := json.Marshal(in)
	if err != nil {
		return false
	}
	r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(rest)), int64(len(rest))
	r.Header.Set("Content-Length", strconv.Itoa(len(rest)))
	token, err := base64.StdEncoding.DecodeString(verify.CaptchaToken)
	var proof struct {
		Challenge string
		Number    int
	}
	return is && err == nil && json.Unmarshal(token, &proof) == nil && proof.Challenge == proofChallenge(proof.Number)
}

// TestOktaWidgetProofOfWork has the widget's own script do the work, before it sends the user's name.
func TestOktaWidgetProofOfWork(t *testing.T) {
	t.Parallel()
	inGenerations(t, func(t *testing.T, g int) {
		var proofs atomic.Int32
		o := startOktaBehind(t, captcha("ALTCHA", &proofs), mockidp.Config{Org: mockidp.OktaOrg{Generation: g}}, "password")
		_, err := o.client(t, sharedBrowser(t, binaries[0]), signin.Config{User: o.everything(t)}).Run(within(t, patience))
		require.NoError(t, err)
		require.EqualValues(t, 1, proofs.Load())
	})
}

func TestOktaWidgetCaptcha(t *testing.T) {
	t.Parallel()
	for _, kind := range []string{"HCAPTCHA", "RECAPTCHA_V2"} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			inGenerations(t, func(t *testing.T, g int) {
				var proofs atomic.Int32
				o := startOktaBehind(t, captcha(kind, &proofs), mockidp.Config{Org: mockidp.OktaOrg{Generation: g}}, "password")
				_, err := o.client(t, sharedBrowser(t, binaries[0]), signin.Config{User: o.everything(t)}).Run(within(t, patience))
				requireCode(t, "signin.captcha", err)
				require.ErrorContains(t, err, kind)
				for _, r := range o.Requests() {
					require.NotEqual(t, "/idp/idx/identify", r.Path, "nothing was sent")
				}
			})
		})
	}
}
