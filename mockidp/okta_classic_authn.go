package mockidp

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"slices"
	"strings"
	"time"
)

// limitPerSecond is how often a user may ask /api/v1/authn (developer.okta.com/docs/reference/rl2-limits).
const limitPerSecond = 4

// authnInput is the body of a request to /api/v1/authn, as far as any operation reads it.
type authnInput struct {
	StateToken string `json:"stateToken"`

	Username   string          `json:"username"`
	Password   string          `json:"password"`
	RelayState string          `json:"relayState"`
	Options    json.RawMessage `json:"options"`
	Context    json.RawMessage `json:"context"`

	PassCode          string `json:"passCode"`
	Answer            string `json:"answer"`
	ClientData        string `json:"clientData"`
	AuthenticatorData string `json:"authenticatorData"`
	SignatureData     string `json:"signatureData"`

	FactorType string          `json:"factorType"`
	Provider   string          `json:"provider"`
	Profile    json.RawMessage `json:"profile"`

	OldPassword string `json:"oldPassword"`
	NewPassword string `json:"newPassword"`

	Consent struct {
		ExpiresAt string   `json:"expiresAt"`
		Scopes    []string `json:"scopes"`
	} `json:"consent"`

	members map[string]json.RawMessage
	factor  string // in the path, in place of *
}

// authnOperation is what may be asked for in some states of a sign-in.
type authnOperation struct {
	path    string   // below /api/v1/authn/
	in      []string // the states; nil: every one
	members []string // that the body may have besides stateToken
	do      func(*call, *authnSignIn, authnInput) *authnRefusal
}

// authnOperations is a function because what its rows do reads it.
func authnOperations() []authnOperation {
	return []authnOperation{
		{"", nil, []string{"username", "password", "relayState", "options", "context"}, nil},
		{"introspect", nil, nil, (*call).authnIntrospect},
		{"cancel", nil, []string{"relayState"}, (*call).authnCancel},
		{"previous", []string{"MFA_CHALLENGE", "MFA_ENROLL_ACTIVATE"}, nil, (*call).authnPrevious},
		{"skip", []string{"MFA_ENROLL", "PASSWORD_WARN"}, nil, (*call).authnSkip},
		{"credentials/change_password", []string{"PASSWORD_WARN", "PASSWORD_EXPIRED"}, []string{"oldPassword", "newPassword"}, (*call).authnChangePassword},
		{"consent", []string{"CONSENT_REQUIRED"}, []string{"consent"}, (*call).authnConsent},
		{"factors", []string{"MFA_ENROLL"}, []string{"factorType", "provider", "profile"}, (*call).authnEnrol},
		{"factors/*/lifecycle/activate", []string{"MFA_ENROLL_ACTIVATE"}, []string{"passCode"}, (*call).authnActivate},
		{"factors/*/verify", []string{"MFA_REQUIRED", "MFA_CHALLENGE"},
			[]string{"passCode", "answer", "clientData", "authenticatorData", "signatureData"}, (*call).authnVerify},
		{"factors/*/verify/resend", []string{"MFA_CHALLENGE"}, nil, (*call).authnResend},
		{"recovery/unlock", nil, []string{"username", "factorType", "relayState"}, nil},
	}
}

// findAuthnOperation returns what a path asks for, and the factor in it.
func findAuthnOperation(path string) (o authnOperation, factor string, ok bool) {
	parts := strings.Split(path, "/")
	if len(parts) > 2 && parts[0] == "factors" {
		factor, parts[1] = parts[1], "*"
		path = strings.Join(parts, "/")
	}
	all := authnOperations()
	i := slices.IndexFunc(all, func(o authnOperation) bool { return o.path == path })
	if i < 0 {
		return o, "", false
	}
	return all[i], factor, true
}

// authn is every endpoint of the Classic engine's API.
func (c *call) authn() error {
	path := strings.Trim(strings.TrimPrefix(c.s.localPath(c.r.URL.Path), authnPath), "/")
	o, factor, ok := findAuthnOperation(path)
	if !ok {
		return notFound
	}
	in, refused := c.readAuthn(o)
	if refused != nil {
		return c.refuseAuthn(refused)
	}
	in.factor = factor
	body, refused := c.answerAuthn(o, in)
	if refused != nil {
		return c.refuseAuthn(refused)
	}
	return c.json(http.StatusOK, body)
}

// readAuthn reads the body, which may have no other members than the operation's.
func (c *call) readAuthn(o authnOperation) (in authnInput, refused *authnRefusal) {
	t, _, err := mime.ParseMediaType(c.r.Header.Get("Content-Type"))
	if err != nil || t != "application/json" {
		return in, wrongMediaType
	}
	raw, err := io.ReadAll(http.MaxBytesReader(c.w, c.r.Body, maxBody))
	if err == nil && len(bytes.TrimSpace(raw)) == 0 {
		raw = []byte("{}")
	}
	if err = errors.Join(err, json.Unmarshal(raw, &in), json.Unmarshal(raw, &in.members)); err != nil {
		return in, malformedAuthn
	}
	for name := range in.members {
		if name != "stateToken" && !slices.Contains(o.members, name) {
			return in, malformedAuthn
		}
	}
	return in, nil
}

func (c *call) answerAuthn(o authnOperation, in authnInput) (object, *authnRefusal) {
	c.s.mu.Lock()
	defer c.s.mu.Unlock()
	switch {
	case o.path == "recovery/unlock":
		return nil, recoveryRefused
	case o.path == "" && in.StateToken == "":
		return c.primaryAuth(in)
	case o.path == "":
		o.do = (*call).authnIntrospect
	}
	f, ok := c.s.authns.get(in.StateToken, c.now)
	if !ok || f.done() {
		return nil, invalidStateToken
	}
	c.entry.User = f.account.person.Login
	if f.request != nil {
		c.as, c.entry.Client = f.request.as, f.request.client.ID
	}
	if c.limitedAuthn(f.account) {
		return nil, authnLimited
	}
	if o.in != nil && !slices.Contains(o.in, f.state()) {
		return nil, wrongState
	}
	if r := o.do(c, f, in); r != nil {
		return nil, r
	}
	return c.authnView(f), nil
}

func (c *call) limitedAuthn(a *account) bool {
	return c.s.cfg.Org.RateLimits && c.count(&a.okta.calls, limitPerSecond, time.Second)
}

// primaryAuth takes the user name and the password.
func (c *call) primaryAuth(in authnInput) (object, *authnRefusal) {
	if in.Username == "" || in.Password == "" {
		return nil, missingUsername
	}
	login := strings.TrimSpace(in.Username)
	i := slices.IndexFunc(c.s.accounts, func(a *account) bool { return a.called(login) })
	if i < 0 {
		return nil, authnFailed
	}
	a := c.s.accounts[i]
	c.entry.User = a.person.Login
	switch {
	case c.limitedAuthn(a):
		return nil, authnLimited
	case slices.Contains(a.person.Policy, "redirect-idp"): // who has no password here
		return nil, authnFailed
	case !a.locked && !a.passwordIs(in.Password):
		c.wrong(a, wrongPassword, lockedOut)
		if !a.locked {
			return nil, authnFailed
		}
	}
	if a.locked {
		if c.s.cfg.Org.ShowLockOuts {
			return c.lockedOutView(), nil
		}
		return nil, authnFailed
	}
	f := &authnSignIn{device: c.deviceToken(), relay: in.RelayState, oktaSignIn: oktaSignIn{
		token: c.s.random.authnToken(), expires: c.now.Add(authnTTL), login: a.person.Login, account: a,
	}}
	f.known = f.device != "" && a.okta.devices[f.device].After(c.now)
	f.screens = a.policy(true)
	for i, name := range f.screens {
		if slices.Contains(laterScreens, name) {
			f.screens, f.later = f.screens[:i], f.screens[i:]
			break
		}
	}
	f.prove(c, "pwd")
	if r := c.authnArrive(f); r != nil {
		return nil, r
	}
	if !f.done() {
		c.s.authns.put(f.token, f, c.now, f.expires)
	}
	return c.authnView(f), nil
}

func (c *call) deviceToken() string {
	if k, err := c.r.Cookie("DT"); err == nil {
		return k.Value
	}
	return ""
}

// authnArrive makes the present screen ready. What has been done already is passed over, and so are the factors of a
// device that is remembered.
func (c *call) authnArrive(f *authnSignIn) *authnRefusal {
	f.method, f.challenge, f.collective = nil, challenge{}, false
	for len(f.screens) > 0 && (f.settled(f.screens[0]) || f.known && len(f.choices()) > 0) {
		f.screens = f.screens[1:]
	}
	if len(f.screens) > 0 && f.screens[0] == "denied" {
		c.s.authns.drop(f.token)
		return authnDenied
	}
	return nil
}

func (c *call) authnNext(f *authnSignIn) *authnRefusal {
	f.screens = f.screens[1:]
	return c.authnArrive(f)
}

// state is the status of the sign-in.
func (f *authnSignIn) state() string {
	if f.done() {
		return "SUCCESS"
	}
	switch name, _, _ := strings.Cut(f.screens[0], ":"); name {
	case "password-expired":
		return "PASSWORD_EXPIRED"
	case "password-expiring":
		return "PASSWORD_WARN"
	case "consent":
		return "CONSENT_REQUIRED"
	case "enrol", "enrol-optional":
		if f.challenge.secret != "" {
			return "MFA_ENROLL_ACTIVATE"
		}
		return "MFA_ENROLL"
	}
	if f.method != nil {
		return "MFA_CHALLENGE"
	}
	return "MFA_REQUIRED"
}

// required reports whether the present screen sets something up that has to be.
func (f *authnSignIn) required() bool {
	name, _, _ := strings.Cut(f.screens[0], ":")
	return name == "enrol"
}

func (c *call) authnIntrospect(*authnSignIn, authnInput) *authnRefusal { return nil }

// authnCancel ends the sign-in. Who cancels a consent goes back to the client, with an error.
func (c *call) authnCancel(f *authnSignIn, _ authnInput) *authnRefusal {
	f.screens, f.refused = nil, accessDenied
	if f.request == nil {
		c.s.authns.drop(f.token)
	}
	return nil
}

// authnPrevious goes back to the choice of a factor.
func (c *call) authnPrevious(f *authnSignIn, _ authnInput) *authnRefusal { return c.authnArrive(f) }

func (c *call) authnSkip(f *authnSignIn, _ authnInput) *authnRefusal {
	if f.required() {
		return wrongState
	}
	return c.authnNext(f)
}

func (c *call) authnChangePassword(f *authnSignIn, in authnInput) *authnRefusal {
	a := f.account
	switch {
	case !a.passwordIs(in.OldPassword):
		return wrongOldPassword
	case !a.passwordMayBe(in.NewPassword):
		return unfitPassword
	}
	a.person.Password, a.okta.renewed = in.NewPassword, true
	return c.authnNext(f)
}

func (c *call) authnConsent(f *authnSignIn, in authnInput) *authnRefusal {
	if slices.ContainsFunc(f.request.scopes, func(s string) bool { return !slices.Contains(in.Consent.Scopes, s) }) {
		return incompleteConsent
	}
	f.agreed = true
	f.account.consents[f.request.client.ID] = f.request.scopes
	return c.authnNext(f)
}
