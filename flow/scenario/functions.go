package scenario

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/function"

	"github.com/oidcflow/oidcflow/flow/trace"
)

// lookup finds the value that a function stands for. Its error becomes part of a diagnostic, so it names the variable,
// file or program, and never a value.
type lookup func(args []string) (string, error)

// context has the functions as they work for the blocks that were chosen, and what variables and locals say.
func (f *File) context(ctx context.Context) *hcl.EvalContext {
	c := functions(f.env, f.file, func(args []string) (string, error) { return f.command(ctx, args) })
	c.Variables = f.values
	return c
}

// learning has the same functions for runs, which may send what they look up anywhere that is allowed: it is hidden in
// what is told of that.
func (f *File) learning(ctx context.Context) *hcl.EvalContext {
	learned := func(find lookup) lookup {
		return func(args []string) (string, error) {
			s, err := find(args)
			if f.options.Learn != nil && len(s) >= leastLearned {
				f.options.Learn(trace.NewSecret("secret", s))
			}
			return s, err
		}
	}
	return functions(learned(f.env), learned(f.file), learned(func(args []string) (string, error) { return f.command(ctx, args) }))
}

// leastLearned is how long a value must be to be hidden wherever it stands: "true" and "443" are everywhere.
const leastLearned = 8

// dryContext has the same without a value: names and types can be checked, and nothing is read or run.
func (f *File) dryContext() *hcl.EvalContext {
	c := functions(nil, nil, nil)
	c.Variables = f.dry
	return c
}

// secretFunctions are those that look a secret up.
var secretFunctions = []string{"env", "file", "command"}

func functions(env, file, command lookup) *hcl.EvalContext {
	one := []function.Parameter{{Name: "name", Type: cty.String, AllowMarked: true}}
	words := &function.Parameter{Name: "word", Type: cty.String, AllowMarked: true}
	all := library()
	for i, f := range []function.Function{secretFunction(one, nil, env), secretFunction(one, nil, file), secretFunction(nil, words, command)} {
		all[secretFunctions[i]] = f
	}
	return &hcl.EvalContext{Functions: all}
}

// lookupError is the error of a lookup. It holds no secret.
type lookupError struct{ error }

// secretFunction returns a function whose result is marked sensitive; without find it is unknown.
func secretFunction(params []function.Parameter, more *function.Parameter, find lookup) function.Function {
	return function.New(&function.Spec{
		Params:   params,
		VarParam: more,
		Type:     function.StaticReturnType(cty.String),
		Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
			if find == nil {
				return cty.UnknownVal(cty.String).Mark(sensitive{}), nil
			}
			words, secret := []string{}, false
			for _, a := range args {
				a, marks := a.Unmark()
				words, secret = append(words, a.AsString()), secret || len(marks) > 0
			}
			s, err := find(words)
			switch {
			case err != nil && secret:
				return cty.NilVal, &lookupError{errors.New("nothing was found by a name that is a secret")}
			case err != nil:
				return cty.NilVal, &lookupError{err}
			}
			return cty.StringVal(s).Mark(sensitive{}), nil
		},
	})
}

func (f *File) env(args []string) (string, error) {
	if f.options.LookupEnv != nil {
		if v, ok := f.options.LookupEnv(args[0]); ok && v != "" {
			return v, nil
		}
	}
	return "", fmt.Errorf("the environment variable %q is not set", args[0])
}

// file returns the content of a file without the newline at its end.
func (f *File) file(args []string) (string, error) {
	path, err := f.Below(args[0])
	if err != nil {
		return "", err
	}
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		return "", fmt.Errorf("%q is a folder", args[0])
	}
	src, err := read(path)
	return strings.TrimRight(string(src), "\r\n"), err
}

// Below returns where name is, seen from the file's folder, if that is a place that the file may read: below its folder,
// or below one of Options.AllowFile. Symbolic links are resolved first, so that one below the folder cannot lead out of it.
func (f *File) Below(name string) (string, error) {
	home, err := filepath.Abs(filepath.Dir(f.Path))
	if err != nil {
		return "", err
	}
	path := name
	if !filepath.IsAbs(path) {
		path = filepath.Join(home, path)
	}
	path, err = filepath.EvalSymlinks(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "", fmt.Errorf("no file %q, seen from the folder of %s", name, filepath.Base(f.Path))
	case err != nil:
		return "", fmt.Errorf("no file %q: %w", name, err)
	}
	for _, folder := range append([]string{home}, f.options.AllowFile...) {
		if folder, err = filepath.Abs(folder); err != nil {
			return "", err
		}
		if folder, err = filepath.EvalSymlinks(folder); err != nil {
			return "", fmt.Errorf("folder %q: %w", folder, err)
		}
		if below(folder, path) {
			return path, nil
		}
	}
	return "", fmt.Errorf("%q is not below the folder of %s; --allow-file DIR allows another", name, filepath.Base(f.Path))
}

func (f *File) command(ctx context.Context, args []string) (string, error) {
	if f.options.Command == nil {
		return "", errors.New("command() is off; --allow-command allows it in a file that the call names")
	}
	if len(args) == 0 {
		return "", errors.New("command() needs a program's name")
	}
	return f.options.Command(ctx, args)
}
