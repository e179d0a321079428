package failure

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/oidcflow/oidcflow/e2e/screens"
)

const ion = "application/ion+json; okta-version=1.0.0"

// act answers a request in place of Okta, or spoils Okta's answer. It returns false where Okta is to answer.
type act func(*world, http.ResponseWriter, *http.Request) bool

// step stands for the path at which a password is sent.
const step = "step"

// instead has do act on the requests whose path ends in suffix.
func instead(suffix string, do act) func(*world) screens.Network {
	return func(w *world) screens.Network {
		suffix := suffix
		if suffix == step {
			suffix = w.step
		}
		return func(okta http.Handler) http.Handler {
			return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
				if !strings.HasSuffix(r.URL.Path, suffix) || !do(w, rw, r) {
					okta.ServeHTTP(rw, r)
				}
			})
		}
	}
}

// from has do act on all requests from the first whose path ends in suffix.
func from(suffix string, do act) func(*world) screens.Network {
	return func(w *world) screens.Network {
		var begun atomic.Bool
		note := instead(suffix, func(*world, http.ResponseWriter, *http.Request) bool {
			begun.Store(true)
			return false
		})(w)
		spoil := instead("", func(w *world, rw http.ResponseWriter, r *http.Request) bool { return begun.Load() && do(w, rw, r) })(w)
		return func(okta http.Handler) http.Handler { return note(spoil(okta)) }
	}
}

func kill(w *world, _ http.ResponseWriter, _ *http.Request) bool {
	w.kill()
	return false
}

// reset ends the connection as a firewall does.
func reset(_ *world, rw http.ResponseWriter, _ *http.Request) bool {
	c, _, err := http.NewResponseController(rw).Hijack()
	if err != nil {
		panic(err)
	}
	if tcp, ok := c.(*net.TCPConn); ok {
		err = tcp.SetLinger(0) // RST in place of FIN
	}
	if err != nil || c.Close() != nil {
		panic("the connection cannot be reset")
	}
	return true
}

func missing(_ *world, rw http.ResponseWriter, r *http.Request) bool {
	http.NotFound(rw, r)
	return true
}

// hold does not answer before nobody waits for it any more.
func hold(_ *world, _ http.ResponseWriter, r *http.Request) bool {
	// That the other side has gone is told once the request has been read: https://pkg.go.dev/net/http#Request.Context.
	if _, err := io.Copy(io.Discard, r.Body); err == nil {
		<-r.Context().Done()
	}
	return true
}

// lateness is more than the chrome driver's patience with a page on which nothing happens, and less than what the other
// gives one request.
const lateness = 8 * time.Second

// late has Okta answer the first such request late: that is what is tested.
func late(w *world, _ http.ResponseWriter, r *http.Request) bool {
	if w.late.Swap(true) {
		return false
	}
	timer := time.NewTimer(lateness)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-r.Context().Done():
	}
	return false
}

func answer(mediaType, body string) act {
	return func(_ *world, rw http.ResponseWriter, _ *http.Request) bool {
		rw.Header().Set("Content-Type", mediaType)
		fmt.Fprint(rw, body)
		return true
	}
}

// breakOff promises more than it sends.
func breakOff(w *world, rw http.ResponseWriter, r *http.Request) bool {
	rw.Header().Set("Content-Length", "1000")
	answer(ion, `{"version":"1.0.0","stateHandle":"02.id.`)(w, rw, r)
	if err := http.NewResponseController(rw).Flush(); err != nil {
		panic(err)
	}
	panic(http.ErrAbortHandler)
}

// huge is well-formed, and says nothing at length.
func huge(told bool) act {
	const size = 10 << 20
	const begin, end = `{"version":"1.0.0","stateHandle":"`, `"}`
	return func(w *world, rw http.ResponseWriter, r *http.Request) bool {
		if told {
			rw.Header().Set("Content-Length", strconv.Itoa(size))
		}
		return answer(ion, begin+strings.Repeat("a", size-len(begin)-len(end))+end)(w, rw, r)
	}
}

func dayLater(w *world, _ http.ResponseWriter, _ *http.Request) bool {
	w.okta.Clock().Advance(24 * time.Hour)
	return false
}

// tooMany wants the request again in the next century.
func tooMany(_ *world, rw http.ResponseWriter, _ *http.Request) bool {
	rw.Header().Set("Content-Type", "application/json")
	rw.Header().Set("X-Rate-Limit-Reset", "4102444800")
	rw.WriteHeader(http.StatusTooManyRequests)
	fmt.Fprint(rw, `{"errorCode":"E0000047","errorSummary":"API call exceeded rate limit due to too many requests.","errorCauses":[]}`)
	return true
}
