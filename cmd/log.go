package cmd

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"sync"

	"github.com/spf13/pflag"
	"golang.org/x/term"

	"github.com/oidcflow/oidcflow/flow/report"
	"github.com/oidcflow/oidcflow/flow/trace"
)

// logOptions say how much is told on stderr, and how.
type logOptions struct {
	format      string // text or json
	verbose     bool
	quiet       bool
	noColor     bool
	showSecrets bool
}

// oneOf is the value of a flag that knows a few words.
type oneOf struct {
	value  *string
	values []string
}

func (o oneOf) String() string { return *o.value }
func (o oneOf) Type() string   { return "FORMAT" }

func (o oneOf) Set(s string) error {
	if err := (&setting{values: o.values}).check(s); err != nil {
		return err
	}
	*o.value = s
	return nil
}

// addLogFlags registers the flags that every command has. They are bound, not read later: they also say how an error in
// the other flags is told.
func (p *program) addLogFlags(fs *pflag.FlagSet) {
	p.log.format = "text"
	fs.Var(oneOf{&p.log.format, []string{"text", "json"}}, "log-format", "how stderr is written: text or json")
	fs.BoolVarP(&p.log.verbose, "verbose", "v", false, "tell every step, page and request")
	fs.BoolVarP(&p.log.quiet, "quiet", "q", false, "tell nothing but errors")
	fs.BoolVar(&p.log.noColor, "no-color", false, "no colour (also with NO_COLOR)")
	fs.BoolVar(&p.log.showSecrets, "show-secrets", false, "do not redact what is told: for your eyes only")
	fs.SortFlags = false
	fs.VisitAll(func(f *pflag.Flag) { f.Annotations = map[string][]string{groupAnnotation: {"Output"}} })
}

// redacting is stderr: what is written goes through the redactor, a line at a time.
type redacting struct {
	mu    sync.Mutex
	below io.Writer
	door  *trace.Writer
	open  *bool // nothing is redacted
}

func newRedacting(w io.Writer, r *trace.Redactor, open *bool) *redacting {
	return &redacting{below: w, door: r.Writer(w), open: open}
}

// Write implements [io.Writer]. The redactor holds the end of a stream back; at the end of a line it need not, as no
// value goes over it.
func (r *redacting) Write(b []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if *r.open {
		return r.below.Write(b)
	}
	n, err := r.door.Write(b)
	if err == nil && bytes.HasSuffix(b, []byte("\n")) {
		err = r.door.Flush()
	}
	return n, err
}

// Close writes what was held back.
func (r *redacting) Close() error { return r.door.Close() }

// sinks returns the recorders that tell on stderr what happens.
func (p *program) sinks() []trace.Recorder {
	switch {
	case p.log.quiet:
		return nil
	case p.log.format == "json":
		return []trace.Recorder{report.JSON(p.stderr)}
	default:
		actions, _ := p.env("GITHUB_ACTIONS")
		return []trace.Recorder{report.Console(p.stderr, report.ConsoleOptions{
			Verbose: p.log.verbose,
			Color:   p.color(),
			GitHub:  actions == "true",
		})}
	}
}

// color reports whether stderr is a terminal whose user wants colours (https://no-color.org).
func (p *program) color() bool {
	unwanted, _ := p.env("NO_COLOR")
	kind, _ := p.env("TERM")
	f, isFile := p.stderr.below.(*os.File)
	return !p.log.noColor && unwanted == "" && kind != "dumb" && isFile && term.IsTerminal(int(f.Fd()))
}

// printError tells an error: one line and its hint, or one JSON object.
func (p *program) printError(err error) {
	if p.log.format == "json" {
		fmt.Fprintf(p.stderr, "%s\n", report.ErrorLine(err, p.artifacts))
		return
	}
	fmt.Fprint(p.stderr, report.ErrorText(err))
}

// say tells people something on stderr.
func (p *program) say(format string, args ...any) {
	if p.log.quiet {
		return
	}
	fmt.Fprintf(p.stderr, format+"\n", args...)
}
