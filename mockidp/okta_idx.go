package mockidp

import (
	"encoding/json"
	"errors"
	"mime"
	"net/http"
	"slices"
	"strings"
	"time"
)

// oktaSignIn is a sign-in under way at the Identity Engine. Server.mu guards it.
type oktaSignIn struct {
	token   string // the state token that the page was given
	handle  string // the newest state handle
	before  string // the one before: a poll may be under way with it
	device  string // the cookie DT of the browser that began it
	expires time.Time
	request *authRequest
	calls   []time.Time

	login    string
	account  *account // nil: not known yet, or nobody
	remember bool
	amr      []string
	authTime time.Time

	screens   []string // still to come, the present one first
	fresh     []string // methods that were set up, which proves them
	method    *method  // of the present screen; nil: to be chosen
	challenge challenge
	opted     []string // scopes that were chosen one by one; nil: all
	agreed    bool
	refused   *problem // what the client will be told
}

// challenge is what the present screen asks for.
type challenge struct {
	sent    bool
	at      time.Time // when it was sent
	code    string
	linked  bool   // the link that was mailed was opened
	number  string // of a push
	verdict string // of a push: approved, rejected, and told when the page knows
	nonce   string // of a passkey
	secret  string // of an enrolment
	enrol   *enrolment
	phone   string // that is being enrolled
}

func (f *oktaSignIn) done() bool { return len(f.screens) == 0 }

// idxEndpoints are the names of the Identity Engine's endpoints: idx/ and their paths.
func idxEndpoints() []string {
	return []string{
		"idx/introspect", "idx/identify", "idx/challenge", "idx/challenge/answer", "idx/challenge/poll", "idx/challenge/resend",
		"idx/authenticators/poll", "idx/authenticators/poll/cancel", "idx/credential/enroll", "idx/skip", "idx/cancel",
		"idx/consent", "idx/keep-me-signed-in",
	}
}

func isIDX(name string) bool { return strings.HasPrefix(name, "idx/") }

// idxInput is the body of a request, as far as any screen reads it.
type idxInput struct {
	StateToken    string      `json:"stateToken"`
	StateHandle   string      `json:"stateHandle"`
	Identifier    string      `json:"identifier"`
	RememberMe    bool        `json:"rememberMe"`
	Credentials   credentials `json:"credentials"`
	Authenticator struct {
		ID          string `json:"id"`
		MethodType  string `json:"methodType"`
		PhoneNumber string `json:"phoneNumber"`
	} `json:"authenticator"`
	KeepMeSignedIn bool            `json:"keepMeSignedIn"`
	Consent        bool            `json:"consent"`
	OptedScopes    map[string]bool `json:"optedScopes"`

	raw object
}

var malformedIDX = &problem{400, "E0000003", "malformed_body", "The request body was not well-formed.", true}

// idx is every endpoint of the Identity Engine: what may be sent is what the present screen's forms ask for.
func (c *call) idx() error {
	in, err := c.readIDX()
	if err != nil {
		return err
	}
	status, body, err := c.answerIDX(in)
	if err != nil {
		return err
	}
	raw, err := json.Marshal(body)
	if err != nil {
		return err
	}
	c.write(status, ionType, raw)
	return nil
}

func (c *call) readIDX() (in idxInput, err error) {
	t, _, err := mime.ParseMediaType(c.r.Header.Get("Content-Type"))
	if err != nil || t != "application/json" && t != "application/ion+json" {
		return in, malformedIDX
	}
	var raw json.RawMessage
	err = json.NewDecoder(http.MaxBytesReader(c.w, c.r.Body, maxBody)).Decode(&raw)
	if err == nil {
		err = errors.Join(json.Unmarshal(raw, &in), json.Unmarshal(raw, &in.raw))
	}
	if err != nil {
		return in, malformedIDX
	}
	return in, nil
}

func (c *call) answerIDX(in idxInput) (int, object, error) {
	c.s.mu.Lock()
	defer c.s.mu.Unlock()
	f := c.findSignIn(in)
	if f == nil {
		return c.view(nil, sessionExpired)
	}
	c.as, c.entry.Client = f.request.as, f.request.client.ID
	if c.limited(f) {
		return 0, nil, rateLimited
	}
	r := c.act(f, in)
	if f.account != nil {
		c.entry.User = f.account.person.Login
	}
	return c.view(f, r)
}

// findSignIn returns the sign-in of a request's handle. An old handle is refused, but to a poll, which may have been
// under way; so is one of another browser.
func (c *call) findSignIn(in idxInput) *oktaSignIn {
	key := in.StateHandle
	introspect := c.name == "idx/introspect"
	if introspect && in.StateToken != "" {
		key = in.StateToken
	}
	f, ok := c.s.signIns.get(key, c.now)
	if !ok {
		return nil
	}
	if k, err := c.r.Cookie("DT"); err == nil && k.Value != f.device {
		return nil
	}
	switch {
	case introspect && (key == f.token || key == f.handle), c.stale(f, key), key == f.handle && !f.done():
		return f
	}
	return nil
}

// stale reports whether the request is a poll of the screen before.
func (c *call) stale(f *oktaSignIn, handle string) bool {
	return strings.HasSuffix(c.name, "/poll") && handle == f.before
}

// act does what a request asks for.
func (c *call) act(f *oktaSignIn, in idxInput) *refusal {
	path := strings.TrimPrefix(c.name, "idx/")
	switch {
	case f.done(), c.stale(f, in.StateHandle): // whoever asks learns where the sign-in is
		return nil
	case path == "introspect":
		return refusals[f.screens[0]]
	case path == "cancel":
		return c.restart(f)
	}
	v := &idxView{c: c, f: f}
	v.show()
	var wrong *refusal
	for _, form := range v.all {
		if !strings.HasSuffix(form.Href, idxPath+path) {
			continue
		}
		if wrong = form.check(in.raw); wrong == nil {
			return f.screen().take(c, f, path, in)
		}
	}
	if wrong == nil { // the screen does not offer it
		wrong = badRequest
	}
	return wrong
}

// restart goes back to the first screen.
func (c *call) restart(f *oktaSignIn) *refusal {
	f.screens = slices.Clone(c.s.cfg.Org.First)
	f.login, f.account, f.amr = "", nil, nil
	return c.arrive(f)
}

// advance goes to the next screen.
func (c *call) advance(f *oktaSignIn) *refusal {
	f.screens = f.screens[1:]
	return c.arrive(f)
}

// arrive makes the present screen ready, under a handle of its own.
func (c *call) arrive(f *oktaSignIn) *refusal {
	f.method, f.challenge = nil, challenge{}
	c.renew(f)
	for len(f.screens) > 0 && f.settled(f.screens[0]) {
		f.screens = f.screens[1:]
	}
	if len(f.screens) == 0 {
		if name := c.wantsConsent(f); name != "" {
			f.screens = []string{name}
		}
		return nil
	}
	if r := refusals[f.screens[0]]; r != nil {
		return c.arriveRefused(f, r)
	}
	if choices := f.choices(); len(choices) == 1 {
		if f.method = choices[0]; !f.method.sends {
			c.send(f)
		}
	}
	return nil
}

// renew gives the next screen a handle of its own. Okta's is the page's state token until a user is named.
func (c *call) renew(f *oktaSignIn) {
	if f.login == "" && f.handle == f.token {
		return
	}
	f.before, f.handle = f.handle, "02.id."+c.s.random.token()
	c.s.signIns.put(f.handle, f, c.now, f.expires)
}

// settled reports whether what a screen asks for was done: by an earlier sign-in, or by setting up a factor in this one.
func (f *oktaSignIn) settled(name string) bool {
	if offers, ok := enrolScreen(name); ok {
		return slices.ContainsFunc(offers, f.account.okta.has) || slices.Contains(offers, "google_otp") && f.account.totp != nil
	}
	switch name {
	case "password-expired", "password-expiring":
		return f.account.okta.renewed
	}
	return slices.ContainsFunc(strings.Split(name, "|"), f.isFresh)
}

func (c *call) arriveRefused(f *oktaSignIn, r *refusal) *refusal {
	app := f.request.client.ID
	switch {
	case r.failed:
		f.refused, f.screens = accessDenied.with("User is not assigned to the client application."), nil
	case !r.ends:
		c.restart(f)
	}
	if r.key == "oie.assurance.unsatisfiable" {
		return r.with(`Unable to login to "`+app+`" at this time. For assistance, please contact your administrator.`, app)
	}
	return r
}

// wantsConsent is the screen that asks for what the client wants, if the user has not agreed.
func (c *call) wantsConsent(f *oktaSignIn) string {
	r := f.request
	switch {
	case f.agreed, f.refused != nil, f.account == nil,
		!r.reConsent && !(r.client.RequireConsent && !f.account.consentsTo(r.client.ID, r.scopes)):
		return ""
	case c.s.cfg.Org.GranularConsent:
		return "granular-consent"
	}
	return "consent"
}
