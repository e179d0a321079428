package chrome

import (
	"strings"
)

// live returns the sign-ins that are under way.
func (g *gate) live() []*signIn {
	g.mu.Lock()
	defer g.mu.Unlock()
	var list []*signIn
	for _, s := range g.signIns {
		if !s.over.Load() {
			list = append(list, s)
		}
	}
	return list
}

// at returns the sign-in that has looked at a page of that site.
func (g *gate) at(site string) *signIn {
	for _, s := range g.live() {
		if v := s.view(); v != nil && strings.HasPrefix(v.URL, site) {
			return s
		}
	}
	return nil
}
