package flow

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/oidcflow/oidcflow/flow/trace"
)

// Discover returns the provider's metadata. It is fetched once for each Client; with the endpoints for authorization,
// tokens and keys given by hand, or without an issuer, nothing is fetched at all. The metadata are the Client's own: they
// are not to be changed.
func (c *Client) Discover(ctx context.Context) (_ *Metadata, err error) {
	ctx, end := trace.Start(ctx, trace.Discover)
	defer func() { end(err) }()
	return c.metadata.get(ctx, trace.Discover, c.discover)
}

// provider returns the metadata for a step that needs it, as a step of its own only if it is not known yet.
func (c *Client) provider(ctx context.Context) (*Metadata, error) {
	if m := c.metadata.known(); m != nil {
		return m, nil
	}
	return c.Discover(ctx)
}

func (c *Client) discover(ctx context.Context) (*Metadata, error) {
	m := &Metadata{Issuer: c.cfg.Issuer}
	e := c.cfg.Endpoints
	byHand := e.Authorization != "" && e.Token != "" && e.JWKS != ""
	if c.cfg.Issuer != "" && !byHand {
		var err error
		if m, err = c.fetchMetadata(ctx); err != nil {
			return nil, err
		}
	}
	m.override(e)
	return m, nil
}

// fetchMetadata reads the document from the first place that has one.
func (c *Client) fetchMetadata(ctx context.Context) (*Metadata, error) {
	var first error
	for _, place := range metadataURLs(c.cfg.Issuer) {
		a, err := c.get(ctx, trace.Discover, "provider metadata", place)
		if err == nil {
			err = a.failure()
		}
		if err == nil {
			return c.metadataIn(a)
		}
		if first == nil {
			first = err
		}
		if !notThere(a) {
			return nil, err
		}
	}
	return nil, withHint(first, "see whether the issuer is right: its metadata is at ISSUER/.well-known/openid-configuration")
}

// metadataIn reads the answer as the provider's document, and judges it.
func (c *Client) metadataIn(a *answer) (*Metadata, error) {
	if _, err := a.object(); err != nil {
		return nil, withHint(err, "see whether the issuer is right")
	}
	m, err := ParseMetadata(a.body)
	if err == nil {
		err = c.checkMetadata(m)
	}
	return m, a.named(err)
}

// notThere reports whether a says that its place has no such document, so that the next may be asked. Providers use 404,
// and where every path needs a login also 401 and 403.
func notThere(a *answer) bool {
	return a != nil && a.status >= 400 && a.status < 500 && a.status != http.StatusTooManyRequests
}

// metadataURLs returns where an issuer may have its document: OpenID Connect Discovery 1.0 §4 appends to the path, RFC
// 8414 §3 puts its own in front of it, and providers that are older than that appended.
func metadataURLs(issuer string) []string {
	const oidc, oauth = "/.well-known/openid-configuration", "/.well-known/oauth-authorization-server"
	base := strings.TrimSuffix(issuer, "/")
	urls := []string{base + oidc}
	if u, err := url.Parse(base); err == nil && u.Path != "" {
		urls = append(urls, u.Scheme+"://"+u.Host+oauth+u.EscapedPath())
	}
	return append(urls, base+oauth)
}

// checkMetadata judges what the document says of the issuer and of the endpoints without which no flow ends well. The
// others are judged when they are used.
func (c *Client) checkMetadata(m *Metadata) error {
	// OpenID Connect Discovery 1.0 §4.3, RFC 8414 §3.3: identical, not equivalent.
	if m.Issuer != c.cfg.Issuer {
		hint := "give the issuer as the provider writes it, if that is the provider you mean"
		if strings.TrimSuffix(m.Issuer, "/") == strings.TrimSuffix(c.cfg.Issuer, "/") {
			hint = "only the slash at the end differs: give the issuer as the provider writes it"
		}
		return &Error{Step: trace.Discover, Code: "discover.issuer_mismatch", Hint: hint,
			Err: fmt.Errorf("issuer: want %q, got %q", c.cfg.Issuer, clip(m.Issuer))}
	}
	hand := c.cfg.Endpoints
	for _, e := range []struct {
		name, hand, got string
		needed          bool
	}{
		{"authorization endpoint", hand.Authorization, m.Endpoints.Authorization, true},
		{"token endpoint", hand.Token, m.Endpoints.Token, true},
		{"jwks_uri", hand.JWKS, m.Endpoints.JWKS, slices.Contains(c.cfg.Scopes, "openid")},
		{"pushed authorization request endpoint", hand.PAR, m.Endpoints.PAR, m.RequirePAR},
	} {
		switch {
		case e.hand != "":
			continue
		case e.got == "" && e.needed:
			return &Error{Step: trace.Discover, Code: "discover.missing_endpoint", Err: fmt.Errorf("metadata: no %s", e.name)}
		case e.got == "":
			continue
		}
		if err := c.checkEndpoint(trace.Discover, e.name, e.got); err != nil {
			return err
		}
	}
	return nil
}

// checkEndpoint returns an error if an endpoint of the provider's document is not where it may be. The document decides
// where codes, secrets and tokens are sent, so it may not name any place it likes.
func (c *Client) checkEndpoint(step trace.Step, name, raw string) error {
	fail := func(code, hint, format string, args ...any) error {
		return &Error{Step: step, Code: string(step) + "." + code, Hint: hint, Err: fmt.Errorf(format, args...)}
	}
	u, err := parseEndpoint(raw)
	if err != nil {
		return fail("bad_endpoint", "", "%s %q: %w", name, clip(raw), err)
	}
	issuer, err := parseEndpoint(c.cfg.Issuer)
	if err != nil {
		return fail("bad_endpoint", "", "issuer %q: %w", clip(c.cfg.Issuer), err)
	}
	switch {
	case u.Scheme == "http" && !c.cfg.InsecureHTTP && !IsLoopback(u.Hostname()):
		return fail("insecure_http", "the provider should name an https URL", "%s %q: want https", name, clip(raw))
	case !isPrivate(issuer.Hostname()) && isPrivate(u.Hostname()):
		return fail("private_address", "", "%s %q: a public issuer names a private address", name, clip(raw))
	case issuer.Scheme == "https" && u.Scheme == "http" && !c.cfg.InsecureHTTP:
		return fail("insecure_http", "the provider should name an https URL", "%s %q: want https, as the issuer has", name, clip(raw))
	case hostPort(u) != hostPort(issuer) && !c.listed(u):
		return fail("foreign_endpoint", fmt.Sprintf("if that is right, list %s among the endpoint hosts", u.Host),
			"%s %q: want it on the issuer's host %s", name, clip(raw), issuer.Host)
	}
	return nil
}

// listed reports whether u is on one of EndpointHosts: a host with a port allows that port, one without any.
func (c *Client) listed(u *url.URL) bool {
	return slices.ContainsFunc(c.cfg.EndpointHosts, func(h string) bool {
		return strings.EqualFold(h, u.Hostname()) || strings.EqualFold(h, u.Host) || strings.EqualFold(h, hostPort(u))
	})
}

// endpoint returns one of the endpoints that not every provider has, judged.
func (c *Client) endpoint(step trace.Step, name, byHand, discovered string) (string, error) {
	switch {
	case discovered == "":
		return "", unsupported(step, name)
	case byHand != "":
		return byHand, nil
	}
	return discovered, c.checkEndpoint(step, name, discovered)
}

// withHint gives err the hint, if it is an *Error without one.
func withHint(err error, hint string) error {
	var e *Error
	if errors.As(err, &e) && e.Hint == "" {
		e.Hint = hint
	}
	return err
}
