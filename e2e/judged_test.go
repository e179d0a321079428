package e2e

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/coreos/go-oidc/v3/oidc"
	"github.com/stretchr/testify/require"
	"golang.org/x/oauth2"

	"github.com/oidcflow/oidcflow/flow"
	"github.com/oidcflow/oidcflow/mockidp"
)

// webApp is somebody's web application: /login sends the browser to the provider, /callback takes it back.
type webApp func(idp *mockidp.Server, cfg oauth2.Config) http.Handler

// carelessApp is on x/oauth2 alone, and as many are: one state for everybody that nobody compares, no nonce, no PKCE,
// and an ID token that is decoded and believed.
func carelessApp(idp *mockidp.Server, cfg oauth2.Config) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/login", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, cfg.AuthCodeURL("state"), http.StatusFound)
	})
	mux.HandleFunc("/callback", func(w http.ResponseWriter, r *http.Request) {
		ctx := context.WithValue(r.Context(), oauth2.HTTPClient, idp.Client())
		token, err := cfg.Exchange(ctx, r.FormValue("code"))
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadGateway)
			return
		}
		raw, _ := token.Extra("id_token").(string)
		parts := strings.Split(raw, ".")
		if len(parts) != 3 {
			http.Error(w, "no ID token", http.StatusBadGateway)
			return
		}
		var user struct{ Sub string }
		if payload, err := base64.RawURLEncoding.DecodeString(parts[1]); err != nil || json.Unmarshal(payload, &user) != nil {
			http.Error(w, "no ID token", http.StatusBadGateway)
			return
		}
		profile, err := cfg.Client(ctx, token).Get(idp.Issuer("default") + "/v1/userinfo")
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadGateway)
			return
		}
		defer profile.Body.Close()
		fmt.Fprintf(w, "Hello, %s", user.Sub)
	})
	return mux
}

// carefulApp is on x/oauth2 and go-oidc, as their documentation has it.
func carefulApp(idp *mockidp.Server, cfg oauth2.Config) http.Handler {
	type pending struct{ nonce, verifier string }
	var mu sync.Mutex
	logins := map[string]pending{}
	mux := http.NewServeMux()
	mux.HandleFunc("/login", func(w http.ResponseWriter, r *http.Request) {
		state, p := rand.Text(), pending{rand.Text(), oauth2.GenerateVerifier()}
		mu.Lock()
		logins[state] = p
		mu.Unlock()
		http.Redirect(w, r, cfg.AuthCodeURL(state, oidc.Nonce(p.nonce), oauth2.S256ChallengeOption(p.verifier)), http.StatusFound)
	})
	mux.HandleFunc("/callback", func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		p, known := logins[r.FormValue("state")]
		delete(logins, r.FormValue("state"))
		mu.Unlock()
		if !known {
			http.Error(w, "this is no answer to a login of ours", http.StatusBadRequest)
			return
		}
		sub, err := verified(oidc.ClientContext(r.Context(), idp.Client()), idp, cfg, r.FormValue("code"), p.nonce, p.verifier)
		if err != nil {
			http.Error(w, err.Error(), http.StatusForbidden)
			return
		}
		fmt.Fprintf(w, "Hello, %s", sub)
	})
	return mux
}

// verified redeems a code, and returns the user once everything is proved.
func verified(ctx context.Context, idp *mockidp.Server, cfg oauth2.Config, code, nonce, verifier string) (string, error) {
	provider, err := oidc.NewProvider(ctx, idp.Issuer("default"))
	if err != nil {
		return "", err
	}
	token, err := cfg.Exchange(ctx, code, oauth2.VerifierOption(verifier))
	if err != nil {
		return "", err
	}
	raw, _ := token.Extra("id_token").(string)
	id, err := provider.Verifier(&oidc.Config{ClientID: cfg.ClientID, Now: idp.Clock().Now}).Verify(ctx, raw)
	switch {
	case err != nil:
		return "", err
	case id.Nonce != nonce:
		return "", errors.New("the nonce is another's")
	case id.AccessTokenHash == "":
		return "", errors.New("no at_hash")
	}
	if err := id.VerifyAccessToken(token.AccessToken); err != nil {
		return "", err
	}
	info, err := provider.UserInfo(ctx, oauth2.StaticTokenSource(token))
	if err == nil && info.Subject != id.Subject {
		err = errors.New("userinfo is of another user")
	}
	return id.Subject, err
}

// recorder is a test that a provider reports to, in place of the test that runs.
type recorder struct {
	mu      sync.Mutex
	errors  []string
	cleanup []func()
}

func (*recorder) Helper()                   {}
func (*recorder) Logf(string, ...any)       {}
func (r *recorder) Cleanup(f func())        { r.cleanup = append(r.cleanup, f) }
func (*recorder) Fatalf(f string, a ...any) { panic(fmt.Sprintf(f, a...)) }
func (r *recorder) Errorf(f string, a ...any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.errors = append(r.errors, fmt.Sprintf(f, a...))
}

// end ends the recorded test, and returns what it failed for.
func (r *recorder) end() []string {
	for _, f := range slices.Backward(r.cleanup) {
		f()
	}
	return r.errors
}

// judge switches faults and variations on, lets a browser sign in to an app twice, and returns whether it was
// let in, and what the strict provider's test failed for.
func judge(t *testing.T, app webApp, names ...string) (in bool, failures []string) {
	t.Helper()
	var r recorder
	site := httptest.NewUnstartedServer(nil)
	redirect := "http://" + site.Listener.Addr().String() + "/callback"
	idp := mockidp.StartT(&r, mockidp.Config{
		Login: "auto", StrictClient: true,
		Servers: []mockidp.AuthServer{{Name: "default", Alg: "ES256"}},
		Clients: []mockidp.Client{{ID: "web", Secret: matrixSecret, RedirectURIs: []string{redirect}}},
		Users:   []mockidp.User{mockidp.Person{Login: "alice"}},
	})
	require.NoError(t, idp.SetFault(names...))
	site.Config.Handler = app(idp, oauth2.Config{
		ClientID: "web", ClientSecret: matrixSecret, RedirectURL: redirect, Scopes: []string{"openid", "email"},
		Endpoint: oauth2.Endpoint{AuthURL: idp.Issuer("default") + "/v1/authorize", TokenURL: idp.Issuer("default") + "/v1/token", AuthStyle: oauth2.AuthStyleInHeader},
	})
	site.Start()
	t.Cleanup(site.Close)
	for range 2 {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, site.URL+"/login", nil)
		require.NoError(t, err)
		resp, err := site.Client().Do(req)
		require.NoError(t, err)
		require.NoError(t, resp.Body.Close())
		in = resp.StatusCode == http.StatusOK
	}
	return in, r.end()
}

// caught returns the demands that failures name, each once.
func caught(failures []string) []string {
	var names []string
	for _, f := range failures {
		name, _, _ := strings.Cut(strings.TrimPrefix(f, "mockidp: "), " (")
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// lies are faults that every client must stop at.
var lies = []string{"invalid-aud", "invalid-iss", "nonce-invalid", "missing-nonce", "invalid-state", "missing-state", "invalid-expired-exp",
	"idtoken-sig-none", "invalid-sig-rs256", "hs256-with-public-key", "kid-unknown", "invalid-athash"}

// TestCarelessClientIsCaught judges an app that verifies nothing, by what it sends and by what it believes.
func TestCarelessClientIsCaught(t *testing.T) {
	t.Parallel()
	habits := []string{"code-challenge", "state-nonce", "state-nonce-fresh"}
	in, failures := judge(t, carelessApp)
	require.True(t, in)
	require.Equal(t, habits, caught(failures), "%q", failures)
	for _, fault := range lies {
		t.Run(fault, func(t *testing.T) {
			t.Parallel()
			in, failures := judge(t, carelessApp, fault)
			require.True(t, in, "it lets everybody in")
			require.Equal(t, append(habits, "stops-at-fault"), caught(failures), "%q", failures)
			require.Contains(t, strings.Join(failures, "\n"), "it went on after the fault "+fault)
		})
	}
}

// TestCarefulClientIsNotAccused judges an app that does everything right: it bears what it must, refuses the rest, and
// is told nothing.
func TestCarefulClientIsNotAccused(t *testing.T) {
	t.Parallel()
	in, failures := judge(t, carefulApp)
	require.True(t, in)
	require.Empty(t, failures)
	for _, fault := range lies {
		t.Run(fault, func(t *testing.T) {
			t.Parallel()
			in, failures := judge(t, carefulApp, fault)
			require.False(t, in)
			require.Empty(t, failures)
		})
	}
	for _, variation := range []string{"valid-aud-as-array", "token-type-case", "signing-key-rotation-just-before-signing"} {
		t.Run(variation, func(t *testing.T) {
			t.Parallel()
			in, failures := judge(t, carefulApp, variation)
			require.True(t, in)
			require.Empty(t, failures)
		})
	}
}

// TestEngineIsNotAccused judges our own client likewise.
func TestEngineIsNotAccused(t *testing.T) {
	t.Parallel()
	for _, fault := range append([]string{""}, lies...) {
		t.Run("fault "+fault, func(t *testing.T) {
			t.Parallel()
			var r recorder
			cfg := mockidp.Config{Login: "auto", StrictClient: true, Servers: []mockidp.AuthServer{{Name: "default", Alg: "ES256"}}}
			if fault != "" {
				cfg.Faults = []string{fault}
			}
			idp := mockidp.StartT(&r, cfg)
			err := useAll(t, flow.Config{Issuer: idp.Issuer("default"), ClientID: "oidcflow", Scopes: []string{"openid", "offline_access"},
				Transport: idp.Client().Transport, SignIn: straight{idp.Client().Transport}})
			if fault == "" {
				require.NoError(t, err)
			} else {
				require.Error(t, err)
			}
			require.Empty(t, r.end())
		})
	}
}
