package main

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

const redirectURI = "http://localhost:8080/callback"

// codeFlows prints full code flows a second of each server.
func codeFlows(ctx context.Context, program, dir string, period time.Duration) error {
	fmt.Printf("code flows a second, over %s each\n", period)
	fmt.Printf("  %-20s %-6s %7s %10s %12s %22s\n", "server", "alg", "clients", "flows/s", "signatures", "of the signing rate")
	var all []result
	for _, clients := range []int{1, 4} {
		for _, begin := range []func() (*server, error){
			func() (*server, error) { return startMockidp(ctx, program, dir, "RS256") },
			func() (*server, error) { return startMockidp(ctx, program, dir, "ES256") },
			func() (*server, error) { return startMockoidc(ctx) },
			func() (*server, error) { return startOAuth2MockServer(ctx, "RS256") },
			func() (*server, error) { return startOAuth2MockServer(ctx, "ES256") },
		} {
			s, err := begin()
			if err != nil {
				return err
			}
			before := signingRate(s.alg, clients, period/4)
			r, err := measure(ctx, s, clients, period)
			s.stop()
			if err != nil {
				fmt.Printf("  %-20s %-6s %7d failed: %v%s\n", s.name, s.alg, clients, err, fatal(s.stderr.String()))
				continue
			}
			r.signing = (before + signingRate(s.alg, clients, period/4)) / 2
			all = append(all, r)
			fmt.Printf("  %-20s %-6s %7d %10.0f %12d %22.2f\n", s.name, s.alg, clients, r.flows, r.signatures, r.ofSigning())
		}
	}
	compare(all)
	return nil
}

// result is one server's figures.
type result struct {
	server     *server
	clients    int
	flows      float64 // a second
	signatures int     // by the server's alg, that one flow takes
	signing    float64 // signatures a second that Go makes with nothing around them
}

// ofSigning is which part of the flows that the signatures alone would allow there were. It is above 1 where a server
// makes the signatures of one flow at the same time.
func (r result) ofSigning() float64 { return r.flows * float64(r.signatures) / r.signing }

// compare prints mockidp beside the best of the others.
func compare(all []result) {
	for _, own := range all {
		if own.server.name != "mockidp" {
			continue
		}
		best := result{server: &server{name: "nobody"}}
		for _, r := range all {
			if r.server.name != "mockidp" && r.clients == own.clients && r.flows > best.flows {
				best = r
			}
		}
		fmt.Printf("  mockidp %s with %d: %.1f times %s %s, the best of the others\n",
			own.server.alg, own.clients, own.flows/best.flows, best.server.name, best.server.alg)
	}
}

// fatal returns the line in which a server said why it died.
func fatal(stderr string) string {
	for line := range strings.Lines(stderr) {
		if strings.HasPrefix(line, "fatal error:") {
			return " (" + strings.TrimSpace(line) + ")"
		}
	}
	return ""
}

// measure runs flows with so many clients at once for a period, after a short warm-up.
func measure(ctx context.Context, s *server, clients int, period time.Duration) (result, error) {
	signatures, err := flow(ctx, newClient(), s)
	if err != nil {
		return result{}, err
	}
	if _, err := repeat(ctx, s, clients, period/6); err != nil {
		return result{}, err
	}
	begin := time.Now()
	n, err := repeat(ctx, s, clients, period)
	return result{server: s, clients: clients, flows: float64(n) / time.Since(begin).Seconds(), signatures: signatures}, err
}

func repeat(ctx context.Context, s *server, clients int, period time.Duration) (n int64, err error) {
	deadline := time.Now().Add(period)
	var done atomic.Int64
	var first atomic.Pointer[error]
	var wg sync.WaitGroup
	for range clients {
		wg.Go(func() {
			c := newClient()
			for time.Now().Before(deadline) && first.Load() == nil {
				if _, err := flow(ctx, c, s); err != nil {
					first.CompareAndSwap(nil, &err)
					return
				}
				done.Add(1)
			}
		})
	}
	wg.Wait()
	if e := first.Load(); e != nil {
		err = *e
	}
	return done.Load(), err
}

func newClient() *http.Client {
	return &http.Client{
		Transport:     &http.Transport{MaxIdleConnsPerHost: 1},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Timeout:       10 * time.Second,
	}
}

// flow gets a code and redeems it, and returns how many of the tokens are signed by the server's alg.
func flow(ctx context.Context, c *http.Client, s *server) (signatures int, err error) {
	const verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk" // RFC 7636, appendix B
	challenge := sha256.Sum256([]byte(verifier))
	q := url.Values{
		"response_type": {"code"}, "client_id": s.client["client_id"], "redirect_uri": {redirectURI},
		"scope": {"openid email"}, "state": {"state"}, "nonce": {"nonce"},
		"code_challenge":        {base64.RawURLEncoding.EncodeToString(challenge[:])},
		"code_challenge_method": {"S256"},
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, s.authorize+"?"+q.Encode(), nil)
	if err != nil {
		return 0, err
	}
	response, _, err := do(c, r, http.StatusFound)
	if err != nil {
		return 0, err
	}
	location, err := response.Location()
	if err != nil {
		return 0, err
	}
	form := maps.Clone(s.client)
	form.Set("grant_type", "authorization_code")
	form.Set("code", location.Query().Get("code"))
	form.Set("redirect_uri", redirectURI)
	form.Set("code_verifier", verifier)
	r, err = http.NewRequestWithContext(ctx, http.MethodPost, s.token, strings.NewReader(form.Encode()))
	if err != nil {
		return 0, err
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	_, body, err := do(c, r, http.StatusOK)
	if err != nil {
		return 0, err
	}
	var answer map[string]any
	if err := json.Unmarshal(body, &answer); err != nil {
		return 0, err
	}
	for _, v := range answer {
		if token, _ := v.(string); algOf(token) == s.alg {
			signatures++
		}
	}
	return signatures, nil
}

// algOf returns the algorithm that a JWT is signed by, or "" for what is none.
func algOf(token string) string {
	header, _, _ := strings.Cut(token, ".")
	data, err := base64.RawURLEncoding.DecodeString(header)
	if err != nil {
		return ""
	}
	var h struct{ Alg string }
	if json.Unmarshal(data, &h) != nil {
		return ""
	}
	return h.Alg
}

func do(c *http.Client, r *http.Request, want int) (*http.Response, []byte, error) {
	response, err := c.Do(r)
	if err != nil {
		return nil, nil, err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err == nil && response.StatusCode != want {
		err = fmt.Errorf("%s: want %d, got %d: %.200s", r.URL.Path, want, response.StatusCode, body)
	}
	return response, body, err
}

// signingRate returns how many signatures a second so many goroutines make, with nothing around them.
func signingRate(alg string, goroutines int, period time.Duration) float64 {
	var key crypto.Signer
	var err error
	if alg == "ES256" {
		key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	} else {
		key, err = rsa.GenerateKey(rand.Reader, 2048)
	}
	if err != nil {
		panic(err)
	}
	digest := sha256.Sum256([]byte("a token"))
	var n atomic.Int64
	begin := time.Now()
	var wg sync.WaitGroup
	for range goroutines {
		wg.Go(func() {
			for time.Since(begin) < period {
				if _, err := key.Sign(rand.Reader, digest[:], crypto.SHA256); err != nil {
					panic(err)
				}
				n.Add(1)
			}
		})
	}
	wg.Wait()
	return float64(n.Load()) / time.Since(begin).Seconds()
}
