package signin

import (
	"slices"
	"strings"
)

// privateCodes are of the screens on which a factor is set up or a password is set: what they show is as good as a
// credential.
var privateCodes = []string{codeEnrolment, codePasswordExpired}

// privateTexts are on screens that show a secret as text or as a picture, whatever else they are.
var privateTexts = []string{"qr code", "barcode", "can't scan", "cannot scan", "unable to scan", "setup key", "set up key",
	"secret key", "recovery code", "recovery codes", "backup code", "backup codes", "recovery key", "otpauth"}

// Private reports whether v may show a secret that nobody typed, to set a factor up with or to recover an account with.
// Nobody keeps a picture of it, however the sign-in ends there.
func (d *Dialog) Private(v *View) bool {
	s := newScan(v)
	p, _ := recognise(d.pages, s)
	return p != nil && slices.Contains(privateCodes, p.Code) || says(s.text, privateTexts)
}

// Private reports whether the screen that shows the answer may show such a secret; see [Dialog.Private].
func (a *IDXAnswer) Private() bool {
	return !a.Current.Secret.IsZero() || slices.ContainsFunc(a.Remediations, func(r IDXRemediation) bool {
		step := stepOf(r.Name)
		return step != nil && slices.Contains(privateCodes, step.Code)
	})
}

// Private reports whether the screen that shows the answer may show such a secret; see [Dialog.Private].
func (a *AuthnAnswer) Private() bool {
	step := authnStepOf(a.State)
	return step != nil && (slices.Contains(privateCodes, step.Code) || strings.HasPrefix(step.State, "RECOVERY"))
}
