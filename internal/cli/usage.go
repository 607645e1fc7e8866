package cli

import (
	"errors"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"strava-token/internal/input"
	"strava-token/internal/secret"
	"strava-token/internal/words"
)

// usage turns an error of the command line's library into one of ours: the
// library's quote what was written, which may be a secret in the wrong place.
func usage(root *cobra.Command, args []string, err error) error {
	at := root
	if c, _, findErr := root.Find(args); findErr == nil {
		at = c
	}
	command := at.CommandPath()
	var unknown *pflag.NotExistError
	var syntax *pflag.InvalidSyntaxError
	var empty *pflag.ValueRequiredError
	var invalid *pflag.InvalidValueError
	switch {
	case errors.As(err, &unknown) && unknown.GetSpecifiedShortnames() == "":
		name := unknown.GetSpecifiedName()
		return input.Misuse("usage-no-flag", words.Blanks{"flag": shown("--" + name), "command": command, "nearest": nearestFlag(at, name)})
	case errors.As(err, &unknown), errors.As(err, &syntax):
		return input.Misuse("usage-no-flag", words.Blanks{"flag": "", "command": command, "nearest": ""})
	case errors.As(err, &empty):
		return input.Misuse("usage-no-value", words.Blanks{"flag": "--" + empty.GetFlag().Name, "command": command})
	case errors.As(err, &invalid):
		flag := invalid.GetFlag()
		return input.Misuse("usage-bad-value", words.Blanks{"flag": "--" + flag.Name, "form": flagForms[flag.Value.Type()], "command": command})
	case errors.Is(err, errArguments):
		return input.Misuse("usage-arguments", words.Blanks{"command": command})
	case errors.Is(err, errNoCommand), at == root && len(args) > 0:
		return input.Misuse("usage-no-command", words.Blanks{"nearest": nearestCommand(root, args)})
	}
	return err
}

var errNoCommand = errors.New("no such command")

// mistyped is how many letters a word may differ in from the one that was meant.
const mistyped = 2

// nearestCommand is the command that was most likely meant, or nothing.
func nearestCommand(root *cobra.Command, args []string) string {
	if args[0] == "help" && len(args) > 1 {
		args = args[1:]
	}
	return nearest(root, args[0])
}

// nearestFlag is the flag that was most likely meant, or nothing. The library has
// suggestions for commands alone.
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

// nearest is the command that differs the least, or nothing.
func nearest(parent *cobra.Command, name string) string {
	for parent.SuggestionsMinimumDistance = 1; parent.SuggestionsMinimumDistance <= mistyped; parent.SuggestionsMinimumDistance++ {
		if names := parent.SuggestionsFor(name); len(names) > 0 {
			return names[0]
		}
	}
	return ""
}

var errArguments = errors.New("too many arguments")

// atMost lets n arguments through.
func atMost(n int) cobra.PositionalArgs {
	return func(_ *cobra.Command, args []string) error {
		if len(args) > n {
			return errArguments
		}
		return nil
	}
}

// flagForms say how the value of a flag is written, by its type.
var flagForms = map[string]string{
	"bool":     "true or false",
	"int":      "a number",
	"int64":    "a number",
	"duration": "a number with its unit, as in 30m or 1h",
}

// refused is a flag of the sandbox that is written wrongly.
func refused(problem string) error {
	return input.Misuse("usage-refused", words.Blanks{"problem": problem, "command": "strava-token sandbox"})
}

// shown is the name of a flag if it can be printed back: it is no longer than
// one, and of its letters.
func shown(name string) string {
	if len(name) > 22 || slices.Contains([]string{"", "--"}, name) || strings.Trim(name, "abcdefghijklmnopqrstuvwxyz-") != "" {
		return ""
	}
	return secret.Quotable(name)
}
