package cli

import (
	"context"
	"fmt"
	"io"
	"net/url"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"strava-token/internal/action"
	"strava-token/internal/provider"
	"strava-token/internal/secret"
	"strava-token/internal/store"
	"strava-token/internal/strava"
	"strava-token/internal/transport"
)

// shell reads what a command outside a workflow gets from its environment and
// flags, and collects what is wrong with it.
type shell struct {
	p          Process
	rotateTo   []string
	repository string
	problems   []action.Problem
	github     secret.Value // what writes targets on GitHub; empty is what the environment has
}

// targetFlags adds the flags of every command that keeps a refresh token.
func (s *shell) targetFlags(c *cobra.Command) {
	c.Flags().StringArrayVar(&s.rotateTo, "rotate-to", nil, "target that keeps the refresh token; may be repeated")
	c.Flags().StringVar(&s.repository, "repo", "", "repository that a bare NAME belongs to, as owner/repo (default $GITHUB_REPOSITORY)")
}

func (s *shell) problem(input string, fault action.Fault, detail string) {
	s.problems = append(s.problems, action.Problem{Input: input, Fault: fault, Detail: detail})
}

// credential reads a secret from the first of the variables that is set.
func (s *shell) credential(variables ...string) secret.Value {
	for _, variable := range variables {
		text := strings.TrimSpace(s.p.Getenv(variable))
		if text == "" {
			continue
		}
		if flaw := secret.Inspect(text); flaw != "" {
			s.problem(variable, action.Fault(flaw), "")
		}
		return secret.New(text)
	}
	s.problem(variables[0], action.Fault(secret.Missing), "")
	return secret.Value{}
}

func (s *shell) clientID() string {
	const variable = "STRAVA_CLIENT_ID"
	text := strings.TrimSpace(s.p.Getenv(variable))
	if fault := action.InspectClientID(text); fault != "" {
		s.problem(variable, fault, "")
	}
	return text
}

func (s *shell) address(variable, fallback string) *url.URL {
	text := s.p.Getenv(variable)
	if text == "" {
		text = fallback
	}
	u, err := transport.ParseAddress(text)
	if err != nil {
		s.problem(variable, action.FaultInsecureAddress, "")
	} else if variable == "STRAVA_URL" && strings.Trim(u.Path, "/") != "" {
		s.problem(variable, action.FaultPath, "")
	}
	return u
}

// strava returns the client for one app; its hosts are those of the
// environment.
func (s *shell) strava(network *transport.Network, id string, clientSecret secret.Value) *strava.Client {
	return &strava.Client{
		Network:  network,
		URL:      s.address("STRAVA_URL", strava.DefaultURL),
		APIURL:   s.address("STRAVA_API_URL", strava.DefaultAPIURL),
		ClientID: id, ClientSecret: clientSecret,
	}
}

// targets returns what --rotate-to names, for the app that the refresh token
// belongs to.
func (s *shell) targets(network *transport.Network, clientID string, clientSecret secret.Value) []provider.Target {
	if len(s.rotateTo) == 0 {
		return nil
	}
	parsed, problems := action.ParseTargets("--rotate-to", s.rotateTo, s.repo())
	s.problems = append(s.problems, problems...)
	empty := slices.ContainsFunc(s.rotateTo, func(target string) bool { return strings.TrimSpace(target) == "" })
	if empty {
		s.problem("--rotate-to", action.Fault(secret.Missing), "") // of a variable that is not set
	}
	base := s.address("GITHUB_API_URL", action.DefaultGitHubURL)
	token := s.github
	if token.Empty() && (action.NeedGitHub(parsed) || len(parsed) == 0 && !empty) {
		token = s.credential("GH_TOKEN", "GITHUB_TOKEN")
	}
	if len(s.problems) > 0 {
		return nil
	}
	gh := store.NewGitHub(network, base, token)
	var all []provider.Target
	for _, t := range parsed {
		all = append(all, action.NewTarget(gh, t, store.App{ClientID: clientID, ClientSecret: clientSecret}, 0))
	}
	return all
}

// namesReadable reports whether one of the targets can be read back, also where it
// is mistyped.
func (s *shell) namesReadable() bool {
	return slices.ContainsFunc(s.rotateTo, func(target string) bool {
		target = strings.TrimSpace(target)
		return strings.HasPrefix(target, "branch:") || strings.HasPrefix(target, "file:")
	})
}

// refreshToken reads the refresh token, which may be left out where a target
// that can be read back holds it.
func (s *shell) refreshToken() secret.Value {
	const variable = "STRAVA_REFRESH_TOKEN"
	if s.namesReadable() && strings.TrimSpace(s.p.Getenv(variable)) == "" {
		return secret.Value{}
	}
	return s.credential(variable)
}

func (s *shell) repo() string {
	if s.repository != "" {
		return s.repository
	}
	return s.p.Getenv("GITHUB_REPOSITORY")
}

// refuse prints everything that is wrong with the input. It returns false where
// nothing is.
func (s *shell) refuse() bool {
	if len(s.problems) == 0 {
		return false
	}
	for _, m := range shellNames.explain(&action.InputError{Problems: s.problems}) {
		complain(s.p, m)
	}
	return true
}

// warnOfOtherHosts names every host but Strava's own that receives the
// credentials.
func (s *shell) warnOfOtherHosts(c *strava.Client) {
	for _, text := range action.OtherHosts("STRAVA_URL", c.URL, "STRAVA_API_URL", c.APIURL) {
		s.note("warning", text)
	}
}

// report prints how a run ended, for people.
func (s *shell) report(o *provider.Outcome) {
	for _, err := range o.Warnings {
		for _, m := range shellNames.explain(err) {
			s.note("warning", m.What)
			s.note("why", m.Why)
			s.note("hint", m.Next)
		}
	}
	for _, err := range o.Failures {
		for _, m := range shellNames.explain(err) {
			complain(s.p, m)
		}
	}
}

func (s *shell) note(label, text string) {
	_, _ = fmt.Fprintf(s.p.Stderr, "strava-token: %s: %s\n", label, text)
}

// Mask does nothing: nobody reads masks here, and nothing secret is printed.
func (s *shell) Mask(secret.Value) bool { return true }

// Recover prints a sealed refresh token to people.
func (s *shell) Recover(sealed string) bool {
	s.note("warning", "the new refresh token is sealed below; strava-token recover opens it with the client secret")
	_, err := io.WriteString(s.p.Stderr, sealed)
	return err == nil
}

// terminal returns the place where people are asked.
func (s *shell) terminal(ctx context.Context) *terminal {
	return &terminal{ctx: ctx, in: s.p.Stdin, out: s.p.Stderr}
}
