package chrome_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/oidcflow/oidcflow/flow"
	"github.com/oidcflow/oidcflow/flow/signin"
	"github.com/oidcflow/oidcflow/flow/signin/chrome"
	"github.com/oidcflow/oidcflow/flow/trace"
)

// One browser signs in any number of users, at once or one after the other.
func ExampleStart() {
	ctx := context.Background()
	b, err := chrome.Start(ctx, chrome.Config{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() {
		if err := b.Close(); err != nil {
			fmt.Println(err)
		}
	}()
	user := signin.User{Name: "alice", Password: trace.NewSecret("password", "correct horse")}
	client, err := flow.New(flow.Config{
		Issuer:      "https://idp.example.com",
		ClientID:    "web",
		RedirectURI: "https://app.example.com/callback", // nothing needs to listen there
		SignIn:      b.Driver(signin.Config{User: user}),
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	result, err := client.Run(ctx)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(result.IDTokenClaims["sub"])
}

// Where there is no browser, the error says how to get one.
func ExampleFind() {
	_, err := chrome.Find("/nowhere/chrome")
	var e *flow.Error
	if errors.As(err, &e) {
		fmt.Println(e.Code)
	}
	// Output: env.no_browser
}
