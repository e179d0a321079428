package cmd

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"

	"github.com/hashicorp/hcl/v2"

	"github.com/oidcflow/oidcflow/flow"
	"github.com/oidcflow/oidcflow/flow/scenario"
)

// foundProfile is the file that is read where --config names none.
const foundProfile = "oidcflow.hcl"

// loadFile reads the file of --config, or the one in the current folder where there is one; else it returns nil. The
// latter may have come with a checkout: it runs nothing, and reads nothing outside of its folder.
func (r *reader) loadFile() (*scenario.File, error) {
	o := r.options
	limits := scenario.Options{LookupEnv: r.lookupEnv, Provider: o.provider}
	path := o.config.path
	if path != "" {
		limits.AllowFile = o.config.allowFile
		if o.config.allowCommand {
			limits.Command = r.runCommand
		}
	} else if path = foundProfile; !exists(path) {
		return nil, nil
	}
	file, diags := scenario.Load(path, limits)
	if diags.HasErrors() {
		return nil, configErrors(diags)
	}
	return file, nil
}

// loadProfile takes what the file says about target, client and user, and with --mock about the embedded provider.
func (r *reader) loadProfile(ctx context.Context) error {
	o := r.options
	s := o.config.selection
	file, err := r.loadFile()
	if err != nil {
		return err
	}
	if file == nil {
		if s != (scenario.Selection{}) {
			return usageError("missing_config", "add --config FILE", "--client and --user choose blocks of a file, and there is none")
		}
		return nil
	}
	username, _ := r.first(userSettings.named("username"))
	clientID, _ := r.first(targetSettings.named("client-id"))
	if s.User == "" && slices.Contains(file.Users, username) {
		s.User = username
	}
	if s.Client == "" && slices.Contains(file.Clients, clientID) {
		s.Client = clientID
	}
	profile, diags := file.Profile(ctx, s)
	if o.mock {
		diags = append(diags, file.ConfigureProvider(ctx)...)
	}
	if diags.HasErrors() {
		return configErrors(diags)
	}
	r.learn(profile.Client.Secret, profile.User.Password, profile.User.TOTP, profile.User.Passkey, profile.User.Answers)
	// One user's password never goes out under another's name, nor a client's secret under another's ID.
	if username != "" && username != profile.User.Name {
		profile.User = scenario.User{}
	}
	if clientID != "" && clientID != profile.Client.ID {
		profile.Client = scenario.Client{}
	}
	if profile.User.CodeCommand != "" && (o.config.path == "" || !o.config.allowCommand) {
		return &flow.Error{Code: "config.command", Err: fmt.Errorf("%s: code_command would run a program", file.Path),
			Hint: "--config FILE with --allow-command lets it; a file found by itself runs nothing"}
	}
	o.pages = file.Pages
	r.profile, r.path, o.fileClient = profile, file.Path, profile.Client
	return nil
}

// first returns what flag or variable say of a setting of the target, before the file is asked.
func (r *reader) first(s *setting) (text, from string) {
	if text := r.flag(s.flag); text != "" || r.options.mock {
		return text, "--" + s.flag
	}
	return r.env(s.env...)
}

// configErrors returns a file's mistakes as errors, one each.
func configErrors(diags hcl.Diagnostics) mistakes {
	var all mistakes
	for _, d := range diags {
		e := &flow.Error{Code: "config.syntax", Err: fmt.Errorf("%s: %s: %s", place(d), d.Summary, d.Detail)}
		if cause, ok := d.Extra.(error); ok {
			e = &flow.Error{Code: "config.unreadable", Err: cause}
		}
		all = append(all, e)
	}
	return all
}

func place(d *hcl.Diagnostic) string {
	switch {
	case d.Subject == nil:
		return "config"
	case d.Subject.Start.Line == 0:
		return d.Subject.Filename
	default:
		return fmt.Sprintf("%s:%d", d.Subject.Filename, d.Subject.Start.Line)
	}
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return !errors.Is(err, fs.ErrNotExist)
}

func (g *group) named(flag string) *setting {
	for i := range g.settings {
		if g.settings[i].flag == flag {
			return &g.settings[i]
		}
	}
	panic("no setting " + flag)
}
