package flow

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/oidcflow/oidcflow/flow/trace"
)

// Who waits for another's request waits no longer than its own context.
func TestOnceIsLeftByItsContext(t *testing.T) {
	t.Parallel()
	o := newOnce[int]()
	inside, leave := make(chan struct{}), make(chan struct{})
	first := make(chan error, 1)
	go func() {
		_, err := o.get(context.Background(), trace.Discover, func(context.Context) (*int, error) {
			close(inside)
			<-leave
			return new(int), nil
		})
		first <- err
	}()
	<-inside
	never := func(context.Context) (*int, error) { return nil, errors.New("fetched twice") }

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := o.get(ctx, trace.Discover, never)
	requireCode(t, err, "discover.canceled")
	ctx, cancel = context.WithDeadline(t.Context(), time.Unix(0, 0))
	defer cancel()
	_, err = o.get(ctx, trace.Verify, never)
	requireCode(t, err, "verify.timeout")

	close(leave)
	require.NoError(t, <-first)
	v, err := o.get(ctx, trace.Discover, never)
	require.NoError(t, err)
	require.NotNil(t, v)
}

func TestError(t *testing.T) {
	t.Parallel()
	inner := errors.New(`state: want "a", got "b"`)
	for name, c := range map[string]struct {
		err  *Error
		want string
	}{
		"with a step":     {&Error{Step: trace.Callback, Code: "callback.state", Err: inner}, `callback: state: want "a", got "b"`},
		"without a step":  {&Error{Code: "usage.bad_url", Err: inner}, `state: want "a", got "b"`},
		"without a cause": {&Error{Step: trace.Callback, Code: "callback.state"}, "callback.state"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, c.want, c.err.Error())
			require.Equal(t, c.err.Code, c.err.ErrorCode())
			require.Equal(t, c.err.Err, errors.Unwrap(c.err))
		})
	}
	require.Equal(t, `the provider says "invalid_grant"`, (&ProviderError{Code: "invalid_grant"}).Error())
	require.Equal(t, `the provider says "invalid_grant": no`, fmt.Sprint(&ProviderError{Code: "invalid_grant", Description: "no"}))
}
