package screens

import (
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/oidcflow/oidcflow/flow"
	"github.com/oidcflow/oidcflow/flow/signin"
	"github.com/oidcflow/oidcflow/flow/trace"
	"github.com/oidcflow/oidcflow/mockidp"
)

// failures are what goes wrong.
func failures() []Row {
	shown := mockidp.OktaOrg{ShowLockOuts: true}
	return []Row{
		{Name: "wrong password", User: wrongPassword, Code: "signin.invalid_credentials", Says: "Password is incorrect", Asks: typed},
		{Name: "wrong password on one page", Org: mockidp.OktaOrg{First: []string{"identify-password"}}, User: wrongPassword,
			Code: "signin.invalid_credentials", Says: "Authentication failed", Asks: named},
		{Name: "wrong code", Policy: []string{"password", "sms"}, User: wrongCode, Code: "signin.invalid_credentials",
			Says: "Invalid code", Asks: typed + " challenge challenge/answer"},
		{Name: "wrong answer", Policy: []string{"password", "question"}, User: wrongAnswer, Code: "signin.invalid_credentials",
			Says: "answer", Asks: typed + " challenge/answer"},
		{Name: "code of another's app", Policy: []string{"password", "google_otp"}, User: anothersApp, Code: "signin.invalid_credentials",
			Says: "code", Asks: typed + " challenge/answer challenge/answer"},
		{Name: "code already used", Policy: []string{"password", "google_otp"}, User: usedCode, AMR: "mfa otp pwd",
			Asks: typed + " challenge/answer challenge/answer"},
		{Name: "locked", Org: shown, Person: locked, Code: "signin.locked_out", Says: "locked", Asks: named},
		{Name: "locked, and not told", Person: locked, Code: "signin.invalid_credentials", Asks: typed},
		{Name: "unknown user", User: mallory, Code: "signin.user_unknown", Says: "no account", Asks: named},
		{Name: "unknown user, and not told", Org: mockidp.OktaOrg{HideUnknownUsers: true}, User: mallory, Code: "signin.invalid_credentials", Asks: typed},
		{Name: "session expired", Policy: []string{"password", "question"}, User: thinksForADay, Code: "signin.session_expired",
			Says: "inactivity", Asks: typed + " challenge/answer"},
		{Name: "not assigned to the application", Policy: []string{"password", "not-assigned"}, Code: "signin.not_assigned", Says: "not assigned", Asks: typed},
		{Name: "policy denies", Policy: []string{"password", "denied"}, Code: "signin.denied_by_policy", Says: "security.access_denied", Asks: typed},
		{Name: "policy cannot be satisfied", Policy: []string{"password", "unsatisfiable"}, Code: "signin.denied_by_policy", Says: "oie.assurance.unsatisfiable", Asks: typed},
		{Name: "refused, with a way back", Policy: []string{"password", "failure-redirect"}, Code: "signin.not_assigned", Asks: typed},
		{Name: "too many requests", Net: refuse("identify", tooMany), Code: "signin.rate_limited", Asks: "introspect"},
		{Name: "server error", Net: refuse("identify", broken), Code: "signin.server_error", Asks: "introspect"},
		{Name: "another redirect URI", Client: func(c *flow.Config) { c.RedirectURI = "https://elsewhere.example/callback" }, Code: "authorize.invalid_request", Says: "redirect_uri"},
		{Name: "nobody may be asked", Client: silent, Code: "authorize.login_required"},
		{Name: "without the device's cookie", Net: withoutDevice, Code: "signin.denied_by_policy", Asks: typed},
	}
}

func wrongPassword(s *Scene) {
	s.Config.User.Password = trace.NewSecret("password", "wrong horse battery")
}

func locked(p *mockidp.Person) { p.Locked = true }

func mallory(s *Scene) { s.Config.User.Name = "mallory" }

func silent(c *flow.Config) { c.Prompt = "none" }

// factor answers every challenge in the same way.
type factor func() trace.Secret

// Answer implements [signin.Factor].
func (f factor) Answer(context.Context, signin.Challenge) (trace.Secret, error) { return f(), nil }

func wrongCode(s *Scene) {
	s.Config.User.Factors = []signin.Factor{factor(func() trace.Secret { return trace.NewSecret("code", "not the code") })}
}

func wrongAnswer(s *Scene) {
	s.Config.User.Factors = []signin.Factor{factor(func() trace.Secret { return trace.NewSecret("answer", "Rome in autumn") })}
}

// thinksForADay is alice, who knows the answer tomorrow.
func thinksForADay(s *Scene) {
	s.Config.User.Factors = []signin.Factor{factor(func() trace.Secret {
		s.Okta.Clock().Advance(24 * time.Hour)
		return trace.NewSecret("answer", answer)
	})}
}

// anothersApp is alice with somebody else's phone.
func anothersApp(s *Scene) {
	s.Config.User.Factors = []signin.Factor{s.app("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ")}
}

// usedCode is alice after another job has signed her in with this very code.
func usedCode(s *Scene) {
	job := s.Flow
	job.SignIn = s.idx(s.everything())
	s.before = func(ctx context.Context) error {
		client, err := flow.New(job)
		if err != nil {
			return err
		}
		_, err = client.Run(ctx)
		return err
	}
}

// refuse has Okta answer what ends in path with a refusal, each time.
func refuse(path string, with func(http.ResponseWriter)) func(*Scene) Network {
	return func(*Scene) Network {
		return at("/"+path, func(w http.ResponseWriter, _ *http.Request) bool {
			with(w)
			return true
		})
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

// withoutDevice loses the cookie DT on the way.
func withoutDevice(*Scene) Network {
	return func(okta http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if strings.HasSuffix(r.URL.Path, "/login/token/redirect") {
				r.Header.Del("Cookie")
			}
			okta.ServeHTTP(w, r)
		})
	}
}
