package flow

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestIsLoopback(t *testing.T) {
	t.Parallel()
	for host, want := range map[string]bool{
		"localhost":          true,
		"LocalHost":          true,
		"localhost.":         true,
		"app.localhost":      true,
		"127.0.0.1":          true,
		"127.8.9.10":         true,
		"::1":                true,
		"::ffff:127.0.0.1":   true,
		"":                   false,
		"0.0.0.0":            false,
		"10.0.0.1":           false,
		"localhost.example":  false,
		"notlocalhost":       false,
		"127.0.0.1.example":  false,
		"login.example.com":  false,
		"::ffff:192.168.0.1": false,
	} {
		require.Equal(t, want, IsLoopback(host), host)
	}
}
