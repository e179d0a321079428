package chrome

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/oidcflow/oidcflow/flow"
)

// sandboxMode is one way to run Chrome: with its sandbox or without, and as which user.
type sandboxMode struct {
	on  bool
	uid int // 0: as we are
}

// sandboxModes are the ways to try, in order. Chrome refuses its sandbox to root, so it is run as an unprivileged user
// then; and without the sandbox only where nobody insists on it.
func sandboxModes(setting, path, tempDir string, euid int) ([]sandboxMode, error) {
	sandboxed := sandboxMode{on: true}
	if euid == 0 {
		sandboxed.uid = unprivileged
	}
	switch setting {
	case "on":
		return []sandboxMode{sandboxed}, nil
	case "off":
		return []sandboxMode{{}}, nil
	case "auto", "":
		if canSandbox(path) && (sandboxed.uid == 0 || openToAll(path) && openToAll(tempDir)) {
			return []sandboxMode{sandboxed, {}}, nil
		}
		return []sandboxMode{{}}, nil
	}
	return nil, &flow.Error{Code: "usage.browser_sandbox", Err: fmt.Errorf("browser sandbox: want auto, on or off, got %q", setting)}
}

// give makes the profile the property of the user that Chrome runs as.
func (m sandboxMode) give(profile string) error {
	if m.uid == 0 {
		return nil
	}
	err := filepath.WalkDir(profile, func(path string, _ fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		return os.Lchown(path, m.uid, m.uid)
	})
	if err != nil {
		return fmt.Errorf("the browser's profile: %w", err)
	}
	return nil
}

// openToAll reports whether other users can reach what is at path: that each folder on the way lets them through.
func openToAll(path string) bool {
	for {
		info, err := os.Stat(path)
		if err != nil || info.Mode()&0o001 == 0 {
			return false
		}
		parent := filepath.Dir(path)
		if parent == path {
			return true
		}
		path = parent
	}
}
