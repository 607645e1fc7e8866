package cli

import (
	"bufio"
	"cmp"
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
		return input.Misuse("recover-no-file", words.Blanks{"system": words.Reason(err)})
	case len(texts) == 0:
		return input.Misuse("recover-no-text", nil)
	}
	clientSecret, err := r.clientSecret(ctx)
	if err != nil {
		return err
	}
	opened, err := r.openAll(texts, clientSecret)
	if len(opened) == 0 {
		return err
	}
	if len(r.rotateTo) == 0 && !r.print {
		return input.Misuse("recover-no-destination", words.Blanks{"targets": targetsOf(opened[:1])})
	}
	in, err := r.read(false, map[string]secret.Value{
		"client-id": secret.New(opened[0].ClientID), "client-secret": clientSecret,
	})
	if err != nil {
		return err
	}
	opened, err = ofOneAthlete(opened, in.Targets)
	if err != nil {
		return err
	}
	return r.prove(ctx, in, opened)
}

// prove finds the newest refresh token that is still valid, and stores it.
func (r *recovering) prove(ctx context.Context, in *input.Inputs, opened []openedText) error {
	in.Verify = false
	run := in.Run(r.network, r, false)
	for _, text := range opened {
		run.Recovered = append(run.Recovered, text.Tokens()...)
	}
	if len(run.Recovered) == 0 {
		return cmp.Or(r.show(opened), error(&words.Failure{ID: "recover-no-token"}))
	}
	if r.print {
		run.WriteOnly = append(run.WriteOnly, login.Printed(func(record store.Record) error {
			_, err := fmt.Fprintln(r.Stdout, record.RefreshToken.Reveal())
			return err
		}))
	}
	o := r.do(ctx, run)
	f, failed := errors.AsType[*words.Failure](o.Err())
	if failed && (strings.HasPrefix(f.ID, "stale-") || strings.HasPrefix(f.ID, "run-unread")) {
		if shown := r.show(opened); shown != nil {
			o.Fail(shown)
		}
	}
	if len(o.Failures) > 0 {
		return o
	}
	r.t.Note("done", "the refresh token lives, and is in "+strings.Join(o.Kept, ", "))
	for _, text := range opened {
		if len(r.rotateTo) > 0 && text.file != "" {
			_ = os.Remove(text.file) // its token is stored now
		}
	}
	return o.Err()
}

// show prints the unreadable answers if their owner asked for that, and returns an error
// that says so. In a workflow it never prints them, since others may read the log.
func (r *recovering) show(opened []openedText) (shown error) {
	if !r.print || r.inStep() {
		return nil
	}
	for _, sealed := range slices.Backward(opened) {
		for _, answer := range sealed.Unread {
			text := answer.Reveal()
			if terminal.Is(r.Stdout) {
				text = recovery.Shown(answer)
			}
			_, _ = fmt.Fprintln(r.Stdout, text)
			shown = &words.Failure{ID: "recover-answer-shown"}
		}
	}
	return shown
}

// readTexts reads the file, standard input, or the files of texts that nobody would have read.
func (r *recovering) readTexts(args []string) ([]string, error) {
	if len(args) > 0 && args[0] != "-" {
		f, err := os.Open(args[0])
		if err != nil {
			return nil, err
		}
		defer f.Close()
		return recovery.Find(f)
	}
	in, asks := bufio.NewReader(r.Stdin), terminal.Is(r.Stdin)
	if !asks {
		if _, err := in.Peek(1); err == nil {
			return recovery.Find(in)
		}
	}
	var all []string
	r.files = map[string]string{}
	for _, file := range recovery.Left(r.folders()) {
		texts := recovery.ReadLeft(file)
		if len(texts) == 0 {
			continue // it isn't ours
		}
		r.t.Note("found", r.t.Voice.Say("log-recovery-found", words.Blanks{"file": file}))
		for _, text := range texts {
			all, r.files[text] = append(all, text), file
		}
	}
	if len(all) > 0 {
		return all, nil
	}
	if asks {
		r.t.Say("Paste the log or the recovery text here, and end it with Ctrl-D:")
	}
	return recovery.Find(in)
}

// clientSecret reads the client secret, or asks until the answer can be one.
func (r *recovering) clientSecret(ctx context.Context) (secret.Value, error) {
	v := secret.New(strings.TrimSpace(r.Getenv("STRAVA_CLIENT_SECRET")))
	if v.Empty() {
		return login.Ask(ctx, r.t, "client-secret")
	}
	if id := input.Inspect("client-secret", v.Reveal()); id != "" {
		return v, input.Wrong("client-secret", id)
	}
	return v, nil
}
