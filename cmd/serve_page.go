package cmd

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"encoding/json"
	"html/template"
	"mime"
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

//go:embed serve
var serveFiles embed.FS

var (
	servePages  = template.Must(template.ParseFS(serveFiles, "serve/*.html"))
	serveStyle  = mustRead("serve/style.css")
	serveScript = mustRead("serve/relay.js")

	// Both are ours, and in the pages to the letter: the policy knows them by their hashes.
	serveCSS         = template.CSS(serveStyle)
	serveRelayScript = template.JS(serveScript)
)

// page is what every template is given. Those of one template are in a struct that embeds it.
type page struct {
	Title  string
	Issuer string
	Style  template.CSS
}

type startPage struct {
	page
	Host     string // where the person signs in
	Settings []pair
	Users    []testUser
}

type resultPage struct {
	page
	Who      string
	Valid    string
	Verified []pair
	Claims   []pair
	Tokens   []tokenView
	Settings []pair
}

type errorPage struct {
	page
	Status  string
	Code    string
	Message string
	Hint    string
	Retry   bool
}

type relayPage struct {
	page
	Action string
	Script template.JS
}

// pair is a row of a table: a setting or a claim. Code says that Value is the machine's word, not prose.
type pair struct {
	Name, Value, Note string
	Code              bool
}

// tokenView is a token as the result page shows it: folded away, decoded if it is a JWT.
type tokenView struct {
	Name, Note, Value string
	Header, Claims    []pair
}

// testUser is a user of the embedded provider, whose password is no secret.
type testUser struct{ Username, Password, TOTP string }

// policy is the Content-Security-Policy of every page: nothing is loaded, and the one style is known by its hash.
var policy = "default-src 'none'; style-src " + cspHash(serveStyle) +
	"; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// relayPolicy lets the page that relays a fragment run its script and post its form, to this origin only.
var relayPolicy = strings.Replace(policy, "form-action 'none'", "form-action 'self'; script-src "+cspHash(serveScript), 1)

func cspHash(source string) string {
	sum := sha256.Sum256([]byte(source))
	return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
}

// setPageHeaders sets what holds for every answer: it is not kept, not framed, not guessed at, and its address, which
// may hold a code, goes nowhere.
func setPageHeaders(h http.Header) {
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Security-Policy", policy)
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Frame-Options", "DENY")
	h.Add("Vary", "Accept")
}

// writePage renders the whole page before the first byte is sent, so that a page is there or an error is.
func writePage(w http.ResponseWriter, status int, name string, data any) error {
	var b bytes.Buffer
	if err := servePages.ExecuteTemplate(&b, name, data); err != nil {
		return err
	}
	write(w, status, "text/html; charset=utf-8", b.Bytes())
	return nil
}

func sendJSON(w http.ResponseWriter, status int, data any) error {
	b, err := json.MarshalIndent(data, "", "  ")
	if err != nil {
		return err
	}
	write(w, status, "application/json", append(b, '\n'))
	return nil
}

// write sends an answer. An error in sending means that the browser has gone, and there is nobody left to tell.
func write(w http.ResponseWriter, status int, contentType string, body []byte) {
	w.Header().Set("Content-Type", contentType)
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	_, _ = w.Write(body)
}

// wantsJSON reports whether r asks for JSON rather than for a page: application/json is accepted, and text/html is not
// or less so (RFC 9110 §12.5.1). A browser names text/html, curl nothing in particular.
func wantsJSON(r *http.Request) bool {
	var asked, page float64
	for _, v := range strings.Split(strings.Join(r.Header.Values("Accept"), ","), ",") {
		kind, params, err := mime.ParseMediaType(v)
		if err != nil {
			continue // an entry that cannot be read expresses no wish
		}
		q := 1.0
		if s, ok := params["q"]; ok {
			if q, err = strconv.ParseFloat(s, 64); err != nil {
				continue
			}
		}
		switch kind {
		case "application/json":
			asked = max(asked, q)
		case "text/html":
			page = max(page, q)
		}
	}
	return asked > page
}

func (app *webApp) page(title string) page {
	return page{Title: title, Issuer: app.target(), Style: serveCSS}
}

// target names the provider: its issuer, or where its users sign in.
func (app *webApp) target() string {
	if app.config.Issuer != "" {
		return app.config.Issuer
	}
	return hostOf(app.config.Endpoints.Authorization)
}

func hostOf(raw string) string {
	u, err := url.Parse(raw)
	if err != nil || u.Host == "" {
		return raw
	}
	return u.Host
}

func mustRead(name string) string {
	b, err := serveFiles.ReadFile(name)
	if err != nil {
		panic(err) // the file is embedded: it is there or nothing compiles
	}
	return string(b)
}
