package mockidp

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"html/template"
	"net/http"
	"net/url"
	"slices"
)

//go:embed pages.html
var pagesHTML string

//go:embed pages.css
var pagesCSS string

// submitScript sends a form_post page on; a button does without scripts.
const submitScript = "document.forms[0].submit()"

var pages = template.Must(template.New("pages").Funcs(template.FuncMap{
	"css":    func() template.CSS { return template.CSS(pagesCSS) },
	"submit": func() template.JS { return submitScript },
	"scope":  func(s string) string { return scopeTexts[s] },
}).Parse(pagesHTML))

var scopeTexts = map[string]string{
	"openid": "Know who you are", "profile": "Your name and profile", "email": "Your email address",
	"address": "Your postal address", "phone": "Your phone number", "groups": "The groups you are in",
	"offline_access": "Access while you are away",
}

// pagePolicy allows the pages' own style and script, and nothing else. It has no form-action: Chrome applies that to
// the redirects after a form too, and those go to the client.
var pagePolicy = "default-src 'none'; base-uri 'none'; frame-ancestors 'none'; style-src '" + cspHash(pagesCSS) + "'; script-src '" + cspHash(submitScript) + "'"

func cspHash(s string) string {
	sum := sha256.Sum256([]byte(s))
	return "sha256-" + base64.StdEncoding.EncodeToString(sum[:])
}

// page is what the sign-in template shows.
type page struct {
	Stage    stage
	CSRF     string
	Action   string
	Login    string
	Remember bool
	Error    string
	Client   string
	Scopes   []string
}

func (c *call) html(status int, name string, data any) error {
	var body bytes.Buffer
	if err := pages.ExecuteTemplate(&body, name, data); err != nil {
		return err
	}
	h := c.w.Header()
	h.Set("Content-Security-Policy", pagePolicy)
	h.Set("Referrer-Policy", "no-referrer")
	c.write(status, "text/html; charset=utf-8", body.Bytes())
	return nil
}

// errorPage is for the person in front of the browser: where a redirect would be wrong, or lead nowhere.
func (c *call) errorPage(p *problem) {
	status := p.Status
	if status < 400 {
		status = http.StatusBadRequest
	}
	data := struct {
		Status                int
		Title                 string
		Code, Reason, Message string
	}{status, http.StatusText(status), p.Code, p.Reason, p.Description}
	if err := c.html(status, "error", data); err != nil {
		c.status(http.StatusInternalServerError)
	}
}

// formPost is OAuth 2.0 Form Post Response Mode §2.
func (c *call) formPost(uri string, params url.Values) error {
	type field struct{ Name, Value string }
	var fields []field
	for name := range params {
		fields = append(fields, field{name, params.Get(name)})
	}
	slices.SortFunc(fields, func(a, b field) int { return bytes.Compare([]byte(a.Name), []byte(b.Name)) })
	// The scheme was registered with the client; the template would not trust one like com.example.app.
	return c.html(http.StatusOK, "form_post", map[string]any{"URI": template.URL(uri), "Fields": fields})
}

// index says what this is.
func (c *call) index() error {
	type server struct{ Name, Issuer, Discovery string }
	var servers []server
	for name, as := range c.s.servers {
		servers = append(servers, server{name, as.issuer, as.issuer + "/.well-known/openid-configuration"})
	}
	slices.SortFunc(servers, func(a, b server) int { return bytes.Compare([]byte(a.Issuer), []byte(b.Issuer)) })
	return c.html(http.StatusOK, "index", servers)
}
