package cli

import (
	"context"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"strava-token/internal/input"
	"strava-token/internal/login"
	"strava-token/internal/recovery"
	"strava-token/internal/secret"
	"strava-token/internal/store"
	"strava-token/internal/terminal"
	"strava-token/internal/transport"
	"strava-token/internal/words"
)

func recoverCommand(p Process, t *terminal.Terminal) *cobra.Command {
	r := &recovering{p: p, t: t}
	c := &cobra.Command{
		Use:   "recover [FILE]",
		Short: "Get a sealed refresh token out of a log",
		Long: "recover reads a recovery text from FILE, or from standard input: the text alone,\n" +
			"or a whole downloaded log. It asks for the client secret, unless\n" +
			"STRAVA_CLIENT_SECRET is set, proves the refresh token by refreshing with it, and\n" +
			"stores or prints what Strava returned. Of several texts in one log the newest\n" +
			"that lives is taken.",
		Example: "  gh run view RUN_ID --log >run.log\n" +
			"  strava-token recover run.log --rotate-to owner/repo/STRAVA_REFRESH_TOKEN",
		Args: atMost(1),
		RunE: func(cmd *cobra.Command, args []string) error { return r.recover(cmd.Context(), args) },
	}
	r.addTargets(c)
	c.Flags().BoolVar(&r.print, "print", false, "print the refresh token to standard output")
	return c
}

type recovering struct {
	runFlags
	p     Process
	t     *terminal.Terminal
	print bool
}

// recover is the command; nothing is sent before the text was opened and every
// target checked.
func (r *recovering) recover(ctx context.Context, args []string) error {
	texts, err := terminal.Interruptible(ctx, func() ([]string, error) { return r.readTexts(args) })
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case err != nil:
		return input.Misuse("recover-no-file", words.Blanks{"system": words.System{Err: err}})
	case len(texts) == 0:
		return input.Misuse("recover-no-text", nil)
	}
	clientSecret, err := r.clientSecret(ctx)
	if err != nil {
		return err
	}
	opened, err := openAll(texts, clientSecret)
	if err != nil {
		return err
	}
	if len(r.rotateTo) == 0 && !r.print {
		return input.Misuse("recover-no-destination", words.Blanks{"targets": namedTargets(opened[0])})
	}
	in, err := r.read(r.p, r.t, false, map[string]secret.Value{
		"client-id": secret.New(opened[0].ClientID), "client-secret": clientSecret,
	})
	if err != nil {
		return err
	}
	if athletes(opened) > 1 {
		opened = meantFor(opened, in.Targets)
	}
	if athletes(opened) > 1 {
		return input.Misuse("recover-several-athletes", words.Blanks{"targets": namedTargets(opened...)})
	}
	return r.run(ctx, in, opened)
}

// run proves the newest refresh token that lives, and keeps it.
func (r *recovering) run(ctx context.Context, in *input.Inputs, opened []recovery.Content) error {
	network := transport.New(r.p.Dial)
	defer network.Close()
	in.Verify = false
	run := in.Run(network, r.t, false)
	run.Recovered = refreshTokens(opened)
	if r.print {
		run.WriteOnly = append(run.WriteOnly, &printed{w: r.p.Stdout})
	}
	o := do(ctx, r.t, run)
	if len(o.Failures) == 0 {
		r.t.Note("done", "the refresh token lives, and is in "+strings.Join(o.Kept, ", "))
	}
	return o.Err()
}

func (r *recovering) readTexts(args []string) ([]string, error) {
	in := r.p.Stdin
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

// clientSecret reads the client secret, or asks for it until it can be one.
func (r *recovering) clientSecret(ctx context.Context) (secret.Value, error) {
	v := secret.New(strings.TrimSpace(r.p.Getenv("STRAVA_CLIENT_SECRET")))
	if !v.Empty() {
		if flaw := secret.Inspect(v.Reveal()); flaw != "" {
			return v, input.Wrong("client-secret", input.Fault(flaw))
		}
		return v, nil
	}
	return login.AskClientSecret(ctx, r.t)
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

// meantFor returns those that were meant for one of targets, or all if none was:
// one log may have the tokens of several athletes, each with a target of its own.
func meantFor(opened []recovery.Content, targets []store.Target) []recovery.Content {
	var meant []recovery.Content
	for _, c := range opened {
		if slices.ContainsFunc(targets, func(t store.Target) bool {
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

// athletes counts those whose tokens these are. If that was not known when a text
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

// namedTargets are the targets that texts name, each once.
func namedTargets(opened ...recovery.Content) []string {
	var all []string
	for _, c := range opened {
		for _, target := range c.Targets {
			if !slices.Contains(all, target) {
				all = append(all, target)
			}
		}
	}
	return all
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
