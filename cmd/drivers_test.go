package cmd

import (
	"context"
	"errors"
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/oidcflow/oidcflow/flow"
	"github.com/oidcflow/oidcflow/flow/report"
	"github.com/oidcflow/oidcflow/flow/signin"
)

// Whatever drives a page keeps within the limit of its call; a person in their own browser is not held up.
func TestDriversShareOneLimit(t *testing.T) {
	t.Parallel()
	s := &signer{limit: &signin.Limit{AtOnce: 1, Loopback: true}}
	at, err := url.Parse("http://127.0.0.1:1/authorize")
	require.NoError(t, err)
	r := flow.Request{URL: at, RedirectURI: "https://not.loopback.example/"}
	begun, letGo, done := make(chan struct{}), make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		_, err := s.limit.Around(signInFunc(func() { close(begun); <-letGo })).SignIn(t.Context(), r)
		require.ErrorIs(t, err, errStopped)
	}()
	<-begun
	interrupted, cancel := context.WithCancel(t.Context())
	cancel()
	for _, name := range driverNames() {
		_, err := s.driver(name).SignIn(interrupted, r)
		if name == "system" {
			require.Equal(t, "usage.redirect_uri", report.ErrorCode(err))
			continue
		}
		require.ErrorContains(t, err, "waiting for other sign-ins", name)
	}
	close(letGo)
	<-done
}

var errStopped = errors.New("stopped")

type signInFunc func()

func (f signInFunc) SignIn(context.Context, flow.Request) (*flow.Callback, error) {
	f()
	return nil, errStopped
}
