package chrome

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/fetch"
	"github.com/chromedp/cdproto/network"

	"github.com/oidcflow/oidcflow/flow"
	"github.com/oidcflow/oidcflow/flow/trace"
)

// longRequest is how long a script's request is waited for before its page is looked at: what takes longer is a page
// that keeps a line open, not one that is being drawn.
const longRequest = 5 * time.Second

// longScript is how long a script is waited for that draws the page, maybe all of it: nobody keeps a line open by one.
const longScript = 30 * time.Second

// requests are those of one page that are under way.
type requests map[network.RequestID]*exchange

// exchange is one request of a page, from when it is sent until it has been answered.
type exchange struct {
	event    trace.Event
	kind     network.ResourceType
	frame    cdp.FrameID
	document cdp.LoaderID
	url      string
	begun    time.Time
	sent     cdp.MonotonicTime
	engine   bool // an engine is asked: whatever it says, the page waits for it
	widget   bool // Okta's page cannot be drawn without it
	recorded bool // what documents and scripts request is recorded, not pictures and styles
}

// begin is called when a request is sent. A redirect's next request has the ID of the one before, which is thereby done.
func (r requests) begin(ctx context.Context, ev *network.EventRequestWillBeSent) {
	if ev.RedirectResponse != nil {
		r.response(ev.RequestID, ev.RedirectResponse)
		r.end(ctx, ev.RequestID, ev.Timestamp, "")
	}
	x := &exchange{kind: ev.Type, frame: ev.FrameID, document: ev.LoaderID, url: ev.Request.URL, begun: time.Now(), sent: ev.Timestamp, widget: ofWidget(ev.Request.URL)}
	switch ev.Type {
	case network.ResourceTypeDocument, network.ResourceTypeXHR, network.ResourceTypeFetch:
		x.recorded, x.engine = true, engineAt(ev.Request.URL) != nil
		x.event = trace.Event{Kind: trace.HTTP, Time: epoch(ev.WallTime), HTTP: &trace.Message{
			Method: ev.Request.Method, URL: ev.Request.URL + ev.Request.URLFragment, RequestHeader: header(ev.Request.Headers), RequestBody: body(ev.Request)}}
	case network.ResourceTypeScript:
	default:
		return
	}
	r[ev.RequestID] = x
}

// response is called when an answer's headers have come.
func (r requests) response(id network.RequestID, res *network.Response) {
	x := r[id]
	if x == nil || !x.recorded {
		return
	}
	x.event.HTTP.Status = int(res.Status)
	x.event.HTTP.Proto = res.Protocol
	x.event.HTTP.ResponseHeader = header(res.Headers)
}

// stopped is called when the gate takes an answer that Chrome is not to see.
func (r requests) stopped(ev *fetch.EventRequestPaused) {
	x := r[ev.NetworkID]
	if x == nil || !x.recorded {
		return
	}
	x.event.HTTP.Status = int(ev.ResponseStatusCode)
	x.event.HTTP.ResponseHeader = http.Header{}
	for _, h := range ev.ResponseHeaders {
		x.event.HTTP.ResponseHeader.Add(h.Name, h.Value)
	}
}

// extra is called with headers that pages do not see, such as cookies.
func (r requests) extra(id network.RequestID, request, response network.Headers) {
	x := r[id]
	if x == nil || !x.recorded {
		return
	}
	if request != nil {
		x.event.HTTP.RequestHeader = header(request)
	}
	if response != nil {
		x.event.HTTP.ResponseHeader = header(response)
	}
}

// end is called when a request is done, with Chrome's words where it did not succeed.
func (r requests) end(ctx context.Context, id network.RequestID, at cdp.MonotonicTime, failure string) *exchange {
	x := r[id]
	delete(r, id)
	if x != nil && x.recorded {
		x.event.Duration = time.Duration((at - x.sent) * cdp.MonotonicTime(time.Second))
		x.event.Message = failure
		trace.Record(ctx, x.event)
	}
	return x
}

// flush records what is under way as far as it got, in the order in which it was sent.
func (r requests) flush(ctx context.Context) {
	for _, x := range slices.SortedFunc(maps.Values(r), func(a, b *exchange) int { return a.begun.Compare(b.begun) }) {
		if x.recorded {
			x.event.Duration = time.Since(x.begun)
			trace.Record(ctx, x.event)
		}
	}
	clear(r)
}

// busy reports whether a request that will change the page is under way.
func (r requests) busy() bool {
	for _, x := range r {
		long := longRequest
		if x.kind == network.ResourceTypeScript {
			long = longScript
		}
		if x.kind == network.ResourceTypeDocument || x.engine || x.widget || time.Since(x.begun) < long {
			return true
		}
	}
	return false
}

func epoch(t cdp.TimeSinceEpoch) time.Time {
	return time.Unix(0, int64(float64(t)*float64(time.Second)))
}

func header(h network.Headers) http.Header {
	out := make(http.Header, len(h))
	for name, v := range h {
		s, ok := v.(string)
		if !ok {
			continue
		}
		for line := range strings.SplitSeq(s, "\n") { // Chrome joins equal names so
			out.Add(name, line)
		}
	}
	return out
}

func body(r *network.Request) string {
	var b strings.Builder
	for _, e := range r.PostDataEntries {
		if b.Len()+len(e.Bytes) > trace.MaxBody {
			break
		}
		b.Write(e.Bytes)
	}
	return b.String()
}

// Chrome's names for what kept a page from loading, and what they come to. Of several that fit, the first counts.
var netErrors = []struct{ prefix, code, hint string }{
	{"net::ERR_CERT_", "env.tls", "trust the provider's certification authority with --ca-file"},
	{"net::ERR_SSL_", "env.tls", ""},
	{"net::ERR_BAD_SSL_", "env.tls", ""},
	{"net::ERR_NAME_", "env.unreachable", ""},
	{"net::ERR_CONNECTION_", "env.unreachable", ""},
	{"net::ERR_ADDRESS_", "env.unreachable", ""},
	{"net::ERR_INTERNET_", "env.unreachable", ""},
	{"net::ERR_NETWORK_", "env.unreachable", ""},
	{"net::ERR_TIMED_OUT", "env.unreachable", ""},
	{"net::ERR_UNSAFE_PORT", "env.unreachable", "Chrome refuses this port for web pages"},
	{"net::ERR_CONTENT_LENGTH_MISMATCH", "env.unreachable", ""},
	{"net::ERR_INCOMPLETE_CHUNKED_ENCODING", "env.unreachable", ""},
	{"net::ERR_PROXY_", "env.unreachable", "see --proxy"},
	{"net::ERR_TUNNEL_", "env.unreachable", "see --proxy"},
	{"net::ERR_SOCKS_", "env.unreachable", "see --proxy"},
	{"net::ERR_UNKNOWN_URL_SCHEME", "signin.unknown_page", "register the redirect URI that is asked for with the provider"},
	{"net::ERR_", "signin.server_error", ""},
}

// loadError is the error for a page that did not load, or nil where Chrome only gave a load up for another.
func loadError(failure, url string) error {
	if failure == "net::ERR_ABORTED" || failure == "net::ERR_BLOCKED_BY_CLIENT" {
		return nil
	}
	for _, n := range netErrors {
		if strings.HasPrefix(failure, n.prefix) {
			return &flow.Error{Step: trace.SignIn, Code: n.code, Hint: n.hint, Err: fmt.Errorf("loading %s: %s", withoutQuery(url), failure)}
		}
	}
	return &flow.Error{Step: trace.SignIn, Code: "signin.server_error", Err: fmt.Errorf("loading %s: %.100q", withoutQuery(url), failure)}
}

// withoutQuery is a URL for people: what a request carries is long, and not all of it is for their eyes.
func withoutQuery(url string) string {
	if i := strings.IndexAny(url, "?#"); i >= 0 {
		url = url[:i]
	}
	return printable(url)
}
