package cmd

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"syscall"
	"time"

	"github.com/oidcflow/oidcflow/flow"
)

// shutdownTime is what requests under way are given once the program is to end.
const shutdownTime = 5 * time.Second

// windowsAddressInUse is WSAEADDRINUSE, which package syscall does not equate with EADDRINUSE.
const windowsAddressInUse = syscall.Errno(10048)

// listenFor returns the listeners of a web app at origin: at the address listen, else at the origin's own host, which
// must be loopback then. localhost, and what is below it, is listened to on IPv4 and IPv6, or another program could take the answers that are
// sent to the other one.
func listenFor(ctx context.Context, origin *url.URL, listen string) ([]net.Listener, error) {
	if listen == "" {
		if !flow.IsLoopback(origin.Hostname()) {
			return nil, &flow.Error{Code: "usage.redirect_uri",
				Err:  fmt.Errorf("redirect URI on %q: want a loopback host, such as localhost", origin.Host),
				Hint: "say with --listen ADDRESS where to listen, when a proxy passes requests for " + origin.Host + " on"}
		}
		listen = hostPort(origin)
	}
	host, port, err := net.SplitHostPort(listen)
	if err != nil {
		return nil, &flow.Error{Code: "usage.listen", Err: fmt.Errorf("listen address %q: %w", listen, err), Hint: "say --listen 127.0.0.1:8080"}
	}
	if net.ParseIP(host) != nil || !flow.IsLoopback(host) {
		l, err := listenAt(ctx, listen)
		if err != nil {
			return nil, err
		}
		return []net.Listener{l}, nil
	}
	v4, err := listenAt(ctx, net.JoinHostPort("127.0.0.1", port))
	if err != nil {
		return nil, err
	}
	_, port, _ = net.SplitHostPort(v4.Addr().String())
	v6, err := listenAt(ctx, net.JoinHostPort("::1", port))
	switch {
	case errors.Is(err, errPortInUse):
		return nil, errors.Join(err, v4.Close())
	case err != nil:
		return []net.Listener{v4}, nil // this machine has no IPv6
	}
	return []net.Listener{v4, v6}, nil
}

// errPortInUse says that another program listens there.
var errPortInUse = errors.New("another program listens there")

func listenAt(ctx context.Context, address string) (net.Listener, error) {
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", address)
	switch {
	case err == nil:
		return l, nil
	case errors.Is(err, syscall.EADDRINUSE), errors.Is(err, windowsAddressInUse):
		return nil, &flow.Error{Code: "env.port_in_use", Err: fmt.Errorf("listening on %s: %w", address, errPortInUse),
			Hint: "end that program, or name another port with --redirect-uri and register it with the provider"}
	default:
		return nil, &flow.Error{Code: "env.listen", Err: fmt.Errorf("listening: %w", err),
			Hint: "name an address and port of this machine with --listen or --redirect-uri; ports below 1024 may need rights"}
	}
}

// hostPort returns u's host with its port, the scheme's own if it names none.
func hostPort(u *url.URL) string { return net.JoinHostPort(u.Hostname(), portOf(u)) }

// serveUntilDone serves on all listeners until ctx is done, and then lets requests under way end. That is no error.
func serveUntilDone(ctx context.Context, s *http.Server, listeners []net.Listener) error {
	serve := s.Serve
	if s.TLSConfig != nil { // asked once: Serve sets it
		serve = func(l net.Listener) error { return s.ServeTLS(l, "", "") }
	}
	ended := make(chan error, len(listeners))
	for _, l := range listeners {
		go func() { ended <- serve(l) }()
	}
	var err error
	select {
	case <-ctx.Done():
	case failed := <-ended:
		err = &flow.Error{Code: "env.listen", Err: fmt.Errorf("serving: %w", failed)}
	}
	end, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdownTime)
	defer cancel()
	if stop := s.Shutdown(end); errors.Is(stop, context.DeadlineExceeded) {
		err = errors.Join(err, s.Close())
	}
	return err
}

// newWebServer returns a server that no slow or silent client can keep busy.
func newWebServer(ctx context.Context, app *webApp) *http.Server {
	return &http.Server{
		Handler:           app,
		BaseContext:       func(net.Listener) context.Context { return context.WithoutCancel(ctx) },
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       10 * time.Second,
		WriteTimeout:      app.timeout + 10*time.Second,
		IdleTimeout:       time.Minute,
		MaxHeaderBytes:    64 << 10,
	}
}
