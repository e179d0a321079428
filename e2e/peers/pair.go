package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/oidcflow/oidcflow/flow/signin/chrome"
)

// pair are the two programs, each with a browser of its own of the same kind.
type pair struct {
	browser *chrome.Browser
	node    *child
}

func startPair(ctx context.Context, name, scripts string) (*pair, error) {
	path, err := chrome.Find(name)
	if err != nil {
		return nil, err
	}
	settings, err := json.Marshal(map[string]string{"executablePath": path, "redirectURI": redirectURI})
	if err != nil {
		return nil, err
	}
	node, err := startChild(ctx, "node", filepath.Join(scripts, "signin.mjs"), string(settings))
	if err != nil {
		return nil, err
	}
	var hello struct{ Version string }
	if err := node.read(&hello); err != nil {
		return nil, errors.Join(err, node.stop())
	}
	// The sandbox is off in both.
	b, err := chrome.Start(ctx, chrome.Config{Path: path, Sandbox: "off", Env: os.Environ()})
	if err != nil {
		return nil, errors.Join(err, node.stop())
	}
	if !strings.Contains(b.Version(), hello.Version) {
		return nil, errors.Join(fmt.Errorf("want the same browser, got %s and %s", b.Version(), hello.Version), b.Close(), node.stop())
	}
	return &pair{b, node}, nil
}

func (p *pair) stop() error { return errors.Join(p.browser.Close(), p.node.stop()) }

func (p *pair) ours(ctx context.Context, at *provider, n int) (time.Duration, error) {
	return signIns(ctx, at, p.browser.Driver, n)
}

func (p *pair) theirs(ctx context.Context, at *provider, n int) (time.Duration, error) {
	list, err := at.requests(ctx, n)
	if err != nil {
		return 0, err
	}
	type wanted struct {
		URL      string `json:"url"`
		Username string `json:"username"`
		Password string `json:"password"`
	}
	order := make([]wanted, n)
	for i, r := range list {
		order[i] = wanted{r.URL.String(), login(i), password}
	}
	if err := p.node.write(order); err != nil {
		return 0, err
	}
	var got struct {
		Took      float64
		Callbacks []string
	}
	if err := p.node.read(&got); err != nil {
		return 0, err
	}
	for i, callback := range got.Callbacks {
		if want := "state=" + list[i].URL.Query().Get("state"); !strings.Contains(callback, want) || !strings.Contains(callback, "code=") {
			return 0, fmt.Errorf("callback of Playwright: want a code and %s, got %s", want, callback)
		}
	}
	return time.Duration(got.Took * float64(time.Millisecond)), nil
}
