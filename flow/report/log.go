package report

import (
	"slices"
	"sync"

	"github.com/oidcflow/oidcflow/flow/trace"
)

// Log is a recorder that keeps all events, for reports that are written in the end.
type Log struct {
	mu     sync.Mutex
	events []trace.Event
}

// NewLog returns an empty Log.
func NewLog() *Log { return &Log{} }

// Record implements [trace.Recorder].
func (l *Log) Record(e trace.Event) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.events = append(l.events, e)
}

// Events returns the events so far, in the order in which they were recorded.
func (l *Log) Events() []trace.Event {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.events)
}
