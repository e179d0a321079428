package cmd

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/oidcflow/oidcflow/flow"
	"github.com/oidcflow/oidcflow/flow/trace"
)

// maxCallbackBody is how much of a posted answer is read: codes and states are far smaller.
const maxCallbackBody = 64 << 10

// webApp is the web app of serve: a start page, /login, and the redirect URI.
type webApp struct {
	client   *flow.Client
	config   flow.Config
	redirect *url.URL // the redirect URI; its scheme and host are the app's origin
	pending  *pendingSignIns
	users    []testUser    // of the embedded provider
	timeout  time.Duration // of one answer to the browser
	now      func() time.Time
	redactor *trace.Redactor // of what errors say
}

// newWebApp returns the web app for cfg, or an error that says what in cfg cannot work. It makes no request.
func newWebApp(cfg flow.Config, timeout time.Duration, r *trace.Redactor) (*webApp, error) {
	cfg = cfg.WithDefaults()
	redirect, err := serveRedirect(cfg)
	if err != nil {
		return nil, err
	}
	client, err := flow.New(cfg)
	if err != nil {
		return nil, err
	}
	return &webApp{
		client: client, config: cfg, redirect: redirect, timeout: timeout, now: cfg.Now, redactor: r,
		pending: newPendingSignIns(redirect.Scheme == "https", cfg.Now),
	}, nil
}

// serveRedirect returns cfg's redirect URI, if a web app can be there.
func serveRedirect(cfg flow.Config) (*url.URL, error) {
	refuse := func(want string) error {
		return &flow.Error{Code: "usage.redirect_uri", Err: fmt.Errorf("redirect URI %q: want %s", cfg.RedirectURI, want),
			Hint: "serve listens there; register one such as http://localhost:8080/callback with the provider"}
	}
	u, err := url.Parse(cfg.RedirectURI)
	switch {
	case err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "":
		return nil, refuse("an http or https URL")
	case u.Path == "/login":
		return nil, refuse("a path other than /login, which is where a sign-in starts")
	case (u.Path == "" || u.Path == "/") && cfg.ResponseMode == "fragment":
		return nil, refuse("a path of its own with response mode fragment")
	case u.Path == "":
		u.Path = "/"
	}
	// A browser leaves the scheme's own port out of the Host header.
	u.Host = strings.ToLower(u.Host)
	u.Host = strings.TrimSuffix(u.Host, map[string]string{"http": ":80", "https": ":443"}[u.Scheme])
	return u, nil
}

// start returns the URL of the start page.
func (app *webApp) start() string {
	return (&url.URL{Scheme: app.redirect.Scheme, Host: app.redirect.Host, Path: "/"}).String()
}

// route is what can be asked of one path.
type route struct {
	methods []string
	handle  func(http.ResponseWriter, *http.Request) error
}

// route returns that of r's path. HEAD is allowed only where looking changes nothing.
func (app *webApp) route(r *http.Request) (route, bool) {
	callback := route{[]string{http.MethodGet, http.MethodPost}, app.callback}
	switch path := r.URL.EscapedPath(); {
	case path == app.redirect.EscapedPath() && path != "/":
		return callback, true
	case path == "/" && app.redirect.Path == "/" && (r.URL.RawQuery != "" || r.Method == http.MethodPost):
		return callback, true
	case path == "/":
		return route{[]string{http.MethodGet, http.MethodHead}, app.startPage}, true
	case path == "/login":
		return route{[]string{http.MethodGet}, app.login}, true
	}
	return route{}, false
}

// ServeHTTP answers a request for this app's host, and no other.
func (app *webApp) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	setPageHeaders(w.Header())
	ctx, cancel := context.WithTimeout(r.Context(), app.timeout)
	defer cancel()
	r = r.WithContext(ctx)

	// A page elsewhere can have its own name resolve to loopback; its Host gives it away.
	if !strings.EqualFold(r.Host, app.redirect.Host) {
		app.misdirected(w, r)
		return
	}
	found, ok := app.route(r)
	if !ok {
		app.fail(w, r, refused(http.StatusNotFound, "usage.not_found", "begin at "+app.start(), "there is no page here"))
		return
	}
	if !slices.Contains(found.methods, r.Method) {
		w.Header().Set("Allow", strings.Join(found.methods, ", "))
		app.fail(w, r, refused(http.StatusMethodNotAllowed, "usage.method", "begin at "+app.start(), "method %s is not for this page", r.Method))
		return
	}
	if err := found.handle(w, r); err != nil {
		app.fail(w, r, err)
	}
}

// misdirected sends a person who typed another name of this machine to the right one, where the cookie will be;
// everybody else is refused.
func (app *webApp) misdirected(w http.ResponseWriter, r *http.Request) {
	u := &url.URL{Host: r.Host}
	if r.Method == http.MethodGet && r.URL.Path == "/" && flow.IsLoopback(u.Hostname()) && flow.IsLoopback(app.redirect.Hostname()) {
		http.Redirect(w, r, app.start(), http.StatusTemporaryRedirect)
		return
	}
	app.fail(w, r, refused(http.StatusMisdirectedRequest, "usage.host",
		"open "+app.start()+"; a proxy in front must pass the Host header on", "host %q: want %q", r.Host, app.redirect.Host))
}

func (app *webApp) startPage(w http.ResponseWriter, r *http.Request) error {
	settings := app.settings()
	if wantsJSON(r) {
		answer := map[string]string{"login": app.redirect.Scheme + "://" + app.redirect.Host + "/login"}
		for _, s := range settings {
			answer[strings.ReplaceAll(strings.ToLower(s.Name), " ", "_")] = s.Value
		}
		return sendJSON(w, http.StatusOK, answer)
	}
	return writePage(w, http.StatusOK, "start", startPage{
		page: app.page("Sign in"), Host: hostOf(app.target()), Settings: settings, Users: app.users,
	})
}

// settings returns what a sign-in will ask for, without secrets.
func (app *webApp) settings() []pair {
	rows := []pair{
		{Name: "Issuer", Value: app.target(), Code: true},
		{Name: "Client ID", Value: app.config.ClientID, Code: true},
		{Name: "Redirect URI", Value: app.config.RedirectURI, Code: true},
		{Name: "Scope", Value: strings.Join(app.config.Scopes, " "), Code: true},
	}
	if app.config.ResponseMode != "" {
		rows = append(rows, pair{Name: "Response mode", Value: app.config.ResponseMode, Code: true})
	}
	return rows
}

// login starts a sign-in and sends the browser to the provider.
func (app *webApp) login(w http.ResponseWriter, r *http.Request) error {
	// Another site may link here, but not load this in the background: its sign-ins would push out the person's own.
	if mode := r.Header.Get("Sec-Fetch-Mode"); mode != "" && mode != "navigate" || r.Header.Get("Sec-Fetch-Dest") == "iframe" {
		return refused(http.StatusForbidden, "usage.background", "begin at "+app.start(), "a sign-in starts with a click, not in the background of a page")
	}
	a, err := app.client.Authorize(r.Context())
	if err != nil {
		return err
	}
	http.SetCookie(w, app.pending.begin(a))
	w.Header().Set("Location", a.URL.String())
	w.WriteHeader(http.StatusSeeOther)
	return nil
}

// callback takes the answer of the provider: as a query; as a form (OAuth 2.0 Form Post Response Mode); or as a
// fragment, which a script posts as a form.
//
// A form comes from the provider's site, and browsers send no SameSite=Lax cookie with it. SameSite=None would need
// https, and would send the cookie with every request that any site makes. So a form is parked under its state, and
// the browser is sent back with a GET, which does carry the cookie. Nothing is exchanged or shown before that.
func (app *webApp) callback(w http.ResponseWriter, r *http.Request) error {
	if r.Method == http.MethodPost {
		return app.posted(w, r)
	}
	if state := r.URL.Query().Get("posted"); state != "" {
		return app.finish(w, r, state, nil)
	}
	cb, ok := flow.CallbackAt(app.config.RedirectURI, app.redirect.Scheme+"://"+app.redirect.Host+r.URL.RequestURI())
	if ok && len(cb.Params) > 0 {
		return app.finish(w, r, cb.Params.Get("state"), cb)
	}
	if app.config.ResponseMode == "fragment" {
		w.Header().Set("Content-Security-Policy", relayPolicy)
		return writePage(w, http.StatusOK, "relay", relayPage{page: app.page("One moment"), Action: r.URL.EscapedPath(), Script: serveRelayScript})
	}
	return &flow.Error{Step: trace.Callback, Code: "callback.empty", Err: errors.New("the redirect URI was opened without an answer"),
		Hint: "sign in from the start page"}
}

// posted parks the answer in a form until the browser comes back for it with its cookie.
func (app *webApp) posted(w http.ResponseWriter, r *http.Request) error {
	cb, err := app.postedCallback(w, r)
	if err != nil {
		return err
	}
	state, err := app.pending.park(cb)
	if err != nil {
		return err
	}
	w.Header().Set("Location", app.redirect.EscapedPath()+"?"+url.Values{"posted": {state}}.Encode())
	w.WriteHeader(http.StatusSeeOther)
	return nil
}

func (app *webApp) postedCallback(w http.ResponseWriter, r *http.Request) (*flow.Callback, error) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxCallbackBody))
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		return nil, &flow.Error{Step: trace.Callback, Code: "callback.too_large", Err: err}
	case err != nil:
		return nil, &flow.Error{Step: trace.Callback, Code: "callback.malformed", Err: fmt.Errorf("reading the answer: %w", err)}
	}
	cb, err := flow.CallbackFromForm(string(body))
	if err != nil || app.config.ResponseMode != "fragment" || !cb.Params.Has("fragment") {
		return cb, err
	}
	cb, _ = flow.CallbackAt(app.config.RedirectURI, app.config.RedirectURI+"#"+cb.Params.Get("fragment"))
	return cb, nil
}

// finish trades the answer for tokens and shows them. cb is nil where it was parked.
func (app *webApp) finish(w http.ResponseWriter, r *http.Request, state string, cb *flow.Callback) error {
	a, parked, err := app.pending.take(r, state)
	if err != nil {
		return err
	}
	http.SetCookie(w, app.pending.expired(state))
	if cb == nil {
		cb = parked
	}
	if cb == nil {
		return &flow.Error{Step: trace.Callback, Code: "callback.empty", Err: errors.New("no answer was posted for this sign-in"),
			Hint: "sign in again from the start page"}
	}
	result, err := app.client.Finish(r.Context(), a, cb)
	if err != nil {
		return err
	}
	return app.showResult(w, r, result)
}
