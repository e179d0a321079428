package scenario

import (
	"context"
	"errors"
	"time"

	"github.com/oidcflow/oidcflow/flow"
)

// cleanUpTime is how long a file's clean-up may take, whatever else is over by then.
const cleanUpTime = 15 * time.Second

// cleanUp revokes the tokens of a file, ends its sessions, and closes its stage. It does so when ctx has ended, too. The
// tokens and sessions of an embedded provider end with it.
func (s *show) cleanUp(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), cleanUpTime)
	defer cancel()
	if s.stage.Embedded() == nil {
		for _, x := range s.made {
			s.warn(x.giveBack(ctx))
		}
	}
	s.warn(s.stage.Close())
}

// giveBack revokes the tokens of an exchange, and ends its session, as far as the run has not done it.
func (x *exchange) giveBack(ctx context.Context) error {
	if x.client == nil || x.made.Tokens.AccessToken.IsZero() {
		return nil
	}
	var revoke, logout error
	if !x.revoked {
		revoke = x.revoke(ctx, x.client)
	}
	if !x.loggedOut && !x.made.Tokens.IDToken.IsZero() {
		logout = x.logout(ctx, x.client)
	}
	return errors.Join(offered(revoke), offered(logout))
}

// offered leaves out that a provider has no such endpoint.
func offered(err error) error {
	var coded *flow.Error
	if errors.As(err, &coded) && (coded.Code == "revoke.unsupported" || coded.Code == "logout.unsupported") {
		return nil
	}
	return err
}

func (s *show) warn(err error) {
	if err != nil {
		s.outcome.Warnings = append(s.outcome.Warnings, err.Error())
	}
}
