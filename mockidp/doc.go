/*
Package mockidp is an OpenID provider for tests: discovery, sign-in with or without pages, codes, tokens, userinfo,
introspection, revocation, logout, pushed requests and DPoP, as the specifications and Okta's documents have them. It can
be told to misbehave, in ways that have names.

In a test it takes one line. The provider listens on a free loopback port and is closed with the test:

	idp := mockidp.StartT(t, mockidp.Config{Login: "auto"})

Then idp.Issuer("") is the issuer, "oidcflow" a public client that takes any loopback redirect URI, and alice the user
who is signed in. With Login "form", which is the default, there are pages to fill in; [Server.Ready] says with what. With
TLS: true the provider speaks HTTPS with a certificate that [Server.Client] and [Server.CAPEM] trust.

With Login "okta" the pages are Okta's: /authorize answers with the hosted page, on which the sign-in widget of npm
(Config.Widget) or a program speaks to Okta's Identity Engine at /idp/idx/. [OktaOrg] says which screens there are, and
the Policy of a [Person] which of them they meet:

	idp := mockidp.StartT(t, mockidp.Config{Login: "okta", Users: []mockidp.User{
		mockidp.Person{Login: "alice", Password: "secret", Policy: []string{"password", "email|push"}},
	}})

[Server.Messages] has the codes that were sent, and [Server.AnswerPush] is the phone. With the Engine "classic" of an
[OktaOrg] the page is that of the engine before, which speaks to /api/v1/authn and asks for the password first; the same
policies hold, but for screens that it never had, which [Start] refuses.

# Terms

  - A server ([AuthServer]) is an issuer with keys of its own. There are two always: "org", whose issuer is the host, and
    "default" at /oauth2/default. As at Okta, access tokens of org are for the provider alone: their key is not published.
  - A profile says whose manners the provider has. "okta" has Okta's paths, claims, errors and headers. "strict" keeps to
    the letter of OpenID Connect, and its endpoints have unusual paths, so that a client that guesses is found out.
  - A user ([User]) is mockoidc's interface: every user written for it works here. [Person] is one with a password and
    perhaps a second factor.
  - A fault ([Faults]) is something wrong that a right client finds; a variation ([Variations]) is something odd that a
    right client bears. Both are switched on by name, in [Config] or by [Server.SetFault].
  - The clock ([Clock]) is the provider's: everything expires by it, and the codes of second factors follow it. A test
    freezes and advances it instead of waiting.

# What it holds to

Clients are kept honest when nothing is injected, too: the JWK set has a key that signs nothing, documents have members
that nobody knows, scopes come back in an order of the provider's own. Codes live 300 seconds and are good once, for
their client, redirect URI and verifier; a second use revokes what the first one got. A request that is refused does not
use its code up. Refresh tokens rotate at each use. The one before is good for 30 seconds more; its use after that ends
the family. Ten wrong passwords or codes lock an account. Request objects are refused as not supported.

All random choices but keys come from [Config].Seed. Keys are new at each start; an RSA key takes a quarter of a second,
so the first server's is made while the listener starts and others when they are first asked for. ES256 costs nothing.

The control under /_mock/ does over HTTP what the methods of [Server] do; GET /_mock/ lists it. It wants the bearer token
of [Server.AdminToken].

# Limits

Not for production: it gives anybody tokens who knows a name, its random numbers can be repeated by their seed, and its
control can do everything. It listens on loopback unless InsecureListen says otherwise. Everything is in memory: it keeps
131072 of each kind (codes, tokens, sessions …) and 4096 requests of the log, the latest. There is no implicit or hybrid
flow, no device flow, no dynamic registration, and ID tokens are not encrypted.
*/
package mockidp
