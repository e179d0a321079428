package report

import (
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"github.com/oidcflow/oidcflow/flow/trace"
)

// ConsoleOptions say what [Console] tells, and how. The zero value tells notes, warnings, and what a step waits for.
type ConsoleOptions struct {
	Verbose bool          // also each step with its time, each request, page and action
	Color   bool          // colours besides words
	GitHub  bool          // the lines go to the log of GitHub Actions: none may be a command of a workflow
	Slow    time.Duration // after how long without an end it is told what a step waits for; 0: 2 s
}

// Console returns a recorder that writes a line at a time for people. What it writes is plain, see [Plain].
func Console(w io.Writer, o ConsoleOptions) trace.Recorder {
	if o.Slow == 0 {
		o.Slow = 2 * time.Second
	}
	return &console{w: w, o: o}
}

type console struct {
	w io.Writer
	o ConsoleOptions

	mu    sync.Mutex
	steps []*running
}

// running is a step that has begun and not ended.
type running struct {
	step  trace.Step
	begin time.Time
	last  string // what was seen of it last
	timer *time.Timer
	wait  time.Duration // until the timer's next line
}

// Record implements [trace.Recorder].
func (c *console) Record(e trace.Event) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch e.Kind {
	case trace.Begin:
		c.begin(e)
	case trace.End:
		c.end(e)
	case trace.Warning:
		c.line(yellow, "warning: "+e.Message)
	case trace.Note:
		c.line("", e.Message)
	default:
		c.detail(e)
	}
}

// begin starts the step's timer. It is stopped by the end of the step, which the caller of trace.Start always records.
func (c *console) begin(e trace.Event) {
	r := &running{step: e.Step, begin: e.Time, wait: c.o.Slow}
	r.timer = time.AfterFunc(r.wait, func() { c.tellWaiting(r) })
	c.steps = append(c.steps, r)
}

// tellWaiting tells what r waits for, and again after twice the time.
func (c *console) tellWaiting(r *running) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if r.timer == nil {
		return // it ended while this waited for the lock
	}
	text := fmt.Sprintf("%s: still waiting after %s", r.step, short(time.Since(r.begin)))
	if r.last != "" {
		text += "; last: " + r.last
	}
	c.line(dim, text)
	r.wait *= 2
	r.timer.Reset(r.wait)
}

func (c *console) end(e trace.Event) {
	for i := len(c.steps) - 1; i >= 0; i-- {
		if r := c.steps[i]; r.step == e.Step {
			r.timer.Stop()
			r.timer = nil
			c.steps = append(c.steps[:i], c.steps[i+1:]...)
			break
		}
	}
	if !c.o.Verbose {
		return // an error is told once, by whoever ends the program
	}
	if e.Message == "" && e.Code == "" {
		c.line(green, fmt.Sprintf("%s: done in %s", e.Step, short(e.Duration)))
		return
	}
	text := fmt.Sprintf("%s: failed after %s", e.Step, short(e.Duration))
	if e.Code != "" {
		text += " (" + e.Code + ")"
	}
	c.line(red, text)
}

// detail tells what only verbose people ask for, and keeps it as what its step was seen doing last.
func (c *console) detail(e trace.Event) {
	text := describe(e)
	if text == "" {
		return
	}
	for i := len(c.steps) - 1; i >= 0; i-- {
		if c.steps[i].step == e.Step {
			c.steps[i].last = text
			break
		}
	}
	if c.o.Verbose {
		c.line(dim, "  "+text)
	}
}

// describe returns an event in a few words.
func describe(e trace.Event) string {
	switch e.Kind {
	case trace.HTTP:
		if e.HTTP == nil {
			return ""
		}
		text := fmt.Sprintf("%s %s", e.HTTP.Method, e.HTTP.URL)
		if e.HTTP.Status != 0 {
			text += fmt.Sprintf(" %d", e.HTTP.Status)
		}
		text += " " + short(e.Duration)
		if e.Message != "" {
			text += ": " + e.Message
		}
		return text
	case trace.Page:
		return join("page", e.Name, quote(e.Title), e.URL)
	case trace.Action:
		return join(e.Name, e.Message)
	case trace.Verified:
		return join("verified", e.Name)
	case trace.File:
		return join("file", e.Name, fmt.Sprintf("(%d bytes)", len(e.Data)))
	}
	return join(string(e.Kind), e.Name, e.Message)
}

func join(words ...string) string {
	var kept []string
	for _, w := range words {
		if w != "" {
			kept = append(kept, w)
		}
	}
	return strings.Join(kept, " ")
}

func quote(s string) string {
	if s == "" {
		return ""
	}
	return `"` + Plain(s) + `"`
}

// The colours of ECMA-48 §8.3.117.
const (
	red    = "31"
	green  = "32"
	yellow = "33"
	dim    = "2"
)

// line writes text. An error of w is not told: there is nowhere left to tell it.
func (c *console) line(color, text string) {
	indent := text[:len(text)-len(strings.TrimLeft(text, " "))]
	text = indent + Plain(text)
	if c.o.GitHub {
		text = Workflow(text)
	}
	if c.o.Color && color != "" {
		text = "\x1b[" + color + "m" + text + "\x1b[0m"
	}
	_, _ = io.WriteString(c.w, text+"\n")
}

// short returns d as people read it.
func short(d time.Duration) string {
	switch {
	case d >= 10*time.Second:
		return d.Round(time.Second).String()
	case d >= time.Second:
		return d.Round(100 * time.Millisecond).String()
	case d >= time.Millisecond:
		return d.Round(time.Millisecond).String()
	}
	return d.Round(time.Microsecond).String()
}
