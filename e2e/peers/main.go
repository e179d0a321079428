// Command peers measures sign-ins on Okta's widget beside a program that does the same with Playwright (signin.mjs): for
// one, five and twenty users in one browser, by full Chromium and by the headless shell, and without a browser. All are
// measured in one run, by turns, and what counts are ratios: others use the machine too.
//
// Time is counted from the authorization request being known until the callback is, for the last of the users; what
// closing their pages takes is not. The provider is mockidp, in a process of its own. Each sign-in has a browser context
// of its own in both programs, and so nothing in its cache.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"strconv"
	"strings"
	"time"
)

// aims are what oidcflow's time in that of Playwright is to be, at most, by browser and users.
var aims = []struct {
	browser string
	users   int
	aim     float64
}{
	{"chromium", 1, 0.6},
	{"chromium-headless-shell", 1, 0.85},
	{"chromium", 20, 0.5},
	{"chromium-headless-shell", 20, 0.5},
}

// aimIDX is how many times quicker than Playwright a sign-in without a browser is to be.
const aimIDX = 30

func main() {
	serve := flag.String("serve", "", "be the provider with Okta's widget in that folder, until standard input ends")
	widget := flag.String("widget", "e2e/interop/node_modules/@okta/okta-signin-widget/dist", "folder of Okta's widget")
	scripts := flag.String("scripts", "e2e/peers", "folder of signin.mjs and its node_modules")
	rounds := flag.Int("rounds", 7, "how often to measure each")
	users := flag.String("users", "1,5,20", "how many users at once")
	browsers := flag.String("browsers", "chromium,chromium-headless-shell", "names or paths of the browsers")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	err := serveOkta(*serve)
	if *serve == "" {
		err = run(ctx, *widget, *scripts, *rounds, strings.Split(*browsers, ","), strings.Split(*users, ","))
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "peers:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, widget, scripts string, rounds int, browsers, users []string) (err error) {
	p, err := startOkta(ctx, widget)
	if err != nil {
		return err
	}
	defer p.stop()
	fmt.Printf("sign-ins on Okta's widget, ms until the last callback, median of %d (lowest to highest); load %s\n", rounds, load())
	fmt.Printf("  %-26s %5s %24s %24s %7s\n", "browser", "users", "oidcflow", "Playwright", "ratio")
	slowest := map[string]time.Duration{}
	for _, name := range browsers {
		pair, err := startPair(ctx, name, scripts)
		if err != nil {
			return err
		}
		for _, n := range users {
			n, err := strconv.Atoi(n)
			if err == nil {
				slowest[name], err = compare(ctx, p, pair, name, n, rounds, slowest[name])
			}
			if err != nil {
				pair.stop()
				return fmt.Errorf("%s, %d users: %w", name, n, err)
			}
		}
		if err := pair.stop(); err != nil {
			return err
		}
	}
	return withoutBrowser(ctx, p, rounds, slowest)
}

// compare measures n users at once by both programs of a pair, by turns, and prints how they compare. It returns what
// one user takes Playwright.
func compare(ctx context.Context, p *provider, pair *pair, name string, n, rounds int, one time.Duration) (time.Duration, error) {
	programs := []func(context.Context, *provider, int) (time.Duration, error){pair.ours, pair.theirs}
	times := make([][]time.Duration, len(programs))
	for round := range rounds + 1 { // the first is for warming up
		for i := range programs {
			i = (i + round) % len(programs) // who is first changes: closing pages goes on a little into the other's time
			took, err := programs[i](ctx, p, n)
			if err != nil {
				return 0, err
			}
			if round > 0 {
				times[i] = append(times[i], took)
			}
		}
	}
	ratio := float64(median(times[0])) / float64(median(times[1]))
	fmt.Printf("  %-26s %5d %24s %24s %7.2f%s\n", name, n, spread(times[0]), spread(times[1]), ratio, judge(name, n, ratio))
	if n == 1 {
		one = median(times[1])
	}
	return one, nil
}

func judge(browser string, users int, ratio float64) string {
	for _, a := range aims {
		if a.browser == browser && a.users == users {
			return verdict(ratio <= a.aim, fmt.Sprintf("at most %.2f", a.aim))
		}
	}
	return ""
}

func verdict(met bool, aim string) string {
	return map[bool]string{true: "  met: ", false: "  MISSED: "}[met] + aim
}

// withoutBrowser measures sign-ins without a browser and prints how many times quicker they are.
func withoutBrowser(ctx context.Context, p *provider, rounds int, playwright map[string]time.Duration) error {
	var times []time.Duration
	for range rounds * 5 {
		took, err := signIns(ctx, p, p.idx(), 1)
		if err != nil {
			return err
		}
		times = append(times, took)
	}
	fmt.Printf("  %-26s %5d %24s\n", "none (idx)", 1, spread(times))
	for name, other := range playwright {
		times := float64(other) / float64(median(times))
		fmt.Printf("  idx is %.0f times quicker than Playwright with %s%s\n", times, name, verdict(times >= aimIDX, fmt.Sprintf("at least %d", aimIDX)))
	}
	return nil
}

func median(d []time.Duration) time.Duration {
	d = slices.Sorted(slices.Values(d))
	return d[len(d)/2]
}

func spread(d []time.Duration) string {
	ms := func(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
	return fmt.Sprintf("%.0f (%.0f to %.0f)", ms(median(d)), ms(slices.Min(d)), ms(slices.Max(d)))
}

// load is how busy the machine is.
func load() string {
	text, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return "unknown"
	}
	return strings.Fields(string(text))[0]
}
