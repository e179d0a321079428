package trace_test

import (
	"strings"
	"testing"

	"github.com/oidcflow/oidcflow/flow/trace"
)

// FuzzRedact: of a learned value, in whatever encoding and between whatever else, nothing is left; a second time
// changes nothing; a stream comes out as clean.
func FuzzRedact(f *testing.F) {
	for i := range encodings {
		f.Add("correct horse", "before ", " after", uint8(i))
		f.Add(canary, "?code=", "&state=x", uint8(i))
		f.Add("1a+/", `{"password":"`, `"}`, uint8(i))
	}
	f.Add("eyJhbGciOiJkaXIifQ..aXY.Y2lwaGVy.dGFn", "stateToken = '", "'", uint8(0)) // a part is empty
	f.Add("00 $", "%", "0", uint8(2))                                               // the context makes an escape with what the value begins with
	f.Add(`0"00`, `pass:"`, "0", uint8(0))                                          // the value ends the string that it is in
	f.Fuzz(func(t *testing.T, secret, before, after string, n uint8) {
		if len(secret) < 4 || len(secret) > 1<<10 || len(before)+len(after) > 8<<10 {
			return
		}
		enc := encodings[int(n)%len(encodings)]
		r := trace.NewRedactor()
		r.Learn(trace.NewSecret("password", secret))
		written := enc.encode(secret)
		if strings.Contains(enc.name, " in ") {
			// Two layers are taken off as one reads them: a stray % before them makes another text of it.
			written = " " + written + " "
		}
		text := before + written + after
		got := r.String(text)
		// What is not a label must have nothing of it.
		for _, piece := range label.Split(got, -1) {
			if strings.Contains(piece, secret) || strings.Contains(piece, written) {
				t.Fatalf("%s: %q in %q is left in %q", enc.name, secret, text, got)
			}
		}
		if again := r.String(got); again != got {
			t.Fatalf("a second time: %q, then %q", got, again)
		}
		var b strings.Builder
		w := r.Writer(&b)
		for _, part := range []string{text[:len(text)/2], text[len(text)/2:]} {
			if _, err := w.Write([]byte(part)); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		for _, piece := range label.Split(b.String(), -1) {
			if strings.Contains(piece, secret) || strings.Contains(piece, written) {
				t.Fatalf("%s: %q in %q is left in the stream %q", enc.name, secret, text, b.String())
			}
		}
	})
}
