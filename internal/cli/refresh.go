package cli

import (
	"context"
	"io"
	"slices"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"strava-token/internal/input"
	"strava-token/internal/login"
	"strava-token/internal/provider"
	"strava-token/internal/words"
)

const (
	accessTokenVariable = "STRAVA_ACCESS_TOKEN"
	longest             = 6 * time.Hour // the lifetime of Strava's access tokens
	renewal             = time.Hour     // how much must be left for Strava to return a token unchanged
)

const refreshCredentials = "STRAVA_CLIENT_ID and STRAVA_CLIENT_SECRET are read from the environment, and so\n" +
	"is STRAVA_REFRESH_TOKEN, unless a branch or a file keeps it. GH_TOKEN is for\n" +
	"targets on GitHub."

func (s *shell) addRefreshing(c *cobra.Command) {
	s.addTargets(c)
	s.addScopes(c)
	f := c.Flags()
	f.DurationVar(&s.minValidity, "min-validity", 0, "fail unless the access token lasts this much longer, as in 30m")
	f.StringVar(&s.athlete, "expected-athlete", "", "id of the athlete whose token it must be")
	f.BoolVar(&s.verify, "verify", true, "prove with one API call that the access token works")
}

func refreshCommand(s *shell) *cobra.Command {
	var format string
	c := &cobra.Command{
		Use:   "refresh",
		Short: "Print a fresh access token, for any CI",
		Long: "refresh prints an access token to standard output, and everything else to\n" +
			"standard error.\n\n" + refreshCredentials,
		Example: "  token=$(strava-token refresh --rotate-to file:/var/lib/strava/token)",
		RunE:    func(cmd *cobra.Command, _ []string) error { return s.print(cmd.Context(), format) },
	}
	s.addRefreshing(c)
	c.Flags().StringVar(&format, "format", "token", "what is printed: token, json or dotenv")
	return c
}

func (s *shell) print(ctx context.Context, format string) error {
	if !slices.Contains([]string{"token", "json", "dotenv"}, format) {
		return input.Misuse("refresh-format", nil)
	}
	o, err := s.refresh(ctx)
	if o == nil {
		return err
	}
	if o.Export == provider.ExportAll {
		if _, err := io.WriteString(s.Stdout, printed(format, o)); err != nil {
			o.Fail(&words.Failure{ID: "refresh-not-printed"})
		}
	}
	return o.Err()
}

// refresh gets an access token. If there is no outcome, the error is about the inputs.
func (s *shell) refresh(ctx context.Context) (*provider.Outcome, error) {
	if s.minValidity < 0 || s.minValidity > longest {
		return nil, input.Misuse("refresh-min-validity", nil)
	}
	if err := s.needMasks(); err != nil {
		return nil, err
	}
	in, err := s.read(true, nil)
	if err != nil {
		return nil, err
	}
	o := s.do(ctx, in.Run(s.network, s, false))
	if left := o.Token.ExpiresIn; o.Export == provider.ExportAll && left < s.minValidity {
		o.Export = provider.ExportNone
		o.Fail(&words.Failure{ID: "refresh-too-short", Blanks: words.Blanks{
			"left": left, "wanted": s.minValidity, "renewed": words.Clock(o.Token.ExpiresAt.Add(-renewal)),
		}})
	}
	return o, o.Err()
}

func printed(format string, o *provider.Outcome) string {
	token, ends := o.Token.AccessToken.Reveal(), o.Token.ExpiresAt.Unix()
	switch format {
	case "token":
		return token + "\n"
	case "dotenv":
		return login.Formatted(format, [][2]string{{accessTokenVariable, token}, {"STRAVA_EXPIRES_AT", strconv.FormatInt(ends, 10)}})
	}
	return login.JSON(struct {
		AccessToken string   `json:"access_token"`
		ExpiresAt   int64    `json:"expires_at"`
		ExpiresIn   int64    `json:"expires_in"`
		Rotated     bool     `json:"rotated"`
		AthleteID   int64    `json:"athlete_id,omitempty"`
		Scope       []string `json:"scope,omitempty"`
	}{token, ends, int64(o.Token.ExpiresIn.Seconds()), o.Rotated, o.AthleteID, o.Scope}, "")
}
