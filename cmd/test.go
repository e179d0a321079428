package cmd

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/oidcflow/oidcflow/flow"
	"github.com/oidcflow/oidcflow/flow/check"
	"github.com/oidcflow/oidcflow/flow/scenario"
	"github.com/oidcflow/oidcflow/flow/signin"
	"github.com/oidcflow/oidcflow/flow/trace"
)

// trial is one call of test: its flags, and what its files share.
type trial struct {
	*program
	flags *pflag.FlagSet

	filter, varFlags, varFiles []string
	allowIssuers, allowHosts   []string
	parallel                   int
	failFast, validate, schema bool
	timeout, totalTimeout      time.Duration
	seed                       uint64
	reports                    reports

	machine   *options // what is the same for all files: browser, network, limits of files
	running   *lazyBrowser
	limit     *signin.Limit
	provider  map[*scenario.File]*provider
	recorders []trace.Recorder
	logs      map[*scenario.File]trace.Recorder
}

func (p *program) testCommand() *cobra.Command {
	t := &trial{program: p, running: &lazyBrowser{}, limit: &signin.Limit{}, provider: map[*scenario.File]*provider{}}
	c := &cobra.Command{
		Use:   "test [PATH...]",
		Short: "Run scenario files: sign-ins, and what must come of them",
		Long: `test runs the scenario files PATH, and those in and below the folders PATH: *.oidctest.hcl and *.oidctest.json. Without a
PATH it looks in the current folder. Files run in parallel, the runs of a file in order. An idp block starts an embedded
provider for its file; else runs go to the file's issuer, and the tokens they get are revoked in the end.

The environment is read by env() in the files alone. The exit code is 2 if a file is wrong, and then nothing ran; else 1
if a run failed or could not be tried.`,
		Example: `  oidcflow test
  oidcflow test alice.oidctest.hcl --filter refresh --junit-xml report.xml
  oidcflow test tenant/ --var issuer=https://login.example.com --allow-issuer https://login.example.com`,
		RunE: func(c *cobra.Command, args []string) error {
			if t.schema {
				return t.printSchema()
			}
			t.flags = c.Flags()
			return t.run(c.Context(), args)
		},
	}
	t.addFlags(c.Flags())
	return c
}

// The limits of time where nothing else is said.
const (
	runTimeout = time.Minute
	allTimeout = time.Hour
)

func (t *trial) addFlags(fs *pflag.FlagSet) {
	fs.StringArrayVar(&t.filter, "filter", nil, "only runs whose name or file matches this pattern, and those that they read")
	fs.StringArrayVar(&t.varFlags, "var", nil, "a value for a variable")
	fs.StringArrayVar(&t.varFiles, "var-file", nil, "a file with values for variables, in lines 'name = value' or as JSON")
	fs.IntVar(&t.parallel, "parallel", 4, "how many files to run at once")
	fs.BoolVar(&t.failFast, "fail-fast", false, "begin no run after one that did not pass")
	fs.DurationVar(&t.timeout, "timeout", runTimeout, "for each run that does not say it itself")
	fs.DurationVar(&t.totalTimeout, "total-timeout", allTimeout, "for everything together, but for cleaning up")
	fs.BoolVar(&t.validate, "validate", false, "only read the files, and say what is wrong with them")
	fs.BoolVar(&t.schema, "schema", false, "only print a JSON Schema of *.oidctest.json, for editors")
	fs.Uint64Var(&t.seed, "seed", 0, "of the embedded providers' random choices; 0: chosen and told where a run does not pass")
	fs.StringArrayVar(&t.allowIssuers, "allow-issuer", nil, "the only issuers that files may use, besides embedded providers")
	fs.StringArrayVar(&t.allowHosts, "allow-host", nil, "a host that request blocks may ask, besides the issuer's")
	for name, arg := range map[string]string{"filter": "PATTERN", "var": "NAME=VALUE", "var-file": "FILE", "parallel": "N", "timeout": "DURATION",
		"total-timeout": "DURATION", "seed": "N", "allow-issuer": "URL", "allow-host": "HOST"} {
		fs.Lookup(name).Value = named{fs.Lookup(name).Value, arg}
	}
	fs.BoolVar(&t.reports.json, "json", false, "print what happens as lines of JSON")
	fs.StringVar(&t.reports.html, "html", "", "write a report for people, in one file")
	fs.StringVar(&t.reports.junit, "junit-xml", "", "write a report for CI servers")
	for _, name := range []string{"html", "junit-xml"} {
		fs.Lookup(name).Value = named{fs.Lookup(name).Value, "FILE"}
	}
	inGroup("Output", fs, "json", "html", "junit-xml")
	fs.SortFlags = false
	addFlags(fs, testSettings...)
}

// testSettings are those of the settings that are about the machine, and not about target and user: those are in files.
var testSettings = []*group{
	{title: "File", settings: some(&fileSettings, "allow-file", "allow-command")},
	{title: "Target", settings: some(&targetSettings, "endpoint-host", "insecure-http", "widget")},
	{title: "Sign-in", settings: some(&signInSettings, "sign-in", "browser", "show", "browser-sandbox")},
	{title: "Encryption", settings: ageSettings.settings},
	{title: "Common", settings: some(&commonSettings, "ca-file", "proxy", "artifacts")},
}

// some are settings of a group by their flags.
func some(g *group, flags ...string) []setting {
	var out []setting
	for _, f := range flags {
		out = append(out, *g.named(f))
	}
	return out
}

// run reads all files, runs them, and tells what came of them.
func (t *trial) run(ctx context.Context, paths []string) error {
	machine, err := t.readMachine(ctx)
	if err != nil {
		return err
	}
	t.machine = machine
	filter, err := t.pattern()
	if err != nil {
		return err
	}
	files, sources, diags, err := t.load(paths)
	if err != nil {
		return err
	}
	if !diags.HasErrors() && !t.validate {
		diags = scenario.Settle(ctx, files)
	}
	if diags.HasErrors() {
		return t.refuse(diags, sources)
	}
	if t.validate {
		_, err := fmt.Fprintf(t.stdout, "%s, %s: nothing wrong.\n", counted(len(files), "file"), counted(runsOf(files), "run"))
		return err
	}
	return t.perform(ctx, files, filter)
}

func runsOf(files []*scenario.File) (n int) {
	for _, f := range files {
		n += len(f.Runs)
	}
	return n
}

// pattern is what --filter says; nil: nothing.
func (t *trial) pattern() (*regexp.Regexp, error) {
	if t.filter == nil {
		return nil, nil
	}
	re, err := regexp.Compile("(?:" + strings.Join(t.filter, ")|(?:") + ")")
	if err != nil {
		return nil, usageError("invalid_filter", "", "--filter: %w", err)
	}
	return re, nil
}

// perform runs the files and writes the reports.
func (t *trial) perform(ctx context.Context, files []*scenario.File, filter *regexp.Regexp) (err error) {
	ctx, closer, err := t.listen(ctx)
	if err != nil {
		return err
	}
	defer closeInto(&err, closer)
	defer closeInto(&err, t.running)
	if t.totalTimeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, t.totalTimeout)
		defer cancel()
	}
	told := t.teller()
	program := &scenario.Program{
		Open:       t.open,
		Parallel:   t.parallel,
		Filter:     filter,
		FailFast:   t.failFast,
		Timeout:    t.timeout,
		AllowHosts: t.allowHosts,
		Recorder:   t.recorder,
		Began:      told.began,
		Ran:        told.ran,
		Ended:      told.ended,
	}
	t.prepareLogs(files)
	outcomes := program.Run(ctx, files)
	if err := errors.Join(told.finish(outcomes), t.writeReports(outcomes)); err != nil {
		return err
	}
	var signal stopped
	if errors.As(context.Cause(ctx), &signal) {
		return signal
	}
	return t.verdict(outcomes)
}

// verdict is the exit code that outcomes give.
func (t *trial) verdict(outcomes []*scenario.FileOutcome) error {
	ran := false
	for _, o := range outcomes {
		ran = ran || len(o.Runs) > 0
		if o.Status() >= check.Fail {
			return exit(exitFailed)
		}
	}
	if !ran && t.filter != nil {
		return &flow.Error{Code: "usage.nothing_to_run", Err: errors.New("--filter leaves no run"), Hint: "it is compared with the names of runs and files"}
	}
	return nil
}

// readMachine reads what is about the machine: flags, and the variables that stand in for them.
func (t *trial) readMachine(ctx context.Context) (*options, error) {
	o := &options{provider: &provider{}, driver: "auto", timeout: t.timeout, mock: true}
	r := &reader{program: t.program, flags: t.flags, options: o}
	for _, g := range testSettings {
		read := *g
		read.target = g.title == "Sign-in" || g.title == "Target"
		if err := r.read(ctx, &read); err != nil {
			return nil, err
		}
	}
	if t.timeout <= 0 || t.totalTimeout <= 0 {
		return nil, usageError("invalid_timeout", "", "--timeout and --total-timeout: want a duration such as 90s or 2m")
	}
	if t.parallel < 1 {
		return nil, usageError("invalid_parallel", "", "--parallel: want 1 or more, got %d", t.parallel)
	}
	return o, nil
}
