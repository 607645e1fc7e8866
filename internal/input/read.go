// Package input reads a run's inputs from a workflow step or a shell, reports
// everything that is wrong with them at once, and builds the run.
package input

import (
	"cmp"
	"fmt"
	"net/url"
	"os"
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

// Inputs are the checked inputs of a command. Those of a run are fields of the embedded
// provider.Run, which Inputs.Run copies and completes: Input is empty if a readable target
// has the refresh token, Code is empty unless one was passed, and Masked lacks the client id.
type Inputs struct {
	settings
	ClientID     string
	ClientSecret secret.Value
	GitHubToken  secret.Value
	Targets      []store.Target
	ExportEnv    bool
	Doctor       bool
	Language     string // "en" or "zh"; English if empty
	StravaURL    *url.URL
	StravaAPIURL *url.URL
	GitHubURL    *url.URL
	Repository   string // "owner/repo", for a target without one
	Warnings     []error
}

// settings is provider.Run under a lower-case name, so that the embedded field isn't exported.
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
	in.RequireScopes = strava.SplitScopes(s.Text("require-scopes"))
	for _, scope := range in.RequireScopes {
		r.expect(strava.KnownScope(scope), "require-scopes", "input-unknown-scope", scope)
	}
	r.targets()
	// A readable target may hold one; in a workflow a code or any target is enough to start.
	mayBegin := r.readable || r.workflow != nil && (s.Text("code") != "" || s.Text("rotate-to") != "")
	if tokenNeeded && (s.Text("refresh-token") != "" || !mayBegin) {
		in.Input = r.credential("refresh-token", true)
	}
	r.code()
	in.GitHubToken = r.credential("github-token", r.needsGitHub)
	athlete := s.Text("expected-athlete")
	in.ExpectedAthlete, _ = strconv.ParseInt(athlete, 10, 64)
	r.expect(athlete == "" || isNumber(athlete) && in.ExpectedAthlete > 0, "expected-athlete", "input-not-an-athlete-id", athlete)
	in.Verify = r.boolean("verify", true)
	in.Recovery = r.boolean("recovery", true)
	in.ExportEnv = r.boolean("export-env", false)
	in.HandedOver = r.boolean("expose-refresh-token", false)
	in.Doctor = r.boolean("doctor", false)
	in.Language, _, _ = strings.Cut(strings.ToLower(s.Text("language")), "-") // zh-CN is zh
	r.expect(words.Speaks(in.Language), "language", "input-unknown-language", s.Text("language"))
	in.StravaURL = r.address("strava-url", strava.DefaultURL)
	r.expect(in.StravaURL == nil || strings.Trim(in.StravaURL.Path, "/") == "", "strava-url", "input-path", "")
	in.StravaAPIURL = r.address("strava-api-url", strava.DefaultAPIURL)
	in.GitHubURL = r.address("GITHUB_API_URL", "https://api.github.com")
	return in, r.end()
}

// reader reads one input after another and collects what is wrong.
type reader struct {
	Source
	workflow *Workflow // the Source, or nil in a shell
	in       *Inputs
	problems []error
	readable bool // a target can be read back, perhaps a mistyped one
	// needsGitHub says that a target needs the GitHub token. So does a mistyped one, since
	// it may be meant to be on GitHub.
	needsGitHub bool
}

func (r *reader) problem(name, id, detail string) {
	r.problems = append(r.problems, problem(name, id, detail))
}

// expect reports a problem unless ok.
func (r *reader) expect(ok bool, name, id, detail string) {
	if !ok {
		r.problem(name, id, detail)
	}
}

// mask hides v line by line, since the runner masks by line. Lines that can't be
// credentials stay: their masks would mangle the log.
func (r *reader) mask(v secret.Value) {
	for line := range strings.Lines(v.Reveal()) {
		if one := secret.New(strings.TrimSpace(line)); secret.MayHold(one.Reveal()) {
			if r.workflow != nil {
				r.workflow.AddMask(one.Reveal())
			}
			r.in.Masked = append(r.in.Masked, one)
		}
	}
}

// credential reads a secret, and masks it before anything else.
func (r *reader) credential(name string, needed bool) secret.Value {
	v := secret.New(r.Text(name))
	r.mask(v)
	id := Inspect(name, v.Reveal())
	r.expect(id == "" || !needed, name, id, "")
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
	case name == "client-id":
		return inspectClientID(text, flaw)
	case flaw == "", (name == "client-secret" || name == "refresh-token") && secret.MayHold(text):
		return ""
	}
	return "input-" + string(flaw)
}

func inspectClientID(text string, flaw secret.Flaw) (id string) {
	switch {
	case isNumber(text):
		return ""
	case len(text) == 40 && secret.HasHexToken(text):
		return "input-secret-as-id"
	case slices.Contains([]secret.Flaw{secret.Placeholder, secret.Expression, secret.Quoted, secret.Whitespace}, flaw):
		return "input-" + string(flaw)
	}
	return "input-not-a-client-id"
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
	r.expect(id == "", name, id, firstNonDigit(text))
	return text
}

// firstNonDigit returns the first character that isn't a digit, or its code point unless
// it's printable ASCII.
func firstNonDigit(text string) string {
	c, size := utf8.DecodeRuneInString(strings.TrimLeft(text, "0123456789"))
	switch {
	case size == 0:
		return ""
	case c > ' ' && c < 0x7f:
		return string(c)
	}
	return fmt.Sprintf("U+%04X", c)
}

func (r *reader) boolean(name string, fallback bool) bool {
	text := strings.ToLower(cmp.Or(r.Text(name), strconv.FormatBool(fallback)))
	r.expect(text == "true" || text == "false", name, "input-not-a-boolean", r.Text(name))
	return text == "true"
}

// address returns nil if it reports a problem.
func (r *reader) address(name, fallback string) *url.URL {
	u, err := transport.ParseAddress(cmp.Or(r.Text(name), fallback))
	r.expect(err == nil, name, "input-insecure-address", "")
	return u
}

// end returns what is wrong with the inputs, and with the runner's files. If secrets are
// missing because GitHub gives this run none, one problem names that cause.
func (r *reader) end() error {
	if w := r.workflow; w != nil {
		r.expect(isWritable(w.Getenv("GITHUB_OUTPUT")), "GITHUB_OUTPUT", "input-unwritable", "")
		r.expect(!r.in.ExportEnv || isWritable(w.Getenv("GITHUB_ENV")), "GITHUB_ENV", "input-unwritable", "")
		if cause := w.withheld(); cause != "" {
			r.blame(cause)
		}
	}
	if len(r.problems) > 0 {
		return &Error{r.problems}
	}
	r.in.Warnings = append(r.in.otherHosts(r.Text("GITHUB_SERVER_URL")), r.in.Warnings...)
	return nil
}

// blame replaces the problems of missing inputs, if there are any, by their one cause.
func (r *reader) blame(cause string) {
	var missing []string
	var others []error
	for _, p := range r.problems {
		// The text of a problem is its id.
		if name, isMissing := strings.CutPrefix(p.Error(), "input-missing-"); isMissing {
			missing = append(missing, name)
		} else {
			others = append(others, p)
		}
	}
	if missing != nil {
		first := &words.Failure{ID: cause, Blanks: words.Blanks{"inputs": missing}}
		r.problems = append([]error{first}, others...)
	}
}

// isWritable reports whether something can be appended to a file. It makes the file if need be.
func isWritable(path string) bool {
	f, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	return err == nil && f.Close() == nil
}

func isNumber(s string) bool {
	return s != "" && len(s) <= 18 && strings.Trim(s, "0123456789") == ""
}
