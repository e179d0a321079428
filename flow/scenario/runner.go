package scenario

import (
	"context"
	"regexp"
	"sync"
	"time"

	"github.com/hashicorp/hcl/v2"

	"github.com/oidcflow/oidcflow/flow"
	"github.com/oidcflow/oidcflow/flow/check"
	"github.com/oidcflow/oidcflow/flow/trace"
)

// Stage is where the runs of one file take place: a provider and the drivers that sign in there. Its methods are called
// by one goroutine.
type Stage interface {
	// Client returns the configuration of a client for one run. Runs with the same session, which is not empty, share a
	// browser's cookies.
	Client(ctx context.Context, p *Profile, session string) (flow.Config, error)
	// Embedded returns the provider of the idp block; nil: it is another.
	Embedded() Embedded
	// Checks returns what package check needs to know besides.
	Checks(flow.Config) check.Options
	Close() error
}

// Embedded is the provider of an idp block.
type Embedded interface {
	Inject(names []string) error // switches these faults and variations on, and those of a run before off
	Advance(d time.Duration)     // moves its clock
	Seed() uint64
}

// Program says how files are run. Open is required.
type Program struct {
	Open       func(context.Context, *File) (Stage, error)
	Parallel   int                        // how many files at once; 0: one
	Filter     *regexp.Regexp             // runs whose name or file it matches, and those that they read; nil: all
	FailFast   bool                       // after a run that does not pass, none is begun
	Timeout    time.Duration              // of a run that does not say it; 0: a minute
	AllowHosts []string                   // hosts that requests may go to, besides the issuer's
	Recorder   func(*File) trace.Recorder // of everything that happens with a file; nil: none
	Began      func(*File)                // called as a file begins; nil: nobody
	Ended      func(*FileOutcome)         // called as a file has ended; nil: nobody
	Ran        func(*File, *Outcome)      // called after each run; nil: nobody
}

// Settle finds the values of variables and locals of all files, so that what is missing is told before anything runs.
func Settle(ctx context.Context, files []*File) hcl.Diagnostics {
	var diags hcl.Diagnostics
	for _, f := range files {
		diags = append(diags, f.settle(ctx)...)
	}
	return diags
}

// Run runs files and returns what came of them, in their order. When ctx ends, the runs that have not begun are skipped;
// cleaning up is done all the same.
func (p *Program) Run(ctx context.Context, files []*File) []*FileOutcome {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	outcomes := make([]*FileOutcome, len(files))
	turns := make(chan struct{}, max(p.Parallel, 1))
	var wait sync.WaitGroup
	for i, f := range files {
		turns <- struct{}{}
		wait.Add(1)
		go func() {
			defer wait.Done()
			defer func() { <-turns }()
			outcomes[i] = p.file(ctx, f, stop)
		}()
	}
	wait.Wait()
	return outcomes
}

// failFast is the cause of a context that ended because a run did not pass.
type failFast struct{ run string }

func (f failFast) Error() string { return "run " + f.run + " did not pass, and --fail-fast" }

// file runs one file.
func (p *Program) file(ctx context.Context, f *File, stop func(error)) *FileOutcome {
	out := &FileOutcome{File: f, Began: time.Now()}
	if p.Began != nil {
		p.Began(f)
	}
	s := &show{program: p, file: f, outcome: out, results: map[string]*result{}, stop: stop}
	if p.Recorder != nil {
		s.recorder = p.Recorder(f)
	}
	s.run(ctx)
	out.Duration = time.Since(out.Began)
	if p.Ended != nil {
		p.Ended(out)
	}
	return out
}

// show is one file as it runs.
type show struct {
	program  *Program
	file     *File
	outcome  *FileOutcome
	stage    Stage
	results  map[string]*result // by the runs' names
	made     []*exchange        // all exchanges, for the clean-up and for runs that go on from them
	recorder trace.Recorder
	stop     func(error)
}

func (s *show) run(ctx context.Context) {
	chosen := s.chosen()
	if len(chosen) == 0 {
		return
	}
	if diags := s.file.settle(ctx); diags.HasErrors() {
		s.skipAll(chosen, diags)
		return
	}
	if ctx.Err() != nil {
		s.skipAll(chosen, nil)
		return
	}
	stage, err := s.program.Open(ctx, s.file)
	if err != nil {
		s.setupFailed(ctx, chosen, err)
		return
	}
	s.stage = stage
	defer s.cleanUp(ctx)
	if e := stage.Embedded(); e != nil {
		s.outcome.Seed = e.Seed()
	}
	for _, r := range chosen {
		s.each(ctx, r)
	}
}

// chosen returns the runs that the filter takes, and those that they read.
func (s *show) chosen() []*Run {
	all := s.file.Runs
	filter := s.program.Filter
	if filter == nil || filter.MatchString(s.file.Path) {
		return all
	}
	take := map[string]bool{}
	for i := len(all) - 1; i >= 0; i-- {
		if r := all[i]; take[r.Name] || filter.MatchString(r.Name) {
			take[r.Name] = true
			for _, name := range r.reads {
				take[name] = true
			}
		}
	}
	var out []*Run
	for _, r := range all {
		if take[r.Name] {
			out = append(out, r)
		}
	}
	return out
}

// setupFailed says of the first run that it could not be tried, and of the others that they were not.
func (s *show) setupFailed(ctx context.Context, runs []*Run, err error) {
	if ctx.Err() != nil {
		s.skipAll(runs, nil)
		return
	}
	first := s.begin(instance{name: runs[0].Name}, runs[0])
	first.add(problemOf(check.Error, err))
	s.end(first)
	for _, r := range runs[1:] {
		s.skip(r, instance{name: r.Name}, "the provider of this file could not be set up")
	}
}

// skipAll skips runs: for the first, what is wrong is told, if anything is.
func (s *show) skipAll(runs []*Run, diags hcl.Diagnostics) {
	for i, r := range runs {
		if i == 0 && diags.HasErrors() {
			o := s.begin(instance{name: r.Name}, r)
			o.wrong(check.Error, "", diags)
			s.end(o)
			continue
		}
		s.skip(r, instance{name: r.Name}, "it was interrupted before")
	}
}

func (s *show) skip(r *Run, in instance, reason string) {
	o := s.begin(in, r)
	o.Status, o.Reason = check.Skip, reason
	s.end(o)
}

func (s *show) begin(in instance, r *Run) *Outcome {
	return &Outcome{Name: in.name, At: r.At, Status: check.Pending, Began: time.Now()}
}

// end keeps an outcome, and ends everything if that is what the program says.
func (s *show) end(o *Outcome) {
	if o.Status == check.Pending {
		o.Status = check.Pass
	}
	o.Duration = time.Since(o.Began)
	s.outcome.Runs = append(s.outcome.Runs, o)
	if s.program.Ran != nil {
		s.program.Ran(s.file, o)
	}
	if s.program.FailFast && o.Status >= check.Fail {
		s.stop(failFast{o.Name})
	}
}
