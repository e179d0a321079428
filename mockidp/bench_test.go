package mockidp

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/oauth2-proxy/mockoidc"
)

// atOnce does b.N times do, by so many workers, and reports how many a second.
func atOnce(b *testing.B, workers int, what string, do func() error) {
	b.Helper()
	b.ReportAllocs()
	b.ResetTimer()
	var next atomic.Int64
	var wg sync.WaitGroup
	for range workers {
		wg.Go(func() {
			for next.Add(1) <= int64(b.N) {
				if err := do(); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), what+"/s")
}

// flow is a code flow as lean as a client can have it: an authorization request, and a token request with its code.
type flow struct {
	do               func(*http.Request) (*http.Response, error)
	authorize, token string
	client, secret   string
}

func (f flow) run() error {
	v := url.Values{
		"client_id": {f.client}, "redirect_uri": {testRedirect}, "response_type": {"code"}, "scope": {"openid"}, "state": {"s"}, "nonce": {"n"},
		"code_challenge": {testChallenge}, "code_challenge_method": {"S256"},
	}
	r, err := http.NewRequest("GET", f.authorize+"?"+v.Encode(), nil)
	if err != nil {
		return err
	}
	res, err := f.answer(r)
	if err != nil {
		return err
	}
	to, err := url.Parse(res.header.Get("Location"))
	if err != nil {
		return err
	}
	v = url.Values{
		"grant_type": {"authorization_code"}, "code": {to.Query().Get("code")}, "redirect_uri": {testRedirect}, "code_verifier": {testVerifier}, "client_id": {f.client},
	}
	if f.secret != "" {
		v.Set("client_secret", f.secret)
	}
	r, err = http.NewRequest("POST", f.token, strings.NewReader(v.Encode()))
	if err != nil {
		return err
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if res, err = f.answer(r); err != nil {
		return err
	}
	var got struct {
		ID string `json:"id_token"`
	}
	if err := json.Unmarshal([]byte(res.body), &got); err != nil || got.ID == "" {
		return fmt.Errorf("no id_token in %d %s", res.status, res.body)
	}
	return nil
}

func (f flow) answer(r *http.Request) (answer, error) {
	res, err := f.do(r)
	if err != nil {
		return answer{}, err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	return answer{res.StatusCode, res.Header, string(body)}, err
}

// BenchmarkFlow is a whole code flow with login auto: over sockets with an HTTP client, and by the handler alone. The
// org server signs one token with the algorithm of the name, the custom server two.
func BenchmarkFlow(b *testing.B) {
	for _, alg := range []string{"RS256", "ES256"} {
		for _, server := range []string{"org", "default"} {
			s := StartT(b, Config{Login: "auto", Servers: []AuthServer{{Name: server, Alg: alg}}})
			f := flow{authorize: s.endpointURL(s.servers[server], "authorize"), token: s.endpointURL(s.servers[server], "token"), client: "oidcflow"}
			client := *s.Client()
			client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
			for _, way := range []struct {
				name string
				do   func(*http.Request) (*http.Response, error)
			}{{"http", client.Do}, {"handler", byHandler(s)}} {
				for _, workers := range []int{1, 4} {
					f.do = way.do
					b.Run(fmt.Sprintf("%s/%s/%s/%d", alg, server, way.name, workers), func(b *testing.B) { atOnce(b, workers, "flows", f.run) })
				}
			}
		}
	}
}

func byHandler(h http.Handler) func(*http.Request) (*http.Response, error) {
	return func(r *http.Request) (*http.Response, error) {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		return w.Result(), nil
	}
}

// BenchmarkMockoidc is the same flow at the unmodified mockoidc, by one worker: it has no lock around its sessions.
func BenchmarkMockoidc(b *testing.B) {
	key, err := mockoidc.DefaultKeypair()
	if err != nil {
		b.Fatal(err)
	}
	m, err := mockoidc.NewServer(key.PrivateKey)
	if err != nil {
		b.Fatal(err)
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	if err := m.Start(ln, nil); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := m.Shutdown(); err != nil {
			b.Error(err)
		}
	})
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	f := flow{do: client.Do, authorize: m.AuthorizationEndpoint(), token: m.TokenEndpoint(), client: m.Config().ClientID, secret: m.Config().ClientSecret}
	b.Run("RS256/http/1", func(b *testing.B) { atOnce(b, 1, "flows", f.run) })
}

// BenchmarkSign is the bare signing rate: no provider can have more tokens a second than this.
func BenchmarkSign(b *testing.B) {
	for _, alg := range []string{"RS256", "ES256"} {
		k, err := newSigningKey(alg)
		if err != nil {
			b.Fatal(err)
		}
		input := sha256.Sum256([]byte(alg))
		for _, workers := range []int{1, 4} {
			b.Run(fmt.Sprintf("%s/%d", alg, workers), func(b *testing.B) {
				atOnce(b, workers, "signatures", func() error {
					_, err := k.sign(input[:])
					return err
				})
			})
		}
	}
}

// BenchmarkStart is Start and Close, and the key that is made meanwhile.
func BenchmarkStart(b *testing.B) {
	for _, alg := range []string{"RS256", "ES256"} {
		b.Run(alg, func(b *testing.B) {
			for b.Loop() {
				s, err := Start(Config{Servers: []AuthServer{{Name: "org", Alg: alg}}})
				if err != nil {
					b.Fatal(err)
				}
				// Otherwise the keys are made while the next provider starts, and the one after that.
				if _, err := s.servers["org"].ring.current(); err != nil {
					b.Fatal(err)
				}
				if err := s.Close(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
