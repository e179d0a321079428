// Package scenario reads the files in which people write down a target, its clients and its users.
//
// A file without run blocks is a profile: what `oidcflow token --config FILE` takes its settings from.
//
//	file, diags := scenario.Load("oidcflow.hcl", scenario.Options{LookupEnv: os.LookupEnv})
//	profile, diags := file.Profile(ctx, scenario.Selection{Client: "web", User: "alice"})
//
// [Load] reads the whole file and names all that is wrong with it at once, without reading a variable or a file or
// running a command. [File.Profile] then looks those up, and only for the blocks that were chosen: a profile with ten
// users needs the password of one.
//
// A file with run blocks is a scenario: what `oidcflow test` runs. A [Program] runs files, each on a [Stage] that the
// caller opens, and returns what came of each run:
//
//	program := &scenario.Program{Open: open, Parallel: 4}
//	if diags := scenario.Settle(ctx, files); diags.HasErrors() { … }
//	for _, outcome := range program.Run(ctx, files) { … }
//
// [Schema], [Results] and [Library] are the tables of the language: its blocks, what an exchange yields, its functions.
//
// # Terms
//
// A run is one exchange and what must come of it. A condition that is false, and a token that is wrong, is a failure; an
// exchange that could not be made is an error. A run reads the results of runs before it as run.NAME; where nothing came
// of one of those, it is skipped.
//
// A block has a type, perhaps a label, and a body: `client "web" { … }`. An attribute is one line of a body. A mistake
// is an [hcl.Diagnostic] with its place in the file.
package scenario
