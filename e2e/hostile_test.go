package e2e

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// hostile is a provider that is right in everything but what its fields say: discovery, an authorization endpoint that
// answers at once with a code, and a token endpoint. The values of the fields are handlers in place of the right ones.
type hostile struct {
	doc       string
	discovery http.HandlerFunc
	authorize http.HandlerFunc
	token     http.HandlerFunc
	tls       func() tls.Certificate
	issuer    func(own string) string // what discovery says; nil: own
}

// hostiles are the misbehaving providers that scripts start by name.
var hostiles = map[string]hostile{
	"discovery-html":     {doc: "a captive portal answers discovery", discovery: page("<title>Welcome to the Wi-Fi</title>")},
	"discovery-404":      {doc: "there is no discovery document", discovery: http.NotFound},
	"discovery-500":      {doc: "discovery fails", discovery: status(http.StatusInternalServerError, "text/plain", "boom")},
	"discovery-cut":      {doc: "the discovery document ends in the middle", discovery: body("application/json", `{"issuer":"http`)},
	"discovery-10mib":    {doc: "the discovery document is of 10 MiB", discovery: body("application/json", `{"pad":"`+strings.Repeat("a", 10<<20)+`"}`)},
	"discovery-loop":     {doc: "discovery redirects to itself for ever", discovery: loop},
	"discovery-away":     {doc: "discovery redirects to another origin", discovery: redirect("http://127.0.0.1:9/elsewhere")},
	"discovery-slow":     {doc: "discovery never answers", discovery: hang},
	"issuer-other":       {doc: "the issuer in discovery is not the one asked for", issuer: func(own string) string { return own + "/other" }},
	"token-html":         {doc: "a proxy answers the token request with a page", token: page("<title>Sign in to the proxy</title>")},
	"token-cut":          {doc: "the token response ends in the middle", token: body("application/json", `{"access_token":"a`)},
	"token-10mib":        {doc: "the token response is of 10 MiB", token: body("application/json", `{"access_token":"`+strings.Repeat("a", 10<<20)+`"}`)},
	"token-redirect":     {doc: "the token endpoint redirects", token: redirect("/elsewhere")},
	"token-empty":        {doc: "the token response has no token", token: body("application/json", `{}`)},
	"token-no-id":        {doc: "the token response has no ID token", token: body("application/json", `{"access_token":"at","token_type":"Bearer"}`)},
	"token-500":          {doc: "the token endpoint fails", token: status(http.StatusInternalServerError, "text/plain", "boom")},
	"token-slow":         {doc: "the token endpoint never answers", token: hang},
	"authorize-loop":     {doc: "the authorization endpoint redirects to itself for ever", authorize: loop},
	"authorize-slow":     {doc: "the sign-in page never comes", authorize: hang},
	"authorize-unknown":  {doc: "the sign-in page is one that nobody knows", authorize: page("<title>Maintenance</title><h1>We are back at noon</h1>")},
	"authorize-state":    {doc: "the response carries another state", authorize: answer(url.Values{"code": {"c"}, "state": {"somebody-elses"}})},
	"authorize-error":    {doc: "the response is an error", authorize: answer(url.Values{"error": {"temporarily_unavailable"}, "error_description": {"back at noon"}})},
	"authorize-empty":    {doc: "the response carries neither code nor error", authorize: answer(url.Values{})},
	"authorize-500":      {doc: "the authorization endpoint fails", authorize: status(http.StatusInternalServerError, "text/html", "<title>boom</title>")},
	"authorize-terminal": {doc: "the error text carries terminal control sequences", authorize: answer(url.Values{"error": {"server_error"}, "error_description": {"\x1b[2Jgone\r\n::set-output name=x::y"}})},
	"authorize-foreign":  {doc: "the sign-in page is on another host", authorize: foreign},
	"tls-expired":        {doc: "the certificate has expired; its CA is known", tls: func() tls.Certificate { return certificate(time.Now().Add(-time.Hour)) }},
	"tls-unknown-ca":     {doc: "the certificate is of a CA that nobody knows", tls: func() tls.Certificate { return certificate(time.Now().Add(time.Hour)) }},
}

// scriptHostile starts the provider that its argument names.
func scriptHostile(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: hostile NAME")
	}
	h, ok := hostiles[args[0]]
	if !ok {
		ts.Fatalf("no hostile provider is named %q", args[0])
	}
	s, stop := h.start()
	ts.Defer(stop)
	ts.Setenv("ISSUER", s.URL)
	ts.Setenv("HTTPS_ISSUER", strings.Replace(s.URL, "http:", "https:", 1))
	if h.tls != nil {
		file := filepath.Join(ts.Getenv("WORK"), "hostile-ca.pem")
		block := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.TLS.Certificates[0].Certificate[0]})
		ts.Check(os.WriteFile(file, block, 0o600))
		ts.Setenv("HOSTILE_CA", file)
	}
}

// start starts h on a loopback port.
func (h hostile) start() (s *httptest.Server, stop func()) {
	mux := http.NewServeMux()
	s = httptest.NewUnstartedServer(mux)
	ctx, cancel := context.WithCancel(context.Background())
	s.Config.BaseContext = func(net.Listener) context.Context { return ctx }
	s.Config.ErrorLog = log.New(io.Discard, "", 0) // that clients refuse its certificate is the point
	stop = func() {
		cancel() // whom it keeps waiting
		s.CloseClientConnections()
		s.Close()
	}

	right := hostile{
		discovery: func(w http.ResponseWriter, _ *http.Request) { h.metadata(w, s.URL) },
		authorize: answer(url.Values{"code": {"a-code"}}),
		token:     status(http.StatusBadRequest, "application/json", `{"error":"invalid_grant"}`),
	}
	mux.HandleFunc("/.well-known/openid-configuration", or(h.discovery, right.discovery))
	mux.HandleFunc("/authorize", or(h.authorize, right.authorize))
	mux.HandleFunc("/token", or(h.token, right.token))
	mux.HandleFunc("/sign-in", page(`<title>Sign in</title><form method="post"><input name="username"><input name="password" type="password"><button>Sign in</button></form>`))
	mux.HandleFunc("/keys", body("application/json", `{"keys":[]}`))
	if h.tls == nil {
		s.Start()
		return s, stop
	}
	s.TLS = &tls.Config{Certificates: []tls.Certificate{h.tls()}}
	s.StartTLS()
	return s, stop
}

func (h hostile) metadata(w http.ResponseWriter, own string) {
	issuer := own
	if h.issuer != nil {
		issuer = h.issuer(own)
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(map[string]any{ // a client that hangs up is no failure of ours
		"issuer":                                issuer,
		"authorization_endpoint":                own + "/authorize",
		"token_endpoint":                        own + "/token",
		"jwks_uri":                              own + "/keys",
		"response_types_supported":              []string{"code"},
		"subject_types_supported":               []string{"public"},
		"id_token_signing_alg_values_supported": []string{"RS256"},
	})
}

func or(h, otherwise http.HandlerFunc) http.HandlerFunc {
	if h != nil {
		return h
	}
	return otherwise
}

func status(code int, contentType, text string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", contentType)
		w.WriteHeader(code)
		_, _ = w.Write([]byte(text))
	}
}

func body(contentType, text string) http.HandlerFunc { return status(http.StatusOK, contentType, text) }

func page(html string) http.HandlerFunc { return body("text/html; charset=utf-8", html) }

func redirect(to string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, to, http.StatusTemporaryRedirect) }
}

func loop(w http.ResponseWriter, r *http.Request) {
	http.Redirect(w, r, r.URL.RequestURI(), http.StatusFound)
}

// foreign sends the user to a sign-in page by another name of this host.
func foreign(w http.ResponseWriter, r *http.Request) {
	_, port, _ := strings.Cut(r.Host, ":")
	http.Redirect(w, r, "http://localhost:"+port+"/sign-in", http.StatusFound)
}

// hang answers nothing until the client or the server goes away.
func hang(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }

// answer sends the authorization response back at once, with the request's state unless params has another.
func answer(params url.Values) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		q := r.URL.Query()
		back := url.Values{"state": q["state"]}
		for name, values := range params {
			back[name] = values
		}
		http.Redirect(w, r, q.Get("redirect_uri")+"?"+back.Encode(), http.StatusFound)
	}
}

// certificate returns a self-signed certificate for 127.0.0.1 that is valid until notAfter.
func certificate(notAfter time.Time) tls.Certificate {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic(err)
	}
	template := &x509.Certificate{
		SerialNumber:          big.NewInt(1),
		NotBefore:             notAfter.Add(-24 * time.Hour),
		NotAfter:              notAfter,
		IPAddresses:           []net.IP{net.IPv4(127, 0, 0, 1)},
		IsCA:                  true,
		BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		panic(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}
