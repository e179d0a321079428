package signin

import (
	"context"
	"net/http"

	"github.com/oidcflow/oidcflow/flow"
)

// Peek opens r.URL as a browser in which nobody is signed in, and returns what comes of it: the authorization response
// if one comes to the redirect URI, else the page that stays. It follows redirects with GET, and does nothing on a page.
func Peek(ctx context.Context, c Config, r flow.Request) (*flow.Callback, *View, error) {
	w := newWalk(c, r)
	page, callback, err := w.open(ctx, &request{method: http.MethodGet, url: r.URL})
	if callback != nil || err != nil {
		return callback, nil, err
	}
	// A form_post comes as a page that sends itself. One that sends itself elsewhere is a page like any other.
	if next, err := page.forward("", w.toClient); err == nil && next != nil {
		callback, err = w.callback(next)
		return callback, page.view, err
	}
	return nil, page.view, nil
}
