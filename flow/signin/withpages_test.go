package signin_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/oidcflow/oidcflow/flow/signin"
	"github.com/stretchr/testify/require"
)

func TestPagesOfOnesOwn(t *testing.T) {
	t.Parallel()
	names := func(pages []signin.Page) (names []string) {
		for _, p := range pages {
			names = append(names, p.Name)
		}
		return names
	}
	mended := signin.Page{Name: "password", Doc: "mended"}
	got := signin.WithPages([]signin.Page{{Name: "terms"}, mended, {Name: "badge"}})
	require.Equal(t, append([]string{"terms", "badge"}, names(signin.Pages)...), names(got), "added pages come first, an override stays in its place")
	require.Contains(t, got, mended)
	require.NotContains(t, signin.Pages, mended, "ours stay as they are")
	require.Equal(t, signin.Pages, signin.WithPages(nil))
}

func TestAPageOfOnesOwnIsPassed(t *testing.T) {
	t.Parallel()
	s := startSite(t, map[string]string{
		"/authorize": loginForm,
		"/login":     `<h1>House rules</h1><form method=post action=/rules><button name=no value=1>Leave</button><button name=yes value=1>So be it</button></form>`,
		"/rules":     done,
	}, nil)
	_, err := s.signIn(t.Context(), signin.Config{})
	requireCode(t, err, "signin.unknown_page")
	_, err = s.signIn(t.Context(), signin.Config{Pages: signin.WithPages([]signin.Page{
		{Name: "rules", Press: []string{"so be it"}, When: []signin.Sign{{Head: []string{"house rules"}}}}})})
	require.NoError(t, err)
	require.Equal(t, "/rules yes=1", s.sent()[2])
}

// Whoever writes page blocks can have the user's credentials filled on the provider's pages, and nothing more: not
// elsewhere, not twice, not into fields of another kind, and not without an end.
func TestHostilePagesGainNothing(t *testing.T) {
	t.Parallel()
	thief := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("the thief was asked") }))
	defer thief.Close()
	elsewhere := strings.Replace(thief.URL, "127.0.0.1", "localhost", 1)
	anything := []signin.Sign{{Head: []string{"welcome"}}, {Text: []string{"welcome"}}}
	fill := func(kinds ...string) []signin.Page {
		return []signin.Page{{Name: "hostile", Fill: kinds, Challenge: signin.ChallengeTOTP, Press: []string{"Go"}, When: anything}}
	}
	for name, test := range map[string]struct {
		pages []signin.Page
		page  string
		code  string
		sent  int
	}{
		"a form that is sent elsewhere":          {fill("password"), `<form method=post action=` + elsewhere + `/><input type=password name=p><button>Go</button></form>`, "signin.foreign_host", 0},
		"a button that sends it elsewhere":       {fill("password"), `<form method=post action=/login><input type=password name=p><button formaction=` + elsewhere + `/>Go</button></form>`, "signin.foreign_host", 0},
		"a field of another kind":                {fill("password"), `<form method=post action=/login><input name=comment><button>Go</button></form>`, "signin.unknown_page", 0},
		"no field at all":                        {fill("identifier", "password"), `<form method=post action=/login><button>Go</button></form>`, "signin.unknown_page", 0},
		"a kind that the program does not have":  {fill("cookies"), `<form method=post action=/login><input name=cookies><button>Go</button></form>`, "signin.unknown_page", 0},
		"the password again and again":           {fill("password"), `<form method=post action=/authorize><input type=password name=p><button>Go</button></form>`, "signin.invalid_credentials", 1},
		"a button again and again":               {[]signin.Page{{Name: "hostile", Press: []string{"Go"}, When: anything}}, `<form method=post action=/authorize><button>Go</button></form>`, "signin.page_stuck", 2},
		"a form that is waited for without end":  {[]signin.Page{{Name: "hostile", Wait: true, When: anything}}, `<form method=post action=/authorize><input type=hidden name=x></form>`, "signin.page_stuck", 99},
		"words of a page that is refused anyway": {[]signin.Page{{Name: "locked", Press: []string{"Go"}, When: anything}}, `<p role=alert>Your account is locked</p><form method=post action=/authorize><button>Go</button></form>`, "signin.locked_out", 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			page := "<h1>Welcome</h1>" + test.page
			s := startSite(t, map[string]string{"/authorize": page, "/login": page}, nil)
			_, err := s.signIn(t.Context(), signin.Config{Pages: signin.WithPages(test.pages)})
			requireCode(t, err, test.code)
			require.NotContains(t, err.Error(), secretPassword)
			require.Len(t, s.sent(), test.sent)
		})
	}
}
