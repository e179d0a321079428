package chrome

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/target"
	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"

	"github.com/oidcflow/oidcflow/flow"
	"github.com/oidcflow/oidcflow/flow/signin"
	"github.com/oidcflow/oidcflow/flow/trace"
	"github.com/oidcflow/oidcflow/mockidp"
)

// benchUser is who signs in in the benchmarks.
var benchUser = alice()

// authorize returns a new authorization request at m.
func authorize(b *testing.B, m *mockidp.Server) flow.Request {
	b.Helper()
	c, err := flow.New(flow.Config{Issuer: m.Issuer("org"), ClientID: "web", RedirectURI: testRedirect})
	require.NoError(b, err)
	a, err := c.Authorize(within(b, patience))
	require.NoError(b, err)
	return flow.Request{URL: a.URL, RedirectURI: testRedirect}
}

// bare goes through the same pages as a sign-in, in a tab of its own, with a script that fills and sends each form: what
// the page loads alone take.
func bare(t *testing.B, b *Browser, r flow.Request) (opened, loaded time.Duration) {
	t.Helper()
	begin := time.Now()
	ctx, end := context.WithCancelCause(within(t, patience))
	s := &signIn{b: b, request: r, dialog: dialogs{dialog: signin.NewDialog(signin.Config{User: benchUser}, r.URL.String())}, egress: egress{loopback: true}, end: end, woken: make(chan struct{}, 1)}
	res, err := cdp.Call(ctx, b.calls, target.CreateBrowserContext, target.CreateBrowserContextParams{})
	require.NoError(t, err)
	s.contextID = res.BrowserContextID
	b.gate.add(s.contextID, s)
	defer s.close()
	tctx, cancel := chromedp.NewContext(b.ctx, chromedp.WithExistingBrowserContext(s.contextID))
	defer func() { go cancel() }()
	require.NoError(t, chromedp.Do(tctx))
	opened = time.Since(begin)
	require.NoError(t, chromedp.Do(tctx, chromedp.Navigate(r.URL.String())))
	fill := fmt.Sprintf(`for (const [n, v] of [["username", %q], ["identifier", %q], ["password", %q]]) { const e = document.querySelector("[name=" + n + "]"); if (e) e.value = v }
		document.querySelector("form").requestSubmit()`, benchUser.Name, benchUser.Name, benchUser.Password.Reveal())
	for s.result() == nil {
		_, err := chromedp.RunResponse(tctx, chromedp.Evaluate[chromedp.Void](fill))
		require.NoError(t, err)
	}
	return opened, time.Since(begin)
}

func signIn1(b *testing.B, br *Browser, r flow.Request) {
	b.Helper()
	cb, err := br.Driver(signin.Config{User: benchUser}).SignIn(within(b, patience), r)
	require.NoError(b, err)
	require.NotEmpty(b, cb.Params.Get("code"))
}

// BenchmarkWarm is a sign-in at the mock's form in a browser that runs, beside the bare loads of its pages.
func BenchmarkWarm(b *testing.B) {
	m := mock(b, mockidp.Config{})
	for _, binary := range binaries {
		b.Run(binary, func(b *testing.B) {
			br := sharedBrowser(b, binary)
			signIn1(b, br, authorize(b, m))
			var ours, opened, loaded time.Duration
			for b.Loop() {
				r := authorize(b, m)
				begin := time.Now()
				signIn1(b, br, r)
				ours += time.Since(begin)
				br.tabs.Wait()
				o, l := bare(b, br, authorize(b, m))
				br.tabs.Wait()
				opened += o
				loaded += l
			}
			n := float64(b.N) * float64(time.Millisecond)
			b.ReportMetric(float64(ours)/n, "ms/sign-in")
			b.ReportMetric(float64(loaded)/n, "ms/bare")
			b.ReportMetric(float64(opened)/n, "ms/open-tab")
			b.ReportMetric(float64(ours)/float64(loaded), "x-bare")
			b.ReportMetric(0, "ns/op")
		})
	}
}

// BenchmarkCold is a sign-in with the browser's start and end.
func BenchmarkCold(b *testing.B) {
	m := mock(b, mockidp.Config{})
	for _, binary := range binaries {
		b.Run(binary, func(b *testing.B) {
			needBrowser(b, binary)
			for b.Loop() {
				br, err := Start(b.Context(), Config{Path: binary, TempDir: testDir(b)})
				require.NoError(b, err)
				signIn1(b, br, authorize(b, m))
				require.NoError(b, br.Close())
			}
		})
	}
}

// BenchmarkTenUsers is ten users at once in one browser, with the memory of all its processes.
func BenchmarkTenUsers(b *testing.B) {
	m := mock(b, mockidp.Config{})
	br := sharedBrowser(b, binaries[0])
	peak := 0
	for b.Loop() {
		done := make(chan struct{})
		go func() {
			defer close(done)
			tenUsers(b, br, m)
		}()
		tick := time.NewTicker(50 * time.Millisecond)
		for running := true; running; {
			select {
			case <-done:
				running = false
			case <-tick.C:
				peak = max(peak, memory(b, br))
			}
		}
		tick.Stop()
	}
	b.ReportMetric(float64(peak)/1024, "MiB-peak")
}

// memory returns the proportional set size of a browser's processes in KiB.
func memory(t testing.TB, b *Browser) int {
	sum := 0
	for _, pid := range family(t, b.process.Process.Pid, b.profile) {
		rollup, err := os.ReadFile(fmt.Sprintf("/proc/%d/smaps_rollup", pid))
		if err != nil {
			continue // it ended meanwhile
		}
		for line := range strings.Lines(string(rollup)) {
			if f := strings.Fields(line); len(f) > 1 && f[0] == "Pss:" {
				if n, err := strconv.Atoi(f[1]); err == nil {
					sum += n
				}
			}
		}
	}
	return sum
}

// robot fills and sends the screens of Okta's widget as soon as they are there, from within the page: nobody outside has
// a part in it.
const robot = `(() => {
  const done = new Set();
  const step = () => {
    for (const [name, value] of [["identifier", %q], ["credentials.passcode", %q]]) {
      const field = document.querySelector('#okta-sign-in form [name="' + name + '"]');
      if (!field || done.has(name)) continue;
      done.add(name);
      field.value = "";
      Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, "value").set.call(field, value);
      for (const type of ["input", "change"]) field.dispatchEvent(new Event(type, { bubbles: true }));
      setTimeout(() => document.querySelector("#okta-sign-in form [type=submit]").click());
    }
  };
  new MutationObserver(step).observe(document, { childList: true, subtree: true });
})()`

// bareOkta goes through the screens of Okta's widget in a tab as sign-ins have, with a robot in place of the driver. It
// returns how long opening the tab took, and how long all did.
func bareOkta(b *testing.B, br *Browser, r flow.Request, user signin.User) (opened, done time.Duration) {
	b.Helper()
	begin := time.Now()
	ctx, end := context.WithCancelCause(within(b, patience))
	s := &signIn{b: br, request: r, dialog: dialogs{dialog: signin.NewDialog(signin.Config{User: user}, r.URL.String())},
		learn: func(...trace.Secret) {}, egress: egress{loopback: true}, end: end, woken: make(chan struct{}, 1)}
	res, err := cdp.Call(ctx, br.calls, target.CreateBrowserContext, target.CreateBrowserContextParams{})
	require.NoError(b, err)
	s.contextID = res.BrowserContextID
	br.gate.add(s.contextID, s)
	defer s.close()
	t, err := openTab(ctx, s, "")
	require.NoError(b, err)
	s.mu.Lock()
	s.tabs = nil // nobody overhears what the engine says
	s.mu.Unlock()
	opened = time.Since(begin)
	script := page.AddScriptToEvaluateOnNewDocumentParams{Source: fmt.Sprintf(robot, user.Name, user.Password.Reveal())}
	require.NoError(b, t.target.Call(ctx, page.AddScriptToEvaluateOnNewDocument.Method, script, nil))
	require.NoError(b, t.navigate(ctx, r.URL.String()))
	<-ctx.Done()
	require.NotNil(b, s.result(), "%v", context.Cause(ctx))
	done = time.Since(begin)
	t.close()
	return opened, done
}

// BenchmarkOkta is a sign-in on Okta's widget in a browser that runs, beside the same screens answered from within the
// page: what is beyond those is the driver's own share.
func BenchmarkOkta(b *testing.B) {
	for _, g := range []int{2, 3} {
		o := startOkta(b, mockidp.OktaOrg{Generation: g}, "password")
		user := signin.User{Name: "alice", Password: trace.NewSecret("password", horse)}
		for _, binary := range binaries {
			b.Run(fmt.Sprintf("generation %d, %s", g, binary), func(b *testing.B) {
				br := sharedBrowser(b, binary)
				var ours, open, bare []time.Duration
				for b.Loop() {
					r := authorize(b, o.Server)
					begin := time.Now()
					cb, err := br.Driver(signin.Config{User: user}).SignIn(within(b, patience), r)
					ours = append(ours, time.Since(begin))
					require.NoError(b, err)
					require.NotEmpty(b, cb.Params.Get("code"))
					br.tabs.Wait()
					opened, done := bareOkta(b, br, authorize(b, o.Server), user)
					open, bare = append(open, opened), append(bare, done)
					br.tabs.Wait()
				}
				b.ReportMetric(middle(ours), "ms/sign-in")
				b.ReportMetric(middle(open), "ms/open-tab")
				b.ReportMetric(middle(bare), "ms/bare")
				b.ReportMetric(middle(ours)/middle(bare), "x-bare")
				b.ReportMetric(0, "ns/op")
			})
		}
	}
}

// middle is the median in milliseconds.
func middle(times []time.Duration) float64 {
	slices.Sort(times)
	return float64(times[len(times)/2]) / float64(time.Millisecond)
}
