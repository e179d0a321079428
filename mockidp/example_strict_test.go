package mockidp_test

import (
	"fmt"
	"log"
	"net/http"
	"slices"

	"github.com/oidcflow/oidcflow/mockidp"
	"golang.org/x/oauth2"
)

// A client is judged by what it sends: this one has a state that anybody guesses, no nonce and no PKCE. In a test,
// mockidp.StartT(t, …) fails t with each of these lines.
func Example_strictClient() {
	idp, err := mockidp.Start(mockidp.Config{
		Login: "auto", StrictClient: true,
		Clients: []mockidp.Client{{ID: "web", Secret: "s3cret", RedirectURIs: []string{"https://app.example.com/callback"}}},
	})
	if err != nil {
		log.Fatal(err)
	}
	defer idp.Close()

	web := oauth2.Config{
		ClientID: "web", RedirectURL: "https://app.example.com/callback", Scopes: []string{"openid"},
		Endpoint: oauth2.Endpoint{AuthURL: idp.Issuer("default") + "/v1/authorize"},
	}
	browser := *idp.Client()
	browser.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	res, err := browser.Get(web.AuthCodeURL("state"))
	if err != nil {
		log.Fatal(err)
	}
	if err := res.Body.Close(); err != nil {
		log.Fatal(err)
	}
	var lines []string
	for _, v := range idp.Violations() {
		lines = append(lines, v.Demand+": "+v.Message)
	}
	slices.Sort(lines)
	for _, line := range lines {
		fmt.Println(line)
	}
	// Output:
	// code-challenge: there is no code_challenge
	// state-nonce: state has 5 characters, want 16 or more
}
