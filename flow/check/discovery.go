package check

import (
	"context"
	"encoding/base64"
	"fmt"
	"math/big"
	"net/url"
	"slices"
	"strings"

	"github.com/oidcflow/oidcflow/flow"
	"github.com/oidcflow/oidcflow/flow/trace"
)

var discoveryTroubles = []trouble{
	{"discovery-redirect-loop", "RFC 9110 §15.4", "the discovery document is where it should be", redirects},
	{"discovery-500", "OpenID Connect Discovery 1.0 §4.2", "the discovery endpoint answers", func(d *Document) bool { return cut(d) || d.Status >= 400 }},
	{"discovery-not-json", "OpenID Connect Discovery 1.0 §4.2", "the discovery document is a JSON object", unreadable},
	{"discovery-wrong-content-type", "OpenID Connect Discovery 1.0 §4.2", "the discovery document is sent as application/json", mislabeled},
}

var discoveryChecks = slices.Concat(
	transportChecks(trace.Discover, "discovery endpoint", func(s *Subject) *Document { return &s.Metadata }, discoveryTroubles),
	[]Check{
		{Name: "discovery-issuer-mismatch", Ref: "OpenID Connect Discovery 1.0 §4.3", Title: "the discovery document is of this issuer", Step: trace.Discover,
			Run: onMetadata(func(s *Subject, m *Object) error {
				return equals(m, "discovery document", "issuer", s.issuer())
			})},
		{Name: "discovery-missing-jwks-uri", Ref: "OpenID Connect Discovery 1.0 §3", Title: "the discovery document has every member it must have", Step: trace.Discover,
			Run: onMetadata(func(_ *Subject, m *Object) error {
				for _, name := range []string{"issuer", "authorization_endpoint", "token_endpoint", "jwks_uri", "response_types_supported",
					"subject_types_supported", "id_token_signing_alg_values_supported"} {
					if err := present(m, "discovery document", name); err != nil {
						return err
					}
				}
				return nil
			})},
		{Name: "endpoint-mix-up", Ref: "RFC 9700 §4.4", Title: "the endpoints are on the issuer's host", Step: trace.Discover, Run: onMetadata(endpointHosts)},
		{Name: "discovery-plain-http-endpoint", Ref: "OpenID Connect Discovery 1.0 §3", Title: "the endpoints are https", Step: trace.Discover, Run: onMetadata(endpointSchemes)},
	})

// issuer is the one that was asked for.
func (s *Subject) issuer() string {
	if s.Config.Issuer != "" {
		return s.Config.Issuer
	}
	return s.Config.WithDefaults().Issuer
}

// onMetadata lets a rule look at the discovery document.
func onMetadata(rule func(*Subject, *Object) error) func(context.Context, *Subject) error {
	return func(_ context.Context, s *Subject) error {
		switch {
		case s.Metadata.Message == nil:
			return s.notReached("the discovery document", "", trace.Discover)
		case s.Metadata.Object == nil || s.Metadata.Status >= 300:
			return Skipped("the discovery document cannot be read: " + s.Metadata.describe())
		}
		return rule(s, s.Metadata.Object)
	}
}

// endpointsOf returns the members that are endpoints. Those of mutual TLS and of a user's own pages may be anywhere.
func endpointsOf(m *Object) map[string]*url.URL {
	out := map[string]*url.URL{}
	for _, name := range []string{"authorization_endpoint", "token_endpoint", "jwks_uri", "userinfo_endpoint", "introspection_endpoint",
		"revocation_endpoint", "end_session_endpoint", "pushed_authorization_request_endpoint"} {
		text, there, err := m.text(name)
		if !there || err != nil {
			continue
		}
		if u, err := url.Parse(text); err == nil {
			out[name] = u
		}
	}
	return out
}

func endpointHosts(s *Subject, m *Object) error {
	issuer, err := url.Parse(s.issuer())
	if err != nil {
		return fmt.Errorf("the issuer is no URL: %w", err)
	}
	for name, u := range endpointsOf(m) {
		if u.Host != issuer.Host && !slices.Contains(s.Config.EndpointHosts, u.Host) && !slices.Contains(s.Config.EndpointHosts, u.Hostname()) {
			return &Mismatch{What: "discovery document: " + name, Want: fmt.Sprintf("an endpoint on %s", issuer.Host), Got: shown(u.Host),
				Hint: "if the provider is meant to be there, allow it with --endpoint-host"}
		}
	}
	return nil
}

func endpointSchemes(s *Subject, m *Object) error {
	for name, u := range endpointsOf(m) {
		if u.Scheme != "https" && !flow.IsLoopback(u.Hostname()) && !s.Config.InsecureHTTP {
			return mismatch("discovery document: "+name, "https", u.Scheme+"://"+u.Host)
		}
	}
	return nil
}

var keysTroubles = []trouble{
	{"jwks-oversized", "RFC 7517 §5", "the key set is of a size that a client reads", func(d *Document) bool { return oversized(d) || len(d.keys()) > maxKeys }},
	{"jwks-not-json", "RFC 7517 §5", "the key set is a JSON object", func(d *Document) bool { return cut(d) || d.Status != 200 || unreadable(d) }},
	{"jwks-empty", "OpenID Connect Discovery 1.0 §3", "the key set has a key", func(d *Document) bool { return len(d.keys()) == 0 }},
}

// What is allowed of a key set.
const (
	maxKeys    = 100
	minRSABits = 2048
)

var keysChecks = slices.Concat(
	transportChecks(trace.Verify, "jwks_uri", func(s *Subject) *Document { return &s.Keys }, keysTroubles),
	[]Check{
		{Name: "jwks-duplicate-kid", Ref: "RFC 7517 §4.5", Title: "no two keys have one kid", Step: trace.Verify, Run: onKeys(distinctKids)},
		{Name: "jwks-private-key", Ref: "RFC 7517 §9.2", Title: "the key set holds public keys only", Step: trace.Verify, Run: onKeys(eachKey(publicOnly))},
		{Name: "jwks-symmetric-key", Ref: "OpenID Connect Core 1.0 §10.1", Title: "no secret is published as a key", Step: trace.Verify, Run: onKeys(eachKey(func(k *Object) error {
			if k.Members["kty"] == "oct" {
				return mismatch("jwks: "+kidOf(k)+": kty", say("RSA, EC or OKP"), "oct")
			}
			return nil
		}))},
		{Name: "jwks-weak-rsa", Ref: "RFC 7518 §3.3", Title: "RSA keys have 2048 bits or more", Step: trace.Verify, Run: onKeys(eachKey(strongRSA))},
	})

// keys returns the keys of a set that are objects.
func (d *Document) keys() (out []*Object) {
	if d.Object == nil {
		return nil
	}
	list, _ := d.Object.Members["keys"].([]any) // of another type: there is none
	for _, k := range list {
		if members, ok := k.(map[string]any); ok {
			out = append(out, &Object{Members: members})
		}
	}
	return out
}

// onKeys lets a rule look at the key set.
func onKeys(rule func([]*Object) error) func(context.Context, *Subject) error {
	return func(_ context.Context, s *Subject) error {
		if s.Keys.Message == nil {
			return s.notReached("the key set", "", trace.Exchange)
		}
		if found := named(keysTroubles, &s.Keys); found != nil {
			return Skipped("the key set cannot be read: " + s.Keys.describe())
		}
		return rule(s.Keys.keys())
	}
}

func eachKey(rule func(*Object) error) func([]*Object) error {
	return func(all []*Object) error {
		for _, k := range all {
			if err := rule(k); err != nil {
				return err
			}
		}
		return nil
	}
}

func kidOf(k *Object) string {
	kid, _, _ := k.text("kid") // of another type: as good as none
	return shown(kid)
}

// distinctKids compares the keys of one use and type: "the kid values of all such keys SHOULD be distinct" is about
// those that could be mistaken for each other.
func distinctKids(all []*Object) error {
	seen := map[string]bool{}
	for _, k := range all {
		kid, there, err := k.text("kid")
		if !there || err != nil {
			continue
		}
		at := strings.Join([]string{kid, fmt.Sprint(k.Members["kty"]), fmt.Sprint(k.Members["use"])}, " ")
		if seen[at] {
			return mismatch("jwks: kid", say("one key of that name"), say(fmt.Sprintf("several %.80q", kid)))
		}
		seen[at] = true
	}
	return nil
}

func publicOnly(k *Object) error {
	for _, name := range []string{"d", "p", "q", "dp", "dq", "qi", "oth"} {
		if _, there := k.Members[name]; there {
			return &Mismatch{What: "jwks: " + kidOf(k), Want: "a public key", Got: fmt.Sprintf("its private part %q", name),
				Hint: "this key is in the hands of everybody: take it out of use"}
		}
	}
	return nil
}

func strongRSA(k *Object) error {
	n, there, err := k.text("n")
	if k.Members["kty"] != "RSA" || !there || err != nil {
		return nil
	}
	modulus, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(n, "="))
	if err != nil {
		return &Mismatch{What: "jwks: " + kidOf(k) + ": n", Want: "base64url", Got: "something else"}
	}
	if bits := new(big.Int).SetBytes(modulus).BitLen(); bits < minRSABits {
		return mismatch("jwks: "+kidOf(k), say(fmt.Sprintf("%d bits or more", minRSABits)), say(fmt.Sprintf("%d bits", bits)))
	}
	return nil
}
