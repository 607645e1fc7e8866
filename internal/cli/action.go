package cli

import (
	"github.com/spf13/cobra"

	"strava-token/internal/action"
	"strava-token/internal/input"
)

func actionCommand(p Process) *cobra.Command {
	return &cobra.Command{
		Use:   "action",
		Short: "Run as a step of a GitHub workflow (what action.yml calls)",
		Args:  atMost(0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if p.Getenv("GITHUB_ACTIONS") != "true" {
				return input.Misuse("input-not-in-actions", nil)
			}
			return ended(action.Run(cmd.Context(), action.Config{Getenv: p.Getenv, Stdout: p.Stdout, Stderr: p.Stderr, Dial: p.Dial}))
		},
	}
}
