package report

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/oidcflow/oidcflow/flow/trace"
)

// Folder is a recorder that keeps what happens, and writes it as files when it is closed.
type Folder struct {
	Log
	dir string

	call    *Call // nil: nobody said
	failure *bundleError

	once  sync.Once
	paths []string
	err   error
}

// Artifacts returns a recorder that writes into dir when it is closed: exchange.har, events.jsonl with every event in
// full, the data of each [trace.File] event and, where [Folder.Describe] was called, bundle.json. Hosts that mean
// something inside one network only have made-up names in all of them. dir is made now, with mode 0700, so that what is
// wrong with it shows before the work is done. Files in it are replaced.
func Artifacts(dir string) (*Folder, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	return &Folder{dir: dir}, nil
}

// Close writes the files, each with mode 0600, also after a failure, which the events tell of. A file that cannot be
// written does not keep the others from being written. Closed again, it does nothing and returns the same.
func (f *Folder) Close() error {
	f.once.Do(func() { f.err = f.write() })
	return f.err
}

// Paths returns the files that Close wrote, in order.
func (f *Folder) Paths() []string { return slices.Clone(f.paths) }

func (f *Folder) write() error {
	events := f.Events()
	var archive, lines bytes.Buffer
	errs := []error{f.HAR(&archive, "oidcflow")}
	for _, e := range events {
		lines.Write(encode(e))
	}
	files := []trace.Event{{Name: "exchange.har", Data: archive.Bytes()}, {Name: "events.jsonl", Data: lines.Bytes()}}
	for _, e := range events {
		if e.Kind == trace.File {
			files = append(files, e)
		}
	}
	hosts := privateHosts(events)
	taken := map[string]bool{BundleName: true}
	list := []bundleFile{}
	for _, e := range files {
		if utf8.Valid(e.Data) {
			e.Data = hideHosts(e.Data, hosts)
		}
		name, err := f.writeOne(e, taken)
		if errs = append(errs, err); err == nil {
			list = append(list, bundleFile{name, len(e.Data)})
		}
	}
	if f.call != nil { // last, as it lists the others
		_, err := f.writeOne(trace.Event{Name: BundleName, Data: hideHosts(f.bundle(events, list), hosts)}, map[string]bool{})
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

func (f *Folder) writeOne(e trace.Event, taken map[string]bool) (name string, err error) {
	if !isFileName(e.Name) {
		return "", fmt.Errorf("artefact %q: want the name of a file, without a folder", e.Name)
	}
	name = unused(e.Name, taken)
	path := filepath.Join(f.dir, name)
	if err := WriteFile(path, e.Data, 0o600); err != nil {
		return "", err
	}
	f.paths = append(f.paths, path)
	return name, nil
}

// unused returns name, with a number before its extension if there was one of that name: page.png, page-2.png. File
// systems may take names that differ in case for the same.
func unused(name string, taken map[string]bool) string {
	ext := filepath.Ext(name)
	candidate := name
	for n := 2; taken[strings.ToLower(candidate)]; n++ {
		candidate = fmt.Sprintf("%s-%d%s", strings.TrimSuffix(name, ext), n, ext)
	}
	taken[strings.ToLower(candidate)] = true
	return candidate
}

// isFileName reports whether name is one file's on every system: no folder, no device of Windows, nothing hidden.
func isFileName(name string) bool {
	const longest = 200
	if len(name) > longest || !utf8.ValidString(name) || Plain(name) != name || !filepath.IsLocal(name) || !fs.ValidPath(name) {
		return false
	}
	if name == "" || name[0] == '.' || strings.HasSuffix(name, ".") || strings.ContainsAny(name, `/\:*?"<>|`) {
		return false
	}
	stem, _, _ := strings.Cut(strings.ToLower(name), ".")
	switch strings.TrimRight(stem, "0123456789¹²³ ") {
	case "con", "prn", "aux", "nul", "com", "lpt", "conin$", "conout$":
		return false
	}
	return true
}
