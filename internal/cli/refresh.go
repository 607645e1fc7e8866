package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"strava-token/internal/action"
	"strava-token/internal/provider"
	"strava-token/internal/secret"
	"strava-token/internal/transport"
)

const (
	// longest is how long Strava's access tokens last.
	longest = 6 * time.Hour
	// renewal is how much must be left for Strava to hand a token back unchanged.
	renewal = time.Hour
)

// refreshing is what refresh and exec have in common: one run of the provider,
// outside GitHub.
type refreshing struct {
	shell
	minValidity time.Duration
	scopes      string
	athlete     int64
	verify      bool
}

const refreshCredentials = "STRAVA_CLIENT_ID and STRAVA_CLIENT_SECRET are read from the environment, and so is\n" +
	"STRAVA_REFRESH_TOKEN, unless a branch or a file keeps it; GH_TOKEN writes targets on GitHub."

func (r *refreshing) flags(c *cobra.Command) {
	r.targetFlags(c)
	f := c.Flags()
	f.DurationVar(&r.minValidity, "min-validity", 0, "fail unless the access token lasts this much longer, as in 30m")
	f.StringVar(&r.scopes, "require-scopes", "", "scopes that the token must have, comma between them")
	f.Int64Var(&r.athlete, "expected-athlete", 0, "id of the athlete whose token it must be")
	f.BoolVar(&r.verify, "verify", true, "prove with one API call that the access token works")
}

func refreshCommand(p Process, status *provider.Status) *cobra.Command {
	r := &refreshing{shell: shell{p: p}}
	var format string
	c := &cobra.Command{
		Use:   "refresh",
		Short: "Print a fresh access token, for any CI",
		Long: "refresh prints an access token to standard output, and everything else to standard\n" +
			"error. " + refreshCredentials,
		Example: "  token=$(strava-token refresh --rotate-to file:/var/lib/strava/token)",
		Args:    atMost(0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			*status = r.print(cmd.Context(), format)
			return nil
		},
	}
	r.flags(c)
	c.Flags().StringVar(&format, "format", "token", "what is printed: token, json or dotenv")
	return c
}

// print is the command refresh.
func (r *refreshing) print(ctx context.Context, format string) provider.Status {
	write, known := formats[format]
	if !known {
		complain(r.p, shellNames.fill("refresh/format"))
		return provider.BadInput
	}
	o, status := r.run(ctx)
	if o == nil || o.Export != provider.ExportAll {
		return status
	}
	if err := write(r.p.Stdout, o); err != nil {
		complain(r.p, shellNames.fill("refresh/not-printed"))
		return max(status, provider.Failed)
	}
	return status
}

// run gets an access token. The outcome is nil where the input is wrong.
func (r *refreshing) run(ctx context.Context) (*provider.Outcome, provider.Status) {
	if r.minValidity < 0 || r.minValidity > longest {
		complain(r.p, shellNames.fill("refresh/min-validity"))
		return nil, provider.BadInput
	}
	network := transport.New(r.p.Dial)
	defer network.Close()
	id, clientSecret := r.clientID(), r.credential("STRAVA_CLIENT_SECRET")
	client := r.strava(network, id, clientSecret)
	targets := r.targets(network, id, clientSecret)
	token := r.refreshToken()
	scopes, problems := action.ParseScopes("--require-scopes", r.scopes)
	r.problems = append(r.problems, problems...)
	if r.athlete < 0 {
		r.problem("--expected-athlete", action.FaultNotANumber, "")
	}
	if r.refuse() {
		return nil, provider.BadInput
	}
	r.warnOfOtherHosts(client)
	readable, writeOnly := action.Split(targets)
	run := &provider.Run{
		Strava: client, Input: token, Readable: readable, WriteOnly: writeOnly,
		Verify: r.verify, RequireScopes: scopes, ExpectedAthlete: r.athlete,
		Recovery: true, Masked: []secret.Value{clientSecret, token}, Reporter: r,
	}
	o := run.Do(ctx)
	if left := o.Token.ExpiresIn; o.Export == provider.ExportAll && left < r.minValidity {
		o.Export = provider.ExportNone
		o.Fail(&tooShortError{left: left, wanted: r.minValidity, renewed: o.Token.ExpiresAt.Add(-renewal)})
	}
	r.report(o)
	return o, o.Status()
}

// tooShortError is an access token that ends sooner than was asked for.
type tooShortError struct {
	left, wanted time.Duration
	renewed      time.Time
}

func (e *tooShortError) Error() string { return "access token lasts " + e.left.String() }

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

// printDotenv prints lines that a shell reads, too: a value that is more than a
// word is quoted.
func printDotenv(w io.Writer, o *provider.Outcome) error {
	lines := [][2]string{
		{accessTokenVariable, o.Token.AccessToken.Reveal()},
		{"STRAVA_EXPIRES_AT", strconv.FormatInt(o.Token.ExpiresAt.Unix(), 10)},
	}
	var b strings.Builder
	for _, line := range lines {
		fmt.Fprintf(&b, "%s=%s\n", line[0], shellQuote(line[1]))
	}
	_, err := io.WriteString(w, b.String())
	return err
}
