package mockidp

import (
	"slices"
	"strings"
)

// screen is one of a policy: what it shows, and what it makes of an answer, by the path that was asked.
type screen struct {
	name  string
	first bool // before the user is known
	show  func(*idxView)
	take  func(*call, *oktaSignIn, string, idxInput) *refusal
}

// oktaScreens is a function because what its rows do reads it.
func oktaScreens() []screen {
	return []screen{
		{"identify", true, (*idxView).identify, (*call).takeIdentify},
		{"identify-password", true, (*idxView).identify, (*call).takeIdentify},
		{"device-challenge", true, (*idxView).deviceChallenge, (*call).takeDeviceChallenge},
		{"enrol", false, (*idxView).enrol, (*call).takeEnrol},
		{"enrol-optional", false, (*idxView).enrol, (*call).takeEnrol},
		{"password-expired", false, (*idxView).newPassword, (*call).takeNewPassword},
		{"password-expiring", false, (*idxView).newPassword, (*call).takeNewPassword},
		{"keep-me-signed-in", false, (*idxView).keepMeSignedIn, (*call).takeKeepMeSignedIn},
		{"device-grace", false, (*idxView).deviceGrace, (*call).takeSkip},
		{"consent", false, (*idxView).consent, (*call).takeIDXConsent},
		{"granular-consent", false, (*idxView).granularConsent, (*call).takeIDXConsent},
		{"redirect-idp", false, (*idxView).redirectIdP, (*call).takeSkip},
	}
}

// screenNamed returns a screen of the table, or nil.
func screenNamed(name string) *screen {
	all := oktaScreens()
	if _, ok := enrolScreen(name); ok {
		name, _, _ = strings.Cut(name, ":")
	}
	if i := slices.IndexFunc(all, func(s screen) bool { return s.name == name }); i >= 0 {
		return &all[i]
	}
	return nil
}

// screen is the present one: of the table, else a factor or a choice of factors.
func (f *oktaSignIn) screen() *screen {
	if s := screenNamed(f.screens[0]); s != nil {
		return s
	}
	return &screen{name: f.screens[0], show: (*idxView).verify, take: (*call).takeVerify}
}

// choices are the methods of the present screen.
func (f *oktaSignIn) choices() (out []*method) {
	for name := range strings.SplitSeq(f.screens[0], "|") {
		if m := methodNamed(name); m != nil {
			out = append(out, m)
		}
	}
	return out
}

func (v *idxView) identify() {
	fields := []ionField{{Name: "identifier", Label: "Username", Required: true}}
	if hint := v.f.request.loginHint; hint != "" {
		fields[0].Value = hint
	}
	if v.f.screens[0] == "identify-password" {
		password := methodNamed("password")
		fields = append(fields, group("credentials", password.fields(v.f)...))
		v.body["currentAuthenticator"] = v.authenticator(password, password.id())
	}
	fields = append(fields, ionField{Name: "rememberMe", Label: "Keep me signed in", Type: "boolean"})
	v.offer(v.form("identify", "identify", fields...))
}

func (c *call) takeIdentify(f *oktaSignIn, _ string, in idxInput) *refusal {
	login := strings.TrimSpace(in.Identifier)
	var a *account
	if i := slices.IndexFunc(c.s.accounts, func(a *account) bool { return a.called(login) }); i >= 0 {
		a = c.s.accounts[i]
	}
	proven := f.screens[0] == "identify-password"
	if r := c.mayIdentify(a, login, in.Credentials.Passcode, proven); r != nil {
		return r
	}
	f.login, f.account, f.remember = login, a, in.RememberMe
	policy := []string{"password"} // of nobody
	if a != nil {
		policy = a.policy(proven)
	}
	f.screens = append([]string{f.screens[0]}, policy...)
	if proven {
		f.prove(c, "pwd")
	}
	return c.advance(f)
}

// mayIdentify says why a login, with its password if that was asked for, does not lead on.
func (c *call) mayIdentify(a *account, login, password string, proven bool) *refusal {
	switch {
	case proven && a == nil:
		return wrongLogin
	case a == nil && !c.s.cfg.Org.HideUnknownUsers:
		return unknownUser.with("There is no account with the Username "+login+".", login)
	case a != nil && a.locked && (proven || c.s.cfg.Org.ShowLockOuts):
		return c.lockedOut(wrongLogin)
	case proven && !a.passwordIs(password):
		return c.wrong(a, wrongLogin, lockedOut)
	}
	return nil
}

// prove adds a factor that was passed.
func (f *oktaSignIn) prove(c *call, amr string) {
	f.account.wrong = 0
	f.authTime = c.now
	f.amr = append(f.amr, amr)
	slices.Sort(f.amr)
	f.amr = slices.Compact(f.amr)
	if len(f.amr) > 1 && !slices.Contains(f.amr, "mfa") {
		f.amr = slices.Insert(f.amr, 0, "mfa")
		slices.Sort(f.amr)
	}
}

// deviceChallenge lets the page look for Okta Verify on loopback. Nothing answers there; the way round is its cancel.
func (v *idxView) deviceChallenge() {
	poll := v.offer(v.form("device-challenge-poll", "authenticators/poll"))
	poll.RelatesTo, poll.Refresh = "authenticatorChallenge", 2000
	v.body["authenticatorChallenge"] = single(object{
		"challengeMethod": "LOOPBACK", "challengeRequest": "eyJhbGciOiJub25lIn0.e30.", "probeTimeoutMillis": 100,
		"domain": "http://localhost", "ports": []string{"8769", "65111", "65121"},
		"cancel": v.also(v.form("cancel-polling", "authenticators/poll/cancel")),
	})
}

func (c *call) takeDeviceChallenge(f *oktaSignIn, path string, _ idxInput) *refusal {
	if path == "authenticators/poll" {
		return nil
	}
	return c.advance(f)
}

func (v *idxView) keepMeSignedIn() {
	v.offer(v.form("keep-me-signed-in", "keep-me-signed-in",
		ionField{Name: "keepMeSignedIn", Label: "Stay signed in", Type: "boolean", Required: true, Value: false}))
}

func (c *call) takeKeepMeSignedIn(f *oktaSignIn, _ string, in idxInput) *refusal {
	f.remember = in.KeepMeSignedIn
	return c.advance(f)
}

func (v *idxView) deviceGrace() {
	v.offer(v.form("device-assurance-grace-period", "skip"))
	due := ionTime(v.c.now.AddDate(0, 0, 7))
	v.remark(refusal{key: "idx.device_assurance.grace_period.warning.title.due_by_date", class: "WARNING"}.with(
		"Your device doesn't meet the security requirements. Fix the issue by "+due+" to prevent lockout.", due))
}

// remark is a message that is no refusal.
func (v *idxView) remark(r *refusal) {
	if v.body["messages"] == nil {
		v.body["messages"] = list([]object{r.message()})
	}
}

func (c *call) takeSkip(f *oktaSignIn, _ string, _ idxInput) *refusal { return c.advance(f) }

func (v *idxView) scopes() (out []object) {
	for _, s := range v.f.request.scopes {
		label := scopeText(s)
		out = append(out, object{"name": s, "label": label, "value": s, "desc": label})
	}
	return out
}

// scopeText says what a scope is for.
func scopeText(scope string) string {
	if text := scopeTexts[scope]; text != "" {
		return text
	}
	return scope
}

func (v *idxView) consent() {
	form := v.offer(v.form("consent", "consent", ionField{
		Name: "consent", Type: "boolean", Required: true,
		Options: []ionOption{{Label: "Allow Access", Value: true}, {Label: "Don't Allow", Value: false}},
	}))
	form.Scopes = v.scopes()
	v.authentication()
}

// authentication says for whom the consent is.
func (v *idxView) authentication() {
	v.body["authentication"] = single(object{"protocol": "OAUTH2.0", "issuer": object{"name": v.c.s.cfg.Org.Name, "uri": v.f.request.as.issuer}})
}

func (v *idxView) granularConsent() {
	var fields []ionField
	for _, s := range v.scopes() {
		f := ionField{Name: s["name"].(string), Label: s["label"].(string), Type: "boolean", Required: true, Value: true}
		if f.Name == "openid" { // without it there is no sign-in
			f.Mutable = no
		}
		fields = append(fields, f)
	}
	v.offer(v.form("granular-consent", "consent",
		ionField{Name: "consent", Type: "boolean", Required: true, Visible: no}, ionField{Name: "optedScopes", Form: &ionFields{fields}}))
	v.authentication()
}

func (c *call) takeIDXConsent(f *oktaSignIn, _ string, in idxInput) *refusal {
	if !in.Consent {
		f.refused, f.screens = accessDenied, []string{""}
		return c.advance(f)
	}
	scopes := f.request.scopes
	if f.screens[0] == "granular-consent" {
		f.opted = slices.DeleteFunc(slices.Clone(scopes), func(s string) bool { return !in.OptedScopes[s] })
		scopes = f.opted
	}
	f.agreed = true
	f.account.consents[f.request.client.ID] = scopes
	return c.advance(f)
}

func (v *idxView) redirectIdP() {
	id := stableID("0oa", v.c.s.cfg.Org.IdP)
	form := v.offer(&ionForm{
		Name: "redirect-idp", Type: "OIDC", Method: "GET", IdP: object{"id": id, "name": "Another provider"},
		Href: v.c.s.base.String() + ssoPath + id + "?stateToken=" + v.f.handle,
	})
	form.Rel = nil
}

// idpRedirect is where redirect-idp leads.
func (c *call) idpRedirect() error {
	c.redirect(c.s.cfg.Org.IdP)
	return nil
}
