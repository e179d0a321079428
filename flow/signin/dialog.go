package signin

import "context"

// Dialog decides, page by page, what a user does next. One serves one sign-in and is not safe for concurrent use.
// Drivers look at a page, ask [Dialog.Next], do what it says, and look again.
type Dialog struct{}

// NewDialog returns the dialog of one sign-in that begins at authorizationURL.
func NewDialog(c Config, authorizationURL string) *Dialog { return &Dialog{} }

// Next returns the move for v, or an error of type *flow.Error that ends the sign-in: a screen that nobody knows, a
// refused credential, a foreign host. The values in the move have been learned by the recorder of ctx.
func (d *Dialog) Next(ctx context.Context, v *View) (*Move, error) { return nil, nil }

// Sent reports whether a credential has been handed out, after which no other driver may be tried.
func (d *Dialog) Sent() bool { return false }
