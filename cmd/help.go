package cmd

import (
	"fmt"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// usage prints how a command is called: its form, examples, and flags by group.
func usage(c *cobra.Command) error {
	var b strings.Builder
	fmt.Fprintf(&b, "Usage:\n  %s\n", c.UseLine())
	if c.HasExample() {
		fmt.Fprintf(&b, "\nExamples:\n%s\n", c.Example)
	}
	writeCommands(&b, "Commands", c.Commands(), (*cobra.Command).IsAvailableCommand)
	writeCommands(&b, "Topics (oidcflow help TOPIC)", c.Commands(), (*cobra.Command).IsAdditionalHelpTopicCommand)
	titles := []string{""}
	for _, g := range groups {
		titles = append(titles, g.title)
	}
	for _, title := range append(titles, "Output") {
		writeFlags(&b, title, c)
	}
	_, err := fmt.Fprint(c.OutOrStdout(), b.String())
	return err
}

func writeCommands(b *strings.Builder, title string, all []*cobra.Command, is func(*cobra.Command) bool) {
	for _, c := range all {
		if !is(c) {
			continue
		}
		if title != "" {
			fmt.Fprintf(b, "\n%s:\n", title)
			title = ""
		}
		fmt.Fprintf(b, "  %-12s %s\n", c.Name(), c.Short)
	}
}

// writeFlags prints those of c's flags that are in a group.
func writeFlags(b *strings.Builder, title string, c *cobra.Command) {
	fs := pflag.NewFlagSet("", pflag.ContinueOnError)
	fs.SortFlags = false
	add := func(f *pflag.Flag) {
		if group := f.Annotations[groupAnnotation]; strings.Join(group, "") == title {
			fs.AddFlag(f)
		}
	}
	local := c.LocalFlags()
	local.SortFlags = false
	local.VisitAll(add)
	c.InheritedFlags().VisitAll(add)
	if !fs.HasAvailableFlags() {
		return
	}
	if title == "" {
		title = "Flags"
	} else {
		title += " flags"
	}
	fmt.Fprintf(b, "\n%s:\n%s", title, fs.FlagUsages())
}

// inGroup puts flags into a group of the help.
func inGroup(title string, fs *pflag.FlagSet, names ...string) {
	for _, name := range names {
		f := fs.Lookup(name)
		f.Annotations = map[string][]string{groupAnnotation: {title}}
	}
}

// flagDoc is the help of one of the flags of s.
func (s *setting) flagDoc(flag string) string {
	doc := s.doc
	switch {
	case s.secret != "" && flag == s.commandFlag():
		return "a program that prints " + doc
	case s.secret != "":
		doc = "a file with " + doc
	case s.values != nil:
		doc += ": " + enumeration(s.values)
	}
	if s.env != nil {
		doc += " [$" + strings.Join(s.env, ", $") + "]"
	}
	return doc
}

// flagArg is what the value of one of the flags of s is called.
func (s *setting) flagArg(flag string) string {
	switch {
	case s.secret != "" && flag == s.commandFlag():
		return "CMD"
	case s.secret != "":
		return "FILE"
	case s.arg == "":
		return "bool"
	default:
		return s.arg
	}
}

// helpCommand is `help`, which also prints the topics.
func (p *program) helpCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "help [COMMAND|TOPIC]",
		Short:   "Help about a command or a topic",
		Example: "  oidcflow help token\n  oidcflow help exit-codes",
		ValidArgsFunction: func(c *cobra.Command, _ []string, _ string) ([]string, cobra.ShellCompDirective) {
			var names []string
			for _, sub := range c.Root().Commands() {
				names = append(names, sub.Name())
			}
			return names, cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(c *cobra.Command, args []string) error {
			target, rest, err := c.Root().Find(args)
			if err != nil || len(rest) > 0 {
				var names []string
				for _, sub := range c.Root().Commands() {
					names = append(names, sub.Name())
				}
				return usageError("unknown_command", nearest(args[0], names, "`oidcflow help` lists commands and topics"),
					"no command or topic %q", strings.Join(args, " "))
			}
			return target.Help()
		},
	}
}

// helpTopics are commands that cannot be run: cobra prints their Long.
func helpTopics() []*cobra.Command {
	return []*cobra.Command{
		{Use: "environment", Short: "The variables that stand in for flags", Long: environmentHelp()},
		{Use: "exit-codes", Short: "What the exit codes mean", Long: exitCodesHelp()},
		{Use: "outputs", Short: "How tokens are written", Long: outputsHelp()},
		{Use: "config", Short: "What a file can say", Long: configHelp()},
		{Use: "scenario", Short: "What a scenario file can say, for 'oidcflow test'", Long: scenarioHelp()},
	}
}

func columns(write func(t *tabwriter.Writer)) string {
	var b strings.Builder
	t := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	write(t)
	_ = t.Flush() // a strings.Builder takes everything
	return strings.TrimRight(b.String(), "\n")
}

func environmentHelp() string {
	return `A flag goes before its variable, a variable before the file, the file before the default. An empty variable counts as
not set. A variable of a secret holds the secret itself; with _FILE at the end of its name, the name of a file.
With --mock, the variables of target and user are not read.

` + columns(func(t *tabwriter.Writer) {
		for _, g := range groups {
			for _, s := range g.settings {
				for _, name := range s.env {
					fmt.Fprintf(t, "  %s\t--%s\n", name, strings.Join(s.flags(), ", --"))
				}
			}
		}
		fmt.Fprint(t, "  NO_PROXY\thosts that are reached without the proxy\n  NO_COLOR\t--no-color\n")
	})
}

func exitCodesHelp() string {
	return "The code of an error is printed with --log-format json; its part before the dot decides.\n\n" +
		columns(func(t *tabwriter.Writer) {
			for _, e := range exitCodes {
				prefixes := ""
				for _, p := range e.prefixes {
					prefixes += " " + p + ".*"
				}
				fmt.Fprintf(t, "  %d\t%s\t%s\n", e.code, e.doc, strings.TrimSpace(prefixes))
			}
		})
}

func outputsHelp() string {
	return `--output FORMAT, to stdout or, with --out FILE, to a file that only its owner can read. A format whose token the
provider did not give ends with exit code 4.

` + columns(func(t *tabwriter.Writer) {
		for _, f := range formats {
			fmt.Fprintf(t, "  %s\t%s\n", f.name, f.doc)
		}
	})
}
