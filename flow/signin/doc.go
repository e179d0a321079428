// Package signin signs a user in: it opens the authorization request, answers the pages that the provider shows, and
// returns the response sent to the redirect URI. Its drivers implement flow.SignIn.
//
//   - [Form] is a browser without scripts, for pages of plain HTML.
//   - [IDX] speaks with Okta's Identity Engine as the scripts of Okta's page do. It is an experiment: Okta promises nobody
//     that this goes on working.
//   - [System] lets a person use their own browser, and listens on the redirect URI (RFC 8252).
//   - Package chrome, below this one, has a driver for pages that need scripts.
//
// The usual way:
//
//	driver := signin.NewForm(signin.Config{User: signin.User{Name: "alice", Password: password, Factors: []signin.Factor{totp}}})
//	callback, err := driver.SignIn(ctx, request)
//
// Where a page needs scripts, the error wraps [ErrNeedsBrowser], and another driver may begin anew: no credential has
// been sent.
//
// # How a page is answered
//
// A driver turns what is on screen into a [View], asks [Dialog.Next] for a [Move], does it, and looks again. [Pages] say
// how a screen is known, by the kinds of its fields ([Kinds]), its words and its buttons; [Verdicts] what its messages
// mean. All are tables: a provider's new page is a new entry and a recorded page in testdata/pages, which no other entry
// may claim.
//
// # How an answer of Okta's engine is answered
//
// The engine's answers (IDX, ion+json) hold forms that describe themselves. [ParseIDX] reads one, [IDXDialog.Next] says
// what to send, by the same rules as for pages. [IDXSteps] say what a form is for, [IDXMethods] which authenticators the
// user's factors can answer, the best first, and [IDXVerdicts] what a message means, by its key, in any language. The
// dialog sends nothing, so it serves whoever reads the answers. [Pace] keeps to Okta's limits, [Limit] to so many sign-ins
// at once.
//
// The Classic engine's answers (the authn API) do not describe themselves. [ParseAuthn] and [AuthnDialog] are for them, with
// [AuthnSteps], [AuthnMethods] and [AuthnVerdicts]; what is sent is Okta's own page's business, so only chrome speaks with it.
//
// # What is set up on the way
//
// A [Passkey] signs by itself ([Passkey.Assert]), and is lent to the browser's authenticator by chrome. [Enrolment] asks for
// a passkey or an authenticator app to be set up where the provider offers that. User.NewPassword is asked for a password
// where the old one has expired. None of them is ever on a picture or in a skeleton of a page.
//
// # What never happens
//
// A credential is typed on, and sent to, the authorization endpoint's host and those of Config.Hosts, by https or on
// this machine; a page elsewhere ends the sign-in. A password or an answer that was refused is not sent again, and a
// page that asks for it again has refused it, whatever it says. A code of an authenticator app is sent once; a refused
// one is followed by the next step's, once. The redirect URI is never requested by Form and IDX. Errors name the page's title,
// its address without values, and what it says, and hold no credential.
//
// # Terms
//
//   - A challenge is what a page asks besides name and password; a factor answers challenges.
//   - A step is the time for which a code of an authenticator app is good (RFC 6238 §4).
//   - A verdict is what the words of a page mean, as the code of an error.
//
// # Limits
//
// Captchas are named and not answered, nor are push messages unless Config.AllowPush has a person do it, nor enrolments but
// those of Config.Enrol. Buttons and messages are known in English; fields by their attributes in any language. Form sends
// urlencoded forms only. IDX knows nothing of Okta's Classic engine, and sets up no passkeys.
package signin
