package flow

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/stretchr/testify/require"
)

// fake is a provider of a few lines that does as it is told, right or wrong. Set its fields before the first request.
type fake struct {
	*httptest.Server
	t   testing.TB
	key *ecdsa.PrivateKey

	handlers map[string]http.HandlerFunc // by path, in place of its own
	metadata func(map[string]any)        // changes the document
	claims   func(map[string]any)        // changes the ID token's
	idToken  func(map[string]any) string // in place of its own signature
	tokens   func(map[string]any)        // changes the token response
	callback func(url.Values)            // changes the authorization response

	mu    sync.Mutex
	hits  map[string]int
	forms map[string]url.Values // the last of each path
	auth  map[string]http.Header
	nonce string
}

func newFake(t testing.TB) *fake {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	f := &fake{t: t, key: key, handlers: map[string]http.HandlerFunc{}, hits: map[string]int{},
		forms: map[string]url.Values{}, auth: map[string]http.Header{}}
	f.Server = httptest.NewServer(f)
	t.Cleanup(f.Close)
	return f
}

func (f *fake) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	_ = r.ParseForm() // what cannot be parsed is not in the form
	f.mu.Lock()
	f.hits[r.URL.Path]++
	f.forms[r.URL.Path], f.auth[r.URL.Path] = r.PostForm, r.Header.Clone()
	f.mu.Unlock()
	if h := f.handlers[r.URL.Path]; h != nil {
		h(w, r)
		return
	}
	switch r.URL.Path {
	case "/.well-known/openid-configuration":
		f.json(w, f.document())
	case "/keys":
		f.json(w, map[string]any{"keys": []any{f.jwk("k1")}})
	case "/token":
		f.json(w, f.tokenResponse())
	case "/userinfo":
		f.json(w, map[string]any{"sub": "alice"})
	default:
		http.NotFound(w, r)
	}
}

func (f *fake) json(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	if err := json.NewEncoder(w).Encode(v); err != nil {
		f.t.Errorf("writing the answer: %v", err)
	}
}

func (f *fake) document() map[string]any {
	m := map[string]any{
		"issuer":                                f.URL,
		"authorization_endpoint":                f.URL + "/authorize",
		"token_endpoint":                        f.URL + "/token",
		"jwks_uri":                              f.URL + "/keys",
		"userinfo_endpoint":                     f.URL + "/userinfo",
		"introspection_endpoint":                f.URL + "/introspect",
		"revocation_endpoint":                   f.URL + "/revoke",
		"end_session_endpoint":                  f.URL + "/logout",
		"id_token_signing_alg_values_supported": []string{"ES256"},
	}
	if f.metadata != nil {
		f.metadata(m)
	}
	return m
}

func (f *fake) jwk(id string) jose.JSONWebKey {
	return jose.JSONWebKey{Key: f.key.Public(), KeyID: id, Algorithm: "ES256", Use: "sig"}
}

func (f *fake) tokenResponse() map[string]any {
	f.mu.Lock()
	nonce := f.nonce
	f.mu.Unlock()
	hash := sha256.Sum256([]byte("access-1"))
	now := time.Now().Unix()
	claims := map[string]any{"iss": f.URL, "sub": "alice", "aud": "tool", "iat": now, "exp": now + 300, "nonce": nonce,
		"auth_time": now, "at_hash": base64.RawURLEncoding.EncodeToString(hash[:16])}
	if f.claims != nil {
		f.claims(claims)
	}
	token := f.idToken
	if token == nil {
		token = func(claims map[string]any) string { return f.sign(map[string]any{"kid": "k1"}, claims) }
	}
	r := map[string]any{"access_token": "access-1", "token_type": "Bearer", "expires_in": 3600, "refresh_token": "refresh-1",
		"scope": "openid", "id_token": token(claims)}
	if f.tokens != nil {
		f.tokens(r)
	}
	return r
}

// sign returns claims signed with ES256 and a header of exactly these members besides alg.
func (f *fake) sign(header, claims map[string]any) string {
	extra := map[jose.HeaderKey]any{}
	for name, v := range header {
		extra[jose.HeaderKey(name)] = v
	}
	raw, err := sign(jose.SigningKey{Algorithm: jose.ES256, Key: f.key}, extra, claims)
	require.NoError(f.t, err)
	return raw
}

// count returns how many requests came to path.
func (f *fake) count(path string) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.hits[path]
}

// form returns the last form that was posted to path, and the header that came with it.
func (f *fake) form(path string) (url.Values, http.Header) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.forms[path], f.auth[path]
}

// SignIn implements SignIn: the user is in at once. It keeps the nonce for the ID token.
func (f *fake) SignIn(_ context.Context, r Request) (*Callback, error) {
	q := r.URL.Query()
	f.mu.Lock()
	f.nonce = q.Get("nonce")
	f.mu.Unlock()
	params := url.Values{"code": {"code-1"}, "state": {q.Get("state")}}
	if f.callback != nil {
		f.callback(params)
	}
	mode := r.ResponseMode
	if mode == "" {
		mode = "query"
	}
	return &Callback{Mode: mode, Params: params, Raw: params.Encode()}, nil
}

// config returns what a client of f needs. Nothing in it waits.
func (f *fake) config() Config {
	return Config{Issuer: f.URL, ClientID: "tool", SignIn: f,
		Wait: func(ctx context.Context, _ time.Duration) error { return ctx.Err() }}
}

// client returns a client of f; change, if not nil, changes its configuration.
func (f *fake) client(change func(*Config)) *Client {
	f.t.Helper()
	cfg := f.config()
	if change != nil {
		change(&cfg)
	}
	c, err := New(cfg)
	require.NoError(f.t, err)
	return c
}

// requireCode fails the test unless err is an *Error with the code, whose text and hint name no secret of the fake's.
func requireCode(t testing.TB, err error, code string) *Error {
	t.Helper()
	var e *Error
	require.ErrorAs(t, err, &e)
	require.Equal(t, code, e.Code, "%v", err)
	for _, secret := range []string{"access-1", "refresh-1", "code-1", "s3cret-s3cret-s3cret-s3cret-s3cret"} {
		require.NotContains(t, e.Error()+e.Hint, secret)
	}
	require.NotRegexp(t, "[\n\r]", e.Error())
	return e
}

// answerWith returns a handler that answers as told.
func answerWith(status int, contentType, body string, header ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", contentType)
		for i := 0; i+1 < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		w.WriteHeader(status)
		_, _ = w.Write([]byte(body)) // the client may have gone
	}
}

// set returns a function that sets members of a map; a nil value takes the member away.
func set(pairs map[string]any) func(map[string]any) {
	return func(m map[string]any) {
		maps.Copy(m, pairs)
		for name, v := range pairs {
			if v == nil {
				delete(m, name)
			}
		}
	}
}

var errDriver = errors.New("the driver's own trouble")
