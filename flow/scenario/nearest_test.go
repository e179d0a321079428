package scenario

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestNearest(t *testing.T) {
	t.Parallel()
	names := []string{"issuer", "token-url", "password-file", "password-command", "totp-file", "mock"}
	for got, want := range map[string]string{
		"isuer":        "issuer",
		"Issuer":       "issuer",
		"issuer-url":   "issuer",
		"tokenurl":     "token-url",
		"password":     "password-file",
		"pasword-file": "password-file",
		"totp":         "totp-file",
		"mokc":         "mock",
		"frobnicate":   "",
		"":             "",
	} {
		require.Equal(t, want, Nearest(got, names), got)
	}
}

func TestDistance(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		a, b string
		want int
	}{
		{"", "", 0}, {"a", "", 1}, {"", "ab", 2}, {"abc", "abc", 0}, {"abc", "abd", 1}, {"abc", "ac", 1}, {"kitten", "sitting", 3},
	} {
		require.Equal(t, test.want, distance(test.a, test.b), "%s %s", test.a, test.b)
	}
}
