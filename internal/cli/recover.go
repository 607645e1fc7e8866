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
		Args: atMost(1),
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
	if ctx.Err() != nil {
		complain(s.p, shellNames.fill("run/cancelled"))
		return provider.Failed
	}
	if err != nil {
		complain(s.p, shellNames.fill("recover/no-file", "cause", sentence(systemCause(err))+"."))
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
	opened, err := openAll(texts, clientSecret)
	if err != nil {
		complain(s.p, shellNames.explainOne(err))
		return provider.BadInput
	}
	newest := opened[0]
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
	if athletes(opened) > 1 {
		opened = meantFor(opened, targets)
	}
	if athletes(opened) > 1 {
		complain(s.p, shellNames.fill("recover/several-athletes", "targets", namedTargets(opened...)))
		return provider.BadInput
	}
	s.warnOfOtherHosts(client)
	if print {
		targets = append(targets, &printed{w: s.p.Stdout})
	}
	readable, writeOnly := action.Split(targets)
	run := &provider.Run{
		Strava: client, Recovered: refreshTokens(opened), Readable: readable, WriteOnly: writeOnly,
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

// openAll opens what it can of one app, newest first.
func openAll(texts []string, clientSecret secret.Value) ([]recovery.Content, error) {
	var opened []recovery.Content
	var refused error
	for _, text := range slices.Backward(texts) {
		c, err := recovery.Open(text, clientSecret)
		if err != nil {
			if refused == nil {
				refused = err
			}
			continue
		}
		known := slices.ContainsFunc(opened, func(o recovery.Content) bool { return o.RefreshToken.Equal(c.RefreshToken) })
		if !known && (len(opened) == 0 || c.ClientID == opened[0].ClientID) {
			opened = append(opened, c)
		}
	}
	if len(opened) == 0 {
		return nil, refused
	}
	return opened, nil
}

// meantFor returns those that were meant for one of targets, or all where none
// was: one log may hold the tokens of several athletes, each with a target of its
// own.
func meantFor(opened []recovery.Content, targets []provider.Target) []recovery.Content {
	var meant []recovery.Content
	for _, c := range opened {
		if slices.ContainsFunc(targets, func(t provider.Target) bool {
			return slices.ContainsFunc(c.Targets, func(name string) bool { return strings.EqualFold(name, t.String()) })
		}) {
			meant = append(meant, c)
		}
	}
	if len(meant) == 0 {
		return opened
	}
	return meant
}

// athletes counts those whose tokens these are. Where that was not known when a text
// was printed, the targets tell: texts that share one are of the same athlete.
func athletes(opened []recovery.Content) int {
	found := slices.Clone(opened)
	for i := 0; i < len(found); i++ {
		for j := i + 1; j < len(found); j++ {
			if !sameAthlete(found[i], found[j]) {
				continue
			}
			found[i].AthleteID = max(found[i].AthleteID, found[j].AthleteID) // one of them may be unknown
			found[i].Targets = slices.Concat(found[i].Targets, found[j].Targets)
			found = slices.Delete(found, j, j+1)
			j = i // what it names now may join more of them
		}
	}
	return len(found)
}

func sameAthlete(a, b recovery.Content) bool {
	if a.AthleteID != 0 && b.AthleteID != 0 {
		return a.AthleteID == b.AthleteID
	}
	return len(a.Targets) == 0 && len(b.Targets) == 0 || slices.ContainsFunc(a.Targets, func(target string) bool {
		return slices.ContainsFunc(b.Targets, func(other string) bool { return strings.EqualFold(target, other) })
	})
}

func refreshTokens(opened []recovery.Content) []secret.Value {
	tokens := make([]secret.Value, len(opened))
	for i, c := range opened {
		tokens[i] = c.RefreshToken
	}
	return tokens
}

func namedTargets(opened ...recovery.Content) string {
	var all []string
	for _, c := range opened {
		for _, target := range c.Targets {
			if !slices.Contains(all, target) {
				all = append(all, target)
			}
		}
	}
	if len(all) == 0 {
		return "NAME, owner/repo/NAME, branch:BRANCH or file:PATH"
	}
	return "it was meant for " + strings.Join(all, ", ")
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
