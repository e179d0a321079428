package signin

import (
	"bytes"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const pagesDir = "../../testdata/pages"

// readPage returns the view that the driver form has of a recorded page.
func readPage(t testing.TB, name string) *View {
	t.Helper()
	at, err := url.Parse("https://sso.example.com/page")
	require.NoError(t, err)
	d, err := parseHTML(bytes.NewReader(readFile(t, name)), at, 0)
	require.NoError(t, err)
	return d.view
}

func readFile(t testing.TB, name string) []byte {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(pagesDir, name))
	require.NoError(t, err)
	return content
}

func recordedPages(t testing.TB) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(pagesDir, "*.html"))
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for i, f := range files {
		files[i] = filepath.Base(f)
	}
	return files
}

func TestEachRecordedPageIsClaimedByTheRecogniserItIsNamedForAndNoOther(t *testing.T) {
	t.Parallel()
	for _, file := range recordedPages(t) {
		want, _, _ := strings.Cut(file, ".")
		if got := Recognise(Pages, readPage(t, file)); !slices.Equal(got, []string{want}) {
			t.Errorf("%s: want %q alone, got %q", file, want, got)
		}
	}
}

func TestEachRecogniserHasARecordedPage(t *testing.T) {
	t.Parallel()
	files := recordedPages(t)
	for _, p := range Pages {
		require.True(t, slices.ContainsFunc(files, func(f string) bool { return strings.HasPrefix(f, p.Name+".") }), "no page for %s", p.Name)
		require.NotEmpty(t, p.Doc)
	}
}
