package trace_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/oidcflow/oidcflow/flow/trace"
)

// A provider may send what it likes: eight times as much of it may take about eight times as long, not sixty-four.
func TestTimeGrowsWithTheTextOnly(t *testing.T) {
	t.Parallel()
	secrets := []trace.Secret{
		trace.NewSecret("token", strings.Repeat("a", 4000)), trace.NewSecret("password", "correct horse"),
	}
	took := func(text string) time.Duration {
		r := trace.NewRedactor()
		r.Learn(secrets...)
		begin := time.Now()
		r.String(text)
		return time.Since(begin)
	}
	for _, pattern := range []string{
		"code=", "code=code=&", `"token":"`, `"token":"a",`, `password="`, `"password":{"value"`, "<input ", "<input name=code ",
		"name=\"password\"\r\n", "%2525", "%5C%5c\\u005c", "&#38;", "&", `\`, "+%", "eyJ", "eyJ.", "Bearer ", "://a:b@", "@",
		"a", "a:", ":", "=", "'", "«", "«a»",
	} {
		// The machine does other things as well: a pattern is guilty if it is slow three times.
		guilty := true
		for attempt := 0; guilty && attempt < 3; attempt++ {
			small := took(strings.Repeat(pattern, 64<<10/len(pattern)))
			large := took(strings.Repeat(pattern, 512<<10/len(pattern)))
			guilty = large > time.Second/2 && large > 30*small
		}
		require.False(t, guilty, "%q", pattern)
	}
}
