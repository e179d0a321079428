package cmd

import (
	"context"
	"io"
	"os"
	"slices"
	"time"

	"github.com/oidcflow/oidcflow/flow"
	"github.com/oidcflow/oidcflow/flow/signin"
	"github.com/oidcflow/oidcflow/flow/signin/chrome"
	"github.com/oidcflow/oidcflow/flow/trace"
	"github.com/oidcflow/oidcflow/mockidp"
)

// session is a client with what it needs to sign in.
type session struct {
	client   *flow.Client
	config   flow.Config // of client
	signer   *signer
	now      func() time.Time // the embedded provider's, where that is the provider
	provider *mockidp.Server  // the embedded provider; nil: another
}

// token gets the tokens.
func (s *session) token(ctx context.Context) (*answer, error) {
	r, err := s.client.Token(ctx)
	if err != nil {
		return nil, err
	}
	return &answer{Result: r, now: s.now(), proof: func(method, url string) (string, error) {
		return s.client.DPoPProof(method, url, r.Tokens.AccessToken)
	}}, nil
}

// withClient runs f with a client for o within the time that o allows, and cleans up after it: the browser, the
// embedded provider, the artefacts.
func (p *program) withClient(ctx context.Context, o *options, f func(context.Context, *session) error, sinks ...trace.Recorder) (err error) {
	closing := func(c io.Closer) {
		if closeErr := c.Close(); err == nil {
			err = closeErr
		}
	}
	ctx, kept, err := p.record(ctx, o, sinks...)
	if err != nil {
		return err
	}
	defer kept.closeInto(&err)
	var provider *mockidp.Server
	if o.mock {
		if provider, err = o.startProvider(); err != nil {
			return err
		}
		defer closing(provider)
	}
	s, err := o.newSigner()
	if err != nil {
		return err
	}
	defer closing(s)
	defer func() { kept.browser(s.version()) }()
	s.person = p.stderr.below // the URL is for the person: redacted, it would lead nowhere
	if o.driver == "chrome" { // so that its start does not use up the time for the sign-in
		if err := s.start(ctx); err != nil {
			return err
		}
	}
	config, err := o.clientConfig(s.driver(o.driver))
	if err != nil {
		return err
	}
	client, err := flow.New(config)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, o.timeout)
	defer cancel()
	now := o.flow.Now
	if now == nil {
		now = time.Now
	}
	return f(ctx, &session{client, config, s, now, provider})
}

// clientConfig returns the configuration of the client that o describes.
func (o *options) clientConfig(s flow.SignIn) (flow.Config, error) {
	config := o.flow
	config.SignIn = s
	pem, err := o.caPEM()
	if err == nil {
		config.Transport, err = o.transport(pem)
	}
	return config, err
}

func (o *options) newSigner() (*signer, error) {
	pem, err := o.caPEM()
	if err != nil {
		return nil, err
	}
	t, err := o.transport(pem)
	if err != nil {
		return nil, err
	}
	if o.code != nil {
		o.code.Username = o.user.Name
		o.user.Factors = append(slices.Clone(o.user.Factors), o.code)
	}
	s := &signer{
		limit:   &signin.Limit{},
		running: &lazyBrowser{},
		config: signin.Config{
			User:         o.user,
			Consent:      o.consent,
			Hosts:        o.signInHosts,
			InsecureHTTP: o.flow.InsecureHTTP,
			Order:        o.order,
			AllowPush:    o.allowPush,
			Enrol:        o.enrol,
			Pages:        signin.WithPages(o.pages),
			Transport:    &trace.Transport{Base: t},
		},
		browser: chrome.Config{
			Path:        o.browser.path,
			Show:        o.browser.show,
			Sandbox:     o.browser.sandbox,
			NoProxy:     words(o.noProxy),
			Screenshots: o.artifacts != "",
			Env:         os.Environ(), // of which Chrome gets what a window needs, such as DISPLAY
		},
	}
	if o.proxy != nil {
		s.browser.Proxy = o.proxy.String()
	}
	if pem != nil {
		s.browser.CA = t.TLSClientConfig.RootCAs
	}
	return s, nil
}
