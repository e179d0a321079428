package cmd

import (
	"io"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// shells are those that completion knows.
var shells = []string{"bash", "zsh", "fish", "powershell"}

func (p *program) completionCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "completion SHELL",
		Short: "Print a completion script for " + enumeration(shells),
		Example: `  source <(oidcflow completion bash)
  oidcflow completion zsh > "${fpath[1]}/_oidcflow"
  oidcflow completion fish > ~/.config/fish/completions/oidcflow.fish
  oidcflow completion powershell | Out-String | Invoke-Expression`,
		ValidArgs: shells,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 || !contains(shells, args[0]) {
				return usageError("completion", "", "want %s", enumeration(shells))
			}
			return nil
		},
		RunE: func(c *cobra.Command, args []string) error {
			root := c.Root()
			return map[string]func(io.Writer) error{
				"bash":       func(w io.Writer) error { return root.GenBashCompletionV2(w, true) },
				"zsh":        root.GenZshCompletion,
				"fish":       func(w io.Writer) error { return root.GenFishCompletion(w, true) },
				"powershell": root.GenPowerShellCompletionWithDesc,
			}[args[0]](p.stdout)
		},
	}
}

// completeValues makes the shell complete the values of flags that know only a few.
func completeValues(c *cobra.Command) {
	c.Flags().VisitAll(func(f *pflag.Flag) {
		var values []string
		switch v := f.Value.(type) {
		case *value:
			values = v.setting.values
		case oneOf:
			values = v.values
		}
		if values == nil {
			return
		}
		complete := cobra.FixedCompletions(values, cobra.ShellCompDirectiveNoFileComp)
		if err := c.RegisterFlagCompletionFunc(f.Name, complete); err != nil {
			panic(err) // a flag twice
		}
	})
	for _, sub := range c.Commands() {
		completeValues(sub)
	}
}
