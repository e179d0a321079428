package signin_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/oidcflow/oidcflow/flow"
	"github.com/oidcflow/oidcflow/flow/signin"
)

func TestPeek(t *testing.T) {
	t.Parallel()
	const redirectURI = "https://app.example.com/callback"
	for _, c := range []struct {
		name     string
		answer   http.HandlerFunc
		mode     string // of the response; "": there is none
		response string // its error
		title    string // of the page that stays
		status   int
	}{
		{name: "a redirect to the redirect URI", mode: "query", response: "login_required",
			answer: func(w http.ResponseWriter, r *http.Request) {
				http.Redirect(w, r, redirectURI+"?error=login_required", http.StatusFound)
			}},
		{name: "a response in the fragment", mode: "fragment", response: "login_required",
			answer: func(w http.ResponseWriter, r *http.Request) {
				http.Redirect(w, r, redirectURI+"#error=login_required", http.StatusFound)
			}},
		{name: "a redirect inside the provider, with its cookie", mode: "query", response: "login_required",
			answer: func(w http.ResponseWriter, r *http.Request) {
				if _, err := r.Cookie("seen"); err != nil {
					http.SetCookie(w, &http.Cookie{Name: "seen", Value: "1"})
					http.Redirect(w, r, "/again", http.StatusFound)
					return
				}
				http.Redirect(w, r, redirectURI+"?error=login_required", http.StatusFound)
			}},
		{name: "a page that sends itself to the redirect URI", mode: "form_post", response: "login_required",
			answer: htmlPage(200, `<title>Working …</title><body onload="document.forms[0].submit()"><form method="post" action="`+redirectURI+
				`"><input type="hidden" name="error" value="login_required"></form></body>`)},
		{name: "a page that sends itself elsewhere is not sent", title: "Working …", status: 200,
			answer: func(w http.ResponseWriter, r *http.Request) {
				if r.Method != http.MethodGet {
					http.Error(w, "nobody may be signed in", http.StatusTeapot)
					return
				}
				htmlPage(200, `<title>Working …</title><body onload="document.forms[0].submit()">`+
					`<form method="post" action="/next"><input type="hidden" name="a" value="b"></form></body>`)(w, r)
			}},
		{name: "an error page", title: "400 Bad Request", status: 400, answer: htmlPage(400, `<title>400 Bad Request</title>`)},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			server := httptest.NewServer(c.answer)
			t.Cleanup(server.Close)
			at, err := url.Parse(server.URL)
			require.NoError(t, err)
			callback, view, err := signin.Peek(t.Context(), signin.Config{}, flow.Request{URL: at, RedirectURI: redirectURI})
			require.NoError(t, err)
			if c.mode == "" {
				require.Nil(t, callback)
				require.Equal(t, c.title, view.Title)
				require.Equal(t, c.status, view.Status)
				return
			}
			require.Equal(t, c.mode, callback.Mode)
			require.Equal(t, c.response, callback.Params.Get("error"))
		})
	}
}

func htmlPage(status int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.WriteHeader(status)
		_, _ = w.Write([]byte("<!doctype html>" + body)) // who has gone away misses nothing
	}
}
