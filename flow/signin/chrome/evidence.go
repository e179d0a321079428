package chrome

import (
	"context"
	"errors"
	"time"

	"github.com/chromedp/cdproto/browser"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/page"

	"github.com/oidcflow/oidcflow/flow"
	"github.com/oidcflow/oidcflow/flow/trace"
)

// evidenceTimeout bounds what is kept of a page after the sign-in has failed on it.
const evidenceTimeout = 2 * time.Second

// confine takes from the pages of a sign-in what none needs.
func (s *signIn) confine(ctx context.Context) error {
	_, err := cdp.Call(ctx, s.b.calls, browser.SetDownloadBehavior,
		browser.SetDownloadBehaviorParams{Behavior: browser.SetDownloadBehaviorBehaviorDeny, BrowserContextID: s.contextID})
	return err
}

// unpictured are the codes of failures on pages that show secrets: codes to set up a factor with, recovery codes.
var unpictured = []string{"signin.enrolment_required", "signin.password_expired"}

// evidence records what the page on which the sign-in failed is made of and, if asked for, how it looked, with
// everything that is typed masked. ctx may have ended by now.
func (s *signIn) evidence(ctx context.Context, err error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), evidenceTimeout)
	defer cancel()
	if s.b.lost() || s.view() == nil {
		return
	}
	t, ferr := s.front(ctx)
	if ferr != nil {
		return
	}
	var skeleton string
	if t.eval(ctx, &skeleton, "skeleton") == nil {
		trace.Record(ctx, trace.Event{Kind: trace.File, Name: "page.txt", Data: []byte(skeleton)})
	}
	if !s.b.cfg.Screenshots || shown(err, unpictured) {
		return
	}
	var masked bool
	if t.eval(ctx, &masked, "mask") != nil || !masked {
		return
	}
	picture, perr := cdp.Call(ctx, t.target, page.CaptureScreenshot, page.CaptureScreenshotParams{Format: page.CaptureScreenshotFormatPng})
	if perr == nil {
		trace.Record(ctx, trace.Event{Kind: trace.File, Name: "page.png", Data: picture.Data})
	}
}

// shown reports whether err has one of the codes.
func shown(err error, codes []string) bool {
	var e *flow.Error
	if !errors.As(err, &e) {
		return false
	}
	for _, c := range codes {
		if e.Code == c {
			return true
		}
	}
	return false
}
