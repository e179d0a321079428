package mockidp

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// Server is a running provider. It is an http.Handler too, for those who want to ask it without a socket.
type Server struct {
	URL string // where it listens, without a slash at the end

	cfg     Config
	base    *url.URL // what it calls itself
	clock   *Clock
	random  *random
	seed    uint64
	admin   string // bearer token of /_mock/
	servers map[string]*authServer
	routes  map[string]route
	ca      *authority
	client  *http.Client

	widget        fs.FS // of login okta
	widgetVersion string

	active  atomic.Pointer[[]*activeFault]
	firsts  sync.Map     // what faults that repeat were given first, by name
	counted atomic.Int64 // by faults that count
	broken  violations
	queues  queues
	log     requestLog

	mu       sync.Mutex // guards all below
	clients  map[string]*client
	accounts []*account
	state

	http   *http.Server
	cancel context.CancelFunc
	done   chan struct{}
	err    error // of Serve, once done is closed
}

// authServer is an authorization server of a Server.
type authServer struct {
	AuthServer
	issuer string
	path   string // of its endpoints, from the root of the Server
	ring   keyring
	hidden keyring // signs access tokens of Okta's org server; not published
	docs   [2]cachedDoc
}

func (as *authServer) org() bool { return as.Name == "org" }

// StartT starts a provider for one test and closes it when the test ends. It fails the test on an error.
func StartT(t TB, cfg Config) *Server {
	t.Helper()
	s, err := Start(cfg)
	if err != nil {
		t.Fatalf("mockidp: %v", err)
	}
	t.Cleanup(func() {
		for _, v := range s.Violations() {
			t.Errorf("mockidp: %v", v)
		}
		if err := s.Close(); err != nil {
			t.Logf("mockidp: %v", err)
		}
	})
	return s
}

// TB is what StartT needs of a [testing.TB], so that importing mockidp does not import testing.
type TB interface {
	Helper()
	Cleanup(func())
	Errorf(format string, args ...any)
	Fatalf(format string, args ...any)
	Logf(format string, args ...any)
}

// Start starts a provider and returns when it listens. Its keys are new.
func Start(cfg Config) (*Server, error) {
	s := &Server{cfg: cfg, done: make(chan struct{}), clients: map[string]*client{}}
	if err := s.configure(); err != nil {
		return nil, err
	}
	go s.firstKey().start() // while the listener starts
	ln, err := s.listen()
	if err != nil {
		return nil, err
	}
	if err := s.settle(ln); err != nil {
		return nil, errors.Join(err, ln.Close())
	}
	var ctx context.Context
	ctx, s.cancel = context.WithCancel(context.Background())
	s.http = &http.Server{
		Handler:           s,
		BaseContext:       func(net.Listener) context.Context { return ctx },
		ReadHeaderTimeout: 10 * time.Second,
		ReadTimeout:       30 * time.Second,
		WriteTimeout:      2 * time.Minute,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    64 << 10,
		ErrorLog:          log.New(io.Discard, "", 0), // a client that breaks a connection is no news
	}
	go s.serve(ln)
	return s, nil
}

func (s *Server) serve(ln net.Listener) {
	defer close(s.done)
	var err error
	if s.ca != nil {
		s.http.TLSConfig = &tls.Config{Certificates: []tls.Certificate{*s.ca.leaf}}
		err = s.http.ServeTLS(ln, "", "")
	} else {
		err = s.http.Serve(ln)
	}
	if !errors.Is(err, http.ErrServerClosed) {
		s.err = err
	}
}

// configure checks the configuration and fills in its defaults.
func (s *Server) configure() error {
	cfg := &s.cfg
	now := cfg.Now
	if now == nil {
		now = time.Now
	}
	s.clock = &Clock{source: now}
	s.random, s.seed = newRandom(cfg.Seed)
	s.admin = s.random.token()
	if err := oneOf("profile", &cfg.Profile, "okta", "strict"); err != nil {
		return err
	}
	if err := oneOf("login", &cfg.Login, "form", "auto", "okta"); err != nil {
		return err
	}
	if err := s.configureOkta(); err != nil {
		return err
	}
	clients, users := defaults(s.random)
	if cfg.Clients == nil {
		cfg.Clients = clients
	}
	if cfg.Users == nil {
		cfg.Users = users
	}
	if err := s.ClearFaults(); err != nil {
		return err
	}
	return s.register()
}

// register fills the tables of servers, clients and users from the configuration.
func (s *Server) register() error {
	s.servers = map[string]*authServer{}
	for _, a := range append([]AuthServer{{Name: "org"}, {Name: "default"}}, s.cfg.Servers...) {
		as, err := newAuthServer(a)
		if err != nil {
			return err
		}
		s.servers[a.Name] = as
	}
	for _, c := range s.cfg.Clients {
		if err := s.AddClient(c); err != nil {
			return err
		}
	}
	return s.AddUser(s.cfg.Users...)
}

func newAuthServer(a AuthServer) (*authServer, error) {
	if a.Name == "" || strings.Trim(a.Name, alphanumeric+"-_.") != "" || strings.Trim(a.Name, ".") == "" {
		return nil, fmt.Errorf("server %q: a name has letters, digits, dashes, dots and underscores", a.Name)
	}
	if err := oneOf("server "+a.Name+": alg", &a.Alg, "RS256", "ES256", "PS256", "EdDSA"); err != nil {
		return nil, err
	}
	if a.Audience == "" {
		a.Audience = "api://default"
	}
	if a.AccessTokenTTL == 0 {
		a.AccessTokenTTL = time.Hour
	}
	if a.RefreshTokenTTL == 0 {
		a.RefreshTokenTTL = 7 * 24 * time.Hour
	}
	if a.AccessTokenTTL < time.Second || a.RefreshTokenTTL < time.Second {
		return nil, fmt.Errorf("server %q: tokens live for a second at least", a.Name)
	}
	as := &authServer{AuthServer: a}
	as.ring.alg, as.hidden.alg = a.Alg, "ES256"
	return as, nil
}

// firstKey is the keyring of the server that will probably be asked first.
func (s *Server) firstKey() *keyring {
	if len(s.cfg.Clients) > 0 {
		if as := s.servers[s.cfg.Clients[0].Server]; as != nil {
			return &as.ring
		}
	}
	return &s.servers["org"].ring
}

func (s *Server) listen() (net.Listener, error) {
	if s.cfg.Listen == "" {
		s.cfg.Listen = "127.0.0.1:0"
	}
	host, _, err := net.SplitHostPort(s.cfg.Listen)
	if err != nil {
		return nil, fmt.Errorf("listen %q: %w", s.cfg.Listen, err)
	}
	if !isLoopback(host) && !s.cfg.InsecureListen {
		return nil, fmt.Errorf("listen %q: the provider gives tokens to anybody; a host that is not loopback needs InsecureListen", s.cfg.Listen)
	}
	return net.Listen("tcp", s.cfg.Listen)
}

// settle fixes the URLs, now that the port is known, and the certificate and the routes, which follow from them.
func (s *Server) settle(ln net.Listener) error {
	host, _, _ := net.SplitHostPort(s.cfg.Listen) // listen has checked it
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	_, port, err := net.SplitHostPort(ln.Addr().String())
	if err != nil {
		return err
	}
	scheme := "http"
	if s.cfg.TLS || s.cfg.Certificate != nil {
		scheme = "https"
	}
	s.URL = scheme + "://" + net.JoinHostPort(host, port)
	if s.base, err = issuerURL(s.cfg.IssuerURL, s.URL); err != nil {
		return err
	}
	for _, as := range s.servers {
		as.issuer, as.path = s.base.String(), ""
		if !as.org() {
			as.path = "/oauth2/" + as.Name
			as.issuer += as.path
		}
	}
	s.routes = s.makeRoutes()
	return s.makeClient(host)
}

func issuerURL(configured, listening string) (*url.URL, error) {
	if configured == "" {
		configured = listening
	}
	u, err := url.Parse(strings.TrimSuffix(configured, "/"))
	if err != nil {
		return nil, fmt.Errorf("issuer url: %w", err)
	}
	// OpenID Connect Discovery 1.0 §3: no query or fragment
	if u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.RawQuery != "" || u.Fragment != "" || u.User != nil {
		return nil, fmt.Errorf("issuer url: want http(s)://host[/path], got %q", configured)
	}
	return u, nil
}

// makeClient makes the certificate authority, if the server wants one, and the client that trusts it.
func (s *Server) makeClient(host string) error {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.Proxy = nil // loopback
	transport.MaxIdleConnsPerHost = 64
	s.client = &http.Client{Transport: transport}
	if s.cfg.Certificate == nil && !s.cfg.TLS {
		return nil
	}
	var err error
	if s.cfg.Certificate != nil {
		s.ca = authorityOf(s.cfg.Certificate)
	} else if s.ca, err = newAuthority(host, s.base.Hostname()); err != nil {
		return err
	}
	transport.TLSClientConfig = &tls.Config{RootCAs: s.ca.pool()}
	return nil
}

// Close stops the server and ends what is under way. A second call does nothing.
func (s *Server) Close() error {
	s.cancel()
	err := s.http.Close()
	<-s.done
	s.client.CloseIdleConnections()
	return errors.Join(err, s.err)
}

// Done is closed when the server has stopped.
func (s *Server) Done() <-chan struct{} { return s.done }

// Wait returns when ctx is done or the server has stopped, and why it stopped unless it was closed.
func (s *Server) Wait(ctx context.Context) error {
	select {
	case <-s.done:
		return s.err
	case <-ctx.Done():
		return nil
	}
}

// Issuer returns the issuer of the authorization server with this name; "" is "org". It is empty if there is none.
func (s *Server) Issuer(name string) string {
	if name == "" {
		name = "org"
	}
	if as := s.servers[name]; as != nil {
		return as.issuer
	}
	return ""
}

// Client returns an HTTP client that trusts the server's certificate. It is shared: copy it to change it.
func (s *Server) Client() *http.Client { return s.client }

// CAPEM returns the certificate to trust, in PEM; nil where the server speaks plain HTTP.
func (s *Server) CAPEM() []byte {
	if s.ca == nil {
		return nil
	}
	return slices.Clone(s.ca.pem)
}

// Clock returns the server's clock.
func (s *Server) Clock() *Clock { return s.clock }

// Seed returns the seed of every random choice but keys.
func (s *Server) Seed() uint64 { return s.seed }

// AdminToken returns the bearer token of the control under /_mock/; empty with NoAdmin.
func (s *Server) AdminToken() string {
	if s.cfg.NoAdmin {
		return ""
	}
	return s.admin
}

func oneOf(what string, value *string, allowed ...string) error {
	if *value == "" {
		*value = allowed[0]
	}
	if !slices.Contains(allowed, *value) {
		return fmt.Errorf("%s: want one of %s, got %q", what, strings.Join(allowed, ", "), *value)
	}
	return nil
}

func isLoopback(host string) bool {
	ip := net.ParseIP(strings.Trim(host, "[]"))
	return strings.EqualFold(host, "localhost") || ip != nil && ip.IsLoopback()
}
