// Package chrome signs users in with a real browser: headless Chromium or Chrome, spoken to over a pipe.
//
// One [Browser] serves any number of sign-ins, at once if need be. Each has a browser context of its own, and so its own
// cookies, storage and pages:
//
//	b, err := chrome.Start(ctx, chrome.Config{})
//	if err != nil { … }
//	defer b.Close()
//	client, err := flow.New(flow.Config{Issuer: issuer, ClientID: id, SignIn: b.Driver(signin.Config{User: user})})
//
// A sign-in looks at the page, asks [signin.Dialog] what to do, does it, and looks again when something happens: a
// navigation, a change in the document, an answer from the network. Nothing is waited for by the clock; clocks only say
// how long nothing may happen.
//
// Where one of Okta's engines answers the page's scripts, its answers decide: they are read while Chrome holds them, and
// say what the page is about to show. What to press there is a table, by generation of Okta's widget.
//
// # What leaves the browser
//
// The redirect URI is never requested, whatever its scheme or host: the response is taken from the redirect, the
// request or the script's navigation that leads there. No listener and no name service are needed. Pages reach the
// network by http and https only, no link-local or metadata address, and this machine only where the provider or the
// redirect URI is on it. Credentials are typed where the dialog allows it, and a form that carries one is stopped if it
// is sent elsewhere.
//
// # Words
//
// The gate decides about requests that Chrome has stopped. A tab is a page of a sign-in; a sight is one look at it. A word is
// what an engine has last said to a page; a plan is what our script is to do about it once the page shows it. The
// terminator is a proxy of our own that lets Chrome reach providers with a private certification authority.
//
// # Limits
//
// Frames of other origins are not looked into. Closed shadow roots are not either. A form_post to a redirect URI that is
// not http(s) is not sent by any browser.
package chrome
