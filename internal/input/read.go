// Package input reads a run's inputs from a workflow step or a shell, reports
// everything that is wrong with them at once, and builds the run.
package input

import (
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"strava-token/internal/secret"
	"strava-token/internal/store"
	"strava-token/internal/strava"
	"strava-token/internal/transport"
	"strava-token/internal/words"
)

// Inputs are the checked inputs of a run.
type Inputs struct {
	ClientID           string
	ClientSecret       secret.Value
	RefreshToken       secret.Value // empty if a readable target has it
	GitHubToken        secret.Value
	Code               secret.Value // empty unless one was passed
	Granted            []string     // the scopes that the code's address named
	Targets            []store.Target
	RequireScopes      []string
	ExpectedAthlete    int64 // 0 for any
	Verify             bool
	Recovery           bool
	ExportEnv          bool
	ExposeRefreshToken bool
	Doctor             bool
	Language           string // "en" or "zh"
	StravaURL          *url.URL
	StravaAPIURL       *url.URL
	GitHubURL          *url.URL
	Repository         string // "owner/repo", for a target without one
	RepositoryID       int64  // 0 if unknown
	Warnings           []error
	gitHubServer       string // the host of GITHUB_SERVER_URL
	masked             []secret.Value
}

const defaultGitHubURL = "https://api.github.com"

// Read reads every input from s. tokenNeeded says that the run begins with a refresh
// token: there must be one unless a readable target or, in a workflow, a code or any
// target may bring one. The error is an *Error; the Inputs are usable beside it.
func Read(s Source, tokenNeeded bool) (*Inputs, error) {
	r := reader{Source: s}
	in := &Inputs{Repository: s.Text("repo")}
	if w := s.step(); w != nil {
		in.RepositoryID, _ = strconv.ParseInt(w.Getenv("GITHUB_REPOSITORY_ID"), 10, 64)
	}
	in.ClientSecret = r.stravaCredential("client-secret")
	in.ClientID = r.clientID()
	in.RequireScopes = r.scopes("require-scopes")
	in.Targets = r.targets(in.Repository)
	if tokenNeeded && (s.Text("refresh-token") != "" || !r.leadsToToken()) {
		in.RefreshToken = r.stravaCredential("refresh-token")
	}
	r.code(in)
	in.GitHubToken = r.githubToken(in.Targets)
	in.ExpectedAthlete = r.athlete("expected-athlete")
	in.Verify = r.boolean("verify", true)
	in.Recovery = r.boolean("recovery", true)
	in.ExportEnv = r.boolean("export-env", false)
	in.ExposeRefreshToken = r.boolean("expose-refresh-token", false)
	in.Doctor = r.boolean("doctor", false)
	in.Language = r.language("language")
	in.StravaURL = r.address("strava-url", strava.DefaultURL)
	in.StravaAPIURL = r.address("strava-api-url", strava.DefaultAPIURL)
	in.GitHubURL = r.address(gitHubAddress, defaultGitHubURL)
	if server, err := url.Parse(s.Text(gitHubServer)); err == nil {
		in.gitHubServer = server.Host
	}
	in.masked = r.masked
	if len(r.problems) > 0 {
		return in, &Error{Problems: r.withheld()}
	}
	return in, nil
}

// reader reads one input after another and collects what is wrong.
type reader struct {
	Source
	problems []Problem
	masked   []secret.Value
	readable bool // a target can be read back, perhaps a mistyped one
}

func (r *reader) problem(name string, fault Fault, detail string) {
	r.problems = append(r.problems, problem(name, fault, detail))
}

// mask hides v line by line, since the runner masks by line. Lines that can't be
// credentials stay: their masks would mangle the log.
func (r *reader) mask(v secret.Value) {
	for line := range strings.Lines(v.Reveal()) {
		if one := secret.New(strings.TrimSpace(line)); secret.MayHold(one.Reveal()) {
			if w := r.step(); w != nil {
				w.Hide(one)
			}
			r.masked = append(r.masked, one)
		}
	}
}

// credential reads a secret, and masks it before anything else.
func (r *reader) credential(name string) secret.Value {
	v := secret.New(r.Text(name))
	r.mask(v)
	if flaw := secret.Inspect(v.Reveal()); flaw != "" {
		r.problem(name, Fault(flaw), "")
	}
	return v
}

// stravaCredential reads a credential for Strava. It accepts anything that could
// contain one, even with stray characters: Strava promises no format.
func (r *reader) stravaCredential(name string) secret.Value {
	v := secret.New(r.Text(name))
	r.mask(v)
	if !secret.MayHold(v.Reveal()) {
		r.problem(name, Fault(secret.Inspect(v.Reveal())), "")
	}
	return v
}

// leadsToToken reports whether a run can begin without a refresh token. A readable
// target may hold one; in a workflow a code or any target is enough to start.
func (r *reader) leadsToToken() bool {
	return r.readable || r.step() != nil && (r.Text("code") != "" || len(r.Lines("rotate-to")) > 0)
}

// clientID reads the number that Strava shows as Client ID. A client secret in its
// place is masked.
func (r *reader) clientID() string {
	const name = "client-id"
	text := r.Text(name)
	fault := InspectClientID(text)
	if fault == FaultSecretAsID {
		r.mask(secret.New(text))
		if isNumber(r.Text("client-secret")) {
			r.problems = nil // id and secret are swapped; the message says so
		}
	}
	if fault != "" {
		r.problem(name, fault, odd(text))
	}
	return text
}

// odd returns the first character that isn't a digit, or its code point unless it's
// printable ASCII.
func odd(text string) string {
	c, size := utf8.DecodeRuneInString(strings.TrimLeft(text, "0123456789"))
	switch {
	case size == 0:
		return ""
	case c > ' ' && c < 0x7f:
		return string(c)
	}
	return fmt.Sprintf("U+%04X", c)
}

// InspectClientID returns what is wrong with a client id, or "". A client id is a
// number; 40 hexadecimal digits in its place are the client secret.
func InspectClientID(text string) Fault {
	switch flaw := secret.Inspect(text); {
	case slices.Contains([]secret.Flaw{secret.Missing, secret.Placeholder, secret.Expression, secret.Quoted, secret.Whitespace}, flaw):
		return Fault(flaw)
	case secret.IsHexToken(text):
		return FaultSecretAsID
	case !isNumber(text):
		return FaultNotAClientID
	}
	return ""
}

// githubToken reads the GitHub token. A target on GitHub requires one, and so does a
// mistyped target, since it may be meant to be there.
func (r *reader) githubToken(targets []store.Target) secret.Value {
	const name = "github-token"
	mistyped := len(targets) == 0 && slices.ContainsFunc(r.Lines("rotate-to"), func(line string) bool {
		line = strings.TrimSpace(line)
		return line != "" && !strings.HasPrefix(line, "file:")
	})
	if mistyped || slices.ContainsFunc(targets, store.Target.OnGitHub) {
		return r.credential(name)
	}
	v := secret.New(r.Text(name))
	if secret.Inspect(v.Reveal()) == "" {
		r.mask(v)
	}
	return v
}

// scopes reads a list of scopes, and reports those that Strava doesn't have.
func (r *reader) scopes(name string) []string {
	scopes := strava.SplitScopes(r.Text(name))
	for _, s := range scopes {
		if !strava.KnownScope(s) {
			r.problem(name, FaultUnknownScope, secret.Quotable(s))
		}
	}
	return scopes
}

func (r *reader) athlete(name string) int64 {
	text := r.Text(name)
	if text == "" {
		return 0
	}
	id, err := strconv.ParseInt(text, 10, 64)
	if err != nil || id <= 0 || !isNumber(text) {
		r.problem(name, FaultNotAnAthleteID, "")
	}
	return id
}

func (r *reader) boolean(name string, fallback bool) bool {
	switch text := r.Text(name); strings.ToLower(text) {
	case "":
		return fallback
	case "true":
		return true
	case "false":
		return false
	default:
		r.problem(name, FaultNotABoolean, secret.Quotable(text))
		return fallback
	}
}

// language accepts "zh-CN" as well, and anything else that begins with a language.
func (r *reader) language(name string) string {
	text := r.Text(name)
	language, _, _ := strings.Cut(strings.ToLower(text), "-")
	if language == "" {
		return "en"
	}
	if !words.Speaks(language) {
		r.problem(name, FaultUnknownLanguage, secret.Quotable(text))
	}
	return language
}

func (r *reader) address(name, fallback string) *url.URL {
	text := r.Text(name)
	if text == "" {
		text = fallback
	}
	u, err := transport.ParseAddress(text)
	if err != nil {
		r.problem(name, FaultInsecureAddress, "")
	} else if name == "strava-url" && strings.Trim(u.Path, "/") != "" {
		r.problem(name, FaultPath, "")
	}
	return u
}

// withheld returns the problems. If secrets are missing because GitHub gives this run
// none, one problem names that cause.
func (r *reader) withheld() []Problem {
	cause := r.step().withheld()
	if cause == "" || !slices.ContainsFunc(r.problems, Problem.isMissing) {
		return r.problems
	}
	var others []Problem
	var missing []string
	for _, p := range r.problems {
		if p.isMissing() {
			missing = append(missing, p.Input)
		} else {
			others = append(others, p)
		}
	}
	first := problem("", cause, "")
	first.Blanks = words.Blanks{"inputs": missing}
	return append([]Problem{first}, others...)
}

func isNumber(s string) bool {
	return s != "" && len(s) <= 18 && strings.Trim(s, "0123456789") == ""
}
