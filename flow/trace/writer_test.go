package trace_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/oidcflow/oidcflow/flow/trace"
)

func TestWriterFindsValuesSplitAnywhere(t *testing.T) {
	t.Parallel()
	padding := strings.Repeat("some text that is long enough to go out at once\n", 60)
	for _, c := range []struct{ name, text string }{
		{"by value", "typed correct horse here"},
		{"by value in base64", "Zm9vY29ycmVjdCBob3JzZQ== here"},
		{"by value in two layers", "q=%2563%256f%2572rect%2520horse here"},
		{"by name", `{"access_token": "tok3n-of-the-day", "a": 1}`},
		{"by name in a hidden field", `<input type="hidden" name="code" value="tok3n-of-the-day">`},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			text := padding + c.text + padding
			r := trace.NewRedactor()
			r.Learn(trace.NewSecret("password", "correct horse"))
			want := r.String(text)
			require.Len(t, label.FindAllString(want, -1), 1)
			for at := range len(c.text) + 1 {
				// The value is not known by its name beforehand, or there would be nothing to split.
				r := trace.NewRedactor()
				r.Learn(trace.NewSecret("password", "correct horse"))
				var b strings.Builder
				w := r.Writer(&b)
				writeAll(t, w, text[:len(padding)+at], text[len(padding)+at:])
				require.NoError(t, w.Close())
				require.Equal(t, label.ReplaceAllString(want, "«»"), label.ReplaceAllString(b.String(), "«»"), "split at %d", at)
			}
		})
	}
}

func TestWriterOfSingleBytes(t *testing.T) {
	t.Parallel()
	r := trace.NewRedactor()
	r.Learn(trace.NewSecret("password", "correct horse"))
	var text strings.Builder
	for i := range 500 {
		fmt.Fprintf(&text, "line %d: correct horse, https://a.example/cb?code=c0de-number-%d\n", i, i)
	}
	var b strings.Builder
	w := r.Writer(&b)
	writeAll(t, w, strings.Split(text.String(), "")...)
	require.Less(t, b.Len(), len(r.String(text.String())), "the end is held back")
	require.NotZero(t, b.Len(), "what cannot change goes on")
	require.NoError(t, w.Flush())
	require.Equal(t, r.String(text.String()), b.String())
}

func TestWriterOfALongValue(t *testing.T) {
	t.Parallel()
	r := trace.NewRedactor()
	long := strings.Repeat("0123456789abcdef", 300)
	r.Learn(trace.NewSecret("token", long))
	var b strings.Builder
	w := r.Writer(&b)
	text := "before " + long + " after"
	for i := 0; i < len(text); i += 100 {
		writeAll(t, w, text[i:min(len(text), i+100)])
	}
	require.NoError(t, w.Close())
	require.Regexp(t, `^before «token [0-9a-f]{4}» after$`, b.String())
}

func TestWriterTellsOfFailures(t *testing.T) {
	t.Parallel()
	full := errors.New("disk full")
	w := trace.NewRedactor().Writer(broken{full})
	_, err := w.Write([]byte("x"))
	require.NoError(t, err, "held back")
	require.ErrorIs(t, w.Close(), full)
}

type broken struct{ err error }

func (b broken) Write([]byte) (int, error) { return 0, b.err }

func writeAll(t testing.TB, w *trace.Writer, parts ...string) {
	t.Helper()
	for _, p := range parts {
		n, err := w.Write([]byte(p))
		require.NoError(t, err)
		require.Equal(t, len(p), n)
	}
}
