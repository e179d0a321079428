package cmd

import (
	"context"
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"github.com/oidcflow/oidcflow/flow/scenario"
	"github.com/oidcflow/oidcflow/flow/trace"
)

// reader finds the values of settings.
type reader struct {
	*program
	flags   *pflag.FlagSet
	options *options
	profile *scenario.Profile // nil: no file
	path    string            // of the profile
	stdin   string            // the flag that has read standard input
}

// read sets everything in groups that has a value.
func (r *reader) read(ctx context.Context, groups ...*group) error {
	for _, g := range groups {
		for i := range g.settings {
			if err := r.one(ctx, &g.settings[i], g.target); err != nil {
				return err
			}
		}
	}
	return nil
}

// one sets s if it has a value. With --mock, no variable stands in for a setting of the target or its user: they were
// meant for another provider.
func (r *reader) one(ctx context.Context, s *setting, target bool) error {
	if r.replaced(s) {
		return nil
	}
	variables := s.env
	if r.options.mock && target {
		variables = nil
	}
	if s.secret != "" {
		return r.oneSecret(ctx, s, variables)
	}
	values, from := r.values(s, variables)
	if values == nil {
		return nil
	}
	if s.mayHold != nil {
		if err := s.mayHold(values, from == "--"+s.flag); err != nil {
			return usageError("invalid_"+s.codeName(), "", "%s: %w", from, err)
		}
	}
	for _, v := range values {
		if err := s.check(v); err != nil {
			return usageError("invalid_"+s.codeName(), "", "%s: %w", from, err)
		}
	}
	if err := s.set(r.options, values); err != nil {
		return usageError("invalid_"+s.codeName(), "", "%s: %w", from, err)
	}
	r.given(s, from, values)
	return nil
}

// values returns what is set, and the flag, variable or file that says so.
func (r *reader) values(s *setting, variables []string) (values []string, from string) {
	if f := r.flags.Lookup(s.flag); f != nil && f.Changed {
		given := f.Value.(*value).given
		if s.split {
			given = words(strings.Join(given, " "))
		}
		return given, "--" + s.flag
	}
	text, from := r.env(variables...)
	if text == "" && s.file != nil && r.profile != nil {
		text, from = s.file(r.profile), r.path
	}
	switch {
	case text == "":
		return nil, ""
	case s.repeat:
		return words(text), from
	default:
		return []string{text}, from
	}
}

// words splits at commas and white space.
func words(s string) []string {
	return strings.FieldsFunc(s, func(r rune) bool { return strings.ContainsRune(", \t\r\n", r) })
}

// env returns the first of the variables that is set and not empty.
func (p *program) env(names ...string) (text, name string) {
	for _, name := range names {
		if v, ok := p.lookupEnv(name); ok && v != "" {
			return v, name
		}
	}
	return "", ""
}

// codeName is the setting's name as it stands in the code of an error.
func (s *setting) codeName() string { return strings.ReplaceAll(s.flag, "-", "_") }

// flags are the names of the flags that stand for s.
func (s *setting) flags() []string {
	switch {
	case s.secret == "":
		return []string{s.flag}
	case s.command:
		return []string{s.fileFlag(), s.commandFlag()}
	default:
		return []string{s.fileFlag()}
	}
}

// replaced reports whether the command has a flag of its own in place of one of s.
func (r *reader) replaced(s *setting) bool {
	return slices.ContainsFunc(s.flags(), func(name string) bool {
		f := r.flags.Lookup(name)
		if f == nil {
			return false
		}
		_, ours := f.Value.(*value)
		return !ours
	})
}

// oneSecret sets s from a file, a program, a variable, a file that a variable names, or the profile. One that is needed
// late is not read yet.
func (r *reader) oneSecret(ctx context.Context, s *setting, variables []string) error {
	source, err := r.secretSource(s, variables)
	if err != nil {
		return err
	}
	if s.setLater != nil {
		r.later(s, source)
		return nil
	}
	secret, from := trace.Secret{}, r.path
	if source != nil {
		from = source.from
		if secret, err = r.readSecret(ctx, s, source); err != nil {
			return err
		}
	} else if s.fileSecret != nil && r.profile != nil {
		secret = s.fileSecret(r.profile)
	}
	if secret.IsZero() {
		return nil
	}
	r.learn(secret)
	if s.encrypted && isAge(secret.Reveal()) {
		plain, err := r.options.age.open(secret.Reveal(), from)
		if err != nil {
			return err
		}
		secret = trace.NewSecret(s.secret, plain)
		r.learn(secret)
	}
	if err := s.setSecret(r.options, secret); err != nil {
		return usageError("invalid_"+s.codeName(), "", "%s: %w", from, err)
	}
	r.given(s, from, nil)
	return nil
}

// later sets s to a function that reads it.
func (r *reader) later(s *setting, source *secretSource) {
	switch {
	case source != nil:
		r.given(s, source.from, nil)
		s.setLater(r.options, func(ctx context.Context) (trace.Secret, error) {
			secret, err := r.readSecret(ctx, s, source)
			r.redactor.Learn(secret)
			return secret, err
		})
	case s.fileLater != nil && r.profile != nil && s.fileLater(r.profile) != nil:
		r.given(s, r.path, nil)
		read := s.fileLater(r.profile)
		s.setLater(r.options, func(ctx context.Context) (trace.Secret, error) {
			secret, diags := read(ctx)
			r.redactor.Learn(secret)
			if diags.HasErrors() {
				return trace.Secret{}, configErrors(diags)[0]
			}
			return secret, nil
		})
	}
}

// secretSource is where a secret is to be had, and the flag or variable that says so.
type secretSource struct {
	from string
	read func(context.Context) (string, error)
}

func (r *reader) readSecret(ctx context.Context, s *setting, source *secretSource) (trace.Secret, error) {
	text, err := source.read(ctx)
	switch {
	case err != nil:
		return trace.Secret{}, err
	case text == "":
		return trace.Secret{}, usageError("empty_"+s.codeName(), "", "%s: the %s is empty", source.from, strings.ReplaceAll(s.flag, "-", " "))
	}
	return trace.NewSecret(s.secret, text), nil
}

// secretSource returns where s is to be had, or nil where nothing but the profile may say so.
func (r *reader) secretSource(s *setting, variables []string) (*secretSource, error) {
	file, command := r.flag(s.fileFlag()), ""
	if s.command {
		command = r.flag(s.commandFlag())
	}
	switch {
	case file != "" && command != "":
		return nil, usageError("two_"+s.codeName()+"s", "leave one of them out", "--%s and --%s are both given", s.fileFlag(), s.commandFlag())
	case file != "":
		return r.secretFile(file, "--"+s.fileFlag())
	case command != "":
		return r.secretCommand(command, "--"+s.commandFlag())
	}
	if text, from := r.env(variables...); text != "" {
		r.learn(trace.NewSecret(s.secret, text)) // it is in the environment, read or not
		return &secretSource{from, func(context.Context) (string, error) { return text, nil }}, nil
	}
	for _, v := range variables {
		if file, from := r.env(v + "_FILE"); file != "" {
			return r.secretFile(file, from)
		}
	}
	return nil, nil
}

// flag returns what was given for a flag that takes one value, or "".
func (r *reader) flag(name string) string {
	if f := r.flags.Lookup(name); f != nil && f.Changed {
		return f.Value.String()
	}
	return ""
}

// learn keeps secrets out of everything that is told from here on, and out of children's environments.
func (r *reader) learn(secrets ...trace.Secret) {
	r.redactor.Learn(secrets...)
	for _, s := range secrets {
		if !s.IsZero() {
			r.options.secrets = append(r.options.secrets, s.Reveal())
		}
	}
}
