package mockidp

import (
	"bytes"
	"compress/gzip"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"maps"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// segments are the first two parts of a JWT with alg in its header.
func segments(header map[string]any, alg string, claims jwt.MapClaims) (string, error) {
	header = maps.Clone(header)
	header["alg"] = alg
	h, err := json.Marshal(header)
	if err != nil {
		return "", err
	}
	c, err := json.Marshal(claims)
	if err != nil {
		return "", err
	}
	return b64.EncodeToString(h) + "." + b64.EncodeToString(c), nil
}

func mintUnsigned(_ *issue, header map[string]any, claims jwt.MapClaims) (string, error) {
	input, err := segments(header, "none", claims)
	return input + ".", err
}

func mintCorrupted(i *issue, header map[string]any, claims jwt.MapClaims) (string, error) {
	input, err := segments(header, i.key.alg, claims)
	if err != nil {
		return "", err
	}
	sig, err := i.key.sign([]byte(input))
	if err != nil {
		return "", err
	}
	sig[len(sig)/2] ^= 0xff
	return input + "." + b64.EncodeToString(sig), nil
}

// mintHS256 signs as a client would verify that takes the algorithm from the token and the key from the provider.
func mintHS256(i *issue, header map[string]any, claims jwt.MapClaims) (string, error) {
	input, err := segments(header, "HS256", claims)
	if err != nil {
		return "", err
	}
	der, err := x509.MarshalPKIXPublicKey(i.key.signer.Public())
	if err != nil {
		return "", err
	}
	mac := hmac.New(sha256.New, pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))
	mac.Write([]byte(input))
	return input + "." + b64.EncodeToString(mac.Sum(nil)), nil
}

func serveBody(status int, contentType, body string) func(*call, *activeFault) bool {
	return func(c *call, _ *activeFault) bool {
		c.write(status, contentType, []byte(body))
		return true
	}
}

func serveProblem(p *problem) func(*call, *activeFault) bool {
	return func(c *call, _ *activeFault) bool {
		c.refuse(p)
		return true
	}
}

func serveOversized(c *call, _ *activeFault) bool {
	c.write(http.StatusOK, "application/json", []byte(`{"token_type":"Bearer","padding":"`+strings.Repeat("x", 10<<20)+`"}`))
	return true
}

// serveTokenRedirect gives tokens to who follows: a client that does is found out by its success.
func serveTokenRedirect(c *call, _ *activeFault) bool {
	if c.r.URL.RawQuery == "followed" {
		return false
	}
	c.w.Header().Set("Location", c.s.endpointURL(c.as, "token")+"?followed")
	c.status(http.StatusTemporaryRedirect)
	return true
}

func serveLoop(c *call, _ *activeFault) bool {
	c.w.Header().Set("Location", c.s.base.String()+c.entry.Path)
	c.status(http.StatusFound)
	return true
}

// serveNothing waits until the client gives up, the server is closed, or a minute has passed.
func serveNothing(c *call, _ *activeFault) bool {
	timer := time.NewTimer(time.Minute)
	defer timer.Stop()
	select {
	case <-c.r.Context().Done():
	case <-timer.C:
	}
	c.refuse(unavailable)
	return true
}

// bomb is 64 MiB of blanks inside a token response, packed.
var bomb = sync.OnceValues(func() ([]byte, error) {
	var out bytes.Buffer
	z, err := gzip.NewWriterLevel(&out, gzip.BestSpeed)
	if err != nil {
		return nil, err
	}
	if _, err := z.Write([]byte(`{"token_type":"Bearer",`)); err != nil {
		return nil, err
	}
	for range 64 {
		if _, err := z.Write(bytes.Repeat([]byte(" "), 1<<20)); err != nil {
			return nil, err
		}
	}
	if _, err := z.Write([]byte(`"access_token":"x"}`)); err != nil {
		return nil, err
	}
	err = z.Close()
	return out.Bytes(), err
})

func serveBomb(c *call, _ *activeFault) bool {
	body, err := bomb()
	if err != nil {
		c.refuse(problemOf(err))
		return true
	}
	c.w.Header().Set("Content-Encoding", "gzip")
	c.write(http.StatusOK, "application/json", body)
	return true
}

// rateLimit answers 429 as Okta does: no Retry-After; the wait is X-Rate-Limit-Reset less Date.
func (c *call) rateLimit(reset int64) {
	h := c.w.Header()
	h["X-Rate-Limit-Limit"] = limit
	h["X-Rate-Limit-Remaining"] = []string{"0"}
	h["X-Rate-Limit-Reset"] = []string{strconv.FormatInt(reset, 10)}
	if c.s.strict() { // which knows no headers of Okta's: RFC 6585 §4
		for _, name := range []string{"X-Rate-Limit-Limit", "X-Rate-Limit-Remaining", "X-Rate-Limit-Reset"} {
			h.Del(name)
		}
		h.Set("Retry-After", strconv.FormatInt(max(1, reset-c.now.Unix()), 10))
	}
	c.refuse(rateLimited)
}

func serveRateLimited(c *call, _ *activeFault) bool {
	c.rateLimit(c.now.Unix() + 1)
	return true
}

// serveRateLimitedOnce keeps the second at which the limit ends: who comes earlier is sent away again.
func serveRateLimitedOnce(c *call, f *activeFault) bool {
	f.state.CompareAndSwap(0, c.now.Unix()+1)
	reset := f.state.Load()
	if c.now.Unix() >= reset {
		return false
	}
	c.rateLimit(reset)
	return true
}

func serveUnavailableOnce(c *call, f *activeFault) bool {
	if !f.state.CompareAndSwap(0, 1) {
		return false
	}
	c.w.Header().Set("Retry-After", "1")
	c.refuse(unavailable)
	return true
}
