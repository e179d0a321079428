package mockidp

import (
	"errors"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"
	"time"
)

// OktaOrg is how an organisation's login okta goes: a sign-in is a list of screens, those of First and then those of the
// person's Policy. A screen of a Policy is one of
//
//   - a factor: password, google_otp, okta_verify (a code), push, question, email, magic_link (a code, or the link that
//     was mailed), sms, passkey; several with | between them are a choice: "google_otp|email"
//   - something to set up: enrol (must), enrol-optional; what is offered stands after a colon, of google_otp, which is all
//     without one, passkey, question, email, sms and password: "enrol-optional:passkey|google_otp". Once it was set up
//     the screen is left out, and a required one lets factors follow that the person does not have yet
//   - something about the password: password-expired, password-expiring
//   - a question: keep-me-signed-in, device-grace, consent, granular-consent
//   - another provider: redirect-idp
//   - a refusal: not-assigned, unsatisfiable, denied, failure-redirect
type OktaOrg struct {
	Name       string   // default Example
	Engine     string   // identity (default): the Identity Engine; classic: the one before it, with password, factors, enrol, passwords, consent and not-assigned
	Page       string   // how the page hands over its state token: default, custom (a customised page) or databag
	Generation int      // of the widget: 2 (default) or 3
	First      []string // identify (default) or identify-password (default of classic), and device-challenge before it
	IdP        string   // where redirect-idp leads; default https://idp.example.com/

	ShowLockOuts        bool // a locked account is named as such
	HideUnknownUsers    bool // an unknown user is asked for a password
	GranularConsent     bool // scopes are chosen one by one
	RedirectRemediation bool // success-redirect and failure-redirect are remediations; else members of their own
	DeviceFingerprints  bool // the page takes the browser's fingerprint, as Okta's does
	RateLimits          bool // 10 requests per state token and 20 per user in 5 s, by the server's clock; classic: 4 per user in a second
}

// Passkey is a WebAuthn credential of a [Person].
type Passkey struct {
	ID        []byte // credential ID
	PublicKey []byte // PKIX, in DER; P-256
	SignCount uint32
}

// oktaAccount is what login okta knows of an account. Server.mu guards it.
type oktaAccount struct {
	used     map[string]int64     // the last TOTP step, by method
	counts   []uint32             // signCount of each passkey, as last seen
	calls    []time.Time          // of the last seconds
	pushes   []*oktaSignIn        // that wait for an answer
	renewed  bool                 // the password was changed
	enrolled []string             // methods that were set up
	devices  map[string]time.Time // that are remembered, and until when
}

const (
	widgetPath      = "/assets/js/sdk/okta-signin-widget/"
	idxPath         = "/idp/idx/"
	tokenPath       = "/login/token/redirect"
	fingerprintPath = "/auth/services/devicefingerprint"
	loginScriptPath = "/assets/js/mvc/loginpage/initLoginPage.pack.js"
	ssoPath         = "/sso/idps/"
	linkPath        = "/email/verify/"
)

func (s *Server) configureOkta() error {
	if s.cfg.Login != "okta" {
		return nil
	}
	o := &s.cfg.Org
	if s.strict() {
		return errors.New("login okta: want profile okta, got strict")
	}
	if err := oneOf("okta page", &o.Page, "default", "custom", "databag"); err != nil {
		return err
	}
	if err := oneOf("okta engine", &o.Engine, "identity", "classic"); err != nil {
		return err
	}
	if o.Name == "" {
		o.Name = "Example"
	}
	if o.IdP == "" {
		o.IdP = "https://idp.example.com/"
	}
	if u, err := url.Parse(o.IdP); err != nil || u.Host == "" {
		return fmt.Errorf("okta idp: want a URL, got %q", o.IdP)
	}
	if o.Generation == 0 {
		o.Generation = 2
	}
	if o.Generation != 2 && o.Generation != 3 {
		return fmt.Errorf("okta generation: want 2 or 3, got %d", o.Generation)
	}
	if s.classic() {
		if err := s.configureClassic(); err != nil {
			return err
		}
	}
	if o.First == nil {
		o.First = []string{"identify"}
	}
	for i, name := range o.First {
		last := i == len(o.First)-1
		if sc := screenNamed(name); sc == nil || !sc.first || last != strings.HasPrefix(name, "identify") {
			return fmt.Errorf("okta first: want device-challenge, if at all, then identify or identify-password; got %q", o.First)
		}
	}
	return s.openWidget()
}

// oktaRoutes adds the endpoints of login okta. A path that ends in a slash is a folder.
func (s *Server) oktaRoutes(routes map[string]route) {
	if s.cfg.Login != "okta" {
		return
	}
	org := s.servers["org"]
	add := func(path, name, method string, page bool, handle func(*call) error) {
		routes[path] = route{endpoint{name: name, methods: []string{method}, handle: handle, page: page}, org}
	}
	if s.classic() {
		s.classicRoutes(add)
	} else {
		s.idxRoutes(add)
	}
	add(ssoPath, "idp redirect", "GET", true, (*call).idpRedirect)
	add(fingerprintPath, "fingerprint", "GET", true, (*call).fingerprint)
	add(loginScriptPath, "login script", "GET", true, (*call).loginScript)
	add("/img/logos/default.png", "logo", "GET", true, (*call).empty) // the widget asks for it at consent
	if s.cfg.Widget != "" {
		add(widgetPath, "widget", "GET", true, (*call).widgetFile)
	}
}

func (s *Server) idxRoutes(add func(path, name, method string, page bool, handle func(*call) error)) {
	for _, name := range idxEndpoints() {
		add(idxPath+strings.TrimPrefix(name, "idx/"), name, "POST", false, (*call).idx)
	}
	add(tokenPath, "token redirect", "GET", true, (*call).tokenRedirect)
	add(linkPath, "magic link", "GET", true, (*call).magicLink)
}

// folder is where a path lies, if what lies there is served by one route.
func folder(path string) string {
	for _, f := range []string{widgetPath, ssoPath, linkPath, authnFactorsPath} {
		if strings.HasPrefix(path, f) {
			return f
		}
	}
	return path
}

// sessionCookie is the name of the cookie of a session: Okta's two engines have different ones.
func (s *Server) sessionCookie() string {
	if s.cfg.Login == "okta" && !s.classic() {
		return "idx"
	}
	return "sid"
}

// Screens returns the names that a [Person]'s Policy is made of, as [OktaOrg] explains them.
func Screens() []string {
	var names []string
	for _, m := range methods {
		names = append(names, m.name)
	}
	for _, s := range oktaScreens() {
		if !s.first {
			names = append(names, s.name)
		}
	}
	return append(names, slices.Sorted(maps.Keys(refusals))...)
}

// checkPolicy finds screens that are not there, and factors that the person does not have.
func (a *account) checkPolicy() error {
	var later []string // what the person will have
	for _, name := range a.person.Policy {
		if offers, ok := enrolScreen(name); ok {
			if err := a.checkEnrol(offers); err != nil {
				return fmt.Errorf("user %q: policy: %s: %w", a.person.Login, name, err)
			}
			if !strings.HasPrefix(name, "enrol-optional") {
				later = append(later, offers...)
			}
			continue
		}
		if sc := screenNamed(name); sc != nil && !sc.first || refusals[name] != nil {
			continue
		}
		for choice := range strings.SplitSeq(name, "|") {
			m := methodNamed(choice)
			if m == nil {
				return fmt.Errorf("user %q: policy: unknown screen %q", a.person.Login, name)
			}
			if !m.has(a) && !slices.Contains(later, choice) {
				return fmt.Errorf("user %q: policy: %s: the user has none", a.person.Login, choice)
			}
		}
	}
	return nil
}

// policy is the screens after the user name; proven says that the password was asked for with it.
func (a *account) policy(proven bool) []string {
	p := slices.Clone(a.person.Policy)
	if len(p) == 0 {
		p = []string{"password"}
		if a.totp != nil {
			p = append(p, "google_otp")
		}
	}
	if proven && len(p) > 0 && p[0] == "password" {
		p = p[1:]
	}
	return p
}
