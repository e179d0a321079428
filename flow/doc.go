// Package flow is the engine of the authorization code flow: from an issuer and a client to one user's verified tokens.
//
// The usual way to use it is to fill a [Config], make a [Client] of it, and call [Client.Token] or [Client.Run]:
//
//	client, err := flow.New(flow.Config{Issuer: "https://id.example.com", ClientID: "tool", SignIn: driver})
//	…
//	result, err := client.Run(ctx)
//
// Run takes the steps in order: Discover, Authorize, SignIn, Code, Exchange, Verify. Each is a plain method on plain
// values, so who tests a provider takes the same steps with one value changed: a.Verifier = "wrong-" + a.Verifier.
// After them come UserInfo, Introspect, Refresh, Revoke, Logout.
//
// # What it does without being asked
//
// PKCE with S256, a state and a nonce of 256 bits, the issuer compared letter by letter, every claim of the ID token
// verified, iss of RFC 9207 demanded where it was promised. A code is sent once. A 429 is waited out inside the context's
// deadline; nothing else that was, perhaps, processed is sent again. Answers are read up to 1 MiB, and endpoints are used
// only on the issuer's host and those of EndpointHosts. It keeps no cookies and knows no passwords.
//
// # Terms
//
//   - Provider: the authorization server, named by its issuer.
//   - Client: an application registered with it, and the type whose methods are the steps.
//   - Authorization: one authorization request, with what its answer is compared with.
//   - Driver: a [SignIn]. It takes the user from the authorization URL to the redirect URI.
//   - Callback: the authorization response, as it came to the redirect URI.
//   - Code: what the callback brings, good for one exchange.
//   - Verifier: the secret that proves that who exchanges the code has asked for it (RFC 7636).
//   - Tokens: what the exchange brings. They are not to be used before Verify.
//   - Verified: the names of what was verified; see [Client.Verify].
//   - Step, code, hint: where an [Error] happened, its name for programs, and what a person can do.
//
// # Limits
//
// ID tokens are signed with RSA, ECDSA or Ed25519 keys that the provider publishes: not with HMAC, and not encrypted.
// Response types other than code, JARM and request objects are not made. DPoP keys live as long as their Client.
package flow
