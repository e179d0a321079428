package chrome

import (
	"context"
	"time"
)

// Probed is what [Probe] found out about a browser.
type Probed struct {
	Path          string
	Version       string        // such as Chrome/156.0.8078.79
	Sandbox       bool          // its sandbox works here
	HeadlessShell bool          // it has no windows at all
	Startup       time.Duration // from nothing until it answers
}

// Probe starts the browser at path, or the one that [Find] finds where path is empty, and ends it again.
func Probe(ctx context.Context, path string) (*Probed, error) {
	begin := time.Now()
	b, err := Start(ctx, Config{Path: path})
	if err != nil {
		return nil, err
	}
	p := &Probed{Path: b.path, Version: b.version, Sandbox: b.sandbox, HeadlessShell: isHeadlessShell(b.path), Startup: time.Since(begin)}
	return p, b.Close()
}
