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
// # Terms
//
// A block has a type, perhaps a label, and a body: `client "web" { … }`. An attribute is one line of a body. A mistake
// is an [hcl.Diagnostic] with its place in the file.
package scenario
