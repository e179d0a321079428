package mockidp

import (
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"slices"
	"strings"
	"time"
)

const adminPath = "/_mock/"

// control is one path of /_mock/: what its methods do with a body, and what they answer.
type control struct {
	Path, Doc string
	methods   map[string]func(*Server, json.RawMessage) (any, error)
}

// controls is a function because the list of them is one of them.
func controls() []control {
	return []control{
		{"", "GET: this list", on("GET", (*Server).listControls)},
		{"users", "GET: all; POST: add one, as in a configuration file, by username", on("GET", (*Server).listUsers, "POST", (*Server).postUser)},
		{"clients", "GET: all; POST: add one, as in a configuration file, by id", on("GET", (*Server).listClients, "POST", (*Server).postClient)},
		{"faults", `GET: what is on; POST {"names": […], "times": 1, "client": "tool", "user": "bob"}: switch on, for so many requests, or of one client or user; DELETE: only those of the configuration`,
			on("GET", (*Server).listFaults, "POST", (*Server).postFaults, "DELETE", (*Server).deleteFaults)},
		{"queue", `POST {"user": "bob", "code": "c", "error": {"endpoint": "token", "status": 400, "error": "…", "description": "…"}}: what comes next`,
			on("POST", (*Server).postQueue)},
		{"clock", `GET: the time; POST {"freeze": true, "resume": true, "advance": "30s"}`, on("GET", (*Server).getClock, "POST", (*Server).postClock)},
		{"keys", `POST {"server": "default"}: rotate its keys`, on("POST", (*Server).postKeys)},
		{"messages", "GET: the codes and links that users of login okta were sent", on("GET", (*Server).listMessages)},
		{"pushes", `GET: those that wait; POST {"user": "bob", "number": "42"}: choose the number, or with none reject`,
			on("GET", (*Server).listPushes, "POST", (*Server).postPush)},
		{"requests", "GET: the latest requests; DELETE: forget them", on("GET", (*Server).listRequests, "DELETE", (*Server).deleteRequests)},
		{"report", "GET: how often each endpoint was asked, and refused why; of a strict provider also what clients did wrong", on("GET", (*Server).report)},
		{"reset", "POST: everything as at the start, but for keys, seed and address", on("POST", (*Server).postReset)},
	}
}

// on pairs methods with what they do.
func on(pairs ...any) map[string]func(*Server, json.RawMessage) (any, error) {
	m := map[string]func(*Server, json.RawMessage) (any, error){}
	for i := 0; i < len(pairs); i += 2 {
		m[pairs[i].(string)] = pairs[i+1].(func(*Server, json.RawMessage) (any, error))
	}
	return m
}

// serveAdmin is the control. It wants the bearer token, and a Host that is the server's own: a page elsewhere that has
// its name resolved to this machine cannot ask. No CORS header is ever sent.
func (s *Server) serveAdmin(w http.ResponseWriter, r *http.Request, path string) {
	w.Header()["Cache-Control"] = noStore
	token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	switch {
	case s.cfg.NoAdmin:
		adminError(w, http.StatusNotFound, errors.New("there is no control here"))
		return
	case !s.ownHost(r.Host):
		adminError(w, http.StatusMisdirectedRequest, fmt.Errorf("host %q is not this server's", r.Host))
		return
	case !ok || subtle.ConstantTimeCompare([]byte(token), []byte(s.admin)) != 1:
		w.Header().Set("WWW-Authenticate", `Bearer realm="mockidp control"`)
		adminError(w, http.StatusUnauthorized, errors.New("the bearer token is missing or wrong"))
		return
	}
	all := controls()
	i := slices.IndexFunc(all, func(c control) bool { return c.Path == strings.TrimPrefix(path, adminPath) })
	if i < 0 {
		adminError(w, http.StatusNotFound, fmt.Errorf("no control at %s; GET %s lists them", path, adminPath))
		return
	}
	do := all[i].methods[r.Method]
	if do == nil {
		w.Header().Set("Allow", strings.Join(slices.Sorted(maps.Keys(all[i].methods)), ", "))
		adminError(w, http.StatusMethodNotAllowed, fmt.Errorf("%s: want one of %s", r.Method, w.Header().Get("Allow")))
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		adminError(w, http.StatusBadRequest, err)
		return
	}
	answer, err := do(s, body)
	if err != nil {
		adminError(w, http.StatusBadRequest, err)
		return
	}
	adminJSON(w, http.StatusOK, answer)
}

// ownHost reports whether a Host header names this server: where it listens, what it calls itself, or loopback.
func (s *Server) ownHost(host string) bool {
	name, _, err := net.SplitHostPort(host)
	if err != nil {
		name = host
	}
	return isLoopback(strings.Trim(name, "[]")) || host == s.base.Host || "http://"+host == s.URL || "https://"+host == s.URL
}

func adminJSON(w http.ResponseWriter, status int, v any) {
	body, err := json.Marshal(v)
	if err != nil {
		status, body = http.StatusInternalServerError, []byte(`{"error":"the answer cannot be encoded"}`)
	}
	w.Header()["Content-Type"] = jsonType
	w.WriteHeader(status)
	_, _ = w.Write(body) // an error is the client's who does not listen any more
}

func adminError(w http.ResponseWriter, status int, err error) {
	adminJSON(w, status, map[string]string{"error": err.Error()})
}

// decode reads a body, and refuses members that it does not know: a misspelt one would do nothing.
func decode(body json.RawMessage, into any) error {
	d := json.NewDecoder(strings.NewReader(string(body)))
	d.DisallowUnknownFields()
	return d.Decode(into)
}

var done = map[string]bool{"ok": true}

func (s *Server) listControls(json.RawMessage) (any, error) {
	out := map[string]string{}
	for _, c := range controls() {
		out[adminPath+c.Path] = c.Doc
	}
	return out, nil
}

// jsonUser is a user of a configuration file.
type jsonUser struct {
	Username string         `json:"username"`
	Password string         `json:"password"`
	Email    string         `json:"email"`
	Name     string         `json:"name"`
	TOTP     string         `json:"totp"`
	Groups   []string       `json:"groups"`
	Claims   map[string]any `json:"claims"`
	Locked   bool           `json:"locked"`
	Question string         `json:"question"`
	Answer   string         `json:"answer"`
	Phone    string         `json:"phone"`
	Policy   []string       `json:"policy"`
}

// listedUser is a user, and what they have set up since the start, without the secrets of that.
type listedUser struct {
	ReadyUser
	Enrolled []string      `json:"enrolled,omitempty"`
	Passkeys []jsonPasskey `json:"passkeys,omitempty"`
}

type jsonPasskey struct {
	ID        string `json:"id"` // base64url
	SignCount uint32 `json:"sign_count"`
}

func (s *Server) listUsers(json.RawMessage) (any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := []listedUser{}
	for _, a := range s.accounts {
		u := listedUser{ReadyUser: a.ready(), Enrolled: slices.Clone(a.okta.enrolled)}
		for i, k := range a.person.Passkeys {
			u.Passkeys = append(u.Passkeys, jsonPasskey{b64.EncodeToString(k.ID), a.okta.counts[i]})
		}
		out = append(out, u)
	}
	return out, nil
}

func (s *Server) postUser(body json.RawMessage) (any, error) {
	var u jsonUser
	if err := decode(body, &u); err != nil {
		return nil, err
	}
	return done, s.AddUser(Person{
		Login: u.Username, Password: u.Password, Email: u.Email, Name: u.Name, TOTP: u.TOTP, Groups: u.Groups, Extra: u.Claims, Locked: u.Locked,
		Question: u.Question, Answer: u.Answer, Phone: u.Phone, Policy: u.Policy,
	})
}

// jsonClient is a client of a configuration file.
type jsonClient struct {
	ID             string          `json:"id"`
	Secret         string          `json:"secret"`
	AuthMethod     string          `json:"token_endpoint_auth_method"`
	Keys           json.RawMessage `json:"jwks"`
	RequirePKCE    bool            `json:"require_pkce"`
	RequirePAR     bool            `json:"require_par"`
	RequireDPoP    bool            `json:"require_dpop"`
	RequireConsent bool            `json:"require_consent"`
	RedirectURIs   []string        `json:"redirect_uris"`
	PostLogoutURIs []string        `json:"post_logout_redirect_uris"`
	GrantTypes     []string        `json:"grant_types"`
	Scopes         []string        `json:"scopes"`
	Server         string          `json:"server"`
}

func (s *Server) listClients(json.RawMessage) (any, error) { return s.Ready().Clients, nil }

func (s *Server) postClient(body json.RawMessage) (any, error) {
	var c jsonClient
	if err := decode(body, &c); err != nil {
		return nil, err
	}
	return done, s.AddClient(Client{
		ID: c.ID, Secret: c.Secret, AuthMethod: c.AuthMethod, Keys: c.Keys, RequirePKCE: c.RequirePKCE, RequirePAR: c.RequirePAR,
		RequireDPoP: c.RequireDPoP, RequireConsent: c.RequireConsent, RedirectURIs: c.RedirectURIs,
		PostLogoutRedirectURIs: c.PostLogoutURIs, GrantTypes: c.GrantTypes, Scopes: c.Scopes, Server: c.Server,
	})
}

func (s *Server) listFaults(json.RawMessage) (any, error) {
	names := []string{}
	for _, f := range *s.active.Load() {
		names = append(names, f.Name)
	}
	return map[string]any{"on": names}, nil
}

func (s *Server) postFaults(body json.RawMessage) (any, error) {
	var in struct {
		Names  []string `json:"names"`
		Times  int      `json:"times"`
		Client string   `json:"client"`
		User   string   `json:"user"`
	}
	if err := decode(body, &in); err != nil {
		return nil, err
	}
	return done, s.SetFaultFor(FaultScope{Times: in.Times, Client: in.Client, User: in.User}, in.Names...)
}

func (s *Server) deleteFaults(json.RawMessage) (any, error) { return done, s.ClearFaults() }

func (s *Server) postQueue(body json.RawMessage) (any, error) {
	var in struct {
		User  string `json:"user"`
		Code  string `json:"code"`
		Error *struct {
			Endpoint    string `json:"endpoint"`
			Status      int    `json:"status"`
			Error       string `json:"error"`
			Description string `json:"description"`
		} `json:"error"`
	}
	if err := decode(body, &in); err != nil {
		return nil, err
	}
	if in.User != "" {
		a := s.account(in.User)
		if a == nil {
			return nil, fmt.Errorf("unknown user %q", in.User)
		}
		s.QueueUser(a.user)
	}
	if in.Code != "" {
		s.QueueCode(in.Code)
	}
	if e := in.Error; e != nil {
		return done, s.QueueError(e.Endpoint, ServerError{Code: e.Status, Error: e.Error, Description: e.Description})
	}
	return done, nil
}

func (s *Server) getClock(json.RawMessage) (any, error) {
	return map[string]string{"now": s.clock.Now().UTC().Format(time.RFC3339Nano)}, nil
}

func (s *Server) postClock(body json.RawMessage) (any, error) {
	var in struct {
		Freeze  bool   `json:"freeze"`
		Resume  bool   `json:"resume"`
		Advance string `json:"advance"`
	}
	if err := decode(body, &in); err != nil {
		return nil, err
	}
	if in.Advance != "" {
		d, err := time.ParseDuration(in.Advance)
		if err != nil {
			return nil, err
		}
		s.clock.Advance(d)
	}
	if in.Freeze {
		s.clock.Freeze()
	}
	if in.Resume {
		s.clock.Resume()
	}
	return s.getClock(nil)
}

func (s *Server) postKeys(body json.RawMessage) (any, error) {
	var in struct {
		Server string `json:"server"`
	}
	if len(body) > 0 {
		if err := decode(body, &in); err != nil {
			return nil, err
		}
	}
	return done, s.RotateKeys(in.Server)
}

func (s *Server) listRequests(json.RawMessage) (any, error) { return s.Requests(), nil }

func (s *Server) deleteRequests(json.RawMessage) (any, error) {
	s.log.reset()
	return done, nil
}

// report counts the requests of the log: what clients did, and what was refused.
func (s *Server) report(json.RawMessage) (any, error) {
	requests, refused := map[string]int{}, map[string]int{}
	for _, r := range s.Requests() {
		requests[r.Endpoint]++
		if r.Reason != "" {
			refused[r.Endpoint+": "+r.Reason]++
		}
	}
	out := map[string]any{"requests": requests, "refused": refused}
	if s.cfg.StrictClient {
		out["violations"] = append([]Violation{}, s.Violations()...)
	}
	return out, nil
}

func (s *Server) postReset(json.RawMessage) (any, error) { return done, s.Reset() }
