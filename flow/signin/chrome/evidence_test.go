package chrome

import (
	"bytes"
	"image/png"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/oidcflow/oidcflow/flow"
	"github.com/oidcflow/oidcflow/flow/signin"
	"github.com/oidcflow/oidcflow/flow/trace"
)

// recorder keeps events.
type recorder struct {
	mu     sync.Mutex
	events []trace.Event
}

// Record implements [trace.Recorder].
func (r *recorder) Record(e trace.Event) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.events = append(r.events, e)
}

// of returns the events of a kind.
func (r *recorder) of(k trace.Kind) []trace.Event {
	r.mu.Lock()
	defer r.mu.Unlock()
	var list []trace.Event
	for _, e := range r.events {
		if e.Kind == k {
			list = append(list, e)
		}
	}
	return list
}

func TestEvidence(t *testing.T) {
	t.Parallel()
	b := sharedBrowser(t, binaries[0])
	fail := func(t *testing.T, site map[string]string) (*recorder, error) {
		t.Helper()
		var r recorder
		ctx := trace.WithRecorder(within(t, patience), &r)
		_, err := b.Driver(signin.Config{User: alice()}).SignIn(ctx, request(t, provider(t, site).URL, testRedirect))
		require.Error(t, err)
		return &r, err
	}
	t.Run("a picture without what was typed, and tags without values", func(t *testing.T) {
		t.Parallel()
		r, err := fail(t, map[string]string{"/{$}": login + `<p role="alert" id="m"></p><script>
document.forms[0].onsubmit = (e) => { e.preventDefault(); m.textContent = "Wrong password"; }</script>`})
		requireCode(t, "signin.invalid_credentials", err)
		files := r.of(trace.File)
		require.Len(t, files, 2)
		require.Equal(t, "page.txt", files[0].Name)
		require.Contains(t, string(files[0].Data), `<input type="password" name="password">`)
		for _, leak := range []string{"correct", "horse", "alice", "Wrong"} {
			require.NotContains(t, string(files[0].Data), leak)
		}
		require.Equal(t, "page.png", files[1].Name)
		_, perr := png.Decode(bytes.NewReader(files[1].Data))
		require.NoError(t, perr)
	})
	t.Run("a hidden field's value is no reason to show nothing", func(t *testing.T) {
		t.Parallel()
		page := func(text string) []byte {
			r, _ := fail(t, map[string]string{"/{$}": `<title>Weather</title><p>` + text + `</p><form><input type="hidden" name="stage" value="rain"><input name="q"></form>`})
			files := r.of(trace.File)
			require.Len(t, files, 2)
			return files[1].Data
		}
		require.NotEqual(t, page("It will rain"), page("It will rain on and on"))
	})
	t.Run("what is typed is not shown as text either", func(t *testing.T) {
		t.Parallel()
		page := func(value string) []byte {
			r, _ := fail(t, map[string]string{"/{$}": `<title>Weather</title><p>It rains</p><form><input name="q" value="` + value + `"></form><p>` + value + `</p><p>JBSW<b>` + value[4:] + `</b></p>`})
			files := r.of(trace.File)
			require.Len(t, files, 2)
			return files[1].Data
		}
		require.Equal(t, page("JBSWY3DPEHPK3PXP"), page("JBSWZDGNBVGY3TQO"))
	})
	t.Run("two values in the fields, one picture", func(t *testing.T) {
		t.Parallel()
		page := func(value string) []byte {
			r, _ := fail(t, map[string]string{"/{$}": `<title>Weather</title><p>It rains</p><form><input name="q" value="` + value + `"><textarea>` + value + `</textarea></form><img src="/qr?` + value + `">`})
			files := r.of(trace.File)
			require.Len(t, files, 2)
			return files[1].Data
		}
		require.Equal(t, page("JBSWY3DPEHPK3PXP"), page("GEZDGNBVGY3TQOJQ"))
	})
	t.Run("no picture of an enrolment", func(t *testing.T) {
		t.Parallel()
		r, err := fail(t, map[string]string{"/{$}": `<title>Set up</title><h1>Set up your authenticator</h1><p>Scan the QR code<p>JBSWY3DPEHPK3PXP<button>Next</button>`})
		requireCode(t, "signin.enrolment_required", err)
		for _, f := range r.of(trace.File) {
			require.Equal(t, "page.txt", f.Name)
			require.NotContains(t, string(f.Data), "JBSWY3DPEHPK3PXP")
		}
	})
	for name, page := range map[string]struct{ html, code string }{
		"codes to recover an account with":        {`<h1>One more thing</h1><p>Keep your recovery codes: 1111-2222</p>`, "signin.unknown_page"},
		"a code to scan, beside what was refused": {login + `<p>Scan the QR code in the app first</p><script>document.forms[0].onsubmit = (e) => { e.preventDefault(); document.body.append("Wrong password"); }</script>`, "signin.invalid_credentials"},
	} {
		t.Run("no picture of "+name, func(t *testing.T) {
			t.Parallel()
			r, err := fail(t, map[string]string{"/{$}": page.html})
			var e *flow.Error
			require.ErrorAs(t, err, &e)
			require.NotEqual(t, "signin.enrolment_required", e.Code)
			files := r.of(trace.File)
			require.Len(t, files, 1)
			require.Equal(t, "page.txt", files[0].Name)
		})
	}
}

func TestRequestsAreRecorded(t *testing.T) {
	t.Parallel()
	var r recorder
	ctx := trace.WithRecorder(within(t, patience), &r)
	p := provider(t, pages["a form that a script sends"])
	_, err := sharedBrowser(t, binaries[0]).Driver(signin.Config{User: alice()}).SignIn(ctx, request(t, p.URL+"/?client_id=web", testRedirect))
	require.NoError(t, err)
	var lines []string
	for _, e := range r.of(trace.HTTP) {
		require.False(t, e.Time.IsZero())
		url, _, _ := strings.Cut(strings.TrimPrefix(e.HTTP.URL, p.URL), "?")
		lines = append(lines, e.HTTP.Method+" "+url)
		if url == "/check" {
			require.Equal(t, 200, e.HTTP.Status)
			require.Equal(t, "username=alice&password=correct+horse", e.HTTP.RequestBody)
			require.NotEmpty(t, e.HTTP.RequestHeader.Get("User-Agent"))
			require.Equal(t, "text/html; charset=utf-8", e.HTTP.ResponseHeader.Get("Content-Type"))
			require.Positive(t, e.Duration)
		}
	}
	require.Equal(t, []string{"GET /", "POST /check", "GET /done"}, lines)
	last := r.of(trace.HTTP)[2].HTTP
	require.Equal(t, 302, last.Status)
	require.Contains(t, last.ResponseHeader.Get("Location"), testRedirect)
}
