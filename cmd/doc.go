// Package cmd is the program oidcflow: it alone reads the command line and the environment, writes to the standard
// streams, and chooses exit codes.
//
//	func main() { os.Exit(cmd.Main()) }
//
// The way of a call: [Main] builds the tree of commands and runs one. A command asks options (settings.go is the table,
// options.go reads it) for a target and a user, and session.go turns these into a flow.Client with its driver, its
// provider where it is the embedded one, and its recorder. output.go writes the answer. Errors come back up to
// cmd.go, which prints them and chooses the exit code by their code.
//
// # Terms
//
// A setting is what a flag, an environment variable and an attribute of a file stand for alike. The answer is what goes
// to stdout; everything else is talk and goes to stderr, through the redactor.
package cmd
