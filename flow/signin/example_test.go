package signin_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"

	"github.com/oidcflow/oidcflow/flow"
	"github.com/oidcflow/oidcflow/flow/signin"
	"github.com/oidcflow/oidcflow/flow/trace"
)

// A provider with one page, and a user who signs in there.
func ExampleForm() {
	provider := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost && r.PostFormValue("password") == "correct horse" {
			http.Redirect(w, r, "https://app.example.com/callback?code=c0de&state=s", http.StatusSeeOther)
			return
		}
		w.Header().Set("Content-Type", "text/html")
		_, _ = io.WriteString(w, `<h1>Sign in</h1><form method="post">
			<input name="username"><input name="password" type="password"><button>Sign in</button></form>`)
	}))
	defer provider.Close()
	authorize, err := url.Parse(provider.URL + "/authorize?state=s")
	if err != nil {
		fmt.Println(err)
		return
	}
	request := flow.Request{URL: authorize, RedirectURI: "https://app.example.com/callback"}
	for _, password := range []string{"correct horse", "wrong"} {
		driver := signin.NewForm(signin.Config{User: signin.User{Name: "alice", Password: trace.NewSecret("password", password)}})
		callback, err := driver.SignIn(context.Background(), request)
		var coded *flow.Error
		if errors.As(err, &coded) {
			fmt.Println(coded.Code)
			continue
		}
		fmt.Println(callback.Params.Get("code"))
	}
	// Output:
	// c0de
	// signin.invalid_credentials
}
