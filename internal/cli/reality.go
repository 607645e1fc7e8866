package cli

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"strava-token/internal/input"
	"strava-token/internal/provider"
	"strava-token/internal/reality"
	"strava-token/internal/secret"
	"strava-token/internal/terminal"
	"strava-token/internal/transport"
)

// realityCommand is for the owner of this project, so help doesn't name it.
func realityCommand(p Process, t *terminal.Terminal) *cobra.Command {
	f := &runFlags{}
	c := &cobra.Command{
		Use: "reality", Short: "Check what this project assumes against the real services",
		Hidden: true,
		Args:   atMost(0),
		RunE:   func(cmd *cobra.Command, _ []string) error { return checkReality(cmd.Context(), p, t, f) },
	}
	f.addTargets(c)
	return c
}

func checkReality(ctx context.Context, p Process, t *terminal.Terminal, f *runFlags) error {
	if err := needMasks(p); err != nil {
		return err
	}
	in, err := f.read(p, t, true, nil)
	if err != nil {
		return err
	}
	if len(in.Targets) == 0 {
		return input.Wrong("rotate-to", input.Fault(secret.Missing))
	}
	network := transport.New(p.Dial)
	defer network.Close()
	table, noneFalse, err := reality.Check(ctx, reality.Setup{
		Inputs: in, Contents: secret.New(strings.TrimSpace(p.Getenv(reality.ContentsToken))), Network: network, Reporter: newReporter(p, t, f.rotateTo),
		Do: func(ctx context.Context, run *provider.Run) *provider.Outcome { return do(ctx, t, run) },
	})
	_, printErr := fmt.Fprint(p.Stdout, table)
	if err == nil && (printErr != nil || ctx.Err() != nil || !noneFalse) {
		err = ended(provider.Failed)
	}
	return err
}
