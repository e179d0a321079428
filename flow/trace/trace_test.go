package trace_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/oidcflow/oidcflow/flow/trace"
)

func TestStartRecordsBeginAndEnd(t *testing.T) {
	t.Parallel()
	var sink list
	ctx := trace.WithRecorder(t.Context(), &sink)
	inner, end := trace.Start(ctx, trace.Verify)
	require.Equal(t, trace.Verify, trace.StepOf(inner))
	require.Empty(t, trace.StepOf(ctx))
	trace.Record(inner, trace.Event{Kind: trace.Verified, Name: "aud"})
	end(fmt.Errorf("outer: %w", coded{"verify.nonce"}))
	_, end = trace.Start(ctx, trace.UserInfo)
	end(errors.New("plain"))

	var got []trace.Event
	for _, e := range sink.all() {
		require.False(t, e.Time.IsZero())
		e.Time, e.Duration = time.Time{}, 0
		got = append(got, e)
	}
	require.Equal(t, []trace.Event{
		{Step: trace.Verify, Kind: trace.Begin},
		{Step: trace.Verify, Kind: trace.Verified, Name: "aud"},
		{Step: trace.Verify, Kind: trace.End, Code: "verify.nonce", Message: "outer: no"},
		{Step: trace.UserInfo, Kind: trace.Begin},
		{Step: trace.UserInfo, Kind: trace.End, Message: "plain"},
	}, got)
}

type coded struct{ code string }

func (c coded) Error() string     { return "no" }
func (c coded) ErrorCode() string { return c.code }

func TestWithoutRecorder(t *testing.T) {
	t.Parallel()
	ctx, end := trace.Start(t.Context(), trace.Discover)
	trace.Record(ctx, trace.Event{Kind: trace.Note})
	trace.Learn(ctx, trace.NewSecret("password", "correct horse"))
	end(nil)
	require.Empty(t, trace.StepOf(ctx))

	ctx = trace.WithRecorder(t.Context(), nil)
	ctx, end = trace.Start(ctx, trace.Discover)
	end(nil)
	require.Equal(t, trace.Discover, trace.StepOf(ctx), "no recorder, yet steps and secrets are known")
}

func TestAnotherRecorderKeepsTheStep(t *testing.T) {
	t.Parallel()
	var outer, inner list
	ctx, end := trace.Start(trace.WithRecorder(t.Context(), &outer), trace.SignIn)
	trace.Record(trace.WithRecorder(ctx, &inner), trace.Event{Kind: trace.Note})
	end(nil)
	require.Len(t, inner.all(), 1)
	require.Equal(t, trace.SignIn, inner.all()[0].Step)
	require.Len(t, outer.all(), 2)
}
