package chrome

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

const (
	profilePrefix = "oidcflow-chrome-" // and the owner's process ID, and what makes it unique
	temporary     = "t"                // below a profile: Chrome's temporary files
	defaults      = "Default"          // below a profile: what Chrome knows of the user
	removeFor     = 3 * time.Second    // how long a profile that Chrome still writes to is tried again
)

// newProfile makes the folder that one Chrome writes to: everything it keeps, its HOME and its temporary files. The
// name says whose it is, so that [sweep] can tell what has been left behind.
func newProfile(tempDir string) (string, error) {
	dir, err := os.MkdirTemp(tempDir, fmt.Sprintf("%s%d-", profilePrefix, os.Getpid())) // 0700
	if err != nil {
		return "", fmt.Errorf("the browser's profile: %w", err)
	}
	if err := fillProfile(dir); err != nil {
		return "", errors.Join(fmt.Errorf("the browser's profile: %w", err), os.RemoveAll(dir))
	}
	return dir, nil
}

// preferences are settings that Chrome has no switches for: no connections on suspicion that a page may be asked for,
// nothing said about passwords to anybody, and no boxes in front of the page.
const preferences = `{
	"net": {"network_prediction_options": 2},
	"credentials_enable_service": false,
	"profile": {"password_manager_enabled": false, "password_manager_leak_detection": false},
	"autofill": {"profile_enabled": false, "credit_card_enabled": false},
	"safebrowsing": {"enabled": false},
	"search": {"suggest_enabled": false},
	"translate": {"enabled": false},
	"alternate_error_pages": {"enabled": false}
}`

// fillProfile makes what Chrome is to find in its profile.
func fillProfile(dir string) error {
	for _, sub := range []string{temporary, defaults} {
		if err := os.Mkdir(filepath.Join(dir, sub), 0o700); err != nil {
			return err
		}
	}
	return os.WriteFile(filepath.Join(dir, defaults, "Preferences"), []byte(preferences), 0o600)
}

// sweep removes the profiles in tempDir whose owner is gone, after ending the browsers that still use them. It is for
// what a program leaves that was killed; what belongs to others is left alone.
func sweep(tempDir string) {
	entries, err := os.ReadDir(tempDir)
	if err != nil {
		return // the profile cannot be made there either, and that error is told
	}
	for _, e := range entries {
		owner, ok := profileOwner(e.Name())
		if !ok || !e.IsDir() || alive(owner) {
			continue
		}
		dir := filepath.Join(tempDir, e.Name())
		info, err := e.Info()
		if err != nil || !ours(info) {
			continue
		}
		// Another process may be sweeping too: an error here only means that the next start will try again.
		_ = removeProfile(dir)
	}
}

// profileOwner returns the process ID in the name of a profile.
func profileOwner(name string) (int, bool) {
	rest, ok := strings.CutPrefix(name, profilePrefix)
	if !ok {
		return 0, false
	}
	number, _, ok := strings.Cut(rest, "-")
	if !ok {
		return 0, false
	}
	pid, err := strconv.Atoi(number)
	return pid, err == nil && pid > 0
}

// removeProfile ends what still runs on the profile and removes it. A process that dies may write once more, so that
// removing is tried again for a while.
func removeProfile(dir string) error {
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	timeout := time.After(removeFor)
	for {
		killUsers(dir)
		err := os.RemoveAll(dir)
		if err == nil {
			return nil
		}
		select {
		case <-tick.C:
		case <-timeout:
			return fmt.Errorf("the browser's profile: %w", err)
		}
	}
}
