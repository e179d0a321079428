package signin

import "net"

// ListenOn lets s take the listener in the place of one on its redirect URI's port, which may be somebody's.
func (s *System) ListenOn(l net.Listener) {
	s.listen = func(string, string) (net.Listener, error) { return l, nil }
}
