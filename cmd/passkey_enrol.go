package cmd

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"filippo.io/age"
	"github.com/spf13/cobra"

	"github.com/oidcflow/oidcflow/flow"
	"github.com/oidcflow/oidcflow/flow/report"
	"github.com/oidcflow/oidcflow/flow/signin"
	"github.com/oidcflow/oidcflow/flow/trace"
)

// enrolment is a command that has a factor set up at the provider's sign-in, and writes what it is to a file.
type enrolment struct {
	want     signin.ChallengeKind
	what     string   // as people call it
	flag     string   // that names the file, and for other commands a file to read
	drivers  []string // that can do it, the default first
	contents func(*signin.Enrolment, *options) ([]byte, error)
	answer   func(*signin.Enrolment, *options) any // what is told on stdout, with the file's name in it

	file       string
	plain      bool
	recipients []string
	force      bool
}

// command makes the command. The flag for the file replaces the one of the same name that other commands read.
func (e *enrolment) command(p *program, c *cobra.Command) *cobra.Command {
	c.Use, c.Aliases, c.Args = "enrol", []string{"enroll"}, noArguments
	c.RunE = func(c *cobra.Command, _ []string) error { return p.enrol(c, e) }
	fs := c.Flags()
	fs.SortFlags = false
	fs.StringVar(&e.file, e.flag, "", "write the "+e.what+" to this `FILE`, mode 0600")
	fs.BoolVar(&e.plain, "plain", false, "write it unencrypted")
	fs.StringArrayVar(&e.recipients, "recipient", nil, "encrypt it for this age `RECIPIENT`, as in age1…, and not with a passphrase; may be repeated")
	fs.BoolVar(&e.force, "force", false, "replace the file if it is there")
	inGroup("Output", fs, e.flag, "plain", "recipient", "force")
	addTargetFlags(fs)
	addUserFlags(fs)
	addCommonFlags(fs)
	return c
}

// enrol signs a user in through the screen where the factor is set up, and writes the file.
func (p *program) enrol(c *cobra.Command, e *enrolment) error {
	o, err := p.options(c)
	if err != nil {
		return err
	}
	to, err := e.judge(o)
	if err != nil {
		return err
	}
	o.enrol = &signin.Enrolment{Want: e.want}
	return p.withClient(c.Context(), o, func(ctx context.Context, s *session) error {
		signInErr := s.signIn(ctx)
		content, err := e.contents(o.enrol, o)
		switch {
		case content == nil && err == nil && signInErr == nil:
			return e.notOffered()
		case content == nil && err == nil:
			return signInErr
		case err != nil:
			return errors.Join(err, signInErr)
		}
		path, err := p.keep(e, content, to)
		if err != nil {
			return err
		}
		if signInErr != nil {
			p.say("The %s is set up, and in %s. The sign-in failed after that.", e.what, path)
			return signInErr
		}
		return encode(p.stdout, e.answer(o.enrol, o))
	})
}

// signIn signs in, and leaves the code that the provider answers with unused.
func (s *session) signIn(ctx context.Context) error {
	a, err := s.client.Authorize(ctx)
	if err != nil {
		return err
	}
	cb, err := s.client.SignIn(ctx, a)
	if err != nil {
		return err
	}
	_, err = s.client.Code(ctx, a, cb)
	return err
}

func (e *enrolment) notOffered() error {
	return &flow.Error{Step: trace.SignIn, Code: "signin.enrolment_not_offered",
		Err:  fmt.Errorf("the user signed in, and the provider did not offer to set up a %s", e.what),
		Hint: "let its policy ask this user for one; a user who has one already is not asked again"}
}

// judge refuses, before anybody signs in, what could not be done or written afterwards. It returns whom to encrypt the
// file for.
func (e *enrolment) judge(o *options) ([]age.Recipient, error) {
	if o.driver == "auto" {
		o.driver = e.drivers[0]
	}
	if !contains(e.drivers, o.driver) {
		return nil, usageError("invalid_sign_in", "", "--sign-in: a %s is set up with %s, not with %s", e.what, enumeration(e.drivers), o.driver)
	}
	if e.file == "" || e.file == "-" {
		return nil, usageError("missing_"+string(e.want)+"_file", "", "--%s: want the file to write", e.flag)
	}
	if o.mock && o.driver == "chrome" && o.widget == "" && o.provider.config.Widget == "" {
		return nil, usageError("missing_widget", "`npm install @okta/okta-signin-widget`, and give --widget node_modules/@okta/okta-signin-widget/dist",
			"the pages on which the embedded provider sets up a %s need Okta's script", e.what)
	}
	to, err := o.age.recipients(e.plain, e.recipients)
	if err != nil {
		return nil, err
	}
	return to, e.writable()
}

// writable returns an error if the file could not be written.
func (e *enrolment) writable() error {
	_, err := os.Lstat(e.file)
	switch {
	case err == nil && !e.force:
		return usageError("file_exists", "name another file, or replace it with --force", "--%s: %s is there already", e.flag, e.file)
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return usageError("unwritable_file", "", "--%s: %w", e.flag, err)
	}
	f, err := os.CreateTemp(filepath.Dir(e.file), ".oidcflow-*.tmp")
	if err != nil {
		return usageError("unwritable_file", "", "--%s: %w", e.flag, err)
	}
	if err := errors.Join(f.Close(), os.Remove(f.Name())); err != nil {
		return usageError("unwritable_file", "", "--%s: %w", e.flag, err)
	}
	return nil
}

// keep writes the factor, which the provider has taken by now, and so must not be lost: to its file, else to one that
// can be written. It returns where it is.
func (p *program) keep(e *enrolment, content []byte, to []age.Recipient) (string, error) {
	if to != nil {
		var err error
		if content, err = encrypt(content, to); err != nil {
			return "", &flow.Error{Code: "env.unwritable", Err: fmt.Errorf("encrypting the %s, which the provider has taken: %w", e.what, err),
				Hint: "remove it at the provider, and set up another one"}
		}
	}
	write := report.WriteNewFile
	if e.force {
		write = report.WriteFile
	}
	err := write(e.file, content, 0o600)
	if err == nil {
		return e.file, nil
	}
	return "", p.rescue(e, content, to != nil, err)
}

// rescue keeps what could not be written to its file for the reason why.
func (p *program) rescue(e *enrolment, content []byte, encrypted bool, why error) error {
	failed := func(hint string, args ...any) error {
		return &flow.Error{Code: "env.unwritable", Err: fmt.Errorf("--%s: the provider has taken the %s, and the file cannot be written: %w", e.flag, e.what, why),
			Hint: fmt.Sprintf(hint, args...)}
	}
	for _, dir := range []string{filepath.Dir(e.file), os.TempDir()} {
		path := filepath.Join(dir, fmt.Sprintf("oidcflow-%s-%d", e.want, os.Getpid()))
		if err := report.WriteNewFile(path, content, 0o600); err == nil {
			return failed("it is in %s, for this user alone: move it to where it belongs", path)
		}
	}
	if encrypted || p.log.showSecrets {
		fmt.Fprintf(p.stderr, "%s\n", content)
		return failed("it is in the lines above: keep them in a file of mode 0600")
	}
	return failed("it is lost: remove it at the provider, and set up another one")
}
