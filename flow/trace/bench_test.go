package trace_test

import (
	"encoding/base64"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/oidcflow/oidcflow/flow/trace"
)

// BenchmarkRedact is a body of 64 KiB against thirty secrets, of which ten are JWTs of a usual length.
func BenchmarkRedact(b *testing.B) {
	r := trace.NewRedactor()
	random := rand.New(rand.NewPCG(1, 2))
	bytes := func(n int) []byte {
		out := make([]byte, n)
		for i := range out {
			out[i] = byte(random.Uint32())
		}
		return out
	}
	for i := range 30 {
		v := base64.RawURLEncoding.EncodeToString(bytes(32))
		if i%3 == 0 {
			v = "eyJhbGciOiJSUzI1NiIsImtpZCI6IjEifQ." + base64.RawURLEncoding.EncodeToString(bytes(600)) + "." +
				base64.RawURLEncoding.EncodeToString(bytes(256))
		}
		r.Learn(trace.NewSecret("token", v))
	}
	page := "<html><body class=\"a b\"><p style=\"width: 100%\">Some text &amp; more of it, said twice.</p>\n" +
		"<a href=\"/path?x=%2Fy&amp;z=1\">A link</a></body></html>\n"
	script := `var a = {"name": "value", "other": [1, 2, 3], "url": "https:\/\/op.example\/a"};` + "\n"
	bodies := map[string]string{
		"json": strings.Repeat(`{"name": "value", "list": [1, 2, 3], "deep": {"er": true}},`+"\n", 64<<10/59),
		"html": strings.Repeat(page, 64<<10/len(page)),
		"mix":  strings.Repeat(page+script, 64<<10/(len(page)+len(script))),
		"b64":  base64.StdEncoding.EncodeToString(bytes(48 << 10)),
	}
	for _, name := range []string{"json", "html", "mix", "b64"} {
		body := bodies[name]
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(body)))
			for b.Loop() {
				r.String(body)
			}
		})
	}
}

// BenchmarkLearn is what one ID token costs when it is first met.
func BenchmarkLearn(b *testing.B) {
	tail := strings.Repeat("QUJD", 200) + "." + strings.Repeat("REVG", 85)
	r := trace.NewRedactor()
	for i := 0; b.Loop(); i++ {
		if i%100 == 0 {
			r = trace.NewRedactor()
		}
		r.Learn(trace.NewSecret("id_token", fmt.Sprintf("eyJhbGciOiJSUzI1NiJ9.%06d%s", i, tail)))
	}
}
