package chrome

import (
	"context"
	"time"

	"github.com/chromedp/cdproto/browser"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/page"

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

// evidence records what the page on which the sign-in failed is made of and, if asked for, how it looked, with
// everything that is typed masked. ctx may have ended by now.
func (s *signIn) evidence(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), evidenceTimeout)
	defer cancel()
	if s.b.lost() || s.view() == nil {
		return
	}
	t, err := s.front(ctx)
	if err != nil {
		return
	}
	var skeleton string
	if t.eval(ctx, &skeleton, "skeleton") == nil {
		trace.Record(ctx, trace.Event{Kind: trace.File, Name: "page.txt", Data: []byte(skeleton)})
	}
	if s.b.cfg.Screenshots {
		s.picture(ctx, t)
	}
}

// picture records how the page looks, unless it may show a secret. It is looked at before and after, for it may go on
// meanwhile.
func (s *signIn) picture(ctx context.Context, t *tab) {
	if s.private(ctx, t) {
		return
	}
	var masked bool
	if t.eval(ctx, &masked, "mask") != nil || !masked {
		return
	}
	picture, err := cdp.Call(ctx, t.target, page.CaptureScreenshot, page.CaptureScreenshotParams{Format: page.CaptureScreenshotFormatPng})
	if err == nil && !s.private(ctx, t) {
		trace.Record(ctx, trace.Event{Kind: trace.File, Name: "page.png", Data: picture.Data})
	}
}

// private reports whether the page may show a secret: by what the engine that answers it has said, and by its words. One
// that cannot be looked at may.
func (s *signIn) private(ctx context.Context, t *tab) bool {
	if a := t.heard(); a != nil && a.Private() {
		return true
	}
	seen, err := s.lookAt(ctx, t)
	return err != nil || s.dialog.Private(seen.view)
}
