// Package e2e tests the program from the outside, as the people who call it would.
//
//   - [TestScripts] runs the scripts of ../testdata/script: command, input and expected answer in one file.
//   - [TestImports] holds the table of who may import what.
//   - [TestCanary] plants secrets in every input and looks for them in every output.
//   - The tests of README.md, THREATS.md and the GitHub action see to it that what these say is so.
//
// What needs software of others (npm packages, foreign providers and clients) is in the module interop below this
// folder, so that its dependencies do not become those of whoever imports oidcflow.
//
// # Scripts
//
// Beside testscript's own commands, scripts have these:
//
//	exits CODE oidcflow ARG...   run a program and compare its exit code; stdout and stderr can be matched afterwards
//	mock [FLAG...]               start "oidcflow mock" with these flags until the script ends, and set
//	                             $ISSUER, $ISSUER_DEFAULT (of each server), $ADDRESS, $ADMIN, $ADMIN_TOKEN,
//	                             $SECRET_OIDCFLOW_WEB (of each client), $PASSWORD_ALICE and $TOTP_ALICE (of each user)
//	hostile NAME                 start the misbehaving provider of that name and set $ISSUER, $HTTPS_ISSUER (the
//	                             same with https) and, where it has a CA of its own, $HOSTILE_CA, its file
package e2e
