// Package report tells what happened: while it happens, on a terminal or as lines of JSON, and afterwards, as files.
//
// A report that is written at once is a [trace.Recorder] ([Console], [JSON]); one that is written in the end reads a
// [Log], which keeps all events:
//
//	artifacts, err := report.Artifacts("artifacts")
//	console := report.Console(os.Stderr, report.ConsoleOptions{Verbose: true})
//	ctx = trace.WithRecorder(ctx, trace.NewRedactor().Recorder(console, artifacts))
//	…
//	err = artifacts.Close()
//
// What was found, by package check or in scenario files, is a [Suite]: [HTML], [JUnit] and [Markdown] write suites.
//
// No report redacts: all of them stand behind the door, [trace.Redactor.Recorder]. Those for a terminal take control
// sequences out of what a provider wrote.
//
// # Terms
//
//   - Artefact: a file that is kept for whoever looks for the cause of a failure.
//   - HAR: HTTP Archive 1.2, the requests and responses as a browser's network panel opens them.
//   - Secret file: a file that holds a password, a key or the like, see [ReadSecretFile].
package report
