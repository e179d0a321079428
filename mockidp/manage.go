package mockidp

import (
	"errors"
	"fmt"
	"slices"

	"github.com/oauth2-proxy/mockoidc"
)

// AddClient registers a client, or replaces the one with its ID.
func (s *Server) AddClient(c Client) error {
	r, err := newClient(c)
	if err != nil {
		return err
	}
	if c.Server != "" && s.servers[c.Server] == nil {
		return fmt.Errorf("client %q: unknown server %q", c.ID, c.Server)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.clients[c.ID] = r
	return nil
}

// AddUser adds users. One with the login of another takes its place; what the other may still use stays valid.
func (s *Server) AddUser(users ...User) error {
	for _, u := range users {
		a, err := newAccount(u)
		if err == nil && s.classic() {
			err = s.checkClassic(a)
		}
		if err != nil {
			return err
		}
		s.mu.Lock()
		i := slices.IndexFunc(s.accounts, func(b *account) bool { return b.person.Login == a.person.Login })
		if i >= 0 {
			s.accounts[i] = a
		} else {
			s.accounts = append(s.accounts, a)
		}
		s.mu.Unlock()
	}
	return nil
}

// RotateKeys gives the authorization server a new key, which signs from now on. Its last two stay published.
func (s *Server) RotateKeys(server string) error {
	if server == "" {
		server = "org"
	}
	as := s.servers[server]
	if as == nil {
		return fmt.Errorf("unknown server %q", server)
	}
	return as.ring.rotate()
}

// Reset makes the server as it was at its start, but for its keys, seed and address: users and clients of the
// configuration, no sessions, codes or tokens, the faults of the configuration, empty queues and log, the clock running.
func (s *Server) Reset() error {
	s.mu.Lock()
	s.state = state{}
	clear(s.clients)
	s.accounts = nil
	s.mu.Unlock()
	s.firsts.Clear()
	s.counted.Store(0)
	s.broken.mu.Lock()
	s.broken.all = nil
	s.broken.mu.Unlock()
	s.clock.reset()
	s.queues.reset()
	s.log.reset()
	for _, c := range s.cfg.Clients {
		if err := s.AddClient(c); err != nil {
			return err
		}
	}
	return errors.Join(s.AddUser(s.cfg.Users...), s.ClearFaults())
}

// QueueUser lets the next sign-ins with login auto be those of users, in their order.
func (s *Server) QueueUser(users ...User) {
	for _, u := range users {
		s.queues.users.Push(u)
	}
}

// QueueCode lets the next authorization codes be these.
func (s *Server) QueueCode(codes ...string) {
	for _, c := range codes {
		s.queues.codes.Push(c)
	}
}

// ServerError is mockoidc's: the status, error and description of an answer that refuses.
type ServerError = mockoidc.ServerError

// QueueError lets the next request to an endpoint be refused with e. The endpoint is one of authorize, token, userinfo,
// keys, discovery, introspect, revoke, logout and par; no other endpoint takes the error. At authorize, a Code of 0 or
// 3xx sends it to the redirect URI.
func (s *Server) QueueError(endpoint string, e ServerError) error {
	q := s.queues.errorsOf(endpoint)
	if q == nil {
		return fmt.Errorf("unknown endpoint %q", endpoint)
	}
	q.Push(&e)
	return nil
}

// account returns the account that login is of.
func (s *Server) account(login string) *account {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, a := range s.accounts {
		if a.called(login) {
			return a
		}
	}
	return nil
}

func (s *Server) findClient(id string) *client {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.clients[id]
}
