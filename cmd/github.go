package cmd

import (
	"crypto/rand"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/oidcflow/oidcflow/flow"
)

// writeGitHub masks every secret on w, which the runner reads, and then appends the tokens to the files that the runner
// reads outputs and variables from.
func writeGitHub(w io.Writer, a *answer) error {
	outputs, env, err := a.gitHubFiles()
	if err != nil {
		return err
	}
	variables := a.variables()
	for _, v := range variables {
		if v.secret {
			if err := mask(w, v.value); err != nil {
				return err
			}
		}
	}
	var asOutputs, asEnv strings.Builder
	for _, v := range variables {
		asOutputs.WriteString(heredoc(strings.ToLower(strings.TrimPrefix(v.name, "OIDCFLOW_")), v.value))
		asEnv.WriteString(heredoc(v.name, v.value))
	}
	if err := appendTo(outputs, asOutputs.String()); err != nil {
		return err
	}
	return appendTo(env, asEnv.String())
}

// gitHubFiles returns the files that the runner named.
func (a *answer) gitHubFiles() (outputs, env string, err error) {
	outputs, _ = a.env("GITHUB_OUTPUT")
	env, _ = a.env("GITHUB_ENV")
	if outputs == "" || env == "" {
		return "", "", usageError("not_in_github_actions", "the format github is for a step of a workflow",
			"GITHUB_OUTPUT and GITHUB_ENV are not both set")
	}
	return outputs, env, nil
}

// mask tells the runner to replace secret in the log of the job. The runner looks at one line at a time and for whole
// values, so the lines and the parts of a JWT are masked as well: its claims alone must not be shown either.
func mask(w io.Writer, secret string) error {
	values := []string{secret}
	if strings.ContainsAny(secret, "\r\n") {
		values = append(values, strings.FieldsFunc(secret, func(r rune) bool { return r == '\r' || r == '\n' })...)
	}
	if parts := strings.Split(secret, "."); len(parts) > 2 {
		values = append(values, parts...)
	}
	for _, v := range values {
		if v == "" {
			continue
		}
		if _, err := fmt.Fprintf(w, "::add-mask::%s\n", escapeCommand(v)); err != nil {
			return err
		}
	}
	return nil
}

// escapeCommand escapes the data of a workflow command, as the runner's toolkit does.
func escapeCommand(s string) string {
	return strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A").Replace(s)
}

// heredoc writes one value as the runner's files have it. The delimiter is random, so that no value can hold it and end
// early to set variables of its own.
func heredoc(name, value string) string {
	delimiter := "oidcflow_" + rand.Text()
	return name + "<<" + delimiter + "\n" + value + "\n" + delimiter + "\n"
}

// appendTo appends text to one of the runner's files, which the runner has made.
func appendTo(path, text string) error {
	f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY|os.O_CREATE, 0o600)
	if err == nil {
		_, err = f.WriteString(text)
		if closeErr := f.Close(); err == nil {
			err = closeErr
		}
	}
	if err != nil {
		return &flow.Error{Code: "env.unwritable", Err: err}
	}
	return nil
}
