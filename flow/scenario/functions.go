package scenario

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/function"
)

// lookup finds the value that a function stands for. Its error becomes part of a diagnostic, so it names the variable,
// file or program, and never a value.
type lookup func(args []string) (string, error)

// context has the functions as they work for the blocks that were chosen.
func (f *File) context(ctx context.Context) *hcl.EvalContext {
	return functions(f.env, f.file, func(args []string) (string, error) { return f.command(ctx, args) })
}

// dryContext has the same functions without a value: names and types can be checked, and nothing is read or run.
func (f *File) dryContext() *hcl.EvalContext { return functions(nil, nil, nil) }

func functions(env, file, command lookup) *hcl.EvalContext {
	one := []function.Parameter{{Name: "name", Type: cty.String}}
	words := &function.Parameter{Name: "word", Type: cty.String}
	return &hcl.EvalContext{Functions: map[string]function.Function{
		"env":     secretFunction(one, nil, env),
		"file":    secretFunction(one, nil, file),
		"command": secretFunction(nil, words, command),
	}}
}

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
			var words []string
			for _, a := range args {
				words = append(words, a.AsString())
			}
			s, err := find(words)
			if err != nil {
				return cty.NilVal, err
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

// file returns the content of a file without the newline at its end. Symbolic links are resolved first, so that one
// below the folder cannot lead out of it.
func (f *File) file(args []string) (string, error) {
	home, err := filepath.Abs(filepath.Dir(f.Path))
	if err != nil {
		return "", err
	}
	path := args[0]
	if !filepath.IsAbs(path) {
		path = filepath.Join(home, path)
	}
	path, err = filepath.EvalSymlinks(path)
	if err != nil {
		return "", fmt.Errorf("no file %q: %w", args[0], err)
	}
	for _, folder := range append([]string{home}, f.options.AllowFile...) {
		if folder, err = filepath.Abs(folder); err != nil {
			return "", err
		}
		if folder, err = filepath.EvalSymlinks(folder); err != nil {
			return "", fmt.Errorf("folder %q: %w", folder, err)
		}
		if below(folder, path) {
			src, err := read(path)
			return strings.TrimRight(string(src), "\r\n"), err
		}
	}
	return "", fmt.Errorf("%q is not below the folder of %s; --allow-file DIR allows another", args[0], filepath.Base(f.Path))
}

func (f *File) command(ctx context.Context, args []string) (string, error) {
	if f.options.Command == nil {
		return "", errors.New("command() is off; --allow-command allows it in a file named with --config")
	}
	if len(args) == 0 {
		return "", errors.New("command() needs a program's name")
	}
	return f.options.Command(ctx, args)
}
