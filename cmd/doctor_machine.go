package cmd

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"sync/atomic"
	"time"

	"golang.org/x/term"

	"github.com/oidcflow/oidcflow/flow/signin/chrome"
	"github.com/oidcflow/oidcflow/flow/trace"
)

// examineMachine examines what needs no provider.
func (d *doctor) examineMachine(ctx context.Context) []finding {
	return append(d.browserRows(ctx), tempRow(d.tempDir), terminalRow(d.terminal), caRow(d.caFile, d.caError))
}

// browserReport is what a start of the browser showed.
type browserReport struct {
	path, version string
	sandboxed     bool
	took          time.Duration
}

// browserTime is how long the browser may take to start and to answer.
const browserTime = 30 * time.Second

// tryBrowser starts the browser as a sign-in would, and ends it.
func tryBrowser(ctx context.Context, cfg chrome.Config) (r browserReport, err error) {
	ctx, cancel := context.WithTimeout(ctx, browserTime)
	defer cancel()
	if r.path, err = chrome.Find(cfg.Path); err != nil {
		return r, err
	}
	warned := &warningCount{}
	begin := time.Now()
	b, err := chrome.Start(trace.WithRecorder(ctx, warned), cfg)
	if err != nil {
		return r, err
	}
	r.took, r.version = time.Since(begin), b.Version()
	// The only thing that a start warns of is that the sandbox is off.
	r.sandboxed = cfg.Sandbox != "off" && warned.n.Load() == 0
	return r, b.Close()
}

// warningCount is a recorder that counts warnings.
type warningCount struct{ n atomic.Int64 }

func (c *warningCount) Record(e trace.Event) {
	if e.Kind == trace.Warning {
		c.n.Add(1)
	}
}

// isTerminal reports whether in is a terminal.
func isTerminal(in io.Reader) bool {
	f, ok := in.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// browserRows starts the browser once. That it is missing is no failure of sign-ins that do without it, but doctor
// cannot know which pages the provider has.
func (d *doctor) browserRows(ctx context.Context) []finding {
	r, err := d.browser(ctx)
	if err != nil {
		row := rowError("browser", err)
		if r.path != "" {
			row.Message = r.path + ": " + row.Message
		}
		return []finding{row, rowSkip("sandbox", "not examined, because no browser was started")}
	}
	rows := []finding{rowOK("browser", fmt.Sprintf("%s, %s, starts in %s", r.path, r.version, r.took.Round(10*time.Millisecond)))}
	if r.sandboxed {
		return append(rows, rowOK("sandbox", "the browser's sandbox is on"))
	}
	return append(rows, rowWarn("sandbox", "the browser runs without its sandbox",
		"run oidcflow as an ordinary user, and let the kernel give it user namespaces"))
}

// tempRow writes a file where the browser's profile will be.
func tempRow(dir string) finding {
	f, err := os.CreateTemp(dir, "oidcflow-doctor-")
	if err == nil {
		_, err = f.WriteString("x")
		err = errors.Join(err, f.Close(), os.Remove(f.Name()))
	}
	if err != nil {
		return rowFail("temp", exitMachine, err.Error(), "set TMPDIR to a folder that can be written to")
	}
	return rowOK("temp", dir+" can be written to")
}

func terminalRow(there bool) finding {
	if there {
		return rowOK("terminal", "there is one: --sign-in system can ask a person")
	}
	return rowOK("terminal", "there is none: --sign-in auto will not open a person's browser")
}

// caRow says whom the program trusts.
func caRow(file string, err error) finding {
	switch {
	case err != nil:
		row := rowError("ca", err)
		row.Hint = "give a file of PEM certificates with --ca-file or SSL_CERT_FILE"
		return row
	case file == "":
		return rowOK("ca", "the authorities of this system are trusted")
	}
	return rowOK("ca", "the authorities of this system are trusted, and those in "+file)
}
