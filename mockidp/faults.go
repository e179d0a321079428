package mockidp

import (
	"errors"
	"fmt"
	"net/url"
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
	tokens        func(map[string]any) // the token response
	userinfo      func(map[string]any)
	metadata      func(*authServer, map[string]any)
	callback      func(*authServer, url.Values)
	keys          func(*authServer, []byte) ([]byte, error)

	at    string                         // the endpoint that serve stands in for
	serve func(*call, *activeFault) bool // answers in place of the endpoint, or returns false
}

// activeFault is a fault that is switched on, and what it remembers since.
type activeFault struct {
	*Fault
	state atomic.Int64
}

// faults are those that are on.
func (c *call) faults() []*activeFault {
	if p := c.s.active.Load(); p != nil {
		return *p
	}
	return nil
}

// SetFault switches faults and variations on, by name, besides those that are on.
func (s *Server) SetFault(names ...string) error {
	added, err := activate(names)
	if err != nil {
		return err
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
		out = append(out, &activeFault{Fault: f})
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
