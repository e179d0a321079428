package mockidp

import (
	"crypto/subtle"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"
)

const signInPath = "/signin"

// stage is the page a transaction is at.
type stage string

const (
	stageIdentifier stage = "identifier"
	stagePassword   stage = "password"
	stageTOTP       stage = "totp"
	stageConsent    stage = "consent"
	stageLocked     stage = "locked"
)

// transaction is a sign-in under way. One request at a time works on it.
type transaction struct {
	mu sync.Mutex // taken before Server.mu

	id      string
	browser string // the cookie of the browser that began it
	csrf    string
	request *authRequest

	stage    stage
	login    string   // as typed
	account  *account // nil: nobody has this login, which the password page does not tell
	remember bool
	authTime time.Time
	amr      []string
}

// The texts of the sign-in pages' errors.
const (
	msgRefused  = "Unable to sign in"
	msgNoLogin  = "Please enter a username"
	msgNoSecret = "Please enter a password"
	msgLocked   = "Your account is locked. Contact your administrator."
	msgNoCode   = "Please enter a code"
	msgBadCode  = "The code is not right. Try again."
	msgUsedCode = "The code was already used. Wait for the next one."
)

// maxWrong is after how many wrong passwords and codes an account is locked.
const maxWrong = 10

// begin keeps t and sends the browser to its page.
func (c *call) begin(t *transaction) error {
	if c.s.cfg.Login == "okta" {
		return c.beginOkta(t)
	}
	t.browser = c.cookie("browser")
	if t.browser == "" {
		t.browser = c.s.random.token()
		c.setCookie("browser", t.browser, time.Time{})
	}
	t.csrf = c.s.random.token()
	c.s.mu.Lock()
	t.id = c.s.random.token()
	c.s.transactions.put(t.id, t, c.now, c.now.Add(transactionTTL))
	c.s.mu.Unlock()
	c.redirect(c.pageURL(t))
	return nil
}

func (c *call) pageURL(t *transaction) string {
	return c.s.base.Path + signInPath + "?" + url.Values{"tx": {t.id}}.Encode()
}

// signInPage shows the page of a transaction, and takes what is sent by it.
func (c *call) signInPage() error {
	id := c.r.URL.Query().Get("tx")
	c.s.mu.Lock()
	t, ok := c.s.transactions.get(id, c.now)
	c.s.mu.Unlock()
	if !ok || subtle.ConstantTimeCompare([]byte(t.browser), []byte(c.cookie("browser"))) != 1 {
		return requestExpired
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	c.as = t.request.as
	c.entry.Client = t.request.client.ID
	if c.r.Method != "POST" {
		return c.showPage(t, "")
	}
	if err := c.read(); err != nil {
		return err
	}
	if subtle.ConstantTimeCompare([]byte(t.csrf), []byte(c.get("csrf_token"))) != 1 {
		return requestExpired
	}
	c.params = fields(c.params)
	return c.submit(t)
}

// fields are the typed values, without the blanks that people put around them. A password is as it was typed.
func fields(v url.Values) url.Values {
	for _, name := range []string{"identifier", "code"} {
		if v.Has(name) {
			v.Set(name, strings.TrimSpace(v.Get(name)))
		}
	}
	return v
}

// submit takes a page's answer: to the next page, or the same one with an error.
func (c *call) submit(t *transaction) error {
	switch c.get("action") {
	case "cancel":
		c.endTransaction(t)
		return c.respondError(t.request, userCanceled)
	case "back":
		t.stage, t.account = stageIdentifier, nil
		c.redirect(c.pageURL(t))
		return nil
	}
	if c.get("stage") != string(t.stage) { // an old page, sent again
		c.redirect(c.pageURL(t))
		return nil
	}
	if t.stage == stageConsent {
		return c.takeConsent(t)
	}
	message := c.take(t)
	if t.account != nil {
		c.entry.User = t.account.person.Login
	}
	switch {
	case message != "":
		c.entry.Reason = message
		return c.showPage(t, message)
	case t.stage == stageConsent:
		return c.signedIn(t)
	}
	c.redirect(c.pageURL(t))
	return nil
}

// take moves t on by what was typed, or says what is wrong with it.
func (c *call) take(t *transaction) string {
	c.s.mu.Lock()
	defer c.s.mu.Unlock()
	switch t.stage {
	case stageIdentifier:
		return c.takeIdentifier(t)
	case stagePassword:
		return c.takePassword(t)
	case stageTOTP:
		return c.takeTOTP(t)
	}
	return msgLocked
}

func (c *call) takeIdentifier(t *transaction) string {
	t.login, t.remember = c.get("identifier"), c.get("remember") != ""
	if t.login == "" {
		return msgNoLogin
	}
	t.account = nil
	if i := slices.IndexFunc(c.s.accounts, func(a *account) bool { return a.called(t.login) }); i >= 0 {
		t.account = c.s.accounts[i]
	}
	t.stage = stagePassword
	return ""
}

func (c *call) takePassword(t *transaction) string {
	password, a := c.get("password"), t.account
	switch {
	case password == "":
		return msgNoSecret
	case a == nil:
		return msgRefused
	case a.locked:
		t.stage = stageLocked
		return msgLocked
	case a.person.Password != "" && subtle.ConstantTimeCompare([]byte(password), []byte(a.person.Password)) != 1:
		return a.refuse(t, msgRefused)
	}
	t.amr = []string{"pwd"}
	if a.totp != nil {
		t.stage = stageTOTP
		return ""
	}
	return c.complete(t)
}

func (c *call) takeTOTP(t *transaction) string {
	typed, a := strings.ReplaceAll(c.get("code"), " ", ""), t.account
	if typed == "" {
		return msgNoCode
	}
	if a.locked {
		t.stage = stageLocked
		return msgLocked
	}
	step, ok := totpStep(a.totp, typed, c.now)
	if !ok {
		return a.refuse(t, msgBadCode)
	}
	if step <= a.usedStep { // RFC 6238 §5.2: a code is good for one sign-in
		return msgUsedCode
	}
	a.usedStep = step
	t.amr = a.factors()
	return c.complete(t)
}

// refuse counts a wrong answer and locks the account at the tenth.
func (a *account) refuse(t *transaction, message string) string {
	if a.wrong++; a.wrong < maxWrong {
		return message
	}
	a.locked = true
	t.stage = stageLocked
	return msgLocked
}

func (c *call) complete(t *transaction) string {
	t.account.wrong = 0
	t.authTime = c.now
	t.stage = stageConsent
	return ""
}

// signedIn goes on after the last factor.
func (c *call) signedIn(t *transaction) error {
	c.startSession(t)
	if c.needsConsent(t) {
		c.redirect(c.pageURL(t))
		return nil
	}
	c.endTransaction(t)
	return c.afterSignIn(t)
}

func (c *call) takeConsent(t *transaction) error {
	switch c.get("action") {
	case "allow":
	case "deny":
		c.endTransaction(t)
		return c.respondError(t.request, accessDenied)
	default:
		c.redirect(c.pageURL(t))
		return nil
	}
	c.endTransaction(t)
	c.s.mu.Lock()
	t.account.consents[t.request.client.ID] = t.request.scopes
	c.s.mu.Unlock()
	if !meetsACR(t.request.acr, t.amr) {
		return c.respondError(t.request, unmetRequirements)
	}
	return c.finish(t)
}

func (c *call) endTransaction(t *transaction) {
	c.s.mu.Lock()
	defer c.s.mu.Unlock()
	c.s.transactions.drop(t.id)
}

// showPage shows the page of t's stage with an error, if there is one.
func (c *call) showPage(t *transaction, message string) error {
	p := page{
		Stage: t.stage, CSRF: t.csrf, Action: c.pageURL(t), Login: t.login, Remember: t.remember, Error: message,
		Client: t.request.client.ID, Scopes: t.request.scopes,
	}
	if p.Stage == stageLocked {
		p.Error = msgLocked
	}
	return c.html(http.StatusOK, "signin", p)
}
