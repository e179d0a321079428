package signin

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"html/template"
	"io"
	"net/http"
	"net/url"
	"sync"

	"github.com/oidcflow/oidcflow/flow"
)

// catcher answers the redirect URI's path and nothing else.
type catcher struct {
	at          *url.URL
	redirectURI string
	state       string
	mode        string
	once        sync.Once
	got         chan *flow.Callback
}

// ServeHTTP implements http.Handler. Host and path are compared before all else, so that a page elsewhere whose name
// resolves to this machine gets nothing (DNS rebinding); the state before anything is shown or kept (RFC 6749 §10.12).
func (c *catcher) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Content-Security-Policy", relayPolicy)
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	here := &url.URL{Scheme: "http", Host: r.Host}
	if hostPort(here) != hostPort(c.at) || r.URL.Path != c.path() {
		http.NotFound(w, r)
		return
	}
	callback, err := c.read(r)
	switch {
	case err != nil:
		http.Error(w, "This is not an authorization response.", http.StatusBadRequest)
		return
	case callback == nil && c.mode == "fragment":
		c.show(w, http.StatusOK, responsePage{Title: "One moment", Text: "Taking the response over …", Relay: true})
		return
	case callback == nil || subtle.ConstantTimeCompare([]byte(callback.Params.Get("state")), []byte(c.state)) != 1:
		http.Error(w, "This is not the response to the sign-in that was begun here.", http.StatusBadRequest)
		return
	}
	page := responsePage{Title: "Signed in", Text: "You can close this page and go back to the terminal."}
	if callback.Params.Get("error") != "" {
		page = responsePage{Title: "Not signed in", Text: "The provider has refused. The terminal says why."}
	}
	c.show(w, http.StatusOK, page)
	c.once.Do(func() { c.got <- callback })
}

func (c *catcher) path() string {
	if c.at.Path == "" {
		return "/"
	}
	return c.at.Path
}

// read returns the response in r, or nil where there is none: in mode fragment the browser keeps it to itself, and the
// page shown then sends it here by POST.
func (c *catcher) read(r *http.Request) (*flow.Callback, error) {
	switch r.Method {
	case http.MethodGet:
		callback, ok := flow.CallbackAt(c.redirectURI, "http://"+c.at.Host+r.URL.RequestURI())
		if !ok || len(callback.Params) == 0 {
			return nil, nil
		}
		return callback, nil
	case http.MethodPost:
		body, err := io.ReadAll(http.MaxBytesReader(nil, r.Body, maxResponse))
		if err != nil {
			return nil, err
		}
		callback, err := flow.CallbackFromForm(string(body))
		if err == nil && c.mode == "fragment" {
			callback.Mode = "fragment"
		}
		return callback, err
	}
	return nil, fmt.Errorf("method %s", r.Method)
}

// responsePage is what the person sees at the end.
type responsePage struct {
	Title, Text string
	Relay       bool
}

// relayScript sends the fragment of the page's address to the server as a form: a fragment never leaves the browser by
// itself. It is taken out of the address bar and the history first.
const relayScript = `const fields=new URLSearchParams(location.hash.slice(1)),form=document.createElement("form");` +
	`history.replaceState(null,"",location.pathname+location.search);form.method="post";` +
	`for(const[name,value]of fields){const input=document.createElement("input");input.type="hidden";input.name=name;input.value=value;form.append(input)}` +
	`document.body.append(form);if(form.length)HTMLFormElement.prototype.submit.call(form);`

// relayPolicy lets that script run and no other.
var relayPolicy = func() string {
	sum := sha256.Sum256([]byte(relayScript))
	return "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'; script-src 'sha256-" +
		base64.StdEncoding.EncodeToString(sum[:]) + "'"
}()

var responseTemplate = template.Must(template.New("").Parse(`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>{{.Title}}</title>
<style>body{font:1.1rem/1.5 system-ui,sans-serif;max-width:32rem;margin:20vh auto;padding:0 1rem;text-align:center}</style></head>
<body><h1>{{.Title}}</h1><p>{{.Text}}</p></body></html>
`))

// show writes a page. A browser that has gone away in the meantime misses nothing that matters.
func (c *catcher) show(w http.ResponseWriter, status int, p responsePage) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_ = responseTemplate.Execute(w, p)
	if p.Relay {
		_, _ = io.WriteString(w, "<script>"+relayScript+"</script>\n")
	}
}
