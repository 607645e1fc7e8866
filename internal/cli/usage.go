package cli

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"strava-token/internal/input"
	"strava-token/internal/secret"
	"strava-token/internal/words"
)

// screen is the maximum width of a help text.
const screen = 80

// showUsage prints the library's usage text, at most as wide as a screen.
func showUsage(c *cobra.Command) error {
	var b strings.Builder
	fmt.Fprintf(&b, "Usage:\n  %s\n", c.UseLine())
	if c.HasExample() {
		fmt.Fprintf(&b, "\nExamples:\n%s\n", c.Example)
	}
	if c.HasAvailableSubCommands() {
		b.WriteString("\nCommands:\n")
		for _, sub := range c.Commands() {
			if sub.IsAvailableCommand() || sub.Name() == "help" {
				fmt.Fprintf(&b, "  %-*s %s\n", sub.NamePadding(), sub.Name(), sub.Short)
			}
		}
	}
	fmt.Fprintf(&b, "\nFlags:\n%s", c.LocalFlags().FlagUsagesWrapped(screen))
	_, err := fmt.Fprint(c.OutOrStdout(), b.String())
	return err
}

// helpCommand replaces the library's, because that quotes what it doesn't find: it may
// be a secret in the wrong place.
func helpCommand(root *cobra.Command) *cobra.Command {
	return &cobra.Command{
		Use:   "help [command]",
		Short: "Help about a command",
		RunE: func(_ *cobra.Command, args []string) error {
			c, rest, err := root.Find(args)
			if err != nil || len(rest) > 0 {
				return noCommand(root, args)
			}
			return c.Help()
		},
	}
}

// addCompletion adds the library's command, but none of its arguments, since it quotes
// them as well.
func addCompletion(root *cobra.Command) {
	root.InitDefaultCompletionCmd()
	c, _, _ := root.Find([]string{"completion"})
	c.Short = "Print a completion script for your shell"
	c.Args, c.RunE = atMost(0), func(c *cobra.Command, _ []string) error { return c.Help() }
	for _, shell := range c.Commands() {
		shell.Args = atMost(0)
	}
}

// atMost accepts at most n arguments.
func atMost(n int) cobra.PositionalArgs {
	return func(c *cobra.Command, args []string) error {
		if len(args) > n {
			return input.Misuse("usage-arguments", words.Blanks{"command": c.CommandPath()})
		}
		return nil
	}
}

func noCommand(root *cobra.Command, args []string) error {
	return input.Misuse("usage-no-command", words.Blanks{"nearest": nearest(root, args[0])})
}

// badFlag turns an error of the command line's library into one of ours: the
// library's errors quote what was written.
func badFlag(c *cobra.Command, err error) error {
	id, blanks := "usage-no-flag", words.Blanks{"flag": "", "command": c.CommandPath(), "nearest": ""}
	var unknown *pflag.NotExistError
	var empty *pflag.ValueRequiredError
	var invalid *pflag.InvalidValueError
	switch {
	case errors.As(err, &unknown) && unknown.GetSpecifiedShortnames() == "":
		name := unknown.GetSpecifiedName()
		blanks["flag"], blanks["nearest"] = shown("--"+name), nearestFlag(c, name)
	case errors.As(err, &empty):
		id, blanks["flag"] = "usage-no-value", "--"+empty.GetFlag().Name
	case errors.As(err, &invalid):
		flag := invalid.GetFlag()
		id, blanks["flag"], blanks["form"] = "usage-bad-value", "--"+flag.Name, flagForms[flag.Value.Type()]
	}
	return input.Misuse(id, blanks)
}

// flagForms say how the value of a flag is written, by its type.
var flagForms = map[string]string{
	"bool":     "true or false",
	"int":      "a number",
	"int64":    "a number",
	"duration": "a number with its unit, as in 30m or 1h",
}

// shown returns the name of a flag if it's safe to print: no longer than a flag's,
// and of its letters.
func shown(name string) string {
	if len(name) > 22 || name == "--" || strings.Trim(name, "abcdefghijklmnopqrstuvwxyz-") != "" {
		return ""
	}
	return secret.Quotable(name)
}

// nearestFlag returns the flag that was most likely meant, or "". The library has
// suggestions only for commands.
func nearestFlag(c *cobra.Command, name string) string {
	flags := &cobra.Command{}
	c.Flags().VisitAll(func(f *pflag.Flag) {
		flags.AddCommand(&cobra.Command{Use: f.Name, Run: func(*cobra.Command, []string) {}})
	})
	if flag := nearest(flags, name); flag != "" {
		return "--" + flag
	}
	return ""
}

// nearest returns the command that differs the least, in at most two letters, or "".
func nearest(parent *cobra.Command, name string) string {
	for distance := range 2 {
		parent.SuggestionsMinimumDistance = 1 + distance
		if names := parent.SuggestionsFor(name); len(names) > 0 {
			return names[0]
		}
	}
	return ""
}

// refused returns the error for a malformed flag of the sandbox.
func refused(problem string) error {
	return input.Misuse("usage-refused", words.Blanks{"problem": problem, "command": "strava-token sandbox"})
}
