package mockidp

import (
	"cmp"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

// step is a form of a screen and what to fill in.
type step struct {
	screen string // the first remediation; empty: the sign-in is done
	form   string // default: that of the screen
	fill   func(*walker) object
}

func with(pairs ...any) func(*walker) object {
	return func(*walker) object {
		out := object{}
		for i := 0; i < len(pairs); i += 2 {
			out[pairs[i].(string)] = pairs[i+1]
		}
		return out
	}
}

func choose(key, via string) func(*walker) object {
	fill := object{"authenticator.id": stableID("aut", key)}
	if via != "" {
		fill["authenticator.methodType"] = via
	}
	return func(*walker) object { return fill }
}

func sent(w *walker) object { return object{"credentials.passcode": w.lastCode()} }

func totpIn(field string) func(*walker) object {
	return func(w *walker) object { return object{"credentials." + field: w.totp(oktaTOTP)} }
}

// TestOktaPolicies walks each policy, as every screen's form says, to a token whose amr says what was proven.
func TestOktaPolicies(t *testing.T) {
	t.Parallel()
	identify := step{"identify", "", with("identifier", "alice")}
	password := step{"challenge-authenticator", "", with("credentials.passcode", oktaPassword)}
	for name, c := range map[string]struct {
		org    OktaOrg
		policy []string
		steps  []step
		amr    []any
	}{
		"no policy: the password and a code": {
			steps: []step{identify, password, {"challenge-authenticator", "", totpIn("passcode")}}, amr: []any{"mfa", "otp", "pwd"},
		},
		"identifier and password on one page": {
			org: OktaOrg{First: []string{"identify-password"}}, policy: []string{"password"},
			steps: []step{{"identify", "", with("identifier", "ALICE", "credentials.passcode", oktaPassword)}}, amr: []any{"pwd"},
		},
		"Okta Verify's code": {
			policy: []string{"okta_verify"}, steps: []step{identify, {"challenge-authenticator", "", totpIn("totp")}}, amr: []any{"otp"},
		},
		"security question, whatever the case": {
			policy: []string{"password", "question"},
			steps:  []step{identify, password, {"challenge-authenticator", "", with("credentials.answer", " rex")}}, amr: []any{"kba", "mfa", "pwd"},
		},
		"code by e-mail, asked for": {
			policy: []string{"email"},
			steps:  []step{identify, {"authenticator-verification-data", "", choose("okta_email", "email")}, {"challenge-authenticator", "", sent}}, amr: []any{"email"},
		},
		"code by SMS, sent again": {
			policy: []string{"sms"},
			steps: []step{
				identify, {"authenticator-verification-data", "", choose("phone_number", "sms")},
				{"challenge-authenticator", "resend", nil}, {"challenge-authenticator", "", sent},
			}, amr: []any{"sms"},
		},
		"a choice: the phone, and then how": {
			policy: []string{"password|sms|google_otp"},
			steps: []step{
				identify, {"select-authenticator-authenticate", "", choose("phone_number", "")},
				{"authenticator-verification-data", "", choose("phone_number", "sms")}, {"challenge-authenticator", "", sent},
			}, amr: []any{"sms"},
		},
		"a choice that is changed": {
			policy: []string{"push|okta_verify|google_otp"},
			steps: []step{
				identify, {"select-authenticator-authenticate", "", choose("okta_verify", "push")},
				{"challenge-poll", "select-authenticator-authenticate", choose("google_otp", "otp")}, {"challenge-authenticator", "", totpIn("passcode")},
			}, amr: []any{"otp"},
		},
		"the link in a mail": {
			policy: []string{"magic_link"},
			steps: []step{
				identify, {"authenticator-verification-data", "", choose("okta_email", "email")}, {"challenge-authenticator", "poll", nil},
				{"challenge-authenticator", "poll", func(w *walker) object {
					all := w.s.Messages()
					require.Equal(w.t, 200, w.request("GET", all[len(all)-1].Link, nil).status)
					return nil
				}},
			}, amr: []any{"email"},
		},
		"a push, rejected, sent again and approved": {
			policy: []string{"push"},
			steps: []step{
				identify, {"authenticator-verification-data", "", choose("okta_verify", "push")}, {"challenge-poll", "", nil},
				{"challenge-poll", "", func(w *walker) object { require.NoError(w.t, w.s.AnswerPush("alice", "")); return nil }},
				{"resend", "", choose("okta_verify", "push")},
				{"challenge-poll", "", func(w *walker) object {
					require.NoError(w.t, w.s.AnswerPush("alice", w.s.Pushes()[0].Number))
					return nil
				}},
			}, amr: []any{"swk"},
		},
		"enrolment, skipped": {
			policy: []string{"password", "enrol-optional"}, steps: []step{identify, password, {"select-authenticator-enroll", "skip", nil}}, amr: []any{"pwd"},
		},
		"enrolment": {
			policy: []string{"password", "enrol"},
			steps: []step{identify, password, {"select-authenticator-enroll", "", choose("google_otp", "otp")}, {"enroll-authenticator", "", func(w *walker) object {
				current := w.state["currentAuthenticator"].(map[string]any)["value"].(map[string]any)["contextualData"].(map[string]any)
				return object{"credentials.passcode": w.totp(current["sharedSecret"].(string))}
			}}}, amr: []any{"mfa", "otp", "pwd"},
		},
		"password expired": {
			policy: []string{"password", "password-expired"}, amr: []any{"pwd"},
			steps: []step{identify, password, {"reenroll-authenticator", "", with("credentials.passcode", "another one")}},
		},
		"password expiring, put off": {
			policy: []string{"password", "password-expiring"}, amr: []any{"pwd"},
			steps: []step{identify, password, {"reenroll-authenticator-warning", "skip", nil}},
		},
		"consent and staying signed in": {
			policy: []string{"password", "keep-me-signed-in", "consent"}, amr: []any{"pwd"},
			steps: []step{identify, password, {"keep-me-signed-in", "", with("keepMeSignedIn", true)}, {"consent", "", with("consent", true)}},
		},
		"device prompts, with their ways round": {
			org: OktaOrg{First: []string{"device-challenge", "identify"}}, policy: []string{"password", "device-grace"}, amr: []any{"pwd"},
			steps: []step{
				{"device-challenge-poll", "", nil}, {"device-challenge-poll", "cancel-polling", nil},
				identify, password, {"device-assurance-grace-period", "", nil},
			},
		},
		"cancelled in the middle": {
			policy: []string{"password", "question"}, amr: []any{"kba", "mfa", "pwd"},
			steps: []step{
				identify, password, {"challenge-authenticator", "cancel", nil},
				identify, password, {"challenge-authenticator", "", with("credentials.answer", "Rex")},
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := walk(t, startOkta(t, Config{Org: c.org}, c.policy...))
			for i, s := range c.steps {
				require.Equal(t, s.screen, w.screen(), "screen %d: %v", i, w.state)
				require.Equal(t, ionType, w.header.Get("Content-Type"))
				var fill object
				if s.fill != nil {
					fill = s.fill(w)
				}
				w.send(cmp.Or(s.form, s.screen), fill)
				require.Equal(t, 200, w.status, "after screen %d: %v", i, w.state)
			}
			require.Empty(t, w.screen(), w.state)
			require.Equal(t, c.amr, w.amr())
		})
	}
}

// TestOktaRefusals are what is wrong, as Okta says it: status, key, field, and the screen that stays.
func TestOktaRefusals(t *testing.T) {
	t.Parallel()
	shown := OktaOrg{ShowLockOuts: true}
	onePage := OktaOrg{First: []string{"identify-password"}}
	wrongCode := with("credentials.passcode", "000000")
	for name, c := range map[string]struct {
		org    OktaOrg
		policy string
		times  int // default 1
		form   string
		fill   func(*walker) object
		status int
		key    string
		screen string
	}{
		"unknown user": {form: "identify", fill: with("identifier", "nobody"), status: 200, key: "idx.unknown.user", screen: "identify"},
		"unknown user, hidden": {
			org: OktaOrg{HideUnknownUsers: true}, form: "identify", fill: with("identifier", "nobody"), status: 200, screen: "challenge-authenticator",
		},
		"no user name": {form: "identify", fill: with("identifier", ""), status: 400, key: "identifier: model.validation.field.blank", screen: "identify"},
		"wrong password on one page": {
			org: onePage, form: "identify", fill: with("identifier", "alice", "credentials.passcode", "x"), status: 401, key: "errors.E0000004", screen: "identify",
		},
		"unknown user on one page": {
			org: onePage, form: "identify", fill: with("identifier", "nobody", "credentials.passcode", "x"), status: 401, key: "errors.E0000004", screen: "identify",
		},
		"wrong password": {policy: "password", fill: with("credentials.passcode", "x"), status: 401, key: "incorrectPassword", screen: "challenge-authenticator"},
		"locked, and told": {
			org: shown, policy: "password", times: 10, fill: with("credentials.passcode", "x"), status: 401, key: "errors.E0000119", screen: "challenge-authenticator",
		},
		"locked, and not told": {
			policy: "password", times: 11, fill: with("credentials.passcode", oktaPassword+"x"), status: 401, key: "incorrectPassword", screen: "challenge-authenticator",
		},
		"wrong Google code": {
			policy: "google_otp", fill: wrongCode, status: 401,
			key: "passcode: authfactor.challenge.soft_token.invalid_passcode", screen: "challenge-authenticator",
		},
		"wrong Okta Verify code": {
			policy: "okta_verify", fill: with("credentials.totp", "000000"), status: 401, key: "totp: api.authn.error.PASSCODE_INVALID", screen: "challenge-authenticator",
		},
		"wrong answer": {
			policy: "question", fill: with("credentials.answer", "Tom"), status: 401,
			key: "answer: authfactor.challenge.question_factor.answer_invalid", screen: "challenge-authenticator",
		},
		"too many wrong codes": {
			policy: "google_otp", times: 10, fill: wrongCode, status: 403, key: "authfactor.challenge.suspended_factor", screen: "challenge-authenticator",
		},
		"a wrong passkey": {
			policy: "passkey", fill: with("credentials.authenticatorData", "AA", "credentials.clientData", "e30", "credentials.signatureData", "AA"),
			status: 401, key: "authfactor.webauthn.error", screen: "challenge-authenticator",
		},
		"a question's key, changed": {
			policy: "question", fill: with("credentials.questionKey", "other", "credentials.answer", "Rex"), status: 400, key: "E0000020",
		},
		"credentials that were not asked for": {
			form: "identify", fill: with("identifier", "alice", "credentials.passcode", oktaPassword), status: 400, key: "E0000020",
		},
		"a method that is not offered": {
			policy: "email|sms", form: "select-authenticator-authenticate", fill: choose("google_otp", "otp"), status: 400, key: "E0000020",
		},
		"a weak new password": {
			policy: "password-expired", form: "reenroll-authenticator", fill: with("credentials.passcode", "short"), status: 400,
			key: "passcode: password.passwordRequirementsNotMet", screen: "reenroll-authenticator",
		},
		"not assigned":  {policy: "not-assigned", status: 400, key: "idx.error.user.not.assigned.to.app", screen: "identify"},
		"unsatisfiable": {policy: "unsatisfiable", status: 400, key: "oie.assurance.unsatisfiable", screen: "identify"},
		"denied":        {policy: "denied", status: 403, key: "security.access_denied"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := walk(t, startOkta(t, Config{Org: c.org}, cmp.Or(c.policy, "password")))
			if c.policy != "" {
				w.identify()
			}
			for range max(c.times, 1) {
				if c.fill != nil {
					w.send(cmp.Or(c.form, "challenge-authenticator"), c.fill(w))
				}
			}
			require.Equal(t, c.status, w.status, w.state)
			want := []string{}
			if c.key != "" {
				want = append(want, c.key)
			}
			require.Equal(t, want, w.keys(), w.state)
			require.Equal(t, c.screen, w.screen(), w.state)
		})
	}
}

func TestOktaUsedCode(t *testing.T) {
	t.Parallel()
	p := startOkta(t, Config{}, "google_otp|okta_verify")
	p.s.Clock().Freeze()
	for i, want := range []string{"", "passcode: authfactor.challenge.soft_token.used_passcode"} {
		w := walk(t, p, "prompt", "login").identify()
		w.send("select-authenticator-authenticate", choose("google_otp", "otp")(w)).send("challenge-authenticator", totpIn("passcode")(w))
		if want == "" {
			require.NotEmpty(t, w.finish().Get("code"))
			continue
		}
		require.Equal(t, []string{want}, w.keys(), "sign-in %d: %v", i, w.state)
		w.send("select-authenticator-authenticate", choose("okta_verify", "totp")(w)).send("challenge-authenticator", totpIn("totp")(w))
		require.NotEmpty(t, w.finish().Get("code"), "the other authenticator's code is another one")
	}
}

func TestOktaFailureRedirect(t *testing.T) {
	t.Parallel()
	w := walk(t, startOkta(t, Config{}, "password", "failure-redirect")).identify().password()
	require.Equal(t, []string{"idx.error.code.user_not_assigned"}, w.keys())
	failure := w.state["failure"].(map[string]any)
	require.Equal(t, "access_denied", w.callback(w.request("GET", failure["href"].(string), nil)).Get("error"))
}

// TestOktaRedirectRemediation ends as newer answers do.
func TestOktaRedirectRemediation(t *testing.T) {
	t.Parallel()
	for last, want := range map[string]string{"password": "success-redirect", "failure-redirect": "failure-redirect"} {
		policy := slices.Compact([]string{"password", last})
		w := walk(t, startOkta(t, Config{Org: OktaOrg{RedirectRemediation: true}}, policy...)).identify().password()
		require.Equal(t, want, w.screen(), w.state)
		require.NotContains(t, w.state, "success")
		v := w.callback(w.request("GET", w.forms()[want]["href"].(string), nil))
		require.Equal(t, last == "password", v.Has("code"), v)
	}
}

func TestOktaRedirectIdP(t *testing.T) {
	t.Parallel()
	w := walk(t, startOkta(t, Config{Org: OktaOrg{IdP: "https://other.example.com/start"}}, "redirect-idp")).identify()
	require.Equal(t, "redirect-idp", w.screen())
	a := w.request("GET", w.forms()["redirect-idp"]["href"].(string), nil)
	require.Equal(t, "https://other.example.com/start", a.header.Get("Location"))
}

// TestOktaPolicyConfig names what a configuration cannot mean.
func TestOktaPolicyConfig(t *testing.T) {
	t.Parallel()
	for want, cfg := range map[string]Config{
		`policy: unknown screen "pasword"`:         {Users: []User{Person{Login: "u", Policy: []string{"pasword"}}}},
		`policy: unknown screen "email|nothing"`:   {Users: []User{Person{Login: "u", Policy: []string{"email|nothing"}}}},
		`policy: unknown screen "identify"`:        {Users: []User{Person{Login: "u", Policy: []string{"identify"}}}},
		`policy: google_otp: the user has none`:    {Users: []User{Person{Login: "u", Policy: []string{"email|google_otp"}}}},
		`policy: enrol: the user has a TOTP`:       {Users: []User{Person{Login: "u", TOTP: oktaTOTP, Policy: []string{"enrol"}}}},
		`passkey 0: `:                              {Users: []User{Person{Login: "u", Passkeys: []Passkey{{}}}}},
		`okta page: want one of default, custom`:   {Org: OktaOrg{Page: "x"}},
		`okta generation: want 2 or 3, got 4`:      {Org: OktaOrg{Generation: 4}},
		`okta first: want device-challenge`:        {Org: OktaOrg{First: []string{"identify", "password"}}},
		`okta idp: want a URL`:                     {Org: OktaOrg{IdP: "x"}},
		`want profile okta, got strict`:            {Profile: "strict"},
		`want the folder dist of npm's @okta/okta`: {Widget: t.TempDir()},
	} {
		t.Run(want, func(t *testing.T) {
			t.Parallel()
			cfg.Login = "okta"
			_, err := Start(cfg)
			require.ErrorContains(t, err, want)
		})
	}
}
