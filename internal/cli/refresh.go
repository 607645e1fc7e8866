package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"strava-token/internal/input"
	"strava-token/internal/provider"
	"strava-token/internal/terminal"
	"strava-token/internal/transport"
	"strava-token/internal/words"
)

const (
	// accessTokenVariable is where programs find the access token.
	accessTokenVariable = "STRAVA_ACCESS_TOKEN"
	// longest is how long Strava's access tokens last.
	longest = 6 * time.Hour
	// renewal is how much must be left for Strava to hand a token back unchanged.
	renewal = time.Hour
)

// refreshing is what refresh and exec have in common: one run of the provider,
// outside GitHub.
type refreshing struct {
	runFlags
	p           Process
	t           *terminal.Terminal
	minValidity time.Duration
}

const refreshCredentials = "STRAVA_CLIENT_ID and STRAVA_CLIENT_SECRET are read from the environment, and so\n" +
	"is STRAVA_REFRESH_TOKEN, unless a branch or a file keeps it. GH_TOKEN is for\n" +
	"targets on GitHub."

func (r *refreshing) addFlags(c *cobra.Command) {
	r.addTargets(c)
	r.addScopes(c)
	f := c.Flags()
	f.DurationVar(&r.minValidity, "min-validity", 0, "fail unless the access token lasts this much longer, as in 30m")
	f.Int64Var(&r.athlete, "expected-athlete", 0, "id of the athlete whose token it must be")
	f.BoolVar(&r.verify, "verify", true, "prove with one API call that the access token works")
}

func refreshCommand(p Process, t *terminal.Terminal) *cobra.Command {
	r := &refreshing{p: p, t: t}
	var format string
	c := &cobra.Command{
		Use:   "refresh",
		Short: "Print a fresh access token, for any CI",
		Long: "refresh prints an access token to standard output, and everything else to\n" +
			"standard error.\n\n" + refreshCredentials,
		Example: "  token=$(strava-token refresh --rotate-to file:/var/lib/strava/token)",
		Args:    atMost(0),
		RunE:    func(cmd *cobra.Command, _ []string) error { return r.print(cmd.Context(), format) },
	}
	r.addFlags(c)
	c.Flags().StringVar(&format, "format", "token", "what is printed: token, json or dotenv")
	return c
}

// print is the command refresh.
func (r *refreshing) print(ctx context.Context, format string) error {
	write, known := formats[format]
	if !known {
		return input.Misuse("refresh-format", nil)
	}
	o, err := r.run(ctx)
	if err != nil {
		return err
	}
	if o.Export == provider.ExportAll && write(r.p.Stdout, o) != nil {
		o.Fail(&words.Failure{ID: "refresh-not-printed"})
	}
	return o.Err()
}

// run gets an access token. An error is about what the command was told.
func (r *refreshing) run(ctx context.Context) (*provider.Outcome, error) {
	if r.minValidity < 0 || r.minValidity > longest {
		return nil, input.Misuse("refresh-min-validity", nil)
	}
	if err := needMasks(r.p); err != nil {
		return nil, err
	}
	in, err := r.read(r.p, r.t, true, nil)
	if err != nil {
		return nil, err
	}
	network := transport.New(r.p.Dial)
	defer network.Close()
	o := do(ctx, r.t, in.Run(network, newReporter(r.p, r.t, r.rotateTo), false))
	if left := o.Token.ExpiresIn; o.Export == provider.ExportAll && left < r.minValidity {
		o.Export = provider.ExportNone
		o.Fail(&words.Failure{ID: "refresh-too-short", Blanks: words.Blanks{
			"left": left, "wanted": r.minValidity, "renewed": words.Clock(o.Token.ExpiresAt.Add(-renewal)),
		}})
	}
	return o, nil
}

// formats are the ways to print an access token.
var formats = map[string]func(io.Writer, *provider.Outcome) error{
	"token": func(w io.Writer, o *provider.Outcome) error {
		_, err := fmt.Fprintln(w, o.Token.AccessToken.Reveal())
		return err
	},
	"json":   printJSON,
	"dotenv": printDotenv,
}

func printJSON(w io.Writer, o *provider.Outcome) error {
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	return encoder.Encode(struct {
		AccessToken string   `json:"access_token"`
		ExpiresAt   int64    `json:"expires_at"`
		ExpiresIn   int64    `json:"expires_in"`
		Rotated     bool     `json:"rotated"`
		AthleteID   int64    `json:"athlete_id,omitempty"`
		Scope       []string `json:"scope,omitempty"`
	}{
		o.Token.AccessToken.Reveal(), o.Token.ExpiresAt.Unix(), int64(o.Token.ExpiresIn.Seconds()),
		o.Rotated, o.AthleteID, o.Scope,
	})
}

// printDotenv prints lines that a shell reads as well: a value that is more than
// a word is quoted.
func printDotenv(w io.Writer, o *provider.Outcome) error {
	_, err := fmt.Fprintf(w, "%s=%s\nSTRAVA_EXPIRES_AT=%s\n",
		accessTokenVariable, words.Quote(o.Token.AccessToken.Reveal()), strconv.FormatInt(o.Token.ExpiresAt.Unix(), 10))
	return err
}
