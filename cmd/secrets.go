package cmd

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/mattn/go-shellwords"

	"github.com/oidcflow/oidcflow/flow/report"
	"github.com/oidcflow/oidcflow/flow/signin"
)

// maxSecret is how many bytes of standard input are read for a secret.
const maxSecret = 1 << 20

// secretFile is the content of a file, or of standard input for "-", without the newline at its end.
func (r *reader) secretFile(file, from string) (*secretSource, error) {
	if file != "-" {
		if w := report.SecretFileWarning(file); w != "" {
			r.options.warnings = append(r.options.warnings, w)
		}
		return &secretSource{from, func(context.Context) (string, error) { return readFile(file, from) }}, nil
	}
	if r.stdin != "" {
		return nil, usageError("stdin_twice", "give one of them a file", "%s and %s both read standard input", r.stdin, from)
	}
	r.stdin = from
	return &secretSource{from, func(context.Context) (string, error) { return r.readStdin(from) }}, nil
}

func readFile(file, from string) (string, error) {
	text, err := report.ReadSecretFile(file)
	if err != nil {
		return "", usageError("unreadable_file", "", "%s: %w", from, err)
	}
	return withoutNewline(string(text)), nil
}

// withoutNewline returns text without the newline at its end. What is encrypted may end with any byte.
func withoutNewline(text string) string {
	if isAge(text) {
		return text
	}
	return strings.TrimRight(text, "\r\n")
}

func (r *reader) readStdin(from string) (string, error) {
	text, err := io.ReadAll(io.LimitReader(r.program.stdin, maxSecret+1))
	switch {
	case err != nil:
		return "", usageError("unreadable_file", "", "%s: standard input: %w", from, err)
	case len(text) > maxSecret:
		return "", usageError("unreadable_file", "", "%s: standard input has more than %d bytes", from, maxSecret)
	}
	return withoutNewline(string(text)), nil
}

// secretCommand is what the program that a flag names prints.
func (r *reader) secretCommand(line, from string) (*secretSource, error) {
	words, err := commandWords(line)
	if err != nil {
		return nil, usageError("invalid_command", "", "%s: %w", from, err)
	}
	return &secretSource{from, func(ctx context.Context) (string, error) {
		text, err := r.runCommand(ctx, words)
		if err != nil {
			return "", fmt.Errorf("%s: %w", from, err) // env.command or env.timeout
		}
		return text, nil
	}}, nil
}

// runCommand returns the first line that a program prints.
func (r *reader) runCommand(ctx context.Context, words []string) (string, error) {
	username, _ := r.first(userSettings.named("username"))
	line, err := signin.RunCommand(ctx, words, username)
	return line.Reveal(), err
}

// commandWords splits a command as a shell would, and refuses what only a shell could run.
func commandWords(line string) ([]string, error) {
	parser := shellwords.NewParser() // expands neither variables nor backticks
	words, err := parser.Parse(line)
	switch {
	case err != nil:
		return nil, errors.New("unbalanced quotes, brackets or backticks")
	case parser.Position >= 0: // where it stopped: at one of ; & | < > ( )
		return nil, errors.New("no shell runs it, so there are no pipes, lists or redirections; write sh -c '…' for them")
	case len(words) == 0:
		return nil, errors.New("no program named")
	}
	return words, nil
}
