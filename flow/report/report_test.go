package report_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/oidcflow/oidcflow/flow/report"
	"github.com/oidcflow/oidcflow/flow/trace"
)

var update = flag.Bool("update", false, "write the golden files")

const testdata = "../../testdata"

// recorded returns the events of a recorded trace.
func recorded(t testing.TB, name string) []trace.Event {
	t.Helper()
	f, err := os.Open(filepath.Join(testdata, "trace", name))
	require.NoError(t, err)
	defer f.Close()
	var events []trace.Event
	for s := bufio.NewScanner(f); s.Scan(); {
		var e trace.Event
		require.NoError(t, json.Unmarshal(s.Bytes(), &e))
		if e.Kind == trace.File {
			e.Data = []byte("<html></html>")
		}
		events = append(events, e)
	}
	require.NotEmpty(t, events)
	return events
}

// digits are those of labels: they differ in each run.
var digits = regexp.MustCompile(` [0-9a-f]{4}»`)

// golden compares got with a golden file, or writes that with -update.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	got = digits.ReplaceAll(got, []byte(" 3f9a»"))
	path := filepath.Join(testdata, "golden", "report-"+name)
	if *update {
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
		require.NoError(t, os.WriteFile(path, got, 0o644))
	}
	want, err := os.ReadFile(path)
	require.NoError(t, err, "go test ./flow/report -update writes it")
	require.Equal(t, strings.ReplaceAll(string(want), "\r\n", "\n"), string(got))
}

func TestGolden(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		sink func(*bytes.Buffer) trace.Recorder
	}{
		{"console.txt", func(b *bytes.Buffer) trace.Recorder { return report.Console(b, report.ConsoleOptions{}) }},
		{"console-verbose.txt", func(b *bytes.Buffer) trace.Recorder {
			return report.Console(b, report.ConsoleOptions{Verbose: true})
		}},
		{"console-color.txt", func(b *bytes.Buffer) trace.Recorder {
			return report.Console(b, report.ConsoleOptions{Verbose: true, Color: true})
		}},
		{"console-github.txt", func(b *bytes.Buffer) trace.Recorder {
			return report.Console(b, report.ConsoleOptions{GitHub: true})
		}},
		{"log.jsonl", func(b *bytes.Buffer) trace.Recorder { return report.JSON(b) }},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var b bytes.Buffer
			door := trace.NewRedactor().Recorder(c.sink(&b))
			for _, e := range recorded(t, "signin.jsonl") {
				door.Record(e)
			}
			golden(t, c.name, b.Bytes())
		})
	}
	t.Run("exchange.har", func(t *testing.T) {
		t.Parallel()
		golden(t, "exchange.har", archive(t))
	})
}

// archive returns the HAR of the recorded trace.
func archive(t *testing.T) []byte {
	t.Helper()
	log := report.NewLog()
	door := trace.NewRedactor().Recorder(log)
	for _, e := range recorded(t, "signin.jsonl") {
		door.Record(e)
	}
	var b bytes.Buffer
	require.NoError(t, log.HAR(&b, "oidcflow 1.2.3"))
	return b.Bytes()
}

// buffer is written by a timer's goroutine.
type buffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

// take returns what was written since it was called last.
func (b *buffer) take() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	s := b.b.String()
	b.b.Reset()
	return s
}

func TestConsoleTellsWhatASlowStepWaitsFor(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var b buffer
		r := report.Console(&b, report.ConsoleOptions{})
		ctx := trace.WithRecorder(t.Context(), r)
		ctx, end := trace.Start(ctx, trace.SignIn)
		advance(1900)
		require.Empty(t, b.take(), "not slow yet")
		trace.Record(ctx, trace.Event{Kind: trace.Page, Name: "password", Title: "Sign In"})
		advance(200)
		require.Equal(t, "signin: still waiting after 2s; last: page password \"Sign In\"\n", b.take())
		advance(4000)
		require.Equal(t, "signin: still waiting after 6s; last: page password \"Sign In\"\n", b.take())
		end(nil)
		advance(60_000)
		require.Empty(t, b.take(), "nothing after the end")
	})
}

func TestConsoleTellsNothingOfQuickSteps(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var b buffer
		r := report.Console(&b, report.ConsoleOptions{})
		ctx := trace.WithRecorder(t.Context(), r)
		for range 5 {
			_, end := trace.Start(ctx, trace.Verify)
			advance(1500)
			end(nil)
		}
		require.Empty(t, b.take())
	})
}

// advance moves the clock of a synctest bubble, and lets what is due be done.
func advance(milliseconds int) {
	<-time.After(time.Duration(milliseconds) * time.Millisecond)
	synctest.Wait()
}
