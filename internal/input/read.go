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

	"strava-token/internal/provider"
	"strava-token/internal/secret"
	"strava-token/internal/store"
	"strava-token/internal/strava"
	"strava-token/internal/transport"
	"strava-token/internal/words"
)

// Inputs are the checked inputs of a command. Those that say how a run goes are in its
// own fields: Input is empty if a readable target has the refresh token, Code is unless
// one was passed, and Masked lacks the client id.
type Inputs struct {
	settings
	ClientID     string
	ClientSecret secret.Value
	GitHubToken  secret.Value
	Targets      []store.Target
	ExportEnv    bool
	Doctor       bool
	Language     string // "en" or "zh"
	StravaURL    *url.URL
	StravaAPIURL *url.URL
	GitHubURL    *url.URL
	Repository   string // "owner/repo", for a target without one
	Warnings     []error
	gitHubServer string // the host of GITHUB_SERVER_URL
}

type settings = provider.Run

// Read reads every input from s. tokenNeeded says that the run begins with a refresh
// token: there must be one unless a readable target or, in a workflow, a code or any
// target may bring one. The error is an *Error; the Inputs are usable beside it.
func Read(s Source, tokenNeeded bool) (*Inputs, error) {
	in := &Inputs{Repository: s.Text("repo")}
	r := &reader{Source: s, in: in}
	r.workflow, _ = s.(*Workflow)
	in.RepositoryID, _ = strconv.ParseInt(s.Text("GITHUB_REPOSITORY_ID"), 10, 64)
	in.ClientSecret = r.credential("client-secret", true)
	in.ClientID = r.clientID()
	in.RequireScopes = r.scopes("require-scopes")
	r.targets()
	// A readable target may hold one; in a workflow a code or any target is enough to start.
	mayBegin := r.readable || r.workflow != nil && s.Text("code")+s.Text("rotate-to") != ""
	if tokenNeeded && (s.Text("refresh-token") != "" || !mayBegin) {
		in.Input = r.credential("refresh-token", true)
	}
	r.code()
	in.GitHubToken = r.credential("github-token", r.needsGitHub())
	in.ExpectedAthlete = value(r, "expected-athlete", "input-not-an-athlete-id", 0, athlete)
	in.Verify = r.boolean("verify", true)
	in.Recovery = r.boolean("recovery", true)
	in.ExportEnv = r.boolean("export-env", false)
	in.HandedOver = r.boolean("expose-refresh-token", false)
	in.Doctor = r.boolean("doctor", false)
	in.Language = value(r, "language", "input-unknown-language", "en", language)
	in.StravaURL = r.address("strava-url", strava.DefaultURL)
	if in.StravaURL != nil && strings.Trim(in.StravaURL.Path, "/") != "" {
		r.problem("strava-url", "input-path", "")
	}
	in.StravaAPIURL = r.address("strava-api-url", strava.DefaultAPIURL)
	in.GitHubURL = r.address("GITHUB_API_URL", "https://api.github.com")
	if server, err := url.Parse(s.Text("GITHUB_SERVER_URL")); err == nil {
		in.gitHubServer = strings.ToLower(server.Host)
	}
	return in, r.end()
}

// reader reads one input after another and collects what is wrong.
type reader struct {
	Source
	workflow *Workflow // the Source, or nil in a shell
	in       *Inputs
	problems []Problem
	readable bool // a target can be read back, perhaps a mistyped one
}

func (r *reader) problem(name, id, detail string) {
	r.problems = append(r.problems, problem(name, id, detail))
}

// mask hides v line by line, since the runner masks by line. Lines that can't be
// credentials stay: their masks would mangle the log.
func (r *reader) mask(v secret.Value) {
	for line := range strings.Lines(v.Reveal()) {
		if one := secret.New(strings.TrimSpace(line)); secret.MayHold(one.Reveal()) {
			if r.workflow != nil {
				r.workflow.Hide(one)
			}
			r.in.Masked = append(r.in.Masked, one)
		}
	}
}

// credential reads a secret, and masks it before anything else.
func (r *reader) credential(name string, needed bool) secret.Value {
	v := secret.New(r.Text(name))
	r.mask(v)
	if id := Inspect(name, v.Reveal()); id != "" && needed {
		r.problem(name, id, "")
	}
	return v
}

// Inspect returns the id of what is wrong with a credential or a client id, or "". What
// may contain a credential for Strava is right, even with stray characters: Strava
// promises no format. A client id is a number; 40 hexadecimal digits in its place are the
// client secret.
func Inspect(name, text string) (id string) {
	flaw := secret.Inspect(text)
	switch {
	case flaw == secret.Missing:
		return "input-missing-" + name // each has its own message, since each comes from elsewhere
	case name == "client-id" && isNumber(text):
		return ""
	case name == "client-id" && len(text) == 40 && secret.HasHexToken(text):
		return "input-secret-as-id"
	case name == "client-id" && !slices.Contains([]secret.Flaw{secret.Placeholder, secret.Expression, secret.Quoted, secret.Whitespace}, flaw):
		return "input-not-a-client-id"
	case flaw == "", (name == "client-secret" || name == "refresh-token") && secret.MayHold(text):
		return ""
	}
	return "input-" + string(flaw)
}

// clientID reads the number that Strava shows as Client ID. A client secret in its
// place is masked.
func (r *reader) clientID() string {
	const name = "client-id"
	text := r.Text(name)
	id := Inspect(name, text)
	if id == "input-secret-as-id" {
		r.mask(secret.New(text))
		if isNumber(r.Text("client-secret")) {
			r.problems = nil // id and secret are swapped; the message says so
		}
	}
	if id != "" {
		r.problem(name, id, odd(text))
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

// needsGitHub reports whether a target needs the GitHub token. So does a mistyped one,
// since it may be meant to be on GitHub.
func (r *reader) needsGitHub() bool {
	if len(r.in.Targets) > 0 {
		return slices.ContainsFunc(r.in.Targets, store.Target.OnGitHub)
	}
	return slices.ContainsFunc(r.Lines("rotate-to"), func(line string) bool {
		line = strings.TrimSpace(line)
		return line != "" && !strings.HasPrefix(line, "file:")
	})
}

func (r *reader) scopes(name string) []string {
	scopes := strava.SplitScopes(r.Text(name))
	for _, s := range scopes {
		if !strava.KnownScope(s) {
			r.problem(name, "input-unknown-scope", secret.Quotable(s))
		}
	}
	return scopes
}

// value reads an input that isn't text, or returns fallback if it's empty. id is that of
// the problem if parse refuses it.
func value[T any](r *reader, name, id string, fallback T, parse func(text string) (T, bool)) T {
	text := r.Text(name)
	if text == "" {
		return fallback
	}
	v, ok := parse(text)
	if !ok {
		r.problem(name, id, secret.Quotable(text))
	}
	return v
}

func athlete(text string) (int64, bool) {
	id, _ := strconv.ParseInt(text, 10, 64)
	return id, isNumber(text) && id > 0
}

func (r *reader) boolean(name string, fallback bool) bool {
	return value(r, name, "input-not-a-boolean", fallback, func(text string) (bool, bool) {
		return strings.EqualFold(text, "true"), strings.EqualFold(text, "true") || strings.EqualFold(text, "false")
	})
}

// language accepts "zh-CN" as well, and anything else that begins with a language.
func language(text string) (string, bool) {
	name, _, _ := strings.Cut(strings.ToLower(text), "-")
	return name, words.Speaks(name)
}

// address returns nil if it reports a problem.
func (r *reader) address(name, fallback string) *url.URL {
	standard, _ := url.Parse(fallback)
	return value(r, name, "input-insecure-address", standard, func(text string) (*url.URL, bool) {
		u, err := transport.ParseAddress(text)
		return u, err == nil
	})
}

// end returns what is wrong with the inputs, and with the runner's files. If secrets are
// missing because GitHub gives this run none, one problem names that cause.
func (r *reader) end() error {
	if w := r.workflow; w != nil {
		for _, variable := range []string{"GITHUB_OUTPUT", "GITHUB_ENV"} {
			if (variable == "GITHUB_OUTPUT" || r.in.ExportEnv) && !w.Writable(variable) {
				r.problem(variable, "input-unwritable", "")
			}
		}
		var missing []string
		for _, p := range r.problems {
			if p.isMissing() {
				missing = append(missing, p.Input)
			}
		}
		if cause := w.withheld(); cause != "" && missing != nil {
			first := problem("", cause, "")
			first.Blanks["inputs"] = missing
			r.problems = slices.Insert(slices.DeleteFunc(r.problems, Problem.isMissing), 0, first)
		}
	}
	if len(r.problems) > 0 {
		return &Error{r.problems}
	}
	return nil
}

func isNumber(s string) bool {
	return s != "" && len(s) <= 18 && strings.Trim(s, "0123456789") == ""
}
