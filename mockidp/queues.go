package mockidp

import (
	"sync"

	"github.com/oauth2-proxy/mockoidc"
)

// queues are mockoidc's controls of what comes next, with an error queue for each endpoint: mockoidc's one queue is
// emptied by whatever request comes first.
type queues struct {
	users mockoidc.UserQueue
	codes mockoidc.CodeQueue

	mu     sync.Mutex
	errors map[string]*mockoidc.ErrorQueue
}

// user pops the next user, or nil. UserQueue.Pop would answer an empty queue with a user of its own.
func (q *queues) user() User {
	q.users.Lock()
	defer q.users.Unlock()
	if len(q.users.Queue) == 0 {
		return nil
	}
	u := q.users.Queue[0]
	q.users.Queue = q.users.Queue[1:]
	return u
}

// code pops the next code, or "". CodeQueue.Pop would answer an empty queue with a code that no seed governs.
func (q *queues) code() string {
	q.codes.Lock()
	defer q.codes.Unlock()
	if len(q.codes.Queue) == 0 {
		return ""
	}
	c := q.codes.Queue[0]
	q.codes.Queue = q.codes.Queue[1:]
	return c
}

// errorsOf returns the endpoint's queue, or nil if there is no such endpoint.
func (q *queues) errorsOf(endpoint string) *mockoidc.ErrorQueue {
	if !isEndpoint(endpoint) {
		return nil
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.errors == nil {
		q.errors = map[string]*mockoidc.ErrorQueue{}
	}
	if q.errors[endpoint] == nil {
		q.errors[endpoint] = &mockoidc.ErrorQueue{}
	}
	return q.errors[endpoint]
}

// err pops the endpoint's next error, or nil.
func (q *queues) err(endpoint string) *mockoidc.ServerError {
	q.mu.Lock()
	defer q.mu.Unlock()
	if e := q.errors[endpoint]; e != nil {
		return e.Pop()
	}
	return nil
}

func (q *queues) reset() {
	for q.user() != nil {
	}
	for q.code() != "" {
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	q.errors = nil
}
