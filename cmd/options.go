package cmd

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/oidcflow/oidcflow/flow"
	"github.com/oidcflow/oidcflow/flow/report"
	"github.com/oidcflow/oidcflow/flow/scenario"
	"github.com/oidcflow/oidcflow/flow/signin"
)

// options are the settings of one call, from wherever they came.
type options struct {
	mock       bool
	faults     []string
	variations []string
	widget     string
	provider   *provider // what the idp block of the file says; never nil

	flow        flow.Config
	user        signin.User
	code        *signin.Code // one of user.Factors in the end; nil: none
	hasTOTP     bool         // one of user.Factors is a TOTP
	secrets     []string     // all that came in, which no child may have in its environment
	driver      string
	signInHosts []string
	consent     signin.Consent
	order       []signin.ChallengeKind
	allowPush   bool
	age         ageKeys
	enrol       *signin.Enrolment // nil: nothing is to be set up
	pages       []signin.Page     // of the file; nil: none
	browser     struct {
		path, sandbox string
		show          bool
	}

	config struct {
		path         string
		selection    scenario.Selection
		allowFile    []string
		allowCommand bool
	}
	fileClient scenario.Client // the client block of the file; zero: none
	caFile     string
	proxy      *url.URL // nil: none
	noProxy    string
	timeout    time.Duration
	artifacts  string
	warnings   []string
	call       report.Call // what a bundle tells of it
}

// addTargetFlags registers the flags that say which provider and which client.
func addTargetFlags(fs *pflag.FlagSet) { addFlags(fs, &targetSettings) }

// addUserFlags registers the flags that say who signs in, and how.
func addUserFlags(fs *pflag.FlagSet) { addFlags(fs, &userSettings, &ageSettings, &signInSettings) }

// addCommonFlags registers the flags of every command that talks to a provider.
func addCommonFlags(fs *pflag.FlagSet) { addFlags(fs, &fileSettings, &commonSettings) }

func addFlags(fs *pflag.FlagSet, groups ...*group) {
	fs.SortFlags = false // as they stand in the table
	for _, g := range groups {
		for i := range g.settings {
			s := &g.settings[i]
			if slices.ContainsFunc(s.flags(), func(name string) bool { return fs.Lookup(name) != nil }) {
				continue // the command has one of its own
			}
			for _, name := range s.flags() {
				f := fs.VarPF(&value{setting: s, arg: s.flagArg(name)}, name, "", s.flagDoc(name))
				f.Annotations = map[string][]string{groupAnnotation: {g.title}}
				f.DefValue = s.def
				if s.arg == "" && s.secret == "" {
					f.NoOptDefVal = "true"
				}
			}
		}
	}
}

const groupAnnotation = "oidcflow_group"

// value is the value of a flag: all that was given, in order.
type value struct {
	setting *setting
	arg     string
	given   []string
}

func (v *value) Set(s string) error {
	if err := v.setting.check(s); err != nil {
		return err
	}
	if !v.setting.repeat {
		v.given = nil
	}
	v.given = append(v.given, s)
	return nil
}

func (v *value) String() string { return strings.Join(v.given, " ") }

func (v *value) Type() string { return v.arg }

// check refuses a value that is not among the few there are.
func (s *setting) check(v string) error {
	if s.values == nil || slices.Contains(s.values, v) {
		return nil
	}
	return fmt.Errorf("want %s, got %q", enumeration(s.values), v)
}

// enumeration writes names as in "a, b or c".
func enumeration(names []string) string {
	if len(names) < 2 {
		return strings.Join(names, "")
	}
	last := len(names) - 1
	return strings.Join(names[:last], ", ") + " or " + names[last]
}

// options reads the flags that c has, the variables that stand in for them, and the file.
func (p *program) options(c *cobra.Command) (*options, error) {
	o := &options{provider: &provider{}, driver: "auto", timeout: time.Minute, call: callOf(c)}
	r := &reader{program: p, flags: c.Flags(), options: o}
	// What says where to look comes first: --mock takes variables away, --config adds a file.
	for _, s := range []*setting{targetSettings.named("mock"), targetSettings.named("client"), userSettings.named("user")} {
		if err := r.one(c.Context(), s, true); err != nil {
			return nil, err
		}
	}
	if err := r.read(c.Context(), &fileSettings); err != nil {
		return nil, err
	}
	if err := r.loadProfile(c.Context()); err != nil {
		return nil, err
	}
	if err := r.read(c.Context(), &ageSettings, &targetSettings, &userSettings, &signInSettings, &commonSettings); err != nil {
		return nil, err
	}
	if o.user.Passkey != nil {
		r.learn(o.user.Passkey.Secrets()...)
	}
	o.noProxy, _ = p.env("NO_PROXY", "no_proxy")
	return o, o.judge(c.Flags())
}

// judge refuses settings that do not go together, and warns of those that weaken something.
func (o *options) judge(flags *pflag.FlagSet) error {
	if o.mock {
		for _, name := range []string{"issuer", "authorization-url", "token-url", "jwks-url", "userinfo-url"} {
			if flags.Changed(name) {
				return usageError("mock_and_target", "leave one of them out", "--mock and --%s: there can be only one provider", name)
			}
		}
		o.flow.Issuer, o.flow.Endpoints = "", flow.Endpoints{} // what a file says is not for the embedded provider
		return checkFaults(o.faults, o.variations)
	}
	switch e := o.flow.Endpoints; {
	case o.faults != nil:
		return usageError("fault_without_mock", "add --mock", "--fault is for the embedded provider only")
	case o.widget != "":
		return usageError("widget_without_mock", "add --mock", "--widget is for the embedded provider only")
	case o.variations != nil:
		return usageError("variation_without_mock", "add --mock", "--variation is for the embedded provider only")
	case o.flow.Issuer == "" && (e.Authorization == "" || e.Token == ""):
		return usageError("missing_issuer", "give --issuer URL or set OIDCFLOW_ISSUER; --mock uses the embedded provider",
			"no provider: neither an issuer, nor an authorization URL and a token URL")
	case o.flow.ClientID == "":
		return usageError("missing_client_id", "give --client-id ID or set OIDCFLOW_CLIENT_ID", "no client ID")
	}
	if o.flow.InsecureHTTP {
		o.warnings = append(o.warnings, "--insecure-http: whoever is on the way can read passwords and tokens")
	}
	return nil
}
