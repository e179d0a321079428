package mockidp

import (
	"bytes"
	_ "embed"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"html/template"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
	"unicode/utf16"
)

//go:embed okta.html
var oktaHTML string

//go:embed okta.js
var oktaJS []byte

var oktaPages = template.Must(template.New("okta").Funcs(template.FuncMap{"js": oktaEscape}).Parse(oktaHTML))

// oktaPage is what the hosted page is made of.
type oktaPage struct {
	Org, Base, StateToken, FromURI, Nonce string
	Script, Style                         string // of the widget; empty: none
	Assets                                string
	Config                                map[string]any
}

// DataBag is the page's model: JSON in a string.
func (p oktaPage) DataBag() (template.JS, error) {
	raw, err := json.Marshal(map[string]string{"stateToken": p.StateToken, "baseUrl": p.Base, "fromUri": p.FromURI, "orgName": p.Org})
	return oktaEscape(string(raw)), err
}

// oktaEscape writes a string into a script as Okta does: all but letters, digits and a few is \xHH or \uHHHH.
func oktaEscape(s string) template.JS {
	var b strings.Builder
	for _, u := range utf16.Encode([]rune(s)) {
		switch {
		case u < 0x80 && strings.ContainsRune(alphanumeric+",._", rune(u)):
			b.WriteByte(byte(u))
		case u < 0x100:
			fmt.Fprintf(&b, `\x%02X`, u)
		default:
			fmt.Fprintf(&b, `\u%04X`, u)
		}
	}
	return template.JS("'" + b.String() + "'")
}

// beginOkta begins t at the Identity Engine and answers with the hosted page.
func (c *call) beginOkta(t *transaction) error {
	if c.s.classic() {
		return c.beginClassic(t)
	}
	f := &oktaSignIn{
		token: c.s.random.stateToken(), device: c.device(), expires: c.now.Add(transactionTTL), request: t.request,
		account: t.account, amr: t.amr, authTime: t.authTime,
	}
	f.handle = f.token
	c.s.mu.Lock()
	c.s.signIns.put(f.token, f, c.now, f.expires)
	if f.account == nil {
		f.screens = slices.Clone(c.s.cfg.Org.First)
	} else {
		f.login = f.account.person.Login
	}
	c.arrive(f)
	c.s.mu.Unlock()
	return c.hostedPage(oktaPage{StateToken: f.token, FromURI: c.s.base.Path + c.r.URL.Path})
}

// device is the browser's cookie DT, which is set if there is none; JSESSIONID comes with it.
func (c *call) device() string {
	set := func(name, value string, age time.Duration) {
		http.SetCookie(c.w, &http.Cookie{
			Name: name, Value: value, Path: "/", HttpOnly: true, SameSite: http.SameSiteLaxMode,
			Secure: c.s.base.Scheme == "https", MaxAge: int(age / time.Second),
		})
	}
	set("JSESSIONID", c.s.random.token(), 0)
	if k, err := c.r.Cookie("DT"); err == nil && k.Value != "" {
		return k.Value
	}
	value := "DI1" + c.s.random.token()
	set("DT", value, 2*365*24*time.Hour)
	return value
}

// stateToken has the shape of Okta's: that of a JWE.
func (r *random) stateToken() string {
	header := b64.EncodeToString([]byte(`{"zip":"DEF","alias":"encryptionkey","ver":"1","oid":"` + r.id("00o") + `","enc":"A256GCM","alg":"dir"}`))
	var cipher strings.Builder
	for range 24 {
		cipher.WriteString(r.token())
	}
	return header + ".." + r.token()[:16] + "." + cipher.String() + "." + r.token()[:22]
}

// hostedPage completes p by what is the same on every page, and answers with it.
func (c *call) hostedPage(p oktaPage) error {
	o := c.s.cfg.Org
	p.Org, p.Base, p.Nonce, p.Assets = o.Name, c.s.base.String(), c.s.random.token(), c.s.base.Path+loginScriptPath
	if c.s.cfg.Widget != "" {
		w := c.s.base.Path + widgetPath + c.s.widgetVersion
		script, style := o.widgetFiles()
		p.Script, p.Style = w+"/"+script, w+"/"+style
	}
	if p.Config == nil {
		p.Config = map[string]any{}
	}
	p.Config["assets"], p.Config["deviceFingerprinting"] = c.s.base.Path+widgetPath+c.s.widgetVersion, o.DeviceFingerprints
	var body bytes.Buffer
	if err := oktaPages.ExecuteTemplate(&body, o.Page, p); err != nil {
		return err
	}
	h := c.w.Header()
	h.Set("Content-Security-Policy", "default-src 'self'; base-uri 'none'; object-src 'none'; frame-ancestors 'self'; "+
		"script-src 'self' 'nonce-"+p.Nonce+"'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self' data:; "+
		"connect-src 'self' http://localhost:* http://127.0.0.1:*") // where Okta Verify is looked for
	c.write(http.StatusOK, "text/html; charset=utf-8", body.Bytes())
	return nil
}

// widgetFiles are the script and the style of the widget that the organisation has.
func (o *OktaOrg) widgetFiles() (script, style string) {
	switch {
	case o.Engine == "classic":
		return "js/okta-sign-in.classic.min.js", "css/okta-sign-in.min.css"
	case o.Generation == 3:
		return "js/okta-sign-in.next.js", "css/okta-sign-in.next.css"
	}
	return "js/okta-sign-in.min.js", "css/okta-sign-in.min.css"
}

// openWidget looks that the widget is there, and which version it is.
func (s *Server) openWidget() error {
	if s.cfg.Widget == "" {
		return nil
	}
	s.widget = os.DirFS(s.cfg.Widget)
	script, style := s.cfg.Org.widgetFiles()
	for _, name := range []string{script, style} {
		if _, err := fs.Stat(s.widget, name); err != nil {
			return fmt.Errorf("widget %s: want the folder dist of npm's @okta/okta-signin-widget: %w", s.cfg.Widget, err)
		}
	}
	raw, err := os.ReadFile(filepath.Join(s.cfg.Widget, "..", "package.json"))
	var pkg struct {
		Version string `json:"version"`
	}
	if err != nil || json.Unmarshal(raw, &pkg) != nil || pkg.Version == "" || strings.Trim(pkg.Version, alphanumeric+".-") != "" {
		pkg.Version = "7" // a folder of its own, without the package's file
	}
	s.widgetVersion = pkg.Version
	return nil
}

// widgetFile serves what is in the widget's folder.
func (c *call) widgetFile() error {
	_, name, ok := strings.Cut(strings.TrimPrefix(c.s.localPath(c.r.URL.Path), widgetPath), "/")
	if !ok || !fs.ValidPath(name) {
		return notFound
	}
	if info, err := fs.Stat(c.s.widget, name); err != nil || info.IsDir() {
		return notFound
	}
	h := c.w.Header()
	for _, k := range []string{"Pragma", "Expires"} {
		h.Del(k)
	}
	h.Set("Cache-Control", "public, max-age=31536000") // the version is in the path
	c.entry.Status = http.StatusOK
	http.ServeFileFS(c.w, c.r, c.s.widget, name)
	return nil
}

// loginScript is what the hosted page starts the widget with.
func (c *call) loginScript() error {
	c.write(http.StatusOK, "text/javascript; charset=utf-8", oktaJS)
	return nil
}

// fingerprint is the page in a frame that tells the widget the browser's fingerprint.
func (c *call) fingerprint() error {
	var id [16]byte
	c.s.random.fill(id[:])
	script := `addEventListener("message",function(e){if(e.source===parent&&JSON.parse(e.data).type==="GetFingerprint")` +
		`parent.postMessage(JSON.stringify({type:"FingerprintAvailable",fingerprint:"` + base64.RawURLEncoding.EncodeToString(id[:]) + `"}),location.origin)});` +
		`parent.postMessage(JSON.stringify({type:"FingerprintServiceReady"}),location.origin)`
	c.w.Header().Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'self'; script-src '"+cspHash(script)+"'")
	c.write(http.StatusOK, "text/html; charset=utf-8", []byte("<!doctype html><title>Fingerprint</title><script>"+script+"</script>"))
	return nil
}
