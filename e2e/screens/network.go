package screens

import (
	"io"
	"net/http"
	"regexp"
	"strings"
	"sync/atomic"
)

// Network is what happens between browser and Okta: a handler around Okta's.
type Network func(okta http.Handler) http.Handler

// phone is alice's: when Okta is asked again after it has sent a push, she has answered that with the number that the page
// shows.
func phone(s *Scene) Network {
	return func(okta http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			for _, p := range s.Okta.Pushes() {
				// An error says that it waits no longer: another request was quicker.
				_ = s.Okta.AnswerPush(p.Login, p.Number)
			}
			okta.ServeHTTP(w, r)
		})
	}
}

// sessionCookie is the name of the cookie of a session, of either engine's; mockidp's has the port behind it.
var sessionCookie = regexp.MustCompile(`^(idx|sid)_`)

// keepSession remembers the session that a sign-in began, and shows it at the next authorization: each sign-in of a driver
// begins without cookies.
func keepSession(*Scene) Network {
	var kept atomic.Pointer[http.Cookie]
	return func(okta http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if k := kept.Load(); k != nil && strings.HasSuffix(r.URL.Path, "/v1/authorize") {
				r.AddCookie(&http.Cookie{Name: k.Name, Value: k.Value})
			}
			okta.ServeHTTP(w, r)
			for _, k := range (&http.Response{Header: w.Header()}).Cookies() {
				if sessionCookie.MatchString(k.Name) {
					kept.Store(k)
				}
			}
		})
	}
}

// refuse has Okta answer the user's name with a refusal, each time.
func refuse(with func(http.ResponseWriter)) func(*Scene) Network {
	return func(*Scene) Network {
		return func(okta http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if strings.HasSuffix(r.URL.Path, "/idp/idx/identify") || strings.HasSuffix(r.URL.Path, "/api/v1/authn") {
					with(w)
					return
				}
				okta.ServeHTTP(w, r)
			})
		}
	}
}

// envelope is the shape of Okta's errors besides those of the engines.
func envelope(w http.ResponseWriter, status int, code, summary string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	// An error is the client's who does not listen any more.
	_, _ = w.Write([]byte(`{"errorCode":"` + code + `","errorSummary":"` + summary + `","errorLink":"` + code + `","errorId":"oae1","errorCauses":[]}`))
}

// tooMany wants the request again in an hour.
func tooMany(w http.ResponseWriter) {
	w.Header().Set("X-Rate-Limit-Limit", "600")
	w.Header().Set("X-Rate-Limit-Remaining", "0")
	w.Header().Set("X-Rate-Limit-Reset", "4102444800") // the first of January 2100
	envelope(w, http.StatusTooManyRequests, "E0000047", "API call exceeded rate limit due to too many requests.")
}

func broken(w http.ResponseWriter) {
	envelope(w, http.StatusInternalServerError, "E0000009", "Internal Server Error")
}

// withoutDevice loses the cookies of the browser on its way back to the application, DT among them.
func withoutDevice(*Scene) Network {
	return func(okta http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if strings.HasPrefix(r.URL.Path, "/login/") {
				r.Header.Del("Cookie")
			}
			okta.ServeHTTP(w, r)
		})
	}
}

// elsewhere is the path of another identity provider, which is reached by another host than Okta's.
const elsewhere = "/elsewhere"

// anotherProvider asks for a name and a password, too.
func anotherProvider(*Scene) Network {
	return func(okta http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path != elsewhere {
				okta.ServeHTTP(w, r)
				return
			}
			w.Header().Set("Content-Type", "text/html")
			// An error is the browser's that has gone.
			_, _ = io.WriteString(w, `<!doctype html><title>Another provider</title><form><input name=username><input name=password type=password><button>Sign in</button></form>`)
		})
	}
}
