package mockidp

import (
	"encoding/json"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// endpoint is one of a server's endpoints: its path in each profile, below the server's.
type endpoint struct {
	name     string
	okta     string
	strict   string
	metadata string // its name in discovery
	methods  []string
	cors     bool // scripts of any origin may read it
	handle   func(*call) error
	page     bool // a person looks at its answers
}

// endpoints is filled by a function because their handlers read it.
func endpoints() []endpoint {
	get, post, both := []string{"GET"}, []string{"POST"}, []string{"GET", "POST"}
	return []endpoint{
		{"authorize", "/v1/authorize", "/begin", "authorization_endpoint", both, false, (*call).authorize, true},
		{"token", "/v1/token", "/redeem-code", "token_endpoint", post, true, (*call).token, false},
		{"userinfo", "/v1/userinfo", "/who-is-it", "userinfo_endpoint", both, true, (*call).userinfo, false},
		{"keys", "/v1/keys", "/key-cabinet", "jwks_uri", get, true, (*call).jwks, false},
		{"introspect", "/v1/introspect", "/look-inside", "introspection_endpoint", post, true, (*call).introspect, false},
		{"revoke", "/v1/revoke", "/take-back", "revocation_endpoint", post, true, (*call).revoke, false},
		{"logout", "/v1/logout", "/good-bye", "end_session_endpoint", both, false, (*call).logout, true},
		{"par", "/v1/par", "/push-request", "pushed_authorization_request_endpoint", post, true, (*call).par, false},
	}
}

func isEndpoint(name string) bool {
	return name == "discovery" || slices.Contains(idxEndpoints(), name) || slices.Contains(authnEndpoints(), name) || slices.ContainsFunc(endpoints(), func(e endpoint) bool { return e.name == name })
}

// route is an endpoint of one authorization server.
type route struct {
	endpoint
	as *authServer
}

// endpointPath is the path of e at as, from the root of the Server. Okta's org server has its endpoints below /oauth2.
func (s *Server) endpointPath(as *authServer, e endpoint) string {
	if s.strict() {
		return as.path + e.strict
	}
	if as.org() {
		return "/oauth2" + e.okta
	}
	return as.path + e.okta
}

func (s *Server) endpointURL(as *authServer, name string) string {
	for _, e := range endpoints() {
		if e.name == name {
			return s.base.String() + s.endpointPath(as, e)
		}
	}
	return ""
}

func (s *Server) strict() bool { return s.cfg.Profile == "strict" }

func (s *Server) makeRoutes() map[string]route {
	routes := map[string]route{}
	for _, as := range s.servers {
		for _, e := range endpoints() {
			routes[s.endpointPath(as, e)] = route{e, as}
		}
		oidc := endpoint{name: "discovery", methods: []string{"GET"}, cors: true, handle: (*call).openIDConfiguration}
		oauth := oidc
		oauth.handle = (*call).oauthMetadata
		// OpenID Connect Discovery 1.0 §4 puts the well-known part last, RFC 8414 §3.1 first; both are in use for both.
		routes[as.path+"/.well-known/openid-configuration"] = route{oidc, as}
		routes["/.well-known/openid-configuration"+as.path] = route{oidc, as}
		routes[as.path+"/.well-known/oauth-authorization-server"] = route{oauth, as}
		routes["/.well-known/oauth-authorization-server"+as.path] = route{oauth, as}
	}
	page := func(name string, handle func(*call) error, methods ...string) route {
		return route{endpoint{name: name, methods: methods, handle: handle, page: true}, s.servers["org"]}
	}
	routes["/"] = page("index", (*call).index, "GET")
	routes[signInPath] = page("signin", (*call).signInPage, "GET", "POST")
	routes["/favicon.ico"] = page("favicon", (*call).empty, "GET")
	s.oktaRoutes(routes)
	return routes
}

// call is one request and its answer.
type call struct {
	route
	s      *Server
	w      http.ResponseWriter
	r      *http.Request
	now    time.Time
	params url.Values
	entry  LoggedRequest

	counted []*activeFault // those of which this request was counted
	lie     string         // the fault that the client was given before what it shows now
}

// ServeHTTP answers a request as the listening server does.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	path := s.localPath(r.URL.Path)
	if strings.HasPrefix(path, adminPath) {
		s.serveAdmin(w, r, path)
		return
	}
	rt, ok := s.routes[path]
	if !ok {
		rt, ok = s.routes[folder(path)]
	}
	c := &call{route: rt, s: s, w: w, r: r, now: s.clock.Now()}
	c.entry = LoggedRequest{Time: c.now, Method: r.Method, Path: path, Endpoint: rt.name}
	c.commonHeaders()
	defer func() {
		s.log.add(c.entry)
		if ok {
			c.judge()
		}
	}()
	if !ok {
		c.refuse(notFound)
		return
	}
	c.entry.Server = rt.as.Name
	if rt.cors && c.preflight() {
		return
	}
	if err := c.serve(); err != nil {
		c.refuse(problemOf(err))
	}
}

// localPath is path without the issuer's own, which a proxy may pass on or not.
func (s *Server) localPath(path string) string {
	rest, ok := strings.CutPrefix(path, s.base.Path)
	switch {
	case ok && rest == "":
		return "/"
	case ok && rest[0] == '/':
		return rest
	}
	return path
}

func (c *call) serve() error {
	if !slices.Contains(c.methods, c.r.Method) && (c.r.Method != "HEAD" || !slices.Contains(c.methods, "GET")) &&
		(c.name != "token" || !c.lets("token-by-get")) {
		c.w.Header().Set("Allow", strings.Join(c.methods, ", "))
		return methodNotAllowed
	}
	for _, f := range c.faults(func(f *Fault) bool { return f.serve != nil && f.at == c.name }) {
		if f.serve(c, f) {
			return nil
		}
	}
	if c.name != "authorize" { // which knows where to send it
		if e := c.s.queues.err(c.name); e != nil {
			return queued(e)
		}
	}
	return c.handle(c)
}

// queued is an error of a tester.
func queued(e *ServerError) *problem {
	return &problem{Status: e.Code, Code: e.Error, Reason: "queued", Description: e.Description}
}

// commonHeaders are on every answer of Okta's. Its clients compute how long to wait from X-Rate-Limit-Reset and Date.
func (c *call) commonHeaders() {
	h := c.w.Header()
	h["Date"] = []string{c.now.UTC().Format(http.TimeFormat)}
	h["Cache-Control"] = noStore
	h["Pragma"] = noCache
	h["Expires"] = expiresZero
	h["X-Content-Type-Options"] = noSniff
	if !c.s.strict() {
		c.entry.RequestID = c.s.random.id("")
		h["X-Okta-Request-Id"] = []string{c.entry.RequestID}
		h["X-Rate-Limit-Limit"] = limit
		h["X-Rate-Limit-Remaining"] = remaining
		h["X-Rate-Limit-Reset"] = []string{strconv.FormatInt(c.now.Unix()+60, 10)}
	}
}

// Shared header values; nobody changes them.
var (
	noStore     = []string{"no-cache, no-store"}
	noCache     = []string{"no-cache"}
	expiresZero = []string{"0"}
	noSniff     = []string{"nosniff"}
	limit       = []string{"600"}
	remaining   = []string{"599"}
	jsonType    = []string{"application/json"}
)

// preflight lets scripts of other origins read the answer, and answers the question whether they may.
func (c *call) preflight() bool {
	if c.r.Header.Get("Origin") == "" {
		return false
	}
	h := c.w.Header()
	h.Set("Access-Control-Allow-Origin", "*")
	h.Set("Access-Control-Expose-Headers", "DPoP-Nonce, WWW-Authenticate, X-Rate-Limit-Limit, X-Rate-Limit-Remaining, X-Rate-Limit-Reset")
	if c.r.Method != "OPTIONS" {
		return false
	}
	h.Set("Access-Control-Allow-Methods", strings.Join(c.methods, ", "))
	h.Set("Access-Control-Allow-Headers", "Authorization, Content-Type, DPoP")
	c.status(http.StatusNoContent)
	return true
}

const maxBody = 1 << 20

// read reads the parameters: of a GET from the query, of a POST from the body. It refuses what is sent twice
// (RFC 6749 §3.1).
func (c *call) read() error {
	if err := c.readAny(); err != nil {
		return err
	}
	return c.checkDuplicates()
}

func (c *call) readAny() (err error) {
	if c.r.Method != "POST" {
		c.params, err = url.ParseQuery(c.r.URL.RawQuery)
		return c.readDone(err)
	}
	if t, _, err := mime.ParseMediaType(c.r.Header.Get("Content-Type")); err != nil || t != "application/x-www-form-urlencoded" {
		return wrongContentType
	}
	c.r.Body = http.MaxBytesReader(c.w, c.r.Body, maxBody)
	err = c.r.ParseForm()
	c.params = c.r.PostForm
	return c.readDone(err)
}

func (c *call) readDone(err error) error {
	if tooLarge := (*http.MaxBytesError)(nil); errors.As(err, &tooLarge) {
		return bodyTooLarge
	}
	if err != nil {
		return malformedRequest
	}
	c.entry.Params = loggable(c.params)
	return nil
}

func (c *call) checkDuplicates() error {
	for name, values := range c.params {
		if len(values) > 1 && !c.lets("request-parameter-twice") {
			return duplicateParameters.with("The parameter %q was sent more than once.", name)
		}
	}
	return nil
}

func (c *call) get(name string) string { return c.params.Get(name) }

func (c *call) status(code int) {
	if code < 400 {
		for _, f := range c.faults(func(f *Fault) bool { return f.headers != nil && f.at == c.name }) {
			f.headers(c.w.Header())
		}
	}
	c.entry.Status = code
	c.w.WriteHeader(code)
}

// write sends body. An error is the client's who does not listen any more.
func (c *call) write(code int, contentType string, body []byte) {
	c.w.Header()["Content-Type"] = []string{contentType}
	c.status(code)
	_, _ = c.w.Write(body)
}

func (c *call) json(code int, v any) error {
	body, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("encoding the answer: %w", err)
	}
	c.w.Header()["Content-Type"] = jsonType
	c.status(code)
	_, _ = c.w.Write(body) // as in write
	return nil
}

// empty is for /favicon.ico, which browsers ask for by themselves.
func (c *call) empty() error {
	c.status(http.StatusNoContent)
	return nil
}

// refuse answers with p: as JSON, and as a page where a person looks.
func (c *call) refuse(p *problem) {
	c.entry.Error, c.entry.Reason = p.Code, p.Reason
	if c.page {
		c.errorPage(p)
		return
	}
	body := map[string]any{"error": p.Code, "error_description": p.Description}
	api := isIDX(c.name) || isAuthn(c.name)
	if (p.Envelope || api) && !c.s.strict() {
		body = map[string]any{"errorCode": p.Code, "errorSummary": p.Description, "errorLink": p.Code,
			"errorId": c.s.random.id("oae"), "errorCauses": []string{}}
	}
	status := p.Status
	if status < 400 {
		status = http.StatusBadRequest
	}
	if status == http.StatusUnauthorized && !api && c.w.Header().Get("WWW-Authenticate") == "" {
		c.w.Header().Set("WWW-Authenticate", `Basic realm="`+c.s.base.String()+`"`) // RFC 6749 §5.2
	}
	if err := c.json(status, body); err != nil {
		c.status(http.StatusInternalServerError)
	}
}
