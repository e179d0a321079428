package signin

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"syscall"
	"time"

	"github.com/oidcflow/oidcflow/flow"
	"github.com/oidcflow/oidcflow/flow/trace"
)

// System lets a person sign in with their own browser, and waits for the response on the redirect URI's host and port
// (RFC 8252 §7.3). The redirect URI must be http on this machine. The wait ends with the context.
type System struct {
	Open func(ctx context.Context, url string) error // opens a browser; nil: OpenBrowser
	Out  io.Writer                                   // the URL to open is printed here where no browser can be opened; nil: nowhere, and that is an error

	listen func(network, address string) (net.Listener, error) // nil: net.Listen
}

// maxResponse bounds an authorization response.
const maxResponse = 64 << 10

// SignIn implements flow.SignIn.
func (s *System) SignIn(ctx context.Context, r flow.Request) (*flow.Callback, error) {
	at, err := loopbackURL(r.RedirectURI)
	if err != nil {
		return nil, err
	}
	listeners, err := s.listenAt(at)
	if err != nil {
		return nil, err
	}
	catch := &catcher{at: at, redirectURI: r.RedirectURI, state: r.URL.Query().Get("state"), mode: r.ResponseMode, got: make(chan *flow.Callback, 1)}
	server := &http.Server{Handler: catch, ReadTimeout: requestTime, WriteTimeout: requestTime, IdleTimeout: requestTime, MaxHeaderBytes: maxResponse}
	failed := make(chan error, len(listeners))
	for _, l := range listeners {
		go func() { failed <- server.Serve(l) }()
	}
	defer closeServer(server)
	if err := s.open(ctx, r.URL.String()); err != nil {
		return nil, err
	}
	select {
	case callback := <-catch.got:
		return callback, nil
	case err := <-failed:
		return nil, portError(at.Host, err)
	case <-ctx.Done():
		return nil, ended(ctx.Err(), "waiting for the browser to come to "+cleanURL(r.RedirectURI))
	}
}

// closeServer lets the page that thanks the person go out, for a moment, and closes.
func closeServer(server *http.Server) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	if server.Shutdown(ctx) != nil {
		_ = server.Close() // connections of a browser that keeps them open: there is nobody to tell
	}
}

// loopbackURL returns redirectURI if this driver can listen there.
func loopbackURL(redirectURI string) (*url.URL, error) {
	u, err := url.Parse(redirectURI)
	if err != nil || u.Scheme != "http" || !flow.IsLoopback(u.Hostname()) {
		return nil, &flow.Error{Step: trace.SignIn, Code: "usage.redirect_uri",
			Err:  fmt.Errorf("redirect uri: the driver system needs http on this machine, got %q", cleanURL(redirectURI)),
			Hint: "register http://127.0.0.1:8080/callback with the provider, or take another driver: --sign-in chrome"}
	}
	return u, nil
}

// listenAt listens on u's host and port. The name localhost is both addresses of this machine: a browser may take either,
// and nobody else may sit on the other one.
func (s *System) listenAt(u *url.URL) ([]net.Listener, error) {
	_, port, err := net.SplitHostPort(hostPort(u))
	if err != nil {
		return nil, fmt.Errorf("redirect uri: %w", err)
	}
	hosts := []string{u.Hostname()}
	if net.ParseIP(u.Hostname()) == nil {
		hosts = []string{"127.0.0.1", "::1"}
	}
	listen := s.listen
	if listen == nil {
		listen = net.Listen
	}
	var listeners []net.Listener
	for i, host := range hosts {
		l, err := listen("tcp", net.JoinHostPort(host, port))
		switch {
		case err == nil:
			listeners = append(listeners, l)
		case i > 0 && !errors.Is(err, syscall.EADDRINUSE):
			// This machine has no IPv6.
		default:
			for _, l := range listeners {
				err = errors.Join(err, l.Close())
			}
			return nil, portError(net.JoinHostPort(host, port), err)
		}
	}
	return listeners, nil
}

// portError returns the error for an address that cannot be listened on.
func portError(address string, err error) error {
	hint := "register a redirect URI with another port, above 1023"
	if errors.Is(err, syscall.EADDRINUSE) {
		hint = "end what listens there, or register a redirect URI with another port"
	}
	return &flow.Error{Step: trace.SignIn, Code: "env.port_in_use", Err: fmt.Errorf("listening on %s: %w", address, err), Hint: hint}
}

// open opens the person's browser, or prints where to go.
func (s *System) open(ctx context.Context, to string) error {
	open := s.Open
	if open == nil {
		open = OpenBrowser
	}
	err := open(ctx, to)
	if err == nil {
		trace.Record(ctx, trace.Event{Kind: trace.Note, Message: "the sign-in goes on in your browser"})
		return nil
	}
	if s.Out == nil {
		return &flow.Error{Step: trace.SignIn, Code: "env.no_browser", Err: fmt.Errorf("opening a browser: %w", err)}
	}
	if _, err := fmt.Fprintf(s.Out, "Open this address in a browser on this machine:\n\n    %s\n\n", to); err != nil {
		return fmt.Errorf("printing the address to open: %w", err)
	}
	return nil
}
