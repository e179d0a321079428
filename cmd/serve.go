package cmd

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"io"
	"log"
	"net"
	"net/url"
	"time"

	"github.com/spf13/cobra"

	"github.com/oidcflow/oidcflow/flow"
)

// serveOptions are the flags that only serve has.
type serveOptions struct {
	listen, tlsCert, tlsKey string
}

func (p *program) serveCommand() *cobra.Command {
	var o serveOptions
	c := &cobra.Command{
		Use:   "serve",
		Short: "A local web app: sign in with your own browser and see the tokens",
		Long: `Serve is a small web app at the redirect URI's host and port. Its start page links to /login, which sends the browser
to the provider; the provider sends it back to the redirect URI, where the code is exchanged, the tokens are verified
and shown. With "Accept: application/json" the answers are JSON: that of the redirect URI is what ` + "`token`" + ` prints.

It listens on loopback only. For a redirect URI elsewhere, say with --listen where, and let a proxy pass the requests on
with their Host header. A port of 0 in the redirect URI stands for any free one.

One line of JSON on stdout says when it listens, and where: {"url": …, "redirect_uri": …, "listen": …}.`,
		Example: `  oidcflow serve --mock
  oidcflow serve --issuer https://login.example.com --client-id tool --scope "openid email"
  oidcflow serve --config app.hcl --redirect-uri https://app.example.com/callback --listen 127.0.0.1:9000`,
		Args: noArguments,
		RunE: func(c *cobra.Command, _ []string) error { return p.serve(c, o) },
	}
	addTargetFlags(c.Flags())
	addCommonFlags(c.Flags())
	c.Flags().StringVar(&o.listen, "listen", "", "the `ADDRESS` to listen at (default: the redirect URI's, if that is loopback)")
	c.Flags().StringVar(&o.tlsCert, "tls-cert", "", "serve https with the certificate in `FILE`")
	c.Flags().StringVar(&o.tlsKey, "tls-key", "", "the key of --tls-cert, in `FILE`")
	return c
}

func (p *program) serve(c *cobra.Command, so serveOptions) (err error) {
	o, err := p.options(c)
	if err != nil {
		return err
	}
	ctx, kept, err := p.record(c.Context(), o)
	if err != nil {
		return err
	}
	defer kept.closeInto(&err)
	var users []testUser
	if o.mock {
		o.driver = "form" // the one to sign in is a person: the provider shows its pages
		provider, startErr := o.startProvider()
		if startErr != nil {
			return startErr
		}
		defer closeInto(&err, provider)
		for _, u := range provider.Ready().Users {
			users = append(users, testUser(u))
		}
	}
	pem, err := o.caPEM()
	if err != nil {
		return err
	}
	cfg := o.flow
	if cfg.Transport, err = o.transport(pem); err != nil {
		return err
	}
	return p.serveAt(ctx, cfg, so, users, o.timeout)
}

// serveAt serves the web app for cfg until ctx is done. timeout is for the answer to one request of the browser.
func (p *program) serveAt(ctx context.Context, cfg flow.Config, o serveOptions, users []testUser, timeout time.Duration) error {
	app, err := newWebApp(cfg, timeout, p.redactor) // judges cfg before a port is taken
	if err != nil {
		return err
	}
	certificate, err := o.certificate(app.redirect)
	if err != nil {
		return err
	}
	listeners, err := listenFor(ctx, app.redirect, o.listen)
	if err != nil {
		return err
	}
	if app.redirect.Port() == "0" {
		cfg.RedirectURI = withPort(app.redirect, listeners[0].Addr())
		if app, err = newWebApp(cfg, timeout, p.redactor); err != nil {
			return errors.Join(err, closeAll(listeners))
		}
	}
	app.users = users
	server := newWebServer(ctx, app)
	server.TLSConfig = certificate
	server.ErrorLog = log.New(p.stderr, "serve: ", 0)
	if err := p.sayServing(app, listeners); err != nil {
		return errors.Join(err, closeAll(listeners))
	}
	return serveUntilDone(ctx, server, listeners)
}

// sayServing prints where the web app is: for programs on stdout, for people on stderr.
func (p *program) sayServing(app *webApp, listeners []net.Listener) error {
	if err := json.NewEncoder(p.stdout).Encode(struct {
		URL         string `json:"url"`
		RedirectURI string `json:"redirect_uri"`
		Listen      string `json:"listen"`
	}{app.start(), app.config.RedirectURI, listeners[0].Addr().String()}); err != nil {
		return err
	}
	for _, u := range app.users {
		p.say("test user %s, password %q%s", u.Username, u.Password, totpNote(u))
	}
	p.say("open %s in your browser; Ctrl-C ends", app.start())
	return nil
}

func totpNote(u testUser) string {
	if u.TOTP == "" {
		return ""
	}
	return ", TOTP secret " + u.TOTP
}

// certificate returns the TLS configuration for a web app at redirect, nil for plain http.
func (o serveOptions) certificate(redirect *url.URL) (*tls.Config, error) {
	if o.tlsCert == "" && o.tlsKey == "" {
		if redirect.Scheme == "https" && o.listen == "" {
			return nil, usageError("missing_certificate", "give --tls-cert and --tls-key, or --listen where a proxy speaks TLS",
				"redirect URI %q is https, and there is no certificate", redirect)
		}
		return nil, nil
	}
	if redirect.Scheme != "https" {
		return nil, usageError("redirect_uri", "leave --tls-cert out, or register an https redirect URI",
			"redirect URI %q is plain http, and --tls-cert is for https", redirect)
	}
	pair, err := tls.LoadX509KeyPair(o.tlsCert, o.tlsKey)
	if err != nil {
		return nil, usageError("invalid_tls_cert", "give a certificate with --tls-cert and its key with --tls-key, both PEM", "certificate: %w", err)
	}
	return &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12}, nil
}

// closeInto closes c and adds its error to *err.
func closeInto(err *error, c io.Closer) { *err = errors.Join(*err, c.Close()) }

func closeAll(listeners []net.Listener) error {
	var errs []error
	for _, l := range listeners {
		errs = append(errs, l.Close())
	}
	return errors.Join(errs...)
}

// withPort returns u with the port of the address that is listened at.
func withPort(u *url.URL, at net.Addr) string {
	moved := *u
	_, port, _ := net.SplitHostPort(at.String())
	moved.Host = net.JoinHostPort(u.Hostname(), port)
	return moved.String()
}
