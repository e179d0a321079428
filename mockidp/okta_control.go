package mockidp

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"
)

// Message is what a user was sent: a code, by e-mail perhaps a link besides.
type Message struct {
	Time    time.Time `json:"time"`
	Login   string    `json:"user"`
	Channel string    `json:"channel"` // email or sms
	To      string    `json:"to"`
	Code    string    `json:"code"`
	Link    string    `json:"link,omitempty"`
}

// Push is a notification that waits for its user. Number is the one that the page shows.
type Push struct {
	Login  string `json:"user"`
	Number string `json:"number"`
}

// deliver keeps a message. The caller holds s.mu.
func (s *Server) deliver(m Message) {
	m.Time = s.clock.Now()
	if len(s.outbox) == maxLogged {
		s.outbox = slices.Delete(s.outbox, 0, 1)
	}
	s.outbox = append(s.outbox, m)
}

// Messages returns the latest messages that were sent, the oldest first.
func (s *Server) Messages() []Message {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Message{}, s.outbox...)
}

// Pushes returns the notifications that wait for their users.
func (s *Server) Pushes() []Push {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := []Push{}
	for _, a := range s.accounts {
		for _, f := range a.waiting(s.clock.Now()) {
			out = append(out, Push{a.person.Login, f.challenge.number})
		}
	}
	return out
}

// waiting drops the pushes that wait no longer. The caller holds Server.mu.
func (a *account) waiting(now time.Time) []*oktaSignIn {
	a.okta.pushes = slices.DeleteFunc(a.okta.pushes, func(f *oktaSignIn) bool {
		return f.account != a || f.method == nil || f.method.name != "push" || f.challenge.number == "" || f.challenge.verdict != "" || !f.expires.After(now)
	})
	slices.SortStableFunc(a.okta.pushes, func(f, g *oktaSignIn) int { return f.challenge.at.Compare(g.challenge.at) })
	a.okta.pushes = slices.CompactFunc(a.okta.pushes, func(f, g *oktaSignIn) bool { return f == g })
	return a.okta.pushes
}

// AnswerPush answers the latest notification of the user of login, as their phone would: with the number that they
// chose, which has to be the page's, or with none, which rejects.
func (s *Server) AnswerPush(login, number string) error {
	a := s.account(login)
	if a == nil {
		return fmt.Errorf("unknown user %q", login)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	waiting := a.waiting(s.clock.Now())
	if len(waiting) == 0 {
		return fmt.Errorf("user %q: no push waits for an answer", login)
	}
	ch := &waiting[len(waiting)-1].challenge
	ch.verdict = "rejected"
	if number == ch.number {
		ch.verdict = "approved"
	}
	return nil
}

func (s *Server) listMessages(json.RawMessage) (any, error) { return s.Messages(), nil }

func (s *Server) listPushes(json.RawMessage) (any, error) { return s.Pushes(), nil }

func (s *Server) postPush(body json.RawMessage) (any, error) {
	var in Push
	if err := decode(body, &in); err != nil {
		return nil, err
	}
	return done, s.AnswerPush(in.Login, in.Number)
}
