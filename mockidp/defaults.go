package mockidp

import (
	"maps"
	"slices"
	"strings"
)

// Defaults returns the clients and users of a provider whose Config names none: the public client oidcflow and the
// confidential client oidcflow-web, the users alice, who has a second factor, and bob. Secrets are new at each call.
func Defaults() ([]Client, []User) {
	r, _ := newRandom(0)
	return defaults(r)
}

func defaults(r *random) ([]Client, []User) {
	clients := []Client{{ID: "oidcflow"}, {ID: "oidcflow-web", Secret: r.token()}}
	users := []User{
		Person{Login: "alice", Password: r.password(), Email: "alice@example.com", Name: "Alice Example", TOTP: r.totpSecret()},
		Person{Login: "bob", Password: r.password(), Email: "bob@example.com", Name: "Bob Example"},
	}
	return clients, users
}

// Ready is what someone needs to know to use a provider. It marshals to the object that the server command prints.
type Ready struct {
	Issuer  string            `json:"issuer"` // the org server's
	Servers map[string]string `json:"servers"`
	Clients []ReadyClient     `json:"clients"`
	Users   []ReadyUser       `json:"users"`
	Admin   *ReadyAdmin       `json:"admin,omitempty"` // nil with NoAdmin
	Seed    uint64            `json:"seed"`
}

// ReadyClient is a client of a Ready.
type ReadyClient struct {
	ID           string   `json:"id"`
	Secret       string   `json:"secret,omitempty"`
	RedirectURIs []string `json:"redirect_uris"` // with * for any port and path, where the client has none of its own
}

// ReadyUser is a user of a Ready. An empty password means that any does.
type ReadyUser struct {
	Username string `json:"username"`
	Password string `json:"password"`
	TOTP     string `json:"totp,omitempty"`
}

// ReadyAdmin is the control of a Ready.
type ReadyAdmin struct {
	URL   string `json:"url"`
	Token string `json:"token"`
}

// Ready returns what someone needs to know to use the provider, with the clients and users of the configuration first
// and those that were added after.
func (s *Server) Ready() Ready {
	r := Ready{Issuer: s.Issuer(""), Servers: map[string]string{}, Clients: []ReadyClient{}, Users: []ReadyUser{}, Seed: s.seed}
	for name, as := range s.servers {
		r.Servers[name] = as.issuer
	}
	if !s.cfg.NoAdmin {
		r.Admin = &ReadyAdmin{URL: s.URL + s.base.Path + adminPath, Token: s.admin}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range s.sortedClients() {
		uris := c.RedirectURIs
		if uris == nil {
			uris = openRedirects
		}
		r.Clients = append(r.Clients, ReadyClient{c.ID, c.Secret, uris})
	}
	for _, a := range s.accounts {
		r.Users = append(r.Users, a.ready())
	}
	return r
}

func (a *account) ready() ReadyUser {
	return ReadyUser{a.person.Login, a.person.Password, a.person.TOTP}
}

// sortedClients are the clients by ID. The caller holds s.mu.
func (s *Server) sortedClients() []*client {
	out := slices.Collect(maps.Values(s.clients))
	slices.SortFunc(out, func(a, b *client) int { return strings.Compare(a.ID, b.ID) })
	return out
}
