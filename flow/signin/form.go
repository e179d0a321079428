package signin

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/oidcflow/oidcflow/flow"
	"github.com/oidcflow/oidcflow/flow/trace"
)

// Bounds of one sign-in by forms.
const (
	maxPages     = 100 // pages, those that go on by themselves included
	maxRedirects = 20  // in a row
)

// Form signs in as a browser without scripts does: it keeps cookies, follows redirects one by one, fills HTML forms and
// sends them, and stops where the redirect URI would be requested. Its errors are of type *flow.Error; where only a
// browser could go on, and no credential has been sent, they wrap [ErrNeedsBrowser].
type Form struct{ Config }

// NewForm returns the driver for c.
func NewForm(c Config) *Form { return &Form{Config: c} }

// SignIn implements flow.SignIn.
func (f *Form) SignIn(ctx context.Context, r flow.Request) (*flow.Callback, error) {
	w := newWalk(f.Config, r)
	callback, err := w.run(ctx, r.URL, w.react)
	if callback != nil {
		w.dialog.Accepted(ctx)
	}
	return callback, err
}

// walk is one sign-in under way.
type walk struct {
	client      *http.Client
	dialog      *Dialog
	redirectURI string
	view        *View     // on screen; nil before the first page
	screen      *document // the same, as it was read
}

func newWalk(c Config, r flow.Request) *walk {
	return &walk{client: newClient(c), dialog: NewDialog(c, r.URL.String()), redirectURI: r.RedirectURI}
}

// run opens the page at from and goes from page to page, as react says, until the response to the redirect URI.
func (w *walk) run(ctx context.Context, from *url.URL, react func(context.Context, *page) (*request, error)) (*flow.Callback, error) {
	callback, err := w.visit(ctx, from, react)
	if err != nil && w.screen != nil && !errors.Is(err, ErrNeedsBrowser) {
		trace.Record(ctx, trace.Event{Kind: trace.File, Name: "page.txt", Data: []byte(w.screen.skeleton())})
	}
	return callback, err
}

func (w *walk) visit(ctx context.Context, from *url.URL, react func(context.Context, *page) (*request, error)) (*flow.Callback, error) {
	next := &request{method: http.MethodGet, url: from}
	for range maxPages {
		page, callback, err := w.open(ctx, next)
		if callback != nil || err != nil {
			return callback, err
		}
		w.screen = page.document
		if next, err = react(ctx, page); err != nil {
			return nil, err
		}
	}
	return nil, w.dialog.fail(w.view, codePageStuck, fmt.Sprintf("the provider goes on and on: more than %d pages", maxPages), "")
}

// react returns what to ask for after looking at the page.
func (w *walk) react(ctx context.Context, page *page) (*request, error) {
	w.view = page.view
	next, err := page.forward(page.header.Get("Refresh"), w.toClient)
	if next != nil || err != nil {
		return next, w.judge(err)
	}
	page.view.Fields = usable(page.document)
	move, err := w.dialog.Next(ctx, page.view)
	if err != nil {
		return nil, w.judge(err)
	}
	if move.Wait {
		next, err = page.onward()
	} else {
		next, err = page.follow(move)
	}
	return next, w.judge(err)
}

// judge turns err into what the caller can act upon: a page that needs scripts is another driver's, as long as no
// credential has been handed out.
func (w *walk) judge(err error) error {
	var coded *flow.Error
	switch {
	case err == nil:
		return nil
	case errors.As(err, &coded) && coded.Code != codeUnknownPage:
		return err
	case !w.dialog.Sent() && (errors.Is(err, errUnusable) || errors.Is(err, ErrNeedsBrowser) || w.view.Scripts):
		return w.dialog.needsBrowser(w.view)
	case coded != nil:
		return err
	}
	return w.dialog.onPage(w.view, &flow.Error{Step: trace.SignIn, Code: codeUnknownPage, Err: fmt.Errorf("%w%s", err, w.dialog.where(w.view)), Hint: "--sign-in chrome"})
}

// usable returns the fields that can be sent without scripts: those with a name, in a form, and none of a form that
// would put a secret into a URL.
func usable(d *document) []Field {
	scripted := map[int]bool{outside: true}
	for _, f := range d.view.Fields {
		kind := kindOf(f)
		secret := f.Type == "password" || kind != "" && kind != kindIdentifier
		if f.Form != outside && secret && !postsAnywhere(d, f.Form) {
			scripted[f.Form] = true
		}
	}
	return slices.DeleteFunc(d.view.Fields, func(f Field) bool { return scripted[f.Form] || f.Name == "" && typed(f) })
}

// postsAnywhere reports whether the form, or a button of it, is sent by POST.
func postsAnywhere(d *document, form int) bool {
	return strings.EqualFold(attr(d.forms[form], "method"), http.MethodPost) || slices.ContainsFunc(d.view.Buttons, func(b Button) bool {
		return b.Form == form && strings.EqualFold(attr(d.nodes[b.Ref], "formmethod"), http.MethodPost)
	})
}

// toClient reports whether a URL is the redirect URI.
func (w *walk) toClient(to string) bool {
	_, ok := flow.CallbackAt(w.redirectURI, to)
	return ok
}

// callback returns the authorization response if next would take it to the redirect URI.
func (w *walk) callback(next *request) (*flow.Callback, error) {
	callback, ok := flow.CallbackAt(w.redirectURI, next.url.String())
	if ok && next.method == http.MethodPost {
		return flow.CallbackFromForm(next.body)
	}
	return callback, nil
}

// open returns the page that next leads to, or the response where it leads to the redirect URI, which is never
// requested.
func (w *walk) open(ctx context.Context, next *request) (*page, *flow.Callback, error) {
	request := "" // the name of the one that was answered last
	if w.view != nil {
		request = w.view.RequestID
	}
	for range maxRedirects {
		callback, err := w.callback(next)
		if callback != nil {
			callback.RequestID = request
		}
		if callback != nil || err != nil {
			return nil, callback, err
		}
		if s := next.url.Scheme; s != "http" && s != "https" {
			return nil, nil, w.dialog.fail(w.view, codeUnknownPage,
				fmt.Sprintf("the provider leads to %q, which is neither a web page nor the redirect URI", cleanURL(next.url.String())), "")
		}
		got, err := w.send(ctx, next)
		if err != nil {
			return nil, nil, err
		}
		request = flow.RequestID(got.header)
		location := got.header.Get("Location")
		if got.status < 300 || got.status > 399 || location == "" {
			page, err := w.read(got)
			return page, nil, err
		}
		if next, err = w.redirected(next, got.status, location); err != nil {
			return nil, nil, err
		}
	}
	return nil, nil, w.dialog.fail(w.view, codePageStuck, fmt.Sprintf("more than %d redirects in a row, the last to %s", maxRedirects, cleanURL(next.url.String())), "")
}

// redirected returns the request that a redirect makes of q (RFC 9110 §15.4): 307 and 308 send the body again, and only
// to where credentials may go.
func (w *walk) redirected(q *request, status int, location string) (*request, error) {
	to, err := q.url.Parse(location)
	if err != nil {
		return nil, w.dialog.fail(w.view, codeUnknownPage, fmt.Sprintf("redirect to %q, which is not a URL", w.dialog.clean(location)), "")
	}
	next := &request{method: http.MethodGet, url: to, from: q.from}
	if (status == http.StatusTemporaryRedirect || status == http.StatusPermanentRedirect) && q.method == http.MethodPost {
		next.method, next.body = q.method, q.body
		if w.dialog.Sent() && !w.toClient(to.String()) {
			err = w.dialog.Allowed(to.String())
		}
	}
	return next, err
}

// origin returns the scheme, host and port of u.
func origin(u *url.URL) string { return u.Scheme + "://" + u.Host }
