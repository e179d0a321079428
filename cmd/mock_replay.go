package cmd

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/oidcflow/oidcflow/flow"
	"github.com/oidcflow/oidcflow/mockidp"
)

// replayReady is what mock --replay prints when it listens.
type replayReady struct {
	Issuer   string            `json:"issuer"`
	Origins  map[string]string `json:"origins"` // where each recorded host is
	Requests int               `json:"requests"`
}

// beside are the flags of mock that go with --replay.
var beside = []string{"replay", "listen", "ready-file"}

// replay serves a recording until c's context ends.
func (p *program) replay(c *cobra.Command, m *mockOptions) (err error) {
	var others []string
	c.LocalFlags().VisitAll(func(f *pflag.Flag) {
		if f.Changed && !slices.Contains(beside, f.Name) {
			others = append(others, "--"+f.Name)
		}
	})
	if others != nil {
		return usageError("replay_and_provider", "leave one of them out", "--replay is not for the embedded provider, as %s is", strings.Join(others, ", "))
	}
	file, err := openRecording(m.replay)
	if err != nil {
		return &flow.Error{Code: "config.unreadable", Err: fmt.Errorf("--replay: %w", err)}
	}
	r, err := mockidp.StartReplay(file, m.listen)
	if err = errors.Join(err, file.Close()); err != nil {
		return &flow.Error{Code: "config.recording", Err: fmt.Errorf("--replay %s: %w", m.replay, err)}
	}
	defer closeInto(&err, r)
	p.say("A recording, at %s. Type no real password: its pages are those of whoever made it. Ctrl-C ends it.", r.Issuer)
	if err := p.announce(replayReady{r.Issuer, r.Origins, r.Requests}, m.readyFile); err != nil {
		return err
	}
	return r.Wait(c.Context())
}

// openRecording opens a HAR file, or that of a folder of artefacts. It must be a file: a pipe may never end.
func openRecording(path string) (*os.File, error) {
	info, err := os.Stat(path)
	if err == nil && info.IsDir() {
		path = filepath.Join(path, "exchange.har")
		info, err = os.Stat(path)
	}
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s: not a file", path)
	}
	return os.Open(path)
}
