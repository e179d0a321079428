package chrome

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/oidcflow/oidcflow/flow"
	"github.com/oidcflow/oidcflow/flow/trace"
)

// names are the programs that are looked for in PATH, on every system, in this order. The headless shell comes first: it
// starts in half the time and is all that a sign-in needs.
var names = []string{
	"chromium-headless-shell", "chrome-headless-shell", "headless-shell", "headless_shell",
	"chromium", "chromium-browser",
	"google-chrome", "google-chrome-stable", "google-chrome-beta", "google-chrome-unstable", "chrome",
}

// places are paths by system, below the folders that [roots] names, for where PATH does not lead to a browser.
var places = map[string][]string{
	"linux":  {"/usr/lib/chromium/chromium-headless-shell", "/opt/google/chrome/chrome", "/snap/bin/chromium"},
	"darwin": {"Applications/Chromium.app/Contents/MacOS/Chromium", "Applications/Google Chrome.app/Contents/MacOS/Google Chrome"},
	"windows": {`Chromium\Application\chrome.exe`, `Google\Chrome\Application\chrome.exe`,
		`Microsoft\Edge\Application\msedge.exe`},
}

// Find returns the path of the browser to use: path if it is not empty, else the first of chromium-headless-shell,
// chromium, Google Chrome, and the usual places of macOS and Windows. Where there is none, the error's code is
// env.no_browser and its hint the line that installs one on this system.
func Find(path string) (string, error) { return find(path, func(string) bool { return true }) }

// find is Find among the browsers that suit.
func find(path string, suits func(path string) bool) (string, error) {
	if path != "" {
		found, err := exec.LookPath(path)
		if err != nil {
			return "", noBrowser(fmt.Errorf("browser %q: %w", path, errors.Unwrap(err)))
		}
		return found, nil
	}
	for _, name := range names {
		if found, err := exec.LookPath(name); err == nil && suits(found) {
			return found, nil
		}
	}
	for _, root := range roots() {
		for _, place := range places[runtime.GOOS] {
			if found, err := exec.LookPath(filepath.Join(root, place)); err == nil && suits(found) {
				return found, nil
			}
		}
	}
	return "", noBrowser(errors.New("no Chromium or Chrome among the programs of this machine"))
}

// roots are the folders that places are below.
func roots() []string {
	switch runtime.GOOS {
	case "darwin":
		home, err := os.UserHomeDir()
		if err != nil {
			return []string{"/"}
		}
		return []string{"/", home}
	case "windows":
		roots := []string{`C:\Program Files`, `C:\Program Files (x86)`}
		if local, err := os.UserCacheDir(); err == nil { // %LocalAppData%
			roots = append(roots, local)
		}
		return roots
	}
	return []string{"/"}
}

// wrapped are the programs behind scripts that start a browser as a child instead of becoming it, or that look at the
// machine first.
var wrapped = map[string]string{
	"/usr/bin/chromium-headless-shell": "/usr/lib/chromium/chromium-headless-shell",
	"/usr/bin/chromium":                "/usr/lib/chromium/chromium",
}

// unwrap returns the program to run for a path from [Find].
func unwrap(path string) string {
	if real, ok := wrapped[path]; ok {
		if found, err := exec.LookPath(real); err == nil {
			return found
		}
	}
	return path
}

// isHeadlessShell reports whether path is the browser that has no window at all.
func isHeadlessShell(path string) bool {
	base := strings.ReplaceAll(filepath.Base(unwrap(path)), "_", "-")
	return strings.Contains(base, "headless-shell")
}

func noBrowser(err error) error {
	return &flow.Error{Step: trace.SignIn, Code: "env.no_browser", Err: err, Hint: installHint(runtime.GOOS, osRelease())}
}

// installers are the lines that install a browser, by ID and ID_LIKE of os-release.
var installers = []struct{ id, line string }{
	{"debian", "apt-get install chromium-headless-shell || apt-get install chromium"},
	{"ubuntu", "apt-get install chromium-browser"},
	{"alpine", "apk add chromium"},
	{"fedora", "dnf install chromium-headless || dnf install chromium"},
	{"rhel", "dnf install chromium-headless"},
	{"suse", "zypper install chromium"},
	{"arch", "pacman -S chromium"},
}

// installHint is what to do where there is no browser.
func installHint(goos, release string) string {
	switch goos {
	case "darwin":
		return "install one with: brew install --cask chromium"
	case "windows":
		return "install one with: winget install Google.Chrome"
	}
	for _, id := range releaseIDs(release) {
		for _, in := range installers {
			if in.id == id {
				return "install one with: " + in.line
			}
		}
	}
	return "install Chromium or Chrome, or name it with --browser"
}

// releaseIDs returns the values of ID and ID_LIKE, the nearest first.
func releaseIDs(release string) []string {
	var id, like []string
	for line := range strings.Lines(release) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), "=")
		switch words := strings.Fields(strings.Trim(value, `"'`)); name {
		case "ID":
			id = words
		case "ID_LIKE":
			like = words
		}
	}
	return append(id, like...)
}

// osRelease is what the system says about itself, or nothing where it does not.
func osRelease() string {
	b, err := os.ReadFile("/etc/os-release")
	if err != nil {
		return ""
	}
	return string(b)
}
