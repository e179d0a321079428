package cmd

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"

	"github.com/oidcflow/oidcflow/flow"
	"github.com/oidcflow/oidcflow/flow/report"
	"github.com/oidcflow/oidcflow/flow/scenario"
)

// scenarioEndings are how the names of scenario files end.
var scenarioEndings = []string{".oidctest.hcl", ".oidctest.json"}

func isScenario(name string) bool {
	return slices.ContainsFunc(scenarioEndings, func(e string) bool { return strings.HasSuffix(name, e) })
}

// scenarioFiles returns the files that paths name, and those below the folders among them, each once.
func scenarioFiles(paths []string) ([]string, error) {
	if len(paths) == 0 {
		paths = []string{"."}
	}
	var all []string
	for _, path := range paths {
		info, err := os.Stat(path)
		if err != nil {
			return nil, usageError("no_file", "", "no file and no folder %q", path)
		}
		if !info.IsDir() {
			all = append(all, filepath.Clean(path))
			continue
		}
		found, err := below(path)
		if err != nil {
			return nil, &flow.Error{Code: "config.unreadable", Err: err}
		}
		if len(found) == 0 {
			return nil, usageError("no_scenario", "their names end in .oidctest.hcl or .oidctest.json", "no scenario file in %q", path)
		}
		all = append(all, found...)
	}
	slices.Sort(all)
	return slices.Compact(all), nil
}

// below returns the scenario files in and below a folder. What begins with a dot is left out, as are packages of npm.
func below(folder string) (found []string, err error) {
	err = filepath.WalkDir(folder, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && path != folder && (strings.HasPrefix(d.Name(), ".") || d.Name() == "node_modules"):
			return filepath.SkipDir
		case !d.IsDir() && isScenario(d.Name()):
			found = append(found, path)
		}
		return nil
	})
	return found, err
}

// load reads all files, and reports everything that is wrong with any of them.
func (t *trial) load(paths []string) ([]*scenario.File, map[string]*hcl.File, hcl.Diagnostics, error) {
	names, err := scenarioFiles(paths)
	if err != nil {
		return nil, nil, nil, err
	}
	given, diags, err := t.variables()
	if err != nil {
		return nil, nil, nil, err
	}
	var files []*scenario.File
	sources := map[string]*hcl.File{}
	for _, name := range names {
		block := &provider{}
		limits := scenario.Options{LookupEnv: t.lookupEnv, Provider: block, Variables: given, AllowFile: t.machine.config.allowFile, Learn: t.redactor.Learn}
		if t.machine.config.allowCommand {
			limits.Command = (&reader{program: t.program, flags: t.flags, options: t.machine}).runCommand
		}
		f, wrong := scenario.Load(name, limits)
		diags = append(diags, wrong...)
		if f != nil {
			files = append(files, f)
			t.provider[f] = block
			for name, source := range f.Sources() {
				sources[name] = source
			}
		}
		if f != nil && !wrong.HasErrors() && len(f.Runs) == 0 {
			diags = append(diags, &hcl.Diagnostic{Severity: hcl.DiagError, Summary: "No run", Detail: "There is no run block in the file.", Subject: &hcl.Range{Filename: name}})
		}
	}
	if !diags.HasErrors() {
		if err := scenario.CheckGiven(given, files); err != nil {
			return nil, nil, nil, usageError("unknown_variable", "", "%w", err)
		}
	}
	return files, sources, diags, nil
}

// variables reads --var-file and --var, which goes before.
func (t *trial) variables() (map[string]scenario.Given, hcl.Diagnostics, error) {
	given := map[string]scenario.Given{}
	var diags hcl.Diagnostics
	for _, path := range t.varFiles {
		values, wrong := scenario.ReadVariables(path)
		diags = append(diags, wrong...)
		for name, v := range values {
			given[name] = v
		}
	}
	for _, pair := range t.varFlags {
		name, value, ok := strings.Cut(pair, "=")
		if !ok || name == "" {
			return nil, nil, usageError("invalid_var", "", "--var: want NAME=VALUE")
		}
		given[name] = scenario.Given{Text: value, From: "--var"}
	}
	return given, diags, nil
}

// refuse tells everything that is wrong with the files: nothing runs.
func (t *trial) refuse(diags hcl.Diagnostics, sources map[string]*hcl.File) error {
	var lines strings.Builder
	for _, d := range diags {
		t.annotate(d.Subject, d.Summary+": "+d.Detail)
		if t.log.format == "json" {
			t.printError(configErrors(hcl.Diagnostics{d})[0])
			continue
		}
		t.box(&lines, "Error: "+d.Summary, d.Subject, sources, []string{report.Plain(d.Detail)})
	}
	if _, err := fmt.Fprint(t.stderr, lines.String()); err != nil {
		return &flow.Error{Code: "env.unwritable", Err: fmt.Errorf("standard error: %w", err)}
	}
	if t.log.format != "json" {
		fmt.Fprintf(t.stderr, "%s: nothing ran.\n", counted(len(diags), "mistake"))
	}
	return exit(exitUsage)
}

// printSchema prints what editors need to know of files in JSON.
func (t *trial) printSchema() error {
	text, err := scenario.JSONSchema()
	if err != nil {
		return err
	}
	_, err = t.stdout.Write(text)
	return err
}

// counted is a number of things.
func counted(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}

var errNoCommand = errors.New("code_command runs a program; --allow-command allows it")
