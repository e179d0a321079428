package signin_test

import (
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/oidcflow/oidcflow/flow/signin"
	"github.com/oidcflow/oidcflow/flow/trace"
)

func TestAFailureLeavesThePagesSkeleton(t *testing.T) {
	t.Parallel()
	s := startSite(t, map[string]string{"/authorize": `<title>Weather</title><p>It rains on alice</p>
<form><input name="mood" type="text" value="canary value"><select name="day"><option>canary option</select></form>
<style>canary</style>` + strings.Repeat("<p>", 3000)}, nil)
	var mu sync.Mutex
	var pages, files []trace.Event
	ctx := trace.WithRecorder(t.Context(), recorderFunc(func(e trace.Event) {
		mu.Lock()
		defer mu.Unlock()
		switch e.Kind {
		case trace.Page:
			pages = append(pages, e)
		case trace.File:
			files = append(files, e)
		}
	}))
	_, err := s.signIn(ctx, signin.Config{User: user("alice", "correct horse battery")})
	requireCode(t, err, "signin.unknown_page")
	require.Len(t, pages, 1)
	require.Equal(t, []string{"mood text", "day select"}, pages[0].Fields)
	require.Len(t, files, 1)
	require.Equal(t, "page.txt", files[0].Name)
	text := string(files[0].Data)
	require.Contains(t, text, "<input type=\"text\" name=\"mood\">\n")
	require.NotContains(t, text, "canary")
	require.NotContains(t, text, "alice")
	require.LessOrEqual(t, strings.Count(text, "\n"), 2000)
}
