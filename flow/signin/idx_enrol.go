package signin

import (
	"context"
	"errors"
	"slices"

	"github.com/oidcflow/oidcflow/flow"
	"github.com/oidcflow/oidcflow/flow/trace"
)

// idxSetUp is an authenticator whose proof was sent, and not yet taken.
type idxSetUp struct {
	ledger string
	secret trace.Secret
}

// enrolKeys are the authenticators that stand for what [Enrolment.Want] says, the best first, and by which method. Said
// is that the option has to name it: else Okta Verify is set up by its own program on a phone.
var enrolKeys = map[ChallengeKind][]struct {
	key, method string
	said        bool
}{
	ChallengePasskey: {{key: "webauthn", method: "webauthn"}},
	ChallengeTOTP:    {{key: "google_otp", method: "otp"}, {key: "okta_verify", method: "totp", said: true}},
}

// wants reports whether that kind of authenticator is still to be set up.
func (d *IDXDialog) wants(k ChallengeKind) bool {
	return d.cfg.Enrol != nil && d.cfg.Enrol.Want == k && !d.enrolled
}

// chooseEnrolment returns the move that picks the authenticator which is wanted.
func (d *IDXDialog) chooseEnrolment(a *IDXAnswer, r *IDXRemediation, step *IDXStep) (*IDXMove, error) {
	at := slices.IndexFunc(r.Fields, func(f IDXField) bool { return len(f.Options) > 0 })
	if at < 0 || d.cfg.Enrol == nil || !d.wants(d.cfg.Enrol.Want) {
		return nil, d.cannot(a, step)
	}
	field := &r.Fields[at]
	for _, want := range enrolKeys[d.cfg.Enrol.Want] {
		for i := range field.Options {
			o := &field.Options[i]
			offered := offers(o.Fields)
			if o.Key != want.key || (want.said || len(offered) > 0) && !slices.Contains(offered, want.method) || d.tried["enrol "+want.key] {
				continue
			}
			m, err := d.form(a, r, idxValues{field.Name: o, field.Name + ".methodType": want.method}, nil)
			if err != nil {
				return nil, err
			}
			d.tried["enrol "+want.key] = true
			m.Fill = []IDXFill{{Path: field.Name, What: "choice", Key: want.key, Way: want.method}}
			return m, nil
		}
	}
	return nil, d.cannot(a, step)
}

// asksToSetUp returns what a form asks for that sets up an authenticator of the kinds that are known.
func (a *IDXAnswer) asksToSetUp(r *IDXRemediation) *idxAsk {
	if r.field("credentials", "attestation") != nil {
		return &idxAsk{path: "credentials", what: kindPasskey, ledger: "enrol " + kindPasskey}
	}
	if a.Current.Secret.IsZero() {
		return nil
	}
	for _, name := range []string{"passcode", "totp"} {
		if r.field("credentials", name) != nil {
			return &idxAsk{path: "credentials." + name, what: kindCode, ledger: "enrol " + string(ChallengeTOTP)}
		}
	}
	return nil
}

// setUp returns the move that sets up the authenticator which is wanted: with a code of the secret that is shown, or by
// a browser, whose authenticator makes a passkey by itself. Its move has no body.
func (d *IDXDialog) setUp(ctx context.Context, a *IDXAnswer, r *IDXRemediation, step *IDXStep) (*IDXMove, error) {
	ask := a.asksToSetUp(r)
	switch {
	case ask != nil && ask.what == kindPasskey && d.wants(ChallengePasskey):
		d.sent[ask.ledger]++
		d.enrolling = &idxSetUp{ledger: ask.ledger}
		return &IDXMove{Fill: []IDXFill{{Path: ask.path, What: ask.what}}}, nil
	case ask != nil && ask.what == kindCode && d.wants(ChallengeTOTP):
		return d.setUpTOTP(ctx, a, r, ask)
	}
	return nil, d.cannot(a, step)
}

func (d *IDXDialog) setUpTOTP(ctx context.Context, a *IDXAnswer, r *IDXRemediation, ask *idxAsk) (*IDXMove, error) {
	to, err := d.address(a, r)
	if err != nil {
		return nil, err
	}
	app, err := NewTOTP(a.Current.Secret)
	if err != nil {
		return nil, d.fail(a.view(), codeUnknownPage, "the secret that Okta shows is none: "+err.Error(), "")
	}
	app.Now, app.Wait = d.now, d.Wait
	code, err := app.Answer(ctx, Challenge{Kind: ChallengeTOTP, Attempt: 1})
	var coded *flow.Error
	switch {
	case errors.As(err, &coded):
		return nil, err
	case err != nil:
		return nil, d.interrupted(a.view(), err)
	}
	d.secrets = append(d.secrets, a.Current.Secret)
	code = d.handOut(ctx, ask.ledger, ask.what, code.For(pageHost(to)))
	m, err := d.form(a, r, idxValues{ask.path: code}, nil)
	if err != nil {
		return nil, err
	}
	d.enrolling = &idxSetUp{ledger: ask.ledger, secret: a.Current.Secret}
	m.Fill = []IDXFill{{Path: ask.path, What: ask.what, Value: code}}
	return m, nil
}

// taken notes that the provider has taken what was set up: it goes on, and asks for no more of it.
func (d *IDXDialog) taken(a *IDXAnswer) {
	if d.enrolling == nil || a.Status >= 400 {
		return
	}
	if !d.enrolling.secret.IsZero() {
		d.cfg.Enrol.TOTP = d.enrolling.secret
	}
	d.enrolling, d.enrolled = nil, true
}

// NotOffered returns the error for a sign-in that is over without Okta having offered what Config.Enrol wants, or nil.
func (d *IDXDialog) NotOffered(v *View) error {
	if d.cfg.Enrol == nil || d.enrolled {
		return nil
	}
	what, where := "an authenticator app", "Google Authenticator"
	if d.cfg.Enrol.Want == ChallengePasskey {
		what, where = "a passkey", "passkeys (FIDO2 WebAuthn)"
	}
	return d.fail(v, codeNotOffered, "the user is signed in, and Okta has not offered to set up "+what,
		"let the organisation's authenticator enrollment policy require "+where+" of this user, who must not have set it up before")
}
