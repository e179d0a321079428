package failure

import (
	"cmp"
	"context"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/oidcflow/oidcflow/e2e/screens"
	"github.com/oidcflow/oidcflow/flow/signin/chrome"
	"github.com/oidcflow/oidcflow/mockidp"
)

// failure is something that goes wrong, and what is to come of it by each driver. A driver that it does not concern has
// no code.
type failure struct {
	name   string
	net    func(*world) screens.Network
	on     []string      // generations of the page; nil: all, for it is about what the page does
	within time.Duration // the deadline of the sign-in; 0: patience
	chrome ending
	idx    ending
}

// ending is how a sign-in ends.
type ending struct{ code, says string }

// well is the ending of a sign-in that is not kept from its end.
var well = ending{code: "none"}

// Where the page makes no difference, one generation is enough; and where only the Identity Engine has such a thing, two.
var (
	second   = screens.Generations[:1]
	identity = screens.Generations[:2]
)

// patience is more than any ending here takes.
const patience = 45 * time.Second

// world is what a failure can reach: Okta's side, and the browser.
type world struct {
	okta *mockidp.Server
	kill func()
	step string      // what the path ends in at which a password is sent
	late atomic.Bool // an answer was
}

var failures = []failure{
	{name: "the browser is killed", net: instead(step, kill), chrome: ending{"env.browser_crashed", "gone"}},
	{name: "the connection is reset at a step", net: instead(step, reset),
		chrome: ending{"env.unreachable", "net::ERR_CONNECTION_RESET"}, idx: ending{"env.unreachable", "http://localhost:"}},
	{name: "the network is cut from a step on", net: from(step, reset),
		chrome: ending{"env.unreachable", "net::ERR_CONNECTION_RESET"}, idx: ending{"env.unreachable", "http://localhost:"}},
	{name: "the connection is reset at the page", on: second, net: instead("authorize", reset),
		chrome: ending{"env.unreachable", "net::ERR_CONNECTION_RESET"}, idx: ending{"env.unreachable", "http://localhost:"}},
	{name: "the widget's script is not there", on: second, net: instead(".js", missing), chrome: ending{"signin.page_stuck", "did not come: status 404"}},
	{name: "the widget's script never comes", on: second, net: instead(".js", hold), within: 8 * time.Second, chrome: ending{"signin.timeout", `page "Example - Sign In"`}},
	{name: "a script never finishes", on: second, net: instead(".js", answer("text/javascript", "for (;;);")), within: 6 * time.Second,
		chrome: ending{"signin.timeout", ""}},
	{name: "the state token expires on the way", on: identity, net: instead(step, dayLater),
		chrome: ending{"signin.session_expired", "inactivity"}, idx: ending{"signin.session_expired", "inactivity"}},
	{name: "the third call meets the limit", net: instead(step, tooMany),
		chrome: ending{"signin.rate_limited", "too many requests"}, idx: ending{"signin.rate_limited", ""}},
	{name: "an answer is HTML", net: instead(step, answer("text/html", "<h1>Be back soon</h1>")),
		chrome: ending{"signin.unknown_page", ""}, idx: ending{"signin.unknown_page", ""}},
	{name: "an answer is cut JSON", net: instead(step, answer(ion, `{"version":"1.0.0","stateHandle":"02.id.`)),
		chrome: ending{"signin.unknown_page", ""}, idx: ending{"signin.unknown_page", ""}},
	{name: "an answer breaks off", net: instead(step, breakOff),
		chrome: ending{"env.unreachable", "net::ERR_CONTENT_LENGTH_MISMATCH"}, idx: ending{"env.unreachable", "unexpected EOF"}},
	{name: "an answer is of 10 MiB", on: second, net: instead(step, huge(true)),
		chrome: ending{"signin.unknown_page", "bytes"}, idx: ending{"signin.unknown_page", "bytes"}},
	{name: "an answer is of 10 MiB and does not say so", on: second, net: instead(step, huge(false)),
		chrome: ending{"signin.unknown_page", "bytes"}, idx: ending{"signin.unknown_page", "bytes"}},
	{name: "a step is not answered", on: identity, net: instead(step, hold), within: 6 * time.Second,
		chrome: ending{"signin.timeout", ""}, idx: ending{"signin.timeout", ""}},
	{name: "the page is late", on: second, net: instead("authorize", late), chrome: well, idx: well},
	{name: "a step is late", net: instead(step, late), chrome: well, idx: well},
	{name: "the widget's script is late", on: second, net: instead(".js", late), chrome: well},
}

// TestFailures lets things go wrong, one in each sign-in.
func TestFailures(t *testing.T) {
	var cells []screens.Cell
	cases := map[*screens.Row]*failure{}
	for i := range failures {
		f := &failures[i]
		row := &screens.Row{Name: f.name}
		cases[row] = f
		for _, generation := range f.generations() {
			cells = append(cells, screens.Cell{Row: row, Generation: generation, Driver: "chrome"})
		}
		if f.idx.code != "" {
			cells = append(cells, screens.Cell{Row: row, Generation: "second", Driver: "idx"})
		}
	}
	screens.Each(cells, func(c screens.Cell) {
		t.Run(c.Name(), func(t *testing.T) {
			if c.Driver == "chrome" {
				inChrome(t, cases[c.Row], c)
				return
			}
			play(t, cases[c.Row], c, &screens.Stage{}, &world{})
		})
	})
	if !assert.Eventually(t, func() bool { return len(goroutines()) == 0 }, 10*time.Second, 10*time.Millisecond) {
		t.Log(strings.Join(goroutines(), "\n\n"))
	}
}

func (f *failure) generations() []string {
	if f.on != nil {
		return f.on
	}
	return screens.Generations
}

// inChrome plays f in a browser of its own, of which nothing may be left.
func inChrome(t *testing.T, f *failure, c screens.Cell) {
	dir := t.TempDir()
	for d := dir; d != os.TempDir() && d != "/"; d = filepath.Dir(d) {
		require.NoError(t, os.Chmod(d, 0o755)) // as root, Chrome runs as somebody else
	}
	b, err := chrome.Start(t.Context(), chrome.Config{TempDir: dir})
	require.NoError(t, err, "the tests need a browser: make deps")
	pid := head(t, dir)
	require.NotEmpty(t, group(t, pid))
	play(t, f, c, &screens.Stage{Browser: b}, &world{kill: func() { kill9(pid) }})
	require.NoError(t, b.Close())
	require.Eventually(t, func() bool { return len(group(t, pid)) == 0 }, 10*time.Second, 10*time.Millisecond, "processes are left")
	left, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Empty(t, left)
}

// play plays f and demands its ending.
func play(t *testing.T, f *failure, c screens.Cell, stage *screens.Stage, w *world) {
	t.Helper()
	stage.Widget = filepath.Join("..", "interop", "node_modules", "@okta", "okta-signin-widget", "dist")
	require.DirExists(t, stage.Widget, "the npm packages are missing: make deps")
	w.step = "challenge/answer"
	if c.Generation == "classic" {
		w.step = "/authn"
	}
	c.Row = &screens.Row{Name: f.name, Net: func(s *screens.Scene) screens.Network {
		w.okta = s.Okta
		return f.net(w)
	}}
	ctx, cancel := context.WithTimeout(t.Context(), cmp.Or(f.within, patience))
	defer cancel()
	o, err := stage.Play(ctx, c)
	require.NoError(t, err)
	want := f.chrome
	if c.Driver == "idx" {
		want = f.idx
	}
	if want == well {
		require.NoError(t, o.Err)
		return
	}
	require.Equal(t, want.code, o.Code(), "%v", o.Err)
	require.Contains(t, o.Err.Error(), want.says)
	require.NotContains(t, o.Err.Error(), "horse", "the password")
}
