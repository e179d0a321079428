package check

import (
	"context"
	"slices"

	"github.com/oidcflow/oidcflow/flow/trace"
)

// Checks are all there are, in the order in which an exchange shows them.
var Checks = slices.Concat(discoveryChecks, callbackChecks, exchangeChecks, keysChecks, headerChecks, idTokenChecks, accessTokenChecks,
	resourceChecks, refreshChecks, logoutChecks, []Check{completeCheck}, marked(slices.Concat(probes, requestProbes)))

// completeCheck says why an exchange broke off where nothing else does.
var completeCheck = Check{Name: "exchange-completes", Ref: "OpenID Connect Core 1.0 §3.1", Title: "the exchange goes to its end", Step: trace.Logout,
	Run: func(_ context.Context, s *Subject) error {
		for _, step := range steps {
			if err := s.errs[step]; err != nil {
				return err
			}
		}
		for _, step := range []trace.Step{trace.UserInfo, trace.Refresh, trace.Logout} {
			if err := s.errs[step]; err != nil {
				return err
			}
		}
		return nil
	}}
