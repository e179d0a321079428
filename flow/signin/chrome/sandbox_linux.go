package chrome

import (
	"os"
	"path/filepath"
	"strings"
)

// unprivileged is the user that Chrome runs as when we are root: nobody, on every Linux. Chrome's sandbox does not work
// for root.
const unprivileged = 65534

// canSandbox reports whether Chrome's sandbox can be expected to work: by Chrome's setuid helper, or by the user
// namespaces that the kernel gives to unprivileged users. A no is certain; a yes may still fail.
func canSandbox(path string) bool {
	for _, helper := range []string{"chrome-sandbox", "chrome_sandbox"} {
		info, err := os.Stat(filepath.Join(filepath.Dir(path), helper))
		if err == nil && info.Mode()&os.ModeSetuid != 0 {
			return true
		}
	}
	return setting("/proc/sys/user/max_user_namespaces") != "0" &&
		setting("/proc/sys/kernel/unprivileged_userns_clone") != "0" && // Debian's and Arch's switch
		setting("/proc/sys/kernel/apparmor_restrict_unprivileged_userns") != "1" && // Ubuntu's
		!filtered()
}

// filtered reports whether a seccomp filter is on us, as in a container: the usual ones refuse new user namespaces to
// whoever is not root.
func filtered() bool {
	status, err := os.ReadFile("/proc/self/status")
	return err == nil && strings.Contains(string(status), "\nSeccomp:\t2")
}

// setting returns a kernel setting, or "" where the kernel does not have it.
func setting(path string) string {
	b, err := os.ReadFile(path)
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(b))
}
