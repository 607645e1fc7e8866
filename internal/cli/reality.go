package cli

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"strava-token/internal/input"
	"strava-token/internal/provider"
	"strava-token/internal/reality"
	"strava-token/internal/secret"
)

// realityCommand is for the owner of this project, so help doesn't name it.
func realityCommand(s *shell) *cobra.Command {
	c := &cobra.Command{Use: "reality", Short: "Check what this project assumes against the real services", Hidden: true}
	s.addTargets(c)
	c.RunE = func(*cobra.Command, []string) error {
		if err := s.needMasks(); err != nil {
			return err
		}
		in, err := s.read(true, nil)
		if err != nil {
			return err
		}
		if len(in.Targets) == 0 {
			return input.Wrong("rotate-to", "input-missing-rotate-to")
		}
		table, noneFalse, err := reality.Check(c.Context(), reality.Setup{
			Inputs: in, Contents: secret.New(strings.TrimSpace(s.Getenv(reality.ContentsToken))), Network: s.network, Reporter: s, Do: s.do,
		})
		_, printErr := fmt.Fprint(s.Stdout, table)
		if err == nil && (printErr != nil || c.Context().Err() != nil || !noneFalse) {
			err = ended(provider.Failed)
		}
		return err
	}
	return c
}
