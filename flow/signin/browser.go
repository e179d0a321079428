package signin

import (
	"context"
	"fmt"
	"os/exec"
	"runtime"
	"strings"
	"time"
)

// openTime is how long a program that opens browsers has to say that it cannot. Some stay until the browser is closed.
const openTime = 3 * time.Second

// desktopEnv are the variables by which programs find the person's desktop.
var desktopEnv = []string{"DISPLAY", "WAYLAND_DISPLAY", "XAUTHORITY", "DBUS_SESSION_BUS_ADDRESS", "XDG_CURRENT_DESKTOP",
	"XDG_SESSION_TYPE",
	"XDG_DATA_DIRS", "XDG_DATA_HOME", "XDG_CONFIG_DIRS", "DESKTOP_SESSION", "WSL_DISTRO_NAME", "WSL_INTEROP"}

// openers are what systems have for opening an address in the person's browser; others have xdg-open.
var openers = map[string][]string{
	"darwin":  {"open"},
	"windows": {"rundll32", "url.dll,FileProtocolHandler"},
}

// OpenBrowser opens address in the person's browser. The address is one argument of a program, and no shell reads it.
func OpenBrowser(ctx context.Context, address string) error {
	args := openers[runtime.GOOS]
	if args == nil {
		args = []string{"xdg-open"}
	}
	return openWith(ctx, args, address)
}

// openWith runs the program args with address, and leaves it running where it goes on: it may be the browser itself.
func openWith(ctx context.Context, args []string, address string) error {
	if !strings.HasPrefix(address, "https://") && !strings.HasPrefix(address, "http://") {
		return fmt.Errorf("want a web address, got %q", cleanURL(address))
	}
	cmd := exec.Command(args[0], append(args[1:len(args):len(args)], address)...)
	cmd.Env = inherited(append(desktopEnv, commandEnv...))
	if err := cmd.Start(); err != nil {
		return err
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	return waitFor(ctx, ended)
}

// waitFor returns what ended says within openTime, and nil if it says nothing.
func waitFor(ctx context.Context, ended <-chan error) error {
	timer := time.NewTimer(openTime)
	defer timer.Stop()
	select {
	case err := <-ended:
		return err
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
