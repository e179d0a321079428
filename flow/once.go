package flow

import (
	"context"
	"fmt"
	"sync/atomic"

	"github.com/oidcflow/oidcflow/flow/trace"
)

// once holds a value that is fetched when it is first asked for. Those who come meanwhile wait for it, each no longer
// than its own context. After an error the next one tries again.
type once[T any] struct {
	turn  chan struct{}
	value atomic.Pointer[T]
}

func newOnce[T any]() *once[T] { return &once[T]{turn: make(chan struct{}, 1)} }

// known returns the value, or nil if it was not fetched yet.
func (o *once[T]) known() *T { return o.value.Load() }

func (o *once[T]) get(ctx context.Context, step trace.Step, fetch func(context.Context) (*T, error)) (*T, error) {
	if v := o.known(); v != nil {
		return v, nil
	}
	if err := enter(ctx, step, o.turn); err != nil {
		return nil, err
	}
	defer func() { <-o.turn }()
	if v := o.known(); v != nil {
		return v, nil
	}
	v, err := fetch(ctx)
	if err == nil {
		o.value.Store(v)
	}
	return v, err
}

// enter takes the turn, a channel of capacity one used as a mutex that a context can leave.
func enter(ctx context.Context, step trace.Step, turn chan struct{}) error {
	select {
	case turn <- struct{}{}:
		return nil
	case <-ctx.Done():
		code := ".timeout"
		if ctx.Err() == context.Canceled {
			code = ".canceled"
		}
		return &Error{Step: step, Code: string(step) + code, Err: fmt.Errorf("waiting for another request: %w", ctx.Err())}
	}
}
