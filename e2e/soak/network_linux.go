package main

import (
	"bytes"
	"encoding/binary"
	"hash/fnv"
	"io"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"time"

	"github.com/oidcflow/oidcflow/e2e/screens"
)

// weather is the network of one sign-in. What it does to a request depends on the seed, the sign-in, the path, and how
// often the path was asked for: not on what else goes on, so that a seed has the same weather each time.
type weather struct {
	seed   uint64
	signIn int

	mu      sync.Mutex
	asked   map[string]int
	last    map[string]*httptest.ResponseRecorder // answers to polls
	release chan struct{}                         // closed when an answer has left
	done    map[string]int                        // what was done, for people
}

func newWeather(seed uint64, signIn int) *weather {
	return &weather{seed: seed, signIn: signIn, asked: map[string]int{}, last: map[string]*httptest.ResponseRecorder{},
		release: make(chan struct{}), done: map[string]int{}}
}

// longest is how long an answer is held at most.
const longest = 250 * time.Millisecond

// dice are those of one request.
func (w *weather) dice(path string) *rand.Rand {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.asked[path]++
	h := fnv.New64a()
	for _, n := range []uint64{w.seed, uint64(w.signIn), uint64(w.asked[path])} {
		_ = binary.Write(h, binary.LittleEndian, n) // a hash takes all
	}
	_, _ = io.WriteString(h, path)
	return rand.New(rand.NewPCG(w.seed, h.Sum64()))
}

// network is the weather between browser and Okta.
func (w *weather) network(okta http.Handler) http.Handler {
	return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		dice := w.dice(r.URL.Path)
		fate := dice.Float64()
		hold := time.Duration(dice.Int64N(int64(longest)))
		if again := w.repeated(okta, r, dice); again != nil {
			w.note("repeated")
			replay(rw, again)
			return
		}
		answer := httptest.NewRecorder()
		okta.ServeHTTP(answer, r)
		w.keep(r, answer)
		switch {
		case fate < 0.25:
			w.note("delayed")
			w.hold(r, hold, nil)
		case fate < 0.45: // until another one has passed it
			w.note("reordered")
			w.hold(r, longest, w.next())
		}
		replay(rw, answer)
		w.passed()
	})
}

// repeated asks Okta before the browser's request what may be asked twice, and returns the last answer to a poll again.
// It returns nil where the request is yet to be answered.
func (w *weather) repeated(okta http.Handler, r *http.Request, dice *rand.Rand) *httptest.ResponseRecorder {
	if dice.Float64() >= 0.2 {
		return nil
	}
	switch {
	case strings.HasSuffix(r.URL.Path, "/poll"):
		w.mu.Lock()
		defer w.mu.Unlock()
		return w.last[r.URL.Path]
	case r.Method == http.MethodGet && strings.HasPrefix(r.URL.Path, "/assets/"), strings.HasSuffix(r.URL.Path, "/introspect"):
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return nil
		}
		first := r.Clone(r.Context())
		first.Body = io.NopCloser(bytes.NewReader(body))
		okta.ServeHTTP(httptest.NewRecorder(), first)
		r.Body = io.NopCloser(bytes.NewReader(body))
		answer := httptest.NewRecorder()
		okta.ServeHTTP(answer, r)
		return answer
	}
	return nil
}

func (w *weather) keep(r *http.Request, answer *httptest.ResponseRecorder) {
	if strings.HasSuffix(r.URL.Path, "/poll") && bytes.Contains(answer.Body.Bytes(), []byte("poll")) { // not the last one
		w.mu.Lock()
		defer w.mu.Unlock()
		w.last[r.URL.Path] = answer
	}
}

// hold waits for d, until the request is given up, or until sooner is closed.
func (w *weather) hold(r *http.Request, d time.Duration, sooner <-chan struct{}) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-sooner:
	case <-r.Context().Done():
	}
}

func (w *weather) next() <-chan struct{} {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.release
}

func (w *weather) passed() {
	w.mu.Lock()
	defer w.mu.Unlock()
	close(w.release)
	w.release = make(chan struct{})
}

func (w *weather) counts() map[string]int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return maps.Clone(w.done)
}

func (w *weather) note(what string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.done[what]++
}

func replay(rw http.ResponseWriter, answer *httptest.ResponseRecorder) {
	for name, values := range answer.Header() {
		rw.Header()[name] = values
	}
	rw.WriteHeader(answer.Code)
	// An error is the client's who does not listen any more.
	_, _ = rw.Write(answer.Body.Bytes())
}

// judge compares what came of a cell with its row. That Okta was asked twice on the way is not the driver's doing.
func judge(c screens.Cell, o *screens.Outcome) error {
	var asked []string
	for _, path := range o.Asked {
		if path != "introspect" || len(asked) == 0 || asked[len(asked)-1] != path {
			asked = append(asked, path)
		}
	}
	o.Asked = asked
	return c.Check(o)
}
