// Command pictures draws the screens of Okta's widget: one PNG for each that a sign-in meets, by generation, and the last
// page of each that is refused. What was typed is masked. They are for people to look at, and in no repository.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"sync"

	"github.com/oidcflow/oidcflow/e2e/screens"
	"github.com/oidcflow/oidcflow/flow/signin/chrome"
)

func main() {
	widget := flag.String("widget", "e2e/interop/node_modules/@okta/okta-signin-widget/dist", "folder `dist` of npm's @okta/okta-signin-widget")
	out := flag.String("out", "bin/screens", "`folder` for the pictures")
	flag.Parse()
	if err := draw(context.Background(), *widget, *out); err != nil {
		fmt.Fprintln(os.Stderr, "pictures:", err)
		os.Exit(1)
	}
}

// draw draws all cells that there are pictures of.
func draw(ctx context.Context, widget, out string) (err error) {
	b, err := chrome.Start(ctx, chrome.Config{Path: os.Getenv("OIDCFLOW_BROWSER"), Env: os.Environ(), Screenshots: true})
	if err != nil {
		return err
	}
	defer func() {
		if closeErr := b.Close(); err == nil {
			err = closeErr
		}
	}()
	a := &album{dir: out, drawn: map[string]bool{}}
	stage := &screens.Stage{Widget: widget, Browser: b}
	var mu sync.Mutex
	screens.Each(screens.Cells(screens.Rows()), func(c screens.Cell) {
		if c.Driver != "chrome" {
			return
		}
		pictures, playErr := stage.Pictures(ctx, c, func(name string) bool { return a.has(c.Generation, name) })
		if playErr == nil {
			playErr = a.add(c.Generation, pictures)
		}
		mu.Lock()
		defer mu.Unlock()
		if err == nil && playErr != nil {
			err = fmt.Errorf("%s: %w", c.Name(), playErr)
		}
	})
	fmt.Printf("%d pictures in %s\n", len(a.drawn), out)
	return err
}

// album is the pictures that were drawn, in a folder.
type album struct {
	dir   string
	mu    sync.Mutex
	drawn map[string]bool
}

func (a *album) has(generation, name string) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.drawn[a.path(generation, name)]
}

// awkward is what stands for something else in a file's name.
var awkward = regexp.MustCompile(`[^A-Za-z0-9_-]+`)

func (a *album) path(generation, name string) string {
	return filepath.Join(a.dir, generation, awkward.ReplaceAllString(name, "-")+".png")
}

func (a *album) add(generation string, pictures []screens.Picture) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, p := range pictures {
		path := a.path(generation, p.Name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			return err
		}
		if err := os.WriteFile(path, p.PNG, 0o600); err != nil {
			return err
		}
		a.drawn[path] = true
	}
	return nil
}
