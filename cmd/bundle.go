package cmd

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/oidcflow/oidcflow/flow"
	"github.com/oidcflow/oidcflow/flow/report"
	"github.com/oidcflow/oidcflow/flow/trace"
)

// harmless are the settings whose values a bundle may tell: each is a word of ours, a number or a switch.
var harmless = []string{
	"mock", "fault", "variation", "client-auth", "response-mode", "max-age", "dpop", "par", "clock-skew", "insecure-http",
	"consent", "sign-in", "factor-order", "allow-push", "show", "browser-sandbox", "allow-command", "timeout", "min-ttl",
}

// callOf returns what a bundle tells of a call before its settings are read: the flags of c that are no settings.
func callOf(c *cobra.Command) report.Call {
	v := buildVersion()
	_, command, _ := strings.Cut(c.CommandPath(), " ")
	call := report.Call{Command: command, Versions: report.Versions{Program: v.Version, Go: v.Go, OS: v.OS + "/" + v.Arch}}
	c.Flags().Visit(func(f *pflag.Flag) {
		if _, ours := f.Value.(*value); !ours {
			call.Settings = append(call.Settings, report.Setting{Name: f.Name, From: "flag"})
		}
	})
	return call
}

// given notes that s has a value, and where it is from.
func (r *reader) given(s *setting, from string, values []string) {
	kept := report.Setting{Name: s.flag, From: "environment"}
	switch {
	case strings.HasPrefix(from, "--"):
		kept.From = "flag"
	case from == r.path:
		kept.From = "file"
	}
	if s.secret == "" && slices.Contains(harmless, s.flag) {
		kept.Value = strings.Join(values, " ")
	}
	told := &r.options.call.Settings // some settings are read twice
	*told = append(slices.DeleteFunc(*told, func(s report.Setting) bool { return s.Name == kept.Name }), kept)
}

// evidence is what is kept of a call. Its methods may be called where nothing is.
type evidence struct {
	program *program
	ctx     context.Context
	dir     string
	folder  *report.Folder // nil: nothing
	call    report.Call
}

// record returns a context whose events are told on stderr, to more sinks and, with --artifacts, kept.
func (p *program) record(ctx context.Context, o *options, more ...trace.Recorder) (context.Context, *evidence, error) {
	sinks := append(p.sinks(), more...)
	kept := &evidence{program: p, dir: o.artifacts, call: o.call}
	if o.artifacts != "" {
		folder, err := report.Artifacts(o.artifacts)
		if err != nil {
			return nil, nil, &flow.Error{Code: "env.unwritable", Err: fmt.Errorf("--artifacts: %w", err)}
		}
		p.artifacts = o.artifacts
		sinks, kept.folder = append(sinks, folder), folder
	}
	ctx = trace.WithRecorder(ctx, p.redactor.Recorder(sinks...))
	kept.ctx = ctx
	for _, w := range o.warnings {
		trace.Record(ctx, trace.Event{Kind: trace.Warning, Message: w})
	}
	return ctx, kept, nil
}

// browser notes which one was used; "" is none.
func (e *evidence) browser(version string) { e.call.Versions.Browser = version }

// closeInto writes what was kept of a call that ended with *err, and says what that is: nobody should share what they
// have not looked at.
func (e *evidence) closeInto(err *error) {
	if e.folder == nil {
		return
	}
	e.folder.Describe(e.call)
	var chosen exit
	if !errors.As(*err, &chosen) {
		e.folder.Fail(*err, e.program.redactor)
	}
	if closed := e.folder.Close(); closed != nil {
		*err = errors.Join(*err, &flow.Error{Code: "env.unwritable", Err: fmt.Errorf("--artifacts: %w", closed)})
	}
	var names []string
	for _, path := range e.folder.Paths() {
		names = append(names, filepath.Base(path))
	}
	slices.SortStableFunc(names, func(a, b string) int { return rank(a) - rank(b) })
	trace.Record(e.ctx, trace.Event{Kind: trace.Note,
		Message: fmt.Sprintf("wrote %s: %s: look at it before you share it", e.dir, strings.Join(names, ", "))})
}

// rank puts what says what the others are first.
func rank(name string) int {
	if name == report.BundleName {
		return 0
	}
	return 1
}
