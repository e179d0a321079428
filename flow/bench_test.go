package flow_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/oidcflow/oidcflow/mockidp"
)

// BenchmarkRun is one whole exchange on the mock, which lets everybody in at once.
func BenchmarkRun(b *testing.B) {
	for _, alg := range []string{"ES256", "RS256"} {
		b.Run(alg, func(b *testing.B) {
			_, cfg := startMock(b, func(c *mockidp.Config) { c.Servers = []mockidp.AuthServer{{Name: "default", Alg: alg}} })
			c := newClient(b, cfg)
			_, err := c.Run(b.Context()) // makes the provider's key
			require.NoError(b, err)
			for b.Loop() {
				_, err := c.Run(b.Context())
				require.NoError(b, err)
			}
		})
	}
}

// BenchmarkVerify is the verification of one ID token, the keys at hand.
func BenchmarkVerify(b *testing.B) {
	for _, alg := range []string{"ES256", "RS256"} {
		b.Run(alg, func(b *testing.B) {
			_, cfg := startMock(b, func(c *mockidp.Config) { c.Servers = []mockidp.AuthServer{{Name: "default", Alg: alg}} })
			c := newClient(b, cfg)
			a, err := c.Authorize(b.Context())
			require.NoError(b, err)
			cb, err := c.SignIn(b.Context(), a)
			require.NoError(b, err)
			code, err := c.Code(b.Context(), a, cb)
			require.NoError(b, err)
			tokens, err := c.Exchange(b.Context(), a, code)
			require.NoError(b, err)
			for b.Loop() {
				_, err := c.Verify(b.Context(), a, tokens)
				require.NoError(b, err)
			}
		})
	}
}
