package mockidp

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Okta's older engine, Classic: the hosted page speaks to /api/v1/authn, and what comes of that is a session token, which
// a redirect makes a session of. Then the authorization request goes on, and asks for consent on a page of its own.

const (
	authnPath        = "/api/v1/authn"
	authnFactorsPath = authnPath + "/factors/"
	sessionPath      = "/login/sessionCookieRedirect"
	resumePath       = "/oauth2/v1/authorize/redirect"
	stepUpPath       = "/login/step-up/redirect"
	webfingerPath    = "/.well-known/webfinger"

	authnTTL = 5 * time.Minute // of state tokens and session tokens
)

// authnSignIn is a sign-in under way at the Classic engine, under one state token from its beginning to its end.
// Server.mu guards it.
type authnSignIn struct {
	oktaSignIn          // with a request: the consent of somebody who is signed in
	later      []string // screens of the authorization request, which comes after
	device     string   // the cookie DT of the browser
	known      bool     // the device is remembered: no factor is asked for
	collective bool     // any of several passkeys is asked for
	relay      string   // relayState
}

// resumption is an authorization request that waits for its user to be signed in. Server.mu guards it.
type resumption struct {
	request *authRequest
	signIn  *authnSignIn // whose session token was brought; nil: none yet
}

func (s *Server) classic() bool { return s.cfg.Login == "okta" && s.cfg.Org.Engine == "classic" }

func (s *Server) configureClassic() error {
	o := &s.cfg.Org
	if o.First == nil {
		o.First = []string{"identify-password"}
	}
	switch {
	case o.Generation == 3:
		return errors.New("okta generation: the engine classic has 2 alone, got 3")
	case o.GranularConsent:
		return errors.New("okta granular consent: the engine classic has no such screen")
	case o.RedirectRemediation:
		return errors.New("okta redirect remediation: the engine classic has no remediations")
	case slices.Contains(o.First, "device-challenge"):
		return errors.New("okta first: the engine classic has no screen device-challenge")
	}
	return nil
}

// classicScreens are those of a policy that the Classic engine has besides factors.
var classicScreens = []string{"password-expired", "password-expiring", "denied", "redirect-idp"}

// laterScreens are those of them that the authorization request shows, once its user is signed in.
var laterScreens = []string{"consent", "not-assigned"}

// checkClassic finds screens that the Classic engine does not have, or not where they are.
func (s *Server) checkClassic(a *account) error {
	policy, later := a.person.Policy, false
	for i, name := range policy {
		wrong := ""
		offers, enrols := enrolScreen(name)
		switch {
		case slices.Contains(laterScreens, name):
			later = true
			continue
		case later:
			wrong = "the engine classic asks for consent and assignment last"
		case name == "redirect-idp" && (len(policy) > 1 || !slices.Contains(s.cfg.Org.First, "identify")):
			wrong = "the engine classic leads away by the user name alone: it has to be the only screen, after identify"
		case slices.Contains(classicScreens, name):
		case i == 0 && name != "password":
			wrong = "the engine classic asks for the password first"
		case enrols && slices.Equal(offers, []string{"google_otp"}):
		case enrols:
			wrong = "the engine classic has google_otp alone to set up"
		case i > 0 && slices.ContainsFunc(strings.Split(name, "|"), func(m string) bool { return m == "password" }):
			wrong = "the engine classic asks for the password with the user name"
		case slices.ContainsFunc(strings.Split(name, "|"), func(m string) bool { return m != "password" && authnFactorNamed(m) == nil }):
			wrong = "the engine classic has no such screen"
		}
		if wrong != "" {
			return fmt.Errorf("user %q: policy: %s: %s", a.person.Login, name, wrong)
		}
	}
	return nil
}

// classicRoutes adds the endpoints of the Classic engine.
func (s *Server) classicRoutes(add func(path, name, method string, page bool, handle func(*call) error)) {
	for _, name := range authnEndpoints() {
		add("/api/v1/"+name, name, "POST", false, (*call).authn)
	}
	add(authnFactorsPath, "authn/factors", "POST", false, (*call).authn)
	add(webfingerPath, "webfinger", "GET", false, (*call).webfinger)
	add(sessionPath, "session redirect", "GET", true, (*call).sessionRedirect)
	add(resumePath, "authorize redirect", "GET", true, (*call).resumeAuthorize)
	add(stepUpPath, "step-up redirect", "GET", true, (*call).stepUpRedirect)
}

// authnEndpoints are the names of the Classic engine's endpoints. What is below authn/factors goes by that name.
func authnEndpoints() []string {
	out := []string{"authn"}
	for _, o := range authnOperations() {
		if o.path != "" && !strings.Contains(o.path, "*") {
			out = append(out, "authn/"+o.path)
		}
	}
	return out
}

func isAuthn(name string) bool { return name == "authn" || strings.HasPrefix(name, "authn/") }

// beginClassic answers with the hosted page: for t's request to be signed in to, or for the consent of t's user.
func (c *call) beginClassic(t *transaction) error {
	f := &authnSignIn{device: c.device()}
	key := c.s.random.token()[:20]
	c.s.mu.Lock()
	if t.account != nil {
		f.oktaSignIn = oktaSignIn{
			token: c.s.random.authnToken(), expires: c.now.Add(authnTTL), request: t.request, login: t.account.person.Login,
			account: t.account, amr: t.amr, authTime: t.authTime, screens: []string{"consent"},
		}
		c.s.authns.put(f.token, f, c.now, f.expires)
	} else {
		c.s.resumptions.put(key, &resumption{request: t.request}, c.now, c.now.Add(transactionTTL))
	}
	c.s.mu.Unlock()
	base, o := c.s.base.String(), c.s.cfg.Org
	p := oktaPage{StateToken: f.token, FromURI: base + resumePath + "?okta_key=" + key, Config: map[string]any{
		"features": map[string]any{
			"idpDiscovery": slices.Contains(o.First, "identify"), "multiOptionalFactorEnroll": true, "webauthn": true, "selfServiceUnlock": o.ShowLockOuts,
		},
		"username": t.request.loginHint, "useClassicEngine": true, // without which the classic bundle refuses
	}}
	if f.token != "" {
		p.FromURI = base + stepUpPath + "?stateToken=" + f.token
	}
	return c.hostedPage(p)
}

// authnToken has the shape of a state token of the Classic engine: it begins with 00, and is no JWE.
func (r *random) authnToken() string { return "00" + r.token()[:40] }
