package e2e

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/oidcflow/oidcflow/flow"
	"github.com/oidcflow/oidcflow/flow/report"
	"github.com/oidcflow/oidcflow/mockidp"
)

// refusals are the codes by which the engine refuses faults. It bears all others: what a provider lets others do, what
// is in an access token, which is not the client's to read, and what does a client no harm.
var refusals = map[string]string{
	"discovery-500":                      "discover.server_error",
	"discovery-issuer-mismatch":          "discover.issuer_mismatch",
	"discovery-missing-jwks-uri":         "discover.missing_endpoint",
	"discovery-not-json":                 "discover.not_json",
	"discovery-plain-http-endpoint":      "discover.insecure_http",
	"discovery-redirect-loop":            "discover.redirect",
	"endpoint-mix-up":                    "discover.foreign_endpoint",
	"code-in-fragment":                   "callback.response_mode",
	"duplicate-code":                     "callback.duplicate_parameter",
	"error-and-code":                     "callback.code_and_error",
	"invalid-authorization-response-iss": "callback.iss",
	"invalid-state":                      "callback.state",
	"missing-state":                      "callback.state",
	"remove-authorization-response-iss":  "callback.iss",
	"state-other-case":                   "callback.state",
	"expires-in-negative":                "exchange.malformed",
	"gzip-bomb":                          "exchange.too_large",
	"missing-access-token":               "exchange.missing_access_token",
	"token-429-forever":                  "exchange.rate_limited",
	"token-500":                          "exchange.server_error",
	"token-cut":                          "env.unreachable",
	"token-duplicate-member":             "exchange.malformed",
	"token-html":                         "exchange.not_json",
	"token-oversized":                    "exchange.too_large",
	"token-redirect":                     "exchange.redirect",
	"token-slow":                         "exchange.timeout",
	"token-truncated-json":               "exchange.malformed",
	"token-type-missing":                 "exchange.token_type",
	"token-type-unknown":                 "exchange.token_type",
	"auth-time-missing":                  "verify.auth_time",
	"auth-time-too-old":                  "verify.auth_time",
	"empty-aud":                          "verify.aud",
	"exp-overflow":                       "verify.exp",
	"exp-string":                         "verify.exp",
	"hs256-with-public-key":              "verify.alg",
	"iat-in-future":                      "verify.iat",
	"iat-is-week-in-past":                "verify.iat",
	"idtoken-crit":                       "verify.crit",
	"idtoken-duplicate-claims":           "verify.malformed",
	"idtoken-jku":                        "verify.signature",
	"idtoken-jwk":                        "verify.signature",
	"idtoken-sig-none":                   "verify.alg",
	"idtoken-x5u":                        "verify.signature",
	"invalid-alternate-alg":              "verify.alg",
	"invalid-athash":                     "verify.at_hash",
	"invalid-aud":                        "verify.aud",
	"invalid-azp":                        "verify.azp",
	"invalid-expired-exp":                "verify.exp",
	"invalid-iss":                        "verify.iss",
	"invalid-secondary-aud":              "verify.azp",
	"invalid-sig-rs256":                  "verify.signature",
	"jwks-empty":                         "verify.unknown_key",
	"jwks-not-json":                      "verify.not_json",
	"jwks-oversized":                     "verify.malformed",
	"kid-path-traversal":                 "verify.unknown_key",
	"kid-unknown":                        "verify.unknown_key",
	"missing-aud":                        "verify.aud",
	"missing-exp":                        "verify.exp",
	"missing-iat":                        "verify.iat",
	"missing-id-token":                   "verify.missing_id_token",
	"missing-iss":                        "verify.iss",
	"missing-nonce":                      "verify.nonce",
	"missing-sub":                        "verify.sub",
	"nbf-in-future":                      "verify.nbf",
	"nonce-invalid":                      "verify.nonce",
	"sub-too-long":                       "verify.sub",
	"refresh-token-changed-auth-time":    "verify.auth_time",
	"refresh-token-invalid-aud":          "verify.aud",
	"refresh-token-invalid-issuer":       "verify.iss",
	"refresh-token-invalid-sub":          "verify.sub",
	"refresh-token-nonce":                "verify.nonce",
	"userinfo-500":                       "userinfo.server_error",
	"userinfo-invalid-sub":               "userinfo.sub",
	"userinfo-missing-sub":               "userinfo.sub",
	"logout-no-state":                    "logout.state",
	"logout-other-state":                 "logout.state",
}

// forbidden are the endpoints that are not asked after a refusal in a step.
var forbidden = map[string][]string{
	"discover": {"authorize", "token", "userinfo", "logout"},
	"callback": {"token", "userinfo", "logout"},
	"exchange": {"userinfo", "logout"},
	"env":      {"userinfo", "logout"},
	"userinfo": {"logout"},
}

// TestEngineRefusesFaults holds that the engine refuses each fault that a right client must refuse, with its code, and
// asks the provider for nothing further; and that it bears the others, and every variation.
func TestEngineRefusesFaults(t *testing.T) {
	t.Parallel()
	for _, f := range slices.Concat(mockidp.Faults, mockidp.Variations) {
		if unseen[f.Name] != "" {
			continue
		}
		t.Run(f.Name, func(t *testing.T) {
			t.Parallel()
			s, cfg, _ := startSubject(t, "public", f.Name)
			if f.Name != "token-slow" {
				cfg.RequestTimeout = time.Minute
			}
			err := useAll(t, cfg)
			want, refused := refusals[f.Name]
			if !refused {
				require.NoError(t, err)
				return
			}
			require.Error(t, err)
			require.Equal(t, want, report.ErrorCode(err), "%v", err)
			step, _, _ := strings.Cut(want, ".")
			for _, r := range s.Requests() {
				require.NotContains(t, forbidden[step], r.Endpoint, "after %s", want)
			}
		})
	}
	for name := range refusals {
		require.True(t, slices.ContainsFunc(mockidp.Faults, func(f mockidp.Fault) bool { return f.Name == name }), name)
	}
}

// useAll takes every step of a client.
func useAll(t *testing.T, cfg flow.Config) error {
	t.Helper()
	c, err := flow.New(cfg)
	require.NoError(t, err)
	r, err := c.Run(t.Context())
	if err != nil {
		return err
	}
	if _, err := c.UserInfo(t.Context(), &r.Tokens, fmt.Sprint(r.IDTokenClaims["sub"])); err != nil {
		return err
	}
	if r, err = c.Refresh(t.Context(), r); err != nil {
		return err
	}
	return c.Logout(t.Context(), r, logoutURI)
}
