package cli

import (
	"context"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"strava-token/internal/action"
	"strava-token/internal/provider"
	"strava-token/internal/recovery"
	"strava-token/internal/secret"
	"strava-token/internal/store"
	"strava-token/internal/transport"
)

func recoverCommand(p Process, status *provider.Status) *cobra.Command {
	s := &shell{p: p}
	var print bool
	c := &cobra.Command{
		Use:   "recover [FILE]",
		Short: "Open a sealed refresh token from a log, prove it, and store or print it",
		Long: "recover reads a recovery text from FILE, or from standard input: the text alone, or a\n" +
			"whole downloaded log. It asks for the client secret, unless STRAVA_CLIENT_SECRET is\n" +
			"set, proves the refresh token by refreshing with it, and stores or prints what Strava\n" +
			"returned. Of several texts in one log the newest that lives is taken.",
		Example: "  gh run view RUN_ID --log >run.log\n" +
			"  strava-token recover run.log --rotate-to owner/repo/STRAVA_REFRESH_TOKEN",
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			*status = s.recover(cmd.Context(), args, print)
			return nil
		},
	}
	s.targetFlags(c)
	c.Flags().BoolVar(&print, "print", false, "print the refresh token to standard output")
	return c
}

// recover is the command; nothing is sent before the text was opened and every
// target checked.
func (s *shell) recover(ctx context.Context, args []string, print bool) provider.Status {
	texts, err := interruptible(ctx, func() ([]string, error) { return s.readTexts(args) })
	if err != nil {
		complain(s.p, shellNames.fill("recover/no-file", "cause", sentence(err.Error())+"."))
		return provider.BadInput
	}
	if len(texts) == 0 {
		complain(s.p, shellNames.fill("recover/no-text"))
		return provider.BadInput
	}
	clientSecret, ok := s.clientSecretOrAsk(ctx)
	if !ok {
		return provider.BadInput
	}
	newest, candidates, err := openAll(texts, clientSecret)
	if err != nil {
		complain(s.p, shellNames.explainOne(err))
		return provider.BadInput
	}
	if len(s.rotateTo) == 0 && !print {
		complain(s.p, shellNames.fill("recover/no-destination", "targets", namedTargets(newest)))
		return provider.BadInput
	}

	network := transport.New(s.p.Dial)
	defer network.Close()
	client := s.strava(network, newest.ClientID, clientSecret)
	targets := s.targets(network, newest.ClientID, clientSecret)
	if s.refuse() {
		return provider.BadInput
	}
	s.warnOfOtherHosts(client)
	if print {
		targets = append(targets, &printed{w: s.p.Stdout})
	}
	run := &provider.Run{
		Strava: client, Candidates: candidates, Recovered: true, Targets: targets, KeepUnchanged: true,
		Recovery: true, Masked: []secret.Value{clientSecret}, Reporter: s,
	}
	outcome := run.Do(ctx)
	s.report(outcome)
	if len(outcome.Failures) == 0 {
		s.note("done", "the refresh token lives, and is in "+strings.Join(outcome.Kept, ", "))
	}
	return outcome.Status()
}

func (s *shell) readTexts(args []string) ([]string, error) {
	in := s.p.Stdin
	if len(args) > 0 && args[0] != "-" {
		f, err := os.Open(args[0])
		if err != nil {
			return nil, err
		}
		defer f.Close()
		in = f
	}
	return recovery.Find(in)
}

func (s *shell) clientSecretOrAsk(ctx context.Context) (secret.Value, bool) {
	const variable = "STRAVA_CLIENT_SECRET"
	if s.p.Getenv(variable) != "" {
		v := s.credential(variable)
		return v, !s.refuse()
	}
	v, err := s.terminal(ctx).askSecret("Client Secret of the Strava app (not shown): ")
	if err != nil {
		complain(s.p, shellNames.fill("recover/no-secret"))
		return secret.Value{}, false
	}
	if flaw := secret.Inspect(v.Reveal()); flaw != "" {
		s.problem(variable, action.Fault(flaw), "")
		return v, !s.refuse()
	}
	return v, true
}

// openAll opens what it can, and returns the newest content and every refresh
// token of the same app, newest first.
func openAll(texts []string, clientSecret secret.Value) (recovery.Content, []secret.Value, error) {
	var newest recovery.Content
	var candidates []secret.Value
	var refused error
	for _, text := range slices.Backward(texts) {
		c, err := recovery.Open(text, clientSecret)
		if err != nil {
			if refused == nil {
				refused = err
			}
			continue
		}
		if len(candidates) == 0 {
			newest = c
		}
		known := slices.ContainsFunc(candidates, func(v secret.Value) bool { return v.Equal(c.RefreshToken) })
		if c.ClientID == newest.ClientID && !known {
			candidates = append(candidates, c.RefreshToken)
		}
	}
	if len(candidates) == 0 {
		return newest, nil, refused
	}
	return newest, candidates, nil
}

func namedTargets(c recovery.Content) string {
	if len(c.Targets) == 0 {
		return "NAME, or owner/repo/NAME"
	}
	return "it was meant for " + strings.Join(c.Targets, ", ")
}

// printed is standard output as a target: it keeps a refresh token for whoever
// reads it.
type printed struct{ w io.Writer }

func (p *printed) String() string { return "standard output" }

// Check always succeeds.
func (p *printed) Check(context.Context) (store.Facts, error) { return store.Facts{}, nil }

// Store prints the token, which was asked for by --print.
func (p *printed) Store(_ context.Context, r store.Record) error {
	if _, err := fmt.Fprintln(p.w, r.RefreshToken.Reveal()); err != nil {
		return fmt.Errorf("print: %w", err)
	}
	return nil
}
