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
		small := took(strings.Repeat(pattern, 64<<10/len(pattern)))
		large := took(strings.Repeat(pattern, 512<<10/len(pattern)))
		// Under half a second it cannot be told from what else the machine does.
		require.False(t, large > time.Second/2 && large > 30*small, "%q: %v, then %v", pattern, small, large)
	}
}
