package trace

import (
	"bytes"
	"io"
	"sync"
)

// Writer redacts a stream. It holds back as much of the end as a value split across writes may need; Flush writes that
// too. The caller closes it in the end; what is below stays open. A value that is known by its name alone, longer than
// 64 KiB and split, is redacted up to there.
type Writer struct {
	redactor *Redactor
	below    io.Writer

	mu   sync.Mutex
	held []byte
	next int // how much must be held before it is looked at again: a stream of many small writes is read but twice
}

// The least and the most that a Writer holds back.
const (
	leastHeld = 1 << 10
	mostHeld  = 64 << 10
)

// Writer returns a Writer that redacts what goes to w.
func (r *Redactor) Writer(w io.Writer) *Writer {
	return &Writer{redactor: r, below: w}
}

// Write implements [io.Writer]. An error of the writer below may come with a later Write, or with Close.
func (w *Writer) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.held = append(w.held, p...)
	if len(w.held) < w.next {
		return len(p), nil
	}
	if err := w.write(false); err != nil {
		return 0, err
	}
	return len(p), nil
}

// Flush writes all that is held back. A value of which one half comes before and the other after Flush is not found.
func (w *Writer) Flush() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.write(true)
}

// Close is Flush; it does not close the writer below.
func (w *Writer) Close() error { return w.Flush() }

func (w *Writer) write(all bool) error {
	out, rest := w.redactor.prefix(string(w.held), all)
	w.held = append(w.held[:0], rest...)
	w.next = len(rest) + max(len(rest), leastHeld)
	if out == "" {
		return nil
	}
	_, err := io.Copy(w.below, bytes.NewReader([]byte(out)))
	return err
}

// prefix returns the redacted beginning of s, up to where what follows s cannot change it, and the rest as it is.
func (r *Redactor) prefix(s string, all bool) (out, rest string) {
	d := r.read(s, false, false)
	if all {
		return r.write(d), ""
	}
	r.mu.RLock()
	// With layers on top a value is longer than in any needle: &#x61; is the longest way to write one byte.
	window := min(max(leastHeld, 2*r.index.longest), mostHeld)
	r.mu.RUnlock()
	end := max(0, len(s)-window)
	spans := append(r.spans(d), d.fixed...)
	for moved := true; moved; {
		moved = false
		for _, p := range spans {
			// A value that reaches the end may go on, and its name must be seen with it.
			open := p.end == len(s) && len(s)-p.name <= mostHeld
			if p.name < end && (end < p.end || open) {
				end, moved = p.name, true
			}
		}
	}
	d = &document{text: s[:end], views: views(s[:end]), fixed: r.labelsIn(s[:end])}
	for _, p := range spans {
		if p.label != "" && p.end <= end {
			d.spans = append(d.spans, p)
		}
	}
	return r.write(d), s[end:]
}
