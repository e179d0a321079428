package chrome

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"regexp"

	"github.com/chromedp/cdproto/cdp"

	"github.com/oidcflow/oidcflow/flow"
	"github.com/oidcflow/oidcflow/flow/trace"
)

// widgetFile is what the addresses are like of the scripts that draw Okta's hosted page, and of what these load: from
// Okta's own servers, or from an organisation's.
var widgetFile = regexp.MustCompile(`(?i)okta-?sign-?in|initLoginPage|/assets/loginpage/`)

func ofWidget(url string) bool { return widgetFile.MatchString(withoutQuery(url)) }

// lostScript is one that did not come.
type lostScript struct{ url, why string }

// lose notes that a script of a document did not come, if it is one of the widget's. The first counts.
func (t *tab) lose(document cdp.LoaderID, url, why string) {
	if t.script == nil && document == t.document && ofWidget(url) {
		t.script = &lostScript{url, why}
	}
}

// broken returns the script that the page would have been drawn by, or nil.
func (t *tab) broken() *lostScript {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.script
}

// undrawn is called when nobody knows a page and nothing happens on it. It returns an error unless that is Okta's hosted
// page on which its widget is still to be drawn.
func (s *signIn) undrawn(ctx context.Context, now *sight, unknown error) error {
	if now == nil || now.view == nil || len(now.view.Messages) > 0 {
		return unknown
	}
	var empty bool
	err := now.tab.eval(ctx, &empty, "empty")
	lost := now.tab.broken()
	switch {
	case errors.Is(err, errMoved):
		return nil
	case err != nil:
		return err
	case !empty:
		return unknown
	case lost == nil:
		return nil
	}
	return &flow.Error{Step: trace.SignIn, Code: "signin.page_stuck",
		Err: fmt.Errorf("the page at %s cannot be drawn: its script %s did not come: %s",
			withoutQuery(now.view.URL), withoutQuery(lost.url), cmp.Or(printable(lost.why), "blocked")),
		Hint: "a proxy, a filter of advertisements or the page's Content-Security-Policy may keep it away"}
}
