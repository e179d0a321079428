package mockidp_test

import (
	"context"
	"fmt"
	"log"
	"net/http"
	"net/url"

	"github.com/oidcflow/oidcflow/mockidp"
	"golang.org/x/oauth2"
)

// A code flow without pages, by a client that knows nothing of this package. In a test, mockidp.StartT(t, …) closes the
// provider by itself.
func Example() {
	idp, err := mockidp.Start(mockidp.Config{
		Login:   "auto",
		Clients: []mockidp.Client{{ID: "web", Secret: "s3cret", RedirectURIs: []string{"https://app.example.com/callback"}}},
		Users:   []mockidp.User{mockidp.Person{Login: "alice", Groups: []string{"admins"}}},
	})
	if err != nil {
		log.Fatal(err)
	}
	defer idp.Close()

	web := oauth2.Config{
		ClientID: "web", ClientSecret: "s3cret", RedirectURL: "https://app.example.com/callback", Scopes: []string{"openid", "email"},
		Endpoint: oauth2.Endpoint{
			AuthURL:   idp.Issuer("default") + "/v1/authorize",
			TokenURL:  idp.Issuer("default") + "/v1/token",
			AuthStyle: oauth2.AuthStyleInHeader,
		},
	}
	browser := *idp.Client()
	browser.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	res, err := browser.Get(web.AuthCodeURL("state"))
	if err != nil {
		log.Fatal(err)
	}
	defer res.Body.Close()
	callback, err := url.Parse(res.Header.Get("Location"))
	if err != nil {
		log.Fatal(err)
	}
	ctx := context.WithValue(context.Background(), oauth2.HTTPClient, idp.Client())
	token, err := web.Exchange(ctx, callback.Query().Get("code"))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(token.TokenType, token.Extra("scope"), token.Extra("id_token") != nil)
	// Output: Bearer email openid true
}
