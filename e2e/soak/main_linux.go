package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/signal"
	"sync"
	"sync/atomic"
	"time"

	"github.com/oidcflow/oidcflow/e2e/screens"
	"github.com/oidcflow/oidcflow/flow/signin/chrome"
)

func main() {
	n := flag.Int("n", 1000, "how many sign-ins")
	seed := flag.Uint64("seed", rand.Uint64(), "what the network does follows from it")
	only := flag.Int("only", -1, "the number of the one sign-in to play")
	widget := flag.String("widget", "e2e/interop/node_modules/@okta/okta-signin-widget/dist", "folder of Okta's widget")
	browser := flag.String("browser", "", "name or path of the browser")
	verbose := flag.Bool("v", false, "print each sign-in")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	s := &soak{seed: *seed, n: *n, only: *only, widget: *widget, verbose: *verbose}
	if err := s.run(ctx, *browser); err != nil {
		fmt.Fprintln(os.Stderr, "soak:", err)
		os.Exit(1)
	}
}

// soak are many sign-ins in one browser and without one.
type soak struct {
	seed    uint64
	n, only int
	widget  string
	verbose bool

	browser *chrome.Browser
	usage   usage
	played  atomic.Int64
	mu      sync.Mutex
	wrong   []error
	weather map[string]int
	codes   map[string]int
}

func (s *soak) run(ctx context.Context, browser string) error {
	fmt.Printf("%d sign-ins; SEED=%d\n", s.n, s.seed)
	dir, err := os.MkdirTemp("", "oidcflow-soak")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	if err := os.Chmod(dir, 0o755); err != nil { // as root, Chrome runs as somebody else
		return err
	}
	if s.browser, err = chrome.Start(ctx, chrome.Config{Path: browser, TempDir: dir, Env: os.Environ()}); err != nil {
		return err
	}
	s.usage.dir = dir
	s.weather, s.codes = map[string]int{}, map[string]int{}
	begun := time.Now()
	err = s.all(ctx)
	took := time.Since(begun)
	err = errors.Join(err, s.browser.Close(), left(ctx, dir))
	fmt.Printf("%d played in %s; the network: %v\n", s.played.Load(), took.Round(time.Second), s.weather)
	fmt.Printf("endings: %v\n", s.codes)
	err = errors.Join(append(s.wrong, err, s.usage.judge())...)
	if err == nil {
		fmt.Println("every verdict is right, and nothing is left behind")
	}
	return err
}

// all plays the sign-ins, several at once: the cells of the table one after the other, again and again, in an order that
// the seed has shuffled.
func (s *soak) all(ctx context.Context) error {
	cells := screens.Cells(screens.Rows())
	dice := rand.New(rand.NewPCG(s.seed, 0))
	numbers := map[*screens.Row]int{}
	var list []screens.Cell
	for len(list) < s.n {
		dice.Shuffle(len(cells), func(i, j int) { cells[i], cells[j] = cells[j], cells[i] })
		list = append(list, cells...)
	}
	list = list[:s.n]
	for i := range list { // a row of its own for each, by which its number is known
		row := *list[i].Row
		list[i].Row = &row
		numbers[&row] = i
	}
	if s.only >= 0 && s.only < len(list) {
		list = list[s.only : s.only+1]
	}
	screens.Each(list, func(c screens.Cell) {
		if ctx.Err() == nil {
			s.play(ctx, numbers[c.Row], c)
		}
	})
	return ctx.Err()
}

// play plays one sign-in.
func (s *soak) play(ctx context.Context, number int, c screens.Cell) {
	w := newWeather(s.seed, number)
	stage := &screens.Stage{Widget: s.widget, Browser: s.browser, Net: w.network}
	o, err := stage.Play(ctx, c)
	code := "not played"
	if err == nil {
		code = o.Code()
		err = judge(c, o)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.verbose {
		fmt.Printf("%4d %-60s %s\n", number, c.Name(), code)
	}
	if err != nil {
		err = fmt.Errorf("sign-in %d, %s: %w\n(again: SEED=%d N=%d ONLY=%d)", number, c.Name(), err, s.seed, s.n, number)
		fmt.Fprintln(os.Stderr, err)
		s.wrong = append(s.wrong, err)
	}
	if code == "" {
		code = "signed in"
	}
	s.codes[code]++
	for what, times := range w.counts() {
		s.weather[what] += times
	}
	if played := s.played.Add(1); played%sampled == 0 {
		if err := s.usage.sample(int(played)); err != nil {
			s.wrong = append(s.wrong, err)
		}
	}
}
