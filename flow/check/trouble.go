package check

import (
	"bytes"
	"context"
	"fmt"
	"net/http"

	"github.com/oidcflow/oidcflow/flow/trace"
)

// trouble is a way in which an answer is none that one could read, as data. Of those of one endpoint, the first that
// applies is what is wrong with it: a page of HTML is no broken JSON as well.
type trouble struct {
	name, ref, title string
	is               func(*Document) bool
}

// What is wrong with an answer, by what it shows.
var (
	late      = func(d *Document) bool { return d.Err != nil && isTimeout(d.Message.Err) }
	cut       = func(d *Document) bool { return d.Message.Err != nil }
	redirects = func(d *Document) bool { return d.Status >= 300 && d.Status < 400 }
	limited   = func(d *Document) bool { return d.Status == http.StatusTooManyRequests }
	failing   = func(d *Document) bool { return d.Status >= 500 }
	bomb      = func(d *Document) bool { return d.Truncated && d.Unpacked }
	oversized = func(d *Document) bool { return d.Truncated }
	markup    = func(d *Document) bool {
		return d.Object == nil && bytes.HasPrefix(bytes.TrimSpace(d.Body), []byte("<"))
	}
	unreadable = func(d *Document) bool { return d.Object == nil }
	mislabeled = func(d *Document) bool { return d.Status < 400 && d.mediaType() != "application/json" }
	ambiguous  = func(d *Document) bool { return len(d.Object.Twice) > 0 }
)

// named returns the first trouble of d, or nil.
func named(all []trouble, d *Document) *trouble {
	for i := range all {
		if all[i].is(d) {
			return &all[i]
		}
	}
	return nil
}

// transportChecks makes a check of each trouble of an endpoint.
func transportChecks(step trace.Step, endpoint string, of func(*Subject) *Document, all []trouble) (out []Check) {
	for _, t := range all {
		out = append(out, Check{Name: t.name, Ref: t.ref, Title: t.title, Step: step,
			Run: func(_ context.Context, s *Subject) error {
				d := of(s)
				if d.Message == nil {
					return s.notReached("an answer of the "+endpoint, "", step)
				}
				if found := named(all, d); found != nil && found.name == t.name {
					return &Mismatch{What: endpoint, Want: "an answer that can be read", Got: d.describe()}
				}
				return nil
			}})
	}
	return out
}

// describe says what came, without quoting it.
func (d *Document) describe() string {
	switch {
	case d.Message.Err != nil && d.Status == 0:
		return "no answer: " + d.Message.Err.Error()
	case d.Message.Err != nil:
		return fmt.Sprintf("status %d, and then %v", d.Status, d.Message.Err)
	}
	text := fmt.Sprintf("status %d, %q, %d bytes", d.Status, d.Header.Get("Content-Type"), len(d.Body))
	if d.Truncated {
		text += " and more"
	}
	if d.Object == nil && d.Err != nil {
		text += ", " + d.Err.Error()
	} else if d.Object != nil && len(d.Object.Twice) > 0 {
		text += fmt.Sprintf(", %q twice", d.Object.Twice[0])
	}
	return text
}
