package screens

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
)

// front is where Okta is reached: a server before mockidp's, with a network between.
type front struct {
	*httptest.Server
	okta    atomic.Pointer[http.Handler]
	written atomic.Int64
}

func newFront() *front {
	f := &front{}
	f.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		(*f.okta.Load()).ServeHTTP(&counted{w, &f.written}, r)
	}))
	// Passkeys are bound to a domain, which an address is none of.
	f.URL = strings.Replace(f.URL, "127.0.0.1", "localhost", 1)
	return f
}

func (f *front) lead(to http.Handler) { f.okta.Store(&to) }

// counted counts the bytes of answers.
type counted struct {
	http.ResponseWriter
	total *atomic.Int64
}

func (c *counted) Write(b []byte) (int, error) {
	n, err := c.ResponseWriter.Write(b)
	c.total.Add(int64(n))
	return n, err
}

// Unwrap is for http.ResponseController.
func (c *counted) Unwrap() http.ResponseWriter { return c.ResponseWriter }
