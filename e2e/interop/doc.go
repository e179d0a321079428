// Package interop tests oidcflow against software that was not written for it: providers of others are signed in to by
// the program, as it is built, clients of others sign in to mockidp, and Okta's own widget draws its page.
//
// The scripts (*.mjs) are small Node.js programs around npm packages, whose versions package-lock.json fixes; make deps
// installs them. A script that serves listens on a free port and says its origin as a line of JSON on stdout; it ends
// when its standard input does, so that none outlives the tests.
//
// The command bench below this folder compares speeds: make bench.
package interop
