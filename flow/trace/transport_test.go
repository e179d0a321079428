package trace_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/oidcflow/oidcflow/flow/trace"
)

// roundTrip is a base of one function.
type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// echo answers with the request's body.
func echo(r *http.Request) (*http.Response, error) {
	b := []byte("nothing")
	if r.Body != nil {
		var err error
		if b, err = io.ReadAll(r.Body); err != nil {
			return nil, err
		}
		if err := r.Body.Close(); err != nil {
			return nil, err
		}
	}
	return &http.Response{StatusCode: 200, Proto: "HTTP/1.1", Header: http.Header{"X": {"y"}},
		Body: io.NopCloser(bytes.NewReader(b))}, nil
}

func request(t testing.TB, ctx context.Context, method, url, body string) *http.Request {
	t.Helper()
	r, err := http.NewRequestWithContext(ctx, method, url, strings.NewReader(body))
	require.NoError(t, err)
	return r
}

func TestTransportRecordsOneEventWhenTheBodyIsRead(t *testing.T) {
	t.Parallel()
	var sink list
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b, err := io.ReadAll(r.Body)
		if err != nil {
			t.Errorf("reading the request: %v", err)
		}
		w.WriteHeader(http.StatusTeapot)
		_, _ = w.Write(append([]byte("got "), b...))
	}))
	t.Cleanup(srv.Close)
	ctx, end := trace.Start(trace.WithRecorder(t.Context(), &sink), trace.Exchange)
	client := &http.Client{Transport: &trace.Transport{}}
	r := request(t, ctx, "POST", srv.URL+"/token?a=b", "a body")
	r.GetBody = nil // a body that can be read but once
	r.Header.Set("X-Sent", "1")
	resp, err := client.Do(r)
	require.NoError(t, err)
	require.Len(t, sink.all(), 1, "the body is not read yet")
	b, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	require.Equal(t, "got a body", string(b))
	require.NoError(t, resp.Body.Close())
	end(nil)

	events := sink.all()
	require.Len(t, events, 3)
	e := events[1]
	require.Equal(t, trace.HTTP, e.Kind)
	require.Equal(t, trace.Exchange, e.Step)
	require.Positive(t, e.Duration)
	require.LessOrEqual(t, e.HTTP.Wait, e.Duration)
	e.HTTP.Wait, e.HTTP.ResponseHeader = 0, nil
	require.Equal(t, &trace.Message{
		Method: "POST", URL: srv.URL + "/token?a=b", Proto: "HTTP/1.1", RequestHeader: http.Header{"X-Sent": {"1"}},
		RequestBody: "a body", Status: http.StatusTeapot, ResponseBody: "got a body",
	}, e.HTTP)
}

func TestTransportRecordsOnClose(t *testing.T) {
	t.Parallel()
	var sink list
	ctx := trace.WithRecorder(t.Context(), &sink)
	resp, err := (&trace.Transport{Base: roundTrip(echo)}).RoundTrip(request(t, ctx, "POST", "https://a.example/", "abcdef"))
	require.NoError(t, err)
	_, err = io.ReadFull(resp.Body, make([]byte, 3))
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	require.NoError(t, resp.Body.Close())
	require.Len(t, sink.all(), 1)
	require.Equal(t, "abc", sink.all()[0].HTTP.ResponseBody, "only what was read")
}

func TestTransportKeepsNoMoreThanMaxBody(t *testing.T) {
	t.Parallel()
	var sink list
	ctx := trace.WithRecorder(t.Context(), &sink)
	long := strings.Repeat("0123456789", trace.MaxBody/10+1)
	resp, err := (&trace.Transport{Base: roundTrip(echo)}).RoundTrip(request(t, ctx, "POST", "https://a.example/", long))
	require.NoError(t, err)
	b, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	require.True(t, long == string(b), "the stream is untouched")
	m := sink.all()[0].HTTP
	require.True(t, m.Truncated)
	require.Len(t, m.RequestBody, trace.MaxBody)
	require.Len(t, m.ResponseBody, trace.MaxBody)
}

func TestTransportRecordsFailures(t *testing.T) {
	t.Parallel()
	broken := errors.New("connection reset")
	for _, c := range []struct {
		name string
		base roundTrip
	}{
		{"no response", func(*http.Request) (*http.Response, error) { return nil, broken }},
		{"half a response", func(*http.Request) (*http.Response, error) {
			return &http.Response{StatusCode: 200, Body: io.NopCloser(io.MultiReader(strings.NewReader("half"), failing{broken}))}, nil
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var sink list
			ctx := trace.WithRecorder(t.Context(), &sink)
			resp, err := (&trace.Transport{Base: c.base}).RoundTrip(request(t, ctx, "GET", "https://a.example/", ""))
			if err == nil {
				_, err = io.ReadAll(resp.Body)
			}
			require.ErrorIs(t, err, broken)
			require.Len(t, sink.all(), 1)
			require.Contains(t, sink.all()[0].Message, "connection reset")
		})
	}
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

func TestTransportWithoutRecorderPassesOn(t *testing.T) {
	t.Parallel()
	resp, err := (&trace.Transport{Base: roundTrip(echo)}).RoundTrip(request(t, t.Context(), "POST", "https://a.example/", "x"))
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
}

func TestSecretsGoToTheirHostsOnly(t *testing.T) {
	t.Parallel()
	const v = `p&ss wörd"1`
	for _, c := range []struct {
		name  string
		hosts []string
		url   string
		sent  bool
	}{
		{"its host", []string{"op.example"}, "https://op.example/token", true},
		{"its host on another port", []string{"op.example"}, "https://op.example:8443/token", true},
		{"its host and port", []string{"op.example:8443"}, "https://op.example:8443/token", true},
		{"its host, the port of the scheme", []string{"op.example:443"}, "https://op.example/token", true},
		{"its host in other case", []string{"OP.example."}, "https://op.EXAMPLE/token", true},
		{"IPv6", []string{"[::1]:80"}, "http://[::1]/token", true},
		{"IPv6 without brackets", []string{"::1"}, "http://[::1]:80/token", true},
		{"one of many", []string{"a.example", "op.example"}, "https://op.example/token", true},
		{"another port", []string{"op.example:8443"}, "https://op.example/token", false},
		{"another host", []string{"op.example"}, "https://evil.example/token", false},
		{"a host below", []string{"op.example"}, "https://evil.op.example/token", false},
		{"a host that ends alike", []string{"op.example"}, "https://evilop.example/token", false},
		{"its host as the user", []string{"op.example"}, "https://op.example@evil.example/token", false},
		{"nowhere", nil, "https://op.example/token", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var sink list
			ctx := trace.WithRecorder(t.Context(), &sink)
			trace.Learn(ctx, trace.NewSecret("password", v, c.hosts...))
			sent := false
			transport := &trace.Transport{Base: roundTrip(func(r *http.Request) (*http.Response, error) {
				sent = true
				return echo(r)
			})}
			resp, err := transport.RoundTrip(request(t, ctx, "POST", c.url, "password="+url.QueryEscape(v)))
			require.Equal(t, c.sent, sent)
			if c.sent {
				require.NoError(t, err)
				require.NoError(t, resp.Body.Close())
				return
			}
			var refused *trace.RefusedError
			require.ErrorAs(t, err, &refused)
			u, err := url.Parse(c.url)
			require.NoError(t, err)
			require.Equal(t, &trace.RefusedError{Kind: "password", Host: u.Host}, refused)
			require.NotContains(t, refused.Error(), v)
			require.Len(t, sink.all(), 1)
			require.Contains(t, sink.all()[0].Message, "refusing to send the password")
		})
	}
}

func TestSecretsAreSeenWhereverARequestCarriesThem(t *testing.T) {
	t.Parallel()
	for _, enc := range encodings {
		for _, place := range []struct {
			name string
			put  func(m *trace.Message, v string)
		}{
			{"query", func(m *trace.Message, v string) { m.URL += "?x=" + url.QueryEscape(v) }},
			{"header", func(m *trace.Message, v string) { m.RequestHeader = http.Header{"X-Some": {"a " + v}} }},
			{"body", func(m *trace.Message, v string) { m.RequestBody = "before " + v + " after" }},
		} {
			t.Run(enc.name+" in the "+place.name, func(t *testing.T) {
				t.Parallel()
				ctx := trace.WithRecorder(t.Context(), nil)
				trace.Learn(ctx, trace.NewSecret("password", canary, "op.example"))
				m := &trace.Message{URL: "https://evil.example/"}
				place.put(m, enc.encode(canary))
				require.IsType(t, &trace.RefusedError{}, trace.MaySend(ctx, m))
				m = &trace.Message{URL: "https://op.example/"}
				place.put(m, enc.encode(canary))
				require.NoError(t, trace.MaySend(ctx, m))
			})
		}
	}
}

func TestShortSecretsMustStandByThemselves(t *testing.T) {
	t.Parallel()
	ctx := trace.WithRecorder(t.Context(), nil)
	trace.Learn(ctx, trace.NewSecret("otp", "123456", "op.example"))
	require.NoError(t, trace.MaySend(ctx, &trace.Message{URL: "https://a.example/?state=ab123456cd"}))
	require.Error(t, trace.MaySend(ctx, &trace.Message{URL: "https://a.example/?otp=123456"}))
	basic := http.Header{"Authorization": {"Basic " + base64.StdEncoding.EncodeToString([]byte("alice:123456"))}}
	require.Error(t, trace.MaySend(ctx, &trace.Message{URL: "https://a.example/", RequestHeader: basic}))
}

func TestHostsOfAValueLearnedTwiceAreUnited(t *testing.T) {
	t.Parallel()
	ctx := trace.WithRecorder(t.Context(), nil)
	trace.Learn(ctx, trace.NewSecret("access_token", "tok-1-abcdef"))
	trace.Learn(ctx, trace.NewSecret("access_token", "tok-1-abcdef", "one.example"))
	trace.Learn(trace.WithRecorder(ctx, nil), trace.NewSecret("token", "tok-1-abcdef", "two.example"))
	for host, ok := range map[string]bool{"one.example": true, "two.example": true, "three.example": false} {
		err := trace.MaySend(ctx, &trace.Message{URL: "https://" + host + "/?t=tok-1-abcdef"})
		require.Equal(t, ok, err == nil, host)
	}
}

func TestValuesKnownByNameHaveNoHosts(t *testing.T) {
	t.Parallel()
	ctx := trace.WithRecorder(t.Context(), trace.NewRedactor().Recorder())
	trace.Record(ctx, trace.Event{URL: "https://app.example/cb?code=some-c0de-1"})
	require.NoError(t, trace.MaySend(ctx, &trace.Message{URL: "https://a.example/?c=some-c0de-1"}))
}

func TestABodyTooLongToLookAtIsNotSent(t *testing.T) {
	t.Parallel()
	ctx := trace.WithRecorder(t.Context(), nil)
	trace.Learn(ctx, trace.NewSecret("password", "correct horse", "op.example"))
	body := &closing{Reader: strings.NewReader(strings.Repeat("x", trace.MaxBody) + "correct horse")}
	r := request(t, ctx, "POST", "https://evil.example/", "")
	r.Body = body
	transport := &trace.Transport{Base: roundTrip(func(*http.Request) (*http.Response, error) {
		t.Error("the request was sent")
		return nil, errors.New("sent")
	})}
	_, err := transport.RoundTrip(r)
	require.EqualError(t, err, "request body: want at most 1048576 bytes")
	require.True(t, body.closed)
}

type closing struct {
	io.Reader
	closed bool
}

func (c *closing) Close() error {
	c.closed = true
	return nil
}

func TestRedirectsAreLookedAtToo(t *testing.T) {
	t.Parallel()
	evil := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		t.Error("the other server was asked")
	}))
	t.Cleanup(evil.Close)
	op := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, evil.URL, http.StatusTemporaryRedirect)
	}))
	t.Cleanup(op.Close)
	ctx := trace.WithRecorder(t.Context(), nil)
	trace.Learn(ctx, trace.NewSecret("client_secret", "s3cret-of-the-client", strings.TrimPrefix(op.URL, "http://")))
	client := &http.Client{Transport: &trace.Transport{}}
	_, err := client.Do(request(t, ctx, "POST", op.URL, "client_secret=s3cret-of-the-client"))
	var refused *trace.RefusedError
	require.ErrorAs(t, err, &refused)
}
