package flow_test

import (
	"context"
	"fmt"
	"log"
	"net/http"
	"time"

	"github.com/oidcflow/oidcflow/flow"
	"github.com/oidcflow/oidcflow/mockidp"
)

// One user's tokens, from a provider that lets her in at once. Drivers for real sign-in pages are in package signin.
func Example() {
	provider, err := mockidp.Start(mockidp.Config{
		Login: "auto",
		Users: []mockidp.User{mockidp.Person{Login: "alice", Email: "alice@example.com"}},
	})
	if err != nil {
		log.Fatal(err)
	}
	defer provider.Close()

	client, err := flow.New(flow.Config{
		Issuer:   provider.Issuer("default"),
		ClientID: "oidcflow",
		Scopes:   []string{"openid", "email"},
		SignIn:   straight{http.DefaultClient},
	})
	if err != nil {
		log.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	result, err := client.Run(ctx)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(result.Verified)
	sub, _ := result.IDTokenClaims["sub"].(string)
	info, err := client.UserInfo(ctx, &result.Tokens, sub)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(info["email"])
	fmt.Println(result.Tokens.AccessToken) // a trace.Secret shows itself to no printer
	// Output:
	// [state signature iss aud exp iat nonce at_hash]
	// alice@example.com
	// «redacted»
}
