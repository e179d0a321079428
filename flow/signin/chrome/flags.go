package chrome

import (
	"os"
	"path/filepath"
	"strings"
	"sync"
)

// flag is one of Chrome's switches: a string has a value, true has none, and false is not given.
type flag struct {
	name  string
	value any
}

// always are the switches of every start. What they turn off either talks to somebody or writes something down.
var always = []flag{
	{"disable-background-networking", true},
	{"disable-breakpad", true},
	{"disable-component-extensions-with-background-pages", true},
	{"disable-component-update", true},
	{"disable-crash-reporter", true},
	{"disable-default-apps", true},
	{"disable-domain-reliability", true},
	{"disable-extensions", true},
	{"disable-field-trial-config", true},
	{"disable-gpu", true},
	{"disable-popup-blocking", true}, // windows are held by the gate like all pages
	{"disable-print-preview", true},
	{"disable-quic", true},
	{"disable-search-engine-choice-screen", true},
	{"disable-sync", true},
	{"deny-permission-prompts", true},
	{"metrics-recording-only", true},
	{"no-default-browser-check", true},
	{"no-first-run", true},
	{"no-pings", true},
	{"no-service-autorun", true},
	{"password-store", "basic"},
	{"use-mock-keychain", true},
	// A page in the background of another user's must not run slower.
	{"disable-background-timer-throttling", true},
	{"disable-backgrounding-occluded-windows", true},
	{"disable-renderer-backgrounding", true},
	{"disable-ipc-flooding-protection", true},
	{"disable-hang-monitor", true},
	// What is not needed for a sign-in costs time, and some of it talks to others.
	{"disable-features", "Translate,OptimizationHints,MediaRouter,DialMediaRouteProvider,InterestFeedContentSuggestions," +
		"AutofillServerCommunication,CertificateTransparencyComponentUpdater,GlobalMediaControls,HttpsUpgrades,HttpsFirstBalancedModeAutoEnable," +
		"Prerender2,BackForwardCache,PaintHolding,WebUIOmniboxPopup,WebUIOmniboxAimPopup,WebUIOmniboxFullPopup,OmniboxAimPopup"},
	// English pages are known best; a provider still follows ui_locales.
	{"lang", "en-US"},
}

// flags are Chrome's switches for cfg.
func flags(cfg Config, m sandboxMode, t *terminator) []flag {
	list := append([]flag(nil), always...)
	list = append(list, flag{"host-resolver-rules", resolverRules()})
	list = append(list, flag{"no-sandbox", !m.on}) // said in any case: chromedp adds the switch for root where it is not
	if cfg.Show {
		list = append(list, flag{"start-maximized", true})
	} else {
		list = append(list, flag{"headless", true}, flag{"hide-scrollbars", true}, flag{"mute-audio", true},
			flag{"window-size", "1280,1400"}) // tall, so that no footer covers a button
	}
	if smallSharedMemory() {
		list = append(list, flag{"disable-dev-shm-usage", true})
	}
	return append(list, proxyFlags(cfg, t)...)
}

// passed are the variables that Chrome may need, by prefix. Nothing else of our environment reaches it.
var passed = []string{"DISPLAY=", "WAYLAND_DISPLAY=", "XAUTHORITY=", "XDG_RUNTIME_DIR=", "LANG=", "LC_ALL=", "TZ=",
	"SYSTEMROOT=", "SystemRoot=", "WINDIR=", "windir=", "PROGRAMFILES=", "ProgramFiles=", "ProgramFiles(x86)=", "ALLUSERSPROFILE=", "ProgramData="}

// maxTemp is how long the name of a temporary folder may be in which Chrome can make a socket: 104 bytes on macOS, of
// which Chrome takes these.
const maxTemp = 104 - len("/org.chromium.Chromium.XXXXXX/SingletonSocket") - 1

// environment is what Chrome gets: variables of env that are passed on, and a home and a temporary folder in its
// profile, so that nothing is left elsewhere.
func environment(env []string, profile string) []string {
	temp := filepath.Join(profile, temporary)
	if len(temp) > maxTemp {
		temp = "/tmp"
	}
	list := []string{"PATH=/usr/local/bin:/usr/bin:/bin", "HOME=" + profile, "TMPDIR=" + temp, "TEMP=" + temp, "TMP=" + temp,
		"USERPROFILE=" + profile, "LOCALAPPDATA=" + profile,
		// There is no bus to talk to, and looking for one takes time.
		"DBUS_SESSION_BUS_ADDRESS=unix:path=" + os.DevNull, "DBUS_SYSTEM_BUS_ADDRESS=unix:path=" + os.DevNull}
	for _, v := range env {
		for _, prefix := range passed {
			if strings.HasPrefix(v, prefix) {
				list = append(list, v)
			}
		}
	}
	return list
}

// noise are parts of lines that Chrome writes wherever it runs.
var noise = []string{"dbus/", "vaapi", "gpu", "bluetooth", "DevTools listening", "crashpad", "zygote_linux", "InitializeSandbox() called", "voice_transcription", "registration_request"}

// tail keeps the end of what Chrome writes on its standard error.
type tail struct {
	mu  sync.Mutex
	buf []byte
}

const (
	maxTail      = 8 << 10
	maxTailLines = 5
)

// Write implements [io.Writer].
func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.buf = append(t.buf, p...)
	if len(t.buf) > maxTail {
		t.buf = append([]byte(nil), t.buf[len(t.buf)-maxTail:]...)
	}
	return len(p), nil
}

// String returns the last lines that say something, in one line.
func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	var lines []string
	for line := range strings.Lines(string(t.buf)) {
		if line = printable(line); line != "" && !containsAny(line, noise) {
			lines = append(lines, line)
		}
	}
	return strings.Join(lines[max(0, len(lines)-maxTailLines):], " | ")
}

// printable is line without control characters, cut to what one wants to read.
func printable(line string) string {
	line = strings.TrimSpace(strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return -1
		}
		return r
	}, line))
	return line[:min(len(line), 300)]
}

func containsAny(s string, parts []string) bool {
	for _, p := range parts {
		if strings.Contains(s, p) {
			return true
		}
	}
	return false
}
