//go:build !linux

package chrome

// unprivileged is the user that Chrome runs as when we are root: none, since the sandbox works for root here.
const unprivileged = 0

// canSandbox reports whether Chrome's sandbox can be expected to work, which it does on macOS and Windows.
func canSandbox(string) bool { return true }
