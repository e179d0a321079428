package trace_test

import (
	"bytes"
	"encoding"
	"encoding/gob"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/oidcflow/oidcflow/flow/trace"
)

func TestSecretPrintsNothing(t *testing.T) {
	t.Parallel()
	s := trace.NewSecret("password", "correct horse", "op.example")
	in := struct {
		S trace.Secret
		P *trace.Secret
		M map[string]trace.Secret
	}{s, &s, map[string]trace.Secret{"k": s}}
	for _, verb := range strings.Split("v +v #v s q x X d t b o U e E f F g G c T p w", " ") {
		got := fmt.Sprintf("%"+verb+" %"+verb+" %"+verb, s, in, []trace.Secret{s})
		require.NotContains(t, got, "horse", verb)
		require.NotContains(t, got, "636f7272", verb)
		require.NotContains(t, got, "op.example", verb)
		if !strings.Contains("T p w", verb) {
			require.Contains(t, got, "«redacted»", verb)
		}
	}
	require.Equal(t, "«redacted»", s.String())
	require.Equal(t, "a «redacted»", fmt.Errorf("a %w", fmt.Errorf("%v", s)).Error())
}

type holder struct{ S trace.Secret }

func TestSecretMarshalsToNothing(t *testing.T) {
	t.Parallel()
	s := trace.NewSecret("password", "correct horse")
	var log bytes.Buffer
	for _, h := range []slog.Handler{slog.NewTextHandler(&log, nil), slog.NewJSONHandler(&log, nil)} {
		slog.New(h).Info("m", "secret", s, "group", slog.GroupValue(slog.Any("in", s)), "list", []trace.Secret{s})
	}
	require.Contains(t, log.String(), "«redacted»")
	require.NotContains(t, log.String(), "horse")

	for _, marshal := range []func(any) ([]byte, error){json.Marshal, xml.Marshal} {
		b, err := marshal(holder{s})
		require.NoError(t, err)
		require.Contains(t, string(b), "«redacted»")
		require.NotContains(t, string(b), "horse")
	}
	b, err := encoding.TextMarshaler(s).MarshalText()
	require.NoError(t, err)
	require.Equal(t, "«redacted»", string(b))
	var g bytes.Buffer
	if err := gob.NewEncoder(&g).Encode(s); err == nil {
		require.NotContains(t, g.String(), "horse")
	}
}

func TestSecretKnowsItsHosts(t *testing.T) {
	t.Parallel()
	s := trace.NewSecret("password", "correct horse", "a.example")
	require.Equal(t, []string{"b.example"}, s.For("b.example").Hosts())
	require.Equal(t, []string{"a.example"}, s.Hosts())
	require.Equal(t, "password", s.Kind())
	require.Equal(t, "correct horse", s.Reveal())
	require.False(t, s.IsZero())
	require.True(t, trace.Secret{}.IsZero())
}
