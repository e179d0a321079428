package mockidp

import (
	"crypto/subtle"
	"net/http"
	"strings"
)

const adminPath = "/_mock/"

func (s *Server) serveAdmin(w http.ResponseWriter, r *http.Request, path string) {
	token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if s.cfg.NoAdmin || !ok || subtle.ConstantTimeCompare([]byte(token), []byte(s.admin)) != 1 {
		http.Error(w, "not found", http.StatusNotFound)
	}
}
