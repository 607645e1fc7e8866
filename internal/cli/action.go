package cli

import (
	"github.com/spf13/cobra"

	"strava-token/internal/action"
	"strava-token/internal/provider"
)

func actionCommand(p Process, status *provider.Status) *cobra.Command {
	return &cobra.Command{
		Use:   "action",
		Short: "Run as a step of a GitHub workflow (what action.yml calls)",
		Args:  atMost(0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if p.Getenv("GITHUB_ACTIONS") != "true" {
				complain(p, shellNames.fill("input/not-in-actions"))
				*status = provider.BadInput
				return nil
			}
			*status = action.Run(cmd.Context(), action.Config{
				Getenv:  p.Getenv,
				Stdout:  p.Stdout,
				Dial:    p.Dial,
				Explain: workflowNames.explain,
			})
			return nil
		},
	}
}
