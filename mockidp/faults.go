package mockidp

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"sync/atomic"

	"github.com/golang-jwt/jwt/v5"
)

// Fault is one thing that the provider can do otherwise than it should, by name. Its functions change what is about to
// be sent.
type Fault struct {
	Name string // the OpenID Foundation's, where it has one
	Ref  string // the clause it breaks, or that a right client bears it by
	Doc  string

	claims        func(*issue, jwt.MapClaims) // of an ID token
	onRefresh     bool                        // claims are changed in refreshed ID tokens alone
	header        func(map[string]any)        // of an ID token
	mint          func(*issue, map[string]any, jwt.MapClaims) (string, error)
	beforeSigning func(*issue) error
	access        func(*issue, jwt.MapClaims)  // claims of an access token
	accessValue   func(string) string          // an access token
	tokens        func(*issue, map[string]any) // the token response
	encoded       func([]byte) []byte          // the token response, as it is sent
	userinfo      func(map[string]any)
	introspection func(map[string]any)
	metadata      func(*authServer, map[string]any)
	code          func(*Server, string) string
	callback      func(*authServer, url.Values)
	mode          string // the response mode, whatever was asked for
	logout        func(url.Values)
	keys          func(*authServer, []byte) ([]byte, error)

	at      string                         // the endpoint that serve and headers are about
	serve   func(*call, *activeFault) bool // answers in place of the endpoint, or returns false
	headers func(http.Header)              // of an answer that is no error
}

// activeFault is a fault that is switched on, and what it remembers since.
type activeFault struct {
	*Fault
	FaultScope
	wrong bool // it is no variation
	state atomic.Int64
	left  atomic.Int64 // requests, where Times is set
}

// FaultScope says for which requests a fault is on. The zero value is all of them.
type FaultScope struct {
	Times  int    // how many requests it is on for; 0: all
	Client string // requests of this client only, as soon as it is known
	User   string // requests about this user only, by login, as soon as one is known
}

// faults are those that are on for this request and do what has asks for. A request counts once, however often it asks.
func (c *call) faults(has func(*Fault) bool) (on []*activeFault) {
	p := c.s.active.Load()
	if p == nil {
		return nil
	}
	for _, f := range *p {
		switch {
		case !has(f.Fault), f.Client != "" && f.Client != c.entry.Client, f.User != "" && f.User != c.entry.User:
		case f.Times == 0 || slices.Contains(c.counted, f):
			on = append(on, f)
		case f.left.Add(-1) >= 0:
			c.counted = append(c.counted, f)
			on = append(on, f)
		}
	}
	return on
}

// lets reports whether a fault is on that lets pass what should be refused.
func (c *call) lets(name string) bool {
	return len(c.faults(func(f *Fault) bool { return f.Name == name })) > 0
}

// SetFault switches faults and variations on, by name, besides those that are on.
func (s *Server) SetFault(names ...string) error { return s.SetFaultFor(FaultScope{}, names...) }

// SetFaultFor does the same for some requests only.
func (s *Server) SetFaultFor(scope FaultScope, names ...string) error {
	if scope.Times < 0 {
		return fmt.Errorf("times: want 0 or more, got %d", scope.Times)
	}
	added, err := activate(names)
	if err != nil {
		return err
	}
	for _, f := range added {
		f.FaultScope = scope
		f.left.Store(int64(scope.Times))
	}
	for {
		old := s.active.Load()
		all := added
		if old != nil {
			all = append(append([]*activeFault{}, *old...), added...)
		}
		if s.active.CompareAndSwap(old, &all) {
			return nil
		}
	}
}

// ClearFaults switches off all faults and variations but those of the configuration.
func (s *Server) ClearFaults() error {
	faults, err := activateAmong(Faults, "fault", s.cfg.Faults)
	variations, err2 := activateAmong(Variations, "variation", s.cfg.Variations)
	if err := errors.Join(err, err2); err != nil {
		return err
	}
	all := append(faults, variations...)
	s.active.Store(&all)
	return nil
}

func activate(names []string) ([]*activeFault, error) {
	return activateAmong(append(append([]Fault{}, Faults...), Variations...), "fault", names)
}

func activateAmong(table []Fault, kind string, names []string) ([]*activeFault, error) {
	var out []*activeFault
	for _, name := range names {
		f := findFault(table, name)
		if f == nil {
			return nil, fmt.Errorf("unknown %s %q: the nearest is %q", kind, name, nearest(name, table))
		}
		out = append(out, &activeFault{Fault: f, wrong: findFault(Faults, name) != nil})
	}
	return out, nil
}

func findFault(table []Fault, name string) *Fault {
	for i := range table {
		if table[i].Name == name {
			return &table[i]
		}
	}
	return nil
}

// nearest is the name of table with the fewest edits from name.
func nearest(name string, table []Fault) (best string) {
	least := -1
	for _, f := range table {
		if d := edits(name, f.Name); least < 0 || d < least {
			best, least = f.Name, d
		}
	}
	return best
}

// edits is Levenshtein's distance.
func edits(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			change := diagonal
			if a[i] != b[j] {
				change++
			}
			diagonal = row[j+1]
			row[j+1] = min(change, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
