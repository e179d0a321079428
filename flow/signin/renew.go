package signin

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/oidcflow/oidcflow/flow"
	"github.com/oidcflow/oidcflow/flow/trace"
)

// confirmWords are in the name or the label of a field that takes a new password a second time.
var confirmWords = []string{"confirm", "confirmation", "repeat", "retype", "re enter", "reenter", "again", "verify", "password2"}

// renews reports whether p demands a new password of a user who has one.
func (d *Dialog) renews(p *Page, s *scan, form int) bool {
	return p.Code == codePasswordExpired && slices.Contains(p.Fill, kindNewPassword) && len(s.fields(form, kindNewPassword)) > 0 &&
		d.cfg.User.NewPassword != nil
}

// renew returns the move that sets the user's new password: in all fields that take one, and the old one where it is
// asked for beside them.
func (d *Dialog) renew(ctx context.Context, p *Page, s *scan, form int) (*Move, error) {
	press := s.submitter(form, p.Press)
	destinations, err := d.destinations(s, form, press)
	if err != nil {
		return nil, err
	}
	password, err := d.newPassword(ctx, s.View)
	if err != nil {
		return nil, err
	}
	fresh := s.fields(form, kindNewPassword)
	old := s.fields(form, kindPassword)
	if !slices.ContainsFunc(fresh, func(f Field) bool { return !confirms(f) }) {
		fresh, old = slices.Concat(old, fresh), nil // "Password" and "Confirm password": there is no old one
	}
	m := &Move{Page: p.Name, Press: press}
	if len(old) > 0 {
		value := d.handOut(ctx, kindPassword, kindPassword, d.cfg.User.Password.For(destinations...))
		m.Fill = append(m.Fill, Fill{Field: old[0], What: kindPassword, Value: value})
	}
	value := d.handOut(ctx, kindNewPassword, kindNewPassword, password.For(destinations...))
	d.renewed = true
	for _, f := range fresh {
		m.Fill = append(m.Fill, Fill{Field: f, What: kindNewPassword, Value: value})
	}
	return d.done(ctx, m), nil
}

func confirms(f Field) bool {
	return says(foldName(f.Name), confirmWords) || says(foldName(f.ID), confirmWords) || says(fold(f.Label)+fold(f.Placeholder), confirmWords)
}

// newPassword asks for the user's new password, in this sign-in for the first time.
func (d *Dialog) newPassword(ctx context.Context, v *View) (trace.Secret, error) {
	password, err := d.cfg.User.NewPassword(ctx)
	var coded *flow.Error
	switch {
	case errors.As(err, &coded):
		return trace.Secret{}, err
	case err != nil && ctx.Err() != nil:
		return trace.Secret{}, d.interrupted(v, ctx.Err())
	case err != nil:
		return trace.Secret{}, &flow.Error{Step: trace.SignIn, Code: codePasswordExpired, Err: fmt.Errorf("the new password: %w", err)}
	case password.IsZero():
		return trace.Secret{}, d.fail(v, codePasswordExpired, "the new password is empty", hintNewPassword)
	}
	return password, nil
}

// hintNewPassword says how to give a new password.
const hintNewPassword = "set a new password for the user with the provider, or give one: --new-password-file FILE, --new-password-command CMD"

// hintOtherPassword is for a new password that was refused.
const hintOtherPassword = "give one that the provider's rules allow; the old one still holds"

// Accepted says that what was sent was taken: a driver calls it when the sign-in has succeeded, [Dialog.Next] when the
// provider goes on. It tells what the sign-in has changed for good, once.
func (d *Dialog) Accepted(ctx context.Context) {
	if d.renewed {
		trace.Record(ctx, trace.Event{Kind: trace.Warning, Message: "the user's password had expired and was changed: the new one is needed from now on"})
	}
	d.renewed = false
}
