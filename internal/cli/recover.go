package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
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
	"strava-token/internal/words"
)

func recoverCommand(s *shell) *cobra.Command {
	r := &recovering{shell: s}
	c := &cobra.Command{
		Use:   "recover [FILE]",
		Short: "Get a sealed refresh token out of a log",
		Long: "recover reads a recovery text from FILE, or from standard input: the text alone,\n" +
			"or a whole downloaded log. It asks for the client secret, unless\n" +
			"STRAVA_CLIENT_SECRET is set, proves the refresh token by refreshing with it, and\n" +
			"stores or prints what Strava returned. If a log has several texts, it takes the\n" +
			"newest one that works.\n\n" +
			"Without FILE, and with nothing on standard input, it looks for the files with\n" +
			"recovery texts that couldn't be printed. If a text has an unreadable answer in\n" +
			"it, and no refresh token is found there, --print shows that answer.",
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
	*shell
	print bool
	files map[string]string // by text, the file that it was left in
}

// recover implements the command. It sends nothing before a text is opened and every
// target is checked.
func (r *recovering) recover(ctx context.Context, args []string) error {
	if err := r.needMasks(); err != nil && r.print {
		return err
	}
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
	opened, err := r.openAll(texts, clientSecret)
	if err != nil {
		return err
	}
	if len(r.rotateTo) == 0 && !r.print {
		return input.Misuse("recover-no-destination", words.Blanks{"targets": namedTargets(opened[0])})
	}
	in, err := r.read(false, map[string]secret.Value{
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
	if len(refreshTokens(opened)) == 0 {
		return r.show(opened, &words.Failure{ID: "recover-no-token"})
	}
	return r.prove(ctx, in, opened)
}

// show prints the unreadable answers if their owner asked for that, or returns hidden.
// In a workflow it never prints them, since others may read the log.
func (r *recovering) show(opened []recovery.Content, hidden error) error {
	if !r.print || r.inStep() {
		return hidden
	}
	said := hidden
	for _, c := range slices.Backward(opened) {
		for _, answer := range c.Unread {
			text := answer.Reveal()
			if terminal.Is(r.Stdout) {
				text = recovery.Shown(answer)
			}
			_, _ = fmt.Fprintln(r.Stdout, text)
			said = &words.Failure{ID: "recover-answer-shown"}
		}
	}
	return said
}

// prove finds the newest refresh token that is still valid, and stores it.
func (r *recovering) prove(ctx context.Context, in *input.Inputs, opened []recovery.Content) error {
	in.Verify = false
	run := in.Run(r.network, r, false)
	run.Recovered = refreshTokens(opened)
	if r.print {
		run.WriteOnly = append(run.WriteOnly, login.Printed(func(record store.Record) error {
			_, err := fmt.Fprintln(r.Stdout, record.RefreshToken.Reveal())
			return err
		}))
	}
	o := r.do(ctx, run)
	if len(o.Failures) == 0 {
		r.t.Note("done", "the refresh token lives, and is in "+strings.Join(o.Kept, ", "))
		for _, c := range opened {
			for _, file := range c.Files {
				if len(r.rotateTo) > 0 {
					_ = os.Remove(file) // its token is stored now
				}
			}
		}
	}
	f, ok := errors.AsType[*words.Failure](o.Err())
	if ok && (strings.HasPrefix(f.ID, "stale-") || strings.HasPrefix(f.ID, "run-unread")) {
		if shown := r.show(opened, nil); shown != nil {
			o.Fail(shown)
		}
	}
	return o.Err()
}

func (r *recovering) readTexts(args []string) ([]string, error) {
	if len(args) > 0 && args[0] != "-" {
		f, err := os.Open(args[0])
		if err != nil {
			return nil, err
		}
		defer f.Close()
		return recovery.Find(f)
	}
	in := bufio.NewReader(r.Stdin)
	if !terminal.Is(r.Stdin) {
		if _, err := in.Peek(1); err == nil {
			return recovery.Find(in)
		}
	}
	if texts := r.readLeft(); len(texts) > 0 {
		return texts, nil
	}
	if terminal.Is(r.Stdin) {
		r.t.Say("Paste the log or the recovery text here, and end it with Ctrl-D:")
	}
	return recovery.Find(in)
}

// readLeft reads the texts that couldn't be printed.
func (r *recovering) readLeft() (all []string) {
	r.files = map[string]string{}
	for _, file := range recovery.Left(r.folders()) {
		texts, err := recovery.ReadLeft(file)
		if err != nil {
			continue // it isn't ours
		}
		r.t.Note("found", r.t.Voice.Say("log-recovery-found", words.Blanks{"file": file}))
		for _, text := range texts {
			all, r.files[text] = append(all, text), file
		}
	}
	return all
}

// clientSecret reads the client secret, or asks until the answer can be one.
func (r *recovering) clientSecret(ctx context.Context) (secret.Value, error) {
	v := secret.New(strings.TrimSpace(r.Getenv("STRAVA_CLIENT_SECRET")))
	if v.Empty() {
		return login.AskClientSecret(ctx, r.t)
	}
	if !secret.MayHold(v.Reveal()) {
		return v, input.Wrong("client-secret", input.Fault(secret.Inspect(v.Reveal())))
	}
	return v, nil
}
