package mockidp

import (
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/url"
	"slices"
	"strings"

	"github.com/go-jose/go-jose/v4"
)

// client is a registered client and its parsed keys.
type client struct {
	Client
	keys *jose.JSONWebKeySet
}

// newClient checks c and reads its keys.
func newClient(c Client) (*client, error) {
	if c.ID == "" {
		return nil, errors.New("client has no id")
	}
	for _, uri := range c.RedirectURIs {
		if err := checkRedirect(uri); err != nil {
			return nil, fmt.Errorf("client %q: redirect uri %q: %w", c.ID, uri, err)
		}
	}
	cl := &client{Client: c}
	if err := cl.readKeys(); err != nil {
		return nil, err
	}
	return cl, cl.checkAuthMethod()
}

// checkRedirect refuses what no client can mean: RFC 6749 §3.1.2 wants an absolute URI without a fragment, and a browser
// would run or show javascript and data itself.
func checkRedirect(uri string) error {
	u, err := url.Parse(uri)
	switch {
	case err != nil:
		return err
	case u.Scheme == "" || strings.Contains(uri, "#"):
		return errors.New("want an absolute URI without a fragment")
	case u.Scheme == "javascript" || u.Scheme == "data" || u.Scheme == "vbscript":
		return fmt.Errorf("scheme %s is not allowed", u.Scheme)
	}
	return nil
}

// readKeys reads the client's JWK set. Private parts are dropped: tests hand over what they have.
func (cl *client) readKeys() error {
	if len(cl.Keys) == 0 {
		return nil
	}
	set := &jose.JSONWebKeySet{}
	if err := json.Unmarshal(cl.Keys, set); err != nil {
		return fmt.Errorf("client %q: keys: %w", cl.ID, err)
	}
	if len(set.Keys) == 0 {
		return fmt.Errorf("client %q: keys: no key that can be read in the set", cl.ID)
	}
	for i, k := range set.Keys {
		if !k.IsPublic() {
			set.Keys[i] = k.Public()
		}
	}
	cl.keys = set
	return nil
}

func (cl *client) checkAuthMethod() error {
	if cl.AuthMethod == "" {
		return nil
	}
	if !slices.Contains(authMethods, cl.AuthMethod) {
		return fmt.Errorf("client %q: token_endpoint_auth_method: want one of %s, got %q", cl.ID, strings.Join(authMethods, ", "), cl.AuthMethod)
	}
	switch {
	case strings.HasPrefix(cl.AuthMethod, "client_secret") && cl.Secret == "":
		return fmt.Errorf("client %q: %s needs a secret", cl.ID, cl.AuthMethod)
	case cl.AuthMethod == "private_key_jwt" && cl.keys == nil:
		return fmt.Errorf("client %q: %s needs keys", cl.ID, cl.AuthMethod)
	}
	return nil
}

// allowsRedirect compares uri exactly with those registered (RFC 9700 §2.1). A client with none may use any port and
// path on the loopback hosts, and https://app.example.com/callback.
func (cl *client) allowsRedirect(uri string) bool {
	if cl.RedirectURIs == nil {
		return isOpenRedirect(uri)
	}
	return uri != "" && slices.Contains(cl.RedirectURIs, uri)
}

// openRedirects describes the redirect URIs of a client that has none of its own.
var openRedirects = []string{"http://localhost:*/*", "http://127.0.0.1:*/*", "http://[::1]:*/*", "https://app.example.com/callback"}

func isOpenRedirect(uri string) bool {
	if uri == "https://app.example.com/callback" {
		return true
	}
	u, err := url.Parse(uri)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.User != nil || strings.ContainsAny(uri, "#\\\r\n\t ") {
		return false
	}
	host := u.Hostname()
	return host == "localhost" || host == "127.0.0.1" || net.ParseIP(host).Equal(net.IPv6loopback)
}

func (cl *client) allowsGrant(grant string) bool {
	if cl.GrantTypes != nil {
		return slices.Contains(cl.GrantTypes, grant)
	}
	return grant != "client_credentials" || cl.Secret != "" || cl.keys != nil
}

// allowsMethod reports whether the client may authenticate by method.
func (cl *client) allowsMethod(method string) bool {
	switch {
	case cl.AuthMethod != "":
		return cl.AuthMethod == method
	case cl.keys != nil:
		return method == "private_key_jwt"
	case cl.Secret != "":
		return method == "client_secret_basic" || method == "client_secret_post"
	}
	return method == "none"
}

// allowsLogoutRedirect compares uri exactly with those registered. A client without any redirect URIs has the same
// freedom here.
func (cl *client) allowsLogoutRedirect(uri string) bool {
	if cl.PostLogoutRedirectURIs == nil && cl.RedirectURIs == nil {
		return isOpenRedirect(uri)
	}
	return slices.Contains(cl.PostLogoutRedirectURIs, uri)
}
