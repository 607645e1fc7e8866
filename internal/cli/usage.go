package cli

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"strava-token/internal/input"
	"strava-token/internal/secret"
	"strava-token/internal/words"
)

// showUsage prints the library's usage text, at most 80 columns wide.
func showUsage(c *cobra.Command) error {
	b := c.OutOrStdout()
	fmt.Fprintf(b, "Usage:\n  %s\n", c.UseLine())
	if c.HasExample() {
		fmt.Fprintf(b, "\nExamples:\n%s\n", c.Example)
	}
	if c.HasAvailableSubCommands() {
		fmt.Fprintln(b, "\nCommands:")
		for _, sub := range c.Commands() {
			if sub.IsAvailableCommand() || sub.Name() == "help" {
				fmt.Fprintf(b, "  %-*s %s\n", sub.NamePadding(), sub.Name(), sub.Short)
			}
		}
	}
	_, err := fmt.Fprintf(b, "\nFlags:\n%s", c.LocalFlags().FlagUsagesWrapped(80))
	return err
}

// quoteNothing keeps the library from quoting what was typed: it may be a secret in the
// wrong place.
func quoteNothing(root *cobra.Command) {
	root.SetFlagErrorFunc(badFlag)
	for _, c := range root.Commands() {
		if c.Args == nil {
			c.Args = atMost(0)
		}
	}
	root.InitDefaultHelpCmd()
	root.InitDefaultCompletionCmd()
	help, _, _ := root.Find([]string{"help"})
	help.Args = func(_ *cobra.Command, args []string) error {
		if _, rest, err := root.Find(args); err != nil || len(rest) > 0 {
			return noCommand(root, args)
		}
		return nil
	}
	completion, _, _ := root.Find([]string{"completion"})
	completion.RunE = func(c *cobra.Command, _ []string) error { return c.Help() }
	for _, c := range append(completion.Commands(), completion) {
		c.Args = atMost(0)
	}
}

func atMost(n int) cobra.PositionalArgs {
	return func(c *cobra.Command, args []string) error {
		if len(args) > n {
			return input.Misuse("usage-arguments", words.Blanks{"command": c.CommandPath()})
		}
		return nil
	}
}

// noCommand names the command that differs the least, in at most two letters.
func noCommand(root *cobra.Command, args []string) error {
	nearest := []string{""}
	for root.SuggestionsMinimumDistance = 2; root.SuggestionsMinimumDistance > 0; root.SuggestionsMinimumDistance-- {
		nearest = append(root.SuggestionsFor(args[0]), nearest...)
	}
	return input.Misuse("usage-no-command", words.Blanks{"nearest": nearest[0]})
}

// badFlag turns an error of the command line's library into one of ours: the
// library's errors quote what was written.
func badFlag(c *cobra.Command, err error) error {
	id, blanks := "usage-no-flag", words.Blanks{"flag": "", "command": c.CommandPath()}
	switch err := err.(type) {
	case *pflag.NotExistError:
		if err.GetSpecifiedShortnames() == "" {
			blanks["flag"] = shown("--" + err.GetSpecifiedName())
		}
	case *pflag.ValueRequiredError:
		id, blanks["flag"] = "usage-no-value", "--"+err.GetFlag().Name
	case *pflag.InvalidValueError:
		flag := err.GetFlag()
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
