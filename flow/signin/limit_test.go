package signin

import (
	"context"
	"net/url"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/oidcflow/oidcflow/flow"
	"github.com/oidcflow/oidcflow/flow/trace"
)

// held is a sign-in that begins, says so, and goes on until it is let go.
type held struct{ begun, letGo chan struct{} }

func (h held) SignIn(ctx context.Context, _ flow.Request) (*flow.Callback, error) {
	h.begun <- struct{}{}
	select {
	case <-h.letGo:
		return &flow.Callback{}, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// notes sends on every note that is recorded.
type notes chan string

func (n notes) Record(e trace.Event) {
	if e.Kind == trace.Note {
		n <- e.Message
	}
}

func requestAt(t *testing.T, at string) flow.Request {
	t.Helper()
	u, err := url.Parse(at)
	require.NoError(t, err)
	return flow.Request{URL: u}
}

func TestLimitLetsTheNextInWhenOneEnds(t *testing.T) {
	t.Parallel()
	h := held{make(chan struct{}, 10), make(chan struct{})}
	s := new(Limit).Around(h)
	said := make(notes, 10)
	ctx := trace.WithRecorder(t.Context(), said)
	var all sync.WaitGroup
	begin := func(at string) {
		r := requestAt(t, at)
		all.Go(func() {
			_, err := s.SignIn(ctx, r)
			require.NoError(t, err)
		})
	}
	for range 4 {
		begin("https://Example.okta.com/oauth2/v1/authorize?x=1")
	}
	for range 3 {
		<-h.begun
	}
	require.Equal(t, "3 sign-ins go on at Example.okta.com: waiting for one of them to end", <-said)
	require.Empty(t, h.begun, "the fourth waits")

	begin("https://other.okta.com/oauth2/v1/authorize")
	<-h.begun // another organisation has its own three
	close(h.letGo)
	<-h.begun // the fourth has its turn
	all.Wait()
	require.Empty(t, said, "one waited, and it was told once")
}

func TestLimitWaitsWithinTheDeadline(t *testing.T) {
	t.Parallel()
	h := held{make(chan struct{}, 10), make(chan struct{})}
	s := (&Limit{AtOnce: 1, Loopback: true}).Around(h)
	r := requestAt(t, "http://127.0.0.1:8080/authorize")
	first := make(chan error)
	go func() {
		_, err := s.SignIn(t.Context(), r)
		first <- err
	}()
	<-h.begun

	for _, test := range []struct {
		name, code string
		end        func(context.Context) (context.Context, context.CancelFunc)
	}{
		{"the time is over", "signin.timeout", func(ctx context.Context) (context.Context, context.CancelFunc) { return context.WithTimeout(ctx, 1) }},
		{"somebody interrupts", "signin.canceled", func(ctx context.Context) (context.Context, context.CancelFunc) {
			ctx, cancel := context.WithCancel(ctx)
			cancel()
			return ctx, cancel
		}},
	} {
		ctx, cancel := test.end(t.Context())
		_, err := s.SignIn(ctx, r)
		cancel()
		var coded *flow.Error
		require.ErrorAs(t, err, &coded, test.name)
		require.Equal(t, test.code, coded.Code, test.name)
		require.ErrorContains(t, err, "waiting for other sign-ins at 127.0.0.1:8080", test.name)
	}
	close(h.letGo)
	require.NoError(t, <-first)
	_, err := s.SignIn(t.Context(), r)
	require.NoError(t, err, "what gave up waiting holds no turn")
}

func TestLimitLeavesThisMachineAlone(t *testing.T) {
	t.Parallel()
	for _, host := range []string{"127.0.0.1:1", "[::1]:1", "LOCALHOST:1", "idp.localhost"} {
		require.Nil(t, new(Limit).turn(requestAt(t, "http://"+host+"/").URL), host)
	}
	require.NotNil(t, new(Limit).turn(requestAt(t, "https://10.0.0.1/").URL))
}
