// Package mockidp is an OpenID provider for tests. It keeps what the specifications and Okta's documents say, forgets
// everything when it stops, and can be told to misbehave in named ways. It is not for production.
package mockidp
