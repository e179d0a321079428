package mockidp

import (
	"encoding/base64"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
)

// authnStep answers the state at with one request.
type authnStep struct {
	at string
	do func(*authnWalker)
}

const totp = "token:software:totp"

func totpCodeIn(provider string) authnStep {
	return authnStep{"MFA_REQUIRED", func(w *authnWalker) {
		w.verify(totp, provider, object{"passCode": w.totp(oktaTOTP)})
	}}
}

func sendAnd(kind string) []authnStep {
	return []authnStep{
		{"MFA_REQUIRED", func(w *authnWalker) { w.verify(kind, "OKTA", nil) }},
		{"MFA_CHALLENGE", func(w *authnWalker) { w.follow("resend", nil) }},
		{"MFA_CHALLENGE", func(w *authnWalker) { w.follow("verify", object{"passCode": w.lastCode()}) }},
	}
}

var answerQuestion = authnStep{"MFA_REQUIRED", func(w *authnWalker) {
	w.verify("question", "OKTA", object{"answer": " rEx "})
}}

// TestClassicPolicies walks each policy to its end.
func TestClassicPolicies(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		policy []string
		steps  []authnStep
		amr    []any
	}{
		"password": {policy: []string{"password"}, amr: []any{"pwd"}},
		"no policy": {
			steps: []authnStep{totpCodeIn("GOOGLE")}, amr: []any{"mfa", "otp", "pwd"},
		},
		"Google Authenticator": {
			policy: []string{"password", "google_otp"}, steps: []authnStep{totpCodeIn("GOOGLE")}, amr: []any{"mfa", "otp", "pwd"},
		},
		"Okta Verify's code among others": {
			policy: []string{"password", "push|okta_verify|google_otp"}, steps: []authnStep{totpCodeIn("OKTA")}, amr: []any{"mfa", "otp", "pwd"},
		},
		"question": {policy: []string{"password", "question"}, steps: []authnStep{answerQuestion}, amr: []any{"kba", "mfa", "pwd"}},
		"e-mail":   {policy: []string{"password", "email"}, steps: sendAnd("email"), amr: []any{"email", "mfa", "pwd"}},
		"SMS":      {policy: []string{"password", "sms"}, steps: sendAnd("sms"), amr: []any{"mfa", "pwd", "sms"}},
		"back from one factor to another": {
			policy: []string{"password", "email|question"},
			steps: []authnStep{
				{"MFA_REQUIRED", func(w *authnWalker) { w.verify("email", "OKTA", nil) }},
				{"MFA_CHALLENGE", func(w *authnWalker) { w.follow("prev", nil) }},
				answerQuestion,
			},
			amr: []any{"kba", "mfa", "pwd"},
		},
		"two factors": {
			policy: []string{"password", "question", "google_otp"}, steps: []authnStep{answerQuestion, totpCodeIn("GOOGLE")},
			amr: []any{"kba", "mfa", "otp", "pwd"},
		},
		"push, rejected and approved": {
			policy: []string{"password", "push"},
			steps: []authnStep{
				{"MFA_REQUIRED", func(w *authnWalker) { w.verify("push", "OKTA", nil) }},
				{"MFA_CHALLENGE", func(w *authnWalker) {
					require.Equal(w.t, "WAITING", w.state["factorResult"])
					w.follow("poll", nil)
				}},
				{"MFA_CHALLENGE", func(w *authnWalker) {
					require.NoError(w.t, w.s.AnswerPush("alice", ""))
					w.follow("poll", nil)
				}},
				{"MFA_CHALLENGE", func(w *authnWalker) {
					require.Equal(w.t, "REJECTED", w.state["factorResult"])
					w.follow("verify", nil)
				}},
				{"MFA_CHALLENGE", func(w *authnWalker) {
					number := w.s.Pushes()[0].Number
					require.Equal(w.t, number, fmt.Sprint(w.member("_embedded.factor._embedded.challenge.correctAnswer")))
					require.NoError(w.t, w.s.AnswerPush("alice", number))
					w.follow("poll", nil)
				}},
			},
			amr: []any{"mfa", "pwd", "swk"},
		},
		"enrolment": {
			policy: []string{"password", "enrol"},
			steps: []authnStep{
				{"MFA_ENROLL", func(w *authnWalker) {
					require.Nil(w.t, w.member("_links.skip"))
					require.Equal(w.t, "REQUIRED", w.factor(totp, "GOOGLE")["enrollment"])
					w.to(w.s.URL+authnPath+"/factors", object{"factorType": totp, "provider": "GOOGLE"})
				}},
				{"MFA_ENROLL_ACTIVATE", func(w *authnWalker) { w.follow("prev", nil) }},
				{"MFA_ENROLL", func(w *authnWalker) {
					w.to(w.s.URL+authnPath+"/factors", object{"factorType": totp, "provider": "GOOGLE"})
				}},
				{"MFA_ENROLL_ACTIVATE", func(w *authnWalker) {
					secret := w.member("_embedded.factor._embedded.activation.sharedSecret").(string)
					w.follow("activate", object{"passCode": w.totp(secret)})
				}},
			},
			amr: []any{"mfa", "otp", "pwd"},
		},
		"enrolment of what is asked for then": {
			policy: []string{"password", "enrol:google_otp", "google_otp"},
			steps: []authnStep{
				{"MFA_ENROLL", func(w *authnWalker) {
					w.to(w.s.URL+authnPath+"/factors", object{"factorType": totp, "provider": "GOOGLE"})
				}},
				{"MFA_ENROLL_ACTIVATE", func(w *authnWalker) {
					secret := w.member("_embedded.factor._embedded.activation.sharedSecret").(string)
					w.follow("activate", object{"passCode": w.totp(secret)})
				}},
			},
			amr: []any{"mfa", "otp", "pwd"},
		},
		"optional enrolment": {
			policy: []string{"password", "enrol-optional:google_otp"},
			steps: []authnStep{{"MFA_ENROLL", func(w *authnWalker) {
				require.Equal(w.t, "ACTIVE", w.factor("email", "OKTA")["status"])
				w.follow("skip", nil)
			}}},
			amr: []any{"pwd"},
		},
		"password that expires": {
			policy: []string{"password", "password-expiring", "question"},
			steps: []authnStep{{"PASSWORD_WARN", func(w *authnWalker) {
				require.InDelta(w.t, daysToExpiry, w.member("_embedded.policy.expiration.passwordExpireDays"), 0)
				w.follow("skip", nil)
			}}, answerQuestion},
			amr: []any{"kba", "mfa", "pwd"},
		},
		"password that has expired": {
			policy: []string{"password", "password-expired"},
			steps: []authnStep{{"PASSWORD_EXPIRED", func(w *authnWalker) {
				require.Nil(w.t, w.member("_links.skip"))
				w.follow("changePassword", object{"oldPassword": oktaPassword, "newPassword": "a new password"})
			}}},
			amr: []any{"pwd"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := startClassic(t, Config{}, c.policy...)
			w := walkClassic(t, p).signIn("alice", oktaPassword)
			for i, s := range c.steps {
				require.Equal(t, s.at, w.at(), "step %d: %v", i, w.state)
				require.Equal(t, "alice", w.member("_embedded.user.profile.login"))
				now := w.state
				w.to(p.s.URL+authnPath, nil)
				require.Equal(t, now, w.state, "whoever asks learns where the sign-in is")
				s.do(w)
			}
			require.Equal(t, c.amr, w.amr())
			w.state = object{"stateToken": "00"}
			require.Equal(t, "E0000011", w.to(p.s.URL+authnPath, nil).state["errorCode"])
		})
	}
}

// TestClassicRefusals has each error of the engine.
func TestClassicRefusals(t *testing.T) {
	t.Parallel()
	wrongTOTP := func(w *authnWalker) { w.verify(totp, "GOOGLE", object{"passCode": "000000"}) }
	wrongPassword := func(w *authnWalker) { w.signIn("alice", "wrong password") }
	for name, c := range map[string]struct {
		policy []string
		org    OktaOrg
		locked bool
		times  int
		do     func(*authnWalker)
		status int
		code   string
		cause  string
		at     string
	}{
		"wrong password": {do: wrongPassword, status: 401, code: "E0000004"},
		"unknown user":   {do: func(w *authnWalker) { w.signIn("bob", "x") }, status: 401, code: "E0000004"},
		"locked":         {locked: true, do: func(w *authnWalker) { w.signIn("alice", oktaPassword) }, status: 401, code: "E0000004"},
		"locked, and told": {
			locked: true, org: OktaOrg{ShowLockOuts: true}, do: func(w *authnWalker) { w.signIn("alice", oktaPassword) }, status: 200, at: "LOCKED_OUT",
		},
		"the tenth wrong password":       {times: maxWrong, org: OktaOrg{ShowLockOuts: true}, do: wrongPassword, status: 200, at: "LOCKED_OUT"},
		"the tenth wrong password, mute": {times: maxWrong, do: wrongPassword, status: 401, code: "E0000004"},
		"denied by policy":               {policy: []string{"password", "denied"}, status: 403, code: "E0000085"},
		"wrong code":                     {policy: []string{"password", "google_otp"}, do: wrongTOTP, status: 403, code: "E0000068", cause: wrongToken},
		"the tenth wrong code":           {policy: []string{"password", "google_otp"}, times: maxWrong, do: wrongTOTP, status: 403, code: "E0000069"},
		"wrong answer": {
			policy: []string{"password", "question"}, do: func(w *authnWalker) { w.verify("question", "OKTA", object{"answer": "Tom"}) },
			status: 403, code: "E0000068", cause: "Your answer doesn't match our records. Please try again.",
		},
		"a code that nobody was sent": {
			policy: []string{"password", "email"}, do: func(w *authnWalker) { w.verify("email", "OKTA", object{"passCode": "123456"}) },
			status: 403, code: "E0000068", cause: wrongToken,
		},
		"a factor of another user": {
			policy: []string{"password", "email"}, do: func(w *authnWalker) { w.to(w.s.URL+authnFactorsPath+"ufsXXXX/verify", nil) },
			status: 404, code: "E0000007",
		},
		"a factor that the present state has no link to": {
			policy: []string{"password", "email|sms"}, status: 403, code: "E0000079",
			do: func(w *authnWalker) {
				sms := w.factor("sms", "OKTA")["_links"].(map[string]any)["verify"].(map[string]any)["href"].(string)
				w.verify("email", "OKTA", nil).to(sms, nil)
			},
		},
		"a resend to a factor of another user": {
			policy: []string{"password", "email"}, status: 404, code: "E0000007",
			do: func(w *authnWalker) {
				w.verify("email", "OKTA", nil).to(w.s.URL+authnFactorsPath+"emfXXXX/verify/resend", nil)
			},
		},
		"a resend of what is not sent": {
			policy: []string{"password", "passkey"}, status: 403, code: "E0000079",
			do: func(w *authnWalker) {
				href := w.factor("webauthn", "FIDO")["_links"].(map[string]any)["verify"].(map[string]any)["href"].(string)
				w.to(href, nil).to(href+"/resend", nil)
			},
		},
		"an activation of another factor": {
			policy: []string{"password", "enrol"}, status: 404, code: "E0000007",
			do: func(w *authnWalker) {
				w.to(w.s.URL+authnPath+"/factors", object{"factorType": totp, "provider": "GOOGLE"}).
					to(w.s.URL+authnFactorsPath+"uftXXXX/lifecycle/activate", object{"passCode": "000000"})
			},
		},
		"a factor where none is asked for": {
			policy: []string{"password", "password-expired"}, do: func(w *authnWalker) { w.to(w.s.URL+authnFactorsPath+"ufsXXXX/verify", nil) },
			status: 403, code: "E0000079",
		},
		"back from where there is no way back": {
			policy: []string{"password", "email"}, do: func(w *authnWalker) { w.to(w.s.URL+authnPath+"/previous", nil) }, status: 403, code: "E0000079",
		},
		"a skip of what must be": {
			policy: []string{"password", "enrol"}, do: func(w *authnWalker) { w.to(w.s.URL+authnPath+"/skip", nil) }, status: 403, code: "E0000079",
		},
		"an enrolment of what is not offered": {
			policy: []string{"password", "enrol"}, status: 400, code: "E0000001", cause: otherFactor.cause,
			do: func(w *authnWalker) {
				w.to(w.s.URL+authnPath+"/factors", object{"factorType": "sms", "provider": "OKTA"})
			},
		},
		"a wrong code at enrolment": {
			policy: []string{"password", "enrol"}, status: 403, code: "E0000068", cause: wrongToken,
			do: func(w *authnWalker) {
				w.to(w.s.URL+authnPath+"/factors", object{"factorType": totp, "provider": "GOOGLE"}).follow("activate", object{"passCode": "000000"})
			},
		},
		"a wrong old password": {
			policy: []string{"password", "password-expired"}, status: 403, code: "E0000014", cause: wrongOldPassword.cause,
			do: func(w *authnWalker) {
				w.follow("changePassword", object{"oldPassword": "x", "newPassword": "a new password"})
			},
		},
		"a weak new password": {
			policy: []string{"password", "password-expired"}, status: 403, code: "E0000014", cause: passwordRule,
			do: func(w *authnWalker) {
				w.follow("changePassword", object{"oldPassword": oktaPassword, "newPassword": "short"})
			},
		},
		"expired": {
			policy: []string{"password", "email"}, status: 401, code: "E0000011",
			do: func(w *authnWalker) { w.s.Clock().Advance(authnTTL); w.verify("email", "OKTA", nil) },
		},
		"canceled": {
			policy: []string{"password", "email"}, status: 401, code: "E0000011",
			do: func(w *authnWalker) {
				token := w.token()
				w.follow("cancel", nil)
				w.state = object{"stateToken": token}
				w.to(w.s.URL+authnPath, nil)
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := startClassic(t, Config{Org: c.org}, c.policy...)
			if c.locked {
				u := oktaUser(c.policy...)
				u.Locked = true
				require.NoError(t, p.s.AddUser(u))
			}
			w := walkClassic(t, p)
			if c.policy != nil {
				w.signIn("alice", oktaPassword)
			}
			before := w.state
			for range max(c.times, 1) {
				if c.do != nil {
					w.state = before
					c.do(w)
				}
			}
			require.Equal(t, c.status, w.status, w.state)
			require.Equal(t, c.at, w.at())
			if c.code != "" {
				require.Equal(t, c.code, w.state["errorCode"], w.state)
				require.Equal(t, c.cause, w.cause())
			}
		})
	}
}

// TestClassicUsedCode takes a code once, and that of the other app besides.
func TestClassicUsedCode(t *testing.T) {
	t.Parallel()
	p := startClassic(t, Config{}, "password", "google_otp|okta_verify")
	p.s.Clock().Freeze()
	sign := func(provider string) *authnWalker {
		return walkClassic(t, p, "prompt", "login").signIn("alice", oktaPassword).verify(totp, provider, object{"passCode": p.totp(oktaTOTP)})
	}
	require.Equal(t, "SUCCESS", sign("GOOGLE").at())
	require.Equal(t, usedCode.text, sign("GOOGLE").cause())
	require.Equal(t, "SUCCESS", sign("OKTA").at())
}

func TestClassicNotAssigned(t *testing.T) {
	t.Parallel()
	p := startClassic(t, Config{}, "password", "not-assigned")
	v := p.callback(walkClassic(t, p).signIn("alice", oktaPassword).end())
	require.Equal(t, "access_denied", v.Get("error"))
	require.Equal(t, "User is not assigned to the client application.", v.Get("error_description"))
}

// TestClassicPasskey signs in with one of two passkeys, asked for by itself or with the other.
func TestClassicPasskey(t *testing.T) {
	t.Parallel()
	for _, n := range []int{1, 2} {
		k := newSoftKey()
		u := Person{Login: "alice", Password: oktaPassword, Policy: []string{"password", "passkey"}, Passkeys: []Passkey{k.passkey}}
		for range n - 1 {
			u.Passkeys = append(u.Passkeys, newSoftKey().passkey)
		}
		p := startRP(t, Config{Login: "okta", Listen: "localhost:0", Org: OktaOrg{Engine: "classic"}, Users: []User{u}})
		k.origin, k.kind, k.rpID, k.flags, k.count = p.s.URL, "webauthn.get", "localhost", userPresent|userVerified, 7
		w := walkClassic(t, p).signIn("alice", oktaPassword)
		challenge := "_embedded.factor._embedded.challenge.challenge"
		if n == 1 {
			w.verify("webauthn", "FIDO", nil)
			require.Equal(t, b64.EncodeToString(k.passkey.ID), w.member("_embedded.factor.profile.credentialId"))
		} else {
			anyOf := w.member("_embedded.factorTypes").([]any)[0].(map[string]any)
			w.to(anyOf["_links"].(map[string]any)["next"].(map[string]any)["href"].(string), nil)
			challenge = "_embedded.challenge.challenge"
			require.Len(t, w.member("_embedded.factors"), n)
		}
		require.Equal(t, "CHALLENGE", w.state["factorResult"])
		signed := k.sign(t, w.member(challenge).(string))
		answer := object{}
		for _, name := range []string{"clientData", "authenticatorData", "signatureData"} {
			answer[name] = signed["credentials."+name]
		}
		asked := w.state
		w.follow("verify", object{"clientData": answer["clientData"], "authenticatorData": answer["authenticatorData"],
			"signatureData": base64.RawURLEncoding.EncodeToString([]byte("another"))})
		require.Equal(t, "E0000068", w.state["errorCode"])
		w.state = asked
		w.follow("verify", answer)
		require.Equal(t, []any{"hwk", "mfa", "pwd"}, w.amr())
	}
}

// TestClassicConfig names the screens that the engine does not have.
func TestClassicConfig(t *testing.T) {
	t.Parallel()
	user := func(policy ...string) Config { return Config{Users: []User{oktaUser(policy...)}} }
	for want, cfg := range map[string]Config{
		`okta engine: want one of identity, classic, got "x"`:             {Org: OktaOrg{Engine: "x"}},
		`okta generation: the engine classic has 2 alone, got 3`:          {Org: OktaOrg{Generation: 3}},
		`okta granular consent: the engine classic has no such`:           {Org: OktaOrg{GranularConsent: true}},
		`okta redirect remediation: the engine classic has no`:            {Org: OktaOrg{RedirectRemediation: true}},
		`okta first: the engine classic has no screen device-challenge`:   {Org: OktaOrg{First: []string{"device-challenge", "identify"}}},
		`policy: magic_link: the engine classic has no such screen`:       user("password", "magic_link"),
		`policy: email|magic_link: the engine classic has no such`:        user("password", "email|magic_link"),
		`policy: granular-consent: the engine classic has no such screen`: user("password", "granular-consent"),
		`policy: keep-me-signed-in: the engine classic has no such`:       user("password", "keep-me-signed-in"),
		`policy: device-grace: the engine classic has no such screen`:     user("password", "device-grace"),
		`policy: unsatisfiable: the engine classic has no such screen`:    user("password", "unsatisfiable"),
		`policy: failure-redirect: the engine classic has no such`:        user("password", "failure-redirect"),
		`policy: redirect-idp: the engine classic leads away by the user`: user("redirect-idp"),
		`policy: google_otp: the engine classic asks for the password`:    user("google_otp"),
		`policy: enrol:passkey: the engine classic has google_otp alone`:  user("password", "enrol:passkey"),
		`policy: password|email: the engine classic asks for the`:         user("password", "password|email"),
		`policy: email: the engine classic asks for consent and`:          user("password", "consent", "email"),
	} {
		t.Run(want, func(t *testing.T) {
			t.Parallel()
			cfg.Login = "okta"
			if cfg.Org.Engine == "" {
				cfg.Org.Engine = "classic"
			}
			_, err := Start(cfg)
			require.ErrorContains(t, err, want)
		})
	}
}
