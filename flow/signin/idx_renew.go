package signin

import (
	"context"
	"strings"
)

// newPasswordFields take the new password, the first of them always. Okta's page has confirmPassword although the engine
// does not ask for it.
var newPasswordFields = []string{"credentials.passcode", "credentials.newPassword", "credentials.confirmPassword", "confirmPassword"}

// renew returns the move that sets a new password, unless that can wait.
func (d *IDXDialog) renew(ctx context.Context, a *IDXAnswer, r *IDXRemediation, step *IDXStep) (*IDXMove, error) {
	if d.cfg.User.NewPassword == nil || strings.HasSuffix(r.Name, "-warning") && a.optional() {
		return nil, d.cannot(a, step)
	}
	if r.field("credentials", "passcode") == nil && r.field("credentials", "newPassword") == nil {
		return nil, d.stranger(a, "the step "+quoted(r.Name)+" of Okta's sign-in has no field for a new password", r)
	}
	to, err := d.address(a, r)
	if err != nil {
		return nil, err
	}
	value, err := d.newPassword(ctx, a.view())
	if err != nil {
		return nil, err
	}
	value = d.handOut(ctx, kindNewPassword, kindNewPassword, value.For(pageHost(to)))
	values := idxValues{}
	var fills []IDXFill
	for _, path := range newPasswordFields {
		values[path] = value
		if r.field(strings.Split(path, ".")...) != nil || path == "confirmPassword" {
			fills = append(fills, IDXFill{Path: path, What: kindNewPassword, Value: value})
		}
	}
	m, err := d.form(a, r, values, nil)
	if err != nil {
		return nil, err
	}
	m.Fill, d.renewed = fills, true
	return m, nil
}
