package flow

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
)

// idTokenCheck is an ID token whose signature is good, and what its claims are compared with.
type idTokenCheck struct {
	raw    string
	token  *oidc.IDToken
	claims object
	now    time.Time
	skew   time.Duration

	issuer    string
	clientID  string
	nonce     string
	access    string // the access token that came with it
	maxAge    *time.Duration
	acrValues []string
	asked     time.Time // when the authorization request was made

	before object // refreshed: the claims of the token that this one follows
}

// claimCheck is one check of an ID token. run reports whether there was anything to check.
type claimCheck struct {
	name string
	run  func(*idTokenCheck) (applies bool, err error)
}

// idTokenChecks are those of OpenID Connect Core 1.0 §3.1.3.7, in the order in which Verified lists them.
var idTokenChecks = []claimCheck{
	{"iss", (*idTokenCheck).iss},
	{"sub", (*idTokenCheck).subPresent},
	{"aud", (*idTokenCheck).aud},
	{"azp", (*idTokenCheck).azp},
	{"exp", (*idTokenCheck).exp},
	{"iat", (*idTokenCheck).iat},
	{"nbf", (*idTokenCheck).nbf},
	{"nonce", (*idTokenCheck).nonceEqual},
	{"at_hash", (*idTokenCheck).atHash},
	{"auth_time", (*idTokenCheck).authTime},
	{"acr", (*idTokenCheck).acr},
}

// refreshedChecks are those of §12.2, for an ID token that came with refreshed tokens.
var refreshedChecks = []claimCheck{
	{"iss", (*idTokenCheck).iss},
	{"sub", (*idTokenCheck).subPresent},
	{"sub", (*idTokenCheck).sameSub},
	{"aud", (*idTokenCheck).aud},
	{"azp", (*idTokenCheck).azp},
	{"exp", (*idTokenCheck).exp},
	{"iat", (*idTokenCheck).iat},
	{"nbf", (*idTokenCheck).nbf},
	{"nonce", (*idTokenCheck).sameNonce},
	{"at_hash", (*idTokenCheck).atHash},
	{"auth_time", (*idTokenCheck).sameAuthTime},
}

// iss: §3.1.3.7 item 2, and exactly: no slash more or less.
func (v *idTokenCheck) iss() (bool, error) {
	got, err := v.claims.text("iss")
	if err == nil && (got == "" || got != v.issuer) {
		err = fmt.Errorf("iss: want %q, got %q", v.issuer, clip(got))
	}
	return true, err
}

// subPresent: §2, REQUIRED and at most 255 characters. Nothing is compared, so it is not listed as verified.
func (v *idTokenCheck) subPresent() (bool, error) {
	got, err := v.claims.text("sub")
	switch {
	case err != nil:
		return false, err
	case got == "":
		return false, errors.New("sub: want the user's identifier, got none")
	case len(got) > 255:
		return false, fmt.Errorf("sub: want at most 255 characters, got %d", len(got))
	}
	return false, nil
}

// sameSub: §12.2.
func (v *idTokenCheck) sameSub() (bool, error) {
	want, has := v.before["sub"]
	if has && v.claims["sub"] != want {
		return true, fmt.Errorf("sub: want %q as before, got %q", want, clip(fmt.Sprint(v.claims["sub"])))
	}
	return has, nil
}

// aud: §3.1.3.7 item 3.
func (v *idTokenCheck) aud() (bool, error) {
	got, err := v.claims.audience()
	if err == nil && !slices.Contains(got, v.clientID) {
		err = fmt.Errorf("aud: want %q among %s", v.clientID, clip(fmt.Sprintf("%q", got)))
	}
	return true, err
}

// azp: §3.1.3.7 items 3 to 5. Audiences besides us are trusted only if the token says that it was issued to us.
func (v *idTokenCheck) azp() (bool, error) {
	got, err := v.claims.text("azp")
	if err != nil {
		return true, err
	}
	aud, err := v.claims.audience()
	if err != nil {
		return true, err
	}
	switch {
	case got == "" && len(aud) > 1:
		return true, fmt.Errorf("azp: want %q because aud has %d values, got none", v.clientID, len(aud))
	case got != "" && got != v.clientID:
		return true, fmt.Errorf("azp: want %q, got %q", v.clientID, clip(got))
	}
	return got != "", nil
}

// exp: §3.1.3.7 item 9.
func (v *idTokenCheck) exp() (bool, error) {
	t, err := v.required("exp")
	if err == nil && !v.now.Add(-v.skew).Before(t) {
		err = fmt.Errorf("exp: expired at %s, and it is %s", stamp(t), stamp(v.now))
	}
	return true, err
}

// iat: §3.1.3.7 item 10.
func (v *idTokenCheck) iat() (bool, error) {
	t, err := v.required("iat")
	switch {
	case err != nil:
	case t.After(v.now.Add(v.skew)):
		err = fmt.Errorf("iat: issued at %s, and it is only %s", stamp(t), stamp(v.now))
	case t.Before(v.now.Add(-v.skew - maxIDTokenAge)):
		err = fmt.Errorf("iat: issued at %s, and it is %s: not made for this exchange", stamp(t), stamp(v.now))
	}
	return true, err
}

// nbf: RFC 7519 §4.1.5.
func (v *idTokenCheck) nbf() (bool, error) {
	t, has, err := v.date("nbf")
	if err == nil && has && t.After(v.now.Add(v.skew)) {
		err = fmt.Errorf("nbf: not valid before %s, and it is %s", stamp(t), stamp(v.now))
	}
	return has, err
}

// nonceEqual: §3.1.3.7 item 11. We send one always, so it must come back.
func (v *idTokenCheck) nonceEqual() (bool, error) {
	got, err := v.claims.text("nonce")
	if err == nil && (got == "" || got != v.nonce) {
		err = fmt.Errorf("nonce: want %q, got %q", v.nonce, clip(got))
	}
	return true, err
}

// sameNonce: §12.2, "it SHOULD NOT have a nonce Claim … however, if it is present, its value MUST be the same".
func (v *idTokenCheck) sameNonce() (bool, error) {
	got, has := v.claims["nonce"]
	if want := v.before["nonce"]; has && v.before != nil && got != want {
		return true, fmt.Errorf("nonce: want none or %q as before, got %q", want, clip(fmt.Sprint(got)))
	}
	return has, nil
}

// atHash: §3.1.3.8, where the claim is optional.
func (v *idTokenCheck) atHash() (bool, error) {
	if v.claims["at_hash"] == nil {
		return false, nil
	}
	if err := v.token.VerifyAccessToken(v.access); err != nil {
		return true, errors.New("at_hash: it is not the access token's")
	}
	return true, nil
}

// authTime: §3.1.3.7 item 13. The user's sign-in may be max_age old when the request is made.
func (v *idTokenCheck) authTime() (bool, error) {
	t, has, err := v.date("auth_time")
	switch {
	case err != nil:
		return true, err
	case !has && v.maxAge != nil:
		return true, errors.New("auth_time: want one because max_age was asked for, got none")
	case !has:
		return false, nil
	case t.After(v.now.Add(v.skew)):
		return true, fmt.Errorf("auth_time: %s, and it is only %s", stamp(t), stamp(v.now))
	case v.maxAge != nil && t.Before(v.asked.Add(-*v.maxAge-v.skew)):
		return true, fmt.Errorf("auth_time: want a sign-in not older than %s, got one of %s", *v.maxAge, stamp(t))
	}
	return v.maxAge != nil, nil
}

// sameAuthTime: §12.2, "it MUST represent the time of the original authentication".
func (v *idTokenCheck) sameAuthTime() (bool, error) {
	got, has, err := v.date("auth_time")
	if err != nil || !has {
		return has, err
	}
	want, had, err := v.before.seconds("auth_time")
	if err == nil && had && !got.Equal(unix(want)) {
		err = fmt.Errorf("auth_time: want %s as before, got %s", stamp(unix(want)), stamp(got))
	}
	return had, err
}

// acr: §3.1.3.7 item 12. acr_values is a wish (§3.1.2.1); who made it wants to know when it was not fulfilled.
func (v *idTokenCheck) acr() (bool, error) {
	if len(v.acrValues) == 0 {
		return false, nil
	}
	got, err := v.claims.text("acr")
	if err == nil && !slices.Contains(v.acrValues, got) {
		err = fmt.Errorf("acr: want one of %q, got %q", v.acrValues, clip(got))
	}
	return true, err
}

// date returns the claim name as a time.
func (v *idTokenCheck) date(name string) (t time.Time, has bool, err error) {
	seconds, has, err := v.claims.seconds(name)
	if err != nil || !has {
		return time.Time{}, has, err
	}
	return unix(seconds), true, nil
}

// required returns the claim name as a time, or an error where it is absent.
func (v *idTokenCheck) required(name string) (time.Time, error) {
	t, has, err := v.date(name)
	if err == nil && !has {
		err = fmt.Errorf("%s: want a time, got none", name)
	}
	return t, err
}

func unix(seconds float64) time.Time {
	whole := int64(seconds)
	return time.Unix(whole, int64((seconds-float64(whole))*1e9))
}

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }
