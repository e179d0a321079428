// Package failure has tests of what goes wrong around a sign-in on Okta's page: the browser, the network, the page's
// scripts, the provider. Each ends in time with the code that tells what it was, and nothing is left behind: no process,
// no folder, no goroutine. It is a package of its own so that no goroutine is there but those of a sign-in, and its tests
// run on Linux, where processes can be asked whose they are.
package failure
