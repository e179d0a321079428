package trace_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/oidcflow/oidcflow/flow/trace"
)

// hostilePatterns are what a provider may repeat to make redaction slow: openers without an end, escapes of escapes, and
// beginnings of what is looked for.
var hostilePatterns = []string{
	"code=", "code=code=&", `"token":"`, `"token":"a",`, `password="`, `"password":{"value"`, "<input ", "<input name=code ",
	"name=\"password\"\r\n", "%2525", "%5C%5c\\u005c", "&#38;", "&", `\`, "+%", "eyJ", "eyJ.", "Bearer ", "://a:b@", "@",
	"a", "a:", ":", "=", "'", "«", "«a»",
}

// hostileRedactor knows a value that a text of one letter nearly matches everywhere.
func hostileRedactor() *trace.Redactor {
	r := trace.NewRedactor()
	r.Learn(trace.NewSecret("token", strings.Repeat("a", 4000)), trace.NewSecret("password", "correct horse"))
	return r
}

func TestHostileTextHidesNothing(t *testing.T) {
	t.Parallel()
	for _, pattern := range hostilePatterns {
		text := strings.Repeat(pattern, 16<<10/len(pattern))
		got := hostileRedactor().String(text + " correct horse " + text)
		require.NotContains(t, got, "correct horse", "%q", pattern)
	}
}

// BenchmarkHostileText prints, for each pattern, how many times longer eight times the text takes: about 8 where the
// work grows with the text, 64 where it grows with the square.
func BenchmarkHostileText(b *testing.B) {
	for _, pattern := range hostilePatterns {
		b.Run(strings.TrimSpace(pattern), func(b *testing.B) {
			took := func(size int) time.Duration {
				text := strings.Repeat(pattern, size/len(pattern))
				begin := time.Now()
				hostileRedactor().String(text)
				return time.Since(begin)
			}
			var small, large time.Duration
			for b.Loop() {
				small += took(64 << 10)
				large += took(512 << 10)
			}
			b.ReportMetric(float64(large)/float64(small), "growth")
		})
	}
}
