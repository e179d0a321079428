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

// Work that grew with the square of such a page would not end before the test binary's deadline.
func TestLargePagesAreRead(t *testing.T) {
	t.Parallel()
	at, err := url.Parse("https://sso.example.com/")
	require.NoError(t, err)
	for name, piece := range map[string]string{
		"inputs":           `<input form=x>`,
		"forms":            `<form id=x></form><input form=y>`,
		"hidden fields":    `<form><input type=hidden name=a value=b>`,
		"labels":           `<label for=a>x<input id=a>`,
		"messages":         `<div class=error>`,
		"nested alerts":    strings.Repeat(`<div role=alert>`, 400) + `<b></b>` + strings.Repeat(`</div>`, 400),
		"links":            `<a href=/>a</a>`,
		"options":          `<option selected>`,
		"described fields": `<input aria-invalid=true aria-describedby="a b c d e" aria-labelledby="a b c d e"><p id=a>`,
		"text":             `word `,
		"captchas":         `<div class=g-recaptcha data-sitekey=k></div>`,
		"one long word":    `x`,
	} {
		d, err := parseHTML(strings.NewReader(strings.Repeat(piece, maxPage/4/len(piece))), at, 200)
		if err == nil { // nested more deeply than the parser allows
			_, err = d.forward("", func(string) bool { return false })
			require.NoError(t, err, name)
			_, _ = testDialog().Next(t.Context(), d.view) // what it says of such a page does not matter here
		}
	}
}
